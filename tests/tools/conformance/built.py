"""Packets that scapy builds from values as cases: the boundaries of fields, flags in all combinations, deep stacks."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import overlaycodec as oc
from overlaycodec.conformance import Case
from tests.tools.conformance.vectors import spec_of
from tests.tools.conformance.witnesses import witnessed

Built = tuple[str, str, Any, int]
"""A name, the header it is about, a packet of scapy, and a link type."""


def packets() -> Iterator[Built]:
    """Every packet."""
    from scapy.all import (
        ARP,
        BOOTP,
        DHCP,
        GRE,
        ICMP,
        IP,
        LLC,
        PPP,
        RIP,
        SCTP,
        SNAP,
        STP,
        TCP,
        UDP,
        VRRP,
        VXLAN,
        CookedLinux,
        Dot1AD,
        Dot1Q,
        Dot3,
        Ether,
        ICMPv6DestUnreach,
        ICMPv6EchoRequest,
        ICMPv6ND_NA,
        ICMPv6ND_NS,
        ICMPv6ND_RA,
        ICMPv6ND_RS,
        ICMPv6PacketTooBig,
        IPOption_LSRR,
        IPOption_NOP,
        IPOption_Router_Alert,
        IPOption_RR,
        IPv6,
        IPv6ExtHdrDestOpt,
        IPv6ExtHdrFragment,
        IPv6ExtHdrHopByHop,
        IPv6ExtHdrRouting,
        Loopback,
        PadN,
        PPPoE,
        Raw,
        RIPEntry,
        RouterAlert,
        SCTPChunkData,
        SCTPChunkInit,
        VRRPv3,
    )  # fmt: skip
    from scapy.contrib.bfd import BFD
    from scapy.contrib.geneve import GENEVE, GeneveOptions
    from scapy.contrib.gtp import GTP_U_Header
    from scapy.contrib.mpls import MPLS
    from scapy.contrib.nsh import NSH
    from scapy.layers.ipsec import AH, ESP

    eth = Ether(dst="02:00:00:00:00:02", src="02:00:00:00:00:01")
    ip, ip6 = IP(src="192.0.2.1", dst="192.0.2.2", id=1), IPv6(src="2001:db8::1", dst="2001:db8::2")
    udp, tcp = UDP(sport=50000, dport=40001), TCP(sport=50000, dport=40001, seq=1, ack=2)
    inner = Ether(dst="02:bb:00:00:00:02", src="02:aa:00:00:00:01")
    data = Raw(bytes(range(16)))
    insides = {
        "ipv4-udp": inner / IP(src="10.0.0.1", dst="10.0.0.2", id=2) / udp / data,
        "ipv6-tcp": inner / IPv6(src="fd00::1", dst="fd00::2") / tcp / data,
        "arp": inner / ARP(hwsrc="02:aa:00:00:00:01", psrc="10.0.0.1", hwdst="00:00:00:00:00:00", pdst="10.0.0.2"),
        "vlan-ipv4-udp": inner / Dot1Q(vlan=7, prio=3) / IP(src="10.0.0.1", dst="10.0.0.2", id=2) / udp / data,
        "two-tags": inner / Dot1AD(vlan=100) / Dot1Q(vlan=7) / IP(src="10.0.0.1", dst="10.0.0.2", id=2) / udp / data,
    }
    # tags
    for vid, pcp in product((0, 1, 2, 2047, 2048, 4094, 4095), (0, 7)):
        yield f"vlan-{vid}-{pcp}", "vlan", eth / Dot1Q(vlan=vid, prio=pcp) / ip / udp / data, 1
    for pcp in range(1, 7):
        yield f"vlan-priority-{pcp}-dei", "vlan", eth / Dot1Q(vlan=9, prio=pcp, id=1) / ip6 / udp / data, 1
    for depth in range(2, 6):
        tags = eth
        for number in range(depth):
            tags = tags / Dot1Q(vlan=100 + number, prio=number)
        yield f"vlan-{depth}-tags", "vlan", tags / ip / tcp / data, 1
    for depth in range(1, 4):
        tags = eth / Dot1AD(vlan=200)
        for number in range(depth):
            tags = tags / Dot1Q(vlan=100 + number)
        yield f"vlan-88a8-and-{depth}-tags", "vlan", tags / ip / udp / data, 1
    # tunnels
    for vni, (name, inside) in product((0, 1, 255, 65536, 0x7FFFFF, 0x800000, 0xFFFFFF), insides.items()):
        yield (
            f"vxlan-{vni}-{name}",
            "vxlan",
            eth / ip / UDP(sport=50000, dport=4789) / VXLAN(vni=vni, flags=8) / inside,
            1,
        )
        yield f"geneve-{vni}-{name}", "geneve", eth / ip / UDP(sport=50000, dport=6081) / GENEVE(vni=vni) / inside, 1
    for name, inside in insides.items():
        yield (
            f"vxlan-over-ipv6-{name}",
            "vxlan",
            eth / ip6 / UDP(sport=50000, dport=4789) / VXLAN(vni=5, flags=8) / inside,
            1,
        )
        yield f"geneve-over-ipv6-{name}", "geneve", eth / ip6 / UDP(sport=50000, dport=6081) / GENEVE(vni=5) / inside, 1
        yield f"vxlan-8472-{name}", "vxlan", eth / ip / UDP(sport=50000, dport=8472) / VXLAN(vni=5, flags=8) / inside, 1
        yield f"gre-ethernet-{name}", "gre", eth / ip / GRE(proto=0x6558) / inside, 1
        yield f"nvgre-{name}", "gre", eth / ip / GRE(proto=0x6558, key_present=1, key=0x123456_78) / inside, 1
        yield f"vxlan-in-geneve-{name}", "vxlan", (
            eth / ip / UDP(sport=50000, dport=6081) / GENEVE(vni=1) / inner / IP(src="10.1.0.1", dst="10.1.0.2", id=3)
            / UDP(sport=50001, dport=4789) / VXLAN(vni=2, flags=8) / inside
        ), 1  # fmt: skip
        yield f"mpls-pseudowire-outside-{name}", "geneve", (
            eth / MPLS(label=17, s=1, ttl=9) / ip / UDP(sport=50000, dport=6081) / GENEVE(vni=1) / inside
        ), 1  # fmt: skip
    for octets, critical, oam in product((0, 4, 8, 64, 124), (0, 1), (0, 1)):
        option = GeneveOptions(classid=0x0102, type=0x80 if critical else 1, data=bytes(range(octets)))
        packet = GENEVE(
            vni=3, critical=critical, oam=oam, options=[option, GeneveOptions(classid=0xFFFF, type=2, data=b"")]
        )
        yield (
            f"geneve-options-{octets}-{critical}-{oam}",
            "geneve",
            eth / ip / UDP(sport=50000, dport=6081) / packet / insides["ipv4-udp"],
            1,
        )
    for check, key, sequence in product((0, 1), repeat=3):
        gre = dict(chksum_present=check, key_present=key, seqnum_present=sequence)
        gre |= {"key": 0xDEADBEEF} if key else {}
        gre |= {"sequence_number": 0xFFFFFFFE} if sequence else {}
        for name, proto, inside in (("ipv4", 0x800, ip / udp / data), ("ipv6", 0x86DD, ip6 / tcp / data)):
            yield f"gre-{check}{key}{sequence}-{name}", "gre", eth / ip / GRE(proto=proto, **gre) / inside, 1
            yield f"gre-{check}{key}{sequence}-{name}-over-ipv6", "gre", eth / ip6 / GRE(proto=proto, **gre) / inside, 1
    for label, tc, ttl in product((16, 1048575), (0, 7), (1, 255)):
        yield f"mpls-{label}-{tc}-{ttl}", "mpls", eth / MPLS(label=label, cos=tc, s=1, ttl=ttl) / ip / udp / data, 1
    for depth in (2, 3, 5):
        labels = eth
        for number in range(depth):
            labels = labels / MPLS(label=100 + number, s=int(number == depth - 1), ttl=64 - number)
        yield f"mpls-{depth}-labels", "mpls", labels / ip6 / udp / data, 1
    for extension, sequence, npdu in product((0, 1), repeat=3):
        gtp = GTP_U_Header(teid=0x01020304, S=sequence, PN=npdu, E=0, gtp_type=255, seq=7, npdu=9)
        if not extension:
            yield f"gtpu-{sequence}{npdu}", "gtpu", eth / ip / UDP(sport=50000, dport=2152) / gtp / ip / udp / data, 1
    for ttl, length in ((1, 0), (63, 0)):
        yield (
            f"nsh-{ttl}",
            "nsh",
            eth / NSH(mdtype=1, nextproto=1, ttl=ttl, spi=0xABCDEF, si=250 + length) / ip / udp / data,
            1,
        )
    yield "nsh-ethernet", "nsh", eth / NSH(mdtype=1, nextproto=3, ttl=5, spi=1, si=255) / insides["ipv4-udp"], 1
    for version, a, b in product(
        (4, 6), (ip, ip6), (IP(src="10.0.0.1", dst="10.0.0.2", id=7), IPv6(src="fd00::1", dst="fd00::2"))
    ):
        if version == 4:
            yield (
                f"ip-in-ip-{type(a).__name__}-{type(b).__name__}",
                "ipv4" if type(b) is IP else "ipv6",
                eth / a / b / udp / data,
                1,
            )
    # IP
    for field, values in {
        "ttl": (0, 1, 255), "tos": (0, 1, 2, 3, 4, 0xB8, 0xFF), "id": (0, 0xFFFF), "flags": (0, 1, 2, 3, 4),
        "frag": (1, 8191), "proto": (0xFD, 0xFE), "src": ("0.0.0.0", "255.255.255.255", "224.0.0.1", "127.0.0.1"),
        "dst": ("0.0.0.0", "255.255.255.255", "224.0.0.1"),
    }.items():  # fmt: skip
        for value in values:
            carried = data if field in ("frag", "proto") else udp / data
            packet = IP(
                **{
                    "src": "192.0.2.1",
                    "dst": "192.0.2.2",
                    "id": 1,
                    "proto": 253 if field == "frag" else None,
                    field: value,
                }
            )
            if packet.proto is None:
                del packet.proto
            yield f"ipv4-{field}-{value}", "ipv4", eth / packet / carried, 1
    for name, options in {
        "nop": [IPOption_NOP()] * 4, "router-alert": [IPOption_Router_Alert()], "record-route": [IPOption_RR(routers=["1.2.3.4", "5.6.7.8"], pointer=4)],
        "loose-route": [IPOption_LSRR(routers=["1.2.3.4"], pointer=8)],
    }.items():  # fmt: skip
        yield f"ipv4-option-{name}", "ipv4", eth / IP(src="192.0.2.1", dst="192.0.2.2", options=options) / udp / data, 1
    for field, values in {
        "tc": (1, 2, 3, 0xB8, 0xFF),
        "fl": (1, 0xFFFFF),
        "hlim": (0, 1, 255),
        "nh": (59, 253),
    }.items():
        for value in values:
            carried = b"" if value == 59 else data if field == "nh" else udp / data
            packet = IPv6(**{"src": "2001:db8::1", "dst": "2001:db8::2", field: value})
            yield f"ipv6-{field}-{value}", "ipv6", eth / packet / carried, 1
    extensions = {
        "hop-by-hop": IPv6ExtHdrHopByHop(options=[RouterAlert(value=1)]), "destination": IPv6ExtHdrDestOpt(options=[PadN(optdata=b"\0" * 4)]),
        "fragment": IPv6ExtHdrFragment(offset=0, m=0, id=0x01020304), "routing": IPv6ExtHdrRouting(type=0, addresses=["2001:db8::9"], segleft=0),
    }  # fmt: skip
    for (a, one), (b, two) in product(extensions.items(), repeat=2):
        if a != b and b != "hop-by-hop":
            yield f"ipv6-{a}-{b}", oneself(b), eth / ip6 / one / two / udp / data, 1
    for name, one in extensions.items():
        yield f"ipv6-{name}", oneself(name), eth / ip6 / one / tcp / data, 1
    yield "ipv6-later-fragment", "ipv6_fragment", eth / ip6 / IPv6ExtHdrFragment(offset=185, m=1, id=9, nh=17) / data, 1
    yield (
        "ipv6-last-fragment",
        "ipv6_fragment",
        eth / ip6 / IPv6ExtHdrFragment(offset=8191, m=0, id=0xFFFFFFFF, nh=6) / data,
        1,
    )
    yield "ah", "ah", eth / ip / AH(nh=17, spi=0x100, seq=1, icv=bytes(12)) / udp / data, 1
    yield "esp", "esp", eth / ip / ESP(spi=0x100, seq=0xFFFFFFFF, data=bytes(32)), 1
    # transport
    for ports in product((0, 1, 40001, 65535), (40001, 65535)):
        yield f"udp-{ports[0]}-{ports[1]}", "udp", eth / ip / UDP(sport=ports[0], dport=ports[1]) / data, 1
        yield f"tcp-{ports[0]}-{ports[1]}", "tcp", eth / ip / TCP(sport=ports[0], dport=ports[1], seq=1) / data, 1
    for octets in range(4):
        yield f"udp-{octets}-octets", "udp", eth / ip6 / udp / Raw(bytes(range(1, octets + 1))), 1
    yield "udp-no-checksum", "udp", eth / ip / UDP(sport=50000, dport=40001, chksum=0) / data, 1
    yield "udp-wrong-checksum", "udp", eth / ip / UDP(sport=50000, dport=40001, chksum=0x1234) / data, 1
    yield "tcp-wrong-checksum", "tcp", eth / ip / TCP(sport=50000, dport=40001, chksum=0x1234) / data, 1
    yield "ipv4-wrong-checksum", "ipv4", eth / IP(src="192.0.2.1", dst="192.0.2.2", chksum=0x1234) / udp / data, 1
    for number, flags in enumerate(
        ("F", "S", "R", "P", "A", "U", "E", "C", "SA", "FA", "PA", "RA", "SEC", "FSRPAUEC", "")
    ):
        yield (
            f"tcp-flags-{number}",
            "tcp",
            eth / ip6 / TCP(sport=50000, dport=40001, flags=flags, seq=0xFFFFFFFF, ack=0x80000000) / data,
            1,
        )
    tcp_options: dict[str, list[Any]] = {  # Any: as scapy takes them
        "mss": [("MSS", 1460)], "window-scale": [("WScale", 14)], "sack-permitted": [("SAckOK", b"")],
        "time-stamps": [("Timestamp", (1, 0xFFFFFFFF))], "sack": [("NOP", None), ("NOP", None), ("SAck", (1, 2))],
        "usual": [("MSS", 1460), ("SAckOK", b""), ("Timestamp", (7, 0)), ("NOP", None), ("WScale", 7)],
    }  # fmt: skip
    for name, chosen in tcp_options.items():
        yield f"tcp-option-{name}", "tcp", eth / ip / TCP(sport=50000, dport=40001, flags="S", options=chosen), 1
    for window in (0, 1, 65535):
        yield f"tcp-window-{window}", "tcp", eth / ip / TCP(sport=50000, dport=40001, window=window, urgptr=window), 1
    yield "sctp-data", "sctp", eth / ip / SCTP(sport=1, dport=40001, tag=0xFFFFFFFF) / SCTPChunkData(data=b"abcd"), 1
    yield "sctp-init", "sctp", eth / ip6 / SCTP(sport=65535, dport=40001, tag=0) / SCTPChunkInit(init_tag=1), 1
    # control
    for kind, code in ((8, 0), (0, 0), (13, 0), (14, 0)):
        yield (
            f"icmp-{kind}",
            "icmp",
            eth / ip / ICMP(type=kind, code=code, id=0xFFFF, seq=1, ts_ori=1, ts_rx=2, ts_tx=3) / data,
            1,
        )
    for kind, code in ((3, 0), (3, 3), (11, 0), (12, 0)):
        yield (
            f"icmp-{kind}-{code}-quotes",
            "icmp",
            eth / ip / ICMP(type=kind, code=code) / IP(src="192.0.2.2", dst="192.0.2.1", id=5) / udp / data,
            1,
        )
    yield (
        "icmp-redirect",
        "icmp_redirect",
        eth
        / ip
        / ICMP(type=5, code=1, gw="192.0.2.9")
        / IP(src="192.0.2.2", dst="192.0.2.1", id=5)
        / UDP(sport=1, dport=2),
        1,
    )
    yield "icmpv6-echo", "icmpv6_echo", eth / ip6 / ICMPv6EchoRequest(id=0xFFFF, seq=9) / data, 1
    for code in range(5):
        yield (
            f"icmpv6-unreachable-{code}",
            "icmpv6",
            eth / ip6 / ICMPv6DestUnreach(code=code) / IPv6(src="2001:db8::2", dst="2001:db8::1") / udp / data,
            1,
        )
    yield (
        "icmpv6-too-big",
        "icmpv6_packet_too_big",
        eth / ip6 / ICMPv6PacketTooBig(mtu=1280) / IPv6(src="2001:db8::2", dst="2001:db8::1") / udp / data,
        1,
    )
    hop = IPv6(src="fe80::1", dst="ff02::1", hlim=255)
    yield "neighbor-solicitation", "neighbor_solicitation", eth / hop / ICMPv6ND_NS(tgt="fe80::2"), 1
    yield "neighbor-advertisement", "neighbor_advertisement", eth / hop / ICMPv6ND_NA(tgt="fe80::2", R=1, S=0, O=1), 1
    yield "router-advertisement", "router_advertisement", eth / hop / ICMPv6ND_RA(chlim=64, routerlifetime=1800, M=1), 1
    yield "router-solicitation", "router_solicitation", eth / hop / ICMPv6ND_RS(), 1
    for op in range(1, 5):
        yield (
            f"arp-{op}",
            "arp",
            eth / ARP(op=op, hwsrc="02:00:00:00:00:01", psrc="10.0.0.1", hwdst="02:00:00:00:00:02", pdst="10.0.0.2"),
            1,
        )
        yield (
            f"arp-{op}-padded",
            "arp",
            eth
            / ARP(op=op, hwsrc="02:00:00:00:00:01", psrc="10.0.0.1", hwdst="02:00:00:00:00:02", pdst="10.0.0.2")
            / Raw(bytes(18)),
            1,
        )
    for octets in (6, 18, 46):
        yield f"ipv4-padded-{octets}", "ipv4", eth / ip / udp / Raw(b"x") / Raw(b""), 1
        yield f"ipv6-udp-{octets}", "ipv6", eth / ip6 / udp / Raw(bytes(octets)), 1
    for session in (0, 1, 65535):
        yield f"pppoe-{session}", "pppoe", eth / PPPoE(sessionid=session) / PPP(proto=0x21) / ip / udp / data, 1
    yield "pppoe-ipv6", "pppoe", eth / PPPoE(sessionid=9) / PPP(proto=0x57) / ip6 / udp / data, 1
    yield (
        "llc-stp",
        "stp",
        Dot3(dst="01:80:c2:00:00:00", src="02:00:00:00:00:01") / LLC(dsap=0x42, ssap=0x42, ctrl=3) / STP(),
        1,
    )
    yield (
        "snap-ipv4",
        "snap",
        Dot3(dst="02:00:00:00:00:02", src="02:00:00:00:00:01")
        / LLC(dsap=0xAA, ssap=0xAA, ctrl=3)
        / SNAP(code=0x800)
        / ip
        / udp
        / data,
        1,
    )
    yield (
        "bfd",
        "bfd",
        eth / ip / UDP(sport=50000, dport=3784) / BFD(my_discriminator=1, your_discriminator=0xFFFFFFFF),
        1,
    )
    for version in (2,):
        yield (
            f"vrrp-{version}",
            "vrrp",
            eth / IP(src="192.0.2.1", dst="224.0.0.18", ttl=255) / VRRP(vrid=255, priority=0, addrlist=["192.0.2.9"]),
            1,
        )
    yield (
        "vrrp-3",
        "vrrp_v3",
        eth / IP(src="192.0.2.1", dst="224.0.0.18", ttl=255) / VRRPv3(vrid=1, priority=255, addrlist=["192.0.2.9"]),
        1,
    )
    yield (
        "rip",
        "rip",
        eth
        / ip
        / UDP(sport=520, dport=520)
        / RIP(cmd=2, version=2)
        / RIPEntry(AF=2, addr="10.0.0.0", mask="255.0.0.0", metric=16),
        1,
    )
    yield (
        "dhcp-discover",
        "dhcp",
        eth
        / ip
        / UDP(sport=68, dport=67)
        / BOOTP(xid=0xFFFFFFFF, chaddr=b"\2\0\0\0\0\1")
        / DHCP(options=[("message-type", 1), "end"]),
        1,
    )
    yield (
        "sll",
        "sll",
        CookedLinux(pkttype=4, lladdrtype=1, lladdrlen=6, src=b"\2\0\0\0\0\1\0\0", proto=0x800) / ip / udp / data,
        113,
    )
    yield "raw-ipv4", "ipv4", ip / udp / data, 101
    yield "raw-ipv6", "ipv6", ip6 / tcp / data, 101
    assert Loopback


def oneself(name: str) -> str:
    """Our name of an extension header."""
    return {
        "hop-by-hop": "ipv6_hop_by_hop",
        "destination": "ipv6_destination_options",
        "fragment": "ipv6_fragment",
        "routing": "ipv6_routing",
    }[name]


def cases(versions: str) -> Iterator[Case]:
    """Each packet with the values that other decoders read in it; none that tshark rejects."""
    built = {bytes(packet): (name, about, link) for name, about, packet, link in packets()}
    records = [oc.Record(data, link) for data, (_, _, link) in built.items()]
    for record, (name, about, _), said in zip(records, built.values(), witnessed(records), strict=True):
        if said.fault is not None or not any(path.rpartition(".")[2].partition("[")[0] == about for path in said.stack):
            print(f"left out: {name} ({about}): {said.fault}, {said.stack}")
            continue
        yield Case(
            name=f"built/{name}",
            protocol=about,
            spec=spec_of(about),
            evidence="encoder",
            source=f"built by scapy 2.8.0; values by {versions}",
            link_type=record.link_type,
            hex=record.data.hex(),
            stack=said.stack,
            fields=said.fields,
            checksums=said.checksums,
        )
