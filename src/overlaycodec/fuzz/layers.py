"""Mutations of layers: headers duplicated, dropped and swapped, tunnels nested, tags stacked.

Strategy: each is another order of the headers of the seed packet, with new headers among them. Where the order is new,
the selector in front selects what follows, as far as the catalog has a value for it: then parsers follow the stack and
do not stop at its first surprise. Lengths count what they counted in the seed packet, unless they are to be fixed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache, partial
from typing import Any, Final

import msgspec

from overlaycodec.codec.catalog import Catalog
from overlaycodec.codec.packet_encoder import encode
from overlaycodec.editing.network_headers import framed_network_of
from overlaycodec.errors import CodecError
from overlaycodec.fuzz.examples import example
from overlaycodec.fuzz.mutation import Follow, Kind, Mutation, Piece
from overlaycodec.fuzz.sites import RecordSite, Site, mask_of
from overlaycodec.packet.header import Header
from overlaycodec.packet.offsets import ends_of
from overlaycodec.packet.packet import Packet
from overlaycodec.packet.paths import names_of
from overlaycodec.protocols import UDP
from overlaycodec.schema.keyspaces import ETHERTYPE, IP_PROTOCOL, UDP_PORT

__all__ = ["New", "Order", "Stack", "layer_mutations", "layer_orders"]

_DEPTHS: Final = (1, 2, 4, 16, 64)
"""How many headers more are put in."""
_MOST_OCTETS: Final = 0xFFFF
_SRC_PORT: Final = 49152


class New(msgspec.Struct, frozen=True):
    """A header that the seed packet does not have."""

    octets: bytes
    cls: type[Header]
    key: int
    """The value that selects it."""


class Counted(msgspec.Struct, frozen=True):
    """A length field of a header, and the octet at which what it counts ends."""

    site: Site
    unit: int
    end: int


class Stack:
    """The headers of a seed packet and where they are."""

    def __init__(self, packet: Packet, data: bytes, records: Sequence[RecordSite], catalog: Catalog) -> None:
        self.packet, self.data, self.catalog = packet, data, catalog
        self.headers = [record for record in records if record.options is None]
        self.classes = [type(header) for header in packet.headers]
        self.names = names_of(packet.headers)
        self.content = self.headers[-1].stop if self.headers else 0
        """The octet at which the payload begins."""
        self.payload_end = self.content + len(packet.payload)
        self.counted = [tuple(self._counted(index)) for index in range(len(self.headers))]

    def _counted(self, index: int) -> Iterator[Counted]:
        record = self.headers[index]
        extent = record.record.__layout__.extent
        for field, octets in ends_of(self.packet.headers, index):
            site, end = record.site(field.name), record.start + octets
            if site is not None and record.stop <= end <= len(self.data):
                own = extent is not None and extent.field.name == field.name
                yield Counted(site, extent.unit if extent is not None and own else 1, end)

    # --- another order ------------------------------------------------------------------------------------------------

    def restacked(self, kind: Kind, path: str, label: str, order: Sequence[int | New]) -> Mutation | None:
        """The mutation that puts the headers in this order, each by its index; None for the order of the seed."""
        sizes = [
            len(layer.octets) if isinstance(layer, New) else self.headers[layer].stop - self.headers[layer].start
            for layer in order
        ]
        total = sum(sizes) + len(self.data) - self.content
        pieces: list[Piece] = []
        selectors: list[Follow] = []
        lengths: list[Follow] = []
        at = 0
        for position, (layer, octets) in enumerate(zip(order, sizes, strict=True)):
            if isinstance(layer, New):
                pieces.append(layer.octets)
            else:
                start, stop = self.headers[layer].start, self.headers[layer].stop
                last = pieces[-1] if pieces else b""
                if isinstance(last, tuple) and last[1] == start:
                    pieces[-1] = (last[0], stop)
                else:
                    pieces.append((start, stop))
                grown = total - len(self.data) - (at - start)
                lengths += self._follow(layer, at, dict.fromkeys(range(len(self.counted[layer])), grown))
                after = order[position + 1] if position + 1 < len(order) else len(self.headers)
                if after not in (layer + 1, len(self.headers)):
                    selectors += self._selected(layer, at, after)
            at += octets
        if self.content < len(self.data):
            last = pieces[-1] if pieces else b""
            joined = isinstance(last, tuple) and last[1] == self.content
            start = last[0] if joined and isinstance(last, tuple) else self.content
            pieces[len(pieces) - joined :] = [(start, len(self.data))]
        if pieces == [(0, len(self.data))]:
            return None
        brings = next((layer.cls.__layout__.name for layer in order if isinstance(layer, New)), "")
        return Mutation(
            kind,
            path,
            label,
            pieces=tuple(pieces),
            selectors=tuple(selectors),
            lengths=tuple(lengths),
            brings=brings,
        )

    def _follow(self, index: int, at: int, grown: dict[int, int]) -> Iterator[Follow]:
        """The lengths of a header that is at octet `at` of the result, by how much what each counts has grown."""
        for number, octets in grown.items():
            counted = self.counted[index][number]
            value = counted.site.value + octets // counted.unit
            if octets and 0 <= value < 1 << counted.site.bits:
                yield self._write(counted.site, index, at, value)

    def _write(self, site: Site, index: int, at: int, value: int) -> Follow:
        octet, mask = mask_of(site.bit, site.bits, site.raw(site.value) ^ site.raw(value))
        return Follow(site.bit, octet - self.headers[index].start + at, mask)

    def _selected(self, index: int, at: int, after: int | New) -> Iterator[Follow]:
        """What makes a header that is at octet `at` of the result select what follows it there."""
        header, record = self.packet.headers[index], self.headers[index]
        following = after.cls if isinstance(after, New) else self.classes[after]
        plan = header.__layout__.next
        if plan.repeat is not None and (flag := record.site(plan.repeat.flag)) is not None:
            ends = int(following is not type(header))
            if ends != flag.value:
                yield self._write(flag, index, at, ends)
        if plan.selector is None or plan.space is None or (site := record.site(plan.selector.name)) is None:
            return
        key = after.key if isinstance(after, New) else self.catalog.key_of(plan.space, following)
        right = (
            key == site.value if isinstance(after, New) else plan.selects(header, following, self.catalog.candidates)
        )
        if key is not None and not right:
            yield self._write(site, index, at, key)

    # --- one change of length -----------------------------------------------------------------------------------------

    def resized(self, kind: Kind, path: str, label: str, pieces: tuple[Piece, ...], at: int, grown: int) -> Mutation:
        """The mutation that makes the packet larger, or smaller, at one octet, or (`grown` 0) cuts it there."""
        lengths: list[Follow] = []
        for index, record in enumerate(self.headers):
            changes = {}
            for number, counted in enumerate(self.counted[index]):
                if record.start < at and counted.site.bit + counted.site.bits <= at * 8:
                    changes[number] = grown * (at <= counted.end) if grown else min(at - counted.end, 0)
            lengths += self._follow(index, record.start, changes)
        return Mutation(kind, path, label, pieces=pieces, lengths=tuple(lengths))


# --- which orders -----------------------------------------------------------------------------------------------------


def layer_mutations(stack: Stack) -> Iterator[Mutation]:
    """Every mutation of the layers of a packet."""
    yield from (found for found in (stack.restacked(*order()) for order in layer_orders(stack)) if found is not None)
    yield from _wrapped(stack)


def layer_orders(stack: Stack) -> Iterator[Callable[[], Order]]:
    """Every other order of the headers, made when it is called for; tunnels that the packet has not are not among them.

    Each gives the arguments of `Stack.restacked`.
    """
    for orders in (_moved, _stacked, _nested):
        yield from (partial(_given, order) for order in orders(stack))
    yield from _tagged(stack)


Order = tuple[Kind, str, str, list[Any]]  # Any: indices and new headers


def _given(order: Order) -> Order:
    return order


def _moved(stack: Stack) -> Iterator[Order]:
    everything = list(range(len(stack.headers)))
    for index, name in enumerate(stack.names):
        yield "duplicate", name, f"{name} duplicated", [*everything[: index + 1], *everything[index:]]
        yield "drop", name, f"{name} dropped", everything[:index] + everything[index + 1 :]
        if index + 1 < len(everything):
            order = [*everything[:index], index + 1, index, *everything[index + 2 :]]
            yield "swap", name, f"{name} swapped with {stack.names[index + 1]}", order


def _stacked(stack: Stack) -> Iterator[Order]:
    """Headers that can follow themselves, many times: tags, labels, IP in IP, extension headers."""
    everything = list(range(len(stack.headers)))
    for index, (cls, name) in enumerate(zip(stack.classes, stack.names, strict=True)):
        plan = cls.__layout__.next
        if plan.repeat is None and (plan.space is None or stack.catalog.key_of(plan.space, cls) is None):
            continue
        for depth in _DEPTHS[1:]:
            order = [*everything[: index + 1], *[index] * depth, *everything[index + 1 :]]
            yield "tag", name, f"{name} stacked {depth + 1} deep", order


def _tagged(stack: Stack) -> Iterator[Callable[[], Order]]:
    """Tags of every class and EtherType, behind each header that an EtherType selects the content of."""
    tags = _tags(stack.catalog)
    for index, cls in enumerate(stack.classes):
        plan, record = cls.__layout__.next, stack.headers[index]
        site = None if plan.selector is None else record.site(plan.selector.name)
        if plan.space is ETHERTYPE and site is not None and not cls.__layout__.tunnel:
            for key, tag in tags:
                yield from (partial(_tag_order, stack, index, key, tag, site.value, depth) for depth in _DEPTHS)


def _tag_order(stack: Stack, index: int, key: int, tag: type[Header], last: int, depth: int) -> Order:
    """Tags of one class after a header; the last one selects what the header selected."""
    name, everything = stack.names[index], list(range(len(stack.headers)))
    selector = tag.__layout__.next.selector
    assert selector is not None
    more, end = (encode(example(tag, **{selector.name: value})) for value in (key, last))
    added = [*[New(more, tag, key)] * (depth - 1), New(end, tag, key)]
    what = tag.__layout__.name if depth == 1 else f"{depth} {tag.__layout__.name}"
    label = f"{what} ({ETHERTYPE.text(key)}) after {name}"
    return "tag", name, label, [*everything[: index + 1], *added, *everything[index + 1 :]]


@lru_cache(maxsize=8)
def _tags(catalog: Catalog) -> list[tuple[int, type[Header]]]:
    """The EtherTypes of headers of fixed size that an EtherType selects the content of, and that end no scope."""
    found = [
        (value, cls)
        for value in sorted(catalog.values(ETHERTYPE))
        for _, cls in catalog.candidates(ETHERTYPE, value)[:1]
    ]
    return [(value, cls) for value, cls in found if _is_tag(cls)]


def _is_tag(cls: type[Header]) -> bool:
    layout = cls.__layout__
    return layout.next.space is ETHERTYPE and layout.fixed and layout.layer is None and not layout.tunnel


def _nested(stack: Stack) -> Iterator[Order]:
    """A tunnel in itself: the headers from the class of the inner packet to the tunnel header, again and again."""
    everything = list(range(len(stack.headers)))
    for index, cls in enumerate(stack.classes[:-1]):
        inner = stack.classes[index + 1]
        if not cls.__layout__.tunnel or inner not in stack.classes[: index + 1]:
            continue
        again = everything[stack.classes.index(inner) : index + 1]
        octets = stack.headers[index].stop - stack.headers[again[0]].start
        for depth in _DEPTHS:
            if octets * depth <= _MOST_OCTETS:
                order = [*everything[: index + 1], *again * depth, *everything[index + 1 :]]
                yield "nest", stack.names[index], f"{stack.names[index]} nested {depth + 1} deep", order


def _wrapped(stack: Stack) -> Iterator[Mutation]:
    """The whole packet in a tunnel of each class that its own IP header can carry; the new headers are right."""
    network = framed_network_of(stack.packet.headers)
    if network is None:
        return
    outside = tuple(_opened(header) for header in stack.packet.headers[: network + 1])
    for cls in stack.catalog.headers:
        layout = cls.__layout__
        if not layout.tunnel:
            continue
        port, protocol = (stack.catalog.key_of(space, cls) for space in (UDP_PORT, IP_PROTOCOL))
        if protocol is None and port is None:
            continue
        between = () if port is None or protocol is not None else (UDP(src_port=_SRC_PORT, dst_port=port),)
        for first in dict.fromkeys((0, network)):
            start = stack.headers[first].start
            try:
                around = Packet((*outside, *between, example(cls)))
                octets = encode(around / _from(stack.packet, first), catalog=stack.catalog)
            except CodecError:  # it cannot carry this
                continue
            pieces = (octets[: len(octets) - (len(stack.data) - start)], (start, len(stack.data)))
            name = stack.names[first]
            yield Mutation("nest", name, f"{name} in {layout.name}", pieces=pieces, brings=layout.name)
            break


def _from(packet: Packet, first: int) -> Packet:
    """The packet from one of its headers on."""
    trailers = tuple(trailer.moved(trailer.header - first) for trailer in packet.trailers if trailer.header >= first)
    return Packet(packet.headers[first:], packet.payload, trailers)


def _opened(header: Header) -> Header:
    """The header, with AUTO for what depends on what follows."""
    layout = header.__layout__
    fields = (layout.selector, layout.length_field, layout.checksum)
    return header.replace(**{field.name: layout.by_name[field.name].default for field in fields if field is not None})
