"""Addresses: the type of MAC addresses, and what type checkers see of the address fields.

Strategy: an address is immutable and compares by its octets.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv4Interface, IPv6Address, IPv6Interface, ip_address
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import msgspec

from overlaycodec.errors import FieldRangeError, number_text
from overlaycodec.values.argument_checks import check_type

__all__ = [
    "AnyIP",
    "HardwareAddressLike",
    "IPv4Like",
    "IPv6Like",
    "MACAddress",
    "MACLike",
    "ProtocolAddressLike",
    "address_alone",
    "checked_ip",
    "unchecked_mac",
]

_MAC_TEXT = re.compile(
    r"[0-9A-Fa-f]{2}(?:([:-])[0-9A-Fa-f]{2})(?:\1[0-9A-Fa-f]{2}){4}|[0-9A-Fa-f]{12}|(?:[0-9A-Fa-f]{4}\.){2}[0-9A-Fa-f]{4}"
)
_NO_SEPARATORS = str.maketrans("", "", ":-.")


def _octets_of(value: Any) -> bytes:  # Any: it is what must be checked
    if isinstance(value, MACAddress):
        return value.packed
    if isinstance(value, str):
        if _MAC_TEXT.fullmatch(value) is None:
            raise ValueError(f"{value!r} is not a MAC address")
        return bytes.fromhex(value.translate(_NO_SEPARATORS))
    if isinstance(value, bytes):
        if len(value) != 6:
            raise ValueError(f"a MAC address has 6 octets, not {len(value)}")
        return value
    if type(value) is int:
        if not 0 <= value < 1 << 48:
            raise ValueError(f"{number_text(value)} is not in 0..2**48-1")
        return value.to_bytes(6, "big")
    raise ValueError(f"a MAC address is text, octets or an int, not {type(value).__name__}")


if TYPE_CHECKING:

    class _Packed:
        def __init__(self, value: str | bytes | int | MACAddress) -> None: ...

else:
    _held = type(msgspec.Struct).__call__

    class _Checking(type(msgspec.Struct)):
        """Checks what an address is made of; what was just read is held without questions (see `Interned`)."""

        def __call__(cls, value):
            return _held(cls, _octets_of(value))

    class _Packed(msgspec.Struct, metaclass=_Checking, frozen=True, eq=False, gc=False):
        """A struct, since those are built and kept at half the cost."""


class MACAddress(_Packed):
    """A 48-bit IEEE 802 address: immutable, hashable, ordered.

    `value` is text (`52:54:00:00:00:01`, with `-` too, `5254.0000.0001`, or 12 digits), 6 octets, an int below 2**48 or
    another address.
    Raises: ValueError for anything that is none of these.
    """

    packed: bytes
    """The six octets as they stand on the wire."""

    __match_args__ = ()

    @property
    def is_multicast(self) -> bool:
        """Whether the group bit is set, as in the broadcast address."""
        return bool(self.packed[0] & 1)

    @property
    def is_broadcast(self) -> bool:
        """Whether it is the address of every station: all bits are set."""
        return self.packed == b"\xff" * 6

    @property
    def is_local(self) -> bool:
        """Whether the address is locally administered."""
        return bool(self.packed[0] & 2)

    def __int__(self) -> int:
        return int.from_bytes(self.packed, "big")

    def __bytes__(self) -> bytes:
        return self.packed

    def __str__(self) -> str:
        return self.packed.hex(":")

    def __format__(self, spec: str) -> str:
        """`:` (also for no specification), `-` and `.` give the forms with these separators; else as text."""
        if spec in ("", ":"):
            return str(self)
        if spec == "-":
            return self.packed.hex("-")
        if spec == ".":
            return self.packed.hex(".", 2)
        return format(str(self), spec)

    def __repr__(self) -> str:
        return f"MACAddress('{self}')"

    def __eq__(self, other: object) -> bool:
        return self.packed == other.packed if isinstance(other, MACAddress) else NotImplemented

    def __ne__(self, other: object) -> bool:  # a Struct has one of its own, by identity
        return self.packed != other.packed if isinstance(other, MACAddress) else NotImplemented

    def __lt__(self, other: object) -> bool:
        return self.packed < other.packed if isinstance(other, MACAddress) else NotImplemented

    def __le__(self, other: object) -> bool:
        return self.packed <= other.packed if isinstance(other, MACAddress) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.packed)

    def __reduce__(self) -> tuple[type[MACAddress], tuple[bytes]]:
        return MACAddress, (self.packed,)


if TYPE_CHECKING:

    def unchecked_mac(packed: bytes) -> MACAddress:
        """The address of six octets that were just read."""
        ...

else:
    unchecked_mac = _held.__get__(MACAddress)


def address_alone(path: str, address: Any) -> Any:  # Any: one of the address types
    """The address. Raises: FieldRangeError for one with a scope id or a prefix: the octets of an address have neither.

    Spec: RFC 4007 section 11: a zone index has a meaning within its node alone.
    """
    if isinstance(address, MACAddress):
        return address
    more = "scope id" if isinstance(address, IPv6Address) and address.scope_id is not None else ""
    if isinstance(address, IPv4Interface | IPv6Interface):
        more = "prefix"
    if more:
        bits = address.max_prefixlen
        raise FieldRangeError(path, address, 0, (1 << bits) - 1, f"{bits} bits, which hold no {more}")
    return address


def checked_ip(name: str, value: object) -> IPv4Address | IPv6Address:
    """An IP address that was given as such or as text. Raises: TypeError, ValueError, and as `address_alone` does."""
    if isinstance(value, str):
        try:
            value = ip_address(value)
        except ValueError:
            raise ValueError(f"{name}: {value!r} does not appear to be an IPv4 or IPv6 address") from None
    check_type(name, value, (IPv4Address, IPv6Address), "an IP address or its text")
    address: IPv4Address | IPv6Address = address_alone(name, value)
    return address


_Got_co = TypeVar("_Got_co", covariant=True)
_Taken_contra = TypeVar("_Taken_contra", contravariant=True)

if TYPE_CHECKING:

    class Accepts(Generic[_Got_co, _Taken_contra]):
        """A field that reads as one type and is built from more: what a type checker sees of an address field."""

        def __get__(self, instance: object, owner: object = None) -> _Got_co: ...
        def __set__(self, instance: object, value: _Taken_contra) -> None: ...

    MACLike = Accepts[MACAddress, MACAddress | str]
    IPv4Like = Accepts[IPv4Address, IPv4Address | str]
    IPv6Like = Accepts[IPv6Address, IPv6Address | str]
    AnyIP = Accepts[IPv4Address | IPv6Address, IPv4Address | IPv6Address | str]
    HardwareAddressLike = Accepts[MACAddress | bytes, MACAddress | str | bytes]
    ProtocolAddressLike = Accepts[IPv4Address | bytes, IPv4Address | str | bytes]
else:
    MACLike, IPv4Like, IPv6Like, AnyIP = MACAddress, IPv4Address, IPv6Address, IPv4Address | IPv6Address
    HardwareAddressLike, ProtocolAddressLike = MACAddress | bytes, IPv4Address | bytes
