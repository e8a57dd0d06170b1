"""Devices whose offloads are on, as they are by default, by packet sockets that have a virtio-net header."""

from __future__ import annotations

import select
import socket
import threading
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import overlaycodec as oc
from overlaycodec import offload, tunnel
from tests.interop.live.linux_vxlan import underlay, version_of_kernel
from tests.interop.live.namespaces import Namespace
from tests.interop.live.passage import Passage
from tests.interop.live.peer import Peer
from tests.interop.live.ports import LARGEST, PacketSocket
from tests.interop.live.underlay import HERE, PEER, unasked

_EVERY_ETHERTYPE: Final = 3
_PACKET_VNET_HDR: Final = 15
_PACKET_IGNORE_OUTGOING: Final = 23
_SOL_PACKET: Final = 263
_SO_RCVBUFFORCE: Final = 33
_VIRTIO_OCTETS: Final = 10


class CardSocket:
    """A device in a namespace, by AF_PACKET with PACKET_VNET_HDR."""

    def __init__(self, namespace: Namespace, device: str) -> None:
        with namespace.entered():
            self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self._socket.setsockopt(_SOL_PACKET, _PACKET_VNET_HDR, 1)
        self._socket.setsockopt(_SOL_PACKET, _PACKET_IGNORE_OUTGOING, 1)
        self._socket.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, 1 << 24)
        self._socket.bind((device, _EVERY_ETHERTYPE))

    def send(self, frame: bytes) -> None:
        """Out by the device; the frame has its header before it."""
        self._socket.send(frame)

    def receive(self, seconds: float) -> bytes | None:
        """The next of what came in, with the header before it."""
        return self._socket.recv(LARGEST) if select.select([self._socket], [], [], seconds)[0] else None

    def close(self) -> None:
        """Ends it."""
        self._socket.close()


class Segmenting(Peer):
    """This machine's kernel, which cuts what we leave to it: on a veth, or in its VXLAN, over a veth that does not.

    `devices` are what frames are sent to; `outside` is the other end of the veth.
    """

    DEVICES: Final = ("peer", "vxlan4", "vxlan4c", "vxlan6")

    def __init__(self) -> None:
        with ExitStack() as stack:
            self.namespace = stack.enter_context(Namespace())
            here = stack.enter_context(Namespace())
            underlay(here, self.namespace, 6)
            ipv4, ipv6 = (f"local {PEER.ipv4} remote {HERE.ipv4}", f"local {PEER.ipv6} remote {HERE.ipv6}")
            self.namespace.ip(
                f"link add vxlan4 type vxlan id 1 dstport 4789 noudpcsum {ipv4}",
                f"link add vxlan4c type vxlan id 2 dstport 8472 udpcsum {ipv4}",
                f"link add vxlan6 type vxlan id 3 dstport 4789 {ipv6}",
                *(f"link set {name} mtu 8000 up" for name in self.DEVICES[1:]),
            )
            self.outside = PacketSocket(here, "here")
            stack.callback(self.outside.close)
            self._entries = {name: CardSocket(self.namespace, name) for name in self.DEVICES}
            for entry in self._entries.values():
                stack.callback(entry.close)
            self.version = version_of_kernel()
            self._stack = stack.pop_all()

    def segments(self, device: str, frames: Sequence[offload.Coalesced]) -> list[tuple[bytes, ...]]:
        """What comes out of each frame that is sent to the device."""
        passage = Passage(self._entries[device], self.outside, wrapped=offload.to_kernel, window=4)
        return passage.through(list(map(offload.to_kernel, frames)))


class Coalescing(Peer):
    """Two ends of a veth: the one cuts what is sent, the other coalesces what it receives."""

    def __init__(self) -> None:
        with ExitStack() as stack:
            there = stack.enter_context(Namespace())
            here = stack.enter_context(Namespace())
            underlay(here, there, 4)
            here.run("ethtool", "-K", "here", "rx", "on", "gro", "on", "rx-udp-gro-forwarding", "on")
            self._entry, self._exit = CardSocket(there, "peer"), CardSocket(here, "here")
            for end in (self._entry, self._exit):
                stack.callback(end.close)
            self.version = version_of_kernel()
            self._stack = stack.pop_all()

    def received(self, frames: Sequence[offload.Coalesced]) -> list[tuple[bytes, ...]]:
        """What is received of each frame that is sent, with the header before it."""
        passage = Passage(
            self._entry,
            self._exit,
            wrapped=offload.to_kernel,
            window=1,
            heard=lambda data: not unasked(data[_VIRTIO_OCTETS:]),
        )
        return passage.through(list(map(offload.to_kernel, frames)))


class Containers(Peer):
    """Two containers with default offloads, one behind the kernel's VXLAN, one behind the documented endpoint.

    near - (veth) - ours - (veth) - bridge and VXLAN of the kernel - (veth) - far
    """

    NEAR, FAR = "192.168.100.2", "192.168.100.1"
    MTU: Final = 1450

    def __init__(self) -> None:
        with ExitStack() as stack:
            self.near, ours, kernel, self.far = (stack.enter_context(Namespace()) for _ in range(4))
            for namespace in (self.near, ours, kernel, self.far):
                namespace.set("ipv6.conf.default.disable_ipv6", 1)
                namespace.ip("link set lo up")
            ours.ip(
                f"link add under address {HERE.mac} type veth peer name under address {PEER.mac} netns {kernel.path}",
                f"link add near type veth peer name eth0 netns {self.near.path}",
            )
            kernel.ip(
                f"link add far type veth peer name eth0 netns {self.far.path}",
                f"address add {PEER.ipv4}/24 dev under",
                "link set under up",
                f"neighbour replace {HERE.ipv4} lladdr {HERE.mac} dev under nud permanent",
                "link add bridge0 type bridge mcast_snooping 0",
                f"link add vxlan0 type vxlan id 100 dstport 4789 udpcsum local {PEER.ipv4} remote {HERE.ipv4}",
                *(f"link set {name} master bridge0" for name in ("vxlan0", "far")),
                *(f"link set {name} up" for name in ("vxlan0", "far", "bridge0")),
            )
            ours.ip("link set under up", "link set near up")
            for namespace, address in ((self.near, self.NEAR), (self.far, self.FAR)):
                namespace.ip(f"address add {address}/24 dev eth0", f"link set eth0 mtu {self.MTU} up")
            endpoint = tunnel.VXLANTunnel(
                vni=100,
                src=HERE.ipv4,
                dst=PEER.ipv4,
                link=oc.Ethernet(dst=PEER.mac, src=HERE.mac),
                checksum="compute",
            )
            documented = documented_endpoint()
            with ours.entered():
                ends = [documented["port"](device) for device in ("near", "under")]
            for end in ends:
                end.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, 1 << 24)
                stack.callback(end.close)
            stopped = threading.Event()
            thread = threading.Thread(
                target=documented["serve"], args=(*ends, endpoint, lambda: not stopped.is_set()), daemon=True
            )
            thread.start()
            stack.callback(thread.join)
            stack.callback(stopped.set)
            self.version = version_of_kernel()
            self._stack = stack.pop_all()


def documented_endpoint() -> dict[str, Any]:
    """The functions of the endpoint that docs/offloads.md shows."""
    text = (Path(__file__).parents[3] / "docs" / "offloads.md").read_text(encoding="utf-8")
    functions: dict[str, Any] = {}  # Any: functions without annotations
    exec(text.partition("```python\n")[2].partition("```")[0], functions)
    return functions
