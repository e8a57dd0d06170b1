"""Rules for the extension headers of IPv6: jumbo payload options and segment routing.

A last entry that is not in the segment routing header is a fault of decoding.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from overlaycodec.findings.model import Context, Observation, Rule, Severity
from overlaycodec.findings.rules.outcomes import LINUX_DROPS, LINUX_TAKES
from overlaycodec.protocols import IPv6, IPv6Fragment, IPv6HopByHop, IPv6JumboPayloadOption, IPv6SegmentRouting

__all__ = ["EXTENSION"]

_HOP_BY_HOP: Final = 0
_LEAST_JUMBO: Final = 1 << 16
_PARAMETER_PROBLEM: Final = "the packet is discarded, with an ICMP parameter problem"


def _jumbo(header: object) -> tuple[int, IPv6JumboPayloadOption] | None:
    """The jumbo payload option of a header, and its index in the options."""
    options = header.options if isinstance(header, IPv6HopByHop) else ()
    found = ((index, option) for index, option in enumerate(options) if isinstance(option, IPv6JumboPayloadOption))
    return next(found, None)


def _missing(context: Context) -> Iterable[Observation]:
    if context.header.payload_length or context.header.next_header != _HOP_BY_HOP:
        return ()
    if isinstance(context.next, IPv6HopByHop) and _jumbo(context.next) is None:
        return (Observation("payload_length", "is 0, and no option gives the length"),)
    return ()


def _two_lengths(context: Context) -> Iterable[Observation]:
    network = context.outside(IPv6)
    if (jumbo := _jumbo(context.header)) and network is not None and network.payload_length:
        found = f"gives a length, and so does the IPv6 header ({network.payload_length})"
        return (Observation(f"options[{jumbo[0]}]", found),)
    return ()


def _small(context: Context) -> Iterable[Observation]:
    if (jumbo := _jumbo(context.header)) and jumbo[1].jumbo_payload_length < _LEAST_JUMBO:
        return (Observation(f"options[{jumbo[0]}].jumbo_payload_length", f"is {jumbo[1].jumbo_payload_length}"),)
    return ()


def _jumbo_fragment(context: Context) -> Iterable[Observation]:
    if any(map(_jumbo, context.packet.headers[context.scope.start : context.index])):
        return (Observation("", "is a fragment of a jumbogram"),)
    return ()


def _segments_left(context: Context) -> Iterable[Observation]:
    header = context.header
    if header.segments_left > header.last_entry + 1:
        return (
            Observation("segments_left", f"is {header.segments_left}, and the last segment is {header.last_entry}"),
        )
    return ()


EXTENSION: Final = (
    Rule(
        "jumbo-missing",
        (IPv6,),
        _missing,
        "RFC 2675 section 3",
        _PARAMETER_PROBLEM,
        Severity.DROP,
        LINUX_TAKES,
    ),
    Rule(
        "jumbo-two-lengths",
        (IPv6HopByHop,),
        _two_lengths,
        "RFC 2675 section 3",
        _PARAMETER_PROBLEM,
        Severity.DROP,
        LINUX_DROPS,
    ),
    Rule(
        "jumbo-small",
        (IPv6HopByHop,),
        _small,
        "RFC 2675 section 3",
        f"it is {_LEAST_JUMBO} or more; else {_PARAMETER_PROBLEM}",
        Severity.DROP,
        LINUX_DROPS,
    ),
    Rule(
        "jumbo-fragment",
        (IPv6Fragment,),
        _jumbo_fragment,
        "RFC 2675 section 3",
        _PARAMETER_PROBLEM,
        Severity.DROP,
        LINUX_DROPS,
    ),
    Rule(
        "segments-left",
        (IPv6SegmentRouting,),
        _segments_left,
        "RFC 8754 section 4.3.1.1",
        f"it is at most one more than the last entry; else {_PARAMETER_PROBLEM}",
        Severity.DROP,
        LINUX_DROPS,
    ),
)
