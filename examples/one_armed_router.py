r"""A router on one trunk port: it has a sub-interface in each VLAN, and routes IPv4 between the VLANs.

It answers ARP and ping for its own addresses. For packets that it cannot forward, it sends ICMP errors: TTL exceeded,
no route, no answer from the host.

Namespaces: `red` is a host in VLAN 10, `blue` in VLAN 20. The switch runs in `lan`, the router in `router`.

    for name in red blue lan router; do ip netns add $name; ip -n $name link set lo up; done
    ip -n lan link add trunk type veth peer name trunk netns router
    ip -n lan link set trunk up
    ip -n router link set trunk up
    for host in red:10 blue:20; do
      ip -n lan link add ${host%:*} type veth peer name eth0 netns ${host%:*}
      ip -n lan link set ${host%:*} up
      ip -n ${host%:*} address add 10.${host#*:}.0.2/24 dev eth0
      ip -n ${host%:*} link set eth0 up
      ip -n ${host%:*} route add default via 10.${host#*:}.0.1
    done

Run:

    ip netns exec lan python -m examples.vlan_switch red=access:10 blue=access:20 trunk=trunk:10,20
    ip netns exec router python -m examples.one_armed_router trunk 02:00:00:00:00:fe 10=10.10.0.1/24 20=10.20.0.1/24

Try:

    ip netns exec red ping -c 3 10.20.0.2
    ip netns exec red ping -c 1 -t 1 10.20.0.2
    ip netns exec red ping -c 1 10.20.0.77
    ip netns exec red ping -c 1 10.30.0.1
    ip netns exec router tcpdump -c 4 -ne -i trunk icmp

The first ping is answered, with a TTL of 63: one router is on the way. The others print "Time to live exceeded",
"Destination Host Unreachable" and "Destination Net Unreachable", from 10.10.0.1. While the first ping runs, tcpdump
shows each packet twice: with the tag of VLAN 10 and with that of VLAN 20.
"""

from __future__ import annotations

import argparse
import select
from ipaddress import IPv4Interface

import overlaycodec as oc
from examples.neighbours import Neighbours
from examples.packet_port import PacketPort
from overlaycodec import ARP, ICMP, Ethernet, ICMPEcho, IPv4, MACAddress, Packet, VLANTag, icmp_errors, vlan


class SubInterface:
    """The router in one VLAN."""

    def __init__(self, trunk: PacketPort, mac: MACAddress, vid: int, address: IPv4Interface) -> None:
        self.trunk, self.mac, self.vid, self.address = trunk, mac, vid, address
        self.neighbours = Neighbours(mac, address.ip, self.send_arp)

    def send_arp(self, to: MACAddress, arp: ARP) -> None:
        """Sends an ARP packet in this VLAN."""
        self.trunk.send(oc.encode(Ethernet(dst=to, src=self.mac) / VLANTag(vid=self.vid) / arp))


class Router:
    """Sub-interfaces by VLAN."""

    def __init__(self, trunk: PacketPort, mac: MACAddress, addresses: dict[int, IPv4Interface]) -> None:
        self.trunk, self.mac = trunk, mac
        self.links = {vid: SubInterface(trunk, mac, vid, address) for vid, address in addresses.items()}

    def received(self, octets: bytes) -> None:
        """Handles a frame from the trunk."""
        packet = oc.decode(octets, lax=True)
        tags = vlan.tags(packet)
        if len(tags) != 1 or (link := self.links.get(tags[0].vid)) is None:
            return
        if ARP in packet:
            for waited in link.neighbours.heard(packet[ARP]):
                self.forward(waited)
        elif packet.names[:3] == ["ethernet", "vlan", "ipv4"] and packet[Ethernet].dst == self.mac and is_valid(packet):
            if any(packet[IPv4].dst == each.address.ip for each in self.links.values()):
                self.answer(packet)
            else:
                self.forward(packet)

    def answer(self, packet: Packet) -> None:
        """Answers a ping to one of the router's addresses."""
        if ICMPEcho not in packet.outer or packet[ICMP].type != ICMP.Type.ECHO_REQUEST:
            return
        link, network = packet[Ethernet], packet[IPv4]
        turned = packet.replace(Ethernet, dst=link.src, src=self.mac).replace(ICMP, type=ICMP.Type.ECHO_REPLY)
        self.trunk.send(oc.encode(oc.fill(turned.replace(IPv4, src=network.dst, dst=network.src, ttl=64))))

    def forward(self, packet: Packet) -> None:
        """Sends the packet into the VLAN of its destination, or an ICMP error into the VLAN of its source."""
        address = packet[IPv4].dst
        out = next((link for link in self.links.values() if address in link.address.network), None)
        if packet[IPv4].ttl <= 1:
            self.complain(icmp_errors.time_exceeded(packet, src=self.own_address(packet), link_src=self.mac))
        elif out is None:
            self.refuse(packet, "network")
        elif (mac := out.neighbours.mac_of(address, packet)) is not None:
            routed = vlan.route(packet, vid=out.vid, src=self.mac, dst=mac)
            assert routed is not None  # the TTL was examined above
            self.trunk.send(oc.encode(routed))

    def refuse(self, packet: Packet, reason: icmp_errors.Unreachable) -> None:
        """Informs the sender that its packet does not reach its destination."""
        own = self.own_address(packet)
        self.complain(icmp_errors.unreachable(packet, reason=reason, src=own, link_src=self.mac))

    def own_address(self, packet: Packet) -> str:
        """The router's address in the VLAN that the packet came from."""
        return str(self.links[vlan.tags(packet)[0].vid].address.ip)

    def complain(self, message: Packet | None) -> None:
        """Sends an ICMP error, if one may be sent."""
        if message is not None:
            self.trunk.send(oc.encode(message))

    def serve(self) -> None:
        """Does not return."""
        while True:
            if select.select([self.trunk], [], [], 0.2)[0]:
                for frame in self.trunk.receive():
                    self.received(frame)
            for link in self.links.values():
                for packet in link.neighbours.lost():
                    self.refuse(packet, "host")


def is_valid(packet: Packet) -> bool:
    """Whether the IP header is complete and has a correct checksum (RFC 1812 section 5.2.2)."""
    return oc.checksums(packet).get("ipv4.checksum") is oc.ChecksumStatus.VALID


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="A router between the VLANs of one trunk.")
    parser.add_argument("trunk", help="the device of the trunk")
    parser.add_argument("mac", help="the MAC address of the router")
    parser.add_argument("interfaces", nargs="+", metavar="VID=ADDRESS/LENGTH")
    given = parser.parse_args()
    pairs = (text.partition("=") for text in given.interfaces)
    router = Router(
        PacketPort(given.trunk), MACAddress(given.mac), {int(vid): IPv4Interface(text) for vid, _, text in pairs}
    )
    print("ready", flush=True)
    router.serve()


if __name__ == "__main__":
    main()
