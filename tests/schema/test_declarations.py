"""Declarations: what cannot stand is refused by header and field when the class is made; what can, works like the
headers of the catalog.

The refused classes are made from real annotations; the classes written out below have theirs as text, by the future
import.
"""

from __future__ import annotations

import copy
import pickle
import types
import typing
from ipaddress import IPv4Address, IPv6Address
from typing import Annotated, Any, ClassVar

import construct
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
    FragmentOffset,
    Header,
    JumboLength,
    Key,
    LengthField,
    MACAddress,
    MoreFragments,
    Octets,
    Packet,
    PadTo,
    Reserved,
    Rest,
    Selects,
    SetIfAny,
    SizedBy,
    StackEnd,
    Unless,
    Unparsed,
    ValueNames,
    When,
)
from overlaycodec.schema.layout import Run

NUMBER = Annotated[int, Bits(8)]
FLAG = Annotated[bool, Bits(1)]
SEVEN = Annotated[int, Reserved(7)]


class Part(Element):
    """An element for the rows below."""

    kind: Annotated[int, Bits(8)]


class Hollow(Element):
    """An element that may take no octets at all."""

    rest: Annotated[bytes, Rest()]


class Other(Element):
    """Another element of any kind."""

    kind: Annotated[int, Bits(8)]


ROW = Annotated[tuple[Part, ...], SizedBy("size"), Elements()]


def declare(fields: dict[str, Any], defaults: dict[str, Any] | None = None, **options: Any) -> type[Header]:
    """A header class `Bad` with these annotations."""

    def body(namespace: dict[str, Any]) -> None:
        namespace["__module__"] = __name__
        namespace["__annotations__"] = fields
        namespace.update(defaults or {})

    made = types.new_class("Bad", options.pop("bases", (Header,)), options, body)
    assert issubclass(made, Header)
    return made


def refused(fields: dict[str, Any], defaults: dict[str, Any] | None = None, **options: Any) -> oc.SchemaError:
    with pytest.raises(oc.SchemaError) as caught:
        declare(fields, defaults, **options)
    error = caught.value
    assert error.header == "Bad"
    assert str(error) == (f"Bad.{error.field}: " if error.field else "Bad: ") + error.reason
    return error


