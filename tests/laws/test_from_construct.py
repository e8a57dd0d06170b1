"""Header classes made of construct formats: facts where they can be, the same octets and values, and what cannot be."""

from __future__ import annotations

import pickle
from typing import Any, Final

import construct
import pytest
from construct import this
from hypothesis import given
from hypothesis import strategies as st

import overlaycodec as oc
from overlaycodec import strategies as overlay
from overlaycodec.describe.diagram import diagram_of
from overlaycodec.reference import construct_of, container_of, from_construct
from overlaycodec.schema.facts import (
    Bits,
    ByteOrder,
    Const,
    ConstructField,
    Octets,
    Reserved,
    Rest,
    SizedBy,
    Unless,
    ValueNames,
    When,
)

JOURNAL: Final = construct.Struct(
    "magic" / construct.Const(b"LOG1"),
    "flags"
    / construct.BitStruct(
        "version" / construct.Const(2, construct.BitsInteger(4)), construct.Padding(3), "stamped" / construct.Flag
    ),
    "kind" / construct.Enum(construct.Int8ub, ping=1, pong=2),
    "words" / construct.Int16ul * "Words of the note, and one",
    "stamp" / construct.If(this.flags.stamped, construct.Int32ub),
    "pongs" / construct.If(this.kind == "pong", construct.Int8ub),
    "note" / construct.Bytes(this.words * 4 - 4),
    "rack" / construct.Prefixed(construct.Int8ub, construct.GreedyBytes),
    "names" / construct.GreedyRange(construct.PascalString(construct.Byte, "ascii")),
)
Journal = from_construct("Journal", JOURNAL, keys=(oc.UDP_PORT(9997),))
# By hand: LOG1, version 2 and stamped, pong, two words little-endian, the stamp, one pong, "abcd", "zz", "a", "bc".
OCTETS: Final = bytes.fromhex("4c4f4731 21 02 0200 00000007 05 61626364 027a7a 0161 026263")
Plain = from_construct("Plain", construct.Struct(*JOURNAL.subcons[:-1]), keys=(oc.UDP_PORT(9997),))
CATALOG: Final = oc.DEFAULT.with_header(Plain)


def facts_of(cls: type[oc.Header], name: str) -> set[type]:
    return set(next(field for field in cls.__declaration__ if field.name == name).facts)


def test_members_become_facts() -> None:
    assert {field.name: set(field.facts) for field in Journal.__declaration__} == {
        "magic": {Bits, Const},
        "version": {Bits, Const},
        "reserved0": {Reserved},
        "stamped": {Bits},
        "kind": {Bits, ValueNames},
        "words": {Bits, ByteOrder},
        "stamp": {Bits, When},
        "pongs": {Bits, When},
        "note": {SizedBy},
        "rack_length": {Bits},
        "rack": {SizedBy},
        "names": {ConstructField},
    }
    assert next(field.doc for field in Journal.__declaration__ if field.name == "words") == "Words of the note, and one"


def test_octets_are_read_and_written_as_construct_does() -> None:
    header, octets = oc.decode_header(Journal, OCTETS)
    parsed = JOURNAL.parse(OCTETS)
    assert octets == len(OCTETS)
    values: Any = container_of(header)
    assert [values[name] for name in ("words", "stamp", "pongs", "note", "rack", "names")] == [
        parsed.words, parsed.stamp, parsed.pongs, parsed.note, parsed.rack, tuple(parsed.names),
    ]  # fmt: skip
    assert (values.kind, values.stamped) == (int(parsed.kind), parsed.flags.stamped) == (2, True)
    assert oc.encode(header) == JOURNAL.build(parsed) == OCTETS
    assert construct_of(Journal).build(values) == OCTETS
    assert pickle.loads(pickle.dumps(header)) == header


def test_lengths_and_flags_are_derived() -> None:
    header = Journal(kind=2, stamp=7, pongs=5, note=b"abcd", rack=b"zz", names=("a", "bc"))
    assert oc.encode(header) == OCTETS
    assert "(4 * words - 4 octets)" in diagram_of(Journal)


@given(overlay.packets(Plain, catalog=CATALOG))
def test_drawn_packets_come_back(packet: oc.Packet) -> None:
    data = CATALOG.encode(packet)
    assert CATALOG.encode(CATALOG.decode(data, first=type(packet.headers[0]))) == data


