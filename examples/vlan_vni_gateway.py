r"""A gateway between VLANs and VXLAN: each VLAN of a trunk continues as an overlay network (RFC 7348 section 6.1).

The tag is removed before a frame enters the tunnel, and its priority becomes the DSCP of the outer packet. On the way
back, the VNI selects the VLAN, and the outer DSCP the priority. Frames of other VLANs and networks are dropped, and so
are frames that have a tag inside the VLAN or the tunnel.

Namespaces: `red` and `blue` are hosts in VLANs 10 and 20 of the switch `lan`. The gateway runs in `gate`, at the
trunk of the switch. `fabric` has the kernel's VXLAN with VNI 10010 and 10020. What `red` sends has priority 5.

    for name in red blue lan gate fabric; do ip netns add $name; ip -n $name link set lo up; done
    ip -n gate link add trunk type veth peer name trunk netns lan
    ip -n gate link add under type veth peer name under netns fabric
    ip -n gate link set trunk up
    ip -n lan link set trunk up
    ip -n gate address add 10.77.0.2/24 dev under
    ip -n gate link set under up
    ip -n fabric address add 10.77.0.1/24 dev under
    ip -n fabric link set under up
    for host in red:10 blue:20; do
      ip -n lan link add ${host%:*} type veth peer name eth0 netns ${host%:*}
      ip -n lan link set ${host%:*} up
      ip -n ${host%:*} address add 10.${host#*:}.0.1/24 dev eth0
      ip -n ${host%:*} link set eth0 mtu 1450 up
      ip -n fabric link add vxlan${host#*:} type vxlan id 100${host#*:} dstport 4789 local 10.77.0.1 remote 10.77.0.2
      ip -n fabric address add 10.${host#*:}.0.2/24 dev vxlan${host#*:}
      ip -n fabric link set vxlan${host#*:} up
    done

Run:

    ip netns exec lan python -m examples.vlan_switch red=access:10:5 blue=access:20 trunk=trunk:10,20
    ip netns exec gate python -m examples.vlan_vni_gateway trunk --local 10.77.0.2 --remote 10.77.0.1 10=10010 20=10020

Try:

    ip netns exec red ping -c 3 10.10.0.2
    ip netns exec blue ping -c 3 10.20.0.2
    ip netns exec fabric tcpdump -c 3 -nv -i under udp port 4789

Both hosts of `fabric` answer. While the first ping runs, tcpdump prints packets with "tos 0xa0" (DSCP 40, for
priority 5) and "vni 10010", and no inner tag.
"""

from __future__ import annotations

import argparse
import select

import overlaycodec as oc
from examples.packet_port import PacketPort
from examples.udp_underlay import UDPUnderlay, finished
from overlaycodec import tunnel, vlan


class Gateway:
    """Frames of a trunk go to the networks of their VLANs, and the other way."""

    def __init__(
        self, device: PacketPort, underlay: UDPUnderlay, tep: tunnel.VXLANTunnel, vnis: dict[int, int]
    ) -> None:
        self.device, self.underlay = device, underlay
        self.trunk = vlan.Port.trunk(vnis)
        sending = tep.replace(inner_tags="strip", priorities=tunnel.CLASS_SELECTORS)
        self.teps = {vid: sending.replace(vni=vni) for vid, vni in vnis.items()}
        self.receiver = sending.replace(inner_tags="refuse", reception=tunnel.Reception(any_network=True))
        self.vids = {vni: vid for vid, vni in vnis.items()}

    def to_overlay(self, frame: bytes) -> None:
        """Sends a frame of the trunk in the network of its VLAN."""
        classified = self.trunk.ingress(oc.decode(frame, lax=True))
        if classified is None or vlan.tags(classified.frame):
            return
        self.underlay.send(self.teps[classified.vid], frame)

    def to_trunk(self, payload: bytes, traffic_class: int) -> None:
        """Sends the frame of a network in its VLAN."""
        got = self.receiver.from_payload(payload, traffic_class=traffic_class)
        if not got:
            print(got, flush=True)
            return
        vid = None if got.vni is None else self.vids.get(got.vni)
        if vid is None:
            print(f"no VLAN for VNI {got.vni}", flush=True)
            return
        tagged: list[bytes] = []
        for frame in finished(got.frame, self.receiver.inner_mtu(1500)):
            packet = self.trunk.egress(vlan.Classified(vid, oc.decode(frame, lax=True), pcp=got.pcp or 0))
            if packet is not None:
                tagged.append(oc.encode(packet))
        self.device.send_all(tagged)

    def serve(self) -> None:
        """Does not return."""
        while True:
            for readable in select.select([self.device.fileno(), self.underlay.fileno()], [], [])[0]:
                if readable == self.device.fileno():
                    for frame in self.device.receive():
                        self.to_overlay(frame)
                elif received := self.underlay.receive():
                    payload, _, traffic_class = received
                    self.to_trunk(payload, traffic_class)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="A gateway between the VLANs of a trunk and VXLAN.")
    parser.add_argument("trunk", help="the device of the trunk")
    parser.add_argument("--local", required=True, help="the IP address of this endpoint")
    parser.add_argument("--remote", required=True, help="the IP address of the other endpoint")
    parser.add_argument("networks", nargs="+", metavar="VID=VNI")
    given = parser.parse_args()
    pairs = (text.partition("=") for text in given.networks)
    vnis = {int(vid): int(vni) for vid, _, vni in pairs}
    underlay = UDPUnderlay(given.local, 4789)
    tep = tunnel.VXLANTunnel(vni=0, src=given.local, dst=given.remote, src_ports=underlay.src_ports)
    gateway = Gateway(PacketPort(given.trunk), underlay, tep, vnis)
    print("ready", flush=True)
    gateway.serve()


if __name__ == "__main__":
    main()
