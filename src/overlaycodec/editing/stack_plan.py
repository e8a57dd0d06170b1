"""What operations on packets have to know of a stack of headers, found once for its classes.

Strategy: packets have few stacks. Of one that came often, two functions are generated from the layouts: one that tells
whether a field is AUTO, and one that reads what was derived from the octets that the encoder of the stack gives. Where
these do not serve, the packet is resolved header by header, with the same result.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from struct import Struct
from typing import Any, Final

import msgspec

from overlaycodec.codec.catalog import Catalog, check_catalog
from overlaycodec.codec.code_cache import STACK_USES
from overlaycodec.codec.header_decoder import add_item
from overlaycodec.codec.packet_encoder import encode_packet, encoded_stack, resolved
from overlaycodec.codec.stack_encoder import stackable
from overlaycodec.codec.stack_position import Position
from overlaycodec.codegen import Source
from overlaycodec.editing.network_headers import framed_network_of
from overlaycodec.packet.header import Header
from overlaycodec.packet.offsets import octets_in
from overlaycodec.packet.packet import Packet, check_packet
from overlaycodec.packet.stack_paths import STACKS
from overlaycodec.schema.layout import Layout
from overlaycodec.schema.record import WireStruct
from overlaycodec.values import AUTO
from overlaycodec.values.by_class import ByClass

__all__ = ["PLANS", "StackPlan", "is_open", "resolved_packet"]

_MOST_HEADERS: Final = 32
"""Of a longer stack no functions are generated."""


def is_open(record: WireStruct) -> bool:
    """Whether a field is AUTO, of the record or of its options."""
    for field in record.__layout__.fields:
        value = getattr(record, field.name)
        if value is AUTO or (field.kind == "items" and value and any(map(is_open, value))):
            return True
    return False


class StackPlan:
    """What is known of a stack by the classes of its headers."""

    def __init__(self, classes: tuple[type[Header], ...]) -> None:
        self.classes = classes
        self.layouts: tuple[Layout, ...] = tuple(cls.__layout__ for cls in classes)
        self._uses = 0
        self.is_open: Callable[[Sequence[Header]], bool] | None = None
        """Whether a field of the headers is AUTO; None until the stack came often."""
        self.derive: Callable[[Sequence[Header], bytes], tuple[Header, ...]] | None = None
        """The headers without AUTO, by the octets of headers that are all option-free."""

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The full path of each header."""
        names: tuple[str, ...] = STACKS[self.classes].names
        return names

    @cached_property
    def sizes(self) -> tuple[int | None, ...]:
        """The octets of each header; None where they vary."""
        return tuple(layout.minimum_octets if layout.fixed else None for layout in self.layouts)

    @cached_property
    def framed_network(self) -> int | None:
        """See `framed_network_of`."""
        return framed_network_of(self.classes)

    @cached_property
    def tunnel_end(self) -> int:
        """The index of the first header in the outermost tunnel, or after the last header; 0 without a tunnel."""
        scopes = STACKS[self.classes].scopes
        if len(scopes) > 1:
            start: int = scopes[1].start
            return start if scopes[1].prefix == "inner" else 0
        return len(self.classes) if any(layout.tunnel for layout in self.layouts) else 0

    @cached_property
    def outer_fragments(self) -> tuple[tuple[int, str], ...]:
        """The index of each header outside that may be a fragment's, and a field that is not 0 where it is."""
        outer = self.layouts[: self.tunnel_end]
        return tuple((index, name) for index, layout in enumerate(outer) for name in layout.fragment_fields)

    @cached_property
    def outer_segmented(self) -> bool:
        """Whether the length of a header outside the tunnel may count octets that are in other packets."""
        return any(layout.segmented for layout in self.layouts[: self.tunnel_end])

    @cached_property
    def outer_network(self) -> int | None:
        """The index of the last IP header outside the tunnel."""
        outer = range(self.tunnel_end - 1, -1, -1)
        return next((index for index in outer if self.layouts[index].layer == "network"), None)

    @cached_property
    def inner_network(self) -> int | None:
        """The index of the IP header of the frame in the tunnel; None where that has none of its own."""
        index = framed_network_of(self.classes[self.tunnel_end :])
        return None if index is None else self.tunnel_end + index

    @cached_property
    def flow(self) -> tuple[int | None, tuple[int, str] | None, int | None]:
        """See `StackPaths.flow`."""
        flow: tuple[int | None, tuple[int, str] | None, int | None] = STACKS[self.classes].flow
        return flow

    @cached_property
    def flow_fragments(self) -> tuple[tuple[int, str], ...]:
        """The same, of the headers before the first one with ports."""
        found: list[tuple[int, str]] = []
        for index, layout in enumerate(self.layouts):
            found += [(index, name) for name in layout.fragment_fields]
            if layout.layer is None and "src_port" in layout.by_name:
                break
        return tuple(found)

    @cached_property
    def omitting(self) -> tuple[tuple[int, str], ...]:
        """The index of each header whose checksum is left out where the next header asks for that, and the field."""
        return tuple(
            (index, layout.coverage.field.name)
            for index, layout in enumerate(self.layouts[:-1])
            if layout.coverage is not None and layout.coverage.zero_absent and self.layouts[index + 1].unchecked
        )

    def start_of(self, headers: Sequence[Header], index: int) -> int:
        """The octet at which header `index` starts."""
        at = 0
        for size, header in zip(self.sizes[:index], headers, strict=False):
            at += octets_in(header) if size is None else size
        return at

    def counted(self) -> bool:
        """Counts a use of the stack; whether its functions are there."""
        self._uses += 1
        if self._uses == STACK_USES and 0 < len(self.classes) <= _MOST_HEADERS:
            if stackable(self.classes) == len(self.classes):
                self.derive = _derive_of(self.layouts)
            self.is_open = _is_open_of(self.layouts)
        return self.is_open is not None


