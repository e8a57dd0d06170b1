"""What columns are read and written with, on arrays: bits, slots, sums and rows, held against plain Python."""

from __future__ import annotations

import random
from typing import Any, Final

import numpy as np
import pytest

from overlaycodec.columnar.decode.batch import ROW
from overlaycodec.columnar.decode.bit_fields import bits_of
from overlaycodec.columnar.decode.group import Group, among, every, gathered, least, some, taken
from overlaycodec.columnar.encode.checksum_terms import DerivedChecksum
from overlaycodec.columnar.encode.slots import Slot, clear, write_numbers
from overlaycodec.columnar.ones_complement import folded, reduced, sum_of_rows, sums_of, swapped

WIDTHS: Final = [*range(1, 34), 40, 47, 48, 49, 56, 57, 58, 62, 63, 64]


# --- bits -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("first", range(8))
def test_numbers_are_read_and_written_at_any_bit(first: int) -> None:
    source = random.Random(first)
    for bits in WIDTHS:
        bit = 8 + first
        lines = [source.randbytes(24) for _ in range(3)] + [b"\xff" * 24, bytes(24)]
        numbers = [int.from_bytes(line, "big") >> 192 - bit - bits & (1 << bits) - 1 for line in lines]
        rows = np.array([np.void(line) for line in lines])
        assert bits_of(rows, None, bit, bits).tolist() == numbers, bits
        assert bits_of(rows, np.array([2, 0]), bit, bits).tolist() == [numbers[2], numbers[0]]

        matrix = np.array([list(line) for line in lines], np.uint8)
        others = [source.getrandbits(bits) for _ in lines[1:]] + [(1 << bits) - 1]
        for row in matrix:
            clear(row, Slot(bit, bits))
        before = [int.from_bytes(line, "big") & ~((1 << bits) - 1 << 192 - bit - bits) for line in lines]
        assert [int.from_bytes(row.tobytes(), "big") for row in matrix] == before
        kind = np.uint64 if bits > 32 else np.uint32
        write_numbers(matrix, bit, bits, np.array(others, kind))
        after = [rest | other << 192 - bit - bits for rest, other in zip(before, others, strict=True)]
        assert [int.from_bytes(row.tobytes(), "big") for row in matrix] == after, bits


def test_a_slot_lies_within_bits_or_outside_or_on_their_border() -> None:
    for bit in range(16):
        for bits in range(1, 6):
            slot, places = Slot(bit, bits), set(range(bit, bit + bits))
            for start, stop in ((4, 8), (0, 16), (7, 9), (8, 20)):
                inside = places & set(range(start, stop))
                assert slot.within(start, stop) is (True if inside == places else None if inside else False)


def test_the_value_of_a_slot_is_shifted_to_where_it_is_summed() -> None:
    """In a sum of 16-bit words: as far as its last bit, or its first one where it holds octets, is from their end."""
    for bit in range(40):
        for bits in (1, 4, 8, 16, 48):
            number = 1 << 112 - bit - bits
            assert (1 << Slot(bit, bits).shift(112)) % 0xFFFF == number % 0xFFFF
        if bit % 8 == 0:
            assert Slot(bit, 24, octets=True).shift(112) == -bit % 16


# --- sums -------------------------------------------------------------------------------------------------------------


def plain_sum(octets: bytes) -> int:
    """The ones'-complement sum of RFC 1071, of 0 only for zeros."""
    padded = octets + bytes(len(octets) % 2)
    total = sum(int.from_bytes(padded[at : at + 2], "big") for at in range(0, len(padded), 2))
    return total and (total - 1) % 0xFFFF + 1


def test_numbers_are_reduced_without_a_change_of_their_remainder() -> None:
    source = random.Random(1)
    for bits in WIDTHS:
        numbers = [0, (1 << bits) - 1, *(source.getrandbits(bits) for _ in range(20))]
        found = reduced(np.array(numbers, np.uint64), bits).tolist()
        assert [one % 0xFFFF for one in found] == [number % 0xFFFF for number in numbers]
        assert all(one < 1 << 18 and (one == 0) == (number == 0) for one, number in zip(found, numbers, strict=True))


def test_sums_are_folded_to_16_bits_and_0_is_kept_apart() -> None:
    numbers = [
        0,
        1,
        0xFFFE,
        0xFFFF,
        0x10000,
        0x1FFFE,
        0x1FFFF,
        0xFFFF_0000,
        0xFFFF_FFFF,
        (1 << 63) + 5,
        0xFFFF * 0xFFFF,
    ]
    wanted = [number and (number - 1) % 0xFFFF + 1 for number in numbers]
    assert folded(np.array(numbers, np.uint64)).tolist() == wanted
    assert [folded(np.array([number], np.uint64)).tolist() for number in numbers] == [[one] for one in wanted]
    assert folded(np.empty(0, np.uint64)).tolist() == []
    assert swapped(np.array([0x1234, 0xFF, 0xFF00], np.uint64)).tolist() == [0x3412, 0xFF00, 0xFF]