# Each case: the annotations, the field that is at fault, words of the reason.
ANNOTATIONS: dict[str, tuple[dict[str, Any], str, str]] = {
    "no facts": ({"a": int}, "a", "not Annotated"),
    "a fact twice": ({"a": Annotated[int, Bits(8), Bits(8)]}, "a", "says Bits twice"),
    "a stranger": ({"a": Annotated[int, Bits(8), 42]}, "a", "42 is not of the vocabulary"),
    "a class, not a fact": ({"a": Annotated[int, Bits]}, "a", "not of the vocabulary"),
    "no such type": ({"a": Annotated[float, Bits(32)]}, "a", "no type of a field"),
    "a list": ({"a": Annotated[list[int], Bits(32)]}, "a", "no type of a field"),
    "no size": ({"a": Annotated[int, "Value"]}, "a", "needs one size"),
    "two sizes": ({"n": NUMBER, "a": Annotated[bytes, Octets(2), SizedBy("n")]}, "a", "needs one size"),
    "a number told by another": ({"n": NUMBER, "a": Annotated[int, SizedBy("n")]}, "a", "fixed number of Bits"),
    "a number of all that is left": ({"a": Annotated[int, Rest()]}, "a", "fixed number of Bits"),
    "no bits": ({"a": Annotated[int, Bits(0)]}, "a", "no number of bits or octets"),
    "less than no bits": ({"a": Annotated[int, Bits(-8)]}, "a", "no number of bits or octets"),
    "no octets": ({"a": Annotated[bytes, Octets(0)]}, "a", "no number of bits or octets"),
    "more bits than 64": ({"a": Annotated[int, Bits(72)]}, "a", "does not fit the type"),
    "a bool of two bits": ({"a": Annotated[bool, Bits(2)], "b": Annotated[int, Bits(6)]}, "a", "does not fit the type"),
    "octets counted in bits": ({"a": Annotated[bytes, Bits(8)]}, "a", "does not fit the type"),
    "a number in octets": ({"a": Annotated[int, Octets(1)]}, "a", "does not fit the type, which takes Bits of 1 to 64"),
    "an address too short": ({"a": Annotated[MACAddress, Octets(5)]}, "a", "which takes Octets(6)"),
    "an address of any size that has one": ({"a": Annotated[MACAddress | bytes, Octets(6)]}, "a", "leaves one type"),
    "an address too long": ({"a": Annotated[IPv4Address, Octets(16)]}, "a", "does not fit the type"),
    "order within an octet": (
        {"a": Annotated[int, Bits(4), ByteOrder("little")], "b": Annotated[int, Bits(4)]},
        "a",
        "numbers of whole octets",
    ),
    "order of octets": ({"a": Annotated[bytes, Octets(4), ByteOrder("little")]}, "a", "ByteOrder does not stand on"),
    "no such order": ({"a": Annotated[int, Bits(16), ByteOrder(typing.cast("Any", "middle"))]}, "a", "'middle'"),
    "bits that are no number": (
        {"a": Annotated[int, Bits(typing.cast("Any", "8"))]},
        "a",
        "no number of bits or octets",
    ),
    "a constant of octets": ({"a": Annotated[bytes, Octets(2), Const(4)]}, "a", "Const"),
    "two conditions": (
        {"f": FLAG, "r": SEVEN, "a": Annotated[int | None, Bits(8), When("f"), Unless("r", (1,))]},
        "a",
        "one condition is enough",
    ),
    "a bound in units of nothing": ({"a": Annotated[int, Bits(16), LengthField(unit=0)]}, "a", "unit of 1 or more"),
    "a constant too large": (
        {"a": Annotated[int, Bits(2), Const(4)], "b": Annotated[int, Bits(6)]},
        "a",
        "Const(value=4) does not fit",
    ),
    "not whole octets at the end": ({"a": Annotated[int, Bits(7)]}, "a", "7 bits: not whole octets"),
    "not whole octets before octets of any number": (
        {"a": NUMBER, "b": Annotated[int, Bits(12)], "c": Annotated[bytes, SizedBy("a")]},
        "b",
        "20 bits: not whole octets",
    ),
    "octets within an octet": (
        {"a": Annotated[int, Bits(4)], "m": Annotated[bytes, Octets(1)], "b": Annotated[int, Bits(4)]},
        "m",
        "octet",
    ),
    "little-endian within an octet": (
        {
            "a": Annotated[int, Bits(4)],
            "m": Annotated[int, Bits(16), ByteOrder("little")],
            "b": Annotated[int, Bits(4)],
        },
        "m",
        "octet",
    ),
    "None without a condition": ({"a": Annotated[int | None, Bits(8)]}, "a", "T | None"),
    "a condition without None": ({"f": FLAG, "r": SEVEN, "a": Annotated[int, Bits(8), When("f")]}, "a", "T | None"),
    "a condition later": (
        {"a": Annotated[int | None, Bits(8), When("f")], "f": FLAG, "r": SEVEN},
        "a",
        "When names 'f', which is no earlier field",
    ),
    "a condition that is a number": (
        {"f": NUMBER, "a": Annotated[int | None, Bits(8), When("f")]},
        "a",
        "When names 'f', which is not typed bool",
    ),
    "a second condition that is nowhere": (
        {"f": FLAG, "r": SEVEN, "a": Annotated[int | None, Bits(8), When("f", "g")]},
        "a",
        "When names 'g', which is no earlier field",
    ),
    "an exception that is a flag": (
        {"f": FLAG, "r": SEVEN, "a": Annotated[int | None, Bits(8), Unless("f", (1,))]},
        "a",
        "Unless names 'f', which is not typed int",
    ),
    "a size later": (
        {"a": Annotated[bytes, SizedBy("n")], "n": NUMBER},
        "a",
        "SizedBy names 'n', which is no earlier field",
    ),
    "a size nowhere": ({"a": Annotated[bytes, SizedBy("n")]}, "a", "SizedBy names 'n', which is no earlier field"),
    "a size that is a flag": (
        {"f": FLAG, "r": SEVEN, "a": Annotated[bytes, SizedBy("f")]},
        "a",
        "SizedBy names 'f', which is not typed int",
    ),
    "a size in units of nothing": (
        {"n": NUMBER, "a": Annotated[bytes, SizedBy("n", unit=0)]},
        "a",
        "unit of 1 or more",
    ),
    "an address of any size": (
        {"n": NUMBER, "a": Annotated[IPv6Address, SizedBy("n")]},
        "a",
        "SizedBy does not stand on",
    ),
    "an address of all that is left": ({"a": Annotated[MACAddress, Rest()]}, "a", "Rest does not stand on"),
    "all that is left, and more": ({"a": Annotated[bytes, Rest()], "b": NUMBER}, "a", "must be the last field"),
    "two Selects": (
        {"a": Annotated[int, Bits(16), Selects(UDP_PORT)], "b": Annotated[int, Bits(16), Selects(UDP_PORT)]},
        "b",
        "a second Selects; a is the first",
    ),
    "two Bounds": (
        {"a": Annotated[int, Bits(16), LengthField()], "b": Annotated[int, Bits(16), LengthField()]},
        "b",
        "a second LengthField; a is the first",
    ),
    "two Checksums": (
        {"a": Annotated[int, Bits(16), Checksum()], "b": Annotated[int, Bits(16), Checksum()]},
        "b",
        "a second Checksum; a is the first",
    ),
    "a checksum with ByteOrder": (
        {"a": Annotated[int, Bits(16), ByteOrder("little"), Checksum()]},
        "a",
        "no ByteOrder",
    ),
    "a checksum of 8 bits": ({"a": Annotated[int, Bits(8), Checksum()]}, "a", "needs 16 bits on an octet boundary"),
    "a checksum of the header with a pseudo-header": (
        {"a": Annotated[int, Bits(16), Checksum(covers="header", pseudo=True)]},
        "a",
        "a checksum of the header alone has no pseudo-header",
    ),
    "a checksum between octets": (
        {"a": Annotated[int, Bits(4)], "b": Annotated[int, Bits(16), Checksum()], "c": Annotated[int, Bits(4)]},
        "b",
        "needs 16 bits on an octet boundary",
    ),
    "a checksum at no fixed octet": (
        {"n": NUMBER, "a": Annotated[bytes, SizedBy("n")], "b": Annotated[int, Bits(16), Checksum()]},
        "b",
        "a fixed place",
    ),
    "a choice by a flag, and nothing else to choose": (
        {"f": FLAG, "r": SEVEN, "a": Annotated[int, Bits(16), Selects(UDP_PORT, when="f")]},
        "a",
        "the class carries nothing else",
    ),
    "a choice by a flag that is nowhere": (
        {"a": Annotated[int, Bits(16), Selects(UDP_PORT, when="b")]},
        "a",
        "Selects names 'b', which is no earlier field",
    ),
    "a choice by a field that is nowhere": (
        {"a": Annotated[int, Bits(16), Selects(UDP_PORT, only=("b", (1,)))]},
        "a",
        "Selects names 'b', which is no field",
    ),
    "a choice but for a field that is nowhere": (
        {"a": Annotated[int, Bits(16), Selects(UDP_PORT, unless=("b", (1,)))]},
        "a",
        "Selects names 'b', which is no field",
    ),
    "a key that is octets": ({"a": Annotated[bytes, Octets(2), Selects(UDP_PORT)]}, "a", "Selects does not stand on"),
    "names on a construct": (
        {"a": Annotated[object, ConstructField(construct.Byte), ValueNames({})]},
        "a",
        "Names does not stand on",
    ),
    "octets up to a place, if at all": (
        {"f": FLAG, "r": SEVEN, "n": NUMBER, "a": Annotated[bytes | None, When("f"), SizedBy("n", origin="start")]},
        "a",
        "that of a field always there",
    ),
    "a bound that is octets": ({"a": Annotated[bytes, Octets(2), LengthField()]}, "a", "LengthField does not stand on"),
    "a bound but for a field that is nowhere": (
        {"a": Annotated[int, Bits(16), LengthField(unless="b")]},
        "a",
        "LengthField names 'b', which is no field",
    ),
    "a mark of a row that is nowhere": (
        {"a": Annotated[bool, Bits(1), SetIfAny("rows", "kind", 1)], "r": SEVEN},
        "a",
        "SetIfAny names rows.kind, which is no field of an option list",
    ),
    "a mark of a field that is nowhere": (
        {
            "a": Annotated[bool, Bits(1), SetIfAny("rows", "type", 1)],
            "r": SEVEN,
            "size": NUMBER,
            "rows": ROW,
            "rest": Annotated[bytes, Unparsed("rows")],
        },
        "a",
        "SetIfAny names rows.type, which is no field of an option list",
    ),
    "an offset that is a flag": (
        {"a": Annotated[bool, Bits(1), FragmentOffset()], "r": SEVEN},
        "a",
        "does not stand on",
    ),
    "a flag for more that is a number": (
        {"a": Annotated[int, Bits(8), MoreFragments()]},
        "a",
        "MoreFragments does not stand on",
    ),
    "a stack's end that is a number": ({"a": Annotated[int, Bits(8), StackEnd()]}, "a", "StackEnd does not stand on"),
    "a jumbo length of octets": (
        {"a": Annotated[bytes, Octets(4), JumboLength()]},
        "a",
        "JumboLength does not stand on",
    ),
    "two conditions on a number": (
        {"n": NUMBER, "a": Annotated[int | None, Bits(8), When("n", values=(1,)), Unless("n", (2,))]},
        "a",
        "one condition is enough",
    ),
    "only where a flag is a number": (
        {"n": FLAG, "r": SEVEN, "a": Annotated[int | None, Bits(8), When("n", values=(1,))]},
        "a",
        "which is not typed int",
    ),
    "a count of less than none": (
        {"n": NUMBER, "rows": Annotated[tuple[Part, ...], CountedBy("n", bias=-1), Elements()]},
        "rows",
        "CountedBy needs a bias of 0 or more",
    ),
    "filled up to one octet": ({"a": Annotated[bytes, PadTo(1)]}, "a", "PadTo needs a unit of 2 or more"),
    "filling that may be absent": (
        {
            "flag": Annotated[bool, Bits(1)],
            "b": Annotated[int, Bits(7)],
            "a": Annotated[bytes | None, When("flag"), PadTo(4)],
        },
        "a",
        "in a field that is always there",
    ),
    "a count of octets": ({"n": NUMBER, "a": Annotated[bytes, CountedBy("n")]}, "a", "CountedBy does not stand on"),
    "a count that is nowhere": (
        {"rows": Annotated[tuple[Part, ...], CountedBy("n"), Elements()]},
        "rows",
        "CountedBy names 'n', which is no earlier field",
    ),
    "a row with two sizes": (
        {"n": NUMBER, "rows": Annotated[tuple[Part, ...], CountedBy("n"), Rest(), Elements()]},
        "rows",
        "CountedBy tells the size of a row alone",
    ),
    "a row of all that is left, and more": (
        {
            "rows": Annotated[tuple[Part, ...], Rest(), Elements()],
            "rest": Annotated[bytes, Unparsed("rows")],
            "n": NUMBER,
        },
        "rows",
        "must be the last field",
    ),
    "a row of all that is left without a remainder": (
        {"rows": Annotated[tuple[Part, ...], Rest(), Elements()]},
        "rows",
        "needs an Unparsed field",
    ),
    "a remainder that is there when its row is not": (
        {
            "n": NUMBER,
            "size": NUMBER,
            "rows": Annotated[tuple[Part, ...] | None, When("n", values=(1,)), SizedBy("size"), Elements()],
            "rest": Annotated[bytes, Unparsed("rows")],
        },
        "rest",
        "must follow the sized option list 'rows'",
    ),
    "a row of two classes for any kind": (
        {
            "size": NUMBER,
            "rows": Annotated[tuple[Part | Other, ...], SizedBy("size"), Elements()],
            "rest": Annotated[bytes, Unparsed("rows")],
        },
        "rows",
        "known by constants that no other one has",
    ),
    "a key that may be absent, by nothing": (
        {"f": FLAG, "r": SEVEN, "a": Annotated[int | None, Bits(16), When("f"), Selects(ETHERTYPE)]},
        "a",
        "a selector that may be absent needs the flag",
    ),
    "a final destination by fields that are nowhere": (
        {"a": Annotated[bytes, Octets(16), FinalDestination("type", "left", {})]},
        "a",
        "FinalDestination names 'type', which is no earlier field",
    ),
    "a row without Elements": (
        {"size": NUMBER, "rows": Annotated[tuple[Part, ...], SizedBy("size")]},
        "rows",
        "with Elements",
    ),
    "a row of numbers": (
        {"size": NUMBER, "rows": Annotated[tuple[int, ...], SizedBy("size"), Elements()]},
        "rows",
        "Element",
    ),
    "a row of one": (
        {"size": NUMBER, "rows": Annotated[tuple[Part], SizedBy("size"), Elements()]},
        "rows",
        "tuple[E, ...]",
    ),
    "Elements without a row": ({"n": NUMBER, "a": Annotated[bytes, SizedBy("n"), Elements()]}, "a", "tuple[E, ...]"),
    "a row without an end": ({"rows": Annotated[tuple[Part, ...], Elements()]}, "rows", "an element that ends it"),
    "a row whose end is of no kind": (
        {"rows": Annotated[tuple[Part, ...], Elements(end=0)]},
        "rows",
        "known by its `kind`",
    ),
    "a row of an unknown kind": (
        {"rows": Annotated[tuple[Part, ...], Elements("type", end=0)]},
        "rows",
        "has no field 'type'",
    ),
    "a row without a remainder": ({"size": NUMBER, "rows": ROW}, "rows", "needs an Unparsed field"),
    "a row of what may be empty": (
        {
            "size": NUMBER,
            "rows": Annotated[tuple[Hollow, ...], SizedBy("size"), Elements()],
            "rest": Annotated[bytes, Unparsed("rows")],
        },
        "rows",
        "the row would never end",
    ),
    "a remainder of nothing": (
        {"rest": Annotated[bytes, Unparsed("rows")]},
        "rest",
        "must follow the sized option list 'rows'",
    ),
    "a remainder elsewhere": (
        {"size": NUMBER, "rows": ROW, "n": NUMBER, "rest": Annotated[bytes, Unparsed("rows")]},
        "rest",
        "must follow the sized option list 'rows'",
    ),
    "no construct object": (
        {"a": Annotated[object, ConstructField(typing.cast("Any", 3))]},
        "a",
        "3 is not a construct object",
    ),
    "a lazy construct object": (
        {"a": Annotated[object, ConstructField(construct.LazyStruct("b" / construct.Byte))]},
        "a",
        "its value cannot be frozen",
    ),
    "a construct object of no size, and more": (
        {"a": Annotated[object, ConstructField(construct.Byte)], "b": NUMBER},
        "a",
        "must be the last field",
    ),
    "a name of the base class": ({"replace": NUMBER}, "replace", "taken by the base class"),
    "a name with an underscore": ({"_a": NUMBER}, "_a", "begins with an underscore"),
}


