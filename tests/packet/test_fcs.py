"""The frame check sequence: a trailer that covers the frame, is judged, derived and renewed, and is never tunnelled."""

from __future__ import annotations

import copy
import io
import pickle
from binascii import crc32
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

import overlaycodec as oc
from overlaycodec import FCS, UDP, Ethernet, IPv4, VLANTag, reassembly, tunnel, vlan
from overlaycodec import strategies as overlay

LINK = Ethernet(dst="02:00:00:00:00:02", src="02:00:00:00:00:01")
PLAIN = oc.resolve(
    LINK / VLANTag(vid=7) / IPv4(src="10.0.0.1", dst="10.0.0.2") / UDP(src_port=1000, dst_port=2000) / b"hello"
)
DATA = oc.encode(PLAIN)
TEP = tunnel.VXLANTunnel(vni=100, src="10.9.0.1", dst="10.9.0.2", link=LINK)


def sequence(frame: bytes) -> bytes:
    """The octets that follow a frame on the wire (IEEE 802.3 clause 3.2.9)."""
    return crc32(frame).to_bytes(4, "little")


WHOLE = oc.decode(DATA + sequence(DATA), fcs_octets=4)
WRONG = oc.decode(DATA + b"\1\2\3\4", fcs_octets=4)


def status(packet: oc.Packet) -> str | None:
    found = oc.checksums(packet).get("fcs")
    return None if found is None else str(found)


def right(packet: oc.Packet) -> bool:
    data = oc.encode(packet)
    return data[-4:] == sequence(data[:-4])


def test_a_frame_of_another_source() -> None:
    """The check value of CRC-32/ISO-HDLC in the catalogue of CRCs is cbf43926; the wire has the low octet first."""
    frame = b"123456789".ljust(14, b"\0")
    assert sequence(b"123456789").hex() == "2639f4cb"
    assert oc.encode(oc.decode(frame) / FCS()) == frame + sequence(frame)


