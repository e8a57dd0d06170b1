"""The last value that a declaration takes, and the first that it refuses, of each argument."""

from __future__ import annotations

import types
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address
from typing import Annotated, Any, Final

import pytest

from overlaycodec import (
    ETHERTYPE,
    UDP_PORT,
    Bits,
    ByteOrder,
    Checksum,
    Const,
    CountedBy,
    Element,
    Elements,
    FinalDestination,
    Header,
    Key,
    KeySpace,
    LengthField,
    MACAddress,
    MinOctets,
    Octets,
    PadTo,
    Peek,
    PreviousHeader,
    Reserved,
    SchemaError,
    Selects,
    SetIfAny,
    SizedBy,
    Unless,
    Unparsed,
    ValueNames,
    When,
    Within,
)
from overlaycodec.schema.keys import Fits, Pieces
from overlaycodec.schema.signs import KnownNext, NoFrame, Pattern, RightChecksum, SensibleContent

BYTE: Any = Annotated[int, Bits(8)]
NIBBLE: Any = Annotated[int, Bits(4)]


class Part(Element):
    """An element whose kind has 4 bits."""

    kind: Annotated[int, Bits(4)]
    value: Annotated[int, Bits(4)]


class Wide(Element):
    """An element whose kind has 8 bits."""

    kind: Annotated[int, Bits(8)]


def number(*facts: Any, bits: int = 8) -> dict[str, Any]:
    return {"n": BYTE, "a": Annotated[int, Bits(bits), *facts]}


def sometimes(*facts: Any) -> dict[str, Any]:
    return {"n": BYTE, "a": Annotated[int | None, Bits(8), *facts]}


def row(items: Elements, element: Any = Wide) -> dict[str, Any]:
    return {
        "n": BYTE,
        "a": Annotated[tuple[(element, ...)], SizedBy("n"), items],
        "rest": Annotated[bytes, Unparsed("a")],
    }


def octets(*facts: Any) -> dict[str, Any]:
    return {"n": BYTE, "a": Annotated[bytes, *facts]}


def key(value: Key | Any) -> dict[str, Any]:
    return {"keys": (value,)}


def when(condition: Any) -> dict[str, Any]:
    return key(UDP_PORT(1).when(condition))


def sign(value: Any) -> dict[str, Any]:
    return {"signs": (value,)}


ASKED: Final = Peek(0, 4, 1)
ANOTHER: Final = UDP_PORT(1)
TUPLES: Final = ((), (-1,), [1], 1, ("1",))
"""What is no tuple of numbers."""
NAMES: Final = ("", 1, None)
"""What is no name of a field."""

