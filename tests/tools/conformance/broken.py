"""Packets that break a rule of a specification, as cases: headers that end too soon, and lengths and versions that cannot be.

What is broken is broken alone: the headers outside say the truth. Each rule has its section and, in few words, its text.
scapy writes the headers outside; the octets of the header itself are written out here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from overlaycodec.conformance import Case

V4: Final = "0a000001 0a000002"
V6: Final = "fd000000000000000000000000000001 fd000000000000000000000000000002"
UDP4: Final = "9c40 9c41 000c 0000 01020304"


class Rule(NamedTuple):
    """A rule and octets that break it."""

    name: str
    protocol: str
    key: str
    """How the header is found: `ethertype:0800`, `ip:17`, `udp:4789`, `gre:6558`."""
    octets: bytes
    spec: str
    text: str
    option: int | None = None
    """The number of the option that cannot be read, where it is not the header."""


# The octets that each header has at least, and some that are a proper header of it.
SHORT: Final = (
    ("ipv4", "ethertype:0800", 20, "45000018 00010000 40fd0000" + V4, "RFC 791 section 3.1", "a header has 20 octets or more"),
    ("ipv6", "ethertype:86dd", 40, "60000000 0000 3b40" + V6, "RFC 8200 section 3", "the header has 40 octets"),
    ("arp", "ethertype:0806", 28, "0001 0800 06 04 0001 020000000001 0a000001 000000000000 0a000002", "RFC 826", "for Ethernet and IPv4: 28 octets"),
    ("vlan", "ethertype:8100", 4, "0007 0800", "IEEE 802.1Q clause 9.6", "a tag has 2 octets behind its type, and the next type"),
    ("vlan", "ethertype:88a8", 4, "0007 0800", "IEEE 802.1Q clause 9.6", "a tag has 2 octets behind its type, and the next type"),
    ("mpls", "ethertype:8847", 4, "00011140", "RFC 3032 section 2.1", "an entry has 4 octets"),
    ("pppoe", "ethertype:8864", 6, "11000001 0000", "RFC 2516 section 4", "the header has 6 octets"),
    ("nsh", "ethertype:894f", 8, "0fc20201 00000104", "RFC 8300 section 2", "base and service path headers have 8 octets"),
    ("udp", "ip:17", 8, "9c40 9c41 0008 0000", "RFC 768", "the header has 8 octets"),
    ("tcp", "ip:6", 20, "9c40 9c41 00000001 00000002 5010 ffff 0000 0000", "RFC 9293 section 3.1", "the header has 20 octets or more"),
    ("sctp", "ip:132", 12, "9c40 9c41 00000001 00000000", "RFC 9260 section 3.1", "the common header has 12 octets"),
    ("icmp", "ip:1", 8, "0800 f7ff 0000 0000", "RFC 792", "every message has 8 octets or more"),
    ("gre", "ip:47", 4, "00000800", "RFC 2784 section 2", "the header has 4 octets or more"),
    ("esp", "ip:50", 8, "00000100 00000001", "RFC 4303 section 2", "index and sequence number have 8 octets"),
    ("ah", "ip:51", 12, "3b01 0000 00000100 00000001", "RFC 4302 section 2", "the fields before the check value have 12 octets"),
    ("igmp", "ip:2", 8, "1600 0000 e1000001", "RFC 2236 section 2", "a message has 8 octets or more"),
    ("etherip", "ip:97", 2, "3000", "RFC 3378 section 3", "the header has 2 octets"),
    ("pim", "ip:103", 4, "2000 dfff", "RFC 7761 section 4.9", "the header has 4 octets"),
    ("vrrp", "ip:112", 8, "2101 6400 0001 0000", "RFC 3768 section 5.1", "the fields before the addresses have 8 octets"),
    ("icmpv6", "ip6:58", 4, "8000 0000", "RFC 4443 section 2.1", "a message has 4 octets or more"),
    ("ipv6_hop_by_hop", "ip6:0", 8, "3b00 0104 00000000", "RFC 8200 section 4.3", "an extension header is a multiple of 8 octets"),
    ("ipv6_destination_options", "ip6:60", 8, "3b00 0104 00000000", "RFC 8200 section 4.6", "an extension header is a multiple of 8 octets"),
    ("ipv6_fragment", "ip6:44", 8, "3b00 0000 00000001", "RFC 8200 section 4.5", "the header has 8 octets"),
    ("vxlan", "udp:4789", 8, "08000000 00006400", "RFC 7348 section 5", "the header has 8 octets"),
    ("vxlan_gpe", "udp:4790", 8, "0c000001 00006400", "draft-ietf-nvo3-vxlan-gpe-13 section 3", "the header has 8 octets"),
    ("geneve", "udp:6081", 8, "00006558 00006400", "RFC 8926 section 3.4", "the fixed header has 8 octets"),
    ("gtpu", "udp:2152", 8, "30ff0000 00000001", "3GPP TS 29.281 section 5.1", "the mandatory part has 8 octets"),
    ("bfd", "udp:3784", 24, "20c00318 00000001 00000000 000f4240 000f4240 00000000", "RFC 5880 section 4.1", "the mandatory section has 24 octets"),
    ("erspan", "gre:88be", 8, "10010001 00000000", "draft-foschiano-erspan-03 section 4.2", "the header of type II has 8 octets"),
)  # fmt: skip

V4_RULES: Final = (
    *((f"ihl-{n}", "ihl", "RFC 791 section 3.1", "the minimum value for a correct header is 5", {0: 0x40 | n}) for n in (0, 1, 2, 3, 4)),
    ("ihl-beyond-packet", "ihl", "RFC 791 section 3.1", "the header is a part of the datagram", {0: 0x4F}),
    *((f"version-{n}", "version", "RFC 1122 section 3.2.1.1", "a datagram whose version number is not 4 MUST be silently discarded", {0: n << 4 | 5}) for n in (0, 1, 3, 5, 6, 7, 15)),
    *((f"total-length-{n}", "total_length", "RFC 791 section 3.1", "the length of the datagram includes the header", {2: 0, 3: n}) for n in (1, 4, 19)),
    ("total-length-beyond-frame", "total_length", "RFC 791 section 3.1", "the length is that of the whole datagram, header and data", {2: 0, 3: 0xFF}),
    ("total-length-65535", "total_length", "RFC 791 section 3.1", "the length is that of the whole datagram, header and data", {2: 0xFF, 3: 0xFF}),
)  # fmt: skip
V6_RULES: Final = (
    *((f"version-{n}", "version", "RFC 8200 section 3", "the version is 6", {0: n << 4}) for n in (0, 4, 5, 7, 15)),
    ("payload-length-beyond-frame", "payload_length", "RFC 8200 section 3", "the length of the rest of the packet", {4: 0, 5: 0xFF}),
    ("payload-length-65535", "payload_length", "RFC 8200 section 3", "the length of the rest of the packet", {4: 0xFF, 5: 0xFF}),
)  # fmt: skip
_MUST_9293: Final = "an option has the length that it says, of kind and length too"


def _summed(header: bytearray) -> bytes:
    """An IPv4 header with its checksum (RFC 1071)."""
    header[10:12] = b"\0\0"
    length = min(max(header[0] & 15, 5) * 4, len(header))
    total = sum(header[at] << 8 | header[at + 1] for at in range(0, length - 1, 2))
    total = (total & 0xFFFF) + (total >> 16)
    header[10:12] = (~((total & 0xFFFF) + (total >> 16)) & 0xFFFF).to_bytes(2, "big")
    return bytes(header)


def _hex(text: str) -> bytes:
    return bytes.fromhex(text)


def rules() -> Iterator[Rule]:
    """Every rule, with octets that break it."""
    for protocol, key, least, text, spec, why in SHORT:
        whole = _hex(text)
        assert len(whole) == least, protocol
        for octets in sorted({1, least // 2, least - 1}):
            name = f"{protocol}-{key.partition(':')[2]}-{octets}-octets"
            yield Rule(name, protocol, key, whole[:octets], spec, f"{why}; {octets} are there")
    datagram = _hex("45000020 00010000 40110000" + V4 + UDP4)
    for name, _, spec, why, places in V4_RULES:
        changed = bytearray(datagram)
        for place, value in places.items():
            changed[place] = value
        yield Rule(f"ipv4-{name}", "ipv4", "ethertype:0800", _summed(changed), spec, why)
    packet = _hex("60000000 000c 1140" + V6 + UDP4)
    for name, _, spec, why, places in V6_RULES:
        changed = bytearray(packet)
        for place, value in places.items():
            changed[place] = value
        yield Rule(f"ipv6-{name}", "ipv6", "ethertype:86dd", bytes(changed), spec, why)
    for length in (*range(8), 13, 255, 65535):
        if length == 0:
            continue  # what 0 means is a matter of jumbograms
        text = (
            "the length is that of header and data, and the minimum is 8"
            if length < 8
            else "the length is that of header and data, all in the datagram"
        )
        yield Rule(
            f"udp-length-{length}", "udp", "ip:17", _hex(f"9c40 9c41 {length:04x} 0000 01020304"), "RFC 768", text
        )
    for offset in (0, 1, 2, 3, 4, 6, 15):
        text = "the offset counts the header of 5 words" if offset < 5 else "the header is a part of the segment"
        yield Rule(
            f"tcp-data-offset-{offset}",
            "tcp",
            "ip:6",
            _hex(f"9c40 9c41 00000001 00000002 {offset:x}010 ffff 0000 0000"),
            "RFC 9293 section 3.1",
            text,
        )
    for name, option in {
        "0": "0200 0000",
        "1": "0201 0000",
        "beyond-header": "0205 0000",
        "40": "0828 0000",
        "cut": "01010102",
    }.items():
        yield Rule(
            f"tcp-option-length-{name}",
            "tcp",
            "ip:6",
            _hex(f"9c40 9c41 00000001 00000002 6002 ffff 0000 0000 {option}"),
            "RFC 9293 section 3.2",
            _MUST_9293,
            option=3 if name == "cut" else 0,
        )
    for name, option in {"0": "8800 0000", "1": "8801 0000", "beyond-header": "8805 0000", "cut": "01010188"}.items():
        data = _summed(bytearray(_hex("46000024 00010000 40110000" + V4 + option + UDP4)))
        yield Rule(
            f"ipv4-option-length-{name}",
            "ipv4",
            "ethertype:0800",
            data,
            "RFC 791 section 3.1",
            "the length of an option counts the type and itself, and is in the header",
            option=3 if name == "cut" else 0,
        )
    yield from _tunnels()
    yield from _others()


def _tunnels() -> Iterator[Rule]:
    frame = "02bb00000002 02aa00000001 88b5" + "00" * 46
    for version in (1, 2, 3):
        yield Rule(
            f"geneve-version-{version}",
            "geneve",
            "udp:6081",
            _hex(f"{version << 6:02x}006558 00006400" + frame),
            "RFC 8926 section 3.4",
            "packets of an unknown version MUST be dropped",
        )
        yield Rule(
            f"vxlan-gpe-version-{version}",
            "vxlan_gpe",
            "udp:4790",
            _hex(f"{0xC | version << 4:02x}000003 00006400" + frame),
            "draft-ietf-nvo3-vxlan-gpe-13 section 3.1",
            "the version is 0; others are another format",
        )
        yield Rule(
            f"nsh-version-{version}",
            "nsh",
            "ethertype:894f",
            _hex(f"{version << 6 | 0x0F:02x}c60103 00000104" + "00" * 16 + frame),
            "RFC 8300 section 2.2",
            "the version is 0; others MUST be dropped",
        )
    for words in (16, 40, 63):
        yield Rule(
            f"geneve-opt-len-{words}",
            "geneve",
            "udp:6081",
            _hex(f"{words:02x}006558 00006400" + frame),
            "RFC 8926 section 3.4",
            "the options are a part of the packet",
        )
    for words in (1, 2, 31):
        yield Rule(
            f"geneve-option-length-{words}",
            "geneve",
            "udp:6081",
            _hex(f"01006558 00006400 010201{words:02x}" + frame),
            "RFC 8926 section 3.5",
            "packets in which the lengths of options and of all of them do not agree MUST be dropped",
            option=0,
        )
    for words in (0, 1, 2, 5, 7):
        yield Rule(
            f"nsh-md1-length-{words}",
            "nsh",
            "ethertype:894f",
            _hex(f"0fc{words:x}0103 00000104" + "00" * 16 + frame),
            "RFC 8300 section 2.2",
            "for MD type 1 the length MUST be 6",
        )
    for words in (0, 1):
        yield Rule(
            f"nsh-md2-length-{words}",
            "nsh",
            "ethertype:894f",
            _hex(f"0fc{words:x}0203 00000104" + frame),
            "RFC 8300 section 2.2",
            "for MD type 2 the length MUST be 2 or more",
        )
    yield Rule(
        "nsh-length-63",
        "nsh",
        "ethertype:894f",
        _hex("0fff0203 00000104" + frame),
        "RFC 8300 section 2.2",
        "the length is that of the header, all in the packet",
    )
    for flags, octets in (("8000", 1), ("2000", 3), ("1000", 2), ("b000", 11), ("a000", 7), ("3000", 5)):
        yield Rule(
            f"gre-flags-{flags}-{octets}-octets",
            "gre",
            "ip:47",
            _hex(flags + "0800") + bytes(octets),
            "RFC 2890 section 2",
            "the flags say which fields of 4 octets are there",
        )
    for version in (2, 3, 5, 7):
        yield Rule(
            f"gre-version-{version}",
            "gre",
            "ip:47",
            _hex(f"000{version}0800 45000014 00010000 40fd0000" + V4),
            "RFC 2784 section 2.3.1",
            "the version MUST be 0",
        )
    for version in (0, 2, 7):
        yield Rule(
            f"gtpu-version-{version}",
            "gtpu",
            "udp:2152",
            _hex(f"{version << 5 | 0x10:02x}ff0004 00000001 00000000"),
            "3GPP TS 29.281 section 5.1",
            "the version is 1",
        )
    for flags in ("31", "32", "34", "37"):
        yield Rule(
            f"gtpu-flags-{flags}",
            "gtpu",
            "udp:2152",
            _hex(f"{flags}ff0002 00000001 0000"),
            "3GPP TS 29.281 section 5.1",
            "where a flag is set, 4 more octets are there",
        )
    yield Rule(
        "gtpu-length-beyond-packet",
        "gtpu",
        "udp:2152",
        _hex("30ff00ff 00000001 00000000"),
        "3GPP TS 29.281 section 5.1",
        "the length is that of the payload, all in the packet",
    )
    for flags in ("4002", "c802", "0202"):
        yield Rule(
            f"l2tp-flags-{flags}",
            "l2tp",
            "udp:1701",
            _hex(flags + "0000"),
            "RFC 2661 section 3.1",
            "the flags say which fields are there",
        )
    for version in (0, 1, 4, 15):
        yield Rule(
            f"etherip-version-{version}",
            "etherip",
            "ip:97",
            _hex(f"{version:x}000" + frame),
            "RFC 3378 section 3",
            "the version MUST be 3; others MUST be discarded",
        )


def _others() -> Iterator[Rule]:
    yield Rule(
        "mpls-no-bottom",
        "mpls",
        "ethertype:8847",
        _hex("00010040 00011040"),
        "RFC 3032 section 2.1",
        "the last entry of the stack has S set",
    )
    for words in (1, 2, 255):
        for protocol, number in (("ipv6_hop_by_hop", 0), ("ipv6_destination_options", 60), ("ipv6_routing", 43)):
            yield Rule(
                f"{protocol}-length-{words}",
                protocol,
                f"ip6:{number}",
                _hex(f"3b{words:02x} 0104 00000000"),
                "RFC 8200 section 4",
                "the length is that of the header, in units of 8 octets, all in the packet",
            )
    for name, option in {"beyond-header": "0105 00000000", "255": "01ff 00000000", "cut": "0000 00000001"}.items():
        for protocol, number in (("ipv6_hop_by_hop", 0), ("ipv6_destination_options", 60)):
            yield Rule(
                f"{protocol}-option-length-{name}",
                protocol,
                f"ip6:{number}",
                _hex(f"3b00 {option}"),
                "RFC 8200 section 4.2",
                "an option is in the header, type and length too",
                option=5 if name == "cut" else 0,
            )
    for words in (0, 20, 255):
        yield Rule(
            f"ah-length-{words}",
            "ah",
            "ip:51",
            _hex(f"3b{words:02x} 0000 00000100 00000001"),
            "RFC 4302 section 2.2",
            "the length is that of the header in words, less 2, all in the packet",
        )
    for length in (0, 1, 2, 3):
        yield Rule(
            f"sctp-chunk-length-{length}",
            "sctp",
            "ip:132",
            _hex(f"9c40 9c41 00000001 00000000 0a00{length:04x}"),
            "RFC 9260 section 3.2",
            "the length counts the chunk's own 4 octets",
        )
    yield Rule(
        "sctp-chunk-length-beyond-packet",
        "sctp",
        "ip:132",
        _hex("9c40 9c41 00000001 00000000 0a000010"),
        "RFC 9260 section 3.2",
        "a chunk is in the packet",
    )
    for name, option in {"0": "0100 020000000001", "beyond-packet": "0105 020000000001"}.items():
        data = "87000000 00000000 fe800000000000000000000000000002" + option
        yield Rule(
            f"ndp-option-length-{name}",
            "neighbor_solicitation",
            "ip6:58",
            _hex(data),
            "RFC 4861 section 4.6",
            "nodes MUST silently discard an ND packet that contains an option with length zero"
            if name == "0"
            else "an option is in the packet",
        )
    for length in (3, 255, 65535):
        yield Rule(
            f"pppoe-length-{length}",
            "pppoe",
            "ethertype:8864",
            _hex(f"11000001 {length:04x} 0021"),
            "RFC 2516 section 4",
            "the length is that of the payload, all in the frame",
        )
    for first in (0x01, 0x21, 0x12):
        yield Rule(
            f"pppoe-version-{first:02x}",
            "pppoe",
            "ethertype:8864",
            _hex(f"{first:02x}000001 0002 0021"),
            "RFC 2516 section 4",
            "version and type MUST be 1",
        )
    for length in (23, 25, 255):
        yield Rule(
            f"bfd-length-{length}",
            "bfd",
            "udp:3784",
            _hex(f"20c003{length:02x} 00000001 00000000 000f4240 000f4240 00000000"),
            "RFC 5880 section 6.8.6",
            "a length below 24, or beyond the payload: the packet MUST be discarded",
        )
    for version in (0, 2, 7):
        yield Rule(
            f"bfd-version-{version}",
            "bfd",
            "udp:3784",
            _hex(f"{version << 5:02x}c00318 00000001 00000000 000f4240 000f4240 00000000"),
            "RFC 5880 section 6.8.6",
            "if the version is not 1, the packet MUST be discarded",
        )
    for sizes in ("0804", "0608", "ff04", "ffff"):
        yield Rule(
            f"arp-lengths-{sizes}",
            "arp",
            "ethertype:0806",
            _hex(f"0001 0800 {sizes} 0001 020000000001 0a000001 000000000000 0a000002"),
            "RFC 826",
            "the lengths say how many octets the addresses have",
        )


# --- around them ------------------------------------------------------------------------------------------------------


def _outside(key: str, octets: bytes) -> Iterator[tuple[str, Any, list[str]]]:
    """The packets in which a header is found by a key: a name, a packet of scapy, and the headers in front."""
    from scapy.all import GRE, IP, UDP, VXLAN, Dot1Q, Ether, IPv6, Raw
    from scapy.contrib.geneve import GENEVE

    space, _, value = key.partition(":")
    eth = {"dst": "02:00:00:00:00:02", "src": "02:00:00:00:00:01"}
    inner = {"dst": "02:bb:00:00:00:02", "src": "02:aa:00:00:00:01"}
    ip, ip6 = IP(src="192.0.2.1", dst="192.0.2.2", id=1), IPv6(src="2001:db8::1", dst="2001:db8::2")
    vxlan = Ether(**eth) / ip / UDP(sport=50000, dport=4789) / VXLAN(vni=5, flags=8)
    geneve = Ether(**eth) / ip6 / UDP(sport=50000, dport=6081) / GENEVE(vni=5)
    names = ["ethernet", "ipv4", "udp", "vxlan", "inner.ethernet"]
    deeper = ["ethernet", "ipv6", "udp", "geneve", "inner.ethernet"]
    if space == "ethertype":
        kind = int(value, 16)
        yield "", Ether(**eth, type=kind) / Raw(octets), ["ethernet"]
        if value != "8100":
            yield "-in-vlan", Ether(**eth) / Dot1Q(vlan=7, type=kind) / Raw(octets), ["ethernet", "vlan"]
        yield "-in-vxlan", vxlan / Ether(**inner, type=kind) / Raw(octets), names
        yield "-in-geneve", geneve / Ether(**inner, type=kind) / Raw(octets), deeper
    elif space == "ip":
        number = int(value)
        yield (
            "",
            Ether(**eth) / IP(src="192.0.2.1", dst="192.0.2.2", id=1, proto=number) / Raw(octets),
            ["ethernet", "ipv4"],
        )
        inside = IP(src="10.0.0.1", dst="10.0.0.2", id=2, proto=number) / Raw(octets)
        yield "-in-vxlan", vxlan / Ether(**inner) / inside, [*names, "inner.ipv4"]
        if number not in (1, 2):
            yield (
                "-over-ipv6",
                Ether(**eth) / IPv6(src="2001:db8::1", dst="2001:db8::2", nh=number) / Raw(octets),
                ["ethernet", "ipv6"],
            )
    elif space == "ip6":
        yield (
            "",
            Ether(**eth) / IPv6(src="2001:db8::1", dst="2001:db8::2", nh=int(value)) / Raw(octets),
            ["ethernet", "ipv6"],
        )
        inside = IPv6(src="fd00::1", dst="fd00::2", nh=int(value)) / Raw(octets)
        yield "-in-geneve", geneve / Ether(**inner) / inside, [*deeper, "inner.ipv6"]
    elif space == "udp":
        port = {"sport": 50000, "dport": int(value)}
        yield "", Ether(**eth) / ip / UDP(**port) / Raw(octets), ["ethernet", "ipv4", "udp"]
        yield "-over-ipv6", Ether(**eth) / ip6 / UDP(**port) / Raw(octets), ["ethernet", "ipv6", "udp"]
    else:
        gre = GRE(proto=int(value, 16), seqnum_present=1, sequence_number=1)
        yield "", Ether(**eth) / ip / gre / Raw(octets), ["ethernet", "ipv4", "gre"]


def _path(front: list[str], protocol: str) -> str:
    scope = front[-1].rpartition(".")[0]
    number = sum(path.rpartition(".")[2] == protocol for path in front if path.rpartition(".")[0] == scope)
    if protocol == "neighbor_solicitation":
        front.append(f"{scope}.icmpv6" if scope else "icmpv6")
    name = protocol if number == 0 else f"{protocol}[{number}]"
    return f"{scope}.{name}" if scope else name


def cases() -> Iterator[Case]:
    """Each rule in every place where its header is found."""
    for rule in rules():
        for where, packet, front in _outside(rule.key, rule.octets):
            path = _path(front, rule.protocol)
            yield Case(
                name=f"broken/{rule.name}{where}",
                protocol=rule.protocol,
                spec=rule.spec,
                evidence="rule",
                source=rule.text,
                link_type=1,
                hex=bytes(packet).hex(),
                stack=(*front, path),
                refused=path if rule.option is None else f"{path}.options[{rule.option}]",
            )
