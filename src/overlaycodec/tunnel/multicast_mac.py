"""Multicast: the link address that an IP group is sent to."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

from overlaycodec.schema.values import MACAddress

__all__ = ["group_mac"]


def group_mac(group: IPv4Address | IPv6Address) -> MACAddress:
    """The MAC address of a multicast group: the low 23 bits of an IPv4 group, the low 32 of an IPv6 group.

    Raises: ValueError for an address that is no group.

    Spec: RFC 1112 section 6.4, RFC 2464 section 7.
    """
    if not group.is_multicast:
        raise ValueError(f"{group} is no multicast group")
    if isinstance(group, IPv4Address):
        return MACAddress(0x01005E000000 | int(group) & 0x7FFFFF)
    return MACAddress(0x333300000000 | int(group) & 0xFFFFFFFF)
