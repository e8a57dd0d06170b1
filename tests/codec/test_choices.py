"""Which header follows: what is generated for that, in steps and for learnt stacks, against conditions as they are.

What is chosen is worked out here from the keys of the catalog and from `guesses`, which reads signs without generated
code. The octets are those of the vectors, with some bits that decide, or what follows them, not as they were.
"""

from __future__ import annotations

import inspect
import random
import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import pytest

import overlaycodec as oc
from overlaycodec import Catalog, Header, Key, Packet
from overlaycodec.codec import code_cache
from overlaycodec.codec.stack_shape import option_free_stack
from overlaycodec.guesses.corroboration import condition_holds, is_believed
from overlaycodec.packet.offsets import is_fragment, octets_in
from overlaycodec.protocols import HEADERS
from overlaycodec.schema.keys import Asked, Fits, Peek, PreviousHeader
from overlaycodec.schema.layout import Run
from overlaycodec.schema.signs import Pattern
from tests.codec.test_stack_shape import NEIGHBOURS, told
from tests.tools.internals import code_of
from tests.vectors.test_vectors import DECODING, bound, first_of

DNS: Final = bytes.fromhex("1a2b81800001000100000000 076578616d706c6503636f6d00 00010001")
"""The answer of RFC 1035, as far as its question: no tunnel."""


class Place(NamedTuple):
    """A header of a vector that was chosen among several, or only because its octets are as they are."""

    vector: str
    first: type[Header] | Key
    number: int
    """Of the header in the packet."""
    octet: int
    """Where it begins."""
    key: Key
    before: tuple[Header, ...]
    packet: Packet
    data: bytes

    @property
    def id(self) -> str:
        """A name for the test."""
        return f"{self.vector} {type(self.packet.headers[self.number]).__name__}"


def key_of(first: type[Header] | Key, headers: tuple[Header, ...]) -> Key | None:
    """The key at which what follows these headers is found."""
    if not headers:
        return first if isinstance(first, Key) else None
    key = headers[-1].__layout__.next.of(headers[-1])
    return key if isinstance(key, Key) else None


def own(vector: dict[str, Any]) -> Catalog:
    """A catalog of the vector's bindings that nobody else uses."""
    return bound(Catalog(HEADERS), vector.get("bindings", []))


def places() -> Iterator[Place]:
    """A place for each header and each key at which it is found, in the shortest vectors."""
    seen = set()
    for name in NEIGHBOURS:
        catalog, first = own(DECODING[name]), first_of(DECODING[name])
        data = bytes.fromhex(DECODING[name]["hex"])
        packet = catalog.decode(data, first=first, lax=True)
        if packet.trailers or packet.faults or any(map(is_fragment, packet.headers)):
            continue
        octet = 0
        for number, header in enumerate(packet.headers):
            before = packet.headers[:number]
            key = key_of(first, before)
            if key is not None and (type(header), key, len(before) > 1) not in seen:
                found = catalog.candidates(key.space, key.value) or catalog.candidates(key.space, None)
                if any(one.conditions or one.guess for one, _ in found):
                    seen.add((type(header), key, len(before) > 1))
                    yield Place(name, first, number, octet, key, before, packet, data)
            first_bit, last_bit = packet.span(packet.names[number])
            octet += (last_bit + 1 - first_bit) // 8


PLACES: Final = list(places())
each_place = pytest.mark.parametrize("place", PLACES, ids=[place.id for place in PLACES])


def asked_by(cls: type[Header], key: Key) -> list[Asked]:
    """All that a key and the signs of its header ask."""
    plan = cls.__layout__.corroboration if key.guess else None
    patterns = [] if plan is None else [sign for sign in plan.signs if isinstance(sign, Pattern)]
    asked = [asked for sign in patterns for alternative in sign.alternatives for asked in alternative]
    return [*key.conditions, *asked]


