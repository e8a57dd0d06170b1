"""What is held against any octets: each target raises for a fault of ours, and for nothing else.

Strategy: the targets know nothing of a fuzzer, so that the tests run the corpus through them, and a finding is one call
away from a debugger. The first octets of an input choose how the rest is read; 0 chooses the usual.
"""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Final, Literal, NamedTuple, get_args

import overlaycodec as oc
from overlaycodec.reassembly import FragmentReassembler, Overlap, STTReassembler
from tests.columnar import test_columns
from tests.laws import common as laws
from tests.tools import readers as reading
from tests.tools.internals import code_of

FIRSTS: Final[tuple[type[oc.Header], ...]] = (
    oc.Ethernet,
    *(cls for cls in oc.DEFAULT.headers if cls is not oc.Ethernet),
)
LINK_TYPES: Final = (1, *(value for value in sorted(oc.DEFAULT.values(oc.LINK_TYPE)) if value != 1))
UNGUESSED: Final = oc.DEFAULT.with_max_headers(oc.DEFAULT.max_headers)
"""The same catalog, which no packet teaches what to expect next."""

_MOST_RECORDS: Final = 1_000
_HELD: Final = 10_000
_FORMATS: Final[tuple[Literal["pcap", "pcapng"], ...]] = ("pcap", "pcapng")


HEAD: Final = 2
"""Octets of an input that say how the packet behind them is to be read."""


READERS_HEAD: Final = 2
"""Octets of an input that say how the capture behind them is packed and damaged."""


class Chosen(NamedTuple):
    """How an input asks to be read."""

    first: type[oc.Header]
    wire_length: int | None
    fcs_octets: int
    expected: bool
    """Whether the catalog is taught to expect just such packets."""
    data: bytes


def chosen(octets: bytes) -> Chosen:
    """The packet in an input, and how it is to be read."""
    choice, data = octets[:HEAD].ljust(HEAD, b"\0"), octets[HEAD:]
    wire_length = len(data) + (choice[1] >> 4) * 16 if choice[1] & 1 else None
    return Chosen(FIRSTS[choice[0] % len(FIRSTS)], wire_length, 4 if choice[1] & 2 else 0, bool(choice[1] & 4), data)


def decode(octets: bytes) -> None:
    """Strict and lax decoding agree, and what was decoded encodes to what it was; guesses change nothing."""
    first, wire_length, fcs_octets, expected, data = chosen(octets)
    lax = oc.decode(data, first=first, wire_length=wire_length, fcs_octets=fcs_octets, lax=True)
    assert oc.encode(laws.rebuilt_packet(lax)) == data, "other octets"
    assert len(lax.names) == len(lax.headers)
    str(lax)
    repr(lax)
    if expected:
        code_of(oc.DEFAULT).stack_cache.learn(first, lax.headers)
    for catalog in (oc.DEFAULT, UNGUESSED):
        catalog_lax = catalog.decode(data, first=first, wire_length=wire_length, fcs_octets=fcs_octets, lax=True)
        assert catalog_lax == lax
        assert catalog_lax.faults == lax.faults
        try:
            strict = catalog.decode(data, first=first, wire_length=wire_length, fcs_octets=fcs_octets)
        except oc.DecodeError as error:
            assert error in lax.faults, "a fault that lax decoding does not note"
            assert str(error)
        else:
            assert strict == lax
            assert strict.faults == lax.faults


def edit(octets: bytes) -> None:
    """What was decoded is judged, filled in, and read back as it was filled in."""
    first, wire_length, fcs_octets, _, data = chosen(octets)
    packet = oc.decode(data, first=first, wire_length=wire_length, fcs_octets=fcs_octets, lax=True)
    oc.checksums(packet)
    for name in packet.names:
        start, stop = packet.span(name)
        assert 0 <= start <= stop + 1 <= len(data) * 8
    assert oc.resolve(packet) == packet, "something was AUTO"
    try:
        filled = oc.fill(packet)
        again = oc.encode(filled)
    except oc.EncodeError:  # a length that cannot say how much there is
        return
    assert oc.fill(filled) == filled, "filling in twice is another thing"
    oc.decode(again, first=first, lax=True)


