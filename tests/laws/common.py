"""What the property tests share: rebuilding from public fields, stacks through a header, and an oracle of truncations.

The oracle reads the facts, the fields of the whole packet and their bits, never the plans or the decoder: it says which
octets the first header that is truncated needs, or which length field counts too many.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any, NamedTuple, TypeVar

from hypothesis import settings
from hypothesis import strategies as st

import overlaycodec as oc
from overlaycodec import strategies as overlay
from overlaycodec.packet.offsets import octets_in, spans_of
from overlaycodec.packet.paths import names_of
from overlaycodec.schema.declaration import Declared
from overlaycodec.schema.facts import Elements, Fact, LengthField, Rest, Selects, SizedBy, StackEnd, Unparsed
from overlaycodec.schema.keys import Key, MinOctets, Peek, Within
from overlaycodec.schema.layout import Run
from overlaycodec.schema.record import WireStruct

R = TypeVar("R", bound=WireStruct)
Law = TypeVar("Law", bound=Callable[..., None])

CLASSES = oc.DEFAULT.headers
by_name = [cls.__name__ for cls in CLASSES]


def share(part: int, cls: type[WireStruct] | None = None) -> Callable[[Law], Law]:
    """A part of the profile's examples: for laws that are tried on every header.

    `cls` is the class that the law is tried on. Hypothesis knows a law by its source and its signature: by these it
    stores counterexamples and, where it draws at random no more, takes its seed. A law inside a test is the same for
    all classes by both, and the run for one class deletes the counterexamples of another. So the class goes into the
    signature.
    """
    profile = settings.default
    assert profile is not None
    some = settings(max_examples=max(5, profile.max_examples // part))

    def shared(law: Law) -> Law:
        if cls is not None:
            inner: Any = law.hypothesis.inner_test  # type: ignore[attr-defined]  # what `given` adds
            inner.__signature__ = inspect.signature(inner).replace(return_annotation=cls.__name__)
        return some(law)

    return shared


def words_sum(data: bytes) -> int:
    """The ones'-complement sum as RFC 1071 tells it: word by word, with end-around carries."""
    total = 0
    for at in range(0, len(data), 2):
        total += int.from_bytes(data[at : at + 2].ljust(2, b"\0"), "big")
        total = (total & 0xFFFF) + (total >> 16)
    return total


# --- from public fields alone -----------------------------------------------------------------------------------------


def rebuilt(record: R) -> R:
    """The record, built again by its constructor from its public fields: nothing that was kept aside survives."""
    values: dict[str, Any] = {}
    for field in record.__layout__.fields:
        value = getattr(record, field.name)
        values[field.name] = tuple(map(rebuilt, value)) if field.kind == "items" and value is not None else value
    return type(record)(**values)


def rebuilt_packet(packet: oc.Packet) -> oc.Packet:
    """The packet, of rebuilt headers."""
    trailers = tuple(
        oc.FCS(data=trailer.data, octets=trailer.octets)
        if isinstance(trailer, oc.FCS)
        else oc.Trailer(trailer.header, bytes(trailer.data))
        for trailer in packet.trailers
    )
    return oc.Packet(tuple(map(rebuilt, packet.headers)), bytes(packet.payload), trailers)


# --- facts ------------------------------------------------------------------------------------------------------------


def field_with(cls: type[WireStruct], fact: type[Fact]) -> Declared | None:
    """The first field of a class that has such a fact."""
    return next((field for field in cls.__declaration__ if fact in field), None)


# --- stacks -----------------------------------------------------------------------------------------------------------


@cache
def first_of(cls: type[oc.Header]) -> type[oc.Header]:
    """Ethernet, where some way leads from there to this header; else the header itself."""
    try:
        overlay.packets(cls)
    except ValueError:
        return cls
    return oc.Ethernet


@cache
def packets(cls: type[oc.Header], *, resolved: bool = True) -> st.SearchStrategy[oc.Packet]:
    """Stacks through a header, reserved bits too: one strategy for all laws."""
    return overlay.packets(cls, first=first_of(cls), resolved=resolved, reserved=True)


# --- truncations ------------------------------------------------------------------------------------------------------


class Short(NamedTuple):
    """What a truncation must be said to be."""

    path: str
    first_bit: int
    needed: int
    available: int
    claim: bool


class Part(NamedTuple):
    """Octets that are read at once."""

    path: str
    start: int
    octets: int


UNDECIDED = "undecided"
"""The octets that a key's conditions ask for are not all there: another header may be found, or none."""


