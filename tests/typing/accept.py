"""Correct uses: mypy --strict and pyright see every type as it is asserted here, and the file runs."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Annotated, Any, assert_type

import numpy as np
from hypothesis import given
from hypothesis.strategies import SearchStrategy

import overlaycodec as oc
from overlaycodec import (
    ARP,
    GRE,
    INTMD,
    STT,
    TCP,
    UDP,
    VXLAN,
    Ethernet,
    Geneve,
    GeneveOption,
    Header,
    IPv4,
    IPv6,
    MACAddress,
    OVNOption,
    Packet,
    TCPOption,
    VLANTag,
    reassembly,
    telemetry,
    tunnel,
    vlan,
)
from overlaycodec import strategies as overlay
from overlaycodec.comparison.changes import CaptureDiff, Change, PacketDiff, RecordDiff


class Mine(oc.Element, spec="in-house"):
    """An option of one's own."""

    option_class: Annotated[int, oc.Bits(16), oc.Const(0xFF01)] = 0xFF01
    type: Annotated[int, oc.Bits(8), oc.Const(1)] = 1
    reserved: Annotated[int, oc.Reserved(3)] = 0
    length: Annotated[int, oc.Bits(5), oc.Const(0)] = 0


# --- build, encode, decode --------------------------------------------------------------------------------------------

frame = (
    Ethernet(dst="52:54:00:00:00:02", src=MACAddress("52:54:00:00:00:01"))
    / IPv4(src="10.0.0.1", dst=IPv4Address("10.0.0.2"))
    / UDP(src_port=49152)
    / VXLAN(vni=100)
    / Ethernet(dst="02:00:00:00:00:02", src="02:00:00:00:00:01")
    / VLANTag(vid=7)
    / IPv4(src="192.168.0.1", dst="192.168.0.2")
    / UDP(src_port=1000, dst_port=2000)
    / b"hello"
)
assert_type(frame, Packet)
data = oc.encode(frame)
assert_type(data, bytes)
assert_type(oc.encode(VXLAN(vni=1)), bytes)
packet = oc.decode(data)
assert_type(packet, Packet)
assert_type(oc.decode(bytearray(data)), Packet)
assert_type(oc.decode(memoryview(data), wire_length=1500, fcs_octets=0, lax=True), Packet)
assert_type(oc.decode(data, first=oc.LINK_TYPE(1)), Packet)
assert_type(oc.decode(data[14:], first=IPv4, catalog=oc.DEFAULT), Packet)
assert_type(oc.resolve(frame), Packet)

# --- fields -----------------------------------------------------------------------------------------------------------

assert_type(packet[VXLAN], VXLAN)
assert_type(packet[VXLAN].vni, int)
assert_type(packet[VXLAN].vni_valid, bool)
assert_type(packet[Ethernet].src, MACAddress)
assert_type(packet[IPv4].src, IPv4Address)
assert_type(packet[IPv4, 1].dst, IPv4Address)
assert_type(packet.get(VXLAN), VXLAN | None)
assert_type(packet.get(VXLAN, VXLAN(vni=1)), VXLAN)
assert_type(packet.get(IPv6), IPv6 | None)
assert_type(packet.inner, Packet)
assert_type(packet.inner[IPv4].ttl, int)
assert_type(packet.outer, Packet)
assert_type(packet.innermost, Packet)
assert_type(packet.payload, bytes)
assert_type(packet.headers, tuple[Header, ...])
assert_type(VXLAN in packet, bool)
assert_type(len(packet), int)
headers: Iterator[Header] = iter(packet)
assert_type(GRE(protocol_type=0x0800).key, int | None)
assert_type(GRE(key=7, protocol_type=0x6558).checksum, int | None)
assert_type(STT(context_id=1).context_id, int)
options = Geneve(vni=1, options=(GeneveOption(option_class=0x0102, type=0x80, data=b"\0\0\0\1"),)).options
assert_type(options[0].option_class, int)
for option in options:
    if isinstance(option, OVNOption):
        assert_type(option.egress_port, int)
    elif isinstance(option, GeneveOption):
        assert_type(option.data, bytes)
