"""Layout -> where each field of a given record stands, in bits from the record's start."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address
from typing import Any

from overlaycodec.errors import PathError, UnresolvedError
from overlaycodec.schema.layout import Field, Run
from overlaycodec.schema.plans import ValueLength
from overlaycodec.schema.record import WireStruct, kept_with_class
from overlaycodec.values import AUTO, MACAddress
from overlaycodec.values.nearest_names import nearest

__all__ = [
    "RecordSpans",
    "carries_unbounded",
    "ends_of",
    "extent_of",
    "is_fragment",
    "is_unbounded",
    "is_unbounded_outside",
    "jumbo_octets_of",
    "octets_in",
    "spans_of",
]


def _octets_of(record: WireStruct, field: Field) -> int:
    value: Any = getattr(record, field.name)  # Any: a field's own type
    if value is None:
        return 0
    if value is AUTO:
        raise UnresolvedError(f"{record.__layout__.name}.{field.name}", "is AUTO: resolve the packet first")
    if field.construct is not None:
        from overlaycodec.values.constructs import build_octets

        return len(build_octets(field.construct, f"{record.__layout__.name}.{field.name}", value))
    if field.kind == "items":
        return sum(octets_in(element) for element in value)
    if isinstance(value, MACAddress):
        return 6
    return 4 if isinstance(value, IPv4Address) else len(value)


def spans_of(record: WireStruct) -> Iterator[tuple[Field, int, int]]:
    """Each field that is there, its first bit and its number of bits. Raises: UnresolvedError for sizes still AUTO."""
    at = 0
    for part in record.__layout__.parts:
        if isinstance(part, Run):
            if part.presence is not None and getattr(record, part.fields[0].name) is None:
                continue
            for field in part.fields:
                yield field, at, field.width
                at += field.width
        elif getattr(record, part.name) is not None:
            bits = _octets_of(record, part) * 8
            yield part, at, bits
            at += bits


class RecordSpans:
    """The bits of what is in one record, which starts at bit `start` of its packet.

    What was found is kept, so that to ask for each element of an option list costs no more than to go through it once.
    """

    __slots__ = ("_fields", "_members", "record", "start")

    def __init__(self, record: WireStruct, start: int) -> None:
        self.record, self.start = record, start
        self._fields: dict[str, tuple[int, int]] | None = None
        self._members: dict[str, list[RecordSpans]] = {}

    def of(self, tokens: Sequence[tuple[str, int | None]], path: str) -> tuple[int, int]:
        """The first and the last bit of what the tokens of a path name. Raises: PathError, UnresolvedError."""
        spans, at, bits = self, self.start, -1
        for name, number in tokens:
            fields, record = spans.fields(), spans.record
            if name not in fields:
                raise PathError(path, f"{type(record).__name__}: no {name} is there", nearest(name, fields))
            offset, bits = fields[name]
            at = spans.start + offset
            value = getattr(record, name)
            if number is not None:
                if not isinstance(value, tuple) or number >= len(value):
                    raise PathError(path, f"{name}, which has no member {number}")
                spans, bits = spans.members(name, value, at)[number], -1
                at = spans.start
        if bits < 0:
            bits = octets_in(spans.record) * 8
        return at, at + bits - 1

    def fields(self) -> dict[str, tuple[int, int]]:
        """The first bit in the record and the number of bits, of each field that is there."""
        if self._fields is None:
            self._fields = {field.name: (bit, bits) for field, bit, bits in spans_of(self.record)}
        return self._fields

    def members(self, name: str, elements: tuple[WireStruct, ...], at: int) -> list[RecordSpans]:
        """The elements of an option list that begins at bit `at`."""
        members = self._members.get(name)
        if members is None:
            members = self._members[name] = []
            for element in elements:
                members.append(RecordSpans(element, at))
                at += octets_in(element) * 8
        return members


def ends_of(headers: Sequence[WireStruct], index: int) -> Iterator[tuple[Field, int]]:
    """Each field of header `index` that counts its octets and what follows, and its count from the header's start."""
    record = headers[index]
    layout = record.__layout__
    size = octets_in(record)
    if layout.extent is not None and (octets := layout.extent.octets_of(record, size)) is not None:
        yield layout.extent.field, octets
    if layout.selector is not None and isinstance(following := layout.next.of(record), ValueLength):
        yield layout.selector, size + following.octets
    if layout.jumbo is not None and (length := jumbo_octets_of(headers, index)) is not None:
        yield layout.by_name[layout.jumbo.options], length