def deciding_bits(place: Place, catalog: Catalog) -> list[int]:
    """The bits of the octets that are looked at to choose, and those where the header and its content begin."""
    bits = set()
    for key, cls in catalog.candidates(place.key.space, place.key.value) or catalog.candidates(place.key.space, None):
        for asked in asked_by(cls, key):
            if isinstance(asked, Peek | Fits):
                bits |= set(range(asked.bit, asked.bit + asked.count))
    size = (len(place.data) - place.octet) * 8
    return sorted(bit for bit in bits if bit < size)


def conditions_on_the_header_before(place: Place, catalog: Catalog) -> list[PreviousHeader]:
    """What keys ask of the header before."""
    found = catalog.candidates(place.key.space, place.key.value) or catalog.candidates(place.key.space, None)
    return [asked for key, _ in found for asked in key.conditions if isinstance(asked, PreviousHeader)]


def bits_of_the_header_before(place: Place, field: str) -> list[int]:
    """The bits of its field in the packet; none where it has no such field."""
    if not place.before or field not in place.before[-1].__layout__.by_name:
        return []
    first, last = place.packet.span(f"{place.packet.names[place.number - 1]}.{field}")
    return list(range(first, last + 1))


def variants(place: Place, catalog: Catalog) -> Iterator[bytes]:
    """The octets of the vector, and others: before the place, only a field changes that some key asks for."""
    chance = random.Random(place.id)
    bits = deciding_bits(place, catalog)
    start, rest = place.data[: place.octet], place.data[place.octet :]

    def flipped(octets: bytes, chosen: list[int]) -> bytes:
        changed = bytearray(octets)
        for bit in chosen:
            changed[bit // 8] ^= 0x80 >> bit % 8
        return start + bytes(changed)

    yield place.data
    for field in {asked.field for asked in conditions_on_the_header_before(place, catalog)}:
        for bit in bits_of_the_header_before(place, field):
            changed = bytearray(place.data)
            changed[bit // 8] ^= 0x80 >> bit % 8
            yield bytes(changed)
    for bit in bits:
        yield flipped(rest, [bit])
    for count in (2, 2, 2, 3, 3, 4, 6):
        for _ in range(4):
            if len(bits) >= count:
                yield flipped(rest, chance.sample(bits, count))
            several = [chance.randrange(min(len(rest), 40) * 8) for _ in range(count)]
            yield flipped(rest, sorted({*several, *chance.sample(bits, min(1, len(bits)))}))
    for _ in range(4):
        yield start + chance.randbytes(len(rest))
    yield start + (DNS * (len(rest) // len(DNS) + 1))[: len(rest)]
    yield start + bytes(len(rest))


def chosen_at(place: Place, catalog: Catalog, data: bytes, *, cut: bool = False) -> type[Header] | None:
    """The header that is found at the place: the first one whose conditions hold and, of a guess, that is believed.

    Where a key without conditions is refused, there is none (`Key.as_guess`).
    """
    end, pos = len(data), place.octet
    unbounded = all(header.__layout__.extent is None for header in place.before)
    for key, cls in catalog.candidates(place.key.space, place.key.value) or catalog.candidates(place.key.space, None):
        if not all(holds(asked, place, data, catalog) for asked in key.conditions):
            continue
        plan = cls.__layout__.corroboration
        if not key.guess or plan is None:
            return cls
        if (unbounded and end - pos < plan.octets) or is_believed(cls.__layout__, catalog, data, pos, end, cut=cut):
            return cls
        if not key.conditions:
            return None
    return None


def holds(asked: Asked, place: Place, data: bytes, catalog: Catalog) -> bool:
    """Whether a condition of a key holds."""
    if isinstance(asked, PreviousHeader):
        return bool(place.before) and getattr(place.before[-1], asked.field, None) == asked.value
    return condition_holds(asked, data, place.octet, len(data), catalog)


def catalogs(place: Place) -> tuple[Catalog, Catalog]:
    """One that goes from step to step, and one that has learnt the stack of the vector; both learn no more."""
    plain, learnt = (own(DECODING[place.vector]) for _ in range(2))
    code_of(plain).stack_cache.misses_left = code_of(learnt).stack_cache.misses_left = -1
    code_of(learnt).stack_cache.learn(place.first, place.packet.headers)
    return plain, learnt


def read_at_once(catalog: Catalog, data: bytes) -> tuple[Header, ...]:
    """The headers that the learnt stack reads; none where the packet has another."""
    found = code_of(catalog).stack_cache.entry[1](data, len(data))
    headers: tuple[Header, ...] = () if found is None else found.headers if isinstance(found, Packet) else found[0]
    return headers


def at(place: Place, packet: Packet) -> type[Header] | None:
    """The header that decoding found at the place, or could not read for lack of octets."""
    return type(packet.headers[place.number]) if len(packet.headers) > place.number else None


@each_place
def test_what_follows_is_what_the_keys_and_the_signs_say(place: Place) -> None:
    plain, learnt = catalogs(place)
    assert chosen_at(place, plain, place.data) is type(place.packet.headers[place.number])
    stack = option_free_stack(place.packet.headers)
    if place.packet.get("ipv6.payload_length") != 0:  # as in a jumbogram: read one header after the other
        assert len(read_at_once(learnt, place.data)) == (len(stack) if len(stack) > 1 else 0)
    for data in variants(place, plain):
        packet = plain.decode(data, first=place.first, lax=True)
        assert told(learnt.decode(data, first=place.first, lax=True)) == told(packet), data.hex()
        before = packet.headers[: place.number]
        if key_of(place.first, before) != place.key or sum(map(octets_in, before)) != place.octet:
            continue  # the header before says that another key is asked, or stands elsewhere
        expected = chosen_at(place._replace(before=before), plain, data)
        if at(place, packet) is not expected:  # it was chosen, and cannot be read
            assert expected is not None, data.hex()
            assert packet.fault is not None, data.hex()
            assert expected.__layout__.name in packet.fault.path, data.hex()


# --- how much is asked ------------------------------------------------------------------------------------------------


class Questions:
    """The guesses that were looked at sign by sign, while this is in place."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked: list[tuple[type[Header], int]] = []
        """The header, and where it begins."""
        monkeypatch.setattr(code_cache, "is_believed", self._is_believed)

    def _is_believed(self, layout: Any, known: Any, data: bytes, pos: int, end: int, *, cut: bool) -> bool:
        self.asked.append((layout.cls, pos))
        return is_believed(layout, known, data, pos, end, cut=cut)


def is_usual(cls: type[Header], data: bytes, pos: int, catalog: Catalog) -> bool:
    """Whether the first alternative of each pattern holds, and that is enough for no number of other signs to refuse.

    It is where all decisive signs are patterns; then only those count. Else all signs but one must be patterns.
    """
    plan = cls.__layout__.corroboration
    assert plan is not None
    patterns = [sign for sign in plan.signs if isinstance(sign, Pattern)]
    decisive = [sign for sign in plan.signs if sign.decisive]
    if all(isinstance(sign, Pattern) for sign in decisive):
        patterns = [sign for sign in patterns if sign.decisive]
    elif len(patterns) < len(plan.signs) - 1:
        return False
    return all(
        condition_holds(asked, data, pos, len(data), catalog) for sign in patterns for asked in sign.alternatives[0]
    )


GUESSED: Final = [
    place
    for place in PLACES
    for found in [oc.DEFAULT.candidates(place.key.space, place.key.value)]
    for key, cls in found or oc.DEFAULT.candidates(place.key.space, None)
    if key.guess and cls is type(place.packet.headers[place.number]) and cls.__layout__.corroboration is not None
]


@pytest.mark.parametrize("place", GUESSED, ids=[place.id for place in GUESSED])
def test_signs_are_counted_only_where_the_usual_case_does_not_hold(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One test of octets answers for most packets: a tunnel costs no more than a header that is no guess."""
    plain, learnt = catalogs(place)
    cls = type(place.packet.headers[place.number])
    for data in variants(place, plain):
        if chosen_at(place, plain, data) is not cls:
            continue
        expected = [] if is_usual(cls, data, place.octet, plain) else [(cls, place.octet)]
        for catalog in (plain, learnt):
            with monkeypatch.context() as context:
                questions = Questions(context)
                if catalog is plain:
                    catalog.decode(data, first=place.first, lax=True)
                elif len(read_at_once(catalog, data)) <= place.number:
                    continue
            assert [one for one in questions.asked if one == (cls, place.octet)] == expected, data.hex()


def whole_fields(place: Place) -> list[Peek]:
    """The conditions on one number of 2 or 4 octets, in the key by which the header of the place was found.

    Smaller numbers may be read together with others.
    """
    cls = type(place.packet.headers[place.number])
    run = cls.__layout__.parts[0]
    assert isinstance(run, Run)
    numbers = {
        (run.bit_of(field.name), field.bits) for field in run.fields if field.kind == "int" and field.byte_order is None
    }
    found = oc.DEFAULT.candidates(place.key.space, place.key.value)
    key = next(key for key, header in found if header is cls)
    peeks = [asked for asked in key.conditions if isinstance(asked, Peek)]
    return [one for one in peeks if (one.bit, one.count) in numbers and one.bit % 8 == 0 and one.count in (16, 32)]


WHOLE: Final = [
    place
    for place in PLACES
    if place.number < len(option_free_stack(place.packet.headers)) > 1 and place.key.value is not None
    if any(
        cls is type(place.packet.headers[place.number])
        for _, cls in oc.DEFAULT.candidates(place.key.space, place.key.value)
    )
    and whole_fields(place)
]
assert len(WHOLE) >= 3
assert len(GUESSED) > 10


@pytest.mark.parametrize("place", WHOLE, ids=[place.id for place in WHOLE])
def test_a_learnt_stack_asks_the_numbers_that_it_has_read(place: Place) -> None:
    """Not the octets again."""
    _, learnt = catalogs(place)
    source = inspect.getsource(code_of(learnt).stack_cache.entry[1])
    for asked in whole_fields(place):
        assert f"data[{place.octet} + {asked.bit // 8}] == {asked.value >> asked.count - 8}" not in source


LEFT: Final = {
    # the version is a constant, and the length was found to fit
    "cooked/raw-ipv4 IPv4": (0, 0),
    "gue/gue-variant-1-ipv4 IPv4": (0, 0),
    "lisp/nonce-and-status-bits IPv4": (0, 0),
    "lisp/instance IPv6": (0, 0),
    "teredo/packet IPv6": (0, 0),
    "ptp/announce PTP": (0, 0),
    # up to three reserved fields; nothing where flags and reserved bits are as usual
    "l2tp/hello L2TPControl": (0, 1),
    "l2tpv3/cookie8-in-udp L2TPv3OverUDP": (0, 1),
    "l2tpv3/hello-in-ip L2TPv3Control": (0, 1),
    # the last reserved octet; all of them where flags are not as usual, which are more than three fields
    "link/arp-request VXLAN": (1, 2),
    # the IP version of what follows, which no field of the header tells
    "lisp/instance LISP": (2, 2),
    # no pattern
    "cisco_tags/time-stamp CiscoTimestampTag": (0, 2),
}
"""Learnt stacks: how often octets are made a number to ask signs, and how often signs may be counted.

This is a choice of the generated code and no fact from outside: a larger number is a slower stack.
"""


@pytest.mark.parametrize("name", LEFT)
def test_what_is_known_of_a_header_is_not_asked(name: str) -> None:
    [place] = [place for place in GUESSED if place.id == name]
    _, learnt = catalogs(place)
    source = "".join(inspect.getsource(code_of(learnt).stack_cache.entry[1]).split())
    header = type(place.packet.headers[place.number]).__layout__.name
    numbers = len(re.findall(rf"int\.from_bytes\(data\[{place.octet}:", source))
    counts = len(re.findall(rf"believed_{header}(?:_\d+)?\(data,{place.octet},", source))
    assert (numbers, counts) == LEFT[name]