@pytest.mark.parametrize("case", ANNOTATIONS)
def test_a_bad_field_is_refused(case: str) -> None:
    fields, field, words = ANNOTATIONS[case]
    error = refused(fields)
    assert error.field == field
    assert words in error.reason


@pytest.mark.parametrize(
    ("annotation", "default", "words"),
    [
        (Annotated[int, Bits(8), Const(4)], 5, "its default is not the 4"),
        (NUMBER, AUTO, "nothing in the declaration derives it"),
        (NUMBER, 256, "256 is not in 0..255 (8 bits)"),
        (NUMBER, -1, "-1 is not in 0..255 (8 bits)"),
        (NUMBER, "7", "takes an int, not str"),
        (NUMBER, None, "takes an int, not NoneType"),
        (Annotated[bytes, Octets(2)], b"abc", "bad.a has 3 octets, not 2"),
        (Annotated[MACAddress, Octets(6)], "02:00:00:00:00:01", "write MACAddress('02:00:00:00:00:01')"),
        (Annotated[IPv4Address, Octets(4)], "10.0.0.1", "write IPv4Address('10.0.0.1')"),
        (Annotated[IPv4Address, Octets(4)], "10.0.0.256", "takes no such address"),
    ],
)
def test_a_bad_default_is_refused(annotation: Any, default: Any, words: str) -> None:
    error = refused({"a": annotation}, {"a": default})
    assert error.field == "a"
    assert words in error.reason


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"keys": (UDP_PORT(70_000),)}, "does not fit in 16 bits"),
        ({"keys": (UDP_PORT(-1),)}, "does not fit in 16 bits"),
        ({"keys": (oc.IP_PROTOCOL(256),)}, "the key IP_PROTOCOL(256) does not fit in 8 bits"),
        ({"bases": (oc.VXLAN,)}, "cannot be extended"),
        ({"keys": (4789,)}, "4789 is no key: say UDP_PORT(4789)"),
        ({"keys": (Key(UDP_PORT, 9, fallback="yes"),)}, "fallback is True or False"),  # type: ignore[arg-type]
        ({"keys": UDP_PORT(4789)}, "keys is a tuple of keys"),
        ({"carries": 0x6558}, "25944 is no key"),
        ({"carries": oc.IP_PROTOCOL(256)}, "does not fit in 8 bits"),
        ({"path": "Bad Path"}, "'Bad Path' cannot be a name in paths"),
        ({"path": "inner"}, "'inner' cannot be a name in paths"),
        ({"path": "payload"}, "'payload' cannot be a name in paths"),
        ({"layer": "application"}, "there is no layer 'application'"),
    ],
)
def test_a_bad_class_is_refused(options: dict[str, Any], words: str) -> None:
    error = refused({"a": NUMBER}, **options)
    assert error.field is None
    assert words in error.reason


