"""pcapng files taken apart, and whether one keeps what another has: an oracle of its own for what is rewritten.

It knows the layouts of draft-ietf-opsawg-pcapng and nothing of the library.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

__all__ = ["Block", "blocks_of", "check_kept", "is_pcapng"]

SECTION, INTERFACE, OBSOLETE, SIMPLE, STATISTICS, ENHANCED = 0x0A0D0D0A, 1, 2, 3, 5, 6
PACKETS: Final = (OBSOLETE, SIMPLE, ENHANCED)
NOT_COPIED: Final = 0x40000BAD
"""Section 4.9: a custom block that is not copied into a file that is changed."""
NOT_COPIED_OPTIONS: Final = (19372, 19373)
FLAGS, HASH, DROPCOUNT, FCSLEN = 2, 3, 4, 13
FCS_BITS: Final = 0x1E0


@dataclass
class Block:
    """A block: its octets, and what they say where it is an interface, statistics or a packet."""

    order: str
    kind: int
    octets: bytes
    interface: int = -1
    data: bytes = b""
    times: bytes = b""
    """The octets of the time stamp."""
    lengths: tuple[int, int] = (0, 0)
    """Octets captured, and on the wire."""
    options: list[tuple[int, bytes]] = field(default_factory=list)
    section: int = 0


def is_pcapng(path: Path) -> bool:
    """Whether a file begins as pcapng does."""
    with path.open("rb") as file:
        return file.read(4) == b"\n\r\r\n"


def blocks_of(data: bytes) -> list[Block]:
    """The blocks of a file, up to where it is damaged."""
    found: list[Block] = []
    at, order, section, described, snap = 0, "<", -1, 0, 0
    while at + 12 <= len(data):
        if data[at : at + 4] == b"\n\r\r\n":
            order = ">" if data[at + 8 : at + 12] == b"\x1a\x2b\x3c\x4d" else "<"
            section, described = section + 1, 0
        kind, total = struct.unpack_from(order + "II", data, at)
        octets = data[at : at + total]
        if total < 12 or len(octets) < total or octets[4:8] != octets[-4:]:
            break
        block = Block(order, kind, octets, section=section)
        if kind == INTERFACE:
            block.interface, described = described, described + 1
            snap = struct.unpack_from(order + "I", octets, 12)[0] if block.interface == 0 else snap
            block.options = _options(octets[16:-4], order)
        elif kind == STATISTICS:
            (block.interface,) = struct.unpack_from(order + "I", octets, 8)
        elif kind == SIMPLE:
            (wire,) = struct.unpack_from(order + "I", octets, 8)
            block.interface, block.lengths = 0, (min(wire, snap or wire), wire)
            block.data = octets[12 : 12 + block.lengths[0]]
        elif kind in (ENHANCED, OBSOLETE):
            layout = order + ("I" if kind == ENHANCED else "H")
            (block.interface,) = struct.unpack_from(layout, octets, 8)
            block.times = octets[12:20]
            block.lengths = captured, _ = struct.unpack_from(order + "II", octets, 20)
            block.data = octets[28 : 28 + captured]
            block.options = _options(octets[28 + captured + -captured % 4 : -4], order)
        found.append(block)
        at += total
    return found


def _options(octets: bytes, order: str) -> list[tuple[int, bytes]]:
    found, at = [], 0
    while at + 4 <= len(octets):
        code, length = struct.unpack_from(order + "HH", octets, at)
        if code == 0:
            break
        found.append((code, octets[at + 4 : at + 4 + length]))
        at += 4 + length + -length % 4
    return found


def check_kept(before: bytes, after: bytes, *, left_out: bool = False, copy: bool = False) -> tuple[int, int]:
    """Compares the blocks of a rewritten file with those of the original; gives how many packets are as they were,
    and how many have other octets.

    Interfaces may be added; with `left_out`, packets may be missing, and others may be there several times. `copy` is
    for a file in which nothing was changed.

    Raises: AssertionError for a block that is not what it was, or not in its place.
    """
    if copy:
        assert [block.octets for block in blocks_of(after)] == [block.octets for block in blocks_of(before)]
    old = [block for block in blocks_of(before) if copy or block.kind != NOT_COPIED]
    new = blocks_of(after)
    described = {(block.section, block.interface): block for block in new if block.kind == INTERFACE}
    originals = {(block.section, block.interface): block for block in old if block.kind == INTERFACE}
    numbers: dict[tuple[int, int], int] = {}
    same = changed = at = 0
    last: Block | None = None
    for block in new:
        ahead = at
        while left_out and ahead < len(old) and old[ahead].kind in PACKETS and not _is_from(old[ahead], block):
            ahead += 1
        expected = old[ahead] if ahead < len(old) else None
        if block.kind == INTERFACE and (expected is None or expected.octets != block.octets):
            continue  # one that was added; the packets say whether it is right
        is_next = ahead == at and expected is not None and _is_from(expected, block)
        if left_out and not is_next and last is not None and _is_from(last, block):
            _check_packet(last, block, described, originals, numbers, further=True)
            changed += 1
            continue
        at = ahead
        assert expected is not None, f"a block more: {block}"
        at += 1
        assert block.section == expected.section
        if block.kind == INTERFACE:
            numbers[block.section, expected.interface] = block.interface
        elif block.kind in PACKETS:
            assert expected.kind in PACKETS, f"{expected} is not there"
            last = expected
            if _check_packet(expected, block, described, originals, numbers, further=False):
                same += 1
            else:
                changed += 1
        elif block.kind == SECTION and not copy:
            assert block.octets[:16] + block.octets[24:] == expected.octets[:16] + expected.octets[24:]
            assert block.octets[16:24] == b"\xff" * 8  # its length is left open
        elif block.kind == STATISTICS:
            number = numbers.get((block.section, expected.interface), expected.interface)
            assert block.interface == number
            assert block.octets[:8] + block.octets[12:] == expected.octets[:8] + expected.octets[12:]
        else:
            assert block.octets == expected.octets, f"{expected} became {block}"
    rest = [block for block in old[at:] if not (left_out and block.kind in PACKETS)]
    assert not rest, f"{rest[0]} is not there"
    return same, changed


def _is_from(old: Block, new: Block) -> bool:
    """Whether a packet can have been made of another one: they have the same time stamp, comments and such."""
    if old.kind not in PACKETS or new.kind not in PACKETS or old.section != new.section:
        return False
    comments = [value for code, value in old.options if code == 1], [value for code, value in new.options if code == 1]
    return (old.times or bytes(8)) == (new.times or bytes(8)) and comments[0] == comments[1]


def _check_packet(
    old: Block,
    new: Block,
    described: dict[tuple[int, int], Block],
    originals: dict[tuple[int, int], Block],
    numbers: dict[tuple[int, int], int],
    *,
    further: bool,
) -> bool:
    """Compares two packets; gives whether they have the same octets."""
    interface, original = described[new.section, new.interface], originals[old.section, old.interface]
    own = new.interface == numbers[old.section, old.interface]
    same = (new.data, new.lengths) == (old.data, old.lengths) and own
    if same and not further:
        width = 2 if old.kind == OBSOLETE else 4
        if old.kind == SIMPLE:
            assert new.octets == old.octets
        else:
            assert new.octets[:8] + new.octets[8 + width :] == old.octets[:8] + old.octets[8 + width :]
        return True
    assert new.kind == old.kind or (old.kind, new.kind) == (SIMPLE, ENHANCED)
    assert new.order == old.order
    assert new.times == old.times or old.kind == SIMPLE
    if old.kind == OBSOLETE:
        assert new.octets[10:12] == (bytes(2) if further else old.octets[10:12])
    left = (*NOT_COPIED_OPTIONS, *((HASH,) if new.data != old.data else ()), *((DROPCOUNT,) if further else ()))
    assert _without_fcs(new.options, old.order) == _without_fcs(
        [(code, value) for code, value in old.options if code not in left], old.order
    )
    (snap,) = struct.unpack_from(new.order + "I", interface.octets, 12)
    assert not snap or len(new.data) <= max(snap, len(old.data))
    if not own:  # an interface like it
        gone = (*NOT_COPIED_OPTIONS, FCSLEN)
        assert [option for option in interface.options if option[0] != FCSLEN] == [
            option for option in original.options if option[0] not in gone
        ]
    return False


def _without_fcs(options: list[tuple[int, bytes]], order: str) -> list[tuple[int, bytes]]:
    found = []
    for code, value in options:
        if code == FLAGS:
            (word,) = struct.unpack(order + "I", value)
            found.append((code, struct.pack(order + "I", word & ~FCS_BITS)))
        else:
            found.append((code, value))
    return found
