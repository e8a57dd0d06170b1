"""Rules for NVGRE, which is GRE with a key and a frame on the wire: notes, since other GRE may look the same."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from overlaycodec.findings.model import Context, Observation, Reaction, Rule, Severity
from overlaycodec.findings.rules.outcomes import LINUX_ALLOWS, OVS_ALLOWS
from overlaycodec.protocols import GRE, Ethernet, VLANTag

__all__ = ["NVGRE"]

_FRAME: Final = 0x6558
_LEAST_VSID: Final = 0x1000
_MOST_VSID: Final = 0xFFFFFE


def _is_nvgre(header: GRE) -> bool:
    """Whether it is laid out as NVGRE: a frame, a key, and nothing else (RFC 7637 section 3.2)."""
    return (
        header.protocol_type == _FRAME
        and header.key is not None
        and header.checksum is None
        and header.sequence is None
    )


def _nvgre_tag(context: Context) -> Iterable[Observation]:
    frame = context.next
    second = context.packet.headers[context.index + 2 : context.index + 3]
    if _is_nvgre(context.header) and isinstance(frame, Ethernet) and isinstance(next(iter(second), None), VLANTag):
        return (Observation("", "carries a frame with a VLAN tag"),)
    return ()


def _nvgre_vsid(context: Context) -> Iterable[Observation]:
    if _is_nvgre(context.header) and not _LEAST_VSID <= context.header.key >> 8 <= _MOST_VSID:
        return (Observation("key", f"has the VSID {context.header.key >> 8:#08x}, if it is NVGRE's"),)
    return ()


NVGRE: Final = (
    Rule(
        "nvgre-inner-tag",
        (GRE,),
        _nvgre_tag,
        "RFC 7637 section 3.3",
        "NVGRE carries no frame with a tag: its sender removes the tag, its receiver drops such a frame",
        Severity.NOTE,
        Reaction(Severity.NOTE, "Linux delivers the frame with its tag"),
        Reaction(Severity.NOTE, "Open vSwitch hands the frame on with its tag"),
    ),
    Rule(
        "nvgre-vsid",
        (GRE,),
        _nvgre_vsid,
        "RFC 7637 section 3.4",
        "0 to 0xfff and 0xffffff are reserved",
        Severity.NOTE,
        LINUX_ALLOWS,
        OVS_ALLOWS,
    ),
)
