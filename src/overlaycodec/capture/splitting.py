"""Captures -> splits."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from struct import Struct
from typing import TYPE_CHECKING, Final, TypeAlias

from overlaycodec.capture.boundaries import boundary_after
from overlaycodec.capture.compression import HEAD, compression_of
from overlaycodec.capture.files import files_in
from overlaycodec.capture.part import PartState
from overlaycodec.capture.pcap import MAGICS
from overlaycodec.capture.pcapng import ENHANCED_PACKET, FRAME, INTERFACE, SECTION_MAGIC
from overlaycodec.capture.reader import Capture
from overlaycodec.capture.record_chains import LONGEST, Chain, PcapChain, PcapngChain, Window
from overlaycodec.capture.source import Source, source_of
from overlaycodec.capture.split import Split
from overlaycodec.capture.urls import is_url
from overlaycodec.capture.walk import PcapngWalk, PcapWalk, order_of
from overlaycodec.values.argument_checks import check_number

if TYPE_CHECKING:
    from overlaycodec.capture.files import File

Share: TypeAlias = Callable[[int], int]
"""How many octets a split should have, by how many are left."""

__all__ = ["rest_after", "splits", "splits_for"]

_OCTETS: Final = 1 << 28
_USUAL: Final = (1 << 16) + 256
"""The most octets of most packets: an IP packet with what is around it."""
_SHORT: Final = 1 << 12
"""The most octets of nearly all packets of most files."""
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

    It reads up to 1 MiB for each piece, not the whole file. It does not guess the start of a record from its content:
    the start follows from the lengths of the records, provided that no packet has more than 262,144 octets. A piece of
    pcapng knows the interfaces that are described before the first packet, and a section that begins later only where
    the octets that are read show it. If this is wrong, reading the piece before raises a `CaptureError`, so there are
    no wrong rows. With `walk=True` all of the file is read once, record by record, and pieces are right for every file.
    `columns(..., workers=n)` needs no walk: it corrects what is wrong as it reads.

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
        with _opened(file) as (content, whole, state):
            found += _parts(content, whole, state, lambda _: octets, walk=walk)
    return found


def splits_for(file: File, readers: int, least: int, most: int) -> Iterator[Split]:
    """The splits of one file for so many readers: each has half of an equal share of what is left, at least `least`.

    So all readers end at about the same time. No split has many more than `most` octets. They are found one by one, and
    faster than those of `splits`, as they rest on shorter packets: only for those who read them in order.
    """

    def share(left: int) -> int:
        return min(max(left // (2 * readers), least), most)

    with _opened(file) as (source, whole, state):
        yield from _parts(source, whole, state, share, longest=_USUAL)


def rest_after(split: Split, end: Split, octets: int) -> Iterator[Split]:
    """The splits after a split, up to the end of another one: they know what this one had."""
    assert split.stop is not None
    with closing(source_of(split.path)) as source:
        walk = _walk(source, split.start, split.state)
        walk.to(split.stop)
        rest = Split(split.path, split.stop, end.stop, walk.state, end.following)
        yield from _parts(source, rest, walk.state, lambda _: octets, longest=_USUAL)


@contextmanager
def _opened(file: File) -> Iterator[tuple[Source, Split, PartState | None]]:
    """The octets of a file, all of it as a split, and its state at its start, if it is pcap."""
    if isinstance(file, Split):
        whole = file
    else:  # another process may be in another folder
        whole = Split(os.fspath(file) if is_url(file) else os.path.abspath(os.fspath(file)))
    with closing(source_of(whole.path)) as source:
        Capture(source)  # it raises an error where this is no capture
        state = whole.state
        if state is None and source.read_at(0, 4) in MAGICS:
            window = Window(source, 0)
            window.has(_PCAP_HEADER)
            state = PartState(bytes(window.octets[:_PCAP_HEADER]))
        yield source, whole, state


def _parts(
    source: Source,
    whole: Split,
    state: PartState | None,
    share: Share,
    *,
    walk: bool = False,
    longest: int | None = None,
) -> Iterator[Split]:
    """The splits of a split; with `longest`, what they know is not held against what is read of them."""
    size = source.size() if whole.stop is None else whole.stop
    starts: Iterable[tuple[int, PartState]] = ()
    if size is not None and _can_be_split(source, state):
        starts = _starts(source, whole.start, size, state, share, walk=walk, longest=longest)
    begin, known = whole.start, whole.state
    for at, then in starts:
        yield Split(whole.path, begin, at, known, then if _is_pcapng(then) else None)
        begin, known = at, then
    yield Split(whole.path, begin, whole.stop, known, whole.following)


def _is_pcapng(state: PartState | None) -> bool:
    return state is None or state.preamble.startswith(SECTION_MAGIC)


def _can_be_split(source: Source, state: PartState | None) -> bool:
    """Whether it is not compressed, and of no version of pcap in which lengths have another order."""
    if state is None or _is_pcapng(state):
        return compression_of(source.read_at(0, HEAD)) is None
    version: tuple[int, int] = Struct(order_of(state.preamble) + "HH").unpack_from(state.preamble, 4)
    return version >= _PCAP_FIRST


def _walk(source: Source, start: int, state: PartState | None) -> PcapWalk | PcapngWalk:
    if state is None or _is_pcapng(state):
        return PcapngWalk(source, start, state)
    return PcapWalk(source, start or _PCAP_HEADER, state)


def _starts(
    source: Source,
    start: int,
    stop: int,
    state: PartState | None,
    share: Share,
    *,
    walk: bool,
    longest: int | None,
) -> Iterable[tuple[int, PartState]]:
    """Where splits begin after the first one, and what they know there."""
    if not walk:
        known = state
        if known is None:  # pcapng from its start: up to its first packet
            head = PcapngWalk(source)
            if head.to_packet(stop) is None:
                return ()
            known = head.state
        chain = _chain_of(known, source, start or _PCAP_HEADER, LONGEST if longest is None else longest)
        if share(stop - start) >= _WALKED * chain.reach:
            if longest is not None:
                short = _chain_of(known, source, start or _PCAP_HEADER, _SHORT)
                return ((at, known) for at, _ in _jumps(source, start, stop, share, short, chain))
            found = list(_jumps(source, start, stop, share, chain))
            if not isinstance(chain, PcapngChain) or not any(_is_stale(*jump, known, chain) for jump in found):
                return [(at, known) for at, _ in found]
    return _walked(_walk(source, start, state), start, stop, share)


def _walked(walk: PcapWalk | PcapngWalk, start: int, stop: int, share: Share) -> Iterator[tuple[int, PartState]]:
    at: int | None = start
    while at is not None and (at := walk.to(at + share(stop - at))) is not None and at < stop:
        yield at, walk.state


def _jumps(source: Source, start: int, stop: int, share: Share, *chains: Chain) -> Iterator[tuple[int, Window]]:
    """Where records begin at such distances, and what was read there: nothing between is.

    It is the first of the chains that proves each.
    """
    target = start + share(stop - start)
    while target < stop:
        proven = (boundary_after(source, target & ~3, chain) for chain in chains)
        found = next(filter(None, proven), None)
        if found is not None and found[0] < stop:
            yield found
            target = found[0]
        target += share(stop - target)


def _chain_of(state: PartState, source: Source, first: int, longest: int) -> Chain:
    """How the records of a file follow one another, with the time of the first one."""
    order = order_of(state.preamble)
    if state.preamble.startswith(SECTION_MAGIC):
        return PcapngChain(order, longest)
    window = Window(source, first)
    seconds = Struct(order + "I").unpack_from(window.octets)[0] if window.has(4) else 0
    return PcapChain(order, MAGICS[state.preamble[:4]][2], seconds, longest)


def _is_stale(at: int, window: Window, state: PartState, chain: PcapngChain) -> bool:
    """Whether the blocks from an octet on show that there are other sections or interfaces than are known."""
    block = Struct(order_of(state.preamble) + "III").unpack_from
    index: int | None = at - window.start
    read = len(window.octets)
    while index is not None and index + FRAME <= read:
        kind, _, interface = block(window.octets, index)
        if kind in (INTERFACE, int.from_bytes(SECTION_MAGIC, "little")):
            return True
        if kind == ENHANCED_PACKET and interface >= state.interfaces:
            return True
        index = chain.end(window, index)
    return False
