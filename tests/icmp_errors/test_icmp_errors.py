"""ICMP errors: the messages are those that Linux sent, and nothing is said where the specifications ask for silence."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pytest

import overlaycodec as oc
from overlaycodec import (
    ICMP,
    TCP,
    UDP,
    Ethernet,
    ICMPEcho,
    ICMPUnreachable,
    ICMPv6,
    ICMPv6Echo,
    ICMPv6PacketTooBig,
    IPv4,
    IPv6,
    IPv6Fragment,
    Packet,
    VLANTag,
    icmp_errors,
)
from overlaycodec.checksum import internet_sum

CAPTURES: Final = Path(__file__).parents[1] / "captures"
LINK: Final = Ethernet(dst="02:00:00:00:00:02", src="02:00:00:00:00:01")
V4: Final = IPv4(src="192.0.2.1", dst="198.51.100.1", dont_fragment=True)
V6: Final = IPv6(src="2001:db8::1", dst="2001:db8:1::1")
LONG: Final = UDP(src_port=1, dst_port=2) / bytes(1472)


def records(name: str) -> list[bytes]:
    with oc.open_capture(CAPTURES / f"{name}.pcap") as capture:
        return [record.data for record in capture]


LINUX: Final[list[tuple[str, int, str, dict[str, Any]]]] = [
    ("linux-icmp-errors", 1, "unreachable", {"reason": "port"}),
    ("linux-icmp-errors", 3, "unreachable", {"reason": "host"}),
    ("linux-icmp-errors", 5, "unreachable", {"reason": "protocol"}),
    ("linux-icmp-errors", 7, "too_big", {}),
    ("linux-icmp-errors", 9, "time_exceeded", {}),
    ("linux-icmpv6-errors", 1, "unreachable", {"reason": "port"}),
    ("linux-icmpv6-errors", 3, "unreachable", {"reason": "network"}),
    ("linux-icmpv6-errors", 5, "too_big", {}),
    ("linux-icmpv6-errors", 7, "time_exceeded", {}),
    ("linux-icmpv6-errors", 9, "unreachable", {"reason": "protocol"}),
]


@pytest.mark.parametrize(("name", "number", "kind", "arguments"), LINUX)
def test_the_message_is_the_one_that_linux_sent(name: str, number: int, kind: str, arguments: dict[str, Any]) -> None:
    """But for its own identification, TTL, DF and flow label, which the sender of the message chooses."""
    data = records(name)
    seen = oc.decode(data[number])
    if kind == "too_big":
        mtu = "icmpv6_packet_too_big.mtu" if "v6" in name else "icmp_unreachable.next_hop_mtu"
        arguments = {"mtu": seen.at(mtu)}
    src = seen.at("ipv6.src" if "v6" in name else "ipv4.src")
    made = getattr(icmp_errors, kind)(data[number - 1], src=src, **arguments)
    if "v6" in name:
        changes: dict[str, Any] = {key: getattr(seen[IPv6], key) for key in ("flow_label", "hop_limit")}
        made = made.replace(IPv6, **changes)
    else:
        theirs = seen[IPv4]
        assert theirs.dscp == made[IPv4].dscp
        changes = {key: getattr(theirs, key) for key in ("identification", "ttl", "dont_fragment", "checksum")}
        made = made.replace(IPv4, **changes)
    assert oc.encode(made).hex() == data[number].hex()


def test_the_answer_takes_the_way_back() -> None:
    packet = LINK / VLANTag(vid=7, pcp=5) / V4 / LONG
    message = icmp_errors.time_exceeded(packet, src="192.0.2.254", link_src="02:00:00:00:00:fe")
    assert message is not None
    assert message.names[:4] == ["ethernet", "vlan", "ipv4", "icmp"]
    assert [str(message[Ethernet].dst), str(message[Ethernet].src)] == ["02:00:00:00:00:01", "02:00:00:00:00:fe"]
    assert (message[VLANTag].vid, message[VLANTag].pcp) == (7, 5)
    assert str(message[IPv4].src) == "192.0.2.254"
    assert message[IPv4].dst == V4.src
    quiet = icmp_errors.time_exceeded(packet)
    assert quiet is not None
    assert quiet[IPv4].src == V4.dst
    assert quiet[Ethernet].src == LINK.dst
    without_link = icmp_errors.time_exceeded(oc.encode(V4 / LONG), first=IPv4)
    assert without_link is not None
    assert without_link.names[:2] == ["ipv4", "icmp"]


@pytest.mark.parametrize("network", [V4, V6], ids=["IPv4", "IPv6"])
@pytest.mark.parametrize("octets", [0, 8, 500, 528, 529, 1184, 1185, 1400])
def test_as_much_is_quoted_as_fits(network: IPv4 | IPv6, octets: int) -> None:
    """576 octets (RFC 1812 section 4.3.2.3), 1280 octets (RFC 4443 section 2.4 (c))."""
    packet = oc.encode(network / UDP(src_port=1, dst_port=2) / bytes(octets))
    message = icmp_errors.unreachable(packet, first=type(network))
    assert message is not None
    quoted = oc.encode(message)[28 if network is V4 else 48 :]
    most = 548 if network is V4 else 1232
    assert quoted == packet[:most]
    assert all(str(status) == "valid" for path, status in oc.checksums(message).items() if "quoted" not in path)


def test_padding_and_the_fcs_are_not_quoted() -> None:
    frame = oc.encode(LINK / V4 / UDP(src_port=1, dst_port=2) / b"x")
    message = icmp_errors.unreachable(frame + bytes(17) + b"FCS.")
    assert message is not None
    assert oc.encode(message)[42:] == frame[14:]


SILENT: Final[dict[str, Packet]] = {
    "an ICMP error": V4 / ICMP() / ICMPUnreachable() / V4 / LONG,
    **{f"an ICMP error of type {number}": V4 / ICMP(type=number) / bytes(40) for number in (3, 4, 5, 11, 12)},
    "an ICMPv6 error": V6 / ICMPv6() / ICMPv6PacketTooBig(mtu=1280) / V6 / LONG,
    "an ICMPv6 redirect": V6 / ICMPv6(type=137) / bytes(40),
    "ICMP that is cut off": V4.replace(protocol=1) / b"",
    "ICMPv6 that is cut off": V6.replace(next_header=58) / b"",
    "a later fragment": V4.replace(fragment_offset=10, dont_fragment=False, protocol=17) / bytes(2000),
    "a later fragment of IPv6": V6 / IPv6Fragment(fragment_offset=10, identification=1, next_header=17) / bytes(2000),
    "a broadcast": V4.replace(dst="255.255.255.255") / LONG,
    "a group": V4.replace(dst="239.1.1.1") / LONG,
    "a group of IPv6": V6.replace(dst="ff02::1") / LONG,
    "from a group": V4.replace(src="224.0.0.1") / LONG,
    "from a group of IPv6": V6.replace(src="ff02::1") / LONG,
    "from all": V4.replace(src="255.255.255.255") / LONG,
    "from nobody": V4.replace(src="0.0.0.0") / LONG,
    "from nobody in IPv6": V6.replace(src="::") / LONG,
    "from loopback": V4.replace(src="127.0.0.1") / LONG,
    "a wrong header checksum": V4.replace(checksum=1) / LONG,
    "a broadcast on the link": LINK.replace(dst="ff:ff:ff:ff:ff:ff") / V4 / LONG,
    "a group on the link": LINK.replace(dst="33:33:00:00:00:01") / V6 / LONG,
    "from a group on the link": LINK.replace(src="03:00:00:00:00:01") / V4 / LONG,
    "no IP packet": LINK.replace(ethertype=0x88B5) / bytes(100),
}


@pytest.mark.parametrize("packet", SILENT.values(), ids=SILENT)
def test_nothing_is_said_about(packet: Packet) -> None:
    data = oc.encode(packet)
    first = type(packet.headers[0])
    assert icmp_errors.silence(data, first=first)
    assert icmp_errors.time_exceeded(data, first=first) is None
    assert icmp_errors.unreachable(data, first=first) is None
    assert icmp_errors.too_big(data, mtu=576, first=first) is None


@pytest.mark.parametrize(
    "packet",
    [
        V4 / ICMP(type=8) / ICMPEcho() / bytes(2000),
        V6 / ICMPv6(type=128) / ICMPv6Echo() / bytes(2000),
        V6 / IPv6Fragment(more_fragments=True, identification=1) / UDP(src_port=1, dst_port=2) / bytes(1600),
        V4 / TCP(src_port=1, dst_port=2) / bytes(2000),
    ],
    ids=["echo", "echo of IPv6", "a first fragment", "TCP"],
)
def test_much_is_said_about(packet: Packet) -> None:
    data = oc.encode(packet)
    first = type(packet.headers[0])
    assert icmp_errors.silence(data, first=first) is None
    assert icmp_errors.too_big(data, mtu=1400, first=first) is not None


def test_a_group_hears_of_packets_that_are_too_big() -> None:
    """RFC 4443 section 2.4 (e.3), from an address that is no group's."""
    packet = LINK.replace(dst="33:33:00:00:00:01") / V6.replace(dst="ff0e::1") / LONG
    assert icmp_errors.too_big(packet, mtu=1400) is None
    message = icmp_errors.too_big(packet, mtu=1400, src="2001:db8::fe", link_src="02:00:00:00:00:fe")
    assert message is not None
    assert message[ICMPv6PacketTooBig].mtu == 1400


