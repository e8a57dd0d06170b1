"""Layouts -> one encoder for a stack of option-free headers: one `struct` call for several headers.

Strategy: programs encode packets of few stacks. For classes that came often, a function is generated that reads all
fields, derives what is AUTO, sums what checksums cover from the numbers themselves and packs everything at once. It
gives the octets that the encoders of the single headers give. Where it cannot (options, an AUTO that nothing derives, a
value that does not fit) it returns None, and those encoders give the octets or raise the error.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from struct import Struct

from overlaycodec.codec.emitters import (
    LENGTH,
    Keys,
    derived_checksum,
    packed_value,
    selector_values,
    struct_arguments,
    without_checksum,
)
from overlaycodec.codec.stack_shape import can_be_option_free, fields_after_run, run_of, values_when_empty
from overlaycodec.codec.struct_plan import Item, plan
from overlaycodec.codegen import Source, linear, literal
from overlaycodec.packet.header import Header
from overlaycodec.schema.keyspaces import IP_PROTOCOL
from overlaycodec.schema.layout import Field, Layout
from overlaycodec.schema.plans import Coverage
from overlaycodec.values import AUTO
from overlaycodec.values.interning import CHEAP

__all__ = ["StackEncoder", "stack_encoder_of", "stackable"]

_COMPLEMENT = "-total % 0xFFFF if total else 0xFFFF"
"""The complement of the ones'-complement sum (see `checksum`)."""

StackEncoder = Callable[[Sequence[Header], bytes], bytes | None]
"""`encode(headers, content)` gives the octets of the first headers of a packet and of `content`, which follows them."""


def stackable(classes: Sequence[type[Header]]) -> int:
    """How many headers, from the outermost in, one function can encode."""
    return next((number for number, cls in enumerate(classes) if not _is_stackable(cls.__layout__)), len(classes))


def _is_stackable(layout: Layout) -> bool:
    length = layout.length_field
    if not can_be_option_free(layout) or (length is not None and length not in run_of(layout).fields):
        return False
    coverage = _coverage_of(layout)
    # after a header of odd size, the words of the content are out of step with those of the header
    return coverage is None or (coverage.algorithm == "internet" and run_of(layout).octets % 2 == 0)


def _coverage_of(layout: Layout) -> Coverage | None:
    """What the checksum covers; None where it is after the first run, and so is not present."""
    return layout.coverage if layout.checksum in run_of(layout).fields else None


class _StackHeader:
    """One header of a stack, as the function encodes it."""

    def __init__(self, index: int, layout: Layout, following: type[Header] | None) -> None:
        self.index = index
        self.layout = layout
        self.following = following
        self.run = run_of(layout)
        _, self.items = plan(self.run)
        self.coverage = _coverage_of(layout)
        self.locals: set[str] = set()
        """The fields that were put into local variables."""

    def attribute(self, field: Field) -> str:
        """The expression that reads a field of the header."""
        return f"h{self.index}.{field.name}"

    def local(self, field: Field) -> str:
        """The local variable of a field."""
        return f"v{self.index}_{field.name}"

    def value(self, field: Field) -> str:
        """The expression for a field's number, or its octets."""
        if field.name in self.locals:
            return self.local(field)
        if field.kind == "ipv4" and CHEAP:
            return f"{self.attribute(field)}._ip"
        return packed_value(field, self.attribute(field))

    def take(self, source: Source, field: Field) -> str:
        """Puts the field into a local variable."""
        local = self.local(field)
        source.add(f"{local} = {self.value(field)}")
        self.locals.add(field.name)
        return local

    def words(self) -> str:
        """The sum of the header's 16-bit words, modulo 0xFFFF."""
        terms, stop = [], 0
        for item in self.items:
            stop += item.octets
            number = self.summed(item)
            terms.append(f"({number}) * 256" if stop % 2 else number)
        return " + ".join(term for term in terms if term != "0")

    def summed(self, item: Item) -> str:
        """The expression for an item as a number, in network order."""
        number = item.joined(self.value)
        if item.fields[0][0].kind in ("mac", "ipv6", "bytes"):
            return f"int.from_bytes({number}, 'big')"
        if item.odd == "little":
            return f"int.from_bytes(({number}).to_bytes({item.octets}, 'little'), 'big')"
        return number


def stack_encoder_of(classes: Sequence[type[Header]], count: int, keys: Keys) -> StackEncoder:
    """The function for the first `count` headers of packets of just these classes.

    `keys` gives the first key of each class in a space.
    """
    following = [*classes[1:], None]
    stack = [_StackHeader(index, classes[index].__layout__, following[index]) for index in range(count)]
    source = Source("_".join(["encode", *(header.layout.name for header in stack)])[:96], "headers, content")
    source.names["AUTO"] = AUTO
    names = ", ".join(f"h{header.index}" for header in stack)
    source.add(f"({names},) = headers" + ("" if count == len(classes) else f"[:{count}]"))
    source.comment("option-free headers alone")
    for header in stack:
        _add_presence(source, header)
    source.comment("what is derived from the headers and from the number of octets")
    source.add("octets = len(content)")
    for header in stack:
        octets = sum(other.run.octets for other in stack[header.index + 1 :])
        _add_derived(source, header, octets, keys)
    pending: list[_StackHeader] = []
    source.comment("checksums, and octets, from the innermost header out")
    for header in reversed(stack):
        pending.insert(0, header)
        if header.coverage is not None:
            _add_checksum(source, stack, pending, header.coverage, keys)
    if pending:
        _add_packing(source, pending)
    source.add("return content")
    encoder: StackEncoder = source.compile("stack encoder")
    return encoder


