"""What a host leaves to its card, against what Linux makes of it, and laws.

`kernel_segments.json` has frames that Linux cut; `tests/vectors/virtio_net.json` what it left to a card.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

import overlaycodec as oc
from overlaycodec import offload, tunnel
from tests.vectors.test_vectors import DECODING

KERNEL: Final[list[dict[str, Any]]] = json.loads((Path(__file__).parent / "kernel_segments.json").read_text())["cases"]
CAPTURES: Final = Path(__file__).parents[1] / "captures"
LINK: Final = oc.Ethernet(dst="02:00:00:00:00:02", src="02:00:00:00:00:01")
TCP: Final = oc.TCP(src_port=1, dst_port=2, sequence=7, ack=True)
LARGE: Final = oc.encode(LINK / oc.IPv4(src="192.0.2.1", dst="192.0.2.2") / TCP / bytes(range(250)))
V4: Final[dict[str, Any]] = {"src": "10.0.0.1", "dst": "10.0.0.2", "link": LINK}
V6: Final[dict[str, Any]] = {"src": "fd00::1", "dst": "fd00::2", "link": LINK}


@pytest.mark.parametrize("case", KERNEL, ids=lambda case: case["name"])
def test_segments_are_those_of_the_kernel(case: dict[str, Any]) -> None:
    data, segments = bytes.fromhex(case["data"]), tuple(map(bytes.fromhex, case["segments"]))
    outside = oc.decode(segments[0])
    if "vxlan" not in outside.names:
        assert offload.from_kernel(data) == segments
        return
    # the kernel's own outer headers around the frame
    virtio, size = oc.decode_header(oc.VirtioNet, data)
    whole = oc.encode(oc.fill(oc.Packet(outside.outer.headers, data[size:])))
    start = len(whole) - len(data) + size + virtio.csum_start
    assert offload.segment(whole, case["size"]) == segments
    assert offload.segment(whole, case["size"], start=start) == segments


@pytest.mark.parametrize("case", [case for case in KERNEL if "plain" in case["name"]], ids=lambda case: case["name"])
def test_what_the_kernel_cut_is_coalesced_again(case: dict[str, Any]) -> None:
    segments = list(map(bytes.fromhex, case["segments"]))
    (whole,) = offload.coalesce(segments)
    assert (whole.count, whole.size) == (len(segments), case["size"])
    assert offload.to_kernel(whole).hex() == case["data"]


def left_to_the_card(name: str) -> bytes:
    return bytes.fromhex(DECODING[f"virtio_net/{name}"]["hex"])


def test_a_frame_that_linux_left_to_a_card() -> None:
    data = left_to_the_card("segments-of-tcp-over-ipv4")
    segments = list(map(oc.decode, offload.from_kernel(data)))
    assert [len(segment.payload) for segment in segments] == [88, 88, 24]
    assert b"".join(segment.payload for segment in segments) == bytes(range(200))
    assert [segment[oc.TCP].psh for segment in segments] == [False, False, True]
    for segment in segments:
        assert set(map(str, oc.checksums(segment).values())) == {"valid"}
    v1 = left_to_the_card("v1-segments-of-tcp")
    assert len(offload.from_kernel(v1, header=oc.VirtioNetV1)) == 3


def test_datagrams_that_linux_left_to_a_card() -> None:
    datagrams = list(map(oc.decode, offload.from_kernel(left_to_the_card("datagrams-of-udp-over-ipv6"))))
    assert [datagram.payload for datagram in datagrams] == [b"cut into datagrams, ", b"each of twenty octet", b"s"]
    assert [str(oc.checksums(datagram)["udp.checksum"]) for datagram in datagrams] == ["valid"] * 3


def test_a_checksum_that_linux_left_to_a_card() -> None:
    data = left_to_the_card("checksum-of-udp-left-to-the-card")
    (frame,) = offload.from_kernel(data)
    assert str(oc.checksums(oc.decode(frame))["udp.checksum"]) == "valid"
    assert offload.finish_checksum(data[10:], 34, 6) == frame
    assert offload.finish_checksum(data[44:], 0, 6) == frame[34:]
    for start, offset, stop, name in ((-1, 6, 8, "start"), (0, -1, 8, "offset"), (0, 6, -1, "stop")):
        with pytest.raises(ValueError, match=rf"^{name} is .*, not -1$"):
            offload.finish_checksum(data[44:], start, offset, stop=stop)
    assert offload.finish_checksum(data[44:], 0, 6, stop=8) != data[44:]
    with pytest.raises(oc.FieldRangeError, match=r"start \+ offset = 6 is not in 0\.\.5"):
        offload.finish_checksum(data[44:], 0, 6, stop=7)
    nothing = left_to_the_card("nothing-left-to-do")
    assert offload.from_kernel(nothing) == (nothing[10:],)


@pytest.mark.parametrize("name", ["tcp", "udp"])
def test_a_checksum_in_a_tunnel_that_linux_left_to_a_card(name: str) -> None:
    data = bytes.fromhex(DECODING[f"vxlan/inner-checksum-left-to-the-card-{name}"]["hex"])
    auxdata = struct.pack("=IIIHHHH", 0x08 | 0x01, len(data), len(data), 0, 14, 0, 0)
    (frame,) = offload.from_kernel(data, header=None, auxdata=auxdata)
    assert set(map(str, oc.checksums(oc.decode(frame)).values())) == {"valid"}
    assert offload.from_kernel(data, header=None) == (data,)


@pytest.mark.parametrize("name", ["tcp", "udp"])
def test_an_outer_checksum_that_is_wrong_is_bad(name: str) -> None:
    packet = oc.decode(bytes.fromhex(DECODING[f"vxlan/inner-checksum-left-to-the-card-{name}"]["hex"]))
    for wrong in (packet.replace(oc.UDP, checksum=packet[oc.UDP].checksum ^ 1), packet.replace(oc.UDP, src_port=1)):
        verdicts = {path: str(status) for path, status in oc.checksums(wrong).items()}
        assert (verdicts["udp.checksum"], verdicts[f"inner.{name}.checksum"]) == ("bad", "partial")


def finished_again(path: Path) -> int:
    """How many checksums of real stacks are the same after they were left to a card, and finished."""
    done = 0
    with oc.open_capture(path) as capture:
        for record in capture:
            packet = record.decode(lax=True)
            statuses = oc.checksums(packet)
            for name, header in zip(packet.names, packet.headers, strict=True):
                checksum = f"{name}.checksum"
                if type(header) not in (oc.TCP, oc.UDP) or str(statuses[checksum]) != "valid":
                    continue
                network = packet.headers[packet.headers.index(header) - 1]
                assert isinstance(network, oc.IPv4 | oc.IPv6)
                start, at = (packet.span(path)[0] // 8 for path in (name, checksum))
                stop = len(record.data) - sum(
                    len(trailer.data) for trailer in packet.trailers if trailer.header <= packet.headers.index(header)
                )
                protocol = 6 if isinstance(header, oc.TCP) else 17
                pseudo = network.src.packed + network.dst.packed + struct.pack("!IHH", stop - start, 0, protocol)
                total = sum(struct.unpack(f"!{len(pseudo) // 2}H", pseudo))
                partial = (total & 0xFFFF) + (total >> 16)
                partial = (partial & 0xFFFF) + (partial >> 16)
                left = record.data[:at] + partial.to_bytes(2, "big") + record.data[at + 2 :]
                assert offload.finish_checksum(left, start, at - start, stop=stop) == record.data
                done += 1
    return done


def test_checksums_of_real_stacks_are_finished_as_they_were() -> None:
    names = ("linux-tcp.pcap", "kernel-vxlan-v4-udpcsum.pcap", "linux-geneve-v6.pcap")
    assert all(finished_again(CAPTURES / name) for name in names)


def test_the_tag_of_the_control_message_is_put_back() -> None:
    """packet(7): struct tpacket_auxdata, TP_STATUS_VLAN_VALID and TP_STATUS_VLAN_TPID_VALID."""
    data = oc.encode(oc.VirtioNet()) + LARGE
    for status, tag_type in ((0x10, 0x8100), (0x50, 0x88A8)):
        auxdata = struct.pack("=IIIHHHH", status, len(LARGE), len(LARGE), 0, 14, 3 << 13 | 7, 0x88A8)
        (frame,) = offload.from_kernel(data, auxdata=auxdata)
        assert frame == LARGE[:12] + struct.pack("!HH", tag_type, 3 << 13 | 7) + LARGE[12:]
    untagged = struct.pack("=IIIHHHH", 0x01, len(LARGE), len(LARGE), 0, 14, 7, 0x8100)
    assert offload.from_kernel(data, auxdata=untagged) == (LARGE,)
    with pytest.raises(ValueError, match="auxdata has 3 octets, not 20"):
        offload.from_kernel(data, auxdata=b"...")


def in_vxlan(frame: bytes) -> oc.Packet:
    return tunnel.VXLANTunnel(vni=1, checksum="compute", **V6).encapsulate(frame)


def in_geneve(frame: bytes) -> oc.Packet:
    return tunnel.GeneveTunnel(vni=1, dont_fragment="clear", **V4).encapsulate(frame, identification=0xFFFF)


def in_nvgre(frame: bytes) -> oc.Packet:
    return tunnel.NVGRETunnel(vsid=5000, **V4).encapsulate(frame, identification=9)


def in_gre(frame: bytes) -> oc.Packet:
    outside = LINK / oc.VLANTag(vid=7) / oc.IPv4(src="10.0.0.1", dst="10.0.0.2")
    return oc.resolve(outside / oc.GRE(checksum_present=True, key=5, protocol_type=0x6558) / frame)


def in_two(frame: bytes) -> oc.Packet:
    return in_geneve(oc.encode(in_vxlan(frame)))


def alone(frame: bytes) -> oc.Packet:
    return oc.decode(frame)


@st.composite
def frames(draw: st.DrawFn) -> tuple[bytes, int]:
    """A frame, and a size of segments for it."""
    network = draw(
        st.sampled_from(
            [
                oc.IPv4(src="192.0.2.1", dst="192.0.2.2", identification=0xFFFE, ttl=3),
                oc.IPv4(src="192.0.2.1", dst="192.0.2.2", dont_fragment=True),
                oc.IPv6(src="2001:db8::1", dst="2001:db8::2", flow_label=5),
            ]
        )
    )
    flags = st.booleans()
    segment = TCP.replace(
        sequence=draw(st.integers(0, 0xFFFFFFFF)), fin=draw(flags), psh=draw(flags), cwr=draw(flags), ece=draw(flags)
    )
    transport = draw(st.sampled_from([segment, oc.UDP(src_port=1, dst_port=2)]))
    size = draw(st.integers(1, 90))
    payload = draw(st.binary(min_size=size + 1, max_size=8 * size + 1))
    return oc.encode(LINK / network / transport / payload), size


@given(frames(), st.sampled_from([alone, in_vxlan, in_geneve, in_nvgre, in_gre, in_two]))
def test_what_is_cut_is_coalesced_to_the_same(drawn: tuple[bytes, int], around: Callable[[bytes], oc.Packet]) -> None:
    frame, size = drawn
    whole = oc.encode(around(frame))
    segments = offload.segment(whole, size)
    for segment in segments:
        packet = oc.decode(segment)
        assert not packet.faults
        assert not packet.trailers
        assert set(map(str, oc.checksums(packet).values())) <= {"valid", "absent"}
    found = offload.coalesce(segments, udp=True)
    assert found == (offload.Coalesced(whole, len(segments), size),)
    if around is alone:
        assert offload.from_kernel(offload.to_kernel(found[0])) == segments


def test_fixed_identifications() -> None:
    frame = LARGE[:20] + b"\x40\x00" + LARGE[22:]  # DF
    frame = oc.encode(oc.fill(oc.decode(frame)))
    endpoint = tunnel.VXLANTunnel(vni=1, **V4)
    whole = oc.encode(endpoint.encapsulate(frame, identification=0))
    segments = offload.segment(whole, 100, fixed=("ipv4",))
    packets = list(map(oc.decode, segments))
    assert [packet.at("ipv4.identification") for packet in packets] == [0, 0, 0]
    assert [packet.at("inner.ipv4.identification") for packet in packets] == [0, 1, 2]
    # an endpoint that encapsulates segments gives the same
    assert segments == tuple(oc.encode(endpoint.encapsulate(part)) for part in offload.segment(frame, 100))
    assert offload.coalesce(segments) == (offload.Coalesced(whole, 3, 100, ("ipv4",)),)
    with pytest.raises(oc.MissingHeaderError, match=r"IPv4 header inner\.inner"):
        offload.segment(whole, 100, fixed=("inner.inner.ipv4",))


def test_frames_that_differ_are_left_alone() -> None:
    one, two, three = offload.segment(LARGE, 100)

    def changed(frame: bytes, **changes: Any) -> bytes:
        return oc.encode(oc.fill(oc.decode(frame).replace(oc.TCP, **changes)))

    def other_network(frame: bytes, **changes: Any) -> bytes:
        return oc.encode(oc.fill(oc.decode(frame).replace(oc.IPv4, **changes)))

    for second in (
        changed(two, sequence=108),
        changed(two, window=9),
        changed(two, acknowledgment=9),
        changed(two, urg=True),
        changed(two, syn=True),
        changed(two, rst=True),
        changed(two, cwr=True),
        changed(two, checksum=oc.decode(two)[oc.TCP].checksum ^ 1)[:50] + two[50:51] + b"\x00" + two[52:],
        other_network(two, ttl=9),
        other_network(two, dscp=9),
        other_network(two, identification=5),
        other_network(two, identification=0),
        other_network(two, more_fragments=True),
        other_network(two, options=(oc.IPv4RouterAlertOption(),), ihl=oc.AUTO),
        two + bytes(3),
        LINK.replace(src="02:00:00:00:00:09").dst.packed + bytes.fromhex("020000000009") + two[12:],
    ):
        assert [found.frame for found in offload.coalesce([one, second])] == [one, second]
    assert [found.count for found in offload.coalesce([one, two, three])] == [3]
    assert [found.count for found in offload.coalesce([one, changed(two, psh=True), three])] == [2, 1]
    assert [found.count for found in offload.coalesce([one, two, three], limit=len(one) + 100)] == [2, 1]
    # datagrams are coalesced only for those who divide them again
    datagrams = offload.segment(LINK / oc.IPv6(src="::1", dst="::2") / oc.UDP(src_port=1, dst_port=2) / bytes(20), 10)
    assert [found.count for found in offload.coalesce(datagrams)] == [1, 1]


def test_no_segment_follows_a_shorter_one_and_none_is_longer_than_the_first() -> None:
    """As in Linux's `skb_gro_receive` and `tcp_gro_receive`: only the last segment may be shorter than `gso_size`."""
    one, two, three = map(oc.decode, offload.segment(LARGE, 100))
    first, second = map(oc.decode, offload.segment(oc.encode(two), 60))
    number = one[oc.IPv4].identification
    assert isinstance(number, int)
    frames = [
        oc.encode(oc.fill(packet.replace(oc.IPv4, identification=number + place)))
        for place, packet in enumerate((one, first, second, three))
    ]
    assert [len(oc.decode(frame).payload) for frame in frames] == [100, 60, 40, 50]
    assert [found.count for found in offload.coalesce(frames)] == [2, 1, 1]