assert_type(TCP(src_port=1, dst_port=2, options=(TCPOption(kind=2, data=b"\5\xb4"),)).options[0].kind, int)
question = ARP(
    sender_hardware="02:00:00:00:00:01",
    sender_protocol="10.0.0.1",
    target_hardware=bytes(6),
    target_protocol="10.0.0.2",
)
assert_type(question.sender_hardware, MACAddress | bytes)
assert_type(question.target_protocol, IPv4Address | bytes)
assert_type(IPv6(src="::1", dst=IPv6Address("::2")).dst, IPv6Address)

# --- compare, put together --------------------------------------------------------------------------------------------

assert_type(oc.diff(packet, data), PacketDiff)
assert_type(list(oc.diff(packet, packet, ignore=["ttl"])), list[Change])
whole_frame = reassembly.STTReassembler(max_pending=8).feed(packet, time_ns=5)
assert_type(whole_frame, reassembly.STTFrame | None)
assert_type(reassembly.FragmentReassembler(overlap="first").feed(data, context=100), Packet | None)
assert_type(reassembly.fragment(frame, mtu=1500), tuple[Packet, ...])


def compare(path: Path) -> None:
    assert_type(oc.diff(path, "other.pcap"), CaptureDiff)
    for found in oc.diff(path, path):
        assert_type(found, RecordDiff)
        assert_type(found.before, oc.Record | None)


# --- edit -------------------------------------------------------------------------------------------------------------

routed = packet.inner.replace(VLANTag, vid=8).replace(IPv4, ttl=63)
assert_type(routed, Packet)
assert_type(oc.fill(routed, lengths=True, checksums=True, selectors=False), Packet)
assert_type(packet.replace_at("inner.vlan.vid", 8), Packet)
assert_type(packet.replace((IPv4, 1), ttl=1), Packet)
assert_type(packet.replace("inner.ipv4", ttl=1), Packet)
assert_type(packet.without("inner.vlan"), Packet)
assert_type(packet[VXLAN].replace(vni=2), VXLAN)
assert_type(copy.copy(packet[VXLAN]), VXLAN)
assert_type(packet.insert(1, VLANTag(vid=5)), Packet)
assert_type(packet.without(VLANTag), Packet)
assert_type(packet.span("inner.vlan.vid"), tuple[int, int])
assert_type(oc.checksums(packet), dict[str, oc.ChecksumStatus])
assert_type(packet.fault, oc.DecodeError | None)
assert_type(packet.faults, tuple[oc.DecodeError, ...])
assert_type(packet.trailers, tuple[oc.Trailer, ...])
flow = packet.flow
assert flow is not None
assert_type(flow.src, IPv4Address | IPv6Address)
assert_type(flow.dst_port, int | None)

vxlan, octets = oc.decode_header(VXLAN, data[42:])
assert_type(vxlan, VXLAN)
assert_type(octets, int)
assert_type(oc.decode_header(VXLAN, data[42:]), tuple[VXLAN, int])

match packet.inner:
    case oc.Packet(headers=[Ethernet(), VLANTag(vid=vid), *_]):
        assert_type(vid, int)
    case _:
        raise AssertionError("the inner frame is tagged")

try:
    oc.VXLAN(vni=1 << 24)
except oc.FieldRangeError as error:
    assert_type(error.maximum, int)
    assert_type(error.path, str)
try:
    oc.decode(data[:60])
except oc.TruncatedError as truncated:
    assert_type(truncated.needed, int)
    assert_type(truncated.bits, tuple[int, int | None])

