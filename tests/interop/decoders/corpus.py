"""Packets over all tunnels and depths, the same at every run: paths through the catalog, fields filled in at random.

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
from overlaycodec.schema.keys import Peek
from overlaycodec.schema.keyspaces import STT_OFFSET
from overlaycodec.schema.layout import Field, Layout
from overlaycodec.schema.plans import CountSize, LengthSize
from overlaycodec.schema.record import WireStruct
from overlaycodec.strategies.stack_graph import Edge, End, Node, StackGraph, graph_of
from overlaycodec.values import AUTO
from tests.interop.decoders import corpus_beside

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
    oc.CISCO_HDLC_PROTOCOL: (0x88B5, 0x88B6),
    oc.LLC_SAP: (0x9A,),
    oc.MPLS_LABEL: (16, 1000, (1 << 20) - 1),
    oc.ICMP_TYPE: (40,),
    oc.ICMPV6_TYPE: (200,),
    oc.IGMP_TYPE: (0x99,),
    oc.PPP_PROTOCOL: (0x0201, 0x00EF),
    oc.NSH_PROTOCOL: (254,),
    oc.GPE_PROTOCOL: (200,),
    oc.ERSPAN_FRAME: (9,),
    oc.LOOPBACK_FAMILY: (99,),
    STT_OFFSET: (1408, 2816),
    oc.GTPU_EXTENSION: (0x03,),
}
# Headers that are drawn more often: tunnels, and what is found most.
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
    oc.DHCP: {
        "op": _one_of(1, 2),
        "htype": _one_of(1),
        "hlen": _one_of(6),
        "secs": _one_of(0, 1, 300, 0x1A00),
        "chaddr": lambda random, _: random.randbytes(6) + bytes(10),
        "sname": _one_of(bytes(64)),
        "file": _one_of(bytes(128)),
        "options": lambda random, _: _dhcp(random),
    },
    oc.RIP: {"command": _one_of(1, 2), "version": _one_of(2), "entries": lambda random, _: _rip(random)},
    oc.IPv6SegmentRouting: {"segments_left": _one_of(0, 1)},
    oc.IPv6Routing: {"routing_type": _one_of(253, 254)},
    **corpus_beside.FIELDS,
}


def _chunk(random: Random, kind: int) -> bytes:
    """A heartbeat's parameter, a cookie, or nothing."""
    return {4: b"\0\1\0\x08", 5: b"\0\1\0\x08", 11: b"", 14: b""}.get(kind, b"....") + (
        b"" if kind in (11, 14) else random.randbytes(4)
    )


def _route(random: Random) -> tuple[oc.IPv4RouteAddress, ...]:
    return tuple(oc.IPv4RouteAddress(address=IPv4Address(random.randbytes(4))) for _ in range(random.choice((1, 2))))


def _dhcp(random: Random) -> tuple[WireStruct, ...]:
    address = IPv4Address(random.randbytes(4))
    options = [
        oc.DHCPSubnetMaskOption(mask="255.255.255.0"),
        oc.DHCPHostNameOption(name=b"host"),
        oc.DHCPRequestedAddressOption(address=address),
        oc.DHCPLeaseTimeOption(seconds=random.randrange(1 << 32)),
        oc.DHCPServerIdOption(address=address),
        oc.DHCPParameterRequestOption(codes=b"\x01\x03\x06"),
    ]
    chosen = random.sample(options, random.randrange(len(options)))
    return (oc.DHCPMessageTypeOption(type=random.randint(1, 8)), *chosen, oc.DHCPOption(code=255))