# what is declared with the value, the values that are taken, the values that are refused
FIELDS: Final[dict[str, tuple[Callable[[Any], dict[str, Any]], tuple[Any, ...], tuple[Any, ...]]]] = {
    "bits": (
        lambda v: {"a": Annotated[int, Bits(v)], "b": Annotated[int, Bits(128 - v & 7 or 8)]},
        (1, 8, 64),
        (0, -8, 65),
    ),
    "bits of a truth value": (
        lambda v: {"a": Annotated[bool, Bits(v)], "b": Annotated[int, Bits(8 - v)]},
        (1,),
        (2,),
    ),
    "octets": (lambda v: {"a": Annotated[bytes, Octets(v)]}, (1, 2), (0, -1, "1")),
    "octets of a MAC address": (lambda v: {"a": Annotated[MACAddress, Octets(v)]}, (6,), (5, 7)),
    "octets of an IPv4 address": (lambda v: {"a": Annotated[IPv4Address, Octets(v)]}, (4,), (3, 5)),
    "octets of an IPv6 address": (lambda v: {"a": Annotated[IPv6Address, Octets(v)]}, (16,), (15, 17)),
    "the bits of an order": (lambda v: {"a": Annotated[int, Bits(v), ByteOrder("little")]}, (16, 64), (12,)),
    "a constant": (lambda v: number(Const(v)), (0, 255), (-1, 256, "1")),
    "a named value": (lambda v: number(ValueNames({v: "x"})), (0, 255), (-1, 256, "1")),
    "the unit of a size": (lambda v: octets(SizedBy("n", unit=v)), (1, 1000), (0, -1, "1")),
    "the bias of a size": (lambda v: octets(SizedBy("n", bias=v)), (-5, 0, 5), ("1", None)),
    "the origin of a size": (lambda v: octets(SizedBy("n", origin=v)), ("here", "start"), ("end", "", 1)),
    "the field of a size": (lambda v: octets(SizedBy(v)), ("n",), ("a", "N", *NAMES)),
    "the bias of a count": (
        lambda v: {"n": BYTE, "a": Annotated[tuple[Wide, ...], CountedBy("n", bias=v), Elements()]},
        (0, 1),
        (-1, "1"),
    ),
    "the end of a row": (lambda v: row(Elements("kind", end=v)), (None, 0, 255), (-1, 256, "1")),
    "the end of a row of few kinds": (lambda v: row(Elements("kind", end=v), Part), (15,), (16,)),
    "what fills a row": (
        lambda v: row(Elements("kind", pads=v)),
        (None, (0, 1), (255, 255)),
        ((), (0,), (0, 1, 2), (0, 256), (-1, 1), [0, 1], ("0", "1")),
    ),
    "what fills a row of few kinds": (
        lambda v: row(Elements("kind", pads=v), Part),
        ((0, 15), (15, 0)),
        ((0, 16), (16, 0)),
    ),
    "the kind of a row": (lambda v: row(Elements(v)), ("kind", None), ("type", "", 1)),
    "the unit of what is filled up": (lambda v: octets(PadTo(v)), (2, 4), (1, 0, True, "2")),
    "the row of what is left": (
        lambda v: row(Elements()) | {"rest": Annotated[bytes, Unparsed(v)]},
        ("a",),
        ("n", "rest", "b", *NAMES),
    ),
    "values with which a field is there": (
        lambda v: sometimes(When("n", values=v)),
        ((0,), (255,), (1, 2)),
        ((256,), *TUPLES),
    ),
    "values without which a field is there": (lambda v: sometimes(Unless("n", v)), ((0,), (255,)), ((256,), *TUPLES)),
    "the number that decides": (lambda v: sometimes(When(v, values=(1,))), ("n",), ("a", "b", *NAMES)),
    "a selector of nothing": (lambda v: number(Selects(ETHERTYPE, nothing=v)), (None, 0, 255), (-1, 256, "1")),
    "a selector of lengths": (
        lambda v: number(Selects(ETHERTYPE, lengths=v)),
        (None, (0, ANOTHER), (255, ANOTHER)),
        ((-1, ANOTHER), (256, ANOTHER), (1,), (1, 2), (1, ANOTHER, 1), [1, ANOTHER], ("1", ANOTHER)),
    ),
    "a selector only with": (
        lambda v: number(Selects(ETHERTYPE, only=v)),
        (None, ("n", (0,)), ("n", (255,))),
        (
            ("n", (256,)),
            ("m", (1,)),
            ("n", 1),
            ("n",),
            ("n", (1,), 1),
            ["n", (1,)],
            ("", (1,)),
            *(("n", v) for v in TUPLES),
        ),
    ),
    "a selector but with": (
        lambda v: number(Selects(ETHERTYPE, unless=v)),
        (None, ("n", (0,)), ("n", (255,))),
        (("n", (256,)), ("m", (1,)), ("n", 1), ["n", (1,)], *(("n", v) for v in TUPLES)),
    ),
    "content only with": (
        lambda v: number(Selects(ETHERTYPE, content=v)),
        (None, ("n", (255,)), ("of_another", (1000,))),
        (("n", (256,)), ("n", 1), ["n", (1,)], *(("n", v) for v in TUPLES)),
    ),
    "the unit of a bound": (lambda v: number(LengthField(unit=v)), (1, 8), (0, -1, "1")),
    "the bias of a bound": (lambda v: number(LengthField(bias=v)), (-4, 0, 4), ("1", None)),
    "a bound but for": (lambda v: number(LengthField(unless=v)), (None, "n", "a"), ("b", "", 1)),
    "whether a bound is of segments": (lambda v: number(LengthField(segments=v)), (True, False), (None, "")),
    "whether a bound is needed": (lambda v: number(LengthField(optional=v)), (True, False), (None, "")),
    "the mask of a flag": (
        lambda v: {
            "flag": Annotated[bool, Bits(1), SetIfAny("a", "kind", v)],
            "reserved": Annotated[int, Reserved(7)],
            **row(Elements()),
        },
        (1, 255),
        (0, -1, "1"),
    ),
    "where a route begins": (
        lambda v: {"n": BYTE, "m": BYTE, "a": Annotated[bytes, SizedBy("n"), FinalDestination("n", "m", {}, v)]},
        (None, 0, 4),
        (-1, "4"),
    ),
    "where a route ends": (
        lambda v: {"n": BYTE, "m": BYTE, "a": Annotated[bytes, SizedBy("n"), FinalDestination("n", "m", v)]},
        ({}, {0: 4, 2: -1}),
        ({0: "a"}, {"a": 0}, [0], None),
    ),
    "the bits of a checksum": (lambda v: number(Checksum(), bits=v), (16,), (8, 24, 32)),
    "the bits of a CRC": (lambda v: number(Checksum(algorithm="crc32c"), bits=v), (32,), (16, 24, 40)),
    "the bit at which a checksum starts": (
        lambda v: {
            "n": Annotated[int, Bits(v)],
            "a": Annotated[int, Bits(16), Checksum()],
            "b": Annotated[int, Bits(16 - v)],
        },
        (8,),
        (4, 1, 9, 15),
    ),
    "a checksum of the header": (lambda v: number(Checksum(covers="header", pseudo=v), bits=16), (False,), (True,)),
    "a name": (
        lambda v: {v: BYTE},
        ("a", "A", "a_1", "octets", "headers", "ß"),
        ("replace", "_a", "class", "1a", "a b", "a.b", "ﬁ"),
    ),
}

