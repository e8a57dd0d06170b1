"""Views of fields: numbers and octets, where they apply, and each argument that cannot stand.

The numbers are put together here by shifts; VXLAN's fields are those of RFC 7348, GRE's those of RFC 2890.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Annotated, Any, Final

import pytest

import overlaycodec as oc
from overlaycodec import AUTO, Bits, Const, Element, FieldView, Header


class Pair(Element):
    """Three octets: a number of 4 bits and one of 20."""

    high: Annotated[int, Bits(4)] = 0
    low: Annotated[int, Bits(20)] = 0


class Two(Element):
    """Two octets."""

    number: Annotated[int, Bits(16)] = 0


class Growing(Element):
    """A size that varies."""

    size: Annotated[int, Bits(8)] = AUTO
    text: Annotated[bytes, oc.SizedBy("size")] = b""


class Carrier(Header, spec="in-house", path="carrier"):
    """A field of each kind: a number, octets of a fixed and of any number, an address, one that may be absent."""

    flag: Annotated[bool, Bits(1)] = False
    kind: Annotated[int, Bits(7)] = 0
    number: Annotated[int, Bits(24)] = 0
    fixed: Annotated[bytes, oc.Octets(3)] = bytes(3)
    address: Annotated[oc.MACAddress, oc.Octets(6)] = oc.MACAddress("00:00:00:00:00:00")
    more: Annotated[int | None, Bits(24), oc.When("flag")] = None
    rest: Annotated[bytes, oc.Rest()] = b""


NUMBERS: Final = [(0, 0), (1, 0), (0, 1), (15, (1 << 20) - 1), (9, 0x4321)]


@pytest.mark.parametrize("field", ["number", "fixed", "more", "rest"])
@pytest.mark.parametrize(("high", "low"), NUMBERS)
def test_a_number_and_octets_mean_the_same(field: str, high: int, low: int) -> None:
    view: FieldView[Any, Any] = FieldView(Carrier, field, Pair)
    number = high << 20 | low
    written: int | bytes = number if field in ("number", "more") else number.to_bytes(3, "big")
    meaning = Pair(high=high, low=low)
    assert view.value(meaning) == written
    assert type(view.value(meaning)) is type(written)
    given: dict[str, Any] = {"flag": True} if field == "more" else {}
    made = view.make(meaning, **given)
    assert made == Carrier(**{**given, field: written})
    assert view.of(made) == meaning
    changed = view.into(Carrier(kind=5, **given), meaning)
    assert changed == Carrier(**{"kind": 5, **given, field: written})


def test_octets_of_another_number_have_no_meaning() -> None:
    view = FieldView(Carrier, "rest", Pair)
    for octets in range(7):
        meaning = view.of(Carrier(rest=bytes(range(octets))))
        assert meaning == (Pair(low=0x0102) if octets == 3 else None)


def test_what_is_absent_or_not_yet_known_has_no_meaning() -> None:
    more = FieldView(Carrier, "more", Pair)
    assert more.of(Carrier()) is None
    assert more.of(Carrier(flag=True, more=0x100002)) == Pair(high=1, low=2)
    assert FieldView(oc.IPv4, "checksum", Two).of(oc.IPv4(src="10.0.0.1", dst="10.0.0.2")) is None
    assert FieldView(oc.IPv4, "checksum", Two).of(oc.IPv4(src="10.0.0.1", dst="10.0.0.2", checksum=7)) == Two(number=7)


def test_a_view_applies_where_all_that_it_asks_is_so() -> None:
    view = FieldView(Carrier, "number", Pair, (("flag", 1), ("kind", 5)))
    for flag, kind in product((False, True), (0, 4, 5, 6)):
        record = Carrier(flag=flag, kind=kind, number=1)
        assert view.of(record) == (Pair(low=1) if (flag, kind) == (True, 5) else None)
    for other in (oc.VXLAN(vni=1), Pair(low=1)):
        assert view.of(other) is None


def test_a_record_is_made_of_what_the_view_asks_of_other_values_and_of_the_meaning() -> None:
    view = FieldView(Carrier, "number", Pair, (("kind", 5),))
    assert view.make(Pair(low=1)) == Carrier(kind=5, number=1)
    assert view.make(Pair(low=1), flag=False, rest=b"x") == Carrier(kind=5, number=1, rest=b"x")
    assert view.make(Pair(low=1), kind=6) == Carrier(kind=6, number=1)  # as it was asked for
    assert view.make(Pair(low=1), number=7) == Carrier(kind=5, number=1)  # what the field means is the meaning


def test_a_view_of_an_element() -> None:
    view = FieldView(oc.GeneveOption, "data", Pair)
    assert view.of(oc.GeneveOption(option_class=1, type=2, data=b"\x10\x00\x02")) == Pair(high=1, low=2)
    assert view.of(oc.GeneveOption(option_class=1, type=2, data=bytes(4))) is None


def test_a_view_is_a_value() -> None:
    view, same = (FieldView(Carrier, "number", Pair, (("kind", 5),)) for _ in range(2))
    assert view == same
    assert hash(view) == hash(same)
    assert view != FieldView(Carrier, "number", Pair)
    with pytest.raises(AttributeError):
        view.field = "fixed"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((Carrier(), "number", Pair), TypeError, "record is a header class or one of elements, not Carrier"),
        ((int, "number", Pair), TypeError, "record is a header class or one of elements, not the class int"),
        ((Carrier, "number", Pair()), TypeError, "meaning is a header class or one of elements, not Pair"),
        ((Carrier, "number", None), TypeError, "meaning is a header class or one of elements, not NoneType"),
        ((Carrier, 5, Pair), TypeError, "field"),
        ((Carrier, "number", Pair, None), TypeError, "where takes pairs of a field and its value, not None"),
        ((Carrier, "number", Pair, [("kind", 1)]), TypeError, "where takes pairs"),
        ((Carrier, "number", Pair, ("kind", 1)), TypeError, "where takes pairs"),
        ((Carrier, "number", Pair, ("ab",)), TypeError, "where takes pairs"),
        ((Carrier, "number", Pair, (["kind", 1],)), TypeError, "where takes pairs"),
        ((Carrier, "number", Pair, (("kind",),)), TypeError, "where takes pairs"),
        ((Carrier, "number", Pair, (("kind", 1, 2),)), TypeError, "where takes pairs"),
        ((Carrier, "number", Pair, (("kind", 1), ())), TypeError, "where takes pairs"),
        ((Carrier, "numbers", Pair), oc.SchemaError, r"Carrier\.numbers.* is no field"),
        ((Carrier, "number", Pair, (("kinds", 1),)), oc.SchemaError, r"Carrier\.kinds.* is no field"),
        ((Carrier, "number", Pair, (("kind", 1), ("other", 1))), oc.SchemaError, r"Carrier\.other.* is no field"),
        ((Carrier, "number", Growing), oc.SchemaError, "Growing has no fixed size"),
        ((Carrier, "rest", Growing), oc.SchemaError, "Growing has no fixed size"),
        ((Carrier, "address", Pair), oc.SchemaError, "is neither a number nor octets"),
        ((Carrier, "flag", Pair), oc.SchemaError, "is neither a number nor octets"),
        ((oc.IPv4, "options", Pair), oc.SchemaError, "is neither a number nor octets"),
        ((Carrier, "number", Two), oc.SchemaError, "has 24 bits, Two has 16"),
        ((Carrier, "fixed", Two), oc.SchemaError, "has 24 bits, Two has 16"),
        ((oc.VXLAN, "reserved2", Two), oc.SchemaError, "has 8 bits, Two has 16"),
        ((oc.GRE, "key", Pair), oc.SchemaError, "has 32 bits, Pair has 24"),
    ],
)
def test_what_is_no_view(arguments: tuple[Any, ...], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        FieldView(*arguments)


VIEW: Final = FieldView(Carrier, "number", Pair)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: VIEW.value(Two()), "number means Pair here, not Two"),  # type: ignore[arg-type]
        (lambda: VIEW.value(None), "number means Pair here, not NoneType"),  # type: ignore[arg-type]
        (lambda: VIEW.make(7), "number means Pair here, not int"),  # type: ignore[arg-type]
        (lambda: VIEW.into(Carrier(), 7), "number means Pair here, not int"),  # type: ignore[arg-type]
        (lambda: VIEW.into(oc.VXLAN(vni=1), Pair()), "record"),  # type: ignore[arg-type]
        (lambda: VIEW.into(None, Pair()), "record"),  # type: ignore[arg-type]
    ],
)
def test_what_has_no_place_in_a_view(call: Callable[[], object], message: str) -> None:
    with pytest.raises(TypeError, match=message):
        call()


class Marked(Element):
    """A mark that is always there, and a number."""

    mark: Annotated[int, Bits(8), Const(0xAA)] = 0xAA
    number: Annotated[int, Bits(16)] = 0


def test_only_octets_with_the_constants_of_the_meaning_mean_it() -> None:
    view = FieldView(Carrier, "rest", Marked)
    for mark in range(256):
        assert view.of(Carrier(rest=bytes([mark, 0, 7]))) == (Marked(number=7) if mark == 0xAA else None)
