"""Several headers at one key: every order, with and without conditions, guessed or certain, for all first octets.

Which of them is found is worked out from what the documentation of `Key` says, in steps and for each learnt stack.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from itertools import permutations, product
from typing import Annotated, Final, NamedTuple

import pytest

import overlaycodec as oc
from overlaycodec import Bits, Catalog, Header, Key, KeySpace
from overlaycodec.schema.keys import Fits, MinOctets, Peek, PreviousHeader
from overlaycodec.schema.signs import Pattern
from tests.codec.test_stack_shape import told
from tests.tools.internals import code_of

PLACE: Final = KeySpace("place", 4)
SIGNS: Final = (Pattern("one", ((Peek(8, 1, 1),),)), Pattern("two", ((Peek(10, 2, 2),),), decisive=True))
"""Refused where both fail: the first bit of the second octet is 0, and its third and fourth are not 10."""


class Start(Header, spec="in-house", path="start"):
    """What is before: a flag, and the key."""

    flag: Annotated[bool, Bits(1)] = False
    spare: Annotated[int, Bits(3)] = 0
    kind: Annotated[int, Bits(4), oc.Selects(PLACE)] = 1


class Certain(Header, spec="in-house", path="certain", signs=SIGNS):
    """A header with signs; its fields are not as long as what the signs ask."""

    first: Annotated[int, Bits(8)] = 0
    one: Annotated[bool, Bits(1)] = False
    two: Annotated[int, Bits(7)] = 0


class Guessed(Header, spec="in-house", path="guessed", signs=SIGNS):
    """A header with the same signs, each of which asks for whole fields."""

    first: Annotated[int, Bits(8)] = 0
    one: Annotated[bool, Bits(1)] = False
    spare: Annotated[int, Bits(1)] = 0
    two: Annotated[int, Bits(2)] = 0
    rest: Annotated[int, Bits(4)] = 0


class Sure(Header, spec="in-house", path="sure", signs=SIGNS):
    """A header whose constant says that one sign is true."""

    first: Annotated[int, Bits(8)] = 0
    one: Annotated[int, Bits(1), oc.Const(1)] = 1
    rest: Annotated[int, Bits(7)] = 0


class Other(Header, spec="in-house", path="other"):
    """A header without signs."""

    first: Annotated[int, Bits(8)] = 0
    second: Annotated[int, Bits(8)] = 0


BOUND: Final[tuple[tuple[Key, type[Header]], ...]] = (
    (PLACE(1).when(Peek(0, 2, 0)), Certain),
    (PLACE(1).when(Peek(0, 1, 0)).as_guess(), Guessed),
    (PLACE(1).when(PreviousHeader("flag", 1), Peek(0, 1, 1)), Sure),
    (PLACE(1).when(Peek(0, 8, 0x81), MinOctets(3)), Other),
)
LAST: Final[tuple[tuple[Key, type[Header]] | None, ...]] = (
    None,
    (PLACE(1).as_guess(), Guessed),
    (PLACE(1).as_guess(), Sure),
    (PLACE(1), Certain),
    (PLACE.any().as_guess(), Certain),
)
"""What is found where no condition holds."""


class Order(NamedTuple):
    """Bindings in an order."""

    bindings: tuple[tuple[Key, type[Header]], ...]

    def chosen(self, flag: bool, first: int, second: int, octets: int) -> type[Header] | None:
        """What is found in front of so many octets, the first two of which these are."""
        exact = any(key.value == 1 for key, _ in self.bindings)
        for key, cls in self.bindings:
            if exact and key.value is None:
                continue
            if not all(self._holds(asked, flag, first, octets) for asked in key.conditions):
                continue
            if not key.guess or second >> 7 == 1 or second >> 4 & 3 == 2:
                return cls
            if not key.conditions:
                return None
        return None

    @staticmethod
    def _holds(asked: object, flag: bool, first: int, octets: int) -> bool:
        if isinstance(asked, PreviousHeader):
            return flag == (asked.value == 1)
        if isinstance(asked, MinOctets):
            return octets >= asked.octets
        assert isinstance(asked, Peek)
        return first >> 8 - asked.bit - asked.count & (1 << asked.count) - 1 == asked.value


def orders() -> Iterator[Order]:
    """Two of those with conditions in each order, then one without."""
    for conditional in permutations(BOUND, 2):
        for last in LAST:
            yield Order((*conditional, *([] if last is None else [last])))


ORDERS: Final = list(orders())
SECOND: Final = (0x00, 0x0F, 0x10, 0x20, 0x2F, 0x30, 0x40, 0x60, 0x70, 0x80, 0xA0, 0xFF)
"""Each of the bits that signs look at, and others."""


def cases(order: Order) -> Iterator[tuple[bytes, type[Header] | None]]:
    """Octets, and what is found behind the first of them."""
    for flag in (False, True):
        for first in (0x00, 0x01, 0x3F, 0x40, 0x7F, 0x80, 0x81, 0xC0, 0xFF):
            for second in SECOND:
                for more in (b"", b"!"):
                    octets = bytes([flag << 7 | 1, first, second]) + more
                    yield octets, order.chosen(flag, first, second, 2 + len(more))


@pytest.mark.parametrize("order", ORDERS, ids=[str(number) for number in range(len(ORDERS))])
def test_the_first_one_whose_conditions_hold_and_that_is_believed(order: Order) -> None:
    bound = Catalog((Start, Certain, Guessed, Sure, Other), bindings=order.bindings)
    catalogs = [bound]
    seen = set()
    for octets, expected in cases(order):
        packet = bound.decode(octets, first=Start, lax=True)
        found = type(packet.headers[1]) if len(packet.headers) > 1 else None
        if expected is Sure and octets[2] >> 7 == 0:  # its constant says otherwise
            assert packet.fault is not None
            continue
        assert found is expected, octets.hex()
        if (expected, octets[0]) not in seen and expected is not None:
            seen.add((expected, octets[0]))
            catalogs.append(Catalog(bound.headers, bindings=order.bindings))
            code_of(catalogs[-1]).stack_cache.learn(Start, packet.headers)
            read = code_of(catalogs[-1]).stack_cache.entry[1]
            if [cls for _, cls in order.bindings].count(expected) == 1:  # else: only what its first key finds
                assert read(octets, len(octets)) == packet, octets.hex()
    for catalog in catalogs:
        code_of(catalog).stack_cache.misses_left = -1
    for octets, _ in cases(order):
        expected_packet = bound.decode(octets, first=Start, lax=True)
        for catalog in catalogs[1:]:
            packet = catalog.decode(octets, first=Start, lax=True)
            assert told(packet) == told(expected_packet), octets.hex()


# --- a length in a sign -----------------------------------------------------------------------------------------------

LENGTHS: Final = {
    "its own": Fits(8, 8, unit=4, base=4),
    "its own, which its first octets alone fulfil": Fits(8, 8, unit=4, base=4, least=4),
    "its own, with content": Fits(8, 8, unit=4, base=4, least=8),
    "its own, one octet more than it can have": Fits(8, 8, unit=4, base=4, least=5),
    "in other units": Fits(8, 8, unit=2, base=4),
    "without its first octets": Fits(8, 8, unit=4, base=0),
    "that of another field": Fits(16, 8, unit=4, base=4),
    "its last bits": Fits(12, 4, unit=4, base=4),
    "with nothing behind": Fits(8, 8, unit=4, base=4, spare=0),
}


def counted(fits: Fits) -> type[Header]:
    """A header whose length says where its content ends: words of 4 octets behind the first 4."""

    class Counted(Header, spec="in-house", path="counted", keys=(oc.UDP_PORT(9994).as_guess(),), signs=(
        Pattern("length", ((fits,),), decisive=True), Pattern("version", ((Peek(0, 8, 1),),)),
    )):  # fmt: skip
        """Its octets."""

        version: Annotated[int, Bits(8)] = 1
        words: Annotated[int, Bits(8), oc.LengthField(unit=4, origin="end")] = 0
        number: Annotated[int, Bits(8)] = 0
        other: Annotated[int, Bits(8)] = 0

    return Counted


def datagram(content: bytes) -> bytes:
    """RFC 768: the length counts the 8 octets of the header too."""
    return bytes.fromhex("0001 270a") + (8 + len(content)).to_bytes(2, "big") + bytes(2) + content


@pytest.mark.parametrize("name", LENGTHS)
def test_a_length_fits_or_not(name: str) -> None:
    """One sign alone refuses nothing: the version is wrong too where the length must decide."""
    fits, cls = LENGTHS[name], counted(LENGTHS[name])
    plain, learnt = (Catalog((oc.UDP, cls)) for _ in range(2))
    code_of(plain).stack_cache.misses_left = code_of(learnt).stack_cache.misses_left = -1
    fitting = datagram(bytes([1, 2, 1, 9]) + bytes(8))
    code_of(learnt).stack_cache.learn(oc.UDP, plain.decode(fitting, first=oc.UDP).headers)
    read = code_of(learnt).stack_cache.entry[1]
    assert read(fitting, len(fitting)) is not None
    for words, version, number, content in product((0, 1, 2, 3, 16, 17), (1, 2), (0, 3), (*range(14), 64, 68)):
        inside = bytes([version, words, number, 9]) + bytes(content)
        counts = number if fits.bit == 16 else words % 16 if fits.bit == 12 else words
        claimed = counts * fits.unit + fits.base
        holds = fits.least <= claimed <= len(inside) and (fits.spare is None or len(inside) - claimed <= fits.spare)
        packets = [catalog.decode(datagram(inside), first=oc.UDP, lax=True) for catalog in (plain, learnt)]
        assert told(packets[0]) == told(packets[1]), inside.hex()
        assert (cls in packets[0]) is (version == 1 or holds), inside.hex()


@pytest.mark.parametrize("name", LENGTHS)
def test_a_length_that_was_found_to_fit_is_not_asked_again(name: str) -> None:
    """A learnt stack tests that the content ends where the octets do: it is enough for a sign that says no more."""
    catalog = Catalog((oc.UDP, counted(LENGTHS[name])))
    fitting = datagram(bytes([1, 2, 1, 9]) + bytes(8))
    code_of(catalog).stack_cache.learn(oc.UDP, catalog.decode(fitting, first=oc.UDP).headers)
    source = inspect.getsource(code_of(catalog).stack_cache.entry[1])
    enough = name in ("its own", "its own, which its first octets alone fulfil", "with nothing behind")
    assert ("<= end - 8" in source) is not enough