SIMPLE: Final = {
    "Int8ub": (construct.Int8ub, {Bits}),
    "Int16ub": (construct.Int16ub, {Bits}),
    "Int24ub": (construct.Int24ub, {Bits}),
    "Int64ub": (construct.Int64ub, {Bits}),
    "Int64ul": (construct.Int64ul, {Bits, ByteOrder}),
    "Int24ul": (construct.Int24ul, {Bits, ByteOrder}),
    "BytesInteger": (construct.BytesInteger(5), {Bits}),
    "Bytes": (construct.Bytes(6), {Octets}),
    "GreedyBytes": (construct.GreedyBytes, {Rest}),
    "Const": (construct.Const(9, construct.Int16ub), {Bits, Const}),
    "Default": (construct.Default(construct.Int16ub, 3), {Bits}),
    "Hex": (construct.Hex(construct.Int32ub), {Bits}),
    "Mapping": (construct.Mapping(construct.Int8ub, {"a": 1}), {Bits, ValueNames}),
    "lambda": (construct.Bytes(lambda ctx: ctx.first * 2 + 1), {SizedBy}),
    "FixedSized": (construct.FixedSized(this.first, construct.GreedyRange(construct.Byte)), {SizedBy, ConstructField}),
    "truth": (construct.If(this.first, construct.Int8ub), {Bits, Unless}),
    "differs": (construct.If(this.first != 7, construct.Int8ub), {Bits, Unless}),
    "signed": (construct.Int8sb, {ConstructField}),
    "float": (construct.Float32b, {ConstructField}),
    "Flag": (construct.Flag, {ConstructField}),
    "Optional": (construct.Optional(construct.Int16ub), {ConstructField}),
    "Array": (construct.PrefixedArray(construct.Int8ub, construct.Int16ub), {ConstructField}),
}


@pytest.mark.parametrize(("read", "facts"), SIMPLE.values(), ids=SIMPLE)
def test_a_construct_has_these_facts(read: Any, facts: set[type]) -> None:
    made = from_construct("Made", construct.Struct("first" / construct.Int8ub, "second" / read))
    assert facts_of(made, "second") == facts


REFUSED: Final = {
    "Computed": (construct.Computed(1), "takes no octets"),
    "Check": (construct.Check(this.first == 1), "takes no octets"),
    "Switch": (construct.Switch(this.first, {1: construct.Int8ub}), "depends on other fields"),
    "Array": (construct.Array(this.first, construct.Int8ub), "depends on other fields"),
    "two fields": (construct.Bytes(this.first + this.first), "depends on other fields"),
    "division": (construct.Bytes(this.first // 2), "depends on other fields"),
    "range": (construct.If(this.first > 2, construct.Int8ub), "no fact describes its condition"),
    "Rebuild": (construct.Rebuild(construct.Int8ub, this.first + 1), "AUTO"),
    "outside": (construct.Struct("a" / construct.Array(this._.first, construct.Byte)), "depends on other fields"),
}


@pytest.mark.parametrize(("read", "reason"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_a_field_is_refused_by_its_name(read: Any, reason: str) -> None:
    with pytest.raises(oc.SchemaError, match=reason) as caught:
        from_construct("Made", construct.Struct("first" / construct.Int8ub, "second" / read))
    assert "Made." in str(caught.value)


def test_a_field_without_facts_is_the_last() -> None:
    with pytest.raises(oc.SchemaError, match=r"Made\.first: takes all that is left"):
        from_construct("Made", construct.Struct("first" / construct.Float32b, "second" / construct.Int8ub))
    with pytest.raises(oc.SchemaError, match="two members have this name"):
        from_construct("Made", construct.Struct("a" / construct.Byte, "b" / construct.Struct("a" / construct.Byte)))


def convertible() -> list[type[oc.Header]]:
    found = []
    for cls in oc.DEFAULT.headers:
        try:
            from_construct(cls.__name__, construct_of(cls))
        except oc.SchemaError:
            continue
        found.append(cls)
    return found


CONVERTIBLE: Final = convertible()
"""Headers of fixed size; the lengths and conditions of the others are functions, not facts."""


def test_these_headers_come_back_from_their_constructs() -> None:
    assert {oc.Ethernet, oc.VLANTag, oc.UDP, oc.VXLAN, oc.IPv6Fragment, oc.MPLS, oc.IPv6, oc.PPPoE} <= set(CONVERTIBLE)
    assert len(CONVERTIBLE) >= 45
    assert not {oc.IPv4, oc.TCP, oc.Geneve, oc.GRE} & set(CONVERTIBLE)


@pytest.mark.parametrize("cls", CONVERTIBLE, ids=lambda cls: cls.__name__)
@given(st.data())
def test_a_header_and_the_class_of_its_construct_read_the_same(cls: type[oc.Header], data: st.DataObject) -> None:
    made = from_construct(cls.__name__, construct_of(cls))
    size = construct_of(cls).sizeof()
    octets = data.draw(st.binary(min_size=size, max_size=size))
    if data.draw(st.booleans()):
        octets = with_constants(cls, octets)
    assert read_by(made, cls, octets) == read_by(cls, cls, octets)


def read_by(cls: type[oc.Header], declared: type[oc.Header], octets: bytes) -> object:
    """The values of the declared fields, or the constant that is wrong; what is read is written again."""
    try:
        header = oc.decode_header(cls, octets)[0]
    except oc.FieldValueError as error:
        return error.bits, error.actual, error.expected
    assert oc.encode(header) == octets
    return [getattr(header, field.name) for field in declared.__declaration__]


def with_constants(cls: type[oc.Header], octets: bytes) -> bytes:
    """The octets of a header of fixed size, with the right value in each constant."""
    number, bits = int.from_bytes(octets), len(octets) * 8
    for field in cls.__declaration__:
        if (constant := field.get(Const)) is not None:
            assert field.bits is not None
            below = bits - cls.__layout__.position_of(field.name)[1] - field.bits
            number = number & ~((1 << field.bits) - 1 << below) | constant.value << below
    return number.to_bytes(len(octets))
