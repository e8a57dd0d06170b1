"""Values for the corpus, of formats beside tunnels: see `corpus`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from ipaddress import IPv4Address, IPv6Address
from random import Random
from typing import Any, Final

import overlaycodec as oc
from overlaycodec.schema.record import WireStruct

Maker = Callable[[Random, dict[str, Any]], Any]  # Any: values of any field


def _one_of(*values: Any) -> Maker:  # Any: as above
    return lambda random, _: random.choice(values)


def _number(least: int, most: int) -> Maker:
    return lambda random, _: random.randint(least, most)


def _octets(least: int, most: int) -> Maker:
    return lambda random, _: random.randbytes(random.randint(least, most))


def _cfm_tlvs(random: Random) -> tuple[oc.CFMTLV, ...]:
    data = tuple(oc.CFMTLV(type=3, value=random.randbytes(random.randint(1, 9))) for _ in range(random.randrange(3)))
    return (*data, oc.CFMTLV(type=0))


def _tzsp_tags(random: Random) -> tuple[oc.TZSPTag, ...]:
    signal = (oc.TZSPTag(tag=10, value=random.randbytes(1)), oc.TZSPTag(tag=0))
    return (*random.choice(((), signal)), oc.TZSPTag(tag=1))


def _duid(random: Random, values: dict[str, Any]) -> bytes:
    """RFC 8415 section 11.4: type 3, Ethernet, an address."""
    return b"\0\3\0\1" + random.randbytes(6)


def _dhcpv6(random: Random) -> tuple[WireStruct, ...]:
    """At least one option: without any, a message is not believed."""
    address = oc.DHCPv6AddressOption(
        address=IPv6Address(random.randbytes(16)), valid_lifetime=random.randrange(1 << 32)
    )
    prefix = oc.DHCPv6PrefixOption(prefix=IPv6Address(random.randbytes(16)), prefix_length=random.choice((48, 56, 64)))
    options = (
        oc.DHCPv6ClientIdOption(duid=_duid(random, {})),
        oc.DHCPv6ServerIdOption(duid=_duid(random, {})),
        oc.DHCPv6AddressesOption(iaid=random.randrange(1 << 32), t1=random.randrange(1 << 32), options=(address,)),
        oc.DHCPv6PrefixesOption(iaid=1, t2=random.randrange(1 << 32), options=random.choice(((), (prefix,)))),
        oc.DHCPv6ElapsedTimeOption(hundredths=random.randrange(1 << 16)),
        oc.DHCPv6Option(code=4000, data=random.randbytes(random.randrange(9))),
    )
    return tuple(random.sample(options, random.randint(1, len(options))))


def _below_a_second(random: Random, values: dict[str, Any]) -> int:
    return random.randrange(10**9)


def _lcp(random: Random) -> tuple[WireStruct, ...]:
    options = (
        oc.LCPMRUOption(mru=random.randrange(1 << 16)),
        oc.LCPMagicNumberOption(magic_number=random.getrandbits(32)),
    )
    return tuple(random.sample(options, random.randint(1, 2)))


def _ccp(random: Random) -> tuple[WireStruct, ...]:
    options = (
        oc.CCPMPPEOption(stateless=random.random() < 0.5, bits128=True, compression=random.random() < 0.5),
        oc.CCPDeflateOption(window=random.randrange(16), check_method=random.randrange(4)),
    )
    return tuple(random.sample(options, random.randint(1, 2)))


def _icmp_objects(random: Random) -> tuple[WireStruct, ...]:
    """Objects of known classes, and of classes that no specification has."""
    label = oc.ICMPMPLSLabel(
        label=random.randrange(1 << 20),
        traffic_class=random.randrange(8),
        bottom_of_stack=random.random() < 0.5,
        ttl=random.randrange(256),
    )
    name = random.choice((None, b"eth0\0\0\0", b"swp1s0\0"))
    facts: dict[str, Any] = {  # Any: values of any field
        "role": random.randrange(4),
        "index": random.choice((None, random.randrange(1 << 32))),
        "name": name,
        "mtu": random.choice((None, random.randrange(1 << 32))),
    }
    objects = (
        oc.ICMPMPLSStackObject(labels=(label,) * random.randint(1, 3)),
        oc.ICMPInterfaceObject(**facts),
        oc.ICMPInterfaceIPv4Object(address=IPv4Address(random.randbytes(4)), **facts),
        oc.ICMPInterfaceIPv6Object(address=IPv6Address(random.randbytes(16)), **facts),
        oc.ICMPInterfaceNameObject(name=b"eth0"),
        oc.ICMPInterfaceIndexObject(index=random.randrange(1 << 32)),
        oc.ICMPInterfaceAddressObject(afi=1, address=random.randbytes(4)),
        oc.ICMPInterfaceAddressObject(afi=2, address=random.randbytes(16)),
        oc.ICMPExtensionObject(
            class_num=random.randint(200, 255), c_type=random.randrange(256), data=random.randbytes(8)
        ),
    )
    return tuple(random.sample(objects, random.randint(1, 3)))


def _nflog(random: Random) -> tuple[oc.NFLOGAttribute, ...]:
    """The length of the last one is set when the packet is there: see `finished`."""
    prefix = oc.NFLOGAttribute(type=10, value=b"in " + random.randbytes(random.randrange(5)).hex().encode() + b"\0")
    user = oc.NFLOGAttribute(type=11, value=random.randbytes(4))
    return (*random.choice(((), (prefix,), (user, prefix))), oc.NFLOGAttribute(type=9))


def padded(packet: oc.Packet, data: bytes) -> bytes:
    """The octets with what the writer of a record puts behind it."""
    return data + bytes(-len(data) % 4) if isinstance(packet.headers[0], oc.NFLOG) else data


def finished(packet: oc.Packet, data: bytes) -> oc.Packet:
    """The packet with lengths that no encoder derives: that of NFLOG's payload reaches to its end."""
    first = packet.headers[0]
    if not isinstance(first, oc.NFLOG):
        return packet
    *facts, last = first.attributes
    inside = len(data) - 4 - sum(4 + -(-len(fact.value or b"") // 4) * 4 for fact in facts)
    header = first.replace(attributes=(*facts, last.replace(length=inside)))
    return oc.Packet((header, *packet.headers[1:]), packet.payload)


_NO_REST: Final = {"options_rest": _one_of(b"")}
_PTP_TIMES: Final = (
    *(oc.PTPSync, oc.PTPFollowUp, oc.PTPDelayResponse),
    *(oc.PTPPeerDelayRequest, oc.PTPPeerDelayResponse, oc.PTPPeerDelayFollowUp),
)
FIELDS: Final[Mapping[type[WireStruct], Mapping[str, Maker]]] = {
    oc.SLARP: {"type": _one_of(0, 1)},
    oc.STP: {"version": _one_of(3)},
    oc.RSTP: {"version_1_length": _one_of(0)},
    oc.STPTopologyChange: {"version": _one_of(0)},
    oc.MSTP: {"config_selector": _one_of(0), "config_name": _one_of(b"region".ljust(32, b"\0"))},
    oc.LACP: {
        **dict.fromkeys(("actor_length", "partner_length"), _one_of(20)),
        "actor_type": _one_of(1),
        "partner_type": _one_of(2),
        "collector_type": _one_of(3),
        "collector_length": _one_of(16),
        "version": _one_of(1),
        **dict.fromkeys(("end_type", "end_length"), _one_of(0)),
        "rest": _one_of(bytes(50)),
    },
    oc.LACPMarker: {
        "version": _one_of(1),
        "type": _one_of(1, 2),
        "length": _one_of(16),
        **dict.fromkeys(("end_type", "end_length"), _one_of(0)),
        "rest": _one_of(bytes(90)),
    },
    oc.LinkOAM: {"code": _one_of(0xFE)},
    oc.CFM: {
        "version": _one_of(0),
        "opcode": _one_of(2, 3),
        "fields": _octets(4, 4),
        "tlvs": lambda random, _: _cfm_tlvs(random),
    },
    oc.VRRP: {"type": _one_of(1), "auth_type": _one_of(0)},
    oc.VRRPv3: {"type": _one_of(1)},
    oc.VRRPv3OverIPv6: {"type": _one_of(1)},
    oc.PIM: {"type": _one_of(14)},
    oc.PIMOverIPv6: {"type": _one_of(14)},
    oc.PIMRegister: {"null_register": _one_of(False)},
    oc.PIMRegisterOverIPv6: {"null_register": _one_of(False)},
    oc.DHCPv6: {"type": _one_of(1, 3, 7, 11), "options": lambda random, _: _dhcpv6(random), **_NO_REST},
    oc.DHCPv6Relay: {
        "type": _one_of(12, 13),
        "hop_count": _one_of(0, 1, 31),
        "options": lambda random, _: _dhcpv6(random),
        **_NO_REST,
    },
    oc.PTP: {"major_sdo_id": _one_of(0), "minor_version": _one_of(0, 1)},
    **{cls: {"nanoseconds": _below_a_second} for cls in _PTP_TIMES},
    oc.PTPAnnounce: {"nanoseconds": _below_a_second, "utc_offset": _one_of(35, 37)},
    oc.ESP: {"spi": _number(256, (1 << 32) - 1)},
    oc.BFD: {"length": _one_of(24), "authentication_present": _one_of(False), "multipoint": _one_of(False)},
    oc.L2TP: {"offset_pad": _octets(0, 4)},
    oc.L2TPControl: {
        **dict.fromkeys(("length_present", "sequence_present"), _one_of(True)),
        **dict.fromkeys(("offset_present", "priority"), _one_of(False)),
    },
    oc.LISP: {
        "nonce_present": _one_of(True),
        "key_id": _one_of(0),
        **dict.fromkeys(("map_version_present", "echo_nonce_request"), _one_of(False)),
    },
    oc.TZSP: {"type": _one_of(0, 1), "tags": lambda random, _: _tzsp_tags(random)},
    oc.AristaTimestamp: {"timescale": _one_of(0, 1), "hardware": _one_of(0), "nanoseconds": _below_a_second},
    oc.AristaTimestamp48: {"timescale": _one_of(0, 1), "hardware": _one_of(0), "nanoseconds": _below_a_second},
    oc.FDDI: {"class_format": _one_of(5), "control": _number(0, 7)},
    oc.FrameRelay: {"dlci_high": _number(1, 62)},
    oc.CiscoFrameRelay: {"dlci_high": _number(1, 62)},
    oc.Radiotap: {"version": _one_of(0), "present": _one_of(0), "fields": _one_of(b"")},
    oc.PPI: {"version": _one_of(0), "flags": _one_of(0), "fields": _one_of(b"")},
    oc.SocketCAN: {
        "extended": _one_of(True),
        "error": _one_of(False),
        "fd_flags": _one_of(0, 4, 7),
        "dlc": _one_of(0),
        "data": _octets(0, 8),
    },
    oc.NFLOG: {"attributes": lambda random, _: _nflog(random)},
    oc.Netlink: {"packet_type": _one_of(0, 4), "arphrd_type": _one_of(824), "family": _one_of(0)},
    oc.PKTAP: {"record_type": _one_of(1), "rest": _octets(0, 4)},
    oc.LCPOptions: {"options": lambda random, _: _lcp(random), **_NO_REST},
    oc.IPCPOptions: {
        "options": lambda random, _: (oc.IPCPAddressOption(address=IPv4Address(random.randbytes(4))),),
        **_NO_REST,
    },
    oc.IPv6CPOptions: {
        "options": lambda random, _: (oc.IPv6CPInterfaceOption(identifier=random.randbytes(8)),),
        **_NO_REST,
    },
    oc.CCPOptions: {"options": lambda random, _: _ccp(random), **_NO_REST},
    oc.PAPRequest: {"peer_id": _octets(1, 9), "password": _octets(1, 9)},
    oc.PAPReply: {"message": _octets(1, 9)},
    oc.CHAPValue: {"value": _octets(1, 20)},
    oc.L2TPv3Control: dict.fromkeys(("length_present", "sequence_present"), _one_of(True)),
    oc.ICMPExtensions: {
        "objects": lambda random, _: _icmp_objects(random),
        "objects_rest": _one_of(b""),
    },
    oc.TeredoAuthentication: {"client_id": _octets(0, 9), "auth_value": _octets(0, 9)},
}
"""How fields are drawn, where another decoder knows only some values."""

SELDOM: Final = (
    *(oc.RIP, oc.DHCP, oc.DHCPv6, oc.VRRP, oc.VRRPv3, oc.VRRPv3OverIPv6, oc.PIM, oc.PIMOverIPv6, oc.PIMRegister),
    *(oc.PIMRegisterOverIPv6, oc.L2TPControl, oc.CFM, oc.BFD, oc.LISP, oc.WireGuard, oc.MACsecEncrypted),
    *(oc.GACh, oc.L2TPv3, oc.L2TPv3OverUDP, oc.L2TPv3Control),
)
"""Headers to which the way is long, or that must have something behind them for another decoder to read them."""

UNBOUND: Final[Mapping[str, tuple[int, ...]]] = {
    "bpdu_type": (0,),
    "bpdu_addition": (1,),
    "slow_subtype": (9,),
    "ptp_message": (14,),
    "tzsp_protocol": (18,),
    "dlt": (147,),
    "fddi_format": (6,),
    "nlpid": (0x99,),
    "nflog_family": (3,),
    "gach_channel": (0x7FF8,),
    "icmp_extension": (1,),
    "lcp_code": (5,),
    "ipcp_code": (5,),
    "ipv6cp_code": (5,),
    "l2tp_session": (1, 65538, (1 << 32) - 1),
    "l2tp_ip_session": (1, 65538, (1 << 32) - 1),
    "l2tp_sublayer": (1,),
    "pap_code": (4,),
    "chap_code": (3, 4),
    "ccp_code": (5, 14),
}
"""Values of key spaces that nothing is bound to, by the name of the space."""
