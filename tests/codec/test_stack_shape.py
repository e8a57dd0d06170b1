"""Stacks that are nearly plain, and those that are in every way but one: at once or header by header, it is the same.

What is compared is the codec of single headers, which the vectors and the reference hold to account.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Annotated, Any, Final

import construct
import pytest

import overlaycodec as oc
from overlaycodec import AUTO, Bits, Catalog, Header, Packet
from overlaycodec.codec.code_cache import STACK_USES
from overlaycodec.codec.packet_encoder import encode_packet
from overlaycodec.codec.stack_shape import option_free_stack
from overlaycodec.packet.offsets import is_fragment
from overlaycodec.protocols import HEADERS
from tests.laws.test_agreement import types_of
from tests.tools.internals import code_of
from tests.vectors.test_vectors import DECODING, afresh, decoded, first_of

FRAME: Final = oc.Ethernet(dst="02:00:00:00:00:02", src="02:00:00:00:00:01")
OUTER: Final = oc.IPv4(src="10.0.0.1", dst="10.0.0.2")
INSIDE: Final = oc.IPv4(src="192.168.0.1", dst="192.168.0.2") / oc.UDP(src_port=1, dst_port=2) / b"data"


def neighbours() -> list[str]:
    """The shortest vectors in which each header is found within each other."""
    chosen: dict[object, str] = {}
    for name in sorted(DECODING, key=lambda name: (len(DECODING[name]["hex"]), name)):
        for pair in pairwise(map(type, decoded(DECODING[name]).headers)):
            chosen.setdefault(pair, name)
    return sorted(set(chosen.values()))


NEIGHBOURS: Final = neighbours()


# --- decoding ---------------------------------------------------------------------------------------------------------


def told(packet: Packet) -> tuple[object, ...]:
    """All that decoding says, with the types of all values: 1 equals True."""
    return packet, packet.fault, packet.missing, [types_of(header) for header in packet.headers]


@pytest.mark.parametrize("name", NEIGHBOURS)
def test_every_bit_of_a_guessed_packet(name: str) -> None:
    """A packet of which one bit is not as it was, or some octets are not there, or more than there were."""
    vector = DECODING[name]
    plain, guessing = afresh(vector, "plain"), afresh(vector, "guessing")
    first, data = first_of(vector), bytes.fromhex(vector["hex"])
    code_of(plain).stack_cache.misses_left = code_of(guessing).stack_cache.misses_left = -1  # neither learns any more
    packet = plain.decode(data, first=first, lax=True)
    code_of(guessing).stack_cache.learn(first, packet.headers)
    empty = packet.get("ipv6.payload_length") == 0  # as in a jumbogram: read one header after the other
    whole = not packet.trailers and not empty and not any(map(is_fragment, packet.headers))
    if whole and len(option_free_stack(packet.headers)) > 1:
        assert code_of(guessing).stack_cache.entry[1](data, len(data)) is not None, "no guess holds for its own packet"
    others = [data, data[:-1], data + b"\0"]
    for bit in range(min(len(data), 90) * 8):
        changed = bytearray(data)
        changed[bit // 8] ^= 0x80 >> bit % 8
        others.append(bytes(changed))
    for other in others:
        packet = guessing.decode(other, first=first, lax=True)
        assert told(packet) == told(plain.decode(other, first=first, lax=True)), other.hex()


def test_a_guess_follows_no_more_headers_than_the_catalog_does() -> None:
    packet = oc.resolve(FRAME / OUTER / oc.UDP(src_port=1) / oc.VXLAN(vni=1) / FRAME / INSIDE)
    data = oc.encode(packet)
    for most in range(1, len(packet.headers) + 2):
        plain, guessing = (Catalog(HEADERS).with_max_headers(most) for _ in range(2))
        lax = plain.decode(data, first=oc.Ethernet, lax=True)
        assert len(lax.headers) == min(most, len(packet.headers))
        code_of(guessing).stack_cache.learn(oc.Ethernet, lax.headers)
        assert told(guessing.decode(data, lax=True)) == told(lax)
        assert isinstance(lax.fault, oc.NestingError) == (most < len(packet.headers))


def test_a_stack_is_plain_up_to_the_first_header_that_is_not() -> None:
    """MPLS ends by a flag; what is within it is not behind what is outside."""
    inside = FRAME / INSIDE
    packet = oc.resolve(FRAME / OUTER / oc.UDP(src_port=1) / oc.MPLS(label=16) / inside)
    assert option_free_stack(packet.headers) == ((oc.Ethernet, 0x0800), (oc.IPv4, 17), (oc.UDP, None))
    lengths = oc.resolve(FRAME / oc.LLC(dsap=0x42, ssap=0x42) / b"....").headers
    assert option_free_stack((*lengths[:1], *packet.headers[1:])) == ()


class Opaque(Header, spec="in-house", path="opaque", keys=(oc.UDP_PORT(9994),)):
    """Octets alone."""

    data: Annotated[bytes, oc.Rest()] = b""


def test_a_header_that_begins_with_octets_of_any_number() -> None:
    catalog = Catalog(HEADERS).with_header(Opaque)
    packet = oc.resolve(FRAME / OUTER / oc.UDP(src_port=1, dst_port=9994) / Opaque(data=b"...."), catalog=catalog)
    data = catalog.encode(packet)
    for _ in range(600):  # until it is guessed, and written at once
        assert catalog.decode(data) == packet
        assert catalog.encode(packet) == data


class Kinds(Header, spec="in-house", path="kinds", keys=(oc.UDP_PORT(9994),)):
    """A header of which one kind is longer."""

    kind: Annotated[int, Bits(8)]
    more: Annotated[int | None, Bits(8), oc.When("kind", values=(2,))] = AUTO


def test_a_kind_that_is_longer() -> None:
    plain, guessing = (Catalog(HEADERS).with_header(Kinds) for _ in range(2))
    short, long = (
        oc.resolve(FRAME / OUTER / oc.UDP(src_port=1, dst_port=9994) / header / b"....", catalog=plain)
        for header in (Kinds(kind=1), Kinds(kind=2, more=3))
    )
    code_of(guessing).stack_cache.learn(oc.Ethernet, short.headers)
    assert told(guessing.decode(plain.encode(long))) == told(long)
    for _ in range(STACK_USES + 1):
        assert guessing.encode(short) == plain.encode(short)
    assert guessing.encode(long) == encode_packet(long, plain, octets=[])


class Parsed(Header, spec="in-house", path="parsed", keys=(oc.UDP_PORT(9994),)):
    """A list that a construct object reads: of no octets, an empty one."""

    octets: Annotated[int, Bits(8)] = AUTO
    numbers: Annotated[
        tuple[int, ...], oc.ConstructField(construct.GreedyRange(construct.Byte)), oc.SizedBy("octets")
    ] = ()


def test_a_construct_object_reads_no_octets() -> None:
    plain, guessing = (Catalog(HEADERS).with_header(Parsed) for _ in range(2))
    packet = oc.resolve(FRAME / OUTER / oc.UDP(src_port=1, dst_port=9994) / Parsed() / b"....", catalog=plain)
    data = plain.encode(packet)
    code_of(guessing).stack_cache.learn(oc.Ethernet, packet.headers)
    assert guessing.decode(data)[Parsed].numbers == ()
    assert told(guessing.decode(data)) == told(plain.decode(data)) == told(packet)


class Behind(Header, spec="in-house", path="behind"):
    """What is found at a key that another header has only behind GRE."""

    number: Annotated[int, Bits(16)]


def test_a_condition_on_a_field_that_the_header_before_has_not() -> None:
    plain, guessing = (Catalog(HEADERS).with_binding(oc.ETHERTYPE(0x88BE), Behind) for _ in range(2))
    packet = FRAME.replace(ethertype=0x88BE) / Behind(number=7) / b"...."
    code_of(guessing).stack_cache.learn(oc.Ethernet, packet.headers)
    data = plain.encode(packet)
    assert code_of(guessing).stack_cache.entry[1](data, len(data)) == plain.decode(data) == packet


# --- encoding ---------------------------------------------------------------------------------------------------------


def written(encode: Callable[[Packet], bytes], packet: Packet) -> bytes | str:
    """The octets, or what is wrong."""
    try:
        return encode(packet)
    except oc.EncodeError as error:
        return str(error)


def with_auto(packet: Packet) -> list[Packet]:
    """The packet with all that is derived left to be, and with each such field alone."""
    derived = [
        (number, {field.name: AUTO})
        for number, header in enumerate(packet.headers)
        for field in header.__layout__.fields
        if header.__layout__.derived(field)
    ]
    everything: dict[int, dict[str, Any]] = {}
    for number, field in derived:
        everything[number] = everything.get(number, {}) | field
    return [
        Packet(tuple(header.replace(**left.get(at, {})) for at, header in enumerate(packet.headers)), packet.payload)
        for left in (everything, *({number: field} for number, field in derived))
    ]


@pytest.mark.parametrize("name", NEIGHBOURS)
def test_what_is_derived_in_one_go(name: str) -> None:
    catalog, packet = afresh(DECODING[name], "deriving"), decoded(DECODING[name])
    packet = Packet(packet.headers, packet.payload + b"?")  # an odd number of octets
    for _ in range(STACK_USES + 1):
        catalog.encode(packet)
    for other in (packet, *with_auto(packet)):
        assert written(catalog.encode, other) == written(
            lambda packet: encode_packet(packet, catalog, octets=[]), other
        )


def test_a_later_piece_does_not_know_the_whole_however_often_the_first_came() -> None:
    catalog = Catalog(HEADERS)
    first = FRAME / OUTER / oc.STTSegment(src_port=1, segment_offset=0, checksum=0) / b"..."
    for _ in range(STACK_USES + 1):
        catalog.encode(first)
    with pytest.raises(oc.UnresolvedError, match=r"stt_segment\.segment_offset says that this is a later piece"):
        catalog.encode(first.replace(oc.STTSegment, segment_offset=100))


class Never(Header, spec="in-house", path="never", keys=(oc.UDP_PORT(9994),)):
    """A length that no number makes nothing: 4 octets at 0."""

    words: Annotated[int, Bits(16)] = AUTO
    data: Annotated[bytes, oc.SizedBy("words", unit=4, bias=4)] = b""


class Skewed(Header, spec="in-house", path="skewed", keys=(oc.UDP_PORT(9994),)):
    """A length that counts half a word too much."""

    words: Annotated[int, Bits(16)] = AUTO
    data: Annotated[bytes, oc.SizedBy("words", unit=4, bias=-6)] = b""


@pytest.mark.parametrize("header", [Never(), Skewed()])
def test_a_length_that_cannot_say_nothing(header: Header) -> None:
    catalog = Catalog(HEADERS).with_header(type(header))
    packet = FRAME / OUTER / oc.UDP(src_port=1, dst_port=9994) / header
    for _ in range(STACK_USES + 2):
        with pytest.raises(oc.EncodeError, match=r"words"):
            catalog.encode(packet)
