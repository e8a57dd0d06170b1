"""Ordinary traffic of a network: what hosts, routers and switches send by themselves, by their specifications."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Final

import overlaycodec as oc
from overlaycodec import UDP, Ethernet, IPv4, IPv6, Packet
from overlaycodec.checksum import internet_checksum
from tests.interop.live.underlay import HERE

__all__ = ["FRAMES"]

_IGMP, _OSPF, _PIM, _VRRP, _ICMPV6 = 2, 89, 103, 112, 58
_LINK_LOCAL: Final = "fe80::ff:fe00:b"
_ALERT: Final = (oc.IPv4RouterAlertOption(),)
_ALERT_6: Final = oc.IPv6HopByHop(options=(oc.IPv6RouterAlertOption(),))


def _link(dst: str, src: str = HERE.mac) -> Ethernet:
    """The link header for an IP destination: broadcast, or a group's address (RFC 1112 section 6.4, RFC 2464)."""
    address = ip_address(dst)
    low = int(address)
    if dst == "255.255.255.255":
        return Ethernet(dst="ff:ff:ff:ff:ff:ff", src=src)
    number = 0x01005E000000 | low & 0x7FFFFF if address.version == 4 else 0x333300000000 | low & 0xFFFFFFFF
    return Ethernet(dst=str(oc.MACAddress(number)), src=src)


def _summed(hexadecimal: str, at: int = 2) -> bytes:
    """A message with its checksum, of RFC 1071, at an octet."""
    message = bytes.fromhex(hexadecimal)
    return message[:at] + internet_checksum(message).to_bytes(2, "big") + message[at + 2 :]


def _ipv4(src: str, dst: str, protocol: int, message: bytes, *, ttl: int = 1, alert: bool = False) -> bytes:
    ip = IPv4(src=src, dst=dst, protocol=protocol, ttl=ttl, options=_ALERT if alert else ())
    return oc.encode(_link(dst) / ip / message)


def _udp(src: str, dst: str, src_port: int, dst_port: int, message: bytes, *, ttl: int = 1) -> bytes:
    udp = UDP(src_port=src_port, dst_port=dst_port)
    if ip_address(dst).version == 4:
        return oc.encode(_link(dst) / IPv4(src=src, dst=dst, ttl=ttl) / udp / message)
    return oc.encode(_link(dst) / IPv6(src=src, dst=dst, hop_limit=ttl) / udp / message)


def _icmpv6(src: str, dst: str, message: str, *, alert: bool = False) -> bytes:
    """`message` in hexadecimal, its checksum 0: type, code, checksum, body."""
    octets = bytes.fromhex(message)
    ends = ip_address(src).packed + ip_address(dst).packed
    pseudo = ends + len(octets).to_bytes(4, "big") + bytes([0, 0, 0, _ICMPV6])
    octets = octets[:2] + internet_checksum(pseudo + octets).to_bytes(2, "big") + octets[4:]
    ip = IPv6(src=src, dst=dst, hop_limit=1 if alert else 255, next_header=0 if alert else _ICMPV6)
    if alert:
        return oc.encode(Packet((_link(dst), ip, _ALERT_6.replace(next_header=_ICMPV6)), octets))
    return oc.encode(_link(dst) / ip / octets)


def _arp(sender: str, target: str) -> bytes:
    """RFC 826, by hand: a request, padded to the least frame of IEEE 802.3."""
    addresses = [oc.MACAddress(HERE.mac).packed, ip_address(sender).packed, bytes(6), ip_address(target).packed]
    head = bytes.fromhex("ffffffffffff") + addresses[0] + bytes.fromhex("0806 0001 0800 06 04 0001")
    return (head + b"".join(addresses)).ljust(60, b"\0")


