"""Blocks of pcapng with parts replaced: another packet, another interface.

Strategy: octets that are still true stay as they are. Spec: draft-ietf-opsawg-pcapng.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from overlaycodec.capture import pcapng

if TYPE_CHECKING:
    from overlaycodec.capture.blocks import Block
    from overlaycodec.capture.pcapng import Order
    from overlaycodec.capture.record import Record

__all__ = ["kept_options", "numbered", "options_at", "other_interface", "without_length"]

_LENGTH: Final = slice(16, 24)
"""Where a section's header has the length of the section."""
_NOT_COPIED: Final = (19372, 19373)
"""Custom options that are not copied into a file that is changed (section 3.5.1)."""
_EPB_HASH, _EPB_DROPCOUNT = 3, 4
_TIMES: Final = (pcapng.IF_TSRESOL, pcapng.IF_TSOFFSET, pcapng.IF_TSOFFSET_NS)


def without_length(header: bytes) -> bytes:
    """A section's header that leaves open how long the section is."""
    return header[: _LENGTH.start] + b"\xff" * 8 + header[_LENGTH.stop :]


def numbered(octets: bytes, number: int, order: Order) -> bytes:
    """A block of a packet or of statistics, of the interface with this number."""
    (kind,) = order.word.unpack_from(octets)
    field = number.to_bytes(2 if kind == pcapng.OBSOLETE_PACKET else 4, order.name)
    return octets[:8] + field + octets[8 + len(field) :]


def options_at(octets: bytes, start: int, order: Order) -> Iterator[tuple[int, bytes]]:
    """The code of each option in a block from there on, and the option with its padding; without the end."""
    end = len(octets) - 4
    while end - start >= order.option.size:
        code, length = order.option.unpack_from(octets, start)
        if code == pcapng.OPT_END:
            return
        stop = start + order.option.size + length + (-length & 3)
        yield code, octets[start:stop]
        start = stop


def other_interface(octets: bytes, fields: bytes, order: Order, *, times: bool) -> bytes:
    """The description of an interface with other fields, without an FCS length and, if `times`, what times count."""
    replaced = (pcapng.IF_FCSLEN, *_NOT_COPIED, *(_TIMES if times else ()))
    return fields + b"".join(option for code, option in options_at(octets, 16, order) if code not in replaced)


def kept_options(block: Block, record: Record, order: Order, *, own_fcs: bool) -> bytes:
    """The options of a packet's block that are true of its new record, without the end.

    Comments and flags are those of the record; a hash is of the octets that were there. `own_fcs` says that the
    interface does not have the FCS length, but the block's own flags.
    """
    original = block.original
    if original is None or block.kind == pcapng.SIMPLE_PACKET:
        return b""
    same_comments, same_flags = record.comments == original.comments, record.flags == original.flags
    (captured,) = order.word.unpack_from(block.octets, 20)
    kept = []
    for code, option in options_at(block.octets, 28 + captured + (-captured & 3), order):
        if code in _NOT_COPIED or (code == _EPB_HASH and record.data != original.data):
            continue
        if code == _EPB_DROPCOUNT and block.further:
            continue
        if code == pcapng.OPT_COMMENT and not same_comments:
            continue
        if code == pcapng.EPB_FLAGS:
            if not same_flags:
                continue
            if not own_fcs:
                (word,) = order.word.unpack_from(option, order.option.size)
                kept.append(option[: order.option.size] + order.word.pack(word & ~pcapng.FCS_MASK))
                continue
        kept.append(option)
    return b"".join(kept)