def extent_of(record: WireStruct) -> int | None:
    """How many octets, from the record's start, its length field counts; None where it gives no bound."""
    extent = record.__layout__.extent
    return None if extent is None else extent.octets_of(record, octets_in(record))


def jumbo_octets_of(headers: Sequence[WireStruct], index: int) -> int | None:
    """How many octets, from its start, a jumbo payload option of header `index` counts; None where none counts."""
    jumbo = headers[index].__layout__.jumbo
    if jumbo is None or not index or not is_unbounded(headers, index - 1):
        return None
    octets: int | None = jumbo.value_in(getattr(headers[index], jumbo.options))
    return octets


def is_unbounded(headers: Sequence[WireStruct], index: int) -> bool:
    """Whether the length field of header `index` is a 0 that gives no bound."""
    extent = headers[index].__layout__.extent
    if extent is None or getattr(headers[index], extent.field.name) != 0:
        return False
    return extent.is_unbounded(0, outside=extent.zero == "jumbo" and is_unbounded_outside(headers, index))


def carries_unbounded(headers: Sequence[WireStruct], index: int) -> bool:
    """Whether header `index` carries a jumbogram, or a packet whose own length is a 0 that gives no bound."""
    for header in headers[index + 1 :]:
        layout = header.__layout__
        if layout.jumbo is not None and layout.jumbo.value_in(getattr(header, layout.jumbo.options)) is not None:
            return True
        if layout.layer == "network" and layout.extent is not None:
            value = getattr(header, layout.extent.field.name)
            if value is not AUTO and layout.extent.is_unbounded(value):
                return True
    return False


def is_unbounded_outside(headers: Sequence[WireStruct], index: int) -> bool:
    """Whether header `index` is in an IP header whose length gives no bound: it is 0, or AUTO; and in no fragment.

    Spec: RFC 2675 section 4.
    """
    for outside in range(index - 1, -1, -1):
        header = headers[outside]
        layout = header.__layout__
        if layout.layer not in ("network", "extension") or is_fragment(header):
            return False
        if layout.layer == "network":
            if (extent := layout.extent) is None:
                return False
            value = getattr(header, extent.field.name)
            return carries_unbounded(headers, outside) if value is AUTO else extent.is_unbounded(value)
    return False


def octets_in(record: WireStruct) -> int:
    """How many octets the record takes on the wire. Raises: UnresolvedError for sizes still AUTO."""
    octets, optional, variable = _sizes_of(type(record))
    for name, more in optional:
        if getattr(record, name) is not None:
            octets += more
    for name, field in variable:
        value = getattr(record, name)
        if value is AUTO or value or field.construct is not None:
            octets += _octets_of(record, field)
    return octets


@kept_with_class
def _sizes_of(cls: type[WireStruct]) -> tuple[int, tuple[tuple[str, int], ...], tuple[tuple[str, Field], ...]]:
    """The octets that every record of a class has, those of each optional run by a field of it, and other fields."""
    parts = cls.__layout__.parts
    runs = [part for part in parts if isinstance(part, Run)]
    return (
        sum(run.octets for run in runs if run.presence is None),
        tuple((run.fields[0].name, run.octets) for run in runs if run.presence is not None),
        tuple((part.name, part) for part in parts if not isinstance(part, Run)),
    )


def is_fragment(record: WireStruct) -> bool:
    """Whether the record says that what follows is a fragment of something."""
    return any(getattr(record, name) for name in record.__layout__.fragment_fields)
