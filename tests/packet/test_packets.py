"""A packet as a value, and each way to look into it and to change it, by hand-made packets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import pytest

import overlaycodec as oc
from overlaycodec import ICMP, UDP, VXLAN, Ethernet, IPv4, Packet, Trailer, VLANTag
from overlaycodec.packet.stack_paths import FlowKey

LINK: Final = Ethernet(dst="02:00:00:00:00:02", src="02:00:00:00:00:01")
OUTER: Final = IPv4(src="10.0.0.1", dst="10.0.0.2", protocol=17)
TUNNEL: Final = UDP(src_port=50000, dst_port=4789)
INNER: Final = IPv4(src="192.168.0.1", dst="192.168.0.2", protocol=17)
TRANSPORT: Final = UDP(src_port=1000, dst_port=2000)
PACKET: Final = Packet(
    (LINK, OUTER, TUNNEL, VXLAN(vni=7), LINK, VLANTag(vid=1), INNER, TRANSPORT),
    b"payload",
    (Trailer(5, b"inner"), Trailer(3, b"shim"), Trailer(0, b"outer")),
)
QUOTING: Final = Packet((LINK, OUTER, oc.ICMP(type=3, code=3), oc.ICMPUnreachable(), INNER, TRANSPORT), b"12")


def test_two_packets_are_equal_where_headers_payload_and_trailers_are() -> None:
    same = Packet(list(PACKET.headers), bytearray(b"payload"), list(PACKET.trailers), missing=3)  # type: ignore[arg-type]
    assert same == PACKET
    assert (same != PACKET) is False
    assert hash(same) == hash(PACKET)
    assert [type(part) for part in (same.headers, same.payload, same.trailers)] == [tuple, bytes, tuple]
    for empty in (Packet([], bytearray(), []), Packet((), memoryview(b""), ())):  # type: ignore[arg-type]
        assert empty == Packet()
        assert hash(empty) == hash(Packet())
    others = [
        PACKET.without(VLANTag),
        PACKET.replace_at("payload", b"other"),
        Packet(PACKET.headers, b"payload", PACKET.trailers[1:]),
    ]
    for other in others:
        assert other != PACKET
        assert (other == PACKET) is False
        assert hash(other) != hash(PACKET)
    assert PACKET != "packet"
    assert (PACKET == 1) is False
    assert Packet.__eq__(PACKET, 1) is NotImplemented
    assert bool(Packet())
    assert (len(Packet()), len(PACKET)) == (0, 8)
    assert list(PACKET) == list(PACKET.headers)


def test_trailers_hold_octets() -> None:
    for data in (b"ab", bytearray(b"ab"), memoryview(b"ab")):
        assert type(Trailer(0, data).data) is bytes  # type: ignore[arg-type]
        assert Trailer(0, data) == Trailer(0, b"ab")  # type: ignore[arg-type]
        assert oc.FCS(data=data) == oc.FCS(data=b"ab")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="header"):
        Trailer("a", b"")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="data takes bytes"):
        Trailer(0, oc.AUTO)


WRONG: Final[dict[str, tuple[Callable[[], object], type[Exception], str]]] = {
    "a header of text": (lambda: Packet(("a",)), TypeError, r"headers\[0\] is a Header, not str"),  # type: ignore[arg-type]
    "the second header": (lambda: Packet((LINK, 1)), TypeError, r"headers\[1\] is a Header, not int"),  # type: ignore[arg-type]
    "headers of text": (lambda: Packet("ab"), TypeError, "headers takes a tuple of Header values"),  # type: ignore[arg-type]
    "a payload of text": (lambda: Packet((), "a"), TypeError, "payload takes bytes"),  # type: ignore[arg-type]
    "a trailer of octets": (lambda: Packet((), b"", (b"a",)), TypeError, r"trailers\[0\] is a Trailer"),  # type: ignore[arg-type]
    "fewer octets than none": (lambda: Packet(missing=-1), ValueError, "missing"),
    "half an octet": (lambda: Packet(missing=0.5), TypeError, "missing"),  # type: ignore[arg-type]
    "a header behind a payload": (lambda: LINK / Packet((), b"x") / OUTER, ValueError, "nothing can follow a payload"),
    "a packet behind a trailer": (
        lambda: Packet((LINK,), b"", (Trailer(0, b"x"),)) / Packet((OUTER,)),
        ValueError,
        "nothing can follow a payload or a trailer",
    ),
    "a number behind a packet": (lambda: PACKET / 1, TypeError, "unsupported operand"),  # type: ignore[operator]
    "nothing asked for": (lambda: PACKET.get(None), TypeError, "the key is a header class or a path, not NoneType"),  # type: ignore[call-overload]
    "a header that is not there": (lambda: PACKET[ICMP], oc.MissingHeaderError, "ICMP"),
    "a third header of two": (lambda: PACKET[Ethernet, 2], oc.MissingHeaderError, r"Ethernet \[2\]"),
    "the third from the end": (lambda: PACKET[Ethernet, -3], oc.MissingHeaderError, r"Ethernet \[-3\]"),
    "a key of three parts": (lambda: PACKET[Ethernet, 1, 1], TypeError, "one and a number"),  # type: ignore[index]
    "a header at a field": (lambda: PACKET.without("ipv4.src"), oc.PathError, "names a field"),
    "a place before all": (lambda: PACKET.insert(-1, LINK), IndexError, r"0\.\.8, not at -1"),
    "a place behind all": (lambda: PACKET.insert(9, LINK), IndexError, r"0\.\.8, not at 9"),
    "no header at a place": (lambda: PACKET.insert(0, b"x"), TypeError, "header"),  # type: ignore[arg-type]
    "a payload of a number": (lambda: PACKET.replace_at("payload", 1), TypeError, "payload takes bytes, not int"),
    "a payload that is derived": (lambda: PACKET.replace_at("payload", oc.AUTO), TypeError, "payload takes bytes"),
    "octets as a header": (lambda: PACKET.replace_at("ipv4", b"x"), TypeError, "ipv4 takes a header, not bytes"),
    "the check sequence of none": (lambda: PACKET.replace_at("fcs", b"1234"), oc.MissingHeaderError, "fcs"),
    "where the check sequence of none is": (lambda: oc.resolve(PACKET).span("fcs"), oc.MissingHeaderError, "fcs"),
    "inside no tunnel": (lambda: Packet((LINK, OUTER)).inner, oc.MissingHeaderError, "inner packet"),
    "the quoted of none": (lambda: PACKET.quoted, oc.MissingHeaderError, "quoted packet"),
    "the inner of an error": (lambda: QUOTING.inner, oc.MissingHeaderError, "inner packet"),
    "no path": (lambda: "a..b" in PACKET, oc.PathError, "the grammar of paths"),
    "a number as a path": (lambda: PACKET.at(1), TypeError, "path"),  # type: ignore[arg-type]
    "a scope alone": (lambda: PACKET.at("inner"), oc.PathError, "header in path 'inner'"),
    "a field that is not there": (lambda: PACKET.at("ipv4.sr"), oc.PathError, "did you mean"),
    "a member of a number": (lambda: PACKET.at("ipv4.src[0]"), oc.PathError, "which has no member 0"),
    "a part of a number": (lambda: PACKET.replace_at("ipv4.ttl.a", 1), oc.PathError, "no parts with names"),
    "the bits of no field": (lambda: oc.resolve(PACKET).span("ipv4.sr"), oc.PathError, "did you mean"),
    "the bits of no member": (lambda: oc.resolve(PACKET).span("ipv4.ttl[0]"), oc.PathError, "no member 0"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_told(case: str) -> None:
    act, error, words = WRONG[case]
    with pytest.raises(error, match=words):
        act()


def test_headers_by_class_and_path() -> None:
    assert PACKET[Ethernet] is PACKET.headers[0]
    assert PACKET[Ethernet, 1] is PACKET[Ethernet, -1] is PACKET.headers[4]
    assert PACKET[Ethernet, 0] is PACKET[Ethernet, -2] is PACKET.headers[0]
    assert PACKET["inner.ipv4"] is INNER
    assert PACKET["inner.vlan.vid"] == 1
    assert PACKET["payload"] == b"payload"
    assert PACKET.get(ICMP) is None
    assert PACKET.get(ICMP, 5) == 5
    assert PACKET.get(UDP) is TUNNEL
    assert PACKET.get("inner.udp.dst_port") == 2000
    assert PACKET.get("inner.tcp.dst_port", 9) == 9
    assert (VXLAN in PACKET, ICMP in PACKET) == (True, False)
    named = ["vxlan.vni", "inner.vlan", "payload", "outer.udp", "innermost.udp"]
    assert all(path in PACKET for path in named)
    assert not any(path in PACKET for path in ["fcs", "inner.inner.ipv4", "vlan[1].vid", "quoted.ipv4", "ipv4.sr"])
    assert PACKET.names == [
        "ethernet", "ipv4", "udp", "vxlan", "inner.ethernet", "inner.vlan", "inner.ipv4", "inner.udp",
    ]  # fmt: skip


def test_trailers_follow_their_headers() -> None:
    def places(packet: Packet) -> list[tuple[int, bytes]]:
        return [(trailer.header, trailer.data) for trailer in packet.trailers]

    assert places(PACKET.insert(4, VLANTag(vid=2))) == [(6, b"inner"), (3, b"shim"), (0, b"outer")]
    assert places(PACKET.insert(5, VLANTag(vid=2))) == [(6, b"inner"), (3, b"shim"), (0, b"outer")]
    assert places(PACKET.insert(6, VLANTag(vid=2))) == [(5, b"inner"), (3, b"shim"), (0, b"outer")]
    assert places(PACKET.insert(0, VLANTag(vid=2))) == [(6, b"inner"), (4, b"shim"), (1, b"outer")]
    assert places(PACKET.insert(8, VLANTag(vid=2))) == places(PACKET)
    assert places(PACKET.without(VLANTag)) == [(4, b"inner"), (3, b"shim"), (0, b"outer")]
    assert places(PACKET.without(VXLAN)) == [(4, b"inner"), (2, b"shim"), (0, b"outer")]
    assert places(PACKET.without("inner.udp")) == places(PACKET)
    assert places(Packet((LINK, OUTER)) / Packet((TUNNEL,), b"", (Trailer(0, b"x"),))) == [(2, b"x")]
    assert places(PACKET.inner) == [(1, b"inner")]
    outer, inner = PACKET.scopes
    assert places(outer) == [(3, b"shim"), (0, b"outer")]
    assert places(inner) == [(1, b"inner")]


def test_scopes() -> None:
    outer, inner = PACKET.scopes
    assert (outer.headers, outer.payload) == (PACKET.headers[:4], b"")
    assert (inner.headers, inner.payload) == (PACKET.headers[4:], b"payload")
    assert PACKET.outer == outer
    assert PACKET.inner == PACKET.innermost == inner
    assert inner.scopes == (inner,)
    assert QUOTING.quoted == Packet((INNER, TRANSPORT), b"12")
    assert QUOTING.names == ["ethernet", "ipv4", "icmp", "icmp_unreachable", "quoted.ipv4", "quoted.udp"]
    assert QUOTING.innermost.headers == QUOTING.headers[:4]
    error = Packet((*PACKET.headers[:5], *QUOTING.headers[1:]), b"12")
    assert error.names[-2:] == ["inner.quoted.ipv4", "inner.quoted.udp"]
    assert error.quoted == QUOTING.quoted
    assert error.innermost.headers == (LINK, *QUOTING.headers[1:4])
    assert error["innermost.ipv4"] is OUTER
    assert error["inner.quoted.ipv4"] is INNER
    assert error["innermost.icmp.code"] == 3


def test_flows() -> None:
    assert PACKET.flow == FlowKey(OUTER.src, OUTER.dst, 17, 50000, 4789)
    assert PACKET.inner.flow == FlowKey(INNER.src, INNER.dst, 17, 1000, 2000)
    assert QUOTING.flow == FlowKey(OUTER.src, OUTER.dst, 17, None, None)
    assert Packet((LINK,)).flow is None
    assert Packet((LINK, OUTER)).flow == FlowKey(OUTER.src, OUTER.dst, 17, None, None)


def test_changes() -> None:
    changed = PACKET.replace(UDP, src_port=9).replace((UDP, 1), src_port=8).replace("inner.ipv4", ttl=7)
    assert (changed[UDP].src_port, changed[UDP, 1].src_port, changed[IPv4].ttl, changed[IPv4, 1].ttl) == (9, 8, 64, 7)
    assert changed.trailers == PACKET.trailers
    assert PACKET.replace_at("inner.vlan.vid", 5)[VLANTag].vid == 5
    assert PACKET.replace_at("inner.ipv4", OUTER).headers[6] is OUTER
    assert PACKET.replace_at("payload", memoryview(b"x")).payload == b"x"
    geneve = Packet((oc.Geneve(vni=1, options=(oc.GeneveOption(option_class=1, type=2, data=b"abcd"),) * 2),))
    assert geneve.replace_at("geneve.options[1].type", 9).at("geneve.options[1].type") == 9
    assert geneve.replace_at("geneve.options[1].type", 9).at("geneve.options[0].type") == 2
    truncated = Packet((LINK,), b"x", missing=3)
    assert [
        p.missing for p in (truncated / b"y", truncated.replace(Ethernet, ethertype=1), truncated.insert(0, LINK))
    ] == [
        3,
        3,
        3,
    ]


def test_bits() -> None:
    """Octets of each header: Ethernet 14, IPv4 20, UDP 8, VXLAN 8, a tag 4; the VNI is bits 32 to 55 (RFC 7348)."""
    packet = oc.resolve(PACKET)
    spans = {
        "ethernet": (0, 111),
        "ipv4.ttl": ((14 + 8) * 8, (14 + 9) * 8 - 1),
        "vxlan.vni": (42 * 8 + 32, 42 * 8 + 55),
        "inner.vlan.vid": (64 * 8 + 4, 64 * 8 + 15),
        "inner.udp": (88 * 8, 96 * 8 - 1),
        "inner.ipv4.options": (88 * 8, 88 * 8 - 1),
        "payload": (96 * 8, 103 * 8 - 1),
    }
    assert {path: packet.span(path) for path in spans} == spans
    option = oc.GeneveOption(option_class=1, type=2, data=b"abcd")
    geneve = oc.resolve(Packet((oc.Geneve(vni=1, protocol_type=0, options=(option, option)),)))
    assert geneve.span("geneve.options") == (64, 191)
    assert geneve.span("geneve.options[1]") == (128, 191)
    assert geneve.span("geneve.options[1].data") == (160, 191)
    assert geneve.span("geneve.options[0].type") == (80, 87)


def test_text_that_makes_the_packet_again() -> None:
    names = {
        name: getattr(oc, name) for name in ("Ethernet", "IPv4", "UDP", "VXLAN", "VLANTag", "Packet", "Trailer", "FCS")
    }
    for packet in (
        PACKET,
        Packet(),
        Packet((LINK,)),
        Packet((LINK,), b"x"),
        Packet((LINK, OUTER)),
        Packet((LINK, OUTER), b"x"),
        Packet((LINK, OUTER), b"x", missing=2),
        Packet((LINK, OUTER)) / b"x" / oc.FCS(data=b"1234"),
    ):
        again = eval(repr(packet), names)
        assert again == packet
        assert again.missing == packet.missing
    assert repr(Packet()) == "Packet()"
    assert repr(Packet((LINK, VLANTag(vid=1)), b"x")) == f"{LINK!r} / VLANTag(vid=1) / b'x'"
