"""Tables of addresses that come again and again: building one costs several times a look-up.

Strategy: the tables are bounded. Real captures hold few addresses.
"""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address
from typing import Any, Final, Generic, TypeVar

from overlaycodec.values.addresses import MACAddress, address_alone, unchecked_mac

__all__ = ["BY_TEXT", "CHEAP", "IPV4S", "IPV6S", "KEPT", "MACS", "PASSED_OVER", "Interned"]

KEPT = 4096
PASSED_OVER = 16 * KEPT

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


class Interned(Generic[_Key, _Value]):
    """A table that builds what it lacks.

    When it is full, what it lacks is built and not kept: where few values come back, keeping costs more than building.
    After many of those, `passed_over`, it starts afresh.
    """

    __slots__ = ("_left", "_passed_over", "build", "known")

    build: Callable[[_Key], _Value]
    known: dict[_Key, _Value]
    """What is there: to look up here first is quickest, where most is there."""

    def __init__(self, build: Callable[[_Key], _Value], passed_over: int = PASSED_OVER) -> None:
        self.build = build
        self.known = {}
        self._left = self._passed_over = passed_over

    def of(self, raw: _Key) -> _Value:
        """The value of what was read."""
        value = self.known.get(raw)
        if value is None:
            value = self.build(raw)
            if len(self.known) < KEPT:
                self.known[raw] = value
            elif self._left:
                self._left -= 1
            else:
                self.known.clear()
                self._left = self._passed_over
        return value


_mac_of = unchecked_mac

_new = object.__new__


def _ipv4_of(number: int) -> IPv4Address:
    """The address of 32 bits that were just read; the constructor asks what its argument is, for twice the time."""
    address = _new(IPv4Address)
    address._ip = number  # type: ignore[attr-defined]  # known by `_slots_are_known`
    return address


def _mac_of_text(text: str) -> MACAddress:
    """The address of a text: at once where it is written as addresses are shown. Raises: ValueError."""
    try:
        packed = bytes.fromhex(text.replace(":", ""))
    except ValueError:
        return MACAddress(text)
    # six octets of 17 characters, of which five are colons: there is nothing else
    return _mac_of(packed) if len(packed) == 6 and len(text) == 17 and text[2::3] == ":::::" else MACAddress(text)


_NUMBER: Final = {str(octet): octet for octet in range(256)}


def _ipv4_of_text(text: str) -> IPv4Address:
    """The address of a text: at once where it is written as addresses are shown. Raises: ValueError."""
    try:
        first, second, third, fourth = text.split(".")
        number = _NUMBER[first] << 24 | _NUMBER[second] << 16 | _NUMBER[third] << 8 | _NUMBER[fourth]
    except (ValueError, KeyError):
        return IPv4Address(text)
    return IPV4S.build(number)


def _slots_are_known() -> bool:
    """Whether IPv4Address holds its number in `_ip` and nothing else, as it has long done."""
    try:
        cheap, sure = _ipv4_of(0xC0000201), IPv4Address("192.0.2.1")
        same = [getattr(cheap, slot) == getattr(sure, slot) for slot in IPv4Address.__slots__ if slot != "__weakref__"]
    except Exception:
        return False
    return cheap == sure and hash(cheap) == hash(sure) and repr(cheap) == repr(sure) and same == [True]


CHEAP: Final = _slots_are_known()
"""Whether an IPv4 address is to be had, and its number read, by its slot; where not, its public face serves as well."""

MACS: Final[Interned[bytes, MACAddress]] = Interned(_mac_of)
IPV4S: Final[Interned[int, IPv4Address]] = Interned(_ipv4_of if CHEAP else IPv4Address)
IPV6S: Final[Interned[bytes, IPv6Address]] = Interned(IPv6Address)


def _ipv6_of_text(text: str) -> IPv6Address:
    address: IPv6Address = address_alone("IPv6Address", IPv6Address(text))
    return address


BY_TEXT: Final[dict[type[Any], Interned[str, Any]]] = {  # Any: each class of addresses
    MACAddress: Interned(_mac_of_text, passed_over=0),
    IPv4Address: Interned(_ipv4_of_text, passed_over=0),
    IPv6Address: Interned(_ipv6_of_text, passed_over=0),
}
"""Addresses by their text: programs write the same ones again and again."""
