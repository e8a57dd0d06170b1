r"""A node of a flannel network (VXLAN backend): its pods reach the pods of other nodes, each node with its own subnet.

flannel uses VXLAN with VNI 1 and UDP port 8472. Pods of different nodes are in different subnets, so nodes route: the
Ethernet header in the tunnel has the MAC addresses of the two nodes' tunnel devices. Nothing is learned or flooded. For
each other node, a table has its subnet, IP address and MAC address; flanneld takes this table from Kubernetes or etcd.

Namespaces: `node` is a node as flannel makes it, with the device flannel.1 and the pod `far`. The node of this program
is `ours`, with the pod `near`.

    for name in near ours node far; do ip netns add $name; ip -n $name link set lo up; done
    ip -n ours link add under type veth peer name under netns node
    ip -n ours address add 10.77.0.2/24 dev under
    ip -n ours link set under up
    ip -n node address add 10.77.0.1/24 dev under
    ip -n node link set under up
    ip -n ours link add pods type veth peer name eth0 netns near
    ip -n ours link set pods up
    ip -n node link add pods type veth peer name eth0 netns far
    ip -n node address add 10.244.1.1/24 dev pods
    ip -n node link set pods mtu 1450 up
    for pod in near:2 far:1; do
      ip -n ${pod%:*} address add 10.244.${pod#*:}.7/24 dev eth0
      ip -n ${pod%:*} link set eth0 mtu 1450 up
      ip -n ${pod%:*} route add default via 10.244.${pod#*:}.1
    done
    ip netns exec node sysctl -qw net.ipv4.ip_forward=1
    ip -n node link add flannel.1 address 02:f1:00:00:00:01 type vxlan id 1 local 10.77.0.1 dstport 8472 nolearning
    ip -n node address add 10.244.1.0/32 dev flannel.1
    ip -n node link set flannel.1 mtu 1450 up
    ip -n node route add 10.244.2.0/24 via 10.244.2.0 dev flannel.1 onlink
    ip -n node neighbour add 10.244.2.0 lladdr 02:f1:00:00:00:02 dev flannel.1 nud permanent
    bridge -n node fdb append 02:f1:00:00:00:02 dev flannel.1 dst 10.77.0.2

Run:

    ip netns exec ours python -m examples.flannel_node pods --gateway 10.244.2.1/24 --local 10.77.0.2 \
        --own-mac 02:f1:00:00:00:02 --node 10.244.1.0/24=10.77.0.1=02:f1:00:00:00:01

Try:

    ip netns exec near ping -c 3 10.244.1.7
    ip netns exec far ping -c 3 10.244.2.7

Both are answered, with a TTL of 62: both nodes are routers.
"""

from __future__ import annotations

import argparse
import select
from collections.abc import Mapping
from ipaddress import IPv4Interface, IPv4Network
from typing import NamedTuple

import overlaycodec as oc
from examples.neighbours import Neighbours
from examples.packet_port import PacketPort
from examples.udp_underlay import UDPUnderlay, finished
from overlaycodec import ARP, Ethernet, IPv4, MACAddress, Packet, icmp_errors, tunnel, vlan

VNI, PORT = 1, 8472
IP_IN_ETHERNET = ["ethernet", "ipv4"]


class Node(NamedTuple):
    """Another node: the tunnel to it, and the MAC address of its tunnel device."""

    tep: tunnel.VXLANTunnel
    mac: MACAddress


