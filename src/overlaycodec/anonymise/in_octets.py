"""Addresses in octets that no header or option of its own is declared for: which ones, by the fields beside them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, Literal, TypeAlias

from overlaycodec.protocols import (
    DHCP,
    SLL,
    SLL2,
    DHCPOption,
    DHCPv6ClientIdOption,
    DHCPv6ServerIdOption,
    IPv4Option,
    IPv6Routing,
)

__all__ = ["OCTETS", "Kind", "addresses_in"]

Kind: TypeAlias = Literal["ipv4", "ipv6", "mac"]

OCTETS: Final[dict[Kind, int]] = {"ipv4": 4, "ipv6": 16, "mac": 6}
_ROUTES: Final = (0, 2)
"""Types of routing headers whose data is 4 octets and addresses (RFC 2460, RFC 6275)."""
_DHCP_ADDRESSES: Final = frozenset(
    (*range(3, 12), 16, 28, 32, 33, 41, 42, 44, 45, 48, 49, 50, 54, 65, *range(68, 77), 118, 150)
)
"""DHCP's options that are addresses alone (RFC 2132, RFC 3011, RFC 5859)."""
_DHCP_CLIENT_ID: Final = 61
_DUIDS: Final = {b"\0\1\0\1": 8, b"\0\3\0\1": 4}
"""Where DUIDs of Ethernet have a MAC address, by their first octets (RFC 8415 section 11)."""
_IPV4_TIMESTAMP: Final = 68
_WITH_ADDRESSES: Final = (1, 3)
"""The flags of a timestamp option with an address before each time stamp (RFC 791)."""


def addresses_in(record: Any, name: str, value: bytes) -> Iterator[tuple[Kind, int]]:  # Any: a header or an element
    """The kind and the offset of each address in the octets of a field."""
    for kind, at in _candidates(record, name, value):
        if at + OCTETS[kind] <= len(value):
            yield kind, at


def _candidates(record: Any, name: str, value: bytes) -> Iterator[tuple[Kind, int]]:  # Any: as above
    if isinstance(record, DHCP):
        if name == "chaddr" and record.hlen == OCTETS["mac"]:
            yield "mac", 0
    elif isinstance(record, SLL | SLL2):
        if name == "address" and record.address_length == OCTETS["mac"]:
            yield "mac", 0
    elif isinstance(record, DHCPOption):
        if record.code in _DHCP_ADDRESSES:
            for start in range(0, len(value), 4):
                yield "ipv4", start
        elif record.code == _DHCP_CLIENT_ID and value[:1] == b"\1":
            yield "mac", 1
    elif isinstance(record, DHCPv6ClientIdOption | DHCPv6ServerIdOption):
        if name == "duid" and (at := _DUIDS.get(value[:4])) is not None:
            yield "mac", at
    elif isinstance(record, IPv6Routing):
        if record.routing_type in _ROUTES:
            for start in range(4, len(value), 16):
                yield "ipv6", start
    elif isinstance(record, IPv4Option) and record.type == _IPV4_TIMESTAMP:
        flags = value[1] & 0xF if len(value) > 1 else 0
        if flags in _WITH_ADDRESSES:
            for start in range(2, len(value), 8):
                yield "ipv4", start
