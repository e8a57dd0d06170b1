"""An endpoint written with the library, between the kernel's VXLAN device and a container, as users write it."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from typing import Final

import overlaycodec as oc
from overlaycodec import tunnel
from tests.interop.live.linux_vxlan import DEVICE, NO_OFFLOADS, LinuxVXLAN
from tests.interop.live.namespaces import Namespace
from tests.interop.live.peer import Peer
from tests.interop.live.ports import PacketSocket
from tests.interop.live.underlay import HERE, PEER

KERNEL: Final = ("192.168.100.1", "fd00:100::1")
CONTAINER: Final = ("192.168.100.2", "fd00:100::2")
UNDERLAY_MTU: Final = 1500
INNER_MTU: Final = 1450


class PythonEndpoint(Peer):
    """Two hosts in one segment: the kernel's device, and a container behind an endpoint in Python.

    The underlay carries 1500 octets, and `mtu` is what the container believes to have.
    """

    def __init__(self, mtu: int = INNER_MTU) -> None:
        with ExitStack() as stack:
            self.kernel = stack.enter_context(LinuxVXLAN())
            self.container = stack.enter_context(Namespace())
            self.version = self.kernel.version
            self.endpoint = tunnel.VXLANTunnel(
                vni=100, src=HERE.ipv4, dst=PEER.ipv4, link=oc.Ethernet(dst=PEER.mac, src=HERE.mac)
            )
            self.refusals: list[tunnel.Refusal] = []
            self.messages: list[oc.Packet] = []
            here = stack.enter_context(Namespace())
            for namespace in (here, self.container):
                namespace.set("ipv6.conf.default.disable_ipv6", 1)
            here.ip(f"link add inside mtu {mtu} type veth peer name eth0 mtu {mtu} netns {self.container.path}")
            for namespace, device in ((here, "inside"), (self.container, "eth0")):
                namespace.run("ethtool", "-K", device, *NO_OFFLOADS)
            here.ip("link set inside up")
            kernel = self.kernel.namespace
            kernel.ip(f"link set peer mtu {UNDERLAY_MTU}", f"link set {DEVICE} mtu {INNER_MTU}")
            for namespace, device, addresses in ((kernel, DEVICE, KERNEL), (self.container, "eth0", CONTAINER)):
                namespace.set(f"ipv6.conf.{device}.disable_ipv6", 0)
                namespace.ip(
                    "link set lo up",
                    f"link set {device} up",
                    f"address add {addresses[0]}/24 dev {device}",
                    f"address add {addresses[1]}/64 dev {device} nodad",
                )
            self._inside = PacketSocket(here, "inside")
            stack.callback(self._inside.close)
            self._ends = threading.Event()
            self._threads = [threading.Thread(target=loop, daemon=True) for loop in (self._outwards, self._inwards)]
            for thread in self._threads:
                thread.start()
            stack.callback(self._end)
            self._stack = stack.pop_all()

    def _outwards(self) -> None:
        """What the container sends: in the tunnel, or an answer that it does not fit."""
        while not self._ends.is_set():
            if (frame := self._inside.receive(0.05)) is None:
                continue
            if self.endpoint.excess_octets(frame, UNDERLAY_MTU):
                if (message := self.endpoint.too_big(frame, path_mtu=UNDERLAY_MTU)) is not None:
                    self.messages.append(message)
                    self._inside.send(oc.encode(message))
                continue
            self.kernel.outside.send(oc.encode(self.endpoint.encapsulate(frame)))

    def _inwards(self) -> None:
        """What the kernel sends: its frame, or nothing."""
        while not self._ends.is_set():
            if (data := self.kernel.outside.receive(0.05)) is None:
                continue
            if got := self.endpoint.receive(data):
                self._inside.send(got.frame)
            else:
                self.refusals.append(got)

    def _end(self) -> None:
        self._ends.set()
        for thread in self._threads:
            thread.join(10)


class BelievingPythonEndpoint(PythonEndpoint):
    """The same, where the container believes to have the MTU of the underlay."""

    def __init__(self) -> None:
        super().__init__(UNDERLAY_MTU)
