"""Misuses: mypy --strict and pyright each reject exactly the lines that end in `# E`. Nothing here runs."""

# ruff: noqa: B018 - the checkers must reject an expression, whatever is done with it

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address
from typing import Annotated

import overlaycodec as oc
from overlaycodec import (
    GRE,
    UDP,
    VXLAN,
    Ethernet,
    Geneve,
    GeneveOption,
    IPv4,
    IPv6,
    MACAddress,
    Packet,
    VLANTag,
    reassembly,
    tunnel,
    vlan,
)


class Telemetry(oc.Header, spec="in-house", keys=(oc.UDP_PORT(9999),)):
    """A protocol of one's own."""

    switch: Annotated[int, oc.Bits(24), "Switch id"]
    hops: Annotated[int, oc.Bits(8), "Hops"] = 0


packet = oc.decode(b"")
tag = VLANTag(vid=7)
ip = IPv4(src="10.0.0.1", dst="10.0.0.2")

# missing
VXLAN()  # E
VLANTag(pcp=3)  # E
Ethernet(dst="02:00:00:00:00:02")  # E
GeneveOption(option_class=1)  # E
Telemetry()  # E
oc.decode()  # E

# unknown
VXLAN(vni=1, colour=2)  # E
VLANTag(vlan=7)  # E
Telemetry(switch=1, port=2)  # E
tag.vlan  # E
packet[VXLAN].vid  # E
packet.header  # E
oc.decode(b"", strict=True)  # E

# positional
VXLAN(100)  # E
VLANTag(0, False, 7)  # E
Telemetry(1)  # E
oc.decode(b"", IPv4)  # E

# wrong type
VXLAN(vni="100")  # E
VXLAN(vni=None)  # E
VLANTag(vid=7, dei="no")  # E
Ethernet(dst=3, src="02:00:00:00:00:01")  # E
IPv4(src=3, dst="10.0.0.2")  # E
IPv4(src=IPv6Address("::1"), dst="10.0.0.2")  # E
IPv6(src=IPv4Address("10.0.0.1"), dst="::1")  # E
GRE(key="7")  # E
Geneve(vni=1, options=("option",))  # E
Geneve(vni=1, options=GeneveOption(option_class=1, type=1))  # E
GeneveOption(option_class=1, type=1, data="text")  # E
Telemetry(switch=1.5)  # E
oc.decode("text")  # E
oc.decode(b"", first="ethernet")  # E
oc.decode(b"", first=1)  # E
oc.encode(b"octets")  # E
oc.decode_header(VLANTag, 3)  # E
ip / "text"  # E
ip / 3  # E
packet / [tag]  # E

# mutation
tag.vid = 8  # E
ip.src = "10.0.0.3"  # E
ip.ttl = 1  # E
packet.payload = b"other"  # E
packet[VXLAN].vni = 5  # E
packet.headers[0] = tag  # E

# wrong key
packet[0]  # E
packet[VXLAN, "first"]  # E
packet.get(5)  # E
packet.at(VXLAN)  # E
packet.replace(b"vxlan", vni=1)  # E
packet.without(b"vxlan")  # E
packet.insert(VXLAN, tag)  # E
oc.DEFAULT.with_binding(4789, VXLAN)  # E
oc.DEFAULT.with_binding(oc.UDP_PORT(4789), 3)  # E
oc.DEFAULT.with_header(3)  # E
oc.UDP_PORT("4789")  # E

# wrong sides, wrong rules
oc.diff(packet, "trace.pcap")  # E
oc.diff("trace.pcap", "other.pcap", first=IPv4)  # E
reassembly.FragmentReassembler(overlap="both")  # E
reassembly.fragment(packet)  # E
reassembly.STTReassembler().feed("trace.pcap")  # E

# wrong use of what is read
vni: str = packet[VXLAN].vni  # E
source: str = packet[IPv4].src  # E
address: IPv6Address = packet[IPv4].src  # E
link: IPv4Address = packet[Ethernet].src  # E
key: int = GRE(protocol_type=0x0800).key  # E
found: VXLAN = packet.get(VXLAN)  # E
headers: list[oc.Header] = packet.headers  # E
fault: oc.DecodeError = packet.fault  # E
whole: bytes = oc.decode(b"")  # E
other: UDP = packet[VXLAN]  # E
text: str = oc.encode(Packet())  # E
mac: MACAddress = packet[IPv4].dst  # E

# wrong pipelines
oc.Pipeline("Ethernet")  # E
oc.Pipeline(oc.Ethernet, 5)  # E
oc.Pipeline(oc.Ethernet, payload=1)  # E
stack: tuple[UDP, VXLAN] = oc.Pipeline(UDP, oc.Geneve).unpack(b"")  # E
oc.Pipeline(UDP, VXLAN).unpack(b"")[1].src_port  # E
first: VXLAN = oc.Pipeline(UDP, VXLAN).decode(b"")  # E
oc.Pipeline(UDP, VXLAN).encode((UDP, VXLAN))  # E
oc.Pipeline(UDP, VXLAN).build(vxlan=5)  # E

# wrong columns
oc.encode_columns(b"", {})  # E
oc.encode_columns(packet, {"vxlan.vni": 5})  # E
oc.encode_columns(None, {"vxlan.vni": [5]})  # E
oc.encode_columns(packet, [("vxlan.vni", [5])])  # E
octets: bytes = oc.encode_columns(packet, {"vxlan.vni": [5]})  # E

# wrong tunnels and VLANs
tunnel.VXLANTunnel(src="10.0.0.1", dst="10.0.0.2")  # E
tunnel.VXLANTunnel(vni=1, src=3, dst="10.0.0.2")  # E
tunnel.VXLANTunnel(vni=1, src="10.0.0.1", dst="10.0.0.2", ecn="loud")  # E
tunnel.GeneveTunnel(vni=1, src="10.0.0.1", dst="10.0.0.2", options=(1,))  # E
tunnel.decapsulate("text")  # E
tunnel.decapsulate(b"").frame = b""  # E
vlan.push(packet)  # E
vlan.pop(b"")  # E
vlan.translate(packet, {"7": 8})  # E
sent: Packet = vlan.route(packet, vid=1, src="02:00:00:00:00:01", dst="02:00:00:00:00:02")  # E

# facts are not to be had from a field: derivers read its plans
field = oc.VXLAN.__layout__.by_name["vni"]
field.facts  # E
field.condition  # E
field.get(oc.Bits)  # E
field[oc.Bits]  # E
found_fact: bool = oc.Bits in field  # E
oc.UDP.__layout__.bounds  # E
oc.IPv4.__layout__.parts[0].condition  # E