class FlannelNode:
    """Routes between the pods of this node and those of other nodes."""

    def __init__(
        self,
        pods: PacketPort,
        underlay: UDPUnderlay,
        gateway: IPv4Interface,
        own_mac: MACAddress,
        nodes: Mapping[IPv4Network, Node],
    ) -> None:
        self.pods, self.underlay, self.gateway, self.own_mac, self.nodes = pods, underlay, gateway, own_mac, nodes
        self.receiver = next(iter(nodes.values())).tep
        self.neighbours = Neighbours(own_mac, gateway.ip, self.send_arp)

    def send_arp(self, to: MACAddress, arp: ARP) -> None:
        """Sends an ARP packet to the pods."""
        self.pods.send(oc.encode(Ethernet(dst=to, src=self.own_mac) / arp))

    def from_pod(self, octets: bytes) -> None:
        """Handles a frame of a pod."""
        packet = oc.decode(octets, lax=True)
        if ARP in packet:
            for waited in self.neighbours.heard(packet[ARP]):
                self.to_pod(waited)
        elif packet.names[:2] == IP_IN_ETHERNET and packet[Ethernet].dst == self.own_mac:
            self.to_node(packet)

    def to_node(self, packet: Packet) -> None:
        """Sends a packet to the node of its destination, or an ICMP error to the pod."""
        own = str(self.gateway.ip)
        node = next((node for subnet, node in self.nodes.items() if packet[IPv4].dst in subnet), None)
        message: Packet | None = None
        if node is None:
            message = icmp_errors.unreachable(packet, reason="network", src=own)
        elif (routed := vlan.route(packet, vid=None, src=self.own_mac, dst=node.mac)) is None:
            message = icmp_errors.time_exceeded(packet, src=own)
        elif node.tep.excess_octets(routed, 1500):
            message = node.tep.too_big(packet, path_mtu=1500, src=own)
        else:
            self.underlay.send(node.tep, oc.encode(routed))
        if message is not None:
            self.pods.send(oc.encode(message))

    def from_node(self, payload: bytes, traffic_class: int) -> None:
        """Handles a packet of another node: one for the pods has the MAC address of our tunnel device."""
        got = self.receiver.from_payload(payload, traffic_class=traffic_class)
        if not got:
            print(got, flush=True)
            return
        packet = got.packet
        if packet.names[:2] != IP_IN_ETHERNET or packet[Ethernet].dst != self.own_mac:
            return
        if packet[IPv4].dst in self.gateway.network:
            for frame in finished(got.frame, self.receiver.inner_mtu(1500)):
                self.to_pod(oc.decode(frame, lax=True))

    def to_pod(self, packet: Packet) -> None:
        """Sends a packet to its pod, once the pod's MAC address is known."""
        mac = self.neighbours.mac_of(packet[IPv4].dst, packet)
        if mac is not None and (routed := vlan.route(packet, vid=None, src=self.own_mac, dst=mac)) is not None:
            self.pods.send(oc.encode(routed))

    def serve(self) -> None:
        """Does not return."""
        while True:
            for number in select.select([self.pods.fileno(), self.underlay.fileno()], [], [], 0.2)[0]:
                if number == self.pods.fileno():
                    for frame in self.pods.receive():
                        self.from_pod(frame)
                elif received := self.underlay.receive():
                    payload, _, traffic_class = received
                    self.from_node(payload, traffic_class)
            self.neighbours.lost()  # pods that do not answer: the other node is not informed


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="A node of a flannel network.")
    parser.add_argument("pods", help="the device to the pods")
    parser.add_argument("--gateway", type=IPv4Interface, required=True, help="the address of the node in its subnet")
    parser.add_argument("--local", required=True, help="the IP address of this node")
    parser.add_argument("--own-mac", type=MACAddress, required=True, help="the MAC address of its tunnel device")
    parser.add_argument("--node", action="append", required=True, metavar="SUBNET=ADDRESS=MAC", help="another node")
    given = parser.parse_args()
    underlay = UDPUnderlay(given.local, PORT)
    nodes: dict[IPv4Network, Node] = {}
    for text in given.node:
        subnet, address, mac = text.split("=")
        tep = tunnel.VXLANTunnel(vni=VNI, src=given.local, dst=address, dst_port=PORT, src_ports=underlay.src_ports)
        nodes[IPv4Network(subnet)] = Node(tep, MACAddress(mac))
    node = FlannelNode(PacketPort(given.pods), underlay, given.gateway, given.own_mac, nodes)
    print("ready", flush=True)
    node.serve()


if __name__ == "__main__":
    main()