pipeline = oc.Pipeline(Ethernet, IPv4, UDP, VXLAN, Ethernet)
assert_type(pipeline.decode(data), Packet)
assert_type(pipeline.decode(data, first=oc.LINK_TYPE(1), wire_length=90, lax=True), Packet)
assert_type(pipeline.unpack(data), tuple[Ethernet, IPv4, UDP, VXLAN, Ethernet])
assert_type((pipeline + VLANTag).unpack(data), tuple[Ethernet, IPv4, UDP, VXLAN, Ethernet, VLANTag])
assert_type(
    (oc.Pipeline(Ethernet, IPv4) + oc.Pipeline(UDP, VXLAN, Ethernet)).unpack(data),
    tuple[Ethernet, IPv4, UDP, VXLAN, Ethernet],
)
tagged = oc.Pipeline(Ethernet, VLANTag[0:3], IPv4 | oc.IPv6, UDP, VXLAN[0:1])
assert_type(tagged.unpack(data), tuple[oc.Header, ...])
assert_type((tagged + Ethernet).unpack(data), tuple[*tuple[oc.Header, ...], Ethernet])
assert_type((tagged + oc.Pipeline(Ethernet, VLANTag)).unpack(data), tuple[*tuple[oc.Header, ...], Ethernet, VLANTag])
tunnel_header, within = oc.Pipeline(VXLAN, Ethernet).unpack(
    bytes.fromhex("0800000000000500 020000000002 020000000001 88b5")
)
assert_type(tunnel_header, VXLAN)
assert_type(tunnel_header.vni, int)
assert_type(within.src, MACAddress)
assert_type(oc.Pipeline.from_text("eth/vlan*/ip/udp/vxlan").unpack(data), tuple[Any, ...])
oc.Pipeline(Ethernet, VLANTag | None, oc.Pipeline(IPv4, UDP)[0:2], IPv4 | oc.Pipeline(oc.IPv6, UDP), payload=False)
link = {"dst": "02:00:00:00:00:02", "src": "02:00:00:00:00:01"}
assert_type(oc.Pipeline(VXLAN, Ethernet).build({"vxlan.vni": 5}, inner={"ethernet": link}, payload=b"?"), Packet)
assert_type(pipeline.diagram(svg=True), str)
assert_type(pipeline.matches(pipeline.decode(data)), bool)
assert_type(pipeline.encode(pipeline.decode(data)), bytes)

# --- catalogs ---------------------------------------------------------------------------------------------------------


class Telemetry(oc.Header, spec="in-house", keys=(oc.UDP_PORT(9999),)):
    """Eight octets in front of the mirrored frame."""

    version: Annotated[int, oc.Bits(4), "Version"] = 1
    reserved: Annotated[int, oc.Reserved(4)] = 0
    switch: Annotated[int, oc.Bits(24), "Switch id"]
    delay: Annotated[int, oc.Bits(32), "Nanoseconds in the queue"]


codec = oc.DEFAULT.with_header(Telemetry)
assert_type(codec, oc.Catalog)
mirror = IPv4(src="10.0.0.1", dst="10.0.0.2") / UDP(src_port=1) / Telemetry(switch=1, delay=2)
mirrored = codec.decode(codec.encode(mirror), first=IPv4)
assert_type(mirrored[Telemetry].switch, int)
assert_type(mirrored.get(Telemetry), Telemetry | None)
assert_type(Telemetry(switch=1, delay=2).replace(delay=3), Telemetry)
assert_type(oc.DEFAULT.with_binding(oc.UDP_PORT(48879), VXLAN), oc.Catalog)
assert_type(oc.UDP_PORT(48879), oc.Key)

# --- captures ---------------------------------------------------------------------------------------------------------


def from_a_capture(path: Path) -> list[Packet]:
    with oc.open_capture(path) as capture:
        for record in capture:
            assert_type(record.time_ns, int | None)
            assert_type(record.wire_length, int)
            assert_type(record.data, bytes)
            assert_type(record.link_type, int)
            assert_type(record.comment, str | None)
            assert_type(record.decode(lax=True), Packet)
    with oc.open_capture(str(path)) as capture:
        tenant = [p for p in capture.packets(lax=True) if p.get(VXLAN) and p[VXLAN].vni == 100]
    assert_type(tenant, list[Packet])
    return tenant


def to_a_capture(path: Path) -> list[Packet]:
    oc.write_capture(path, [frame])
    return from_a_capture(path)


# --- columns ----------------------------------------------------------------------------------------------------------

frames = oc.encode_columns(
    frame,
    {"vxlan.vni": np.arange(3, dtype=np.uint32), "inner.ipv4.src": ["192.168.0.7"] * 3, "payload": [b"", b"a", b"bc"]},
)
assert_type(frames, oc.Frames)
assert_type(oc.encode_columns(None, {"vxlan.vni": [1]}, pipeline=oc.Pipeline(VXLAN)), oc.Frames)
assert_type(oc.encode_columns(frame, {"vxlan.vni": [1]}, pipeline=pipeline + VLANTag + IPv4 + UDP), oc.Frames)
assert_type(frames[0], bytes)
assert_type(list(frames), list[bytes])
assert_type(len(frames), int)


def written(path: Path) -> int:
    table = oc.columns(path, ["vxlan.vni"])
    return oc.write_capture(path, oc.encode_columns(VXLAN(vni=1), table, catalog=codec))


