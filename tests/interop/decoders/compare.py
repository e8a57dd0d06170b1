"""Our fields and another decoder's, one by one, in the order in which they stand in the packet.

Strategy: the stacks of headers are compared first. Where they part, what stands before is compared still; that they
part is a difference of its own. See `differences` for those that are known.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from ipaddress import IPv4Address, IPv6Address
from typing import Any, NamedTuple

import overlaycodec as oc
from overlaycodec.packet.header import Header
from overlaycodec.packet.paths import names_of
from overlaycodec.schema.record import WireStruct
from tests.interop.decoders.fields import VERDICT, Table, each
from tests.test_stacks import NAMES, S_TAG

STACK = "headers"


class Shown(NamedTuple):
    """One of our values, as another decoder should show it."""

    header: int
    field: str
    value: Any  # Any: a number, an address, octets


class Difference(NamedTuple):
    """What another decoder says otherwise."""

    packet: oc.Packet
    name: str
    """The other decoder's field; `headers` where it reads other headers."""
    header: int
    """Our header by its number: the first that is another, or whose field is."""
    ours: Any  # Any: as it was compared
    theirs: Any

    @property
    def cls(self) -> type[Header] | None:
        """The class of our header; None behind the last."""
        return type(self.packet.headers[self.header]) if self.header < len(self.packet.headers) else None

    @property
    def before(self) -> Header | None:
        """The header before it."""
        return self.packet.headers[self.header - 1] if 0 < self.header <= len(self.packet.headers) else None


class Tables(NamedTuple):
    """What is known of another decoder."""

    fields: Mapping[type[WireStruct] | str, Table]
    verdicts: Mapping[str, object]
    kind_of: Callable[[Sequence[Header], int], type[WireStruct] | str]
    """Under which key a header stands, among all of a packet."""


def names_of_stack(packet: oc.Packet) -> list[tuple[str, int]]:
    """The headers of a packet in tshark's words, with their numbers; one that it counts to another has none."""
    found: list[tuple[str, int]] = []
    before: Header | None = None
    for number, header in enumerate(packet.headers):
        name = NAMES[type(header)]
        if name == "vlan" and type_of(before) == S_TAG:
            name = "ieee8021ad"
        if type(header) is oc.VXLANGPE or (name == "eth" and isinstance(before, oc.ITag)):
            name = None  # it dissects both, and leaves them out of its column
        if type(header) is oc.ICMPExtensions and type(before) is oc.ICMPv6ExtendedEcho:
            name = "icmp"  # its dissector of ICMP reads them behind ICMPv6 too, and is listed there
        if type(header) is oc.L2TPv3Control and type(before) is oc.L2TPv3:
            name = None  # one header to it
        if name is not None and not (name == "mpls" and found and found[-1][0] == "mpls"):
            found.append((name, number))
        before = header
    return found


def type_of(header: Header | None) -> Any:  # Any: a number or nothing
    """The EtherType that a header says follows."""
    names = ("ethertype", "protocol", "protocol_type", "family")
    return next((getattr(header, name) for name in names if hasattr(header, name)), None)


def shown(packet: oc.Packet, tables: Tables, catalog: oc.Catalog, until: int) -> dict[str, list[Shown]]:
    """What another decoder should show of the headers before a number, by its names."""
    found: dict[str, list[Shown]] = {}
    verdicts = oc.checksums(packet, catalog=catalog)
    names = names_of(packet.headers)
    for number, header in enumerate(packet.headers[:until]):
        checksum = header.__layout__.checksum
        verdict = None if checksum is None else verdicts.get(f"{names[number]}.{checksum.name}")
        table = tables.fields.get(tables.kind_of(packet.headers, number), {})
        _add(found, header, table, number, "", tables, None if verdict is None else tables.verdicts[verdict.value])
    return found


def _add(
    found: dict[str, list[Shown]],
    record: WireStruct,
    table: Table,
    number: int,
    prefix: str,
    tables: Tables,
    verdict: object = None,
) -> None:
    for field in record.__layout__.fields:
        value = getattr(record, field.name)
        if value is None:
            continue
        for named in each(table.get(field.name, ())):
            if named.where(record):
                found.setdefault(named.name, []).append(Shown(number, prefix + field.name, named.value(value)))
        if field.kind == "items":
            generic = tables.fields.get(field.element, {})
            for element in value:
                _add(found, element, tables.fields.get(type(element), generic), number, f"{field.name}.", tables)
    for named in each(table.get(VERDICT, ())) if verdict is not None else ():
        found.setdefault(named.name, []).append(Shown(number, VERDICT, named.value(verdict)))


def read_as(text: str, like: Any) -> Any:  # Any: a value like ours
    """Another decoder's text as a value of the kind that ours is; the text itself where it is none."""
    try:
        if isinstance(like, int):
            return int(text == "True") if text in ("True", "False") else int(text, 0)
        if isinstance(like, bytes):
            return b"" if text == "<MISSING>" else bytes.fromhex(text.replace(":", ""))
        if isinstance(like, IPv4Address | IPv6Address):
            return type(like)(text)
        if isinstance(like, oc.MACAddress):
            return oc.MACAddress(text)
    except ValueError:
        pass
    return text


class Comparison:
    """What was compared of one packet."""

    def __init__(self, packet: oc.Packet) -> None:
        self.packet = packet
        self.fields = 0
        self.reached = 0
        """How many of our headers the other decoder reads too, from the first on."""
        self.differences: list[Difference] = []

    def add(
        self,
        tables: Tables,
        catalog: oc.Catalog,
        theirs: Mapping[str, Sequence[str]],
        until: int,
        parted: object = None,
        *,
        beyond: bool = False,
    ) -> None:
        """Compares the headers before number `until`.

        `parted` is what the other decoder reads there; `beyond` says that it goes on where our catalog ends.
        """
        packet, self.reached = self.packet, until
        if parted is not None:
            ours = [header.__layout__.name for header in packet.headers[until:]]
            self.differences.append(Difference(packet, STACK, until, ours, parted))
        ours_shown = shown(packet, tables, catalog, until)
        for name, values in ours_shown.items():
            self._field(name, values, theirs.get(name, ()), open_ended=parted is not None or beyond)
        if parted is None and not beyond:
            for name in theirs.keys() - ours_shown.keys():
                self.differences.append(Difference(packet, name, len(packet.headers), [], list(theirs[name])))

    def _field(self, name: str, ours: list[Shown], theirs: Sequence[str], *, open_ended: bool) -> None:
        packet = self.packet
        values = [read_as(text, ours[0].value) for text in theirs]
        if len(values) == len(ours) or (open_ended and len(values) > len(ours)):
            self.fields += len(ours)
            for mine, value in zip(ours, values, strict=False):
                if mine.value != value:
                    self.differences.append(Difference(packet, name, mine.header, mine.value, value))
        else:
            pairs = enumerate(zip(ours, values, strict=False))
            first = next(
                (number for number, (mine, value) in pairs if mine.value != value), min(len(values), len(ours))
            )
            header = ours[first].header if first < len(ours) else len(packet.headers)
            self.differences.append(Difference(packet, name, header, [mine.value for mine in ours], values))


def parting(ours: list[tuple[str, int]], theirs: list[str], headers: int) -> tuple[int, object]:
    """The number of the first header that the other decoder does not read as we do, and what it reads there."""
    for (name, number), other in zip(ours, theirs, strict=False):
        if name != other:
            return number, other
    if len(ours) > len(theirs):
        return ours[len(theirs)][1], "nothing"
    if len(theirs) > len(ours):
        return headers, theirs[len(ours)]
    return headers, None