def _parts(record: WireStruct, start: int, path: str, element: str = "") -> Iterator[Part]:
    sizes = {field.name: bits // 8 for field, _, bits in spans_of(record) if field.bits is None}
    declared = {field.name: field for field in record.__declaration__}
    at = start
    for number, part in enumerate(record.__layout__.parts):
        if isinstance(part, Run):
            if getattr(record, part.fields[0].name) is not None:
                yield Part(element or (path if number == 0 else f"{path}.{part.fields[0].name}"), at, part.octets)
                at += part.octets
        elif part.name in sizes and Unparsed not in (facts := declared[part.name]):
            octets = sizes[part.name]
            octets += sum(sizes[f.name] for f in declared.values() if (r := f.get(Unparsed)) and r.of == part.name)
            if Rest in facts and Elements in facts:
                pass  # takes what there is
            elif Elements in facts and SizedBy not in facts:
                inside = at
                for index, member in enumerate(getattr(record, part.name)):
                    yield from _parts(member, inside, "", element or f"{path}.{part.name}[{index}]")
                    inside += octets_in(member)
            elif octets:
                yield Part(element or f"{path}.{part.name}", at, octets)
            at += octets


def _claim(header: oc.Header) -> tuple[str, bool] | None:
    """The field that says where what follows ends, and whether it counts the header too."""
    cls = type(header)
    if (length := field_with(cls, LengthField)) is not None:
        fact = length[LengthField]
        value = getattr(header, length.name)
        if value is None or (value == 0 and fact.zero != "length"):
            return None
        if fact.unless and getattr(header, fact.unless):
            return None
        return length.name, fact.origin == "start"
    if (selector := field_with(cls, Selects)) is not None:
        lengths = selector[Selects].lengths
        if lengths and getattr(header, selector.name) <= lengths[0]:
            return selector.name, False
    return None


def _asked(before: oc.Header) -> tuple[Key, ...]:
    """The keys under which what follows was looked for."""
    cls = type(before)
    if (end := field_with(cls, StackEnd)) is not None and not getattr(before, end.name):
        return ()
    selector = field_with(cls, Selects)
    selects = None if selector is None else selector[Selects]
    if selector is None or selects is None or (selects.when and not getattr(before, selects.when)):
        carries = cls.__layout__.next.carried
        found = () if carries is None else oc.DEFAULT.candidates(carries.space, carries.value)
    else:
        value = getattr(before, selector.name)
        if selects.lengths and value <= selects.lengths[0]:
            return ()
        found = oc.DEFAULT.candidates(selects.space, value) or oc.DEFAULT.candidates(selects.space, None)
    return tuple(key for key, _ in found)


def _looks(keys: Sequence[Key]) -> int:
    """How many octets the conditions of these keys look at."""
    octets = [0]
    for key in keys:
        for condition in key.conditions:
            if isinstance(condition, Peek):
                octets.append(-(-(condition.bit + condition.count) // 8))
            elif isinstance(condition, Within):
                octets.append(condition.header)
            elif isinstance(condition, MinOctets):
                octets.append(condition.octets)
    return max(octets)


class _Place(NamedTuple):
    """One header of a whole packet."""

    start: int
    looks: int
    """How many octets the keys by which it was found look at."""
    parts: tuple[Part, ...]
    quotes: bool
    end: int
    """Where what it holds ends."""
    claim: Short | None
    """What is wrong where that is not all there: `available` is counted from the start of the octets."""
    pieces: bool


def _place(packet: oc.Packet, index: int, name: str, start: int, end: int) -> _Place:
    header = packet.headers[index]
    layout = header.__layout__
    looks = _looks(_asked(packet.headers[index - 1])) if index else 0
    short, pieces = None, False
    if (claim := _claim(header)) is not None:
        field, whole = claim
        bit = next(bit for other, bit, _ in spans_of(header) if other.name == field)
        origin = start if whole else start + octets_in(header)
        short = Short(f"{name}.{field}", start * 8 + bit, end - origin, -origin, True)
        length = field_with(type(header), LengthField)
        pieces = length is not None and length[LengthField].segments
    return _Place(start, looks, tuple(_parts(header, start, name)), layout.quotes, end, short, pieces)


class Oracle:
    """What must be said of truncations of a resolved packet."""

    def __init__(self, packet: oc.Packet, octets: int) -> None:
        self.places = []
        start, end = 0, octets
        for index, name in enumerate(names_of(packet.headers)):
            end -= sum(len(trailer.data) for trailer in packet.trailers if trailer.header == index)
            self.places.append(_place(packet, index, name, start, end))
            start += octets_in(packet.headers[index])

    def shortage(self, here: int, *, known: bool) -> Short | str | None:
        """What is wrong with the first `here` octets; None where nothing is.

        `known`: the length on the wire is told, so that no length field promises too much.
        """
        for place in self.places:
            if here - place.start < place.looks:
                return UNDECIDED
            for part in place.parts:
                if part.start + part.octets > here:
                    return Short(part.path, part.start * 8, part.octets, here - part.start, False)
            if place.quotes:
                return None
            if place.claim is not None and place.end > here and not known:
                if not place.pieces:
                    return place.claim._replace(available=here + place.claim.available)
                known = True  # it may be the first piece of more: what is missing is so until it is needed
        return None


def bounded(packet: oc.Packet) -> bool:
    """Whether some header says where the packet ends, so that octets behind that are a trailer."""
    return any(header.__layout__.next.closed or _claim(header) is not None for header in packet.headers)
