"""Text is a path, everywhere: to read, to ask, to get; and what a wrong name gets."""

from __future__ import annotations

import pytest

import overlaycodec as oc

FRAME = oc.Ethernet(dst="52:54:00:00:00:02", src="52:54:00:00:00:01") / oc.IPv4(src="10.0.0.1", dst="10.0.0.2")
PACKET = oc.resolve(FRAME / oc.UDP(src_port=49152) / oc.VXLAN(vni=100) / FRAME / oc.TCP(src_port=1, dst_port=2) / b"x")


def test_a_path_reads_a_header_or_a_field() -> None:
    assert PACKET["vxlan.vni"] == 100
    assert PACKET["inner.ipv4"] is PACKET.headers[5]
    assert PACKET["payload"] == b"x"


def test_in_and_get_ask_for_what_a_path_names() -> None:
    assert "vxlan" in PACKET
    assert "inner.tcp.dst_port" in PACKET
    assert "inner.udp" not in PACKET
    assert "inner.vxlan.vni" not in PACKET
    assert "fcs" not in PACKET
    assert PACKET.get("inner.tcp.dst_port") == 2
    assert PACKET.get("inner.udp") is None
    assert PACKET.get("inner.udp.dst_port", 0) == 0


def test_a_field_that_is_absent_is_not_in_the_packet() -> None:
    packet = oc.resolve(oc.GRE(protocol_type=0x88B5) / b"x")
    assert "gre.key" not in packet
    assert packet.get("gre.key") is None
    assert "gre.protocol_type" in packet


def test_text_that_is_no_path_is_an_error_wherever_it_is_used() -> None:
    for ask in (PACKET.__getitem__, PACKET.__contains__, PACKET.get):
        with pytest.raises(oc.PathError, match="the grammar of paths"):
            ask("inner..vni")


@pytest.mark.parametrize(
    ("path", "near"),
    [
        ("vxlna.vni", "did you mean vxlan?"),
        ("vxlan.vin", "did you mean vni"),
        ("inner.ipv6.src", "or inner.ipv4?"),
        ("inner.tcp.dest_port", "did you mean dst_port"),
    ],
)
def test_a_wrong_name_gets_the_nearest(path: str, near: str) -> None:
    with pytest.raises(oc.PathError) as caught:
        PACKET[path]
    assert near in str(caught.value)
    assert caught.value.near


def test_the_octets_are_those_of_encode() -> None:
    assert bytes(PACKET) == oc.encode(PACKET)


def test_a_path_names_the_header_that_is_changed_or_left_out() -> None:
    assert PACKET.replace("inner.ipv4", ttl=9) == PACKET.replace((oc.IPv4, 1), ttl=9)
    assert PACKET.replace("ipv4", ttl=9)["ipv4.ttl"] == 9
    assert PACKET.without("inner.tcp") == PACKET.without(oc.TCP)
    with pytest.raises(oc.MissingHeaderError, match=r"no inner\.udp in"):
        PACKET.replace("inner.udp", src_port=1)
    with pytest.raises(oc.PathError, match="names a field, which replace_at changes"):
        PACKET.replace("ipv4.ttl", ttl=9)
    with pytest.raises(TypeError, match="did you mean 'ttl'"):
        PACKET.replace("ipv4", tll=9)


def test_a_wrong_name_gets_the_nearest_where_octets_are_shown() -> None:
    with pytest.raises(oc.PathError, match="did you mean vni"):
        PACKET.hexdump("vxlan.vnii")


def test_a_field_without_octets_has_a_place() -> None:
    """It begins where its octets would be, and ends before that: in a header and in an element alike."""
    options = (oc.TCPOption(kind=9, data=b""), oc.TCPOption(kind=9, data=b"ab"), oc.TCPOption(kind=0))
    packet = oc.resolve(oc.TCP(src_port=1, dst_port=2, checksum=0, options=options) / b"x")
    assert packet.span("tcp.options[0]") == (160, 175)
    assert packet.span("tcp.options[0].data") == (176, 175)
    assert packet.span("tcp.options[1]") == (176, 207)
    assert packet.span("tcp.options[1].data") == (192, 207)


def test_a_header_is_put_in_the_place_of_another_by_its_path() -> None:
    packet = oc.IPv4(src="192.0.2.1", dst="192.0.2.2") / oc.UDP(src_port=1, dst_port=2) / b"x"
    other = oc.TCP(src_port=3, dst_port=4)
    assert packet.replace_at("udp", other).headers == (packet.headers[0], other)
    for value in (b"octets", None, 7):
        with pytest.raises(TypeError, match="udp takes a header"):
            packet.replace_at("udp", value)
