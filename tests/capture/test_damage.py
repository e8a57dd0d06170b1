"""Damaged captures: the records before the damage, then a CaptureError that says where; nothing else for any octets."""

from __future__ import annotations

import gzip
import itertools
import pickle
import struct
import tracemalloc
import zlib
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overlaycodec.capture import Record, open_capture
from overlaycodec.errors import CaptureError
from tests.tools import stacks
from tests.tools.capture_files import BIG, LITTLE, MODIFIED, NANO, UNKNOWN, Blocks, pcap, record

MIB = 1 << 20


def salvage(data: bytes) -> tuple[list[Record], CaptureError | None]:
    """The records, and the error that ended them."""
    got: list[Record] = []
    try:
        with open_capture(data) as capture:
            got.extend(capture)
    except CaptureError as error:
        return got, pickle.loads(pickle.dumps(error))
    return got, None


PCAP_PARTS = [pcap(), record(b"first", 1), record(b""), record(bytes(40), 2, wire=100)]
PCAPNG_PARTS = [
    LITTLE.section(),
    LITTLE.interface((2, b"eth0")),
    LITTLE.enhanced(b"first", (1, b"comment")),
    LITTLE.block(UNKNOWN, bytes(20)),
    BIG.section(),
    BIG.interface((9, b"\x09")),
    BIG.simple(b"second"),
    BIG.obsolete(b"third"),
]


@pytest.mark.parametrize("parts", [PCAP_PARTS, PCAPNG_PARTS], ids=["pcap", "pcapng"])
def test_every_truncation(parts: list[bytes]) -> None:
    whole, error = salvage(b"".join(parts))
    assert len(whole) == 3
    assert error is None
    ends = list(itertools.accumulate(len(part) for part in parts))
    for cut in range(ends[-1]):
        got, error = salvage(b"".join(parts)[:cut])
        assert got == whole[: len(got)]
        begun = [0, *ends][sum(end <= cut for end in ends)]
        # Only whole parts count, and a cut between two of them is no damage; the error says where the cut part begins.
        assert len(got) == len(salvage(b"".join(parts)[:begun])[0]) if begun else got == []
        assert (error is None) == (cut in ends)
        if error is not None:
            assert error.octet == begun


@pytest.mark.parametrize("name", ["kernel-vxlan-inner-vlan.pcap", "ovs-gtpu.pcap"])
def test_every_truncation_of_a_capture(name: str) -> None:
    data = (stacks.CAPTURES / name).read_bytes()
    whole, _ = salvage(data)
    counts = []
    for cut in range(len(data)):
        got, error = salvage(data[:cut])
        assert got == whole[: len(got)]
        counts.append((len(got), error is None))
    assert [clean for _, clean in counts].count(True) == len(whole)  # before each record
    assert sorted(counts) == counts or [count for count, _ in counts] == sorted(count for count, _ in counts)


def test_every_truncation_of_a_packed_capture() -> None:
    data = (stacks.CAPTURES / "kernel-vxlan-v4.pcap").read_bytes()
    whole, _ = salvage(data)
    packed = gzip.compress(data)
    counts = []
    for cut in range(len(packed)):
        got, error = salvage(packed[:cut])
        assert got == whole[: len(got)]
        assert error is not None
        counts.append(len(got))
    assert counts == sorted(counts)
    assert counts[-8:] == [len(whole)] * 8  # only the checksum and length at the end are missing


# gzip


def test_packed_data_damaged_at_a_known_place() -> None:
    packer = zlib.compressobj(wbits=31)
    content = pcap(*(record(bytes([number]) * 50, number) for number in range(100)))
    packed = packer.compress(content) + packer.flush(zlib.Z_SYNC_FLUSH)
    got, error = salvage(packed + b"\x07" + bytes(50))  # block type 3 does not exist
    assert len(got) == 100
    assert error == CaptureError("the gzip data is damaged: invalid block type", len(content))