def test_a_class_without_fields_is_refused() -> None:
    assert refused({}).reason == "declares no field"


def test_a_stack_that_no_key_leads_back_to_is_refused() -> None:
    stacked = {"last": Annotated[bool, Bits(1), StackEnd()], "rest": SEVEN}
    assert declare(stacked, keys=(ETHERTYPE(0x88B5),)).__layout__.keys
    refused(stacked)


# --- annotations as text ----------------------------------------------------------------------------------------------


def test_an_annotation_kept_as_text_is_read_where_the_class_stands() -> None:
    width = Bits(16)

    class Local(Header):
        number: Annotated[int, width, "A local name in the annotation"]

    assert oc.encode(Local(number=258)) == b"\x01\x02"


def test_an_annotation_is_read_from_the_functions_around_too() -> None:
    width = Bits(24)

    def inside() -> Any:
        class Deep(Header):
            number: Annotated[int, width]  # no closure holds `width`: it is found in the frames

        return Deep

    assert oc.encode(inside()(number=1)) == b"\x00\x00\x01"


def test_an_annotation_that_cannot_be_read_says_what_to_do() -> None:
    with pytest.raises(oc.SchemaError, match="declare the class at module level") as caught:

        class Lost(Header):
            number: Annotated[int, nowhere]  # noqa: F821

    assert (caught.value.header, caught.value.field) == ("Lost", "number")
    assert "nowhere" in caught.value.reason


