"""Any octets give a packet or a DecodeError strict, and a packet lax; and the tries reach every header.

Numbers of tries, seeds and mutations are fixed, so that the floors hold or fail alike at every run.
"""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Final

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

import overlaycodec as oc
from overlaycodec import strategies as overlay
from overlaycodec.schema.layout import Layout
from overlaycodec.schema.plans import CountSize, LengthSize
from tests.laws import common as laws

every_header = pytest.mark.parametrize("cls", laws.CLASSES, ids=laws.by_name)
LINK_TYPES: Final = [*sorted(oc.DEFAULT.values(oc.LINK_TYPE)), 9999]
SPACES: Final = sorted({key.space for key, _ in oc.DEFAULT.bindings}, key=repr)


def survive(data: bytes, first: type[oc.Header] | oc.Key) -> oc.Packet:
    """Decodes both ways, whatever happens; gives what lax decoding gave."""
    lax = oc.decode(data, first=first, lax=True)
    assert isinstance(lax, oc.Packet)
    assert (lax.fault is None) or lax.fault == lax.faults[-1]
    strict: oc.Packet | oc.DecodeError
    try:
        strict = oc.decode(data, first=first)
    except oc.DecodeError as error:
        strict = error
    if isinstance(strict, oc.DecodeError):
        assert strict in lax.faults  # what strict decoding refuses, lax decoding notes
        assert str(strict)
    else:
        assert strict == lax
        assert strict.faults == lax.faults
        assert strict.fault is None or "quoted." in strict.fault.path  # quotations are decoded lax, always
    assert oc.encode(laws.rebuilt_packet(lax)) == data
    return lax


@every_header
def test_any_octets_are_survived(cls: type[oc.Header]) -> None:
    @laws.share(10, cls)
    @given(st.binary(max_size=200), st.integers(0, 250))
    def law(data: bytes, wire_length: int) -> None:
        survive(data, cls)
        for wanted in (False, True):
            try:
                oc.decode(data, first=cls, wire_length=wire_length, fcs_octets=4, lax=wanted)
            except oc.DecodeError:
                assert not wanted
        try:
            header, octets = oc.decode_header(cls, data)
        except oc.DecodeError:
            return
        assert type(header) is cls
        assert oc.encode(laws.rebuilt_packet(oc.Packet((header,)))) == data[:octets]

    law()


@pytest.mark.parametrize("space", SPACES, ids=repr)
def test_any_key_is_survived(space: oc.KeySpace) -> None:
    random = Random(space.name)
    values = [*sorted(oc.DEFAULT.values(space)), *(random.randrange(1 << space.bits) for _ in range(20))]
    for value in values:
        for octets in (0, 1, 3, 60):
            survive(random.randbytes(octets), space(value))


# --- how deep the tries reach -----------------------------------------------------------------------------------------


def dressed(octets: bytes, cls: type[oc.Header]) -> bytes:
    """The octets, with the constants of a header in their places: random versions would seldom be right."""
    number, bits = int.from_bytes(octets, "big"), len(octets) * 8
    for field in cls.__layout__.fields:
        bit = cls.__layout__.fixed_bit_of(field.name)
        if field.const is not None and bit is not None and field.bits is not None and bit + field.bits <= bits:
            below = bits - bit - field.bits
            number = number & ~(field.maximum << below) | field.const << below
    return number.to_bytes(len(octets), "big")


def fits_by_chance(layout: Layout) -> bool:
    """Whether random sizes are often small enough, and no row waits for an element that ends it, or for many."""
    if any(isinstance(field.size, CountSize) for field in layout.fields):
        return False
    ends = (
        field.presence is None and not isinstance(field.size, LengthSize) and field.options.end is not None
        for field in layout.fields
        if field.options is not None
    )
    return not any(ends) and all((layout.by_name[name].bits or 0) <= 8 for name in layout.sized_by)


@every_header
def test_random_octets_reach_every_header(cls: type[oc.Header]) -> None:
    random = Random(cls.__name__)
    tries, reached = 300, 0
    for _ in range(tries):
        octets = random.randrange(max(40, cls.__layout__.minimum_octets), 2_500)
        packet = survive(dressed(random.randbytes(octets), cls), cls)
        reached += bool(packet.headers) and type(packet.headers[0]) is cls
    if cls.__layout__.fixed:
        assert reached == tries
    elif fits_by_chance(cls.__layout__):
        assert reached >= tries // 10
    # of the rest, damage reaches each: see below


@pytest.mark.survey
@every_header
def test_damage_reaches_every_header(cls: type[oc.Header]) -> None:
    first = laws.first_of(cls)
    count: Counter[str] = Counter()

    @settings(max_examples=100, database=None, suppress_health_check=list(HealthCheck))
    @given(overlay.malformed_bytes(cls, first=first))
    def law(data: bytes) -> None:
        packet = survive(data, first)
        count["reached"] += cls in packet
        count["faults"] += bool(packet.faults)

    for number in range(8):  # where the only rule is that of a constant, most damage hides the header
        seed(number)(law)()
        if count["reached"] >= 5 and count["faults"] >= 4:
            break
    assert count["reached"] >= 5, count
    assert count["faults"] >= 4, count  # else there was no damage


@pytest.mark.parametrize("link_type", LINK_TYPES)
def test_octets_of_every_link_type_are_survived(link_type: int) -> None:
    random = Random(link_type)
    for octets in (*range(64), 200, 1500):
        survive(random.randbytes(octets), oc.LINK_TYPE(link_type))


# --- what could hang or grow ------------------------------------------------------------------------------------------


@every_header
def test_long_monotonous_octets_are_survived(cls: type[oc.Header]) -> None:
    for octet in (0x00, 0x01, 0x45, 0x60, 0x81, 0xFF):
        packet = survive(bytes([octet]) * 5_000, cls)
        assert len(packet.headers) <= oc.DEFAULT.max_headers, octet


@laws.share(4)
@given(overlay.packets(reserved=True))
def test_nesting_ends_where_it_is_told(packet: oc.Packet) -> None:
    data = oc.encode(packet)
    for most in range(1, len(packet.headers)):
        few = oc.DEFAULT.with_max_headers(most)
        lax = few.decode(data, lax=True)
        assert lax.headers == packet.headers[:most]
        assert isinstance(lax.fault, oc.NestingError)
        assert lax.fault.maximum == most
        assert oc.encode(laws.rebuilt_packet(lax)) == data
        if not any(header.__layout__.quotes for header in packet.headers[:most]):
            with pytest.raises(oc.NestingError) as caught:
                few.decode(data)
            assert caught.value == lax.fault
    assert oc.DEFAULT.with_max_headers(len(packet.headers)).decode(data) == packet


def test_nesting_ends_by_default() -> None:
    tags = oc.encode(oc.VLANTag(vid=1, ethertype=0x8100)) * 100_000
    packet = survive(bytes(12) + b"\x81\x00" + tags, oc.Ethernet)
    assert len(packet.headers) == oc.DEFAULT.max_headers == 32
    assert isinstance(packet.fault, oc.NestingError)
