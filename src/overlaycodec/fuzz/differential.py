"""The same packets through several decoders: where any two differ, and the least packet that shows it.

Strategy: each decoder reads all packets once. Differences of one pair in one field are one finding, whatever the scope
and the number of the header; the first packet of each is then made as small as the difference allows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import Final

import msgspec

from overlaycodec.capture import Record
from overlaycodec.codec.catalog import DEFAULT, Catalog
from overlaycodec.codec.packet_encoder import encode
from overlaycodec.describe.plain import Plain
from overlaycodec.fuzz.case import Case
from overlaycodec.fuzz.decoders.decoder import Decoder, OverlayCodec, decoder_of
from overlaycodec.fuzz.decoders.reading import Reading, differences
from overlaycodec.fuzz.shrinking import least_of
from overlaycodec.packet.packet import Packet
from overlaycodec.packet.paths import SCOPES
from overlaycodec.schema.keyspaces import LINK_TYPE
from overlaycodec.values.argument_checks import check_several
from overlaycodec.values.bytes_like import BytesLike, bytes_of

__all__ = ["Comparison", "Difference", "compare"]

_NUMBER: Final = re.compile(r"\[\d+\]")
_ETHERNET: Final = 1


class Difference(msgspec.Struct, frozen=True):
    """What two decoders read differently, in one field."""

    decoders: tuple[str, str]
    field: str
    """The path without scope and numbers: `ipv4.ihl`. `headers`: another header; `fault`: one rejects the packet, and
    the other does not; `failed`: one raised, ended or hung."""
    packets: int
    """In how many of the packets."""
    number: int
    """The number of the first of these packets, from 0 on."""
    record: Record
    """That packet."""
    path: str
    """Where in it."""
    values: tuple[Plain, Plain]
    """What the decoders read there."""
    least: Record
    """The smallest packet found on which they differ in this field."""
    least_path: str
    least_values: tuple[Plain, Plain]

    def __str__(self) -> str:
        sides = ", ".join(f"{name} {value!r}" for name, value in zip(self.decoders, self.least_values, strict=True))
        link = "" if self.least.link_type == _ETHERNET else f", link type {self.least.link_type}"
        return f"{self.least_path}: {sides} ({self.packets} packets{link}); {self.least.data.hex()}"


class Comparison(msgspec.Struct, frozen=True):
    """What a comparison found."""

    decoders: tuple[str, ...]
    packets: int
    fields: dict[tuple[str, str], int]
    """How many fields each pair of decoders had both read."""
    differences: tuple[Difference, ...]

    def between(self, a: str, b: str) -> list[Difference]:
        """The differences of one pair of decoders, by their names."""
        return [difference for difference in self.differences if {*difference.decoders} == {a, b}]

    def __str__(self) -> str:
        lines = [f"{self.packets} packets"]
        for (a, b), fields in self.fields.items():
            found = self.between(a, b)
            lines.append(f"{a}, {b}: {fields} fields compared, {len(found)} differ")
            lines += [f"  {difference}" for difference in found]
        return "\n".join(lines)


def compare(
    cases: Iterable[Case | Record | Packet | BytesLike],
    decoders: Sequence[str | Decoder] = ("overlaycodec", "tshark"),
    *,
    shrink: bool = True,
    catalog: Catalog = DEFAULT,
) -> Comparison:
    """The same packets through several decoders, and the least packet on which each pair differs in each field.

    A decoder is "overlaycodec", "tshark", "tcpdump", "scapy" or "dpkt", a command that reads packets and prints a JSON
    object for each (docs/conformance.md), or an object with `name`, `tells_faults` and `read`. Octets are Ethernet
    frames. Two decoders are compared in what both read. With `shrink=False`, `least` is the first packet.

    >>> import overlaycodec as oc
    >>> from overlaycodec import fuzz
    >>> class Careless(fuzz.OverlayCodec):
    ...     name = "careless"
    ...
    ...     def read(self, records):
    ...         return [fuzz.Reading(reading.headers[:2]) for reading in super().read(records)]
    >>> packet = oc.Ethernet(dst="02:00:00:00:00:02", src="02:00:00:00:00:01") / oc.IPv4(src="10.0.0.1", dst="10.0.0.2")
    >>> found = compare([oc.encode(packet / oc.UDP(src_port=1, dst_port=2))[:-1]], ["overlaycodec", Careless()])
    >>> [(difference.field, difference.least.data.hex()) for difference in found.differences]
    [('fault', '00')]

    Raises: TypeError for one packet instead of several; ValueError for fewer than two decoders, and for one that gives
    no proper answers; OSError and ImportError for one that is not installed.
    """
    one: object = cases
    if isinstance(one, Packet | Record | Case):
        raise TypeError("cases is one packet: give a list of packets")
    check_several("cases", cases, "several packets")
    check_several("decoders", decoders, "several decoders")
    chosen = [OverlayCodec(catalog) if each == "overlaycodec" else decoder_of(each) for each in decoders]
    if len(chosen) < 2 or len({each.name for each in chosen}) < len(chosen):
        raise ValueError("give two decoders or more, of different names")
    records = [record for number, case in enumerate(cases) for record in _records(number, case, catalog)]
    readings = [decoder.read(records) for decoder in chosen]
    fields: dict[tuple[str, str], int] = {}
    found: list[Difference] = []
    for (one, mine), (two, theirs) in combinations(zip(chosen, readings, strict=True), 2):
        pair = _Pair(one, two, catalog)
        fields[one.name, two.name] = sum(
            len(a.values(None, catalog).keys() & b.values(a, catalog).keys()) for a, b in zip(mine, theirs, strict=True)
        )
        found += pair.differences(records, mine, theirs, shrink=shrink)
    return Comparison(tuple(each.name for each in chosen), len(records), fields, tuple(found))


def _records(number: int, case: Case | Record | Packet | BytesLike, catalog: Catalog) -> tuple[Record, ...]:
    if isinstance(case, Record):
        return (case,)
    if isinstance(case, Case):
        return case.records
    if isinstance(case, Packet):
        link = catalog.key_of(LINK_TYPE, type(case.headers[0])) if case.headers else None
        return (Record(encode(case, catalog=catalog), _ETHERNET if link is None else link),)
    try:
        return (Record(bytes_of(case)),)
    except TypeError:
        kinds = "a packet, octets, a record or a case"
        raise TypeError(f"cases[{number}] takes {kinds}, not {type(case).__name__}") from None


def _field_of(path: str) -> str:
    """The path without scope and numbers."""
    return ".".join(token for token in _NUMBER.sub("", path).split(".") if token not in SCOPES)


class _Pair:
    """Two decoders."""

    def __init__(self, one: Decoder, two: Decoder, catalog: Catalog) -> None:
        self._one, self._two, self._catalog = one, two, catalog
        self._faults = one.tells_faults and two.tells_faults

    def differences(
        self, records: Sequence[Record], mine: Sequence[Reading], theirs: Sequence[Reading], *, shrink: bool
    ) -> list[Difference]:
        """A difference for each field."""
        counts: dict[str, int] = {}
        first: dict[str, tuple[int, str, tuple[Plain, Plain]]] = {}
        for number, (a, b) in enumerate(zip(mine, theirs, strict=True)):
            seen: set[str] = set()
            for path, values in differences(a, b, faults=self._faults, catalog=self._catalog).items():
                field = _field_of(path)
                first.setdefault(field, (number, path, values))
                seen.add(field)
            for field in seen:
                counts[field] = counts.get(field, 0) + 1
        return [
            self._difference(field, counts[field], number, records[number], path, values, shrink=shrink)
            for field, (number, path, values) in first.items()
        ]

    def _difference(
        self,
        field: str,
        packets: int,
        number: int,
        record: Record,
        path: str,
        values: tuple[Plain, Plain],
        *,
        shrink: bool,
    ) -> Difference:
        least, least_path, least_values = record, path, values
        if shrink:
            least = least_of(
                record, lambda several: [bool(each) for each in self._in_field(field, several)], catalog=self._catalog
            )
            again = self._in_field(field, [least])[0]
            if again:
                least_path, least_values = next(iter(again.items()))
            else:  # a decoder that answers differently the second time
                least = record
        names = self._one.name, self._two.name
        return Difference(names, field, packets, number, record, path, values, least, least_path, least_values)

    def _in_field(self, field: str, records: Sequence[Record]) -> list[dict[str, tuple[Plain, Plain]]]:
        """The differences of that field, of each packet."""
        readings = zip(self._one.read(records), self._two.read(records), strict=True)
        return [
            {
                path: values
                for path, values in differences(a, b, faults=self._faults, catalog=self._catalog).items()
                if _field_of(path) == field
            }
            for a, b in readings
        ]