@pytest.mark.parametrize("place", [-8, -1], ids=["checksum", "length"])
def test_wrong_gzip_trailer(place: int) -> None:
    content = b"".join(PCAP_PARTS)
    packed = bytearray(gzip.compress(content))
    packed[place] ^= 1
    got, error = salvage(bytes(packed))
    assert len(got) == 3
    assert error is not None
    assert error.octet == len(content)
    assert error.reason.startswith("the gzip data is damaged: incorrect")


def test_octets_after_the_gzip_data() -> None:
    content = b"".join(PCAP_PARTS)
    got, error = salvage(gzip.compress(content) + b"junk")
    assert len(got) == 3
    assert error is not None
    assert error.octet == len(content)


def test_packed_bomb_costs_no_memory() -> None:
    head = LITTLE.section() + struct.pack("<II", UNKNOWN, 200 * MIB)
    packer = zlib.compressobj(9, wbits=31)
    pieces = [packer.compress(head)] + [packer.compress(bytes(MIB)) for _ in range(199)]
    packed = b"".join([*pieces, packer.flush()])
    tracemalloc.start()
    try:
        got, error = salvage(packed)
        assert tracemalloc.get_traced_memory()[1] < 4 * MIB
    finally:
        tracemalloc.stop()
    assert got == []
    assert error == CaptureError(f"the block has {200 * MIB} octets, {199 * MIB + 8} are there", 28)


# Lying lengths


@pytest.mark.parametrize("captured", [41, 50 * MIB, 64 * MIB, 64 * MIB + 1, 0xFFFF_FFFF])
@pytest.mark.parametrize("magic", [NANO, MODIFIED])
def test_lying_record(magic: int, captured: int) -> None:
    extra = bytes(8) if magic == MODIFIED else b""
    good = struct.pack("<IIII", 0, 0, 2, 2) + extra + b"ok"
    lying = struct.pack("<IIII", 0, 0, captured, captured) + extra + bytes(40)
    tracemalloc.start()
    try:
        got, error = salvage(pcap(good, lying, magic=magic))
        assert tracemalloc.get_traced_memory()[1] < MIB
    finally:
        tracemalloc.stop()
    assert [each.data for each in got] == [b"ok"]
    assert error is not None
    start = 24 + len(good)
    if captured <= 64 * MIB:
        assert error == CaptureError(f"the record has {captured} octets, 40 are there", start)
    else:
        assert error == CaptureError(f"a record of {captured} octets: at most {64 * MIB} are read", start + 8)


HEAD = LITTLE.section() + LITTLE.interface() + LITTLE.enhanced(b"ok")
FIELDS = struct.pack("<IIIII", 0, 0, 0, 4, 4) + b"data"


def framed(kind: int, before: int, body: bytes, after: int) -> bytes:
    return struct.pack("<II", kind, before) + body + struct.pack("<I", after)


