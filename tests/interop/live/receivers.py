"""Tunnel receivers of real stacks, asked one question: what do you deliver of these packets?

>>> with LinuxVXLANReceiver() as receiver:
...     receiver.deliver([oc.encode(over_udp(oc.VXLAN(vni=receiver.vni), frame))])  # [frame], or [None] where dropped

Packets are whole frames of the underlay, from `HERE` to `PEER`; `underlay.over_udp` makes their outer headers.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from typing import ClassVar, Final

import overlaycodec as oc
from tests.interop.live import linux_vxlan
from tests.interop.live.linux_vxlan import LinuxVXLAN
from tests.interop.live.ovs import OpenVSwitch
from tests.interop.live.passage import Passage
from tests.interop.live.peer import Peer
from tests.interop.live.uml import UserModeLinux
from tests.interop.live.underlay import HERE, PEER, over_udp, to_peer

ETHERNET: Final = 0x6558
NVGRE_KEY: Final = 0x1234AB07
"""The VSID 0x1234AB and the FlowID 7 (RFC 7637 section 3.2)."""


class Receiver(Peer):
    """A tunnel endpoint that takes packets of the underlay and delivers inner frames."""

    vni: ClassVar[int] = linux_vxlan.VNI
    """The one that a receiver with a fixed VNI takes."""
    version: str
    """Of the stack."""

    def __init__(self) -> None:
        with ExitStack() as stack:
            self._passage = self._open(stack)
            self._stack = stack.pop_all()

    def deliver(self, packets: Sequence[bytes]) -> list[bytes | None]:
        """For each packet the frame that came out of it, None where it was dropped."""
        delivered: list[bytes | None] = []
        for packet, frames in zip(packets, self._passage.through(packets), strict=True):
            if len(frames) > 1:
                raise RuntimeError(f"{len(frames)} frames came out of {packet.hex()}")
            delivered.append(frames[0] if frames else None)
        return delivered

    def deliver_each(self, packets: Sequence[bytes]) -> list[bytes | None]:
        """The same, one at a time, each to a peer that has forgotten those before."""
        return [frame for packet in packets for frame in self.deliver([packet])]

    def _open(self, stack: ExitStack) -> Passage:
        """Starts the peer; `stack` ends it."""
        raise NotImplementedError

    @classmethod
    def wrapped(cls, frame: bytes) -> bytes:
        """A packet with this inner frame, as plain as the receiver takes it."""
        raise NotImplementedError

    @classmethod
    def due(cls, frame: bytes) -> bytes | None:
        """What comes out where nothing is wrong with the packet: its inner frame, whatever is in it."""
        return frame


class _OverVXLAN(Receiver):
    ip_version: ClassVar[int] = 4

    @classmethod
    def wrapped(cls, frame: bytes) -> bytes:
        return oc.encode(over_udp(oc.VXLAN(vni=cls.vni), frame, version=cls.ip_version, dst_port=4789))


class _OverGeneve(Receiver):
    @classmethod
    def wrapped(cls, frame: bytes) -> bytes:
        return oc.encode(over_udp(oc.Geneve(vni=cls.vni, protocol_type=ETHERNET), frame))


class _OverGRE(Receiver):
    @classmethod
    def wrapped(cls, frame: bytes) -> bytes:
        return oc.encode(to_peer() / oc.GRE(checksum_present=True, protocol_type=ETHERNET) / frame)


class _LinuxReceiver(Receiver):
    @classmethod
    def due(cls, frame: bytes) -> bytes | None:
        """The frame; but Linux takes the outermost tag out of it, and asks for two octets behind (`skb_vlan_untag`)."""
        tagged = frame[12:14] in (b"\x81\x00", b"\x88\xa8")
        return None if tagged and len(frame) < 20 else frame


class LinuxVXLANReceiver(_LinuxReceiver, _OverVXLAN):
    """This machine's kernel, a device with the VNI `vni`."""

    options: ClassVar[str] = ""

    def _open(self, stack: ExitStack) -> Passage:
        peer = stack.enter_context(LinuxVXLAN(self.options, version=self.ip_version))
        self.version = peer.version
        return Passage(peer.outside, peer.inside, wrapped=self.wrapped)


