"""The checked guess: with it and without it, decoding gives the same, whatever the octets."""

from __future__ import annotations

import pickle
import random
from ipaddress import IPv4Address
from typing import Annotated

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import overlaycodec as oc
from overlaycodec import DEFAULT, LINK_TYPE, Catalog, CodecError, Ethernet, Packet, strategies
from overlaycodec.codec.stack_cache import MAX_STACKS, MISSES_TO_LEARN, StackCache
from overlaycodec.codec.stack_shape import option_free_stack
from overlaycodec.protocols import HEADERS
from overlaycodec.schema.keyspaces import IEEE802_LENGTH
from overlaycodec.values.interning import IPV4S, KEPT, PASSED_OVER, Interned
from tests.tools.internals import code_of


def outcome(catalog: Catalog, data: bytes, lax: bool, wire_length: int | None = None) -> tuple[object, ...]:
    """All that decoding says: the packet, or the error."""
    try:
        packet = catalog.decode(data, lax=lax, wire_length=wire_length)
    except CodecError as error:
        return ("error", error)
    return (packet, packet.fault, packet.faults, packet.missing)


def fresh(data: bytes | None = None) -> Catalog:
    """A catalog that has no guess, or expects packets such as this one."""
    catalog = Catalog(HEADERS)
    if data is not None:
        expect(catalog, data)
    return catalog


def steps_alone(*more: type[oc.Header]) -> Catalog:
    """A catalog that guesses nothing, however many packets come; it knows some more headers."""
    catalog = Catalog((*HEADERS, *more))
    code_of(catalog).stack_cache.misses_left = -1
    return catalog


def expect(catalog: Catalog, data: bytes) -> None:
    """The catalog expects packets such as this one, whatever it has learnt since."""
    code_of(catalog).stack_cache.learn(Ethernet, catalog.decode(data, lax=True).headers)


@given(strategies.packets(), st.data())
def test_a_guess_changes_nothing(packet: Packet, draw: st.DataObject) -> None:
    data = oc.encode(packet)
    guessing, plain = fresh(data), steps_alone()
    assert outcome(guessing, data, False) == outcome(plain, data, False)
    for _ in range(4):
        damaged = bytearray(data)
        for _ in range(draw.draw(st.integers(1, 3))):
            if damaged:
                damaged[draw.draw(st.integers(0, len(damaged) - 1))] = draw.draw(st.integers(0, 255))
        cut = bytes(damaged[: draw.draw(st.integers(0, len(damaged)))])
        for octets in (bytes(damaged), cut, bytes(damaged) + b"\0\0"):
            for lax in (False, True):
                expect(guessing, data)
                assert outcome(guessing, octets, lax) == outcome(plain, octets, lax)
        assert outcome(guessing, cut, True, wire_length=len(data)) == outcome(plain, cut, True, wire_length=len(data))


TUNNELLED = oc.encode(
    oc.Ethernet(dst="52:54:00:00:00:02", src="52:54:00:00:00:01")
    / oc.IPv4(src="10.0.0.1", dst="10.0.0.2")
    / oc.UDP(src_port=49152)
    / oc.VXLAN(vni=100)
    / oc.Ethernet(dst="02:00:00:00:00:02", src="02:00:00:00:00:01")
    / oc.IPv4(src="192.168.0.1", dst="192.168.0.2")
    / oc.TCP(src_port=1000, dst_port=2000)
    / b"hello"
)