@pytest.mark.parametrize(
    ("block", "reason", "octet"),
    [
        (framed(6, 36, FIELDS, 40), "36 before it and 40 after it", 32),
        (framed(UNKNOWN, 36, FIELDS, 0), "36 before it and 0 after it", 32),
        (framed(6, 0, FIELDS, 0), "at least 32", 4),
        (framed(6, 28, FIELDS[:16], 28), "at least 32", 4),
        (framed(3, 12, b"", 12), "at least 16", 4),
        (framed(1, 16, bytes(4), 16), "at least 20", 4),
        (framed(2, 28, FIELDS[:16], 28), "at least 32", 4),
        (framed(0x0A0D0D0A, 24, struct.pack("<IHHI", 0x1A2B3C4D, 1, 0, 0), 24), "at least 28", 4),
        (framed(UNKNOWN, 8, b"", 8), "at least 12", 4),
        (framed(UNKNOWN, 0, b"", 0), "at least 12", 4),
        (framed(6, 37, FIELDS + b"x", 37), "not a multiple of 4", 4),
        (framed(UNKNOWN, 13, b"x", 13), "not a multiple of 4", 4),
        (framed(6, 40, FIELDS, 40), "has 40 octets, 36 are there", 0),
        (framed(UNKNOWN, 40, FIELDS, 40), "has 40 octets, 36 are there", 0),
        (framed(6, 64 * MIB, FIELDS, 0), "are there", 0),
        (framed(6, 64 * MIB + 4, FIELDS, 0), "at most", 4),
        (framed(6, 0xFFFF_FFFC, FIELDS, 0), "at most", 4),
        (framed(1, 0xFFFF_FFFC, FIELDS, 0), "at most", 4),
        (framed(UNKNOWN, 0xFFFF_FFFC, FIELDS, 0), "are there", 0),
        (framed(6, 36, struct.pack("<IIIII", 0, 0, 0, 5, 5) + b"data", 36), "5 octets in a block with room for 4", 0),
        (framed(6, 36, struct.pack("<IIIII", 0, 0, 0, 0xFFFF_FFFF, 4) + b"data", 36), "room for 4", 0),
        (framed(6, 36, struct.pack("<IIIII", 1, 0, 0, 4, 4) + b"data", 36), "interface 1", 0),
        (framed(6, 36, struct.pack("<IIIII", 0xFFFF_FFFF, 0, 0, 4, 4) + b"data", 36), "interface 4294967295", 0),
        (framed(3, 20, struct.pack("<I", 5) + b"data", 20), "5 octets in a block with room for 4", 0),
        (LITTLE.section() + LITTLE.simple(b""), "interface 0", 28),
        (LITTLE.section() + LITTLE.enhanced(b""), "interface 0", 28),
        (framed(6, 44, FIELDS + struct.pack("<HH4x", 1, 5), 44), "option 1 has 5 octets, its block 4", 32),
        (LITTLE.enhanced(b"data", (2, b"abc")), "epb_flags has 3 octets, not 4", 0),
        (LITTLE.interface((9, b"ab")), "if_tsresol has 2 octets, not 1", 0),
        (LITTLE.interface((13, b"")), "if_fcslen has 0 octets, not 1", 0),
        (LITTLE.interface((14, b"abcd")), "if_tsoffset has 4 octets, not 8", 0),
        (LITTLE.interface((19, b"abcdefgh")), "if_tsoffset_ns has 8 octets, not 4", 0),
        (b"\n\r\r\n" + struct.pack("<I", 28) + bytes(20), "no byte-order magic", 8),
        (b"\n\r\r\n\x1c\0\0\0\x4d", "at least 28 octets, 9 are there", 0),
        (b"\6\0\0", "begins with 8 octets, 3 are there", 0),
    ],
)
def test_damaged_block(block: bytes, reason: str, octet: int) -> None:
    tracemalloc.start()
    try:
        got, error = salvage(HEAD + block)
        assert tracemalloc.get_traced_memory()[1] < MIB
    finally:
        tracemalloc.stop()
    assert [each.data for each in got] == [b"ok"]
    assert error is not None
    assert reason in error.reason
    assert error.octet == len(HEAD) + octet


@pytest.mark.parametrize("data", [pcap()[:20], pcap(version=(1, 4)), LITTLE.section()[:20]])
def test_damaged_file_header(data: bytes) -> None:
    with pytest.raises(CaptureError):
        open_capture(data)


class Repeated:
    """A stream of a head, and then the same octets again and again."""

    def __init__(self, head: bytes, again: bytes) -> None:
        self.pieces = itertools.chain([head], itertools.repeat(again))

    def read(self, size: int, /) -> bytes:
        return next(self.pieces)