class Constants(Header):
    """Class variables are no fields."""

    WIDTH: ClassVar[int] = 3
    value: Annotated[int, Bits(8)]


def test_a_class_variable_is_no_field() -> None:
    assert [field.name for field in Constants.__layout__.fields] == ["value"]
    assert Constants.WIDTH == 3
    made = declare({"WIDTH": ClassVar[int], "value": NUMBER}, {"WIDTH": 3})  # an annotation that is no text
    assert [field.name for field in made.__layout__.fields] == ["value"]


def test_names_of_the_generated_code_can_be_fields() -> None:
    names = ("check", "build", "data", "pos", "end", "walk", "header", "content", "emission", "out", "cls", "octets")
    made: Any = declare(dict.fromkeys(names, NUMBER))
    record = made(**{name: number for number, name in enumerate(names)})
    octets = oc.encode(record)
    assert octets == bytes(range(12))
    assert oc.decode(octets, first=made)[made] == record


# --- the catalog ------------------------------------------------------------------------------------------------------


def test_a_binding_is_a_key_and_a_declared_header() -> None:
    strange: Any
    for strange, name in ((int, "int"), (Header, "Header"), (oc.GeneveOption, "GeneveOption"), (3, "3")):
        with pytest.raises(oc.SchemaError) as caught:
            oc.DEFAULT.with_binding(UDP_PORT(1), strange)
        assert caught.value == oc.SchemaError(name, None, "is no declared header")
        with pytest.raises(oc.SchemaError) as caught:
            oc.DEFAULT.with_header(strange)
        assert caught.value == oc.SchemaError(name, None, "is no declared header")
    for strange, shown in ((4789, "4789"), (UDP_PORT, "UDP_PORT")):
        with pytest.raises(oc.SchemaError) as caught:
            oc.DEFAULT.with_binding(strange, oc.VXLAN)
        assert caught.value == oc.SchemaError("VXLAN", None, f"{shown} is no key: say UDP_PORT(4789)")
    with pytest.raises(oc.SchemaError, match=r"UDP_PORT\(65536\) does not fit in 16 bits"):
        oc.DEFAULT.with_binding(UDP_PORT(65536), oc.VXLAN)