class LinuxVXLANLearningReceiver(LinuxVXLANReceiver):
    """The same as Linux makes it if it is not told otherwise: it learns addresses, and minds who sends frames."""

    options = "learning"


class LinuxVXLANOverIPv6Receiver(LinuxVXLANLearningReceiver):
    """The same over IPv6."""

    ip_version = 6


class LinuxVXLANGBPReceiver(LinuxVXLANReceiver):
    """The same with group policies, which takes plain VXLAN too."""

    options = "gbp"


class _OVSReceiver(Receiver):
    kind: ClassVar[str]
    remote: ClassVar[str] = HERE.ipv4
    """From where it takes packets; "flow" is from anywhere."""

    def _open(self, stack: ExitStack) -> Passage:
        self._switch = switch = stack.enter_context(OpenVSwitch())
        host = switch.host("h1")
        switch.tunnel("t1", self.kind, f"remote_ip={self.remote}")
        switch.flows("in_port=t1,actions=output:h1")
        self.version = switch.version
        return Passage(switch.underlay, host, wrapped=self.wrapped, unblock=self._forget)

    def deliver_each(self, packets: Sequence[bytes]) -> list[bytes | None]:
        """The same, one at a time.

        Open vSwitch 3.1 keeps a flow for a packet that it dropped, and drops by it others that it would deliver.
        """
        delivered: list[bytes | None] = []
        for packet in packets:
            self._forget()
            delivered += self.deliver([packet])
        return delivered

    def _forget(self) -> None:
        self._switch.control("dpctl/del-flows")


class OVSVXLANReceiver(_OVSReceiver, _OverVXLAN):
    """Open vSwitch's userspace datapath, any VNI."""

    kind = "vxlan"


class OVSVXLANOpenReceiver(OVSVXLANReceiver):
    """The same, from anywhere."""

    remote = "flow"


class OVSGeneveReceiver(_OVSReceiver, _OverGeneve):
    """Open vSwitch's userspace datapath, any VNI, no option known to it."""

    kind = "geneve"


class OVSGeneveOpenReceiver(OVSGeneveReceiver):
    """The same, from anywhere."""

    remote = "flow"


class OVSGREReceiver(_OVSReceiver, _OverGRE):
    """Open vSwitch's userspace datapath, from anywhere, any key or none."""

    kind = "gre"
    remote = "flow"


class _UMLReceiver(_LinuxReceiver):
    device: ClassVar[str]

    def _open(self, stack: ExitStack) -> Passage:
        kernel = stack.enter_context(UserModeLinux())
        kernel.run(f"ip link add g0 type {self.device}", "ip link set g0 up")
        kernel.tie("g0")
        self.version = kernel.version
        return Passage(kernel.underlay, kernel.inside, wrapped=self.wrapped)


class LinuxGeneveReceiver(_UMLReceiver, _OverGeneve):
    """The kernel of user-mode Linux, a device with the VNI `vni`."""

    device = f"geneve id {Receiver.vni} remote {HERE.ipv4}"


class OVSNVGREReceiver(OVSGREReceiver):
    """The same, spoken to with a key, and without checksums."""

    @classmethod
    def wrapped(cls, frame: bytes) -> bytes:
        return oc.encode(to_peer() / oc.GRE(key=NVGRE_KEY, protocol_type=ETHERNET) / frame)


class LinuxNVGREReceiver(_UMLReceiver):
    """The kernel of user-mode Linux, a device with the key `NVGRE_KEY`."""

    device = f"gretap local {PEER.ipv4} remote {HERE.ipv4} key {NVGRE_KEY}"

    @classmethod
    def wrapped(cls, frame: bytes) -> bytes:
        return oc.encode(to_peer() / oc.GRE(key=NVGRE_KEY, protocol_type=ETHERNET) / frame)


class LinuxGREReceiver(_UMLReceiver, _OverGRE):
    """The same, a device without a key and with checksums."""

    device = f"gretap local {PEER.ipv4} remote {HERE.ipv4} csum"
