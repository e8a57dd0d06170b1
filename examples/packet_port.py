"""A network device as a port for frames, by a packet socket of Linux (AF_PACKET). The device keeps its offloads.

PACKET_VNET_HDR puts a header before each frame, which says what is unfinished in it: a checksum, or the division into
segments. PACKET_AUXDATA gives the VLAN tag, which the kernel removes from the frame. With both, `offload.from_kernel`
makes the frames that a card would have sent. Without them, the first TCP connection receives no answer, because its
checksums are wrong, and tagged frames look untagged.
"""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterable

import overlaycodec as oc
from overlaycodec import offload

SOL_PACKET, PACKET_AUXDATA, PACKET_VNET_HDR, PACKET_IGNORE_OUTGOING = 263, 8, 15, 23
ETH_P_ALL = 3
SO_RCVBUFFORCE = 33
LARGEST = 1 << 17
LOST = {errno.EINVAL, errno.EMSGSIZE, errno.ENETDOWN, errno.ENOBUFS}
"""What a device reports for a frame that it cannot send: too short, too long, device down, queue full."""


class PacketPort:
    """A port: it takes and gives frames as they are on a wire. It needs CAP_NET_RAW and CAP_NET_ADMIN."""

    def __init__(self, device: str) -> None:
        # Protocol 0: before bind, the socket receives nothing from other devices.
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        for option in (PACKET_VNET_HDR, PACKET_AUXDATA, PACKET_IGNORE_OUTGOING):
            self._socket.setsockopt(SOL_PACKET, option, 1)
        self._socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 24)
        self._socket.bind((device, ETH_P_ALL))

    def fileno(self) -> int:
        """For `select` and asyncio."""
        return self._socket.fileno()

    def receive(self) -> tuple[bytes, ...]:
        """The next frames: more than one if the kernel left the division into segments to the card."""
        try:
            data, messages, _, _ = self._socket.recvmsg(LARGEST, 64)
        except OSError as error:
            if error.errno == errno.ENETDOWN:
                return ()
            raise
        auxdata = next(
            (value for level, kind, value in messages if (level, kind) == (SOL_PACKET, PACKET_AUXDATA)), None
        )
        try:
            return offload.from_kernel(data, auxdata=auxdata)
        except oc.CodecError:  # a frame that no card could divide
            return ()

    def send(self, frame: bytes | offload.Coalesced) -> None:
        """Sends a frame, or loses it, as a card does. The kernel divides a coalesced frame where that is necessary."""
        try:
            for data in offload.kernel_writes(frame):
                self._socket.send(data)
        except OSError as error:
            if error.errno not in LOST:
                raise

    def send_all(self, frames: Iterable[bytes]) -> None:
        """Sends frames, the segments of a TCP flow as one, as cards do it for their host: far fewer system calls."""
        together = tuple(frames)
        for frame in offload.coalesce(together) if len(together) > 1 else together:
            self.send(frame)