def test_it_is_a_value_of_its_own() -> None:
    fcs = WHOLE.fcs
    assert fcs == FCS(data=sequence(DATA)) == eval(repr(fcs), {"FCS": FCS})
    assert fcs != oc.Trailer(-1, sequence(DATA))
    assert pickle.loads(pickle.dumps(WHOLE)) == copy.deepcopy(WHOLE) == WHOLE
    assert pickle.loads(pickle.dumps(FCS())).data is oc.AUTO
    assert hash(WHOLE) != hash(WRONG)
    assert (WHOLE.at("fcs"), WHOLE.span("fcs")) == (sequence(DATA), (len(DATA) * 8, len(DATA) * 8 + 31))
    assert WHOLE.replace_at("fcs", b"\1\2\3\4") == WRONG
    with pytest.raises(oc.MissingHeaderError):
        PLAIN.at("fcs")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"data": b"12345"}, "of 4 octets has no 5 octets"),
        ({"octets": 0}, "has 1 octet or more"),
        ({"header": 0}, "follows no header"),
    ],
)
def test_what_it_cannot_be(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        FCS(**wrong)
    with pytest.raises(ValueError, match="no second one"):
        WHOLE / FCS()
    with pytest.raises(oc.UnresolvedError, match="begins with Ethernet"):
        oc.encode(IPv4(src="10.0.0.1", dst="10.0.0.2", protocol=99) / FCS())
    with pytest.raises(oc.EncodeError, match="it is the last"):
        oc.encode(oc.Packet(PLAIN.headers, b"", (FCS(), FCS())))
    with pytest.raises(ValueError, match="1 octet or more"):
        oc.decode(DATA, fcs_octets=-4)


@pytest.mark.parametrize("octets", range(-1, 7))
def test_it_has_one_octet_or_more_and_no_more_than_it_says(octets: int) -> None:
    """Of so many octets on the wire, each number of them may have been captured."""
    if octets < 1:
        with pytest.raises(ValueError, match="has 1 octet or more"):
            FCS(octets=octets)
        return
    for captured in range(octets + 1):
        fcs = FCS(data=bytes(captured), octets=octets)
        assert fcs.missing == octets - captured
        assert fcs.is_crc(PLAIN.headers) is (octets == 4)
        assert not fcs.is_crc(PLAIN.headers[1:])  # no link
        assert not fcs.is_crc(())
        packet = PLAIN / fcs
        first, last = packet.span("fcs")
        assert (first, last - first + 1) == (len(DATA) * 8, captured * 8)
        assert packet.at("fcs") == bytes(captured)
        assert packet.replace_at("fcs", b"").fcs == FCS(data=b"", octets=octets)
    assert FCS(octets=octets).missing == 0
    with pytest.raises(ValueError, match=f"of {octets} octets? has no {octets + 1} octets"):
        FCS(data=bytes(octets + 1), octets=octets)


@pytest.mark.parametrize("header", range(-3, 3))
def test_it_follows_no_header(header: int) -> None:
    if header == -1:
        assert FCS(header=header) == FCS()
        return
    with pytest.raises(ValueError, match=f"follows no header: header is -1, not {header}"):
        FCS(header=header)


def test_a_packet_keeps_it() -> None:
    assert (
        WHOLE.replace(IPv4, ttl=9).fcs == WHOLE.without(VLANTag).fcs == WHOLE.insert(1, VLANTag(vid=1)).fcs == WHOLE.fcs
    )
    assert (LINK / WHOLE).fcs == WHOLE.fcs
    assert WHOLE.without_fcs() == PLAIN
    assert WHOLE.scopes[0].fcs == WHOLE.fcs


def test_the_verdict() -> None:
    assert (status(WHOLE), status(WRONG), status(PLAIN), status(PLAIN / FCS())) == ("valid", "bad", None, "valid")
    assert status(WHOLE.replace(IPv4, ttl=9)) == "bad"
    padded = oc.decode(DATA + bytes(9) + sequence(DATA + bytes(9)), fcs_octets=4)
    assert (status(padded), [len(trailer.data) for trailer in padded.trailers]) == ("valid", [9, 4])
    assert status(oc.decode(DATA + b"ab", fcs_octets=2)) is None  # no CRC-32
    assert status(oc.decode(DATA[18:] + b"abcd", first=IPv4, fcs_octets=4)) is None  # no Ethernet


@pytest.mark.parametrize("captured", range(4))
def test_one_that_was_not_captured_is_neither_right_nor_wrong(captured: int) -> None:
    """What is cut off is the sequence alone: the checksums of the frame are known."""
    data = DATA + sequence(DATA)[:captured]
    packet = oc.decode(data, fcs_octets=4, wire_length=len(DATA) + 4)
    assert packet.fcs == FCS(data=sequence(DATA)[:captured])
    assert oc.encode(packet) == oc.encode(oc.fill(packet)) == data
    assert {name: str(found) for name, found in oc.checksums(packet).items()} == {
        "ipv4.checksum": "valid", "udp.checksum": "valid", "fcs": "unverifiable",
    }  # fmt: skip
    assert not any(finding.rule == "fcs-wrong" for finding in oc.diagnose(packet))
    popped = vlan.pop(packet)
    frame = oc.encode(popped.without_fcs())
    assert popped.at("fcs") == sequence(frame)[:captured]
    assert TEP.encapsulate(packet) == TEP.encapsulate(PLAIN)


RECEIVERS: Final[tuple[oc.Receiver, ...]] = ("rfc", "linux", "ovs")


def test_a_wrong_one_is_found() -> None:
    for receiver in RECEIVERS:
        found = oc.diagnose(WRONG, receiver=receiver)
        assert found == oc.diagnose(DATA + b"\1\2\3\4", receiver=receiver, fcs_octets=4)
        (finding,) = (finding for finding in found if finding.rule == "fcs-wrong")
        assert (finding.path, finding.bits, str(finding.severity)) == ("fcs", WRONG.span("fcs"), "drop")
    tunnelled = TEP.encapsulate(PLAIN) / FCS(data=b"\1\2\3\4")
    for receiver in RECEIVERS:
        assert "fcs" in [finding.path for finding in oc.diagnose(tunnelled, receiver=receiver)]
    assert not oc.diagnose(WHOLE)


def test_edits_renew_it() -> None:
    assert oc.fill(WRONG) == WHOLE
    assert oc.fill(WRONG, checksums=False) == WRONG
    edits = [
        vlan.push(WHOLE, vid=9, tpid=0x88A8),
        vlan.pop(WHOLE),
        vlan.retag(WHOLE, vid=9, pcp=3),
        vlan.translate(WHOLE, {7: 8}),
        vlan.normalise(vlan.push(WHOLE, vid=9, tpid=0x9100)),
        *(vlan.route(WHOLE, vid=vid, src=LINK.src, dst=LINK.dst) for vid in (8, None)),
        oc.fill(WHOLE.replace(IPv4, ttl=3)),
        vlan.push(oc.resolve(TEP.encapsulate(PLAIN) / FCS()), vid=5, scope="inner"),
    ]
    for edited in edits:
        assert edited is not None
        assert right(edited)
        assert status(edited) == "valid"
    assert vlan.pop(vlan.push(WRONG, vid=9)) == WRONG
    assert status(vlan.push(WRONG, vid=9)) == "bad"
    assert right(vlan.pop(PLAIN / FCS()))


def test_a_tunnel_carries_none() -> None:
    """RFC 7348 section 5: the inner frame has no FCS; RFC 7637 section 3.2: it is removed."""
    endpoints: list[tunnel.Tunnel] = [
        TEP,
        tunnel.GeneveTunnel(vni=1, src="10.9.0.1", dst="10.9.0.2"),
        tunnel.NVGRETunnel(vsid=4096, src="10.9.0.1", dst="10.9.0.2"),
        tunnel.STTTunnel(context_id=1, src="10.9.0.1", dst="10.9.0.2"),
    ]
    for endpoint in endpoints:
        if isinstance(endpoint, tunnel.NVGRETunnel):  # it carries no tag either (RFC 7637 section 3.3)
            assert endpoint.encapsulate(vlan.pop(WHOLE)) == endpoint.encapsulate(vlan.pop(PLAIN))
        else:
            assert endpoint.encapsulate(WHOLE) == endpoint.encapsulate(PLAIN)
    outer = oc.resolve(TEP.encapsulate(PLAIN) / FCS())
    assert (outer.inner.fcs, outer.outer.fcs) == (None, None)
    for packet in (outer, oc.decode(oc.encode(outer), fcs_octets=4)):
        inside = tunnel.decapsulate(packet)
        assert (inside.frame, inside.missing, inside.tunnel.fcs) == (DATA, 0, None)
    cut = oc.decode(oc.encode(outer)[:-2], fcs_octets=4, wire_length=len(oc.encode(outer)))
    assert tunnel.decapsulate(cut).missing == cut.inner.missing == 0


def test_fragments_have_none() -> None:
    whole = oc.resolve(LINK / IPv4(src="10.0.0.1", dst="10.0.0.2") / UDP(src_port=1, dst_port=2) / bytes(200) / FCS())
    pieces = reassembly.fragment(whole, mtu=100)
    assert [piece.fcs for piece in pieces] == [None] * len(pieces)
    feed = reassembly.FragmentReassembler()
    framed = [oc.resolve(piece / FCS()) for piece in pieces]
    assert [status(piece) for piece in framed] == ["valid"] * len(framed)
    datagram = [feed.feed(piece) for piece in framed][-1]
    assert datagram == whole.without_fcs()


def test_differences() -> None:
    assert [change.path for change in oc.diff(WHOLE, WRONG)] == ["fcs"]
    assert [type(change).__name__ for change in oc.diff(WHOLE, PLAIN)] == ["Removed"]
    assert [type(change).__name__ for change in oc.diff(PLAIN, WHOLE)] == ["Added"]
    assert not oc.diff(WHOLE, WRONG, ignore=["fcs"])
    as_padding = oc.Packet(PLAIN.headers, PLAIN.payload, (oc.Trailer(0, sequence(DATA)),))
    assert {change.path for change in oc.diff(WHOLE, as_padding)} == {"trailers[0]", "fcs"}


@pytest.mark.parametrize("form", ["pcap", "pcapng"])
def test_a_capture_keeps_it(form: Any) -> None:
    cut = oc.decode(DATA[:30], fcs_octets=4, wire_length=len(DATA) + 4, lax=True)
    stream = io.BytesIO()
    oc.write_capture(stream, [WHOLE, WRONG, cut, PLAIN / FCS()], format=form)
    records = list(oc.open_capture(stream.getvalue()))
    assert [record.fcs_octets for record in records] == [4, 4, 4, 4]
    assert [record.decode(lax=True) for record in records] == [WHOLE, WRONG, cut, WHOLE]
    assert records[2].wire_length == len(DATA) + 4
    if form == "pcapng":
        stream = io.BytesIO()
        oc.write_capture(stream, [WHOLE, PLAIN], format=form)
        assert [record.fcs_octets for record in oc.open_capture(stream.getvalue())] == [4, None]
    else:
        with pytest.raises(oc.EncodeError, match=r"records\[1\]\.fcs_octets"):
            oc.write_capture(io.BytesIO(), [WHOLE, PLAIN], format=form)


@given(overlay.packets(Ethernet))
def test_the_laws_hold_with_it(packet: oc.Packet) -> None:
    if not isinstance(packet.headers[0], Ethernet):
        return
    framed = packet / FCS()
    data = oc.encode(framed)
    assert data == oc.encode(packet) + sequence(oc.encode(packet))
    assert oc.decode(data, fcs_octets=4) == oc.resolve(framed)
    assert status(oc.decode(data, fcs_octets=4)) == "valid"


@given(st.binary(max_size=80), st.integers(0, 100), st.integers(0, 9))
def test_any_octets_come_back(data: bytes, wire_length: int, fcs_octets: int) -> None:
    packet = oc.decode(data, wire_length=wire_length, fcs_octets=fcs_octets, lax=True)
    assert oc.encode(packet) == data
    assert (packet.fcs is None) == (fcs_octets == 0)
    assert packet.fcs is None or packet.fcs.octets == fcs_octets
    oc.checksums(packet)
    oc.diagnose(packet)
    assert oc.encode(vlan.push(packet, vid=1)) if packet.headers else True


@pytest.mark.parametrize("fcs", [FCS(data=b"\x12\x34", octets=2), FCS(data=b"\x12", octets=4)], ids=["2 octets", "cut"])
def test_one_that_is_no_crc_or_is_cut_is_kept(fcs: FCS) -> None:
    """IEEE 802.3 section 3.2.9 has 4 octets; what a capture lacks of them is not made up."""
    frame = Ethernet(dst="02:00:00:00:00:01", src="02:00:00:00:00:02", ethertype=0x88B5) / b"..."
    assert oc.fill(frame / fcs).fcs == fcs
    assert oc.fill(frame / FCS(data=bytes(4))).fcs != FCS(data=bytes(4))


def test_octets_are_replaced_by_octets_and_a_check_sequence_by_auto_too() -> None:
    """AUTO asks for the CRC-32 of the frame; a payload is never computed."""
    opened = WRONG.replace_at("fcs", oc.AUTO)
    assert opened.at("fcs") is oc.AUTO
    assert oc.resolve(opened) == WHOLE
    for octets in (b"\1\2\3\4", bytearray(b"\1\2\3\4"), memoryview(b"\1\2\3\4")):
        assert WHOLE.replace_at("fcs", octets) == WRONG
        assert WHOLE.replace_at("payload", octets).payload == b"\1\2\3\4"
    for path, value in (("fcs", 4), ("fcs", "text"), ("payload", 4), ("payload", "text"), ("payload", oc.AUTO)):
        with pytest.raises(TypeError, match=f"^{path} takes bytes, not "):
            WHOLE.replace_at(path, value)