def _add_presence(source: Source, header: _StackHeader) -> None:
    """What is after the first run must be absent or empty, and no flag may say that it is present."""
    for field in fields_after_run(header.layout):
        value = header.attribute(field)
        if field.presence is not None and field.presence.by_flags:
            flags = (f"h{header.index}.{flag} is not False" for flag in field.presence.fields)
            source.add(f"if {value} is not None or {' or '.join(flags)}: return None")
        elif field.default is AUTO:
            source.add(f"if {value} is not AUTO and {value}: return None")
        else:
            source.add(f"if {value}: return None")


def _add_derived(source: Source, header: _StackHeader, inside: int, keys: Keys) -> None:
    """Lengths, selectors and flags that are AUTO, but no checksums; `inside` are the octets of the headers inside."""
    layout = header.layout
    empty: dict[str, int] = {}
    for field in fields_after_run(layout):
        empty |= values_when_empty(layout, field) or {}
    for field in header.run.fields:
        if not layout.derived(field) or field is layout.checksum:
            continue
        local = header.take(source, field)
        source.add(f"if {local} is AUTO:")
        if field.name in layout.flag_of:
            source.add("    return None")
        elif field.name in layout.sized_by:
            source.add(f"    {local} = {literal(empty[field.name])}")
        elif field is layout.length_field:
            _add_extent(source, header, inside)
        elif field is layout.selector:
            value = selector_values(layout.next, keys)[header.following]
            known = value is not None and value != LENGTH
            source.add(f"    {local} = {literal(value)}" if known else "    return None")
        else:
            source.add(f"    {local} = False" if field.element_flag is not None else "    return None")


def _add_extent(source: Source, header: _StackHeader, inside: int) -> None:
    """The length field that counts the octets of the header and its content, where it counts single octets."""
    extent = header.layout.extent
    assert extent is not None
    if extent.unit != 1 or (header.following is not None and header.following.__layout__.jumbo is not None):
        source.add("    return None")
        return
    local = header.local(extent.field)
    octets = header.run.octets + inside - extent.end_of(0, header.run.octets)
    source.add(f"    {local} = {linear('octets', 1, octets)}", f"    if {local} > {extent.field.maximum}: return None")


def _add_packing(source: Source, pending: list[_StackHeader]) -> None:
    """Puts the pending headers in front of what is encoded."""
    format_ = ">" + "".join(item.code for header in pending for item in header.items)
    pack = source.bind("pack", Struct(format_).pack)
    arguments = [argument for header in pending for argument in struct_arguments(header.items, header.value)]
    source.add(f"content = {pack}({', '.join(arguments)}) + content")
    pending.clear()


def _add_checksum(
    source: Source, stack: list[_StackHeader], pending: list[_StackHeader], coverage: Coverage, keys: Keys
) -> None:
    """The checksum of the first pending header; the content that it covers is encoded first."""
    header = pending[0]
    local = header.take(source, coverage.field)
    derive = f"if {local} is AUTO:"
    if coverage.header_only:
        source.add(derive, f"    {local} = 0", f"    total = {header.words()}", f"    {local} = {_COMPLEMENT}")
        return
    outside = stack[: header.index][::-1]
    asked = coverage.zero_absent and header.following is not None and header.following.__layout__.unchecked
    network = next((other.layout for other in outside if other.layout.layer == "network"), None)
    if asked and network is not None and without_checksum(network):
        source.add(f"{derive} {local} = 0")
        return
    if len(pending) > 1:
        del pending[0]
        _add_packing(source, pending)
        pending.append(header)
    source.add(derive)
    source.indent()
    if coverage.pseudo and not (outside and outside[0].layout.layer == "network"):
        source.add("return None")
        source.dedent()
        return
    _add_extent_test(source, header)
    pseudo = _pseudo_text(header, outside[0], keys) if coverage.pseudo else "0"
    source.add(
        f"{local} = 0",
        "total = int.from_bytes(content, 'big') << (len(content) % 2 * 8)",
        f"total += {header.words()} + {pseudo}",
        f"{local} = {_COMPLEMENT}",
    )
    if coverage.zero_absent:
        source.add(f"{local} = {derived_checksum(coverage, local)}")
    source.dedent()


def _add_extent_test(source: Source, header: _StackHeader) -> None:
    """A checksum covers what the length field counts: here, all of the content or nothing."""
    extent = header.layout.extent
    if extent is not None:
        octets = header.run.octets - extent.end_of(0, header.run.octets)
        length = linear(header.local(extent.field), extent.unit, 0)
        source.add(f"if {length} != len(content) + {octets}: return None")


def _pseudo_text(header: _StackHeader, network: _StackHeader, keys: Keys) -> str:
    """The expression for the sum of the pseudo-header: the addresses, the octets and the protocol."""
    addresses = [field for field in network.run.fields if field.name in ("src", "dst")]
    terms = [network.summed(item) for item in network.items if item.fields[0][0] in addresses]
    protocol = keys.keys_by_class(IP_PROTOCOL)[header.layout.cls] or 0
    return " + ".join([*terms, f"len(content) + {header.run.octets + protocol}"])
