"""Ordinary traffic, and its neighbours: no verdict calls dropped what a live stack delivers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import pytest

import overlaycodec as oc
from overlaycodec import MPLS, PPP, Ethernet, IPv4, IPv6, Packet, PPPoE, VLANTag
from overlaycodec.findings.model import PROVEN
from tests.interop.live import receivers
from tests.interop.live.linux_host import LinuxHost, is_of
from tests.interop.live.receivers import Receiver
from tests.interop.live.underlay import HERE, PEER, to_peer
from tests.interop.ordinary import FRAMES
from tests.interop.tally import Tally
from tests.interop.test_findings import ASKED, Asked, delivered
from tests.interop.test_receivers import UNASKED

Host = Callable[[type[LinuxHost]], LinuxHost]
Start = Callable[[type[Receiver]], Receiver]
each = pytest.mark.parametrize("asked", ASKED, ids=lambda asked: f"{asked.kind.__name__}-ipv{asked.version}")
EXPERIMENT: Final = 253
IP: Final = {name: frame for name, frame in FRAMES.items() if frame[12:14] in (b"\x08\x00", b"\x86\xdd")}


# --- a host -----------------------------------------------------------------------------------------------------------


def test_a_host_delivers_ordinary_traffic(started: Host, tally: Tally) -> None:
    host = started(LinuxHost)
    assert dict(zip(IP, host.delivered(list(IP.values())), strict=True)) == dict.fromkeys(IP, True)
    for frame in IP.values():
        assert delivered(oc.diagnose(frame, receiver="linux"))
    tally.add("LinuxHost", "verdicts", map(oc.decode, IP.values()))


def _link(dst: str) -> Ethernet:
    address = IPv4(src=dst, dst=dst).dst
    group = str(oc.MACAddress(0x01005E000000 | int(address) & 0x7FFFFF))
    to = PEER.mac if dst == PEER.ipv4 else group if address.is_multicast else "ff:ff:ff:ff:ff:ff"
    return Ethernet(dst=to, src=HERE.mac)


def _sources() -> Iterator[tuple[str, bytes]]:
    """Every kind of source address, to every kind of destination, as IGMP and as another protocol."""
    for src in ("0.0.0.0", "0.1.2.3", "255.255.255.255", "127.0.0.1", "224.0.0.1", "240.0.0.1", "10.77.0.2"):
        for dst in (PEER.ipv4, "255.255.255.255", "10.77.0.255", "224.0.0.9", "239.1.1.1"):
            for protocol in (2, EXPERIMENT):
                packet = _link(dst) / IPv4(src=src, dst=dst, protocol=protocol) / bytes(8)
                yield f"{src} to {dst}, protocol {protocol}", oc.encode(packet)
    for source in ("::", "::1", "ff02::1", "fe80::b", "fd77::2"):
        packet = (
            Ethernet(dst=PEER.mac, src=HERE.mac) / IPv6(src=source, dst=PEER.ipv6, next_header=EXPERIMENT) / b"...."
        )
        yield source, oc.encode(packet)


def _jumbo(octets: int) -> oc.IPv6HopByHop:
    option = oc.IPv6JumboPayloadOption(jumbo_payload_length=octets)
    return oc.IPv6HopByHop(next_header=EXPERIMENT, options=(option,))


def _lengths() -> Iterator[tuple[str, bytes]]:
    """Jumbo payload options, and lengths of 0."""
    other = oc.IPv6HopByHop(next_header=EXPERIMENT, options=(oc.IPv6Option(type=1, data=bytes(4)),))
    for octets in (0, 16):
        for name, header in {"none": other, "small": _jumbo(16), "too long": _jumbo(1 << 16)}.items():
            packet = to_peer(version=6, payload_length=octets) / header / bytes(8)
            yield f"jumbo option: {name}, payload length {octets}", oc.encode(packet)
    fragment = _jumbo(1 << 16).replace(next_header=oc.AUTO) / oc.IPv6Fragment(next_header=EXPERIMENT)
    yield "a fragment of a jumbogram", oc.encode(to_peer(version=6, payload_length=0) / fragment / bytes(8))


def _segments() -> Iterator[tuple[str, bytes]]:
    """Segment routing with bounds that RFC 8754 forbids, and at the end of the way, where the host delivers it."""
    listed = (oc.SRv6Segment(address=PEER.ipv6), oc.SRv6Segment(address=PEER.ipv6))
    for left in (0, 1, 3, 4, 9):
        header = oc.IPv6SegmentRouting(next_header=EXPERIMENT, segments_left=left, segments=listed)
        yield f"segments left: {left} of 2", oc.encode(to_peer(version=6) / header / bytes(8))


@pytest.mark.parametrize("cases", [_sources, _lengths, _segments])
def test_the_verdict_is_the_hosts(cases: Callable[[], Iterator[tuple[str, bytes]]], started: Host) -> None:
    host = started(LinuxHost)
    named = dict(cases())
    observed = dict(zip(named, host.delivered(list(named.values())), strict=True))
    assert {name: delivered(oc.diagnose(frame, receiver="linux")) for name, frame in named.items()} == observed
    assert {*observed.values()} == {True, False}


@pytest.mark.parametrize("octets", UNASKED.values(), ids=UNASKED)
def test_what_the_other_kernel_says_for_itself_is_not_taken_for_the_frame(octets: str) -> None:
    """A host delivers that too: it is a member of ff02::2, the group of a router solicitation."""
    said = bytes.fromhex(octets)
    heard = said[-oc.decode(said)[IPv6].payload_length :]
    frames = dict(_lengths()).values()
    assert not any(is_of(heard, frame, 6) for frame in frames)
    assert all(is_of(frame[-8:], frame, 6) for frame in frames)


# --- tunnels ----------------------------------------------------------------------------------------------------------


@each
def test_ordinary_traffic_is_delivered_out_of_a_tunnel(asked: Asked, started: Start, tally: Tally) -> None:
    receiver = started(asked.kind)
    frames = [*FRAMES.values(), *(frame[:12] + bytes.fromhex("81000007") + frame[12:] for frame in FRAMES.values())]
    sent = [asked.kind.wrapped(frame) for frame in frames]
    assert receiver.deliver_each(sent) == frames
    wrong = [octets.hex() for octets in sent if not delivered(oc.diagnose(octets, receiver=asked.name))]
    assert not wrong
    tally.add(asked.kind.__name__, "verdicts", [oc.decode(octets, lax=True) for octets in sent])


def _near(kind: type[Receiver]) -> Iterator[tuple[str, bytes]]:
    """Frames with little behind a tag, and IP that is not the frame's own while the path is congested."""
    link = Ethernet(dst="02:cc:00:00:00:02", src="02:bb:00:00:00:09")
    addresses = oc.encode(link.replace(ethertype=0))[:12]
    for tpid in ("8100", "88a8", "9100"):
        for octets in (0, 1, 2, 3, 46):
            yield (
                f"{octets} octets behind {tpid}",
                kind.wrapped(addresses + bytes.fromhex(tpid + "0007") + bytes(octets)),
            )
        yield f"length 0 behind {tpid}", kind.wrapped(addresses + bytes.fromhex(tpid + "0007 0000") + bytes(72))
        yield f"length 1 behind {tpid}", kind.wrapped(addresses + bytes.fromhex(tpid + "0007 0001") + bytes(72))
    own: dict[str, tuple[oc.Header, ...]] = {
        "mpls": (MPLS(label=100, bottom_of_stack=True),),
        "pppoe": (PPPoE(session_id=1), PPP()),
        "tagged mpls": (VLANTag(vid=7), MPLS(label=100, bottom_of_stack=True)),
        "ip": (),
    }
    for name, between in own.items():
        for mark in range(4):
            for outside in range(4):
                network = IPv4(src="192.0.2.1", dst="192.0.2.2", ecn=mark, protocol=EXPERIMENT)
                frame = oc.encode(Packet((link, *between, network), bytes(30)))
                packet = oc.decode(kind.wrapped(frame))
                outer = IPv6 if IPv6 in packet.outer else IPv4
                yield (
                    f"{name}, {mark} inside, {outside} outside",
                    oc.encode(oc.fill(packet.replace(outer, ecn=outside))),
                )


