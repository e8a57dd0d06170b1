r"""A VXLAN endpoint on packet sockets: the segment of a container continues at the kernel's VXLAN of another host.

Namespaces: `near` is the container, `far` the other host with the kernel's VXLAN; the endpoint runs in `tep`. All
devices keep their default offloads. `tep` has no address on the underlay, because its kernel would answer the packets
("port unreachable"). Therefore `far` has a neighbour entry for it.

    for name in near tep far; do ip netns add $name; ip -n $name link set lo up; done
    ip -n tep link add inside type veth peer name eth0 netns near
    ip -n tep link add under address 02:00:00:00:00:0b type veth peer name under address 02:00:00:00:00:0a netns far
    ip -n near address add 192.168.100.2/24 dev eth0
    ip -n near link set eth0 up
    ip -n tep link set inside up
    ip -n tep link set under up
    ip -n far address add 10.77.0.1/24 dev under
    ip -n far link set under up
    ip -n far neighbour replace 10.77.0.2 lladdr 02:00:00:00:00:0b dev under nud permanent
    ip -n far link add vxlan100 type vxlan id 100 dstport 4789 local 10.77.0.1 remote 10.77.0.2
    ip -n far address add 192.168.100.1/24 dev vxlan100
    ip -n far link set vxlan100 up

Run:

    ip netns exec tep python -m examples.vxlan_packet_endpoint inside under --vni 100 \
        --local 10.77.0.2 --own-mac 02:00:00:00:00:0b --remote 10.77.0.1 --remote-mac 02:00:00:00:00:0a

Try:

    ip netns exec near ping -c 3 192.168.100.1
    ip netns exec near ping -c 3 -M do -s 1472 192.168.100.1
    ip netns exec near ping -c 3 -M do -s 1422 192.168.100.1

The first and the third ping are answered: 1422 octets are all that fits. For the second, ping prints "Frag needed and
DF set (mtu = 1450)" or "message too long, mtu=1450": the endpoint told the container the MTU inside the tunnel. TCP
works in both directions. The endpoint prints the packets that it refuses, and why.
"""

from __future__ import annotations

import argparse
import select
from collections.abc import Iterable

import overlaycodec as oc
from examples.packet_port import PacketPort
from overlaycodec import tunnel

NOT_OURS = {"no-tunnel", "destination", "link-destination"}
"""Refusals of packets that are for somebody else, such as the neighbour discovery of the other host."""


class Endpoint:
    """Frames from `inside` go to `underlay` in a tunnel, and the other way."""

    def __init__(self, inside: PacketPort, underlay: PacketPort, tep: tunnel.VXLANTunnel, path_mtu: int) -> None:
        self.inside, self.underlay, self.tep, self.path_mtu = inside, underlay, tep, path_mtu

    def outwards(self, frames: Iterable[bytes]) -> None:
        """Sends the frames of the container. If one does not fit, its sender is informed."""
        for frame in frames:
            if not self.tep.excess_octets(frame, self.path_mtu):
                self.underlay.send(oc.encode(self.tep.encapsulate(frame)))
            elif message := self.tep.too_big(frame, path_mtu=self.path_mtu):
                self.inside.send(oc.encode(message))

    def inwards(self, packets: Iterable[bytes]) -> None:
        """Gives the container the frames of packets that are for this endpoint."""
        self.inside.send_all(self.accepted(packets))

    def accepted(self, packets: Iterable[bytes]) -> Iterable[bytes]:
        """The frames; prints why a packet is refused."""
        for packet in packets:
            if got := self.tep.receive(packet):
                yield got.frame
            elif got.rule not in NOT_OURS:
                print(got, flush=True)

    def serve(self) -> None:
        """Does not return."""
        while True:
            for port in select.select([self.inside, self.underlay], [], [])[0]:
                if port is self.inside:
                    self.outwards(port.receive())
                else:
                    self.inwards(port.receive())


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="A VXLAN endpoint on packet sockets.")
    parser.add_argument("inside", help="the device to the container")
    parser.add_argument("underlay", help="the device to the other endpoint")
    parser.add_argument("--vni", type=int, required=True)
    parser.add_argument("--local", required=True, help="the IP address of this endpoint")
    parser.add_argument("--own-mac", required=True)
    parser.add_argument("--remote", required=True, help="the IP address of the other endpoint")
    parser.add_argument("--remote-mac", required=True, help="its MAC address, or that of the next router")
    parser.add_argument("--path-mtu", type=int, default=1500)
    given = parser.parse_args()
    link = oc.Ethernet(dst=given.remote_mac, src=given.own_mac)
    tep = tunnel.VXLANTunnel(vni=given.vni, src=given.local, dst=given.remote, link=link)
    endpoint = Endpoint(PacketPort(given.inside), PacketPort(given.underlay), tep, given.path_mtu)
    print("ready", flush=True)
    endpoint.serve()


if __name__ == "__main__":
    main()
