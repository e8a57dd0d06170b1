"""The base class of packets: what a packet is made of is checked when it is made.

Strategy: the class of the class checks the arguments. Decoders, which know what they just read, call the constructor
under it (`unchecked`) and do not pay for the check.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from overlaycodec.packet.header import Header
from overlaycodec.packet.trailer import Trailer
from overlaycodec.values.argument_checks import check_number, check_type

__all__ = ["CheckedPacket", "check_packet", "unchecked"]

unchecked: Any = type(msgspec.Struct).__call__  # Any: msgspec's own constructor, under the checked one

if TYPE_CHECKING:
    CheckedPacket = msgspec.Struct
else:
    _is_header = Header.__instancecheck__  # `isinstance` asks the class's class first, for twice the time

    class _Checking(type(msgspec.Struct)):
        """Checks what a packet is made of; decoders build packets of what they just read (see `packet_of`)."""

        def __call__(cls, headers=(), payload=b"", trailers=(), faults=(), fault=None, missing=0):
            if headers.__class__ is not tuple or not all(map(_is_header, headers)):
                headers = _members("headers", headers, Header)
            if trailers.__class__ is not tuple or trailers:
                trailers = _members("trailers", trailers, Trailer)
            if payload.__class__ is not bytes:
                check_type("payload", payload, (bytes, bytearray, memoryview), "bytes")
                payload = bytes(payload)
            if missing.__class__ is not int or missing < 0:
                check_number("missing", missing, 0)
            return unchecked(cls, headers, payload, trailers, faults, fault, missing)

    class CheckedPacket(msgspec.Struct, metaclass=_Checking):
        """The base class of `Packet`."""


def _members(name: str, values: Any, kind: type[Any]) -> tuple[Any, ...]:  # Any: they are what must be checked
    """The values as a tuple. Raises: TypeError where one is of another type."""
    if values.__class__ is not tuple:
        check_type(name, values, (tuple, list), f"a tuple of {kind.__name__} values")
        values = tuple(values)
    for index, value in enumerate(values):
        if not isinstance(value, kind):
            raise TypeError(f"{name}[{index}] is a {kind.__name__}, not {type(value).__name__}")
    found: tuple[Any, ...] = values
    return found


def check_packet(packet: object, name: str = "packet") -> None:
    """Raises: TypeError for what is no packet; for octets, it names the way to one."""
    octets = isinstance(packet, bytes | bytearray | memoryview)
    hint = "decode octets first: overlaycodec.decode(data)" if octets else ""
    check_type(name, packet, CheckedPacket, "a Packet", hint)