@pytest.mark.parametrize(
    "described",
    [LITTLE.interface(), LITTLE.interface((2, b"x" * 65535), (3, b"y" * 65535))],
    ids=["many", "large"],
)
def test_endless_interfaces_are_refused(described: bytes) -> None:
    with open_capture(Repeated(LITTLE.section(), described * 8)) as capture:
        with pytest.raises(CaptureError, match="more than 65536 interfaces"):
            list(capture)
        assert 500 <= len(capture.interfaces) <= 65536


def test_the_bound_on_interfaces_is_a_sections_own() -> None:
    section = LITTLE.section() + LITTLE.interface((2, b"x" * 65535), (3, b"y" * 65535)) * 128
    sections = itertools.chain([section] * 5, [LITTLE.simple(b"end"), b""])  # 80 MiB of interfaces

    class Sections:
        def read(self, size: int, /) -> bytes:
            return next(sections)

    with open_capture(Sections()) as capture:
        assert [each.data for each in capture] == [b"end"]


# Any octets

SEEDS = [
    b"".join(PCAP_PARTS),
    b"".join(PCAPNG_PARTS),
    pcap(record(b"data", order=">"), order=">", magic=MODIFIED, version=(2, 3)),
    (stacks.CAPTURES / "ovs-gtpu.pcap").read_bytes(),
    (stacks.CAPTURES / "kernel-vxlan-rco.pcap").read_bytes(),
]
PUBLIC = [path.read_bytes() for path in stacks.captures(stacks.PUBLIC).values() if path.stat().st_size < 5000]


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    data = bytearray(draw(st.sampled_from(SEEDS + PUBLIC)))
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, len(data)))
        kind = draw(st.sampled_from(["set", "word", "insert", "delete"]))
        if kind == "set":
            data[place : place + 1] = draw(st.binary(min_size=1, max_size=1))
        elif kind == "word":
            value = draw(st.sampled_from([0, 1, 8, 12, 0x7FFFFFFF, 0xFFFFFFFF]) | st.integers(0, 2**32 - 1))
            place &= ~3
            data[place : place + 4] = struct.pack(draw(st.sampled_from("<>")) + "I", value)
        elif kind == "insert":
            data[place:place] = draw(st.binary(max_size=40))
        else:
            del data[place : place + draw(st.integers(1, 40))]
    return bytes(data)


def check(data: bytes) -> None:
    got, error = salvage(data)
    for each in got:
        assert type(each.data) is bytes
        assert 0 <= each.wire_length < 2**32
        assert each.time_ns is None or type(each.time_ns) is int
    if error is not None and not data.startswith(b"\x1f\x8b"):
        assert 0 <= error.octet <= len(data)


@given(mutated())
def test_mutated_captures(data: bytes) -> None:
    check(data)


@given(mutated())
def test_mutated_captures_packed(data: bytes) -> None:
    packed = bytearray(gzip.compress(data))
    assert salvage(bytes(packed)) == salvage(data)
    check(bytes(packed[: len(packed) // 2] + packed[len(packed) // 2 + 1 :]))


@given(
    st.sampled_from([b"", pcap(), pcap(order=">"), HEAD, BIG.section() + BIG.interface(), b"\x1f\x8b\x08"]), st.data()
)
def test_any_octets(head: bytes, data: st.DataObject) -> None:
    check(head + data.draw(st.binary(max_size=300)))


def _block_bodies() -> Iterator[tuple[Blocks, int]]:
    return itertools.product((LITTLE, BIG), (0x0A0D0D0A, 1, 2, 3, 4, 5, 6, 0x0BAD))


@given(st.sampled_from(list(_block_bodies())), st.binary(max_size=120))
def test_any_block_body(kind: tuple[Blocks, int], body: bytes) -> None:
    blocks, number = kind
    block = blocks.block(number, body)
    got, _ = salvage(blocks.section() + blocks.interface() + block + blocks.enhanced(b"after"))
    check(blocks.section() + blocks.interface() + block)
    if number in (4, 5, 0x0BAD):
        assert [each.data for each in got] == [b"after"]