@each
def test_the_verdict_is_the_receivers_of_frames_in_tunnels(asked: Asked, started: Start) -> None:
    named = dict(_near(asked.kind))
    observed = started(asked.kind).deliver_each(list(named.values()))
    seen = {name: frame is not None for name, frame in zip(named, observed, strict=True)}
    assert {name: delivered(oc.diagnose(data, receiver=asked.name)) for name, data in named.items()} == seen


@pytest.mark.parametrize("key", [0x000007, 0x0FFF00, 0x100000, 0xFFFFFE00, 0xFFFFFFFF])
def test_a_switch_delivers_tags_and_reserved_networks_out_of_nvgre(key: int, started: Start) -> None:
    """RFC 7637 sections 3.3 and 3.4 forbid both; on the wire NVGRE is any GRE with a frame and a key."""
    kind = receivers.OVSGREReceiver
    frame = oc.encode(
        Ethernet(dst="02:cc:00:00:00:02", src="02:bb:00:00:00:09") / VLANTag(vid=7, ethertype=0x88B5) / bytes(46)
    )
    data = oc.encode(to_peer() / oc.GRE(key=key, protocol_type=0x6558) / frame)
    found = oc.diagnose(data, receiver="ovs")
    reserved = key >> 8 < 0x1000 or key >> 8 == 0xFFFFFF
    assert {finding.rule for finding in found} == {"nvgre-inner-tag"} | ({"nvgre-vsid"} if reserved else set())
    assert delivered(found)
    assert started(kind).deliver_each([data]) == [frame]


def test_the_rules_name_the_versions_of_the_live_stacks(started: Callable[[Callable[[], object]], object]) -> None:
    """A run on other versions asks for another entry in `PROVEN`."""
    for asked in ASKED:
        receiver = started(asked.kind)
        assert isinstance(receiver, Receiver)
        assert any(f"{proof.stack}." in receiver.version for proof in PROVEN[asked.name])
    host = started(LinuxHost)
    assert isinstance(host, LinuxHost)
    assert any(f"{proof.stack}." in host.version and "host" in proof.parts for proof in PROVEN["linux"])
