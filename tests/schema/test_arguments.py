"""Every argument of every fact, key and class option is checked when a class is declared."""

from __future__ import annotations

import inspect
from itertools import product
from typing import Annotated, Any

import construct
import msgspec
import pytest

import overlaycodec as oc
from overlaycodec import (
    AUTO,
    ETHERTYPE,
    UDP_PORT,
    Bits,
    ByteOrder,
    Checksum,
    Const,
    ConstructField,
    CountedBy,
    Element,
    Elements,
    FinalDestination,
    Header,
    KeySpace,
    LengthField,
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
from overlaycodec.schema import arguments, facts, keys


class Part(Element):
    """An element of an option list."""

    kind: Annotated[int, Bits(8)] = 0


BYTE: Any = Annotated[int, Bits(8)]
FLAG: Any = Annotated[bool, Bits(1)]
SEVEN: Any = Annotated[int, Reserved(7)]


def declared(fields: dict[str, Any], base: type[Any] = Header, **options: Any) -> SchemaError:
    """The error that a declaration of these fields gives."""
    meta: Any = type(base)
    with pytest.raises(SchemaError) as caught:
        meta("Bad", (base,), {"__annotations__": fields, "__module__": __name__}, **options)
    assert caught.value.header == "Bad"
    return caught.value


def wrong(**changes: Any) -> Any:
    """Arguments of the wrong type, which a type checker would refuse."""
    return changes


# a fact with one argument that has no meaning, and what would be right
FACTS: dict[str, tuple[Any, Any, str]] = {
    "an origin that does not exist": (int, LengthField(**wrong(origin="begin")), "it is 'start' or 'end'"),
    "a zero that does not exist": (int, LengthField(**wrong(zero="lenght")), "it is 'length', 'unbounded' or 'jumbo'"),
    "a flag of text": (int, LengthField(**wrong(segments="no")), "segments is True or False, not 'no'"),
    "a unit of text": (int, LengthField(**wrong(unit="4")), "needs a unit of 1 or more, not '4'"),
    "a unit that is a flag": (int, LengthField(**wrong(unit=True)), "needs a unit of 1 or more, not True"),
    "a bias of text": (int, LengthField(**wrong(bias="4")), "bias is a number, not '4'"),
    "a bound but for a number": (int, LengthField(**wrong(unless=4)), "the name of a field, or None, not 4"),
    "a coverage that does not exist": (int, Checksum(**wrong(covers="everything")), "it is 'header' or 'all'"),
    "an algorithm that does not exist": (int, Checksum(**wrong(algorithm="md5")), "it is 'internet' or 'crc32c'"),
    "a checksum's zero": (int, Checksum(**wrong(zero="none")), "it is 'value' or 'absent'"),
    "a pseudo-header of text": (int, Checksum(**wrong(pseudo="ip")), "pseudo is True or False"),
    "names that are a number": (
        int,
        ValueNames(**wrong(of=5)),
        "and their names, or an IntEnum, not 5",
    ),
    "names of text": (int, ValueNames(**wrong(of={"a": "b"})), "a dict of numbers and their names"),
    "names of numbers": (int, ValueNames(**wrong(of={1: 2})), "a dict of numbers and their names"),
    "a byte order": (int, ByteOrder(**wrong(order="middle")), "there is no order 'middle': it is 'big' or 'little'"),
    "a constant of text": (int, Const(**wrong(value="4")), "needs a value of 0 or more, not '4'"),
    "a negative constant": (int, Const(-1), "needs a value of 0 or more, not -1"),
    "a key space of text": (int, Selects(**wrong(space="ethertype")), "a key space such as ETHERTYPE"),
    "lengths without a key": (int, Selects(ETHERTYPE, **wrong(lengths=1500)), "the greatest length and the key"),
    "lengths with a number": (int, Selects(ETHERTYPE, **wrong(lengths=(1500, 0))), "the greatest length and the key"),
    "nothing of text": (int, Selects(ETHERTYPE, **wrong(nothing="59")), "needs a nothing of 0 or more"),
    "a selector when a number": (int, Selects(ETHERTYPE, **wrong(when=1)), "when is the name of a field"),
    "a selector only where a name": (int, Selects(ETHERTYPE, **wrong(only="a")), "a field and a tuple of numbers"),
    "a selector only where text": (int, Selects(ETHERTYPE, **wrong(only=("a", ("b",)))), "a tuple of numbers"),
    "a selector unless nothing": (int, Selects(ETHERTYPE, unless=("a", ())), "a field and a tuple of numbers"),
    "a key space with a bad name": (int, Selects(KeySpace("a b\nimport os")), "a name in lower case"),
    "a key space of no bits": (int, Selects(KeySpace("a", 0)), "a number from 1 to 64, not 0"),
    "a key space in text": (int, Selects(KeySpace("a", **wrong(parent="b"))), "a key space such as ETHERTYPE"),
    "a key of a space of text": (int, Selects(ETHERTYPE, lengths=(1, KeySpace("A")(0))), "a name in lower case"),
    "a flag's mask of nothing": (bool, SetIfAny("rows", "kind", 0), "needs a mask of 1 or more"),
    "a flag's row that is a number": (bool, SetIfAny(**wrong(options=1, field="kind", mask=1)), "the name of a field"),
    "a size by a number": (bytes, SizedBy(**wrong(field=3)), "the name of a field, not 3"),
    "a size's origin": (bytes, SizedBy("a", **wrong(origin="end")), "it is 'here' or 'start'"),
    "a size of text": (bytes, SizedBy("a", **wrong(unit="8")), "needs a unit of 1 or more"),
    "a count with a bias of text": (bytes, CountedBy("a", **wrong(bias="1")), "needs a bias of 0 or more"),
    "a kind that is a number": (bytes, Elements(**wrong(kind=3)), "kind is the name of a field"),
    "an end of text": (bytes, Elements("kind", **wrong(end="0")), "needs an end of 0 or more"),
    "pads of one kind": (bytes, Elements("kind", **wrong(pads=(1,))), "two kinds"),
    "pads of two octets": (bytes, Elements("kind", pads=(1, 256)), "two kinds"),
    "what is left of a number": (bytes, Unparsed(**wrong(of=1)), "the name of a field"),
    "filled up by text": (bytes, PadTo(**wrong(unit="4")), "needs a unit of 2 or more"),
    "a flag that is a number": (bytes, When(**wrong(field=1)), "the name of a field"),
    "a third flag that is a number": (bytes, When("a", "b", **wrong(third=1)), "the name of a field"),
    "values of text": (bytes, When("a", **wrong(values=("1",))), "a tuple of numbers"),
    "values of nothing": (bytes, When("a", values=()), "a tuple of numbers"),
    "flags and values": (bytes, When("a", "b", values=(1,)), "not both"),
    "unless a number": (bytes, Unless("a", **wrong(values=1)), "a tuple of numbers, not 1"),
    "a route by a number": (bytes, FinalDestination(**wrong(type=1, left="a", at={})), "the name of a field"),
    "a route's offsets": (bytes, FinalDestination("a", "b", **wrong(at=[0])), "a dict of types and offsets"),
    "a route's begin": (bytes, FinalDestination("a", "b", {}, **wrong(begins="4")), "needs begins of 0 or more"),
}


@pytest.mark.parametrize("case", FACTS)
def test_an_argument_without_a_meaning_is_refused(case: str) -> None:
    kind, fact, words = FACTS[case]
    error = declared({"a": Annotated[kind, Bits(8), fact]})
    assert error.field == "a"
    assert type(fact).__name__ in error.reason or isinstance(fact, Selects)
    assert words in error.reason


# what an argument refers to: fields, their sizes and values
REFERENCES: dict[str, tuple[dict[str, Any], str, str]] = {
    "a name that is nearly right": (
        {"length": BYTE, "a": Annotated[bytes, SizedBy("lenght")]},
        "a",
        "names 'lenght', which is no earlier field: did you mean 'length'?",
    ),
    "a third flag that does not exist": (
        {
            "f": FLAG,
            "g": FLAG,
            "r": Annotated[int, Reserved(6)],
            "a": Annotated[int | None, Bits(8), When("f", "g", "h")],
        },
        "a",
        "When names 'h'",
    ),
    "a value that does not fit": (
        {"n": BYTE, "a": Annotated[int | None, Bits(8), When("n", values=(256,))]},
        "a",
        "names the value 256 of 'n', which has 8 bits",
    ),
    "an exception that does not fit": (
        {"n": BYTE, "a": Annotated[int | None, Bits(8), Unless("n", (300,))]},
        "a",
        "names the value 300 of 'n', which has 8 bits",
    ),
    "a selector by a value that does not fit": (
        {"n": BYTE, "a": Annotated[int, Bits(16), Selects(ETHERTYPE, only=("n", (256,)))]},
        "a",
        "names the value 256 of 'n', which has 8 bits",
    ),
    "a selector by a flag": (
        {"f": FLAG, "r": SEVEN, "a": Annotated[int, Bits(16), Selects(ETHERTYPE, unless=("f", (1,)))]},
        "a",
        "which is not typed int",
    ),
    "a nothing that does not fit": ({"a": Annotated[int, Bits(8), Selects(ETHERTYPE, nothing=256)]}, "a", "in 8 bits"),
    "a length that does not fit": (
        {"a": Annotated[int, Bits(8), Selects(ETHERTYPE, lengths=(1500, UDP_PORT(1)))]},
        "a",
        "1500 does not fit in 8 bits",
    ),
    "a name for a value that does not fit": (
        {"a": Annotated[int, Bits(4), ValueNames({16: "sixteen"})], "b": Annotated[int, Bits(4)]},
        "a",
        "names 16, which does not fit in 4 bits",
    ),
    "a bound but for a flag": (
        {"f": FLAG, "r": SEVEN, "a": Annotated[int, Bits(8), LengthField(unless="f")]},
        "a",
        "which is not typed int",
    ),
    "an end that does not fit": (
        {
            "size": BYTE,
            "rows": Annotated[tuple[Part, ...], SizedBy("size"), Elements("kind", end=256)],
            "rest": Annotated[bytes, Unparsed("rows")],
        },
        "rows",
        "256 does not fit in the 8 bits of kind",
    ),
}


@pytest.mark.parametrize("case", REFERENCES)
def test_what_an_argument_refers_to_is_checked(case: str) -> None:
    fields, field, words = REFERENCES[case]
    error = declared(fields)
    assert error.field == field
    assert words in error.reason


# class options: with the fact that each would be right
OPTIONS: dict[str, tuple[dict[str, Any], str]] = {
    "one that does not exist": ({"tunel": True}, "there is no class option 'tunel': did you mean 'tunnel'?"),
    "one that is far from all": ({"colour": 1}, "there are carries, closed, keys"),
    "a flag of text": ({"tunnel": "yes"}, "tunnel is True or False, not 'yes'"),
    "a flag that is a number": ({"quotes": 1}, "quotes is True or False, not 1"),
    "a layer": ({"layer": "transport"}, "there is no layer 'transport': it is 'link', 'network'"),
    "a specification of numbers": ({"spec": 9000}, "spec is text, not 9000"),
    "a path of numbers": ({"path": 3}, "cannot be a name in paths"),
    "one key": ({"keys": UDP_PORT(1)}, "keys is a tuple of keys"),
    "a peek whose value does not fit": ({"keys": (UDP_PORT(1).when(Peek(0, 4, 300)),)}, "300 does not fit in 4 bits"),
    "a peek of text": ({"keys": (UDP_PORT(1).when(Peek(**wrong(bit="0", count=4, value=1))),)}, "needs a bit of 0"),
    "a peek of no bits": ({"keys": (UDP_PORT(1).when(Peek(0, 0, 0)),)}, "a number from 1 to 64"),
    "a condition of text": ({"keys": (UDP_PORT(1).when().when(*wrong(a="x").values()),)}, "is no condition"),
    "a previous header by a number": ({"keys": (UDP_PORT(1).when(PreviousHeader(**wrong(field=1, value=1))),)}, "name"),
    "a previous header with text": ({"keys": (UDP_PORT(1).when(PreviousHeader("f", **wrong(value="1"))),)}, "a number"),
    "at least none": ({"keys": (UDP_PORT(1).when(MinOctets(0)),)}, "needs octets of 1 or more"),
    "within text": ({"keys": (UDP_PORT(1).when(Within(**wrong(length="1", offset=2, header=3))),)}, "needs a length"),
    "a key of text": ({"keys": (ETHERTYPE(**wrong(value="0x800")),)}, "value is a number, or None, not '0x800'"),
    "a carried condition": ({"carries": ETHERTYPE(1).when(Peek(0, 1, 2))}, "2 does not fit in 1 bits"),
    "a key space that is too wide": ({"keys": (KeySpace("wide", 65)(1),)}, "a number from 1 to 64, not 65"),
}


@pytest.mark.parametrize("case", OPTIONS)
def test_a_class_option_without_a_meaning_is_refused(case: str) -> None:
    options, words = OPTIONS[case]
    error = declared({"a": BYTE}, **options)
    assert error.field is None
    assert words in error.reason


@pytest.mark.parametrize("option", ["keys", "tunnel", "layer", "closed"])
def test_an_element_has_no_options_of_a_header(option: str) -> None:
    assert f"there is no class option {option!r}" in declared({"a": BYTE}, Element, **{option: True}).reason


def test_every_argument_is_checked() -> None:
    """A fact that is added to the vocabulary needs a line in the table of arguments."""
    sizes = (Bits, Octets, Reserved)  # their argument is checked with the type of the field
    checked = arguments.ARGUMENTS
    for module in (facts, keys):
        for cls in vars(module).values():
            if inspect.isclass(cls) and issubclass(cls, msgspec.Struct) and cls.__module__ == module.__name__:
                if cls in sizes or cls is ConstructField or not cls.__struct_fields__:
                    continue
                missing = {*cls.__struct_fields__} - {*checked[cls]}
                assert missing <= ({"conditions"} if cls is keys.Key else set()), cls.__name__


class Value:
    """A value that no argument expects."""


JUNK: tuple[Any, ...] = (None, "text", "", -1, 1 << 80, 1.5, True, b"x", (), ("a",), (1, 2, 3), {}, {1: 1}, [1], Value)


@pytest.mark.parametrize("fact", [fact for _, fact, _ in FACTS.values()], ids=lambda fact: type(fact).__name__)
def test_whatever_an_argument_is_the_class_is_made_or_refused_by_a_schema_error(fact: Any) -> None:
    meta: Any = type(Header)
    for name, junk in product(type(fact).__struct_fields__, JUNK):
        changed = msgspec.structs.replace(fact, **{name: junk})
        for kind in (int, bytes, bool):
            fields = {"n": BYTE, "a": Annotated[kind, Bits(8), changed]}
            try:
                meta("Odd", (Header,), {"__annotations__": fields, "__module__": __name__})
            except SchemaError:  # any other exception is a fault
                continue


def test_a_constant_is_its_own_default() -> None:
    class Marked(Header):
        """Begins with a constant."""

        mark: Annotated[int, Bits(8), Const(0x45)]

    marked = Marked()  # type: ignore[call-arg]  # a type checker knows a default by its assignment alone
    assert oc.encode(marked) == b"\x45"


def test_a_construct_object_is_not_an_argument_to_check() -> None:
    class Foreign(Header):
        """Read by construct."""

        size: Annotated[int, Bits(8)] = AUTO
        value: Annotated[object, SizedBy("size"), ConstructField(construct.Int16ub)]

    assert oc.encode(Foreign(value=7)) == b"\x02\x00\x07"
