"""About which packets a node sends no ICMP error: an answer could multiply, or reach someone who did not ask.

Strategy: what cannot be read is answered with silence too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from overlaycodec.checksum import internet_sum
from overlaycodec.codec.catalog import DEFAULT, Catalog
from overlaycodec.codec.packet_encoder import encode
from overlaycodec.icmp_errors.quotation import Offender, offender_of
from overlaycodec.packet.header import Header
from overlaycodec.packet.offsets import is_fragment
from overlaycodec.packet.packet import Packet
from overlaycodec.protocols import ICMP, Ethernet, ICMPv6, IPv4, IPv6
from overlaycodec.values.bytes_like import BytesLike

__all__ = ["silence", "silence_about"]

_ICMP, _ICMPV6 = 1, 58
_ERRORS: Final = frozenset({3, 4, 5, 11, 12})
"""The types of ICMP that are errors: unreachable, source quench, redirect, time exceeded, parameter problem."""
_REDIRECT: Final = 137
_BROADCAST: Final = 0xFFFFFFFF


def silence(
    packet: BytesLike | Packet, *, first: type[Header] = Ethernet, too_big: bool = False, catalog: Catalog = DEFAULT
) -> str | None:
    """Why no ICMP error may be sent about a packet: "the packet is an ICMP error"; None where one may be sent.

    `too_big`: whether the error is "packet too big", which IPv6 allows about packets to groups too. A directed
    broadcast is known by its link address only.

    Raises: EncodeError for a packet with AUTO that cannot be derived.

    Spec: RFC 1122 section 3.2.2, RFC 1812 section 4.3.2.7, RFC 4443 section 2.4 (e).
    """
    return silence_about(offender_of(packet, first, catalog), too_big=too_big)


def silence_about(offender: Offender | None, *, too_big: bool = False) -> str | None:
    """As `silence`, about a packet that was read."""
    if offender is None:
        return "the packet is no IP packet"
    network, link = offender.network, offender.link
    to_group = too_big and isinstance(network, IPv6)  # RFC 4443 section 2.4 (e.3): path MTU discovery works for groups
    if link is not None and link.src.is_multicast:
        return f"its link source {link.src} is a group"
    if link is not None and link.dst.is_multicast and not to_group:
        return f"it was sent to the link group {link.dst}"
    said = _of_ipv4(network) if isinstance(network, IPv4) else _of_ipv6(network, to_group=to_group)
    return said or _of_content(offender)


def _of_ipv4(network: IPv4) -> str | None:
    src, dst = int(network.src), int(network.dst)
    if network.dst.is_multicast or dst == _BROADCAST:
        return f"it was sent to {network.dst}, no single host"
    if not src >> 24 or network.src.is_loopback or src >> 28 >= 0xE:
        return f"its source {network.src} is no single host"
    if internet_sum(encode(network)) != 0xFFFF:
        return f"its header checksum {network.checksum:#06x} is wrong"
    return None


def _of_ipv6(network: IPv6, *, to_group: bool) -> str | None:
    if network.dst.is_multicast and not to_group:
        return f"it was sent to {network.dst}, no single host"
    if network.src.is_multicast or network.src.is_unspecified or network.src.is_loopback:
        return f"its source {network.src} is no single host"
    return None


def _of_content(offender: Offender) -> str | None:
    """Whether it is a later fragment, or an ICMP error, or may be one."""
    carriers: Sequence[Any] = (offender.network, *offender.extensions)  # Any: headers of several classes
    if any(is_fragment(header) and getattr(header, header.__layout__.next.offset or "", 0) for header in carriers):
        return "it is a later fragment"
    protocol = getattr(carriers[-1], "protocol" if isinstance(carriers[-1], IPv4) else "next_header")
    message: Any = offender.content
    if protocol == _ICMP and not (isinstance(message, ICMP) and message.type not in _ERRORS):
        return "it is an ICMP error" if isinstance(message, ICMP) else "it may be an ICMP error"
    if protocol == _ICMPV6 and not (isinstance(message, ICMPv6) and message.type >> 7 and message.type != _REDIRECT):
        return "it is an ICMPv6 error" if isinstance(message, ICMPv6) else "it may be an ICMPv6 error"
    return None
