"""Signs of guesses: how many must fail, which are enough for a guess to be believed, and what of a header is looked at.

Every combination of up to four signs is tried, against what `overlaycodec.schema.signs` says of each.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, combinations, combinations_with_replacement, product
from typing import Annotated, Any, Final

import pytest

import overlaycodec as oc
from overlaycodec import LINK_TYPE, UDP_PORT, Bits, Catalog, Header
from overlaycodec.schema.keys import Peek
from overlaycodec.schema.signs import KnownNext, Pattern, RightChecksum, SensibleContent, Sign

SIGNS: Final[tuple[Sign, ...]] = (
    Pattern("decisive", ((Peek(0, 4, 1),), (Peek(0, 4, 2), Peek(4, 4, 3))), decisive=True),
    Pattern("other", ((Peek(8, 8, 0),), (Peek(8, 8, 1),))),
    KnownNext("known"),
    KnownNext("certain", decisive=True),
    SensibleContent(),
    RightChecksum(),
)


def declared(signs: Sequence[Sign]) -> Any:  # Any: a class that this function declares
    class Signed(Header, spec="in-house", path="signed", signs=tuple(signs)):
        """A header with all that signs ask for."""

        first: Annotated[int, Bits(16)] = 0
        kind: Annotated[int, Bits(16), oc.Selects(oc.ETHERTYPE)] = 0x88B5
        checksum: Annotated[int, Bits(16), oc.Checksum(covers="header")] = oc.AUTO

    return Signed


def subsets(signs: Sequence[Sign]) -> Iterator[tuple[Sign, ...]]:
    return chain.from_iterable(combinations(signs, count) for count in range(len(signs) + 1))


def is_refused(signs: Sequence[Sign], failing: Sequence[Sign]) -> bool:
    """Several signs fail, a decisive one among them; a checksum does not count without two more."""
    least = 3 if any(isinstance(sign, RightChecksum) for sign in signs) else 2
    return len(failing) >= least and any(sign.decisive for sign in failing)


@pytest.mark.parametrize("count", range(1, 5))
def test_which_signs_refuse_a_guess(count: int) -> None:
    for signs in combinations_with_replacement(SIGNS, count):
        if sum(isinstance(sign, RightChecksum) for sign in signs) > 1:
            continue
        plan = declared(signs).__layout__.corroboration
        for failing in subsets(signs):
            assert plan.refused(failing) is is_refused(signs, failing), (signs, failing)


@pytest.mark.parametrize("count", range(1, 5))
def test_the_usual_case_is_enough_and_is_there_where_patterns_alone_can_be(count: int) -> None:
    for signs in combinations_with_replacement(SIGNS, count):
        plan = declared(signs).__layout__.corroboration
        patterns = [sign for sign in signs if isinstance(sign, Pattern)]
        assert set(plan.clear) <= {sign.alternatives for sign in patterns}
        asked = [sign for sign in patterns if sign.alternatives in plan.clear]
        unasked = [sign for sign in signs if sign not in asked]
        refusing = [failing for failing in subsets(unasked) if is_refused(signs, failing)]
        if plan.clear:
            assert refusing == [], signs
            assert plan.common == tuple(one for alternatives in plan.clear for one in alternatives[0])
        elif patterns and any(sign.decisive for sign in signs) and RightChecksum() not in signs:
            rest = [sign for sign in signs if sign not in patterns]
            assert any(is_refused(signs, failing) for failing in subsets(rest)), signs


def test_a_header_without_signs_is_believed() -> None:
    assert declared(()).__layout__.corroboration is None


# --- how much of a header is needed to know anything of it ------------------------------------------------------------

BOTH: Final = (Pattern("one", ((Peek(0, 8, 1),),), decisive=True), Pattern("two", ((Peek(8, 8, 2),),)))


class Numbers(Header, spec="in-house", path="numbers", signs=BOTH, keys=(LINK_TYPE(147), UDP_PORT(9994))):
    """Four octets, then others."""

    one: Annotated[int, Bits(8)] = 1
    two: Annotated[int, Bits(8)] = 2
    more: Annotated[int, Bits(16)] = 0
    rest: Annotated[bytes, oc.Rest()] = b""


class Octets(Header, spec="in-house", path="octets", signs=BOTH, keys=(LINK_TYPE(148),)):
    """Octets of any number."""

    rest: Annotated[bytes, oc.Rest()] = b""


def guessing() -> Catalog:
    """A catalog that finds both by a guess."""
    bindings = ((LINK_TYPE(147), Numbers), (UDP_PORT(9994), Numbers), (LINK_TYPE(148), Octets))
    return Catalog((oc.UDP, Numbers, Octets), bindings=tuple((key.as_guess(), cls) for key, cls in bindings))


@pytest.mark.parametrize("octets", range(7))
@pytest.mark.parametrize(("one", "two"), list(product((1, 9), (2, 9))))
def test_of_a_header_that_is_cut_nothing_is_known(octets: int, one: int, two: int) -> None:
    """A capture may have cut it: where fewer octets are at hand than its first numbers take, it is no payload.

    Where a length says that there is no more, and for a header that begins with octets of any number, the signs count.
    """
    catalog = guessing()
    data = bytes([one, two, 0, 0, 0, 0])[:octets]
    failing = (octets < 1 or one != 1) + (octets < 2 or two != 2)
    numbers = catalog.decode(data, first=LINK_TYPE(147), lax=True)
    assert (numbers.fault is not None) is (octets < 4)
    assert (Numbers in numbers) is (octets >= 4 and failing < 2)
    found = catalog.decode(data, first=LINK_TYPE(148), lax=True)
    assert (Octets in found) is (failing < 2)
    assert found.fault is None
    bounded = bytes.fromhex("0001 270a") + (8 + octets).to_bytes(2, "big") + bytes(2) + data  # RFC 768
    counted = catalog.decode(bounded, first=oc.UDP, lax=True)
    assert (Numbers in counted) is (octets >= 4 and failing < 2)
    assert (counted.fault is not None) is (octets < 4 and failing < 2)
