"""Packets over all tunnels and depths, the same at every run: walks through the catalog, fields filled in at random.

Strategy: which header can follow which, and by which keys, comes from the catalog; fields from the declarations. What
stands here is only what a declaration cannot say and another decoder asks for: numbers that mean something to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from ipaddress import IPv4Address, IPv6Address
from random import Random
from typing import Any, Final, NamedTuple

import overlaycodec as oc
from overlaycodec import dialects
from overlaycodec.schema.facts import (
    Checksum,
    Const,
    CountedBy,
    Elements,
    FragmentOffset,
    LengthField,
    MoreFragments,
    Only,
    PadTo,
    Reserved,
    Selects,
    SetIfAny,
    SizedBy,
    StackEnd,
    Unless,
    Unparsed,
    When,
)
from overlaycodec.schema.keys import Peek
from overlaycodec.schema.keyspaces import STT_OFFSET
from overlaycodec.schema.layout import Field, Layout
from overlaycodec.schema.record import WireStruct
from overlaycodec.schema.values import AUTO
from overlaycodec.strategies.stack_graph import End, Map, Spot, Way, map_of, selects_of

LONGEST: Final = 16
_ELEMENTS: Final = 4
Values = dict[str, Any]  # Any: a value of any field

PSEUDOWIRE_LABEL: Final = 77
PSEUDOWIRES: Final = oc.DEFAULT.with_binding(oc.MPLS_LABEL(PSEUDOWIRE_LABEL), oc.PseudowireControlWord)

# What a selector holds where nothing known is to follow: numbers for experiments, and ports that nobody claims.
UNBOUND: Final[Mapping[oc.KeySpace, Sequence[int]]] = {
    oc.ETHERTYPE: (0x88B5, 0x88B6),
    oc.SLL_PROTOCOL: (0x88B5, 0x88B6),
    oc.SNAP_PROTOCOL: (0x88B5, 0x88B6),
    oc.IP_PROTOCOL: (253, 254),
    oc.UDP_PORT: (40001, 61234),
    oc.TCP_PORT: (40001, 61234),
    oc.LLC_SAP: (0x9A,),
    oc.MPLS_LABEL: (16, 1000, (1 << 20) - 1),
    oc.ICMP_TYPE: (40,),
    oc.ICMPV6_TYPE: (200,),
    oc.IGMP_TYPE: (0x99,),
    oc.PPP_PROTOCOL: (0x0201,),
    oc.NSH_PROTOCOL: (254,),
    oc.GPE_PROTOCOL: (200,),
    oc.ERSPAN_FRAME: (9,),
    oc.LOOPBACK_FAMILY: (99,),
    STT_OFFSET: (1408, 2816),
    oc.GTPU_EXTENSION: (0x03,),
}
# Ways that are taken more often: through tunnels, and to what is found most.
WEIGHTS: Final[Mapping[type[oc.Header], int]] = {
    oc.VXLAN: 6, oc.Geneve: 6, oc.GRE: 4, oc.UDP: 6, oc.TCP: 3, oc.IPv4: 6, oc.IPv6: 4, oc.VLANTag: 4, oc.MPLS: 2,
    oc.Ethernet: 3, oc.VXLANGPE: 3, oc.NSH: 2, oc.GTPU: 3, oc.ERSPAN: 2, oc.ERSPANv3: 2, oc.STTSegment: 3, oc.ARP: 2,
}  # fmt: skip

SOURCE_ROUTES: Final = (oc.IPv4LooseSourceRouteOption, oc.IPv4StrictSourceRouteOption)

Maker = Callable[[Random, Values], Any]  # Any: a value of the field


def _one_of(*values: Any) -> Maker:  # Any: as above
    return lambda random, _: random.choice(values)


def _number(least: int, most: int) -> Maker:
    return lambda random, _: random.randint(least, most)


def _seldom(random: Random, _: Values) -> bool:
    return random.random() < 0.02


def _octets(*sizes: int) -> Maker:
    return lambda random, _: random.randbytes(random.choice(sizes))


def _told(field: str, sizes: Mapping[int, Sequence[int]]) -> Maker:
    """Octets of a size that another number tells; none where it is not among these."""
    return lambda random, values: random.randbytes(random.choice(sizes.get(values[field], (0,))))


# A port below may be a service's, and another decoder looks at source ports too.
_DYNAMIC: Final = {"src_port": _number(49152, 65535)}
FIELDS: Final[Mapping[type[WireStruct], Mapping[str, Maker]]] = {
    oc.UDP: _DYNAMIC,
    oc.TCP: _DYNAMIC,
    oc.STTSegment: _DYNAMIC,
    oc.SCTP: _DYNAMIC | {"dst_port": _number(49152, 65535)},
    oc.ARP: {
        "hardware_type": _one_of(1),
        "operation": _one_of(1, 2, 3, 4),
        "sender_hardware": lambda random, _: oc.MACAddress(random.randbytes(6)),
        "target_hardware": lambda random, _: oc.MACAddress(random.randbytes(6)),
        "sender_protocol": lambda random, _: IPv4Address(random.randbytes(4)),
        "target_protocol": lambda random, _: IPv4Address(random.randbytes(4)),
        "protocol_type": _one_of(0x0800),
    },
    # No operation, and the stream identifier of RFC 791, the only ones of a size that is not in a class of its own.
    oc.IPv4Option: {"type": _one_of(1, 136), "data": _told("type", {136: (2,)})},
    oc.IPv4RecordRouteOption: {"pointer": _one_of(4, 8), "route": lambda random, _: _route(random)},
    oc.IPv4LooseSourceRouteOption: {"pointer": _one_of(4, 8), "route": lambda random, _: _route(random)},
    oc.IPv4StrictSourceRouteOption: {"pointer": _one_of(4, 8), "route": lambda random, _: _route(random)},
    oc.TCPOption: {"kind": _one_of(1, 253), "data": _told("kind", {253: (2, 4)})},
    oc.IPv6Option: {"type": _one_of(0, 1, 0x1E, 0x3E), "data": _told("type", {1: (0, 1, 3), 0x1E: (1, 3), 0x3E: (4,)})},
    oc.LLC: {"ssap": _one_of(0xAA, 0xAB, 0x42)},
    oc.NSH: {"md_type": _one_of(1, 2), "context": _octets(16)},
    oc.NDPOption: {"type": _one_of(13, 14, 200), "data": _octets(6, 14)},
    oc.LLDP: {"tlvs": lambda random, _: _lldp(random)},
    oc.GREv1: dict.fromkeys(("checksum_present", "routing_present", "strict_source_route"), _seldom)
    | {"recursion": _one_of(0)},
    oc.GRESourceRoute: {"data": lambda random, values: random.randbytes(4 if values["address_family"] else 0)},
    oc.PPPoEDiscovery: {"code": _one_of(0x09, 0x07, 0x19, 0x65, 0xA7)},
    oc.PPPoETag: {"type": _one_of(0x0101, 0x0102, 0x0103, 0x0104)},
    oc.PPPoE: {"code": _one_of(0)},
    oc.SCTPChunk: {
        "type": _one_of(4, 5, 10, 11, 14, 0xC8),
        "value": lambda random, values: _chunk(random, values["type"]),
    },
    oc.IGMPGroupRecord: {"type": _number(1, 6), "aux_data": _octets(0)},
    oc.MLDAddressRecord: {"type": _number(1, 6), "aux_data": _octets(0)},
    oc.GTPU: {"message_type": _one_of(255)},
    oc.IPv6SegmentRouting: {"segments_left": _one_of(0, 1)},
    oc.IPv6Routing: {"routing_type": _one_of(253, 254)},
}


def _chunk(random: Random, kind: int) -> bytes:
    """A heartbeat's parameter, a cookie, or nothing."""
    return {4: b"\0\1\0\x08", 5: b"\0\1\0\x08", 11: b"", 14: b""}.get(kind, b"....") + (
        b"" if kind in (11, 14) else random.randbytes(4)
    )