CLASSES: Final[dict[str, tuple[Callable[[Any], dict[str, Any]], tuple[Any, ...], tuple[Any, ...]]]] = {
    "a key": (lambda v: key(UDP_PORT(v)), (0, 65535, None), (-1, 65536, True, "1")),
    "a key of three bits": (lambda v: key(KeySpace("a", 3)(v)), (7,), (8,)),
    "what is carried": (lambda v: {"carries": v}, (ANOTHER, None), (UDP_PORT(65536), 1, "a")),
    "the bits of a key space": (lambda v: key(KeySpace("a", v)(0)), (1, 64), (0, 65, True, "8")),
    "the name of a key space": (lambda v: key(KeySpace(v)(0)), ("a", "a_1"), ("A", "a b", "", "1a", "é", 3)),
    "a key space outside": (lambda v: key(KeySpace("a", parent=v)(0)), (None, UDP_PORT), ("b", KeySpace("b", 65))),
    "a key as a fallback": (lambda v: key(Key(UDP_PORT, 1, fallback=v)), (True, False), (1, "yes", None)),
    "a key as a guess": (lambda v: key(Key(UDP_PORT, 1, guess=v)), (True, False), (1, "yes", None)),
    "the bit of a peek": (lambda v: when(Peek(v, 1, 1)), (0, 100), (-1, "0", True)),
    "the bits of a peek": (lambda v: when(Peek(0, v, 1)), (1, 64), (0, 65, "1")),
    "the value of a peek": (lambda v: when(Peek(0, 4, v)), (0, 15), (-1, 16, "1")),
    "the field of the header before": (lambda v: when(PreviousHeader(v, 1)), ("a",), NAMES),
    "the value of the header before": (lambda v: when(PreviousHeader("a", v)), (0, 1, True, False), (-1, "1", None)),
    "the fewest octets": (lambda v: when(MinOctets(v)), (1, 9), (0, -1, True, "1")),
    "the length of a part": (lambda v: when(Within(v, 0, 0)), (0, 9), (-1, "0")),
    "the offset of a part": (lambda v: when(Within(0, v, 0)), (0, 9), (-1, "0")),
    "the header of a part": (lambda v: when(Within(0, 0, v)), (0, 9), (-1, "0")),
    "the length of a piece": (lambda v: when(Pieces(v, 0, 0)), (0, 9), (-1, "0")),
    "the offset of a piece": (lambda v: when(Pieces(0, v, 0)), (0, 9), (-1, "0")),
    "the header of a piece": (lambda v: when(Pieces(0, 0, v)), (0, 9), (-1, "0")),
    "whether pieces are equal": (lambda v: when(Pieces(0, 0, 0, v)), (True, False), (1, None)),
    "the bit of a length that fits": (lambda v: when(Fits(v, 8)), (0, 9), (-1, "0")),
    "the bits of a length that fits": (lambda v: when(Fits(0, v)), (1, 64), (0, 65)),
    "the unit of a length that fits": (lambda v: when(Fits(0, 8, unit=v)), (1, 9), (0, -1)),
    "the base of a length that fits": (lambda v: when(Fits(0, 8, base=v)), (-9, 0, 9), ("0", True)),
    "the least length that fits": (lambda v: when(Fits(0, 8, least=v)), (0, 9), (-1, "0")),
    "what may follow a length that fits": (lambda v: when(Fits(0, 8, spare=v)), (None, 0, 9), (-1, "0")),
    "a condition": (when, (ASKED,), ("x", 1, None, RightChecksum())),
    "a sign": (sign, (RightChecksum(), KnownNext("a")), (ASKED, 1, "a")),
    "the alternatives of a sign": (
        lambda v: sign(Pattern("a", v)),
        (((ASKED,),), ((ASKED, ASKED), (MinOctets(1),))),
        ((), ((),), ((ASKED,), ()), [(ASKED,)], ([ASKED],), ((1,),), ((Peek(0, 1, 2),),), ((PreviousHeader("a", 1),),)),
    ),
    "the name of a sign": (lambda v: sign(RightChecksum(v)), ("a", "A b"), ("", 1)),
    "whether a sign decides": (lambda v: sign(RightChecksum("a", v)), (True, False), (1, None)),
    "what else a sign knows": (lambda v: sign(KnownNext("a", v)), ((), (0, 1)), ((-1,), [1], 1, ("1",))),
    "the types of no frame": (lambda v: sign(NoFrame("a", v)), ((0,), (1, 2)), TUPLES),
    "what else is sensible": (lambda v: sign(SensibleContent("a", v)), ((), (0, 1)), ((-1,), [1], 1, ("1",))),
    "whether what is unknown is sensible": (lambda v: sign(SensibleContent(unknown=v)), (True, False), (1, None)),
    "keys": (lambda v: {"keys": v}, ((), (ANOTHER, UDP_PORT(2))), ([ANOTHER], ANOTHER, None)),
    "signs": (lambda v: {"signs": v}, ((),), ([RightChecksum()], RightChecksum(), None)),
    "a specification": (lambda v: {"spec": v}, ("", "RFC 1"), (1, None)),
    "a layer": (
        lambda v: {"layer": v},
        ("link", "network", "extension", "shim", "metadata", None),
        ("Link", "transport", "", 1),
    ),
    "a path": (
        lambda v: {"path": v},
        ("a", "a1", "a_b", "fcs1"),
        ("1a", "A", "_a", "a b", "a.b", "é", "inner", "innermost", "outer", "payload", "quoted", "trailer", "aB", 3),
    ),
    **{
        name: (lambda v, name=name: {name: v}, (True, False), (1, 0, None, "yes"))  # type: ignore[misc]
        for name in ("tunnel", "quotes", "closed", "unchecked")
    },
}


