"""Segments as this machine's kernel cuts and coalesces them, and an endpoint between devices with default offloads."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any, Final, TypeVar

import pytest

import overlaycodec as oc
from overlaycodec import offload, tunnel
from tests.interop.live.machine import PATIENCE
from tests.interop.live.namespaces import Namespace
from tests.interop.live.pinging import answered
from tests.interop.live.underlay import HERE, PEER
from tests.interop.live.virtual_cards import Coalescing, Containers, Segmenting
from tests.interop.tally import Tally
from tests.interop.test_pieces_tshark import TShark

P = TypeVar("P")
Start = Callable[[Callable[[], P]], P]

LINK: Final = oc.Ethernet(dst="02:00:00:00:00:02", src="02:00:00:00:00:01")
OCTETS: Final = 3_000_000


def large(count: int, *, udp: bool = True) -> Iterator[offload.Coalesced]:
    """Frames of TCP and UDP over either IP, for segments of many sizes."""
    random = Random(1624)
    for number in range(count):
        networks = (
            oc.IPv4(
                src="192.0.2.1",
                dst="192.0.2.2",
                identification=random.choice([0, 0xFFFE, random.randrange(1 << 16)]),
                dscp=random.randrange(64),
                dont_fragment=random.random() < 0.5,
            ),
            oc.IPv6(src="2001:db8::1", dst="2001:db8::2", flow_label=random.randrange(1 << 20)),
        )
        fin, psh, cwr, ece = (random.random() < 0.3 for _ in range(4))
        transports = (
            oc.TCP(
                src_port=random.randrange(1, 1 << 16),
                dst_port=9,
                sequence=random.choice([random.getrandbits(32), 0xFFFFFF00]),
                acknowledgment=random.getrandbits(32),
                ack=True,
                window=random.randrange(1 << 16),
                options=(oc.TCPTimestampsOption(value=number),) if random.random() < 0.5 else (),
                fin=fin,
                psh=psh,
                cwr=cwr,
                ece=ece,
            ),
            oc.UDP(src_port=random.randrange(1, 1 << 16), dst_port=9),
        )
        transport = random.choice(transports) if udp else transports[0]
        size = random.randrange(40, 1_400)
        payload = random.randbytes(random.randrange(size + 1, size * 12))
        frame = oc.encode(LINK / random.choice(networks) / transport / payload)
        yield offload.Coalesced(frame, -(-len(payload) // size), size)


@pytest.mark.parametrize("device", Segmenting.DEVICES)
def test_segments_are_those_of_the_kernel(device: str, started: Start[Segmenting], tally: Tally) -> None:
    frames = list(large(150))
    for frame, cut in zip(frames, started(Segmenting).segments(device, frames), strict=True):
        whole = frame.frame
        outside = oc.decode(cut[0])
        if outside.names.count("vxlan"):
            # the outer headers are the kernel's, from their identification on
            whole = oc.encode(oc.fill(oc.Packet(outside.outer.headers, frame.frame)))
        assert offload.segment(whole, frame.size) == cut
        assert len(cut) == frame.count
        tally.add(f"Linux GSO on {device}", "cut", [oc.decode(segment) for segment in cut])


def test_what_the_kernel_coalesces_is_what_we_coalesce(started: Start[Coalescing], tally: Tally) -> None:
    # since 6.18, Linux coalesces segments with CWR only with others that have it (for AccECN)
    frames = [frame for frame in large(100) if not oc.decode(frame.frame).get("tcp.cwr")]
    coalesced = 0
    for frame, received in zip(frames, started(Coalescing).received(frames), strict=True):
        segments: list[bytes] = []
        for data in received:
            virtio = oc.decode_header(oc.VirtioNet, data)[0]
            pieces = offload.from_kernel(data)
            segments += pieces
            if not virtio.gso_type:
                continue
            (ours,) = offload.coalesce(pieces, udp=True)
            assert (ours.count, ours.size) == (len(pieces), virtio.gso_size)
            assert said(offload.to_kernel(ours)) == said(data)
            coalesced += 1
        # a segment that ends a group may come before those that the kernel still holds
        assert sorted(segments) == sorted(offload.segment(frame.frame, frame.size))
    assert coalesced > len(frames) // 2
    tally.add("Linux GRO", "coalesced", [oc.decode(frame.frame) for frame in frames])


_VERDICTS: Final = ("ip.checksum.status", "tcp.checksum.status", "udp.checksum.status", "gre.checksum.status")
_FAULTS: Final = ("_ws.malformed", "tcp.analysis.lost_segment", "tcp.analysis.out_of_order")


def around(frame: bytes, number: int) -> oc.Packet:
    """A tunnel around a frame."""
    link = oc.Ethernet(dst=PEER.mac, src=HERE.mac)
    v4: dict[str, Any] = {"src": HERE.ipv4, "dst": PEER.ipv4, "link": link}  # Any: each setting has its own type
    v6: dict[str, Any] = {"src": HERE.ipv6, "dst": PEER.ipv6, "link": link, "tags": (oc.VLANTag(vid=7),)}
    gre = link / oc.IPv4(src=HERE.ipv4, dst=PEER.ipv4) / oc.GRE(checksum_present=True, protocol_type=0x6558)
    made: tuple[Callable[[], oc.Packet], ...] = (
        lambda: oc.decode(frame),
        lambda: tunnel.GeneveTunnel(vni=1, dont_fragment="clear", **v4).encapsulate(frame, identification=0xFFFF),
        lambda: tunnel.VXLANTunnel(vni=1, **v6).encapsulate(frame),
        lambda: tunnel.NVGRETunnel(vsid=5000, **v6).encapsulate(frame),
        lambda: oc.resolve(gre / frame),
        lambda: tunnel.GeneveTunnel(vni=2, **v6).encapsulate(tunnel.VXLANTunnel(vni=1, **v4).encapsulate(frame)),
    )
    return made[number % len(made)]()


def test_segments_are_right_to_tshark(tmp_path: Path, started: Start[TShark], tally: Tally) -> None:
    """Lengths, checksums and sequence numbers, in tunnels that this kernel does not have too."""
    tshark = started(TShark)
    cut = [offload.segment(around(frame.frame, number), frame.size) for number, frame in enumerate(large(120))]
    segments = [segment for parts in cut for segment in parts]
    path = tmp_path / "segments.pcap"
    oc.write_capture(path, segments)
    rows = list(tshark.reads(path, *_VERDICTS, *_FAULTS))
    assert len(rows) == len(segments)
    for row in rows:
        verdicts = {verdict for column in row[: len(_VERDICTS)] for verdict in column.split(",") if verdict}
        assert verdicts <= {"1", "3"}, row  # good, or absent
        assert not any(row[len(_VERDICTS) :]), row
    tally.add("tshark", "read", list(map(oc.decode, segments)))


def said(data: bytes) -> tuple[oc.VirtioNet, bytes]:
    """The header and the frame, without what is a hint."""
    virtio, size = oc.decode_header(oc.VirtioNet, data)
    return virtio.replace(hdr_len=0, data_valid=False), data[size:]


def transfer(sender: Namespace, receiver: Namespace, address: str) -> bool:
    """Whether octets arrive over TCP as they were sent."""
    octets = Random(793).randbytes(OCTETS)
    with receiver.entered():
        listening = socket.create_server((address, 5001))
    with sender.entered():
        connection = socket.socket()

    def send() -> None:
        with connection:
            connection.settimeout(PATIENCE)
            connection.connect((address, 5001))
            connection.sendall(octets)

    thread = threading.Thread(target=send, daemon=True)
    with listening:
        listening.settimeout(PATIENCE)
        thread.start()
        accepted, _ = listening.accept()
        with accepted:
            accepted.settimeout(PATIENCE)
            received = b"".join(iter(lambda: accepted.recv(1 << 16), b""))
    thread.join(PATIENCE)
    return received == octets


def test_tcp_through_an_endpoint_with_default_offloads(started: Start[Containers]) -> None:
    hosts = started(Containers)
    assert transfer(hosts.near, hosts.far, hosts.FAR)
    assert transfer(hosts.far, hosts.near, hosts.NEAR)


def test_no_ping_at_full_mtu_is_lost(started: Start[Containers]) -> None:
    hosts = started(Containers)
    assert answered(hosts.near, hosts.FAR, 1000, hosts.MTU - 28) == 1000
