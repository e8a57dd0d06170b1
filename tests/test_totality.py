"""Any octets give a packet or a DecodeError strict, and a packet lax; and the tries reach every header.

Numbers of tries, seeds and mutations are fixed, so that the floors hold or fail alike at every run.
"""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import overlaycodec as oc
from overlaycodec import strategies as overlay
from overlaycodec.wire import Const
from tests import laws

every_header = pytest.mark.parametrize("cls", laws.CLASSES, ids=laws.by_name)
LINK_TYPES: Final = sorted(oc.DEFAULT.values(oc.LINK_TYPE)) + [9999]
SPACES: Final = sorted({key.space for key, _ in oc.DEFAULT.bindings}, key=repr)


def survive(data: bytes, first: type[oc.Header] | oc.Key) -> oc.Packet:
    """Decodes both ways, whatever happens; gives what lax decoding gave."""
    lax = oc.decode(data, first=first, lax=True)
    assert isinstance(lax, oc.Packet)
    assert (lax.fault is None) or lax.fault == lax.faults[-1]
    try:
        strict = oc.decode(data, first=first)
    except oc.DecodeError as error:
        assert lax.faults  # what strict decoding refuses, lax decoding notes
        assert error in lax.faults
        assert str(error)
    else:
        assert strict == lax
        assert strict.fault is None
    assert oc.encode(laws.rebuilt_packet(lax)) == data
    return lax


@every_header
def test_any_octets_are_survived(cls: type[oc.Header]) -> None:
    @laws.share(10)
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
        const, bit = field.get(Const), cls.__layout__.fixed_bit_of(field.name)
        if const is not None and bit is not None and field.bits is not None:
            below = bits - bit - field.bits
            number = number & ~(field.maximum << below) | const.value << below
    return number.to_bytes(len(octets), "big")


@every_header
def test_random_octets_reach_every_header(cls: type[oc.Header]) -> None:
    random = Random(cls.__name__)
    tries, reached = 300, 0
    for _ in range(tries):
        packet = survive(dressed(random.randbytes(random.randrange(40, 400)), cls), cls)
        reached += bool(packet.headers) and type(packet.headers[0]) is cls
    # a header of a fixed size is always there; of another, its length must fit by chance
    assert reached == tries if cls.__layout__.fixed else reached >= tries // 10


@every_header
def test_damage_reaches_every_header(cls: type[oc.Header]) -> None:
    first = laws.first_of(cls)
    count: Counter[str] = Counter()

    @settings(max_examples=40, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(overlay.malformed_bytes(cls, first=first))
    def law(data: bytes) -> None:
        packet = survive(data, first)
        count["tries"] += 1
        count["reached"] += cls in packet
        count["faults"] += bool(packet.faults)
        count["beyond"] += cls in packet and packet.headers[-1] is not packet[cls]

    law()
    assert count["tries"] >= 40
    assert count["reached"] >= 12, count
    assert count["faults"] >= 4, count  # else there was no damage
    if not cls.__layout__.closed and first is not cls:
        assert count["beyond"] + count["reached"] >= 14, count


@pytest.mark.parametrize("link_type", LINK_TYPES)
def test_octets_of_every_link_type_are_survived(link_type: int) -> None:
    random = Random(link_type)
    for octets in (*range(0, 64), 200, 1500):
        survive(random.randbytes(octets), oc.LINK_TYPE(link_type))


# --- what could hang or grow ------------------------------------------------------------------------------------------


@every_header
@pytest.mark.parametrize("octet", [0x00, 0x01, 0x45, 0x60, 0x81, 0xFF])
def test_long_monotonous_octets_are_survived(cls: type[oc.Header], octet: int) -> None:
    packet = survive(bytes([octet]) * 5_000, cls)
    assert len(packet.headers) <= oc.DEFAULT.max_headers


@every_header
def test_deep_nesting_ends(cls: type[oc.Header]) -> None:
    """A header that can follow itself, far more often than is followed."""
    header = next((h for h in _itself(cls)), None)
    if header is None:
        return
    data = oc.encode(oc.Packet((header,))) * 100
    with pytest.raises(oc.DecodeError) as caught:
        oc.decode(data, first=cls)
    assert isinstance(caught.value, oc.NestingError | oc.TruncatedError | oc.LengthFieldError)
    assert len(survive(data, cls).headers) <= oc.DEFAULT.max_headers


def _itself(cls: type[oc.Header]) -> list[oc.Header]:
    """A header that says that another of its class follows, if that needs no more than its selector."""
    selector = cls.__layout__.selector
    if selector is None:
        return []
    for key, other in oc.DEFAULT.bindings:
        if other is cls and key.value is not None and key.space == selector.facts[oc.Selects].space:  # type: ignore[attr-defined]
            try:
                packet = oc.decode(bytes(64), first=cls, lax=True)
                header = packet.headers[0].replace(**{selector.name: key.value}) if packet.headers else None
                return [] if header is None else [header]
            except oc.CodecError:
                return []
    return []
