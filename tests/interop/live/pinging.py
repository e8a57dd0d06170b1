"""Pings of which none counts as lost because the machine is busy.

The program ping takes an answer for lost that comes after twice the usual time, or a second or two after the last one.
"""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Callable
from typing import Final

import overlaycodec as oc
from tests.interop.live.machine import PATIENCE
from tests.interop.live.namespaces import Namespace
from tests.interop.live.ports import LARGEST

_IDENTIFIER: Final = 0x4F43
_UNDER_WAY: Final = 16
_MTU_DISCOVER: Final = {4: (socket.IPPROTO_IP, 10), 6: (socket.IPPROTO_IPV6, 23)}
_WANT, _DO = 1, 2


def eventually(holds: Callable[[], object], what: str, patience: float = PATIENCE) -> None:
    """Waits until that is true, and fails where it does not become so."""
    end = time.monotonic() + patience
    while not holds():
        assert time.monotonic() < end, what
        time.sleep(0.05)


def answered(
    namespace: Namespace,
    address: str,
    count: int,
    octets: int,
    *,
    may_fragment: bool = False,
    patience: float = PATIENCE,
) -> int:
    """How many of so many pings are answered; it gives up where for so many seconds no answer comes.

    None is cut in fragments unless it may be, and is longer than the MTU of the path that the kernel knows.
    """
    version = 6 if ":" in address else 4
    found: set[int] = set()
    sent = 0
    with namespace.entered():
        if version == 4:
            pinging = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
        else:
            pinging = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
    with pinging:
        pinging.setsockopt(*_MTU_DISCOVER[version], _WANT if may_fragment else _DO)
        end = time.monotonic() + patience
        # not connected: a connected one fails at the next call for an ICMP error about a packet before
        while len(found) < count and (left := end - time.monotonic()) > 0:
            while sent < min(count, len(found) + _UNDER_WAY):
                pinging.sendto(_echo(version, sent, octets, is_answer=False), (address, 0))
                sent += 1
            if not select.select([pinging], [], [], left)[0]:
                break
            data, (sender, *_) = pinging.recvfrom(LARGEST)
            sequence = _sequence(version, data, octets)
            if sender == address and sequence is not None and sequence not in found:
                found.add(sequence)
                end = time.monotonic() + patience
    return len(found)


def reach(namespace: Namespace, address: str) -> None:
    """Waits until a ping is answered: by then the neighbours know each other."""
    eventually(lambda: answered(namespace, address, 1, 8, patience=2), f"nobody answers at {address}")


def _echo(version: int, sequence: int, octets: int, *, is_answer: bool) -> bytes:
    if version == 4:
        kind = oc.ICMP.Type.ECHO_REPLY if is_answer else oc.ICMP.Type.ECHO_REQUEST
        echo = oc.ICMPEcho(identifier=_IDENTIFIER, sequence=sequence)
        return oc.encode(oc.ICMP(type=kind) / echo / bytes(octets))
    # the kernel writes the checksum, which is of the addresses too
    return bytes([129 if is_answer else 128]) + bytes(3) + _words(_IDENTIFIER, sequence) + bytes(octets)


def _words(*values: int) -> bytes:
    return b"".join(value.to_bytes(2, "big") for value in values)


def _sequence(version: int, data: bytes, octets: int) -> int | None:
    """The number of the ping that this answers, of what a raw socket gives: IPv4 comes with its header."""
    message = data[(data[0] & 15) * 4 :] if version == 4 else data
    sequence = int.from_bytes(message[6:8], "big")
    due = _echo(version, sequence, octets, is_answer=True)
    return sequence if (message[:2], message[4:]) == (due[:2], due[4:]) else None
