"""The IP layer of this machine's kernel as a host: a veth in a namespace, and raw sockets that hear what is delivered.

Strategy: behind each frame goes a fence, a datagram that is known to be delivered. The kernel handles what one
processor sent in order, and a raw socket has its packet before the next one is looked at. So once the fence is there,
everything that was delivered before it is there too.
"""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Final

import overlaycodec as oc
from tests.interop.live.linux_vxlan import underlay, version_of_kernel
from tests.interop.live.machine import PATIENCE, Silent
from tests.interop.live.namespaces import Namespace
from tests.interop.live.passage import fence, number_of, on_one_processor
from tests.interop.live.peer import Peer
from tests.interop.live.ports import LARGEST, PacketSocket
from tests.interop.live.underlay import HERE, PEER

PROTOCOLS: Final = (2, 17, 58, 89, 103, 112, 253)
"""What the sockets hear, by IP protocol; 253 is for experiments (RFC 3692)."""
GROUPS_4: Final = ("224.0.0.5", "224.0.0.9", "224.0.0.13", "224.0.0.18", "224.0.0.22", "224.0.0.251", "239.1.1.1")
GROUPS_6: Final = ("ff02::2", "ff02::9", "ff02::16", "ff02::1:2", "ff02::1:ff00:b", "ff02::1:3")
_FENCE_PROTOCOL: Final = 17


class LinuxHost(Peer):
    """A host of the addresses of `PEER`, a member of the groups above."""

    def __init__(self) -> None:
        with ExitStack() as stack:
            self.namespace = stack.enter_context(Namespace())
            here = stack.enter_context(Namespace())
            underlay(here, self.namespace, 6)
            self.namespace.set("ipv4.conf.all.rp_filter", 0)
            self.namespace.set("ipv4.conf.peer.rp_filter", 0)
            for name in ("all", "peer"):  # else it takes no segment routing at all
                self.namespace.set(f"ipv6.conf.{name}.seg6_enabled", 1)
            self._out = PacketSocket(here, "here")
            stack.callback(self._out.close)
            self._sockets: list[socket.socket] = []
            with self.namespace.entered():
                device = socket.if_nametoindex("peer")
                for family in (socket.AF_INET, socket.AF_INET6):
                    for protocol in PROTOCOLS:
                        heard = socket.socket(family, socket.SOCK_RAW, protocol)
                        stack.callback(heard.close)
                        heard.setblocking(False)
                        if (family, protocol) == (socket.AF_INET, _FENCE_PROTOCOL):
                            self._fences = heard
                        else:
                            self._sockets.append(heard)
                member, member6 = self._sockets[0], self._sockets[-1]
                for group in GROUPS_4:
                    ends = socket.inet_aton(group) + socket.inet_aton(PEER.ipv4)
                    member.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, ends)
                for group in GROUPS_6:
                    joined = socket.inet_pton(socket.AF_INET6, group) + struct.pack("=I", device)
                    member6.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, joined)
            self.version = version_of_kernel()
            self._number = 0
            self._until_ready()
            self._until_heard()
            self._stack = stack.pop_all()

    def _until_ready(self) -> None:
        """Waits for the route of IPv6 groups, which the kernel adds a moment after the link is up."""
        end = time.monotonic() + PATIENCE
        while "multicast ff00::/8" not in self.namespace.run("ip", "-6", "route", "show", "table", "local"):
            if time.monotonic() > end:
                raise Silent("the device did not become ready for IPv6")
            time.sleep(0.02)

    def _until_heard(self) -> None:
        """Waits for a fence: what is sent before the link is up is lost."""
        end = time.monotonic() + PATIENCE
        while True:
            self._number += 1
            self._out.send(_wrapped(fence(self._number)))
            self._fences.settimeout(0.05)
            try:
                while number_of(self._fences.recv(LARGEST)) is None:
                    pass
            except TimeoutError:
                if time.monotonic() > end:
                    raise Silent("no fence came out") from None
            else:
                return

    def delivered(self, frames: Sequence[bytes]) -> list[bool]:
        """Whether the host delivers each frame to its protocol. Raises: Silent."""
        return [self._delivered(frame) for frame in frames]

    def _delivered(self, frame: bytes) -> bool:
        self._heard(frame)
        self._number += 1
        with on_one_processor():
            self._out.send(frame)
            self._out.send(_wrapped(fence(self._number)))
        heard = False
        while True:
            packet = self._next_datagram()
            if number_of(packet) == self._number:
                return self._heard(frame) or heard
            heard = heard or is_of(packet, frame, 4)

    def _next_datagram(self) -> bytes:
        self._fences.settimeout(PATIENCE)
        try:
            return self._fences.recv(LARGEST)
        except TimeoutError:
            raise Silent(f"fence {self._number} did not come out") from None

    def _heard(self, frame: bytes) -> bool:
        """Whether one of the other sockets has the frame; empties them."""
        found = False
        for heard in self._sockets:
            version = 4 if heard.family == socket.AF_INET else 6
            while True:
                try:
                    packet = heard.recv(LARGEST)
                except BlockingIOError:
                    break
                found = found or is_of(packet, frame, version)
        return found


def is_of(heard: bytes, frame: bytes, version: int) -> bool:
    """Whether a raw socket heard the frame, and not what the kernel at its other end said for itself at that moment.

    IPv4 comes with its header, whose options the receiver writes; IPv6 comes without headers.
    """
    return heard[(heard[0] & 15) * 4 if version == 4 else 0 :] in frame


def _wrapped(octets: bytes) -> bytes:
    link = oc.Ethernet(dst=PEER.mac, src=HERE.mac)
    return oc.encode(link / oc.IPv4(src=HERE.ipv4, dst=PEER.ipv4) / oc.UDP(src_port=9, dst_port=9) / octets)