# --- the way out to construct -----------------------------------------------------------------------------------------

_PAIR = construct.Struct("number" / construct.Int16ub, "pair" / construct.Array(2, construct.Byte))


class Sealed(Header, keys=(UDP_PORT(9000),)):
    """A field of a size told by another, read by construct."""

    length: Annotated[int, Bits(8)] = AUTO
    body: Annotated[Any, ConstructField(_PAIR), SizedBy("length")]


class Lengthy(Header):
    """A field that tells its own size."""

    kind: Annotated[int, Bits(8)]
    values: Annotated[Any, ConstructField(construct.Prefixed(construct.Int16ub, construct.GreedyRange(construct.Byte)))]


class Greedy(Header):
    """A field of all that is left."""

    kind: Annotated[int, Bits(8)]
    rest: Annotated[bytes, ConstructField(construct.GreedyBytes)]


class Optional(Header):
    """A field that a flag tells of."""

    named: Annotated[bool, Bits(1)] = AUTO
    reserved: Annotated[int, Reserved(7)] = 0
    name: Annotated[str | None, When("named"), ConstructField(construct.PascalString(construct.Byte, "ascii"))] = AUTO


def test_construct_reads_and_builds_a_field() -> None:
    packet = oc.decode(b"\x04\x12\x34\x05\x06 and more", first=Sealed)
    body = packet[Sealed].body
    assert (body.number, body["pair"], dict(body)) == (0x1234, (5, 6), {"number": 0x1234, "pair": (5, 6)})
    assert packet.payload == b" and more"
    assert oc.encode(packet) == b"\x04\x12\x34\x05\x06 and more"
    assert oc.encode(Sealed(body={"number": 0x1234, "pair": [5, 6]})) == b"\x04\x12\x34\x05\x06"
    assert oc.resolve(Sealed(body={"number": 0x1234, "pair": [5, 6]})) == Packet(packet.headers)
    assert packet.span("sealed.body") == (8, 39)


def test_construct_tells_a_size_of_its_own() -> None:
    packet = oc.decode(b"\x01\x00\x03\x07\x08\x09rest", first=Lengthy)
    assert packet == Lengthy(kind=1, values=[7, 8, 9]) / b"rest"
    assert oc.encode(packet) == b"\x01\x00\x03\x07\x08\x09rest"
    assert oc.decode_header(Lengthy, b"\x01\x00\x03\x07\x08\x09rest") == (Lengthy(kind=1, values=(7, 8, 9)), 6)
    whole = oc.decode(b"\x01all of it", first=Greedy)
    assert whole == Packet((Greedy(kind=1, rest=b"all of it"),))
    assert oc.encode(whole) == b"\x01all of it"


def test_construct_behind_a_flag() -> None:
    assert oc.encode(Optional()) == b"\x00"
    assert oc.encode(Optional(name="ab")) == b"\x80\x02ab"
    assert oc.decode(b"\x80\x02abc", first=Optional) == Optional(named=True, name="ab") / b"c"
    assert oc.decode(b"\x00\x02abc", first=Optional)[Optional].name is None