def test_the_sums_of_rows_of_any_length() -> None:
    source = random.Random(2)
    for octets in range(1, 12):
        lines = [source.randbytes(octets) for _ in range(4)] + [bytes(octets), b"\xff" * octets]
        matrix = np.array([list(line) for line in lines], np.uint8)
        assert sum_of_rows(matrix).tolist() == [plain_sum(line) for line in lines]
        wide = np.array([[7, *line, 9] for line in lines], np.uint8)
        assert sum_of_rows(wide[:, 1:-1]).tolist() == [plain_sum(line) for line in lines]


@pytest.mark.parametrize("apart", [0, 1, 3, 300])
def test_the_sums_of_regions_of_any_length_close_together_and_far_apart(apart: int) -> None:
    source = random.Random(apart)
    for _ in range(40):
        lengths = [source.choice((0, 1, 2, 3, 4, 5, 7, 8, 63, 64, 65, 129, source.randrange(40))) for _ in range(9)]
        gaps = [source.randrange(apart + 1) for _ in lengths]
        starts = np.cumsum([0, *lengths[:-1]]) + np.cumsum(gaps)
        data = source.choice((source.randbytes, bytes, lambda size: b"\xff" * size))(int(starts[-1]) + lengths[-1] + 70)
        regions = [data[start : start + size] for start, size in zip(starts.tolist(), lengths, strict=True)]
        found = sums_of(np.frombuffer(data, np.uint8), starts, np.array(lengths))
        assert found.tolist() == [plain_sum(region) for region in regions], (starts, lengths)
    assert sums_of(np.zeros(64, np.uint8), np.empty(0, np.int64), np.empty(0, np.int64)).tolist() == []


def test_crc_32c() -> None:
    """The check value of the CRC catalogue, and RFC 3720 appendix B.4; the number is that of the octets on the wire."""

    def crc(octets: Any) -> list[str]:  # Any: an array takes any sequence
        rows = np.array([[1, *one, 2] for one in octets], np.uint8)
        checksum = DerivedChecksum(1, rows.shape[1] - 1, Slot(0, 32), True, 0, 0, (), False)
        return [f"{int(one):08x}" for one in checksum.of(rows, [], None)]

    assert crc([b"123456789"]) == ["839206e3"]
    assert crc([[0] * 32, [0xFF] * 32, range(32), range(31, -1, -1)]) == [
        "aa36918a",
        "43aba862",
        "4e79dd46",
        "5cdb3f11",
    ]


# --- rows -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "starts", [[3], [0, 10, 20], [5, 6, 7], [0, 10, 25], [20, 10, 0], [4, 4, 4], [0, 10, 5, 30], [0, 5, 20, 15]]
)
def test_rows_begin_where_they_are_asked_to(starts: list[int]) -> None:
    data = random.Random(4).randbytes(ROW + 30)
    rows = gathered(np.frombuffer(data, np.uint8), np.array(starts))
    assert [row.tobytes() for row in rows] == [data[start : start + ROW] for start in starts]
    size = np.dtype("V16")
    picked = np.array([len(starts) - 1, 0])
    for offset in (0, 3, ROW - 16, ROW - 1):
        for some_rows in (rows, rows.copy()):
            found, at = taken(some_rows, picked, offset, size)
            assert 0 <= at < 16
            first = starts[-1] + offset - at
            assert found[0].tobytes() == data[first : first + 16]
            assert found[1].tobytes() == data[starts[0] + offset - at :][:16]


def test_some_every_and_least() -> None:
    for values, any_, all_ in (([], False, True), ([0, 0], False, False), ([0, 2], True, False), ([3, 1], True, True)):
        for kind in (np.int64, np.bool_, np.uint8):
            assert (some(np.array(values, kind)), every(np.array(values, kind))) == (any_, all_)
    assert [least(np.array(values)) for values in ([3], [4, 2, 9], [-1, 5])] == [3, 2, -1]


def test_values_among_others() -> None:
    numbers, flags = np.array([1, 2, 3, 2]), np.array([True, False])
    assert among(numbers, (2, 3), negated=False).tolist() == [False, True, True, True]
    assert among(numbers, (2,), negated=True).tolist() == [True, False, True, False]
    assert among(numbers, (True,), negated=False).tolist() == [True, False, False, False]
    for allowed in (True, False):
        assert among(flags, (allowed,), negated=False).tolist() == [allowed, not allowed]
        assert among(flags, (allowed,), negated=True).tolist() == [not allowed, allowed]
    assert among(flags, (False, True), negated=False).tolist() == [True, True]


def test_packets_by_their_numbers() -> None:
    def parts(numbers: list[int], mask: list[bool] | None) -> list[tuple[int, list[bool] | None]]:
        given = None if mask is None else np.array(mask)
        found = Group().by(np.array(numbers), given)
        return [(number, None if of is None else of.tolist()) for number, of in found]

    assert parts([5, 5], None) == [(5, None)]
    assert parts([5, 6, 5, 7], None) == [
        (5, [True, False, True, False]),
        (6, [False, True, False, False]),
        (7, [False, False, False, True]),
    ]
    assert parts([5, 6, 5, 7], [False, True, True, False]) == [
        (6, [False, True, False, False]),
        (5, [False, False, True, False]),
    ]
    assert parts([5, 6], [False, False]) == []