# --- tunnels and VLANs ------------------------------------------------------------------------------------------------

tep = tunnel.VXLANTunnel(
    vni=100, src="10.0.0.1", dst=IPv4Address("10.0.0.2"), link=Ethernet(dst=MACAddress(1), src="02:00:00:00:00:01")
)
assert_type(tep.src, IPv4Address | IPv6Address)
assert_type(tep.replace(vni=7), tunnel.VXLANTunnel)
assert_type(tep.encapsulate(frame), Packet)
assert_type(tep.encapsulate(b"", identification=7), Packet)
assert_type(tep.overhead_octets, int)
received = tep.receive(data)
assert_type(received, tunnel.Received | tunnel.Refusal)
if received:
    assert_type(received, tunnel.Received)
    assert_type(received.frame, bytes)
else:
    assert_type(received, tunnel.Refusal)
    assert_type(received.path, str)
assert_type(tep.payload(data), bytes)
assert_type(tep.from_payload(data), tunnel.Received | tunnel.Refusal)
assert_type(tep.too_big(data, path_mtu=1500), Packet | None)
inside = tunnel.decapsulate(tep.encapsulate(data))
assert_type(inside.frame, bytes)
assert_type(inside.vni, int | None)
assert_type(inside.tunnel, Packet)
assert_type(inside.packet, Packet)
assert_type(tunnel.decapsulate_all(data), tuple[tunnel.Decapsulated, ...])
own = tunnel.GeneveTunnel(
    vni=5, src="fd00::1", dst="fd00::2", options=(OVNOption(ingress_port=1, egress_port=2), Mine())
)
assert_type(own.encapsulate(frame)[Geneve].vni, int)
assert_type(oc.DEFAULT.with_option(Geneve, Mine), oc.Catalog)
assert_type(telemetry.hops(INTMD(hop_ml=1, instructions=0x8000)), tuple[telemetry.INTHop, ...])
assert_type(telemetry.with_hops(INTMD(hop_ml=1, instructions=0x8000), ()), INTMD)
assert_type(oc.vlan.pop(vlan.push(frame, vid=7)), Packet)
assert_type(oc.tunnel.decapsulate(data).frame, bytes)
assert_type(vlan.push(frame, vid=7, pcp=3, tpid=0x88A8), Packet)
assert_type(vlan.translate(frame, {7: 8}, scope="inner"), Packet)
assert_type(vlan.tags(frame, scope="inner"), tuple[vlan.Tag, ...])
assert_type(vlan.Port.trunk([10, 20]).ingress(frame), vlan.Classified | None)
assert_type(vlan.route(frame, vid=None, src="02:00:00:00:00:01", dst=MACAddress(1), scope="inner"), Packet | None)

# --- strategies -------------------------------------------------------------------------------------------------------

assert_type(overlay.headers(VLANTag), SearchStrategy[VLANTag])
assert_type(overlay.headers(VLANTag, vid=7), SearchStrategy[VLANTag])
assert_type(overlay.packets(VXLAN), SearchStrategy[Packet])
assert_type(overlay.packets(VXLAN, fixed={"vxlan.vni": 5}, depth=(1, 2), payload=b""), SearchStrategy[Packet])
assert_type(overlay.frames(stack=(Ethernet, VLANTag[0:3], IPv4 | IPv6)), SearchStrategy[bytes])
assert_type(overlay.captures(format="pcap"), SearchStrategy[bytes])
assert_type(overlay.malformed_bytes(), SearchStrategy[overlay.MalformedBytes])
assert_type(oc.strategies.headers(oc.NSH), SearchStrategy[oc.NSH])

# --- catalogs, and families that are imported when they are asked for -------------------------------------------------

assert_type(oc.DEFAULT.headers, tuple[type[Header], ...])
assert_type(oc.DEFAULT.bindings, tuple[tuple[oc.Key, type[Header]], ...])
assert_type(oc.DEFAULT.key_of(oc.ETHERTYPE, oc.LLDP), int | None)
assert_type(oc.UDP_PORT(9).as_fallback(), oc.Key)
assert_type(oc.NSH(service_path=1), oc.NSH)
assert_type(oc.reference.decode_header(VXLAN, oc.encode(VXLAN(vni=1))), tuple[VXLAN, int])


@given(overlay.packets(VXLAN))
def law(packet: Packet) -> None:
    assert_type(packet[VXLAN].vni, int)