def test_what_construct_reads_is_frozen() -> None:
    sealed = oc.decode(b"\x04\x12\x34\x05\x06", first=Sealed)[Sealed]
    assert hash(sealed) == hash(oc.decode(b"\x04\x12\x34\x05\x06", first=Sealed)[Sealed])
    assert pickle.loads(pickle.dumps(sealed)) == sealed
    assert copy.deepcopy(sealed) == sealed
    with pytest.raises(TypeError):
        sealed.body["number"] = 1
    with pytest.raises(AttributeError):
        sealed.body.number = 1
    with pytest.raises(TypeError, match="cannot be frozen"):
        Sealed(body={"number": {1}, "pair": [1, 2]})


def test_an_edit_behind_construct() -> None:
    packet = oc.decode(b"\x01\x00\x02\x07\x08", first=Lengthy)
    assert oc.encode(packet.replace(Lengthy, values=[1, 2, 3])) == b"\x01\x00\x03\x01\x02\x03"


def test_errors_of_construct_are_errors_of_this_library() -> None:
    with pytest.raises(oc.TruncatedError) as truncated:
        oc.decode(b"\x04\x12\x34", first=Sealed)
    assert (truncated.value.path, truncated.value.needed, truncated.value.available) == ("sealed.body", 4, 2)
    with pytest.raises(oc.DecodeError, match=r"^sealed\.body ") as unread:
        oc.decode(b"\x05\x12\x34\x05\x06\x07", first=Sealed)  # the last octet is none of the Struct's
    assert not isinstance(unread.value, oc.TruncatedError)
    with pytest.raises(oc.DecodeError, match=r"^sealed\.body "):
        oc.decode(b"\x00\x12\x34\x05\x06", first=Sealed)  # a Struct of 4 octets cannot be read from none
    with pytest.raises(oc.DecodeError, match=r"^optional\.name "):
        oc.decode(b"\x80\x02\xff\xfe", first=Optional)  # no ASCII
    lax = oc.decode(b"\x80\x02\xff\xfe", first=Optional, lax=True)
    assert lax.payload == b"\x80\x02\xff\xfe"
    assert lax.fault is not None
    for body in ({"number": 70_000, "pair": [1, 2]}, {"number": 7}, "text"):
        with pytest.raises(oc.EncodeError) as encoding:
            oc.encode(Sealed(body=body))
        assert encoding.value.path == "sealed.body"
    with pytest.raises(oc.EncodeError):
        oc.encode(Optional(name="é"))


_NOT_EXACT: dict[str, tuple[Any, bytes]] = {
    "padding that is dropped": (construct.Struct("a" / construct.Byte, construct.Padding(1)), b"\x01\x02"),
    "a number with two forms": (construct.VarInt, b"\x80\x00"),
    "a hidden member": (construct.Struct("_a" / construct.Byte, "b" / construct.Byte), b"\x01\x02"),
    "a jump": (construct.Struct("a" / construct.Byte, construct.Seek(9)), b"\x01\x02"),
    "a value read later": (construct.Struct("a" / construct.Byte, "b" / construct.Lazy(construct.Byte)), b"\x01\x02"),
}


@pytest.mark.parametrize("case", _NOT_EXACT)
def test_octets_that_construct_would_build_otherwise_are_not_lost(case: str) -> None:
    """Fields and octets are a bijection: what construct reads and cannot give back is a fault, not another value."""
    reader, data = _NOT_EXACT[case]
    made = declare({"a": Annotated[Any, ConstructField(reader)]})
    with pytest.raises(oc.DecodeError):
        oc.decode(data, first=made)
    assert oc.encode(oc.decode(data, first=made, lax=True)) == data


# --- a protocol of your own -------------------------------------------------------------------------------------------


class Telemetry(oc.Header, spec="in-house", keys=(oc.UDP_PORT(9999),)):
    """Eight octets in front of the mirrored frame."""

    version: Annotated[int, oc.Bits(4), "Version"] = 1
    reserved: Annotated[int, oc.Reserved(4)] = 0
    switch: Annotated[int, oc.Bits(24), "Switch id"]
    delay: Annotated[int, oc.Bits(32), "Nanoseconds in the queue"]


# Ethernet / IPv4 / UDP to port 9999 / version 1, switch 0xABCDEF, delay 1000 / "hi"; both checksums are
# those that scapy computes over the same octets.
_FRAME = bytes.fromhex(
    "525400000002 525400000001 0800"
    "4500 0026 0000 0000 4011 66c5 0a000001 0a000002"
    "c000 270f 0012 b9cb"
    "10 abcdef 000003e8 6869"
)