FRAMES: Final[dict[str, bytes]] = {
    "ARP probe (RFC 5227 section 2.1.1)": _arp("0.0.0.0", "10.77.0.1"),
    "ARP announcement (RFC 5227 section 2.3)": _arp("10.77.0.2", "10.77.0.2"),
    "DHCP DISCOVER (RFC 2131 section 4.4.1)": _udp(
        "0.0.0.0", "255.255.255.255", 68, 67, bytes.fromhex("01010600 12345678") + bytes(292), ttl=64
    ),
    "DHCP OFFER (RFC 2131 section 4.3.1)": _udp(
        "10.77.0.2", "255.255.255.255", 67, 68, bytes.fromhex("02010600 12345678") + bytes(292), ttl=64
    ),
    "IGMPv2 report (RFC 2236 section 2)": _ipv4(
        "10.77.0.2", "239.1.1.1", _IGMP, _summed("16000000 ef010101"), alert=True
    ),
    "IGMPv2 report, no address yet": _ipv4("0.0.0.0", "239.1.1.1", _IGMP, _summed("16000000 ef010101"), alert=True),
    "IGMPv3 report, no address yet (RFC 3376 section 4.2.13)": _ipv4(
        "0.0.0.0", "224.0.0.22", _IGMP, _summed("22000000 00000001 04000000 ef010101"), alert=True
    ),
    "IGMP query of a switch (RFC 4541 section 2.1.1)": _ipv4(
        "0.0.0.0", "224.0.0.1", _IGMP, _summed("11640000 00000000"), alert=True
    ),
    "RIPv2 (RFC 2453 section 4)": _udp("10.77.0.2", "224.0.0.9", 520, 520, bytes.fromhex("01020000") + bytes(20)),
    "RIPng (RFC 2080 section 2.1)": _udp(
        _LINK_LOCAL, "ff02::9", 521, 521, bytes.fromhex("01010000") + bytes(20), ttl=255
    ),
    "OSPF hello (RFC 2328 appendix A.3.2)": _ipv4(
        "10.77.0.2", "224.0.0.5", _OSPF, _summed("0201002c 0a4d0002 00000000 00000000" + "00" * 28, at=12)
    ),
    "PIM hello (RFC 7761 section 4.9.2)": _ipv4("10.77.0.2", "224.0.0.13", _PIM, _summed("20000000 00010002 0069")),
    "VRRP advertisement (RFC 3768 section 5.1)": _ipv4(
        "10.77.0.2", "224.0.0.18", _VRRP, _summed("21 01 64 01 00 01 0000 0a4d0009 00000000 00000000", at=6), ttl=255
    ),
    "multicast DNS (RFC 6762 section 5.1)": _udp("10.77.0.2", "224.0.0.251", 5353, 5353, bytes(12), ttl=255),
    "multicast DNS, no address yet": _udp("0.0.0.0", "224.0.0.251", 5353, 5353, bytes(12), ttl=255),
    "duplicate address detection (RFC 4862 section 5.4.2)": _icmpv6(
        "::", "ff02::1:ff00:b", "87000000 00000000 fe80000000000000 000000fffe00000b"
    ),
    "router solicitation, no address yet (RFC 4861 section 4.1)": _icmpv6("::", "ff02::2", "85000000 00000000"),
    "neighbour solicitation": _icmpv6(
        "fd77::2", "ff02::1:ff00:1", "87000000 00000000 fd77000000000000 0000000000000001 0101 02000000000b"
    ),
    "MLDv2 report, no address yet (RFC 3810 section 5.2.13)": _icmpv6(
        "::", "ff02::16", "8f000000 00000001 04000000 ff020000000000000000000000010003", alert=True
    ),
    "DHCPv6 SOLICIT (RFC 8415 section 18.2.1)": _udp(
        _LINK_LOCAL, "ff02::1:2", 546, 547, bytes.fromhex("01123456 0008 0002 0000"), ttl=1
    ),
    "STP (IEEE 802.1D clause 9.3.1)": bytes.fromhex(
        "0180c2000000 02000000000b 0026 424203 0000 00 00 00 8000 02000000000b 00000000 8000 02000000000b 8001"
        "0000 1400 0200 0f00"
    ).ljust(60, b"\0"),
    "LLDP (IEEE 802.1AB clause 8.2)": bytes.fromhex(
        "0180c200000e 02000000000b 88cc 0207 04 02000000000b 0404 05 65746830 0602 0078 0000"
    ).ljust(60, b"\0"),
    "LACP (IEEE 802.1AX clause 6.4.2)": bytes.fromhex("0180c2000002 02000000000b 8809 0101 0114").ljust(124, b"\0"),
}
"""Frames from `HERE`, as they are on the link, by what they are and where that is specified."""
