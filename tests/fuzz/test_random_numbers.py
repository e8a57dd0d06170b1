"""The generator of random numbers, against numbers from outside."""

from __future__ import annotations

from overlaycodec.fuzz.random_numbers import SplitMix64, mixed


def test_the_numbers_are_those_of_splitmix64() -> None:
    """Numbers for the seed 1234567, by Vigna's splitmix64.c, as Rosetta Code has them."""
    random = SplitMix64(1234567)
    assert [random.next() for _ in range(5)] == [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ]


def test_numbers_in_a_range_come_equally_often() -> None:
    random = SplitMix64(1)
    counts = [0] * 6
    for _ in range(6_000):
        counts[random.below(6)] += 1
    assert all(850 < count < 1_150 for count in counts)
    assert all(random.bits(3) < 8 for _ in range(100))
    assert any(random.bits(128) >> 120 for _ in range(10))


def test_a_shuffle_has_all_members_in_another_order() -> None:
    order = SplitMix64(1).shuffled(range(100))
    assert sorted(order) == list(range(100))
    assert order != list(range(100))
    assert order != SplitMix64(2).shuffled(range(100))


def test_mixed_numbers_differ_where_one_of_them_does() -> None:
    numbers = [(), (0,), (0, 0), (1,), (1, 0), (0, 1), (1 << 64,), (1 << 128,), (1 << 128, 0)]
    assert len({mixed(*several) for several in numbers}) == len(numbers)
