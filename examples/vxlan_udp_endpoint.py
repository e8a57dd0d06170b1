r"""A VXLAN endpoint on UDP sockets with asyncio: it learns MAC addresses, and floods what it does not know.

A frame to a known MAC address goes to the endpoint behind which this address was seen. Other frames go to every
endpoint of the flood list (head-end replication).

Namespaces: `near` is a container; the endpoint runs in `tep`; `one` and `two` are hosts with the kernel's VXLAN.
All are in one segment. `wire` is the underlay.

    for name in near tep wire one two; do ip netns add $name; ip -n $name link set lo up; done
    ip -n wire link add bridge0 type bridge mcast_snooping 0
    ip -n wire link set bridge0 up
    for host in one:1 tep:2 two:3; do
      ip -n wire link add ${host%:*} type veth peer name under netns ${host%:*}
      ip -n wire link set ${host%:*} master bridge0 up
      ip -n ${host%:*} address add 10.77.0.${host#*:}/24 dev under
      ip -n ${host%:*} link set under up
    done
    for host in one:1 two:3; do
      ip -n ${host%:*} link add vxlan42 type vxlan id 42 dstport 4789 local 10.77.0.${host#*:} remote 10.77.0.2
      ip -n ${host%:*} address add 192.168.42.${host#*:}/24 dev vxlan42
      ip -n ${host%:*} link set vxlan42 up
    done
    ip -n tep link add inside type veth peer name eth0 netns near
    ip -n tep link set inside up
    ip -n near address add 192.168.42.2/24 dev eth0
    ip -n near link set eth0 mtu 1450 up

Run:

    ip netns exec tep python -m examples.vxlan_udp_endpoint inside \
        --vni 42 --local 10.77.0.2 --flood 10.77.0.1 10.77.0.3

Try:

    ip netns exec near ping -c 3 192.168.42.1
    ip netns exec near ping -c 3 192.168.42.3

Both hosts answer. The endpoint prints "learned", a MAC address and 10.77.0.1 or 10.77.0.3. Then pings to one host are
no longer sent to the other.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from typing import NamedTuple

import overlaycodec as oc
from examples.packet_port import PacketPort
from examples.udp_underlay import UDPUnderlay, finished
from overlaycodec import tunnel

AT_ONCE = 64
"""Packets that are read before the other side has its turn."""


class Learned(NamedTuple):
    """Behind which endpoint a MAC address was seen, and when."""

    address: str
    seconds: float


class Endpoint:
    """Frames from a device go to learned endpoints, or to all of the flood list."""

    def __init__(
        self, inside: PacketPort, underlay: UDPUnderlay, tep: tunnel.VXLANTunnel, flood: list[str], **limits: int
    ) -> None:
        self.inside, self.underlay, self.tep, self.flood = inside, underlay, tep, flood
        self.path_mtu, self.age, self.most = limits["path_mtu"], limits["age"], limits["most"]
        self.learned: dict[bytes, Learned] = {}
        self.teps: dict[str, tunnel.VXLANTunnel] = {}

    def outwards(self) -> None:
        """Sends what the device has received."""
        for frame in self.inside.receive():
            if self.tep.excess_octets(frame, self.path_mtu):
                if message := self.tep.too_big(frame, path_mtu=self.path_mtu):
                    self.inside.send(oc.encode(message))
                continue
            for address in self.destinations(frame[:6]):
                self.underlay.send(self.tep_to(address), frame)

    def inwards(self) -> None:
        """Takes the packets that have come, learns from them, and gives their frames to the device."""
        frames: list[bytes] = []
        for _ in range(AT_ONCE):
            if (received := self.underlay.receive()) is None:
                break
            payload, address, traffic_class = received
            if got := self.tep.from_payload(payload, traffic_class=traffic_class):
                self.learn(got.frame[6:12], address)
                frames += finished(got.frame, self.tep.inner_mtu(self.path_mtu))
            else:
                print(got, "from", address, flush=True)
        self.inside.send_all(frames)

    def destinations(self, mac: bytes) -> list[str]:
        """The endpoints to which a frame for this MAC address goes."""
        found = self.learned.get(mac)
        if found is None or time.monotonic() - found.seconds > self.age:
            return self.flood
        return [found.address]

    def learn(self, mac: bytes, address: str) -> None:
        """Groups are never learned, and no more addresses than there is room for."""
        known = self.learned.get(mac)
        if mac[0] & 1 or (known is None and len(self.learned) >= self.most):
            return
        self.learned[mac] = Learned(address, time.monotonic())
        if known is None or known.address != address:
            print("learned", oc.MACAddress(mac), address, flush=True)

    def tep_to(self, address: str) -> tunnel.VXLANTunnel:
        """The tunnel to an endpoint, made once."""
        if address not in self.teps:
            self.teps[address] = self.tep.replace(dst=address)
        return self.teps[address]

    async def serve(self) -> None:
        """Does not return."""
        loop = asyncio.get_running_loop()
        loop.add_reader(self.inside.fileno(), self.outwards)
        loop.add_reader(self.underlay.fileno(), self.inwards)
        print("ready", flush=True)
        await asyncio.Event().wait()


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="A VXLAN endpoint on UDP sockets that learns MAC addresses.")
    parser.add_argument("inside", help="the device to the container")
    parser.add_argument("--vni", type=int, required=True)
    parser.add_argument("--local", required=True, help="the IP address of this endpoint")
    parser.add_argument("--flood", nargs="+", required=True, help="the IP addresses of the other endpoints")
    parser.add_argument("--port", type=int, default=4789)
    parser.add_argument("--path-mtu", type=int, default=1500)
    parser.add_argument("--age", type=int, default=300, help="seconds after which a MAC address is forgotten")
    parser.add_argument("--most", type=int, default=4096, help="how many MAC addresses are learned")
    given = parser.parse_args()
    underlay = UDPUnderlay(given.local, given.port)
    tep = tunnel.VXLANTunnel(
        vni=given.vni, src=given.local, dst=given.flood[0], dst_port=given.port, src_ports=underlay.src_ports
    )
    limits = {"path_mtu": given.path_mtu, "age": given.age, "most": given.most}
    asyncio.run(Endpoint(PacketPort(given.inside), underlay, tep, given.flood, **limits).serve())


if __name__ == "__main__":
    main()