def test_every_bit_of_a_guessed_stack() -> None:
    """Whatever bit is not as it was, the guess gives what the steps give."""
    guessing, plain = fresh(TUNNELLED), steps_alone()
    for bit in range(len(TUNNELLED) * 8):
        data = bytearray(TUNNELLED)
        data[bit // 8] ^= 0x80 >> bit % 8
        expect(guessing, TUNNELLED)
        assert outcome(guessing, bytes(data), True) == outcome(plain, bytes(data), True), f"bit {bit}"


def test_the_guess_is_used_and_learnt(monkeypatch: pytest.MonkeyPatch) -> None:
    catalog = fresh()
    stepped: list[int] = []
    missed = code_of(catalog).stack_cache.miss

    def count(*arguments: object) -> None:
        stepped.append(1)
        missed(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(StackCache, "miss", lambda self, *arguments: count(*arguments))
    for number in range(3 * MISSES_TO_LEARN):
        data = bytearray(TUNNELLED)
        data[-1] = number % 256
        catalog.decode(bytes(data))
    assert len(stepped) == MISSES_TO_LEARN


def test_what_is_plain() -> None:
    packet = DEFAULT.decode(TUNNELLED)
    assert len(option_free_stack(packet.headers)) == 7
    syn = oc.TCP(src_port=1, dst_port=2, options=(oc.TCPOption(kind=2, data=b"\x05\xb4"),))
    with_options = oc.resolve(packet.headers[0] / packet.headers[1].replace(protocol=oc.AUTO) / syn)
    assert len(option_free_stack(with_options.headers)) == 2
    later = packet.replace(oc.IPv4, fragment_offset=5)
    assert outcome(fresh(TUNNELLED), oc.encode(later), False) == outcome(fresh(), oc.encode(later), False)


class Words(oc.Header, keys=(oc.ETHERTYPE(0x88B5),)):
    """A header that says in words of 4 octets how far it goes, itself included."""

    words: Annotated[int, oc.Bits(8), oc.LengthField(unit=4)]
    number: Annotated[int, oc.Bits(24)]


@pytest.mark.parametrize("words", [0, 1, 2, 3, 4, 12])
def test_a_bound_in_words(words: int) -> None:
    link = Ethernet(dst="52:54:00:00:00:02", src="52:54:00:00:00:01", ethertype=0x88B5)
    guessing, plain = Catalog((*HEADERS, Words)), steps_alone(Words)
    expect(guessing, oc.encode(link / Words(words=3, number=7) / bytes(8)))
    data = oc.encode(link / Words(words=words, number=7) / bytes(8))
    assert outcome(guessing, data, True) == outcome(plain, data, True)
    assert len(guessing.decode(data, lax=True).trailers) == (words in (1, 2))


def test_a_guess_holds_for_its_own_first_header_only() -> None:
    catalog = fresh(TUNNELLED)
    for link_type in (0, 1, 101, 108, 113):
        first = LINK_TYPE(link_type)
        assert catalog.decode(TUNNELLED, first=first, lax=True) == fresh().decode(TUNNELLED, first=first, lax=True)


@settings(max_examples=20)
@given(st.binary(max_size=60), st.sampled_from([0, 12, 101, 108]))
def test_guesses_from_link_types(data: bytes, link_type: int) -> None:
    first = LINK_TYPE(link_type)
    plain, guessing = steps_alone(), fresh()
    code_of(guessing).stack_cache.learn(first, guessing.decode(data, first=first, lax=True).headers)
    rng = random.Random(data)
    for _ in range(10):
        octets = bytearray(data)
        if octets:
            octets[rng.randrange(len(octets))] = rng.randrange(256)
        assert guessing.decode(octets, first=first, lax=True) == plain.decode(octets, first=first, lax=True)


def test_conditions_of_other_candidates_are_asked() -> None:
    """TCP is guessed, but the octets are those of an STT segment."""
    outer = TUNNELLED_HEADERS[:2]
    tcp = oc.encode(Packet(outer) / oc.TCP(src_port=1, dst_port=7471, sequence=99, ack=True) / bytes(20))
    stt = oc.encode(
        Packet(outer)
        / oc.STTSegment(src_port=1)
        / oc.STT(context_id=1)
        / oc.Ethernet(dst="02:00:00:00:00:02", src="02:00:00:00:00:01", ethertype=0x9999)
    )
    guessing = fresh(tcp)
    assert guessing.decode(tcp).names == ["ethernet", "ipv4", "tcp"]
    expect(guessing, tcp)
    assert guessing.decode(stt).names == ["ethernet", "ipv4", "stt_segment", "stt", "inner.ethernet"]


TUNNELLED_HEADERS = tuple(
    header.replace(protocol=oc.AUTO, total_length=oc.AUTO, checksum=oc.AUTO) if isinstance(header, oc.IPv4) else header
    for header in DEFAULT.decode(TUNNELLED).headers
)


class Behind(oc.Header):
    """A header of fixed size behind an 802.3 length."""

    number: Annotated[int, oc.Bits(16)]


def test_a_length_is_a_bound_and_no_key() -> None:
    catalog = Catalog(HEADERS).with_binding(IEEE802_LENGTH(0), Behind)
    data = bytes.fromhex("0180c2000000 020000000001 8100 0001 0002 1234 0000 0000")
    plain = catalog.decode(data)
    assert plain.trailers == (oc.Trailer(1, bytes(4)),)
    expect(catalog, data)
    assert catalog.decode(data) == plain


def test_a_guess_that_fits_the_start_only_gives_way() -> None:
    """One packet that is plain for two headers must not slow down those that are plain for seven."""
    syn = oc.TCP(src_port=1, dst_port=2, options=(oc.TCPOption(kind=2, data=b"\x05\xb4"),))
    with_options = oc.encode(Packet(TUNNELLED_HEADERS[:2]) / syn)
    catalog = fresh(with_options)
    for _ in range(MISSES_TO_LEARN):
        catalog.decode(TUNNELLED)
    read = code_of(catalog).stack_cache.entry[1]
    assert read(TUNNELLED, len(TUNNELLED)) == catalog.decode(TUNNELLED)
    found = read(with_options, len(with_options))
    assert isinstance(found, tuple)
    assert len(found[0]) == 2


@settings(max_examples=10)
@given(st.lists(strategies.packets(), min_size=2, max_size=5), st.data())
def test_several_guesses_change_nothing(packets: list[Packet], draw: st.DataObject) -> None:
    """Each packet is read as it is, whatever else is expected, and in whatever order that was learnt."""
    octets = [oc.encode(packet) for packet in packets]
    guessing, plain = fresh(), steps_alone()
    for data in octets:
        expect(guessing, data)
    for data in octets:
        assert outcome(guessing, data, False) == outcome(plain, data, False)
        damaged = bytearray(data)
        if damaged:
            damaged[draw.draw(st.integers(0, len(damaged) - 1))] = draw.draw(st.integers(0, 255))
        for other in (bytes(damaged), bytes(damaged[: draw.draw(st.integers(0, len(damaged)))])):
            assert outcome(guessing, other, True) == outcome(plain, other, True)


def test_traffic_of_several_stacks_is_guessed_in_any_order(monkeypatch: pytest.MonkeyPatch) -> None:
    inner = TUNNELLED_HEADERS[:2]
    frames = [
        oc.encode(Packet((*inner, oc.UDP(src_port=49152), oc.VXLAN(vni=1), *behind)) / b"hello")
        for behind in (
            TUNNELLED_HEADERS[4:],
            (
                Ethernet(dst=MAC, src=MAC),
                oc.VLANTag(vid=7),
                oc.IPv4(src="10.0.0.1", dst="10.0.0.2"),
                oc.UDP(src_port=1, dst_port=2),
            ),
            (Ethernet(dst=MAC, src=MAC), oc.IPv6(src="2001:db8::1", dst="2001:db8::2"), oc.UDP(src_port=1, dst_port=2)),
        )
    ]
    frames.append(oc.encode(Packet(inner) / oc.UDP(src_port=1, dst_port=2) / b"hello"))
    catalog = fresh()
    for data in frames * (3 * MISSES_TO_LEARN):
        catalog.decode(data)
    stepped: list[object] = []
    monkeypatch.setattr(StackCache, "miss", lambda self, *arguments: stepped.append(arguments))
    plain = fresh()
    for data in frames:
        assert catalog.decode(data) == plain.decode(data)
    assert len(stepped) == len(frames)  # those of the catalog that had learnt nothing


MAC = "02:00:00:00:00:01"


def test_stacks_without_end_are_not_learnt_without_end() -> None:
    catalog = fresh()
    patience = code_of(catalog).stack_cache.misses_to_learn
    for tags in range(MAX_STACKS + 1):
        expect(
            catalog,
            oc.encode(Packet((Ethernet(dst=MAC, src=MAC), *(oc.VLANTag(vid=1),) * tags, *TUNNELLED_HEADERS[1:]))),
        )
    assert len(code_of(catalog).stack_cache.decoders) == 1
    assert code_of(catalog).stack_cache.misses_to_learn == 2 * patience


def test_one_function_serves_all_keys_of_the_last_header() -> None:
    packet = DEFAULT.decode(TUNNELLED)
    assert option_free_stack(packet.headers) == option_free_stack(packet.replace(oc.TCP, dst_port=5).headers)


def test_addresses_come_as_their_constructor_makes_them() -> None:
    for number in (0, 1, 0x0A000001, 0xFFFFFFFF):
        for table in (IPV4S, Interned(IPv4Address)):
            address, public = table.of(number), IPv4Address(number)
            assert type(address) is IPv4Address
            assert (address, hash(address), str(address), address.packed) == (
                public, hash(public), str(public), public.packed,
            )  # fmt: skip
            assert pickle.loads(pickle.dumps(address)) == public


def test_tables_of_addresses_are_bounded_and_start_afresh() -> None:
    table = Interned(IPv4Address)
    assert table.of(1) is table.of(1)
    for number in range(KEPT + PASSED_OVER):
        table.of(number)
    assert len(table.known) == KEPT
    table.of(1 << 31)
    assert not table.known
    assert table.of(1 << 31) is table.of(1 << 31)


def test_what_does_not_fit_is_built_and_not_kept() -> None:
    table = Interned(IPv4Address)
    for number in range(KEPT):
        table.of(number)
    assert table.of(KEPT) == IPv4Address(KEPT)
    assert table.of(KEPT) is not table.of(KEPT)


SWITCHED = oc.KeySpace("switched", 7)


class Switch(oc.Header):
    """A header whose flag chooses among two headers of one key, and changes nothing else."""

    flag: Annotated[bool, oc.Bits(1)]
    kind: Annotated[int, oc.Bits(7), oc.Selects(SWITCHED)]


class Flagged(oc.Header, keys=(SWITCHED(1).when(oc.PreviousHeader("flag", 1)),)):
    """What follows where the flag is set."""

    value: Annotated[int, oc.Bits(8)]


class Unflagged(oc.Header, keys=(SWITCHED(1),)):
    """What follows where it is not."""

    value: Annotated[int, oc.Bits(8)]


def test_a_flag_of_the_header_before_is_looked_at_in_a_guess() -> None:
    frame = bytes(12) + b"\x88\xb5"
    key = oc.ETHERTYPE(0x88B5)
    made = Catalog((*HEADERS, Switch, Flagged, Unflagged)).with_binding(key, Switch)
    for learnt, other in (("01", "81"), ("81", "01")):
        catalog = made.with_max_headers(31)  # one that has learnt nothing
        for _ in range(MISSES_TO_LEARN + 9):
            found = catalog.decode(frame + bytes.fromhex(learnt) + b"\7").headers[-1]
            assert type(found) is (Flagged if learnt == "81" else Unflagged)
        found = catalog.decode(frame + bytes.fromhex(other) + b"\7").headers[-1]
        assert type(found) is (Flagged if other == "81" else Unflagged)
