"""Verdicts on the checksums of many packets at once: the rules of `verify`."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from overlaycodec.columnar.column_buffers import CATEGORIES
from overlaycodec.columnar.decode.batch import Ints
from overlaycodec.columnar.decode.group import Group, Mask
from overlaycodec.columnar.ones_complement import folded, sums_of
from overlaycodec.editing.checksums import ChecksumStatus
from overlaycodec.schema.facts import Checksum, FinalDestination, LengthField
from overlaycodec.schema.layout import Layout

__all__ = ["Reach", "addresses_of", "detours", "incomplete", "judged", "reach_of"]

Codes = NDArray[np.uint8]

_CODE: Final = {verdict: CATEGORIES["verdict"].index(str(verdict)) for verdict in ChecksumStatus}


class Reach:
    """How far a header and what it bounds reach, in octets from its start."""

    __slots__ = ("claim", "octets", "size", "told")

    def __init__(self, size: Ints, octets: Ints, claim: Ints | None, told: Mask | None) -> None:
        self.size = size
        """Of the header alone."""
        self.octets = octets
        """As far as there is something."""
        self.claim = claim
        """By its length field; None where it has none."""
        self.told = told
        """Where the length field says something; None: everywhere."""


def reach_of(group: Group, left: Ints, early: Mask | None) -> Reach:
    """The reach of the header that was read last; `left`: where its region ended before it was bounded."""
    layout = group.node.layout
    size: Ints = np.broadcast_to(
        (group.left if group.node.takes_all else group.at) - np.asarray(group.start), len(group)
    )
    ends = group.left if early is None else np.where(early, left, group.left)
    octets = size if layout.closed else np.subtract(ends, group.start)
    if layout.bounds is None or layout.bounds.name not in group.values:
        return Reach(size, octets, None, None)
    bounds, values = layout.bounds[LengthField], group.values[layout.bounds.name]
    claim = values.astype(np.int64) * bounds.unit + bounds.bias + (size if bounds.origin == "end" else 0)
    told = None
    if bounds.zero != "length":
        told = values != 0
    if bounds.unless:
        silent = group.values[bounds.unless] == 0
        told = silent if told is None else told & silent
    return Reach(size, octets, claim, told)


def judged(group: Group, reach: Reach, protocol: int) -> Codes | None:
    """The verdict on each packet's checksum of the header that was read last, if it is asked for and there is one.

    `protocol`: the header's own number.

    It also notes of which packets all octets are there, as far as what is inside is concerned.
    """
    layout = group.node.layout
    bounds = None if layout.bounds is None else layout.bounds[LengthField]
    in_segments = bounds is not None and bounds.pieces
    lengths = reach.octets
    if reach.claim is not None and not in_segments:
        there = reach.claim <= reach.octets
        known = np.ones(len(group), np.bool_) if group.whole is None else group.whole
        group.whole = there if reach.told is None else np.where(reach.told, there, known)
        covered = np.minimum(reach.octets, np.maximum(reach.claim, reach.size))
        lengths = covered if reach.told is None else np.where(reach.told, covered, reach.octets)
    codes = None
    if group.node.verdicts and layout.checksum is not None and layout.checksum.name in group.values:
        codes = _codes(group, layout, reach.size, lengths, protocol)
    if in_segments and reach.claim is not None:
        more = reach.claim > reach.octets
        incomplete(group, more if reach.told is None else more & reach.told)
    return codes


def incomplete(group: Group, which: Mask | None = None) -> None:
    """Of these packets, or of all, not all octets of what follows are there."""
    if which is None:
        group.whole = np.zeros(len(group), np.bool_)
    elif which.any():
        group.whole = ~which if group.whole is None else group.whole & ~which


def _codes(group: Group, layout: Layout, size: Ints, lengths: Ints, protocol: int) -> Codes:
    assert layout.checksum is not None
    fact, values = layout.checksum[Checksum], group.values[layout.checksum.name]
    starts = group.base() + group.start
    total = sums_of(group.octets, starts, size if fact.covers == "header" else lengths)
    pseudo = np.zeros(0, np.uint64)
    if fact.pseudo and group.addresses is not None:
        pseudo = group.addresses + (lengths + protocol).astype(np.uint64)
        total = total + pseudo
    total = folded(total)
    codes = np.where(total == 0xFFFF, np.uint8(_CODE[ChecksumStatus.VALID]), np.uint8(_CODE[ChecksumStatus.BAD]))
    if len(pseudo):
        codes[(total != 0xFFFF) & (values == folded(pseudo))] = _CODE[ChecksumStatus.PARTIAL]
    if fact.covers != "header" and group.whole is not None:
        codes[~group.whole] = _CODE[ChecksumStatus.UNVERIFIABLE]
    if fact.pseudo and group.addresses is None:
        codes[:] = _CODE[ChecksumStatus.UNVERIFIABLE]
    if fact.zero == "absent":
        codes[values == 0] = _CODE[ChecksumStatus.ABSENT]
    return codes


def addresses_of(group: Group) -> NDArray[np.uint64]:
    """The sums of the addresses of the network header that was read last."""
    total = np.zeros(len(group), np.uint64)
    for name in ("src", "dst"):
        values = group.values[name]
        if values.dtype.kind == "V":
            words = np.ascontiguousarray(values).view(">u4").reshape(len(group), -1)
            total += words.sum(axis=1, dtype=np.uint64)
        else:
            total += values
    return total


def detours(group: Group) -> Mask | None:
    """The packets whose way does not end at the network header's destination yet, if the last header can say so."""
    for field in group.node.layout.fields:
        if route := field.get(FinalDestination):
            return np.asarray(group.values[route.left] != 0)
    return None