def capture(octets: bytes) -> None:
    """A capture gives records, then its end or a CaptureError; what was read is read again when it was written."""
    choice, data = octets[:1], octets[1:]
    if choice == b"\1":  # the fuzzer would not find a check sequence
        data = gzip.compress(data, 0)
    records: list[oc.Record] = []
    try:
        with oc.open_capture(data) as opened:
            for record in opened:
                if len(records) == _MOST_RECORDS:
                    break
                records.append(record)
                record.decode(lax=True)
    except oc.CaptureError as error:
        assert error.octet >= 0
        assert str(error)
    for form in _FORMATS:
        written = io.BytesIO()
        try:
            oc.write_capture(written, records, format=form)
        except oc.CodecError:  # the form cannot hold them, such as link types that differ
            continue
        with oc.open_capture(written.getvalue()) as opened:
            read = list(opened)
        assert [_plain(record) for record in read] == [_plain(record) for record in records]


def _plain(record: oc.Record) -> tuple[object, ...]:
    """What both forms keep of a record."""
    return record.data, record.link_type, record.wire_length


def readers(octets: bytes) -> None:
    """Every reader gives what stands before the damage of a capture, and the same error, however it is packed."""
    choice, place = octets[:READERS_HEAD].ljust(READERS_HEAD, b"\0")
    data = octets[READERS_HEAD:]
    if choice & 3:  # 1: stored, 2: compressed, 3: both, a member each
        half = len(data) // 2 if choice & 3 == 3 else 0
        data = (gzip.compress(data[:half], 0, mtime=0) if half else b"") + gzip.compress(
            data[half:], choice & 2, mtime=0
        )
    at = len(data) * place >> 8
    damage = choice >> 2 & 3
    if damage == 1:
        data = data[:at]
    elif damage == 2:
        data = data[:at] + bytes(octet ^ 1 for octet in data[at : at + 1]) + data[at + 1 :]
    elif damage == 3:
        data += data[:at]
    error, most = OSError("failed"), 1 + place

    def source() -> bytes | reading.FailingStream:
        return reading.FailingStream(data, error, most) if choice & 0x20 else data

    with reading.piece_sizes(content=1 << 8, chunk=1 << 6) if choice & 0x10 else nullcontext():
        reading.check(source, _MOST_RECORDS)


def columns(octets: bytes) -> None:
    """Columns hold what the packets hold: the octets are records, each behind its length."""
    choice, data = octets[0] if octets else 0, octets[1:]
    link_type, names = LINK_TYPES[(choice & 0x7F) % len(LINK_TYPES)], None if choice & 0x80 else test_columns.SOME
    records: list[oc.Record] = []
    while data and len(records) < 16:
        length, missing = data[0] + 1, data[0] % 3 * 8
        packet, data = data[1 : 1 + length], data[1 + length :]
        records.append(oc.Record(packet, link_type, wire_length=len(packet) + missing))
    test_columns.check(records, names)


def pieces(octets: bytes) -> None:
    """Reassemblers hold what they may, and give what reads back; packets differ exactly where their octets do."""
    choice, data = octets[0] if octets else 0, octets[1:]
    overlap = get_args(Overlap)[choice % 4]
    fragments = FragmentReassembler(overlap=overlap, verify=bool(choice & 4), max_octets=_HELD)
    segments = STTReassembler(verify=bool(choice & 4), max_octets=_HELD)
    before = b""
    while data:
        length = data[0] + 1
        packet, data = data[1 : 1 + length], data[1 + length :]
        whole = fragments.feed(packet, time_ns=length << 30)
        frame = segments.feed(packet if whole is None else whole)
        assert max(fragments.octets, segments.octets) <= _HELD
        for found in (oc.encode(whole) if whole is not None else b"", frame.completed() if frame is not None else b""):
            assert oc.encode(oc.decode(found, lax=True)) == found
        assert bool(oc.diff(before, packet)) == (before != packet)
        before = packet


TARGETS: Final[dict[str, Callable[[bytes], None]]] = {
    target.__name__: target for target in (decode, edit, capture, readers, columns, pieces)
}

CORPUS: Final = Path(__file__).parent / "corpus"


def seeds_of(target: str) -> Path:
    """The folder of the inputs that a target begins with."""
    return CORPUS / {"edit": "decode", "pieces": "columns"}.get(target, target)
