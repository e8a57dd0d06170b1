"""Where frames go into a peer and come out of it."""

from __future__ import annotations

import select
import socket
import struct
import time
from typing import Final, Protocol

from tests.interop.live.machine import PATIENCE
from tests.interop.live.namespaces import Namespace

LARGEST: Final = 1 << 17
"""More octets than any frame has."""

_EVERY_ETHERTYPE: Final = 3
_PACKET_AUXDATA: Final = 8
_PACKET_IGNORE_OUTGOING: Final = 23
_SOL_PACKET: Final = 263
_SO_MARK: Final = 36
_SO_RCVBUFFORCE: Final = 33
_VLAN_VALID, _TPID_VALID = 0x10, 0x40


class Port(Protocol):
    """One end of a peer."""

    def send(self, frame: bytes) -> None:
        """Puts a frame in."""

    def receive(self, seconds: float) -> bytes | None:
        """The next frame that came out; None where none does in that time."""

    def close(self) -> None:
        """Ends it."""


class PacketSocket:
    """A device in a namespace, by AF_PACKET: what is sent leaves by the device, what came in by it is received."""

    def __init__(self, namespace: Namespace, device: str) -> None:
        with namespace.entered():
            # Protocol 0: before bind, the socket receives nothing from other devices.
            self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self._socket.setsockopt(_SOL_PACKET, _PACKET_AUXDATA, 1)
        self._socket.setsockopt(_SOL_PACKET, _PACKET_IGNORE_OUTGOING, 1)
        self._socket.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, 1 << 24)
        self._socket.bind((device, _EVERY_ETHERTYPE))
        self._socket.setblocking(False)

    def send(self, frame: bytes) -> None:
        """Out by the device."""
        select.select([], [self._socket], [], PATIENCE)
        self._socket.send(frame)

    def mark(self, value: int) -> None:
        """The mark of what is sent from now on."""
        self._socket.setsockopt(socket.SOL_SOCKET, _SO_MARK, value)

    def receive(self, seconds: float) -> bytes | None:
        """What came in, with the VLAN tag that the kernel keeps beside the frame put back."""
        if not select.select([self._socket], [], [], seconds)[0]:
            return None
        data, beside, _, _ = self._socket.recvmsg(LARGEST, 512)
        for level, kind, words in beside:
            if (level, kind) == (_SOL_PACKET, _PACKET_AUXDATA):
                status, _, _, _, _, tci, tpid = struct.unpack_from("=IIIHHHH", words)
                if status & _VLAN_VALID:
                    tag = struct.pack("!HH", tpid if status & _TPID_VALID else 0x8100, tci)
                    data = data[:12] + tag + data[12:]
        return data

    def close(self) -> None:
        """Ends it."""
        self._socket.close()


class RoutedSocket:
    """What a namespace routes: whole IP packets go in, nothing comes out."""

    def __init__(self, namespace: Namespace) -> None:
        with namespace.entered():
            self._sockets = {
                4: socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW),
                6: socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_RAW),
            }

    def send(self, frame: bytes) -> None:
        """To where the packet says."""
        if frame[0] >> 4 == 4:
            self._sockets[4].sendto(frame, (socket.inet_ntop(socket.AF_INET, frame[16:20]), 0))
        else:
            self._sockets[6].sendto(frame, (socket.inet_ntop(socket.AF_INET6, frame[24:40]), 0))

    def receive(self, seconds: float) -> bytes | None:
        """Nothing."""
        return None

    def close(self) -> None:
        """Ends it."""
        for ended in self._sockets.values():
            ended.close()


class DatagramPort:
    """One end of a pair of UNIX sockets on which each datagram is a frame."""

    def __init__(self) -> None:
        self._socket, self.peer = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        for end in (self._socket, self.peer):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        self._socket.setblocking(False)

    def send(self, frame: bytes) -> None:
        """Waits while the peer has not taken enough of those before."""
        if not select.select([], [self._socket], [], PATIENCE)[1]:
            raise TimeoutError("the peer takes no frames")
        self._socket.send(frame)

    def receive(self, seconds: float) -> bytes | None:
        """One datagram."""
        if not select.select([self._socket], [], [], seconds)[0]:
            return None
        return self._socket.recv(LARGEST)

    def close(self) -> None:
        """Ends both ends."""
        self._socket.close()
        self.peer.close()


def connected(path: str, patience: float = PATIENCE) -> socket.socket:
    """A UNIX stream socket, once somebody listens there. Raises: OSError where nobody does in that time."""
    end = time.monotonic() + patience
    while True:
        stream = socket.socket(socket.AF_UNIX)
        try:
            stream.connect(path)
        except (FileNotFoundError, ConnectionRefusedError):  # a path is there before somebody listens
            stream.close()
            if time.monotonic() > end:
                raise
            time.sleep(0.02)
        except OSError:
            stream.close()
            raise
        else:
            return stream


class StreamPort:
    """A UNIX stream socket on which two octets of length stand before each frame."""

    def __init__(self, path: str) -> None:
        self._socket = connected(path)
        self._octets = bytearray()

    def send(self, frame: bytes) -> None:
        """Waits while the peer has not taken enough of those before."""
        self._socket.settimeout(PATIENCE)
        self._socket.sendall(struct.pack("!H", len(frame)) + frame)

    def receive(self, seconds: float) -> bytes | None:
        """One frame."""
        self._socket.settimeout(max(seconds, 0.001))
        while (frame := self._whole()) is None:
            try:
                octets = self._socket.recv(LARGEST)
            except TimeoutError:
                return None
            if not octets:
                raise ConnectionError("the peer closed the stream")
            self._octets += octets
        return frame

    def _whole(self) -> bytes | None:
        if len(self._octets) < 2:
            return None
        end = 2 + int.from_bytes(self._octets[:2], "big")
        if len(self._octets) < end:
            return None
        frame = bytes(self._octets[2:end])
        del self._octets[:end]
        return frame

    def close(self) -> None:
        """Ends it."""
        self._socket.close()
