"""UDP sockets as the underlay of tunnel endpoints. The kernel writes the outer IP and UDP headers, and verifies them.

A UDP socket has one source port. Routers distribute load by ports, so there is one socket for each of a few source
ports, and the flow of a frame selects the socket. No privileges are necessary.

If the other end of a tunnel is on the same machine, behind virtual devices only, its frames arrive unfinished: nothing
on the way computed the inner checksums and divided large frames. Unlike a packet socket, a UDP socket does not report
this, so `finished` examines the frame.
"""

from __future__ import annotations

import errno
import socket
import struct
from ipaddress import ip_address

import overlaycodec as oc
from overlaycodec import offload, tunnel

SENDERS = 8
FIRST_PORT = 50000  # tcpdump reads 49152 as another protocol
IP_MTU_DISCOVER, IPV6_MTU_DISCOVER, PMTUDISC_DO = 10, 23, 2
LARGEST = 1 << 16
CHECKSUM_NOT_READY = struct.pack("=IIIHHHH", 0x08, 0, 0, 0, 0, 0, 0)
"""What PACKET_AUXDATA would say of a frame whose checksum may be unfinished (struct tpacket_auxdata)."""
LOST = {errno.EMSGSIZE, errno.ENOBUFS, errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EPERM}
"""What the kernel reports for a packet that it does not send: too long, queue full, no route, filtered."""


class UDPUnderlay:
    """The sockets of one endpoint at an address of this host."""

    src_ports = (FIRST_PORT, FIRST_PORT + SENDERS - 1)
    """For the `src_ports` of endpoints."""

    def __init__(self, local: str, port: int) -> None:
        self._ipv4 = ip_address(local).version == 4
        self._receiver = self._bound(local, port)
        self._receiver.setblocking(False)
        self._receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        if self._ipv4:
            self._receiver.setsockopt(socket.IPPROTO_IP, socket.IP_RECVTOS, 1)
        else:
            self._receiver.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVTCLASS, 1)
        self._senders = {number: self._bound(local, number) for number in self._ports()}

    def _ports(self) -> range:
        first, last = self.src_ports
        return range(first, last + 1)

    def _bound(self, local: str, port: int) -> socket.socket:
        bound = socket.socket(socket.AF_INET if self._ipv4 else socket.AF_INET6, socket.SOCK_DGRAM)
        if self._ipv4:
            bound.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, PMTUDISC_DO)  # DF is set
        else:
            bound.setsockopt(socket.IPPROTO_IPV6, IPV6_MTU_DISCOVER, PMTUDISC_DO)
        bound.bind((local, port))
        return bound

    def fileno(self) -> int:
        """Of the socket that receives, for `select` and asyncio."""
        return self._receiver.fileno()

    def send(self, tep: tunnel.UDPTunnel, frame: bytes) -> None:
        """Sends a frame to the other end of a tunnel, with the DSCP and the congestion mark that belong to it."""
        octet = tep.traffic_class(frame).to_bytes(4, "little")
        level, kind = (socket.IPPROTO_IP, socket.IP_TOS) if self._ipv4 else (socket.IPPROTO_IPV6, socket.IPV6_TCLASS)
        sender = self._senders[tep.source_port(frame)]
        try:
            sender.sendmsg([tep.payload(frame)], [(level, kind, octet)], 0, (str(tep.dst), tep.dst_port))
        except OSError as error:
            if error.errno not in LOST:
                raise

    def receive(self) -> tuple[bytes, str, int] | None:
        """A payload, the address of its sender, and its traffic class, for `from_payload`; None if there is none."""
        try:
            data, messages, _, sender = self._receiver.recvmsg(LARGEST, 64)
        except BlockingIOError:
            return None
        traffic_class = next((value[0] for _, _, value in messages), 0)
        return data, str(sender[0]).partition("%")[0], traffic_class


def finished(frame: bytes, mtu: int) -> tuple[bytes, ...]:
    """The frames that a card would have made of the frame in a datagram; `mtu` is that of the tunnel's inside."""
    packet = oc.decode(frame, lax=True)
    try:
        if len(frame) > 14 + mtu and oc.TCP in packet:
            return offload.segment(frame, 14 + mtu - (len(frame) - len(packet.payload)))
        return offload.from_kernel(frame, header=None, auxdata=CHECKSUM_NOT_READY)
    except (oc.CodecError, ValueError):  # a damaged frame, which its receiver would drop
        return ()