def _rip(random: Random) -> tuple[WireStruct, ...]:
    """A password or none, and routes."""
    routes = tuple(
        oc.RIPEntry(
            route_tag=random.randrange(1 << 16), address=IPv4Address(random.randbytes(4)), metric=random.randint(1, 16)
        )
        for _ in range(random.randint(1, 3))
    )
    return (*random.choice(((), (oc.RIPPasswordEntry(password=b"password" + bytes(8)),))), *routes)


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

    def __init__(self, random: Random, graph: StackGraph) -> None:
        self.random = random
        self.graph = graph
        self._known: dict[type[oc.Header], dict[Node, int]] = {}

    def packet(self, first: type[oc.Header], target: type[oc.Header], longest: int) -> oc.Packet:
        """A stack from the first header through the target."""
        distances = self._distances(target)
        node, met, headers = Node(first), False, list[oc.Header]()
        while True:
            met = met or node.cls is target
            left = longest - len(headers) - 1
            after = self._choice(node, self.graph.to_end if met else distances, left, met)
            headers.append(self._header(node, after))
            if isinstance(after, End):
                payload, last = self._payload(after), headers[-1]
                if isinstance(last, oc.STTSegment):  # a later segment does not say where the frame ends
                    octets = last.segment_offset + len(payload) + self.random.choice((0, 100))
                    headers[-1] = last.replace(total_length=octets)
                return oc.Packet(tuple(headers), payload)
            node = after.node

    def _distances(self, target: type[oc.Header]) -> dict[Node, int]:
        if target not in self._known:
            self._known[target] = self.graph.distances(target)
        return self._known[target]

    def _choice(self, node: Node, needs: Mapping[Node, int], left: int, met: bool) -> Edge | End:
        edges = [edge for edge in self.graph.edges[node] if needs.get(edge.node, left) < left]
        ends = self.graph.ends[node] if met else ()
        if not edges or (ends and self.random.random() < 0.3):
            return self.random.choice(ends)
        if not met and self.random.random() < 0.4:
            nearest = min(needs[edge.node] for edge in edges)
            edges = [edge for edge in edges if needs[edge.node] == nearest]
        return self.random.choices(edges, [WEIGHTS.get(edge.node.cls, 1) for edge in edges])[0]

    def _payload(self, end: End) -> bytes:
        if end.kind == "closed" or any(not isinstance(asked, Peek) for guard in end.avoid for asked in guard):
            return b""
        # the first octets are nothing that a key asks for, or that another decoder guesses from
        return (b"\x99" * 4 + self.random.randbytes(40))[: self.random.randrange(45)]

    # --- fields -------------------------------------------------------------------------------------------------------

    def _header(self, node: Node, after: Edge | End) -> oc.Header:
        layout = node.cls.__layout__
        given: Values = dict(node.required)
        if isinstance(after, Edge):
            given |= dict(after.previous)
        given |= self._selection(layout, after, given)
        for field in layout.fields:
            if field.name == layout.next.offset:
                given[field.name] = self.random.randint(1, field.maximum) if after == End("fragment") else 0
            elif field.name == layout.more_fragments and field.name not in given:
                given[field.name] = self.random.random() < 0.04
        header: oc.Header = node.cls(**self.record(layout, given, node.excluded))
        return header

    def _selection(self, layout: Layout, after: Edge | End, given: Values) -> Values:
        field, space = layout.next.selector, layout.next.space
        if field is None or space is None:
            return {}
        if layout.next.flag is not None:
            given[layout.next.flag] = after.kind != "carried"
        guards = [guard for guard in layout.next.guards if not guard.carried]
        if layout.next.content is not None and not layout.next.content_outside:
            guards.append(layout.next.content)
        if after.kind == "no_key":
            if layout.next.flag is not None:
                given[layout.next.flag] = False  # else another header follows all the same
            most = min(layout.by_name[guards[0].field].maximum, 300)
            other = [number for number in range(most + 1) if not guards[0].holds(number)]
            wrong = self.random.choice(other or guards[0].values)
            return {guards[0].field: wrong, field.name: self.random.randint(0, field.maximum)}
        only = [guard for guard in guards if not guard.negated]
        if isinstance(after, End):
            known = {guard.field: guard.values[0] for guard in only}
            if after.kind in ("unbound", "fragment"):
                return known | {field.name: self._unbound(space, field)}
            return known
        known = {guard.field: self.random.choice(guard.values) for guard in only}
        if after.kind == "key" and (not after.auto or field.default is not AUTO or self.random.random() < 0.3):
            return known | {field.name: self.random.choice(after.values)}
        if after.kind == "other":
            return known | {field.name: self._unbound(space, field)}
        return known

    def _unbound(self, space: oc.KeySpace, field: Field) -> int:
        """A value that is not bound, for which the field has room."""
        unbound = UNBOUND.get(space) or corpus_beside.UNBOUND[space.name]
        return self.random.choice([value for value in unbound if value <= field.maximum])

    def record(self, layout: Layout, given: Values, must_not: Sequence[tuple[str, frozenset[int]]] = ()) -> Values:
        """Values of the fields that are not derived."""
        values: Values = {}
        makers = FIELDS.get(layout.cls, {})
        for field in layout.fields:
            name = field.name
            if field.presence is not None and not field.presence.holds(values.__getitem__):
                values[name] = None
            elif name in given:
                values[name] = given[name]
            elif name in makers:
                values[name] = makers[name](self.random, values)
            elif name in layout.flag_of and field.kind == "bool":
                values[name] = self.random.random() < 0.5
            elif field is layout.selector and layout.next.space is not None and field.default is not AUTO:
                values[name] = self._unbound(layout.next.space, field)
            elif not layout.computed(field):
                while True:
                    values[name] = self._value(field, values)
                    if not any(name == other and values[name] in never for other, never in must_not):
                        break
        return values

    def _value(self, field: Field, values: Values) -> Any:  # Any: a value of the field
        random = self.random
        if field.reserved:
            return 0
        if field.const is not None:
            return field.const
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
            return self._options(field)
        if field.bits is not None:
            return random.randbytes(field.bits // 8)
        size = field.size
        if not isinstance(size, LengthSize):
            return random.randbytes(random.randrange(9))
        return random.randbytes(size.unit * random.randrange(4) + (size.bias % size.unit))

    def _options(self, field: Field) -> tuple[WireStruct, ...]:
        options, size = field.options, field.size
        assert options is not None
        elements: list[WireStruct] = []
        for _ in range(max(self.random.randrange(_ELEMENTS), size.bias if isinstance(size, CountSize) else 0)):
            cls = self.random.choice([cls for cls in field.elements if cls is not oc.IPv6JumboPayloadOption])
            if cls in SOURCE_ROUTES and any(type(element) in SOURCE_ROUTES for element in elements):
                continue  # RFC 791 section 3.1: at most once
            ends = [] if options.kind is None or options.end is None else [(options.kind, frozenset((options.end,)))]
            elements.append(cls(**self.record(cls.__layout__, {}, ends)))
        if options.end is not None and not isinstance(size, LengthSize):
            last = field.element
            elements.append(last(**self.record(last.__layout__, {options.kind or "": options.end})))
        return tuple(elements)


class Source(NamedTuple):
    """A part of the corpus: packets from a first header on, in a catalog, through some headers or all of them."""

    size: int
    first: type[oc.Header] = oc.Ethernet
    link_type: int = 1
    catalog: oc.Catalog = oc.DEFAULT
    through: tuple[type[oc.Header], ...] = ()


SOURCES: Final[Mapping[str, Source]] = {
    "Ethernet": Source(26_000),
    "raw IPv4": Source(400, oc.IPv4, 228),
    "raw IPv6": Source(400, oc.IPv6, 229),
    "options of IPv6": Source(800, oc.IPv6, 229, through=(oc.IPv6HopByHop, oc.IPv6DestinationOptions)),
    "PPP": Source(400, oc.PPP, 9),
    "PPP in frames of HDLC": Source(400, oc.PPPFramed, 50),
    "PPP's control protocols": Source(
        800, oc.PPP, 9, through=(oc.LCP, oc.LCPOptions, oc.IPCP, oc.IPCPOptions, oc.IPv6CP, oc.IPv6CPOptions)
    ),
    "how PPP authenticates and compresses": Source(
        1_000, oc.PPP, 9, through=(oc.PAP, oc.PAPRequest, oc.PAPReply, oc.CHAP, oc.CHAPValue, oc.CCP, oc.CCPOptions)
    ),
    "PPP of one octet": Source(400, oc.PPPCompressed, 9),
    "cooked": Source(400, oc.SLL, 113),
    "cooked, of other devices": Source(200, oc.SLL, 113, through=(oc.SLL,)),
    "cooked, version 2": Source(400, oc.SLL2, 276),
    "loopback": Source(400, oc.BSDLoopback, 108),
    "loopback by EtherType": Source(400, oc.BSDNull, 0, through=(oc.BSDNull,)),
    "loopback of a little-endian machine": Source(400, oc.BSDNull, 0),
    "group policy": Source(400, catalog=dialects.GBP, through=(oc.VXLANGBP,)),
    "remote checksum offload": Source(400, catalog=dialects.LINUX_RCO, through=(oc.VXLANRCO,)),
    "Cisco's HDLC": Source(600, oc.CiscoHDLC, 104, through=(oc.SLARP, oc.SLARPKeepalive, oc.CiscoHDLC)),
    "FDDI": Source(200, oc.FDDI, 10, through=(oc.FDDI,)),
    "frame relay": Source(600, oc.FrameRelay, 107, through=(oc.FrameRelay, oc.NLPIDPadding)),
    "Cisco's frame relay": Source(200, oc.CiscoFrameRelay, 107, through=(oc.CiscoFrameRelay,)),
    "radiotap": Source(200, oc.Radiotap, 127, through=(oc.Radiotap,)),
    "PPI": Source(200, oc.PPI, 192, through=(oc.PPI,)),
    "a CAN bus": Source(200, oc.SocketCAN, 227, through=(oc.SocketCAN,)),
    "NFLOG": Source(300, oc.NFLOG, 239, through=(oc.NFLOG,)),
    "netlink": Source(200, oc.Netlink, 253, through=(oc.Netlink,)),
    "Apple's devices": Source(200, oc.PKTAP, 258, through=(oc.PKTAP,)),
    "Marvell's switches": Source(200, oc.DSA, 284, through=(oc.DSA,)),
    "beside tunnels": Source(3_600, through=corpus_beside.SELDOM),
    "pseudowires": Source(400, catalog=PSEUDOWIRES, through=(oc.PseudowireControlWord,)),
}

_LEAST_CAPTURED: Final = 14
"""A snapped record keeps at least this many octets."""


def records(source: Source, seed: int) -> Iterator[oc.Record]:
    """The records of a source; some with a wrong checksum, some padded, some cut by the capture."""
    random = Random(~seed)
    for packet in packets(source, seed):
        try:
            whole = corpus_beside.finished(packet, source.catalog.encode(packet))
            data = source.catalog.encode(_wrong(random, whole) if random.random() < 0.05 else whole)
            data = corpus_beside.padded(packet, data)
        except oc.EncodeError:  # options that do not fit, a checksum over addresses that are not there
            continue
        if random.random() < 0.05:
            data += bytes(random.randrange(1, 19))
        octets = len(data)
        if random.random() < 0.03 and octets > _LEAST_CAPTURED:
            data = data[: random.randrange(_LEAST_CAPTURED, octets)]
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
    start = Node(source.first)
    graph = graph_of(source.catalog, source.first)
    nearest = {cls: graph.distances(cls).get(start, LONGEST) for cls in source.through or source.catalog.headers}
    targets = [cls for cls, distance in nearest.items() if distance < LONGEST // 2]
    walk = Walk(Random(seed), graph)
    for number in range(source.size):
        target = targets[number % len(targets)]
        walk.random.seed(f"{seed} {target.__name__} {number // len(targets)}")
        longest = walk.random.choice((5, 7, 8, 10, 12, LONGEST))
        yield walk.packet(source.first, target, max(longest, nearest[target] + 1))