def _route(random: Random) -> tuple[oc.IPv4RouteAddress, ...]:
    return tuple(oc.IPv4RouteAddress(address=IPv4Address(random.randbytes(4))) for _ in range(random.choice((1, 2))))


def _lldp(random: Random) -> tuple[oc.LLDPTLV, ...]:
    values = [
        (1, b"\x04" + random.randbytes(6)),
        (2, b"\x03" + random.randbytes(6)),
        (3, random.randbytes(2)),
        *random.sample([(4, b"port"), (5, b"name"), (6, b"a switch"), (7, bytes(4))], random.randrange(5)),
        (0, b""),
    ]
    return tuple(oc.LLDPTLV(type=kind, value=value) for kind, value in values)


class Walk:
    """One packet in the making."""

    def __init__(self, random: Random, plan: Map) -> None:
        self.random = random
        self.plan = plan
        self._known: dict[type[oc.Header], dict[Spot, int]] = {}

    def packet(self, first: type[oc.Header], target: type[oc.Header], longest: int) -> oc.Packet:
        """A stack from the first header through the target."""
        distances = self._distances(target)
        spot, met, headers = Spot(first), False, list[oc.Header]()
        while True:
            met = met or spot.cls is target
            left = longest - len(headers) - 1
            on = self._choice(spot, self.plan.to_end if met else distances, left, met)
            headers.append(self._header(spot, on))
            if isinstance(on, End):
                payload, last = self._payload(on), headers[-1]
                if isinstance(last, oc.STTSegment):  # a later segment does not say where the frame ends
                    octets = last.segment_offset + len(payload) + self.random.choice((0, 100))
                    headers[-1] = last.replace(total_length=octets)
                return oc.Packet(tuple(headers), payload)
            spot = on.spot

    def _distances(self, target: type[oc.Header]) -> dict[Spot, int]:
        if target not in self._known:
            self._known[target] = self.plan.distances(target)
        return self._known[target]

    def _choice(self, spot: Spot, needs: Mapping[Spot, int], left: int, met: bool) -> Way | End:
        ways = [way for way in self.plan.ways[spot] if needs.get(way.spot, left) < left]
        ends = self.plan.ends[spot] if met else ()
        if not ways or (ends and self.random.random() < 0.3):
            return self.random.choice(ends)
        if not met and self.random.random() < 0.4:
            nearest = min(needs[way.spot] for way in ways)
            ways = [way for way in ways if needs[way.spot] == nearest]
        return self.random.choices(ways, [WEIGHTS.get(way.spot.cls, 1) for way in ways])[0]

    def _payload(self, end: End) -> bytes:
        if end.kind == "closed" or any(not isinstance(asked, Peek) for guard in end.avoid for asked in guard):
            return b""
        # the first octets are nothing that a key asks for, or that another decoder guesses from
        return (b"\x99" * 4 + self.random.randbytes(40))[: self.random.randrange(45)]

    # --- fields -------------------------------------------------------------------------------------------------------

    def _header(self, spot: Spot, on: Way | End) -> oc.Header:
        layout = spot.cls.__layout__
        given: Values = dict(spot.must)
        if isinstance(on, Way):
            given |= dict(on.before)
        given |= self._selection(layout, on, given)
        for field in layout.fields:
            if FragmentOffset in field:
                given[field.name] = self.random.randint(1, field.maximum) if on == End("piece") else 0
            elif MoreFragments in field and field.name not in given:
                given[field.name] = self.random.random() < 0.04
        header: oc.Header = spot.cls(**self.record(layout, given, spot.must_not))
        return header

    def _selection(self, layout: Layout, on: Way | End, given: Values) -> Values:
        selection = selects_of(layout)
        if selection is None:
            return {}
        field, selects = selection
        if selects.when:
            given[selects.when] = on.kind != "carried"
        if isinstance(on, End):
            if on.kind == "unread":
                name, values = selects.only or selects.unless or ("", ())
                most = min(layout.by_name[name].maximum, 300)
                other = [number for number in range(most + 1) if (number in values) is bool(selects.unless)]
                return {name: self.random.choice(other or values), field.name: self.random.randint(0, field.maximum)}
            known = {name: values[0] for name, values in (selects.only,) if values} if selects.only else {}
            if on.kind in ("unbound", "piece"):
                return known | {field.name: self.random.choice(UNBOUND[selects.space])}
            return known
        known = {selects.only[0]: self.random.choice(selects.only[1])} if selects.only else {}
        if on.kind == "key" and (not on.auto or field.default is not AUTO or self.random.random() < 0.3):
            return known | {field.name: self.random.choice(on.values)}
        if on.kind == "other":
            return known | {field.name: self.random.choice(UNBOUND[selects.space])}
        return known

    def record(self, layout: Layout, given: Values, must_not: Sequence[tuple[str, int]] = ()) -> Values:
        """Values of the fields that are not derived."""
        values: Values = {}
        makers = FIELDS.get(layout.cls, {})
        for field in layout.fields:
            name = field.name
            if not _present(field, values):
                values[name] = None
            elif name in given:
                values[name] = given[name]
            elif name in makers:
                values[name] = makers[name](self.random, values)
            elif name in layout.flag_of and field.kind == "bool":
                values[name] = self.random.random() < 0.5
            elif Selects in field and field.default is not AUTO:
                values[name] = self.random.choice(UNBOUND[field[Selects].space])
            elif not _derived(layout, field):
                while True:
                    values[name] = self._value(field, values)
                    if (name, values[name]) not in must_not:
                        break
        return values

    def _value(self, field: Field, values: Values) -> Any:  # Any: a value of the field
        random = self.random
        if Reserved in field:
            return 0
        if (const := field.get(Const)) is not None:
            return const.value
        if field.kind == "bool":
            return random.random() < 0.5
        if field.kind == "int":
            return random.choice(
                (random.randint(0, field.maximum), random.randint(0, min(field.maximum, 9)), field.maximum)
            )
        if field.kind == "mac":
            return oc.MACAddress(random.randbytes(6))
        if field.kind == "ipv4":
            return IPv4Address(random.randbytes(4))
        if field.kind == "ipv6":
            return IPv6Address(random.randbytes(16))
        if field.kind == "items":
            return self._row(field)
        if field.bits is not None:
            return random.randbytes(field.bits // 8)
        sized = field.get(SizedBy)
        if sized is None:
            return random.randbytes(random.randrange(9))
        return random.randbytes(sized.unit * random.randrange(4) + (sized.bias % sized.unit))

    def _row(self, field: Field) -> tuple[WireStruct, ...]:
        items = field[Elements]
        elements: list[WireStruct] = []
        counted = field.get(CountedBy)
        for _ in range(max(self.random.randrange(_ELEMENTS), 0 if counted is None else counted.bias)):
            cls = self.random.choice([cls for cls in field.elements if cls is not oc.IPv6JumboPayloadOption])
            if cls in SOURCE_ROUTES and any(type(element) in SOURCE_ROUTES for element in elements):
                continue  # RFC 791 section 3.1: at most once
            ends = [] if items.kind is None or items.end is None else [(items.kind, items.end)]
            elements.append(cls(**self.record(cls.__layout__, {}, ends)))
        if items.end is not None and SizedBy not in field:
            last = field.element
            elements.append(last(**self.record(last.__layout__, {items.kind or "": items.end})))
        return tuple(elements)


def _present(field: Field, values: Values) -> bool:
    condition = field.condition
    if isinstance(condition, When):
        return any(values[flag] is True for flag in condition.flags)
    if isinstance(condition, Only):
        return values[condition.field] in condition.values
    if isinstance(condition, Unless):
        return values[condition.field] not in condition.values
    return True


def _derived(layout: Layout, field: Field) -> bool:
    kinds = (Selects, LengthField, Checksum, StackEnd, SetIfAny, Unparsed, PadTo)
    return field.name in layout.sized_by or any(kind in field for kind in kinds)


class Source(NamedTuple):
    """A part of the corpus: packets from a first header on, in a catalog, through some headers or all of them."""

    size: int
    first: type[oc.Header] = oc.Ethernet
    link_type: int = 1
    catalog: oc.Catalog = oc.DEFAULT
    through: tuple[type[oc.Header], ...] = ()


SOURCES: Final[Mapping[str, Source]] = {
    "Ethernet": Source(20_500),
    "raw IPv4": Source(400, oc.IPv4, 228),
    "raw IPv6": Source(400, oc.IPv6, 229),
    "options of IPv6": Source(800, oc.IPv6, 229, through=(oc.IPv6HopByHop, oc.IPv6DestinationOptions)),
    "PPP": Source(400, oc.PPP, 9),
    "cooked": Source(400, oc.SLL, 113),
    "cooked, version 2": Source(400, oc.SLL2, 276),
    "loopback": Source(400, oc.BSDLoopback, 108),
    "loopback of a little-endian machine": Source(400, oc.BSDNull, 0),
    "group policy": Source(400, catalog=dialects.GBP, through=(oc.VXLANGBP,)),
    "remote checksum offload": Source(400, catalog=dialects.LINUX_RCO, through=(oc.VXLANRCO,)),
    "pseudowires": Source(400, catalog=PSEUDOWIRES, through=(oc.PseudowireControlWord,)),
}


def records(source: Source, seed: int) -> Iterator[oc.Record]:
    """The records of a source; some with a wrong checksum, some padded, some cut by the capture."""
    random = Random(~seed)
    for packet in packets(source, seed):
        try:
            data = source.catalog.encode(_wrong(random, packet) if random.random() < 0.05 else packet)
        except oc.EncodeError:  # options that do not fit, a checksum over addresses that are not there
            continue
        if random.random() < 0.05:
            data += bytes(random.randrange(1, 19))
        octets = len(data)
        if random.random() < 0.03:
            data = data[: random.randrange(14, octets)]
        yield oc.Record(data, source.link_type, wire_length=octets)


def _wrong(random: Random, packet: oc.Packet) -> oc.Packet:
    """The packet with another value in one of its checksums."""
    places = [
        (number, header.__layout__.checksum.name)
        for number, header in enumerate(packet.headers)
        if header.__layout__.checksum is not None and getattr(header, header.__layout__.checksum.name) is not None
    ]
    if not places:
        return packet
    number, name = random.choice(places)
    maximum = type(packet.headers[number]).__layout__.by_name[name].maximum
    header = packet.headers[number].replace(**{name: random.randint(1, maximum)})
    return oc.Packet((*packet.headers[:number], header, *packet.headers[number + 1 :]), packet.payload)


def packets(source: Source, seed: int) -> Iterator[oc.Packet]:
    """The packets of a source, through each header that can be reached in turn, or through those that it names.

    Each is drawn on its own, so that a header more in the catalog changes as few of the others as may be.
    """
    start = Spot(source.first)
    plan = map_of(source.catalog, source.first)
    nearest = {cls: plan.distances(cls).get(start, LONGEST) for cls in source.through or source.catalog.headers}
    targets = [cls for cls, distance in nearest.items() if distance < LONGEST // 2]
    walk = Walk(Random(seed), plan)
    for number in range(source.size):
        target = targets[number % len(targets)]
        walk.random.seed(f"{seed} {target.__name__} {number // len(targets)}")
        longest = walk.random.choice((5, 7, 8, 10, 12, LONGEST))
        yield walk.packet(source.first, target, max(longest, nearest[target] + 1))
