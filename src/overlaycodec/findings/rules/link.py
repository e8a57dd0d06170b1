"""Rules for frames and tags."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from overlaycodec.editing.checksum_status import ChecksumStatus
from overlaycodec.findings.model import Context, Observation, Reaction, Rule, Severity
from overlaycodec.protocols import Ethernet, VLANTag
from overlaycodec.schema.keyspaces import ETHERTYPE

__all__ = ["LINK"]

_LENGTHS: Final = 1500
_TYPES: Final = 1536
_STANDARD: Final = (0x8100, 0x88A8)


def _group_source(context: Context) -> Iterable[Observation]:
    if context.header.src.is_multicast:
        return (Observation("src", f"is the group address {context.header.src}"),)
    return ()


def _no_source(context: Context) -> Iterable[Observation]:
    if int(context.header.src) == 0:
        return (Observation("src", f"is {context.header.src}"),)
    return ()


def _wrong_fcs(context: Context) -> Iterable[Observation]:
    fcs = context.packet.fcs
    if context.index == 0 and fcs is not None and context.statuses.get("fcs") is ChecksumStatus.BAD:
        return (Observation("fcs", f"is {fcs.data.hex()}", of_packet=True),)
    return ()


def _neither(context: Context) -> Iterable[Observation]:
    if _LENGTHS < context.header.ethertype < _TYPES:
        return (Observation("ethertype", f"is {context.header.ethertype}"),)
    return ()


def _tag_protocol(context: Context) -> Iterable[Observation]:
    if isinstance(context.next, VLANTag) and context.header.ethertype not in _STANDARD:
        return (Observation("ethertype", f"is the tag protocol {ETHERTYPE.text(context.header.ethertype)}"),)
    return ()


def _reserved_vid(context: Context) -> Iterable[Observation]:
    if context.header.vid == 0xFFF:
        return (Observation("vid", "is 4095"),)
    return ()


def _priority_tag(context: Context) -> Iterable[Observation]:
    if context.header.vid == 0:
        return (Observation("vid", "is 0: a priority tag"),)
    return ()


_TAKES: Final = "Linux delivers the frame as it is"
_HANDS_ON: Final = "Open vSwitch hands the frame on as it is"

LINK: Final = (
    Rule(
        "source-group",
        (Ethernet,),
        _group_source,
        "IEEE 802.3 clause 3.2.3",
        "a source address is an individual one",
        Severity.VIOLATION,
    ),
    Rule(
        "source-none",
        (Ethernet,),
        _no_source,
        "IEEE 802 clause 8.2",
        "00:00:00:00:00:00 is nobody's address",
        Severity.VIOLATION,
    ),
    Rule(
        "fcs-wrong",
        (Ethernet,),
        _wrong_fcs,
        "IEEE 802.3 clause 3.4",
        "a frame whose FCS is not the CRC-32 of its octets is invalid and discarded",
        Severity.DROP,
    ),
    Rule(
        "type-undefined",
        (Ethernet, VLANTag),
        _neither,
        "IEEE 802.3 clause 3.2.6",
        "values from 1501 to 1535 are neither a length nor a type",
        Severity.VIOLATION,
    ),
    Rule(
        "tag-protocol",
        (Ethernet, VLANTag),
        _tag_protocol,
        "IEEE 802.1Q clause 9.5",
        "tags are announced by 0x8100 and 0x88a8",
        Severity.NOTE,
        needs=(VLANTag,),
    ),
    Rule(
        "vid-reserved",
        (VLANTag,),
        _reserved_vid,
        "IEEE 802.1Q table 9-2",
        "4095 is reserved and not sent",
        Severity.VIOLATION,
        Reaction(Severity.VIOLATION, _TAKES),
        Reaction(Severity.VIOLATION, _HANDS_ON),
    ),
    Rule(
        "vid-priority",
        (VLANTag,),
        _priority_tag,
        "IEEE 802.1Q table 9-2",
        "the tag has a priority alone; the frame belongs to the port's own VLAN",
        Severity.NOTE,
        Reaction(Severity.NOTE, _TAKES),
        Reaction(Severity.NOTE, _HANDS_ON),
    ),
)