def test_who_fits_or_may_be_fragmented_is_not_too_big() -> None:
    assert icmp_errors.too_big(V4 / LONG, mtu=1500) is None
    assert icmp_errors.too_big(V4 / LONG, mtu=1499) is not None
    assert icmp_errors.too_big(V4.replace(dont_fragment=False) / LONG, mtu=1000) is None
    assert icmp_errors.too_big(V6 / LONG, mtu=1519) is not None


def test_no_mtu_below_that_of_every_link_is_said() -> None:
    """RFC 2473 section 7.1 (a): IPv6 packets of 1280 octets are fragmented by who cannot carry them."""
    message = icmp_errors.too_big(V6 / LONG, mtu=900)
    assert message is not None
    assert message[ICMPv6PacketTooBig].mtu == 1280
    assert icmp_errors.too_big(V6 / UDP(src_port=1, dst_port=2) / bytes(1232), mtu=900) is None
    message = icmp_errors.too_big(V4 / LONG, mtu=0)
    assert message is not None
    assert message[ICMPUnreachable].next_hop_mtu == 68


@pytest.mark.parametrize("network", [V4, V6], ids=["IPv4", "IPv6"])
@pytest.mark.parametrize("octets", [4, 2000])
def test_extensions_follow_128_octets(network: IPv4 | IPv6, octets: int) -> None:
    """RFC 4884 section 7; the object is the label stack of RFC 4950 section 3."""
    packet = oc.encode(network / UDP(src_port=1, dst_port=2) / bytes(octets))
    labels = icmp_errors.Extension(class_num=1, c_type=1, data=bytes.fromhex("00064140"))
    message = icmp_errors.time_exceeded(packet, first=type(network), extensions=[labels])
    assert message is not None
    octets_of = oc.encode(message)
    assert octets_of[25] == 32 if network is V4 else octets_of[44] == 16
    quoted = octets_of[28 if network is V4 else 48 :]
    assert quoted[:128] == packet[:128].ljust(128, b"\0")
    structure = quoted[128:]
    assert structure[:2] == b"\x20\x00"
    assert structure[4:] == bytes.fromhex("00080101 00064140")
    assert internet_sum(structure) == 0xFFFF
    with pytest.raises(ValueError, match="leave no room"):
        icmp_errors.time_exceeded(packet, first=type(network), extensions=[labels] * 200)


def test_wrong_arguments_are_named() -> None:
    with pytest.raises(ValueError, match="no address of IPv4"):
        icmp_errors.unreachable(V4 / LONG, src="2001:db8::1")
    with pytest.raises(ValueError, match="reason is 'network'"):
        icmp_errors.unreachable(V4 / LONG, reason="weather")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="mtu is 0 or more"):
        icmp_errors.too_big(V4 / LONG, mtu=-1)
    with pytest.raises(ValueError, match="multiple of 4"):
        icmp_errors.Extension(1, 1, b"abc")
    labels = icmp_errors.Extension(1, 1, b"abcd")
    with pytest.raises(ValueError, match="takes no extensions"):
        icmp_errors.unreachable(V6 / LONG, reason="protocol", extensions=[labels])