def test_a_protocol_of_your_own() -> None:
    codec = oc.DEFAULT.with_header(Telemetry)
    packet = codec.decode(_FRAME)
    assert [type(header) for header in packet.headers] == [oc.Ethernet, oc.IPv4, oc.UDP, Telemetry]
    assert packet[Telemetry] == Telemetry(switch=0xABCDEF, delay=1000)
    assert packet.payload == b"hi"
    assert packet.at("telemetry.switch") == 0xABCDEF
    assert packet.span("telemetry.delay") == (44 * 8 + 16, 44 * 8 + 47)
    assert codec.encode(packet) == _FRAME
    built = (
        oc.Ethernet(dst="52:54:00:00:00:02", src="52:54:00:00:00:01")
        / oc.IPv4(src="10.0.0.1", dst="10.0.0.2")
        / oc.UDP(src_port=49152)
        / Telemetry(switch=0xABCDEF, delay=1000)
        / b"hi"
    )
    assert codec.encode(built) == _FRAME  # the port is the key of Telemetry, the checksums are as without it
    assert set(map(str, oc.checksums(packet, catalog=codec).values())) == {"valid"}
    assert Telemetry not in oc.decode(_FRAME)  # the default catalog is as it was
    assert Telemetry not in oc.DEFAULT.headers


def test_a_binding_of_your_own() -> None:
    key = UDP_PORT(9998)
    assert isinstance(key, Key)
    codec = oc.DEFAULT.with_header(Telemetry).with_binding(key, Telemetry)
    frame = _FRAME[:36] + (9998).to_bytes(2, "big") + _FRAME[38:]
    assert Telemetry in codec.decode(frame)
    assert codec.encode(codec.decode(frame)) == frame
    assert Telemetry not in codec.without_binding(key).decode(frame)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"switch": 1 << 24}, oc.FieldRangeError),
        ({"switch": -1}, oc.FieldRangeError),
        ({"switch": "1"}, TypeError),
        ({"colour": 1}, TypeError),
        ({"delay": AUTO}, TypeError),
    ],
)
def test_a_protocol_of_your_own_is_checked_like_any_other(changes: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        Telemetry(**({"switch": 1, "delay": 2} | changes))
    with pytest.raises(error):
        Telemetry(switch=1, delay=2).replace(**changes)


def test_what_is_filled_up_to_two_octets() -> None:
    class Even(Header):
        a: Annotated[int, Bits(8)]
        filling: Annotated[bytes, PadTo(2)] = AUTO

    assert oc.encode(Even(a=1)).hex() == "0100"


def test_what_is_shown_is_what_is_not_the_default() -> None:
    assert repr(oc.UDP(src_port=1)) == "UDP(src_port=1)"
    assert repr(oc.UDP(src_port=1, length=8)) == "UDP(src_port=1, length=8)"
    assert repr(oc.IPv4(src="10.0.0.1", dst="10.0.0.2", ttl=64)) == "IPv4(src='10.0.0.1', dst='10.0.0.2')"


def test_what_holds_a_route() -> None:
    assert oc.IPv4.__layout__.routes == "options"
    assert oc.IPv6SegmentRouting.__layout__.routes == "segments"
    assert oc.TCP.__layout__.routes is None


def test_where_a_field_stands_that_is_none() -> None:
    layout = oc.UDP.__layout__
    run = layout.parts[0]
    assert isinstance(run, Run)
    assert (run.bit_of("length"), layout.position_of("length"), layout.fixed_bit_of("length")) == (32, (0, 32), 32)
    assert layout.fixed_bit_of("nothing") is None
    # RFC 2890 section 2: the checksum comes first; with or without it, the key is in the second word or the third
    assert (oc.GRE.__layout__.fixed_bit_of("checksum"), oc.GRE.__layout__.fixed_bit_of("key")) == (32, None)
    for place in (run.bit_of, layout.position_of):
        with pytest.raises(KeyError, match="nothing"):
            place("nothing")


def test_what_has_one_size() -> None:
    """RFC 7348 section 5: 8 octets; RFC 2784 and RFC 9293 have words that are there or not."""
    assert oc.VXLAN.__layout__.fixed
    assert not oc.GRE.__layout__.fixed
    assert not oc.TCP.__layout__.fixed


class Sometimes(Header):
    """Reserved bits of one kind alone."""

    kind: Annotated[int, Bits(8)]
    reserved: Annotated[int | None, Reserved(8), oc.When("kind", values=(2,))]
    reserved2: Annotated[int | None, Reserved(8), oc.Unless("kind", (2,))]


def test_reserved_bits_are_there_where_their_kind_is() -> None:
    for kind, reserved in ((1, (None, 0)), (2, (0, None))):
        octets = bytes((kind, 0))
        undeclared: Any = Sometimes  # the declaration gives no defaults: reserved bits have theirs
        assert oc.encode(undeclared(kind=kind)) == octets
        header = oc.decode_header(Sometimes, octets)[0]
        assert (header.reserved, header.reserved2) == reserved
