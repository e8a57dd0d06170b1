"""Where each field stands in the octets: of vectors, whose octets and values come from outside, and of GRE by hand."""

from __future__ import annotations

from itertools import product
from typing import Annotated, Final

import construct
import pytest

import overlaycodec as oc
from overlaycodec.packet.offsets import octets_in, spans_of
from tests.vectors.test_vectors import DECODING, decoded


@pytest.mark.parametrize("name", DECODING)
def test_the_bits_of_a_field_hold_its_value(name: str) -> None:
    data, packet = bytes.fromhex(DECODING[name]["hex"]), decoded(DECODING[name])
    number, bits = int.from_bytes(data), len(data) * 8
    start = 0
    for path, header in zip(packet.names, packet.headers, strict=True):
        at = start
        there = set()
        for field, bit, count in spans_of(header):
            assert start + bit == at, "a field begins where the one before ends"
            assert packet.span(f"{path}.{field.name}") == (at, at + count - 1)
            there.add(field.name)
            value = getattr(header, field.name)
            if field.kind in ("int", "bool") and field.byte_order is None:
                assert number >> bits - at - count & (1 << count) - 1 == value, field.name
            elif field.kind == "bytes" and count % 8 == 0 and field.construct is None:
                assert data[at // 8 : (at + count) // 8] == value, field.name
            at += count
        assert packet.span(path) == (start, at - 1)
        assert octets_in(header) * 8 == at - start
        absent = {field.name for field in header.__layout__.fields if getattr(header, field.name) is None}
        assert there.isdisjoint(absent)
        assert there | absent == set(header.__layout__.by_name)
        for field_name in absent:
            with pytest.raises(oc.PathError):
                packet.span(f"{path}.{field_name}")
        start = at
    first, last = packet.span("payload")
    assert data[first // 8 : (last + 1) // 8] == packet.payload


PARTS: Final = {"checksum": 16, "reserved1": 16, "key": 32, "sequence": 32}
"""RFC 2784 and 2890: what may stand behind the first 32 bits, in this order, and its bits."""


@pytest.mark.parametrize(("checksum", "key", "sequence"), list(product((False, True), repeat=3)))
def test_what_stands_behind_optional_parts(checksum: bool, key: bool, sequence: bool) -> None:
    flags = checksum << 15 | key << 13 | sequence << 12
    parts = (checksum, checksum, key, sequence)
    octets = flags.to_bytes(2, "big") + b"\x88\xb5" + bytes(4) * (checksum + key + sequence)
    packet = oc.decode(octets, first=oc.GRE)
    at = 32
    for (name, bits), present in zip(PARTS.items(), parts, strict=True):
        if present:
            assert packet.span(f"gre.{name}") == (at, at + bits - 1)
            at += bits
        else:
            with pytest.raises(oc.PathError):
                packet.span(f"gre.{name}")
    assert packet.span("gre") == (0, at - 1)
    assert packet.span("gre.protocol_type") == (16, 31)
    assert packet.span("payload") == (at, at - 1)


class Kept(oc.Header, spec="in-house", path="kept"):
    """A field that a construct object reads, if a flag says so, and one behind it."""

    flag: Annotated[bool, oc.Bits(1)] = False
    spare: Annotated[int, oc.Bits(7)] = 0
    size: Annotated[int, oc.Bits(8)] = oc.AUTO
    numbers: Annotated[
        tuple[int, ...] | None,
        oc.ConstructField(construct.GreedyRange(construct.Byte)),
        oc.SizedBy("size"),
        oc.When("flag"),
    ] = None
    rest: Annotated[bytes, oc.Rest()] = b""


def test_what_a_construct_object_reads_takes_no_octets_where_it_is_absent() -> None:
    absent, there = Kept(flag=False, size=0, rest=b"ab"), Kept(flag=True, size=3, numbers=(1, 2, 3), rest=b"ab")
    assert (octets_in(absent), octets_in(there)) == (4, 7)
    assert (oc.Packet((absent,)).span("kept"), oc.Packet((there,)).span("kept")) == ((0, 31), (0, 55))
    assert oc.Packet((there,)).span("kept.rest") == (40, 55)
    assert oc.Packet((absent,)).span("kept.rest") == (16, 31)