# Annotated keeps what it made of equal arguments, so 1 and True must not both be tried of a fact.
def is_taken(fields: Any, options: dict[str, Any]) -> bool:
    def body(namespace: dict[str, Any]) -> None:
        namespace["__module__"] = __name__
        namespace["__annotations__"] = fields
        namespace.update({name: hint.__metadata__[1].value for name, hint in fields.items() if has_constant(hint)})

    try:
        types.new_class("Edge", (Header,), options, body)
    except SchemaError as error:
        return error.header != "Edge"
    return True


def has_constant(hint: Any) -> bool:
    return any(isinstance(fact, Const) for fact in hint.__metadata__)


@pytest.mark.parametrize("case", FIELDS)
def test_the_last_that_a_field_takes_and_the_first_that_it_refuses(case: str) -> None:
    fields, taken, refused = FIELDS[case]
    assert [value for value in taken if not is_taken(fields(value), {})] == []
    assert [value for value in refused if is_taken(fields(value), {})] == []


@pytest.mark.parametrize("case", CLASSES)
def test_the_last_that_a_class_takes_and_the_first_that_it_refuses(case: str) -> None:
    options, taken, refused = CLASSES[case]
    assert [value for value in taken if not is_taken({"a": BYTE}, options(value))] == []
    assert [value for value in refused if is_taken({"a": BYTE}, options(value))] == []
