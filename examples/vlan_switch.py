r"""A switch with VLANs: access and trunk ports, a table of MAC addresses for each VLAN, flooding within a VLAN.

Namespaces: `red` and `rose` are hosts in VLAN 10, `blue` is a host in VLAN 20, each at an access port. A trunk joins
the switches `left` and `right`.

    for name in left right red rose blue; do ip netns add $name; ip -n $name link set lo up; done
    ip -n left link add trunk type veth peer name trunk netns right
    ip -n left link set trunk up
    ip -n right link set trunk up
    plug() {
      ip -n $1 link add $2 type veth peer name eth0 netns $2
      ip -n $1 link set $2 up
      ip -n $2 address add $3 dev eth0
      ip -n $2 link set eth0 up
    }
    plug left red 10.0.0.1/24
    plug right rose 10.0.0.2/24
    plug right blue 10.0.0.3/24

Run:

    ip netns exec left python -m examples.vlan_switch red=access:10 trunk=trunk:10,20
    ip netns exec right python -m examples.vlan_switch rose=access:10 blue=access:20 trunk=trunk:10,20

Try:

    ip netns exec red ping -c 3 10.0.0.2
    ip netns exec red ping -c 3 10.0.0.3
    ip netns exec right tcpdump -c 3 -ne -i trunk vlan

The first ping is answered, the second is not, although the addresses are in one subnet: `blue` is in another VLAN. On
the trunk, tcpdump shows the tags ("vlan 10").
"""

from __future__ import annotations

import argparse
import select
import time
from collections.abc import Mapping, Sequence

import overlaycodec as oc
from examples.packet_port import PacketPort
from overlaycodec import vlan

AGE = 300.0
"""Seconds after which a MAC address is forgotten (IEEE 802.1Q table 8-6)."""
MOST = 8192
"""How many MAC addresses are learned."""
RESERVED = 0x0180C2000000
"""The first of 16 addresses that a bridge does not forward, such as those of STP and LLDP (IEEE 802.1Q table 8-1)."""


class Switch:
    """Ports by name, and where each MAC address was last seen."""

    def __init__(self, devices: Mapping[str, PacketPort], ports: Mapping[str, vlan.Port]) -> None:
        self.devices, self.ports = devices, ports
        self.names = {device.fileno(): name for name, device in devices.items()}
        self.seen: dict[tuple[int, oc.MACAddress], tuple[str, float]] = {}

    def forward(self, name: str, octets: bytes) -> None:
        """Forwards a frame that a port has received."""
        packet = oc.decode(octets, lax=True)
        if oc.Ethernet not in packet or int(packet[oc.Ethernet].dst) & ~0xF == RESERVED:
            return
        frame = self.ports[name].ingress(packet)
        if frame is None:
            return
        link = packet[oc.Ethernet]
        self.learn(frame.vid, link.src, name)
        for to in self.destinations(frame.vid, link.dst):
            if to != name and (sent := self.ports[to].egress(frame)) is not None:
                self.devices[to].send(oc.encode(sent))

    def learn(self, vid: int, mac: oc.MACAddress, name: str) -> None:
        """Groups are never learned, and no more addresses than there is room for."""
        if not mac.is_multicast and ((vid, mac) in self.seen or len(self.seen) < MOST):
            self.seen[vid, mac] = name, time.monotonic()

    def destinations(self, vid: int, mac: oc.MACAddress) -> Sequence[str]:
        """The port behind which the address was seen, or all ports."""
        name, seconds = self.seen.get((vid, mac), ("", 0.0))
        return [name] if name and time.monotonic() - seconds < AGE else list(self.ports)

    def serve(self) -> None:
        """Does not return."""
        while True:
            for number in select.select(list(self.names), [], [])[0]:
                name = self.names[number]
                for frame in self.devices[name].receive():
                    self.forward(name, frame)


def port_of(text: str) -> vlan.Port:
    """The port that the command line describes."""
    kind, vids, *more = text.split(":")
    if kind == "access":
        return vlan.Port.access(int(vids), priority=int(more[0]) if more else 0)
    if kind == "trunk":
        return vlan.Port.trunk(map(int, vids.split(",")), native=int(more[0]) if more else None)
    raise ValueError(f"{kind} is neither access nor trunk")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="A switch with VLANs.")
    parser.add_argument("ports", nargs="+", metavar="DEVICE=access:VID[:PRIORITY] or DEVICE=trunk:VID,VID[:NATIVE]")
    given = parser.parse_args()
    ports = {device: port_of(rest) for device, _, rest in (text.partition("=") for text in given.ports)}
    switch = Switch({device: PacketPort(device) for device in ports}, ports)
    print("ready", flush=True)
    switch.serve()


if __name__ == "__main__":
    main()
