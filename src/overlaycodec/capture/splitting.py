"""Captures -> splits."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import closing
from struct import Struct
from typing import TYPE_CHECKING, Final

from overlaycodec.capture.boundaries import boundary_after
from overlaycodec.capture.compression import HEAD, compression_of
from overlaycodec.capture.files import files_in
from overlaycodec.capture.part import PartState
from overlaycodec.capture.pcap import MAGICS
from overlaycodec.capture.pcapng import ENHANCED_PACKET, INTERFACE, SECTION_MAGIC
from overlaycodec.capture.reader import Capture
from overlaycodec.capture.record_chains import Chain, PcapChain, PcapngChain, Window
from overlaycodec.capture.source import Source, source_of
from overlaycodec.capture.split import Split
from overlaycodec.capture.urls import is_url
from overlaycodec.capture.walk import PcapngWalk, PcapWalk, order_of
from overlaycodec.values.argument_checks import check_number

if TYPE_CHECKING:
    from overlaycodec.capture.files import File

__all__ = ["rest_after", "splits", "splits_by_size"]

_OCTETS: Final = 1 << 28
_WALKED: Final = 4
"""Splits of fewer than so many times the longest record are found by a walk, which is no more to read."""
_PCAP_HEADER: Final = 24
_PCAP_FIRST: Final = (2, 4)
"""Versions before this one had the lengths of records in another order, or in any."""


def splits(
    source: File | Iterable[File],
    *,
    octets: int = _OCTETS,
    walk: bool = False,
) -> list[Split]:
    """Pieces of a capture of about so many octets, in order: each can be pickled, and read by any process.

    `source` is a path, a URL of fsspec, a pattern such as `captures/*.pcapng`, a split, or a list of these. A
    compressed file is one piece. Together, the pieces have the records of the file, each once.

    Little of the file is read: up to 1 MiB for each piece. Nothing is guessed by how records look. The places where
    records begin follow from their lengths, provided that no packet has more than 262,144 octets. A piece of pcapng
    knows the interfaces that are described before the first packet, and a section that begins later only where the
    octets that are read show it. Where this turns out to be wrong, reading the piece before raises a `CaptureError`:
    wrong rows are not possible. With `walk=True` all of the file is read once, record by record, and pieces are right
    for every file. `columns(..., workers=n)` needs no walk: it corrects what is wrong as it reads.

    Raises: CaptureError if a file is no capture, OSError if it cannot be opened; ValueError for fewer than 1 octets.
    """
    check_number("octets", octets, 1)
    found: list[Split] = []
    several = files_in(source)
    if several is None and not isinstance(source, str | os.PathLike | Split):
        raise TypeError(
            f"splits are of files that another process can open: a path, a URL or a list of them is needed, "
            f"not {type(source).__name__}"
        )
    for file in [source] if several is None else several:
        assert isinstance(file, str | os.PathLike | Split)
        found += _splits_of(file, octets, walk=walk)
    return found


def splits_by_size(file: File, pieces: int, least: int, most: int) -> list[Split]:
    """The splits of one file, so many, but none of fewer than `least` octets or of more than `most`."""
    split = file if isinstance(file, Split) else Split(os.fspath(file))
    with closing(split.to_source()) as source:
        size = source.size() or 0
    return _splits_of(file, min(max(size // pieces, least), most), walk=False)


def rest_after(split: Split, end: Split, octets: int) -> list[Split]:
    """The splits after a split, up to the end of another one: they know what this one had."""
    assert split.stop is not None
    with closing(source_of(split.path)) as source:
        walk = _walk(source, split.start, split.state)
        walk.to(split.stop)
        found = list(_parts(source, split.path, split.stop, end.stop, walk.state, octets))
    return [*found[:-1], _ending(found[-1], end)]


def _ending(last: Split, end: Split) -> Split:
    """The last split with the end of another one."""
    return Split(last.path, last.start, end.stop, last.state, end.following)


def _splits_of(file: str | os.PathLike[str] | Split, octets: int, *, walk: bool) -> list[Split]:
    """The splits of one file, or of a split."""
    if isinstance(file, Split):
        path, start, stop = file.path, file.start, file.stop
    else:
        path, start, stop = os.fspath(file), 0, None
        if not is_url(path):
            path = os.path.abspath(path)  # another process may be in another folder
    with closing(source_of(path)) as source:
        head = source.read_at(0, HEAD)
        if compression_of(head) is not None:
            return [Split(path)]
        Capture(source)  # it raises an error where this is no capture
        state = file.state if isinstance(file, Split) else None
        if head[:4] != SECTION_MAGIC and state is None:
            window = Window(source, 0)
            window.has(_PCAP_HEADER)
            state = PartState(bytes(window.octets))
            if Struct(order_of(state.preamble) + "HH").unpack_from(state.preamble, 4) < _PCAP_FIRST:
                return [Split(path)]
        found = list(_parts(source, path, start, stop, state, octets, walk=walk))
        return [*found[:-1], _ending(found[-1], file)] if isinstance(file, Split) else found


def _walk(source: Source, start: int, state: PartState | None) -> PcapWalk | PcapngWalk:
    if state is None or state.preamble.startswith(SECTION_MAGIC):
        return PcapngWalk(source, start, state)
    return PcapWalk(source, start or _PCAP_HEADER, state)


def _parts(
    source: Source,
    path: str,
    start: int,
    stop: int | None,
    state: PartState | None,
    octets: int,
    *,
    walk: bool = False,
) -> Iterator[Split]:
    """The splits from an octet to another, where a record begins at the first."""
    size = source.size() if stop is None else stop
    found = None if size is None else _starts(source, start, size, state, octets, walk=walk)
    begin, known = start, None if start == 0 else state
    for at, then in found or ():
        yield Split(path, begin, at, known, then if then.preamble.startswith(SECTION_MAGIC) else None)
        begin, known = at, then
    yield Split(path, begin, stop, known)


def _starts(
    source: Source, start: int, stop: int, state: PartState | None, octets: int, *, walk: bool
) -> list[tuple[int, PartState]]:
    """Where splits begin after the first one, and what they know there."""
    if not walk:
        known = state
        if known is None:  # pcapng from its start: all up to the first packet
            head = PcapngWalk(source)
            if head.to_packet(stop) is None:
                return []
            known = head.state
        chain = _chain_of(known, source, start or _PCAP_HEADER)
        if octets >= _WALKED * chain.reach:
            jumped = _jumped(source, start, stop, known, octets, chain)
            if jumped is not None:
                return jumped
    return list(_walked(_walk(source, start, state), start, stop, octets))


def _walked(
    walk: PcapWalk | PcapngWalk, start: int, stop: int, octets: int
) -> Iterator[tuple[int, PartState]]:
    at: int | None = start
    while at is not None and (at := walk.to(at + octets)) is not None and at < stop:
        yield at, walk.state


def _jumped(
    source: Source, start: int, stop: int, state: PartState, octets: int, chain: Chain
) -> list[tuple[int, PartState]] | None:
    """The same without reading what is between; None where a section or an interface is missed that way."""
    starts: list[tuple[int, PartState]] = []
    target = start + octets
    while target < stop:
        found = boundary_after(source, target & ~3, chain)
        if found is not None and found[0] < stop:
            if isinstance(chain, PcapngChain) and _is_stale(*found, state, chain):
                return None
            starts.append((found[0], state))
            target = found[0]
        target += octets
    return starts


def _chain_of(state: PartState, source: Source, first: int) -> Chain:
    """How the records of a file follow one another, with the time of the first one."""
    order = order_of(state.preamble)
    if state.preamble.startswith(SECTION_MAGIC):
        return PcapngChain(order)
    window = Window(source, first)
    seconds = Struct(order + "I").unpack_from(window.octets)[0] if window.has(4) else 0
    return PcapChain(order, MAGICS[state.preamble[:4]][2], seconds)


def _is_stale(at: int, window: Window, state: PartState, chain: PcapngChain) -> bool:
    """Whether the blocks from an octet on show that there are other sections or interfaces than are known."""
    block = Struct(order_of(state.preamble) + "III").unpack_from
    index: int | None = at - window.start
    while index is not None and index + 12 <= len(window.octets):
        kind, _, interface = block(window.octets, index)
        if kind in (INTERFACE, int.from_bytes(SECTION_MAGIC, "little")):
            return True
        if kind == ENHANCED_PACKET and interface >= state.interfaces:
            return True
        index = chain.end(window, index)
    return False