PLANS: Final = ByClass(StackPlan)
"""By the classes of the headers: `PLANS[tuple(map(type, headers))]`."""


def resolved_packet(packet: Packet, catalog: Catalog, *, omits: bool = True) -> tuple[Packet, bytes]:
    """The packet with every AUTO derived, and its octets: what `resolved` gives, quicker. Raises: EncodeError."""
    if packet.__class__ is not Packet or catalog.__class__ is not Catalog:
        check_packet(packet)
        check_catalog(catalog)
    headers, trailers = packet.headers, packet.trailers
    plan: StackPlan = PLANS[tuple(map(type, headers))]
    if (plan.is_open is None and not plan.counted()) or (trailers and trailers[-1].data is AUTO):
        return resolved(packet, catalog, omits=omits)
    assert plan.is_open is not None
    if not plan.is_open(headers):
        octets = encode_packet(packet, catalog)
        return packet if packet.fault is None and not packet.faults else packet._with(), octets
    if plan.derive is not None and not trailers:
        if not omits and any(getattr(headers[index], name) is AUTO for index, name in plan.omitting):
            return resolved(packet, catalog, omits=omits)
        encoded = encoded_stack(plan.classes, packet, catalog)
        if encoded is not None:
            return packet._with(plan.derive(headers, encoded)), encoded
    return resolved(packet, catalog, omits=omits)


# --- generated functions ----------------------------------------------------------------------------------------------


def _open_tests(layout: Layout, header: str) -> list[str]:
    """The tests that a field of the header is AUTO, and that one of its options has such a field."""
    tests = [f"{header}.{field.name} is AUTO" for field in layout.fields if layout.derived(field)]
    options = [f"{header}.{field.name}" for field in layout.fields if field.kind == "items"]
    return tests + [f"({name} and any(map(is_open, {name})))" for name in options]


def _is_open_of(layouts: Sequence[Layout]) -> Callable[[Sequence[Header]], bool]:
    source = Source("_".join(["is_open", *(layout.name for layout in layouts)]), "headers")
    source.names |= {"AUTO": AUTO, "is_open": is_open}
    source.add(f"({', '.join(f'h{index}' for index in range(len(layouts)))},) = headers")
    tests = [test for index, layout in enumerate(layouts) for test in _open_tests(layout, f"h{index}")]
    source.add(f"return ({' or '.join(tests) or 'False'})")
    function: Callable[[Sequence[Header]], bool] = source.compile("stack plan")
    return function


def _derive_of(layouts: Sequence[Layout]) -> Callable[[Sequence[Header], bytes], tuple[Header, ...]]:
    """The function that puts what was derived, as the octets have it, in place of each AUTO."""
    positions: list[Position] = []
    octets = 0
    for number, layout in enumerate(layouts):
        positions.append(Position(number, octets, layout, None))
        octets += positions[-1].run.octets
    source = Source("_".join(["derive", *(layout.name for layout in layouts)]), "headers, data")
    format_ = ">" + "".join(item.code for position in positions for item in position.items)
    copy: Any = msgspec.Struct.__replace__  # Any: a method of C
    source.names |= {"AUTO": AUTO, "unpack": Struct(format_).unpack_from, "copy": copy}
    headers = ", ".join(f"h{index}" for index in range(len(layouts)))
    source.add(f"({headers},) = headers")
    source.add(f"({', '.join(name for position in positions for name in position.names)},) = unpack(data)")
    for number, position in enumerate(positions):
        _add_derived(source, position, f"h{number}")
    source.add(f"return ({headers},)")
    function: Callable[[Sequence[Header], bytes], tuple[Header, ...]] = source.compile("stack plan")
    return function


def _add_derived(source: Source, position: Position, header: str) -> None:
    layout = position.layout
    in_run = {field.name for field in position.run.fields}
    taken = {field.name for field in layout.fields if layout.derived(field) and field.name in in_run}
    rests = [
        field.name
        for field in layout.fields
        if layout.derived(field) and field.name not in in_run and field.presence is None
    ]
    if not taken and not rests:
        return
    tests = " or ".join(f"{header}.{name} is AUTO" for name in [*sorted(taken), *rests])
    source.add(f"if ({tests}):")
    source.indent()
    for item, name in zip(position.items, position.names, strict=True):
        if any(field.name in taken for field, _ in item.fields):
            add_item(source, item, name, position.prefix)
    values = [f"{name}={position.prefix}{name}" for name in sorted(taken)]
    values += [f"{name}={position.empty[name]!r}" for name in rests]
    source.add(f"{header} = copy({header}, {', '.join(values)})")
    source.dedent()