def test_the_limit_of_a_coalesced_frame_is_a_positive_number() -> None:
    assert [found.count for found in offload.coalesce(offload.segment(LARGE, 100), limit=1)] == [1, 1, 1]
    for limit, error in ((0, ValueError), (-1, ValueError), ("1", TypeError), (None, TypeError)):
        with pytest.raises(error, match="limit"):
            offload.coalesce([LARGE], limit=limit)  # type: ignore[arg-type]


@pytest.mark.parametrize("size", [1480, 1472, 984])
def test_a_datagram_for_a_card_that_fragments(size: int) -> None:
    """VIRTIO_NET_HDR_GSO_UDP is 3 (virtio 1.2, section 5.1.6): `gso_size` octets after each IP header."""
    network = oc.IPv4(src="192.0.2.1", dst="192.0.2.2")
    datagram = oc.resolve(LINK / network / oc.UDP(src_port=1, dst_port=2) / bytes(4000))
    header = oc.VirtioNet(gso_type=3, gso_size=size, hdr_len=42)
    packets = list(map(oc.decode, offload.from_kernel(oc.encode(header) + oc.encode(datagram))))
    lengths = [packet.at("ipv4.total_length") for packet in packets]
    assert lengths == [20 + size] * (4008 // size) + [20 + 4008 % size]
    assert [packet.at("ipv4.fragment_offset") for packet in packets] == [at // 8 for at in range(0, 4008, size)]


@pytest.mark.parametrize("kind", [2, 6, 127])
def test_an_unknown_kind_of_segmentation(kind: int) -> None:
    with pytest.raises(oc.EncodeError, match="no type of segmentation"):
        offload.from_kernel(oc.encode(oc.VirtioNet(gso_type=kind, gso_size=100)) + LARGE)


def test_flows_are_coalesced_each_for_itself() -> None:
    others = offload.segment(oc.decode(LARGE).replace(oc.TCP, src_port=9, checksum=oc.AUTO), 100)
    arp = oc.encode(oc.decode(bytes.fromhex(DECODING["link/arp-padded-to-60"]["hex"])))
    mixed = [frame for pair in zip(offload.segment(LARGE, 100), others, strict=True) for frame in (*pair, arp)]
    found = offload.coalesce(mixed)
    assert [(one.count, one.frame == arp) for one in found] == [(3, False), (3, False), (1, True), (1, True), (1, True)]
    assert found[0].frame == LARGE


@pytest.mark.parametrize("around", [in_vxlan, in_geneve, in_nvgre])
def test_what_the_kernel_cannot_cut_is_written_in_segments(around: Callable[[bytes], oc.Packet]) -> None:
    segments = offload.segment(around(LARGE), 100)
    (whole,) = offload.coalesce(segments)
    assert whole.count == 3
    idle = bytes(10)  # VIRTIO 1.2 section 5.1.6: no flags, VIRTIO_NET_HDR_GSO_NONE
    assert offload.kernel_writes(whole) == tuple(idle + segment for segment in segments)
    assert offload.kernel_writes(whole, header=oc.VirtioNetV1)[0] == bytes(12) + segments[0]
    (alone,) = offload.coalesce(offload.segment(LARGE, 100))
    for frame in (alone, LARGE, offload.Coalesced(segments[0])):
        assert offload.kernel_writes(frame) == (offload.to_kernel(frame),)


def test_what_cannot_be_cut() -> None:
    fragment = oc.encode(oc.fill(oc.decode(LARGE).replace(oc.IPv4, more_fragments=True)))
    numbered = LINK / oc.IPv4(src="10.0.0.1", dst="10.0.0.2") / oc.GRE(sequence=5, protocol_type=0x6558) / LARGE
    arp_in_vxlan = in_vxlan(bytes.fromhex(DECODING["link/arp-padded-to-60"]["hex"]))
    for frame, error, text in (
        (fragment, oc.EncodeError, "ipv4 is a fragment: reassemble it first"),
        (LARGE[:-1], oc.DecodeError, "total_length .* says 290 octets, 289 are there"),
        (oc.encode(numbered), oc.EncodeError, "gre has a sequence number"),
        (oc.encode(arp_in_vxlan), oc.MissingHeaderError, "TCP or UDP"),
        (bytes(60), oc.MissingHeaderError, "TCP or UDP"),
    ):
        with pytest.raises(error, match=text):
            offload.segment(frame, 10)
    with pytest.raises(oc.MissingHeaderError, match="TCP or UDP at octet 35"):
        offload.segment(LARGE, 10, start=35)
    with pytest.raises(oc.EncodeError, match="is in a tunnel: write its segments"):
        offload.to_kernel(offload.coalesce(offload.segment(in_vxlan(LARGE), 100))[0])
    with pytest.raises(oc.FieldRangeError, match=r"start \+ offset = 50 is not in 0\.\.42"):
        offload.finish_checksum(LARGE[:44], 34, 16)


def test_a_frame_that_fits_stays_alone() -> None:
    assert offload.segment(LARGE, 1000) == (LARGE,)
    no_payload = oc.encode(LINK / oc.IPv4(src="192.0.2.1", dst="192.0.2.2") / TCP)
    assert offload.segment(no_payload, 1000) == (no_payload,)


def test_a_frame_without_a_length_is_cut() -> None:
    """BIG TCP: a total length of 0."""
    whole = oc.decode(LARGE)
    large = LINK / whole[oc.IPv4].replace(total_length=0, checksum=oc.AUTO) / whole[oc.TCP] / whole.payload
    assert offload.segment(large, 100) == offload.segment(LARGE, 100)
