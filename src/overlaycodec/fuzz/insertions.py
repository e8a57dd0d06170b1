"""Mutations that put in what a seed packet does not have: extension headers, options, optional fields.

Strategy: a header with one more option, or with an optional field, is encoded anew, so that its own lengths and flags
count what is there: a parser reads as far as the new octets. The lengths of the headers outside follow, as after any
change of size, and all other fields stay as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache, partial
from typing import Any, Final

import msgspec

from overlaycodec.codec.catalog import Catalog
from overlaycodec.codec.packet_encoder import encode, resolve
from overlaycodec.errors import CodecError
from overlaycodec.fuzz.examples import example, plain_value
from overlaycodec.fuzz.layers import New, Stack
from overlaycodec.fuzz.mutation import Follow, Mutation
from overlaycodec.fuzz.sites import mask_of
from overlaycodec.packet.header import Header
from overlaycodec.packet.offsets import spans_of
from overlaycodec.packet.packet import Packet
from overlaycodec.schema.keys import KeySpace
from overlaycodec.schema.layout import Field
from overlaycodec.schema.plans import LengthSize
from overlaycodec.values import AUTO

__all__ = ["insertions"]

_ELEMENTS: Final = (0, 1, 3)
"""How many elements the lists of a new header, or of a new option, have."""
_OCTETS: Final = (1, 4, 16, 36, 64, 124)
"""How many octets a new option of any kind has."""
_MANY: Final = (3, 9)
"""How often a new option is there."""
_FULL: Final = 256
"""More options than a list is filled with."""

Made = Callable[[], Mutation | None]


def insertions(stack: Stack) -> Iterator[Made]:
    """Every insertion, made when it is called for; None where the header cannot hold it."""
    for index, cls in enumerate(stack.classes):
        yield from _headers(stack, index)
        for field in cls.__layout__.fields:
            if field.kind == "items":
                yield from _options(stack, index, field)
        yield from _optional(stack, index)


def _headers(stack: Stack, index: int) -> Iterator[Made]:
    """Extension headers and shims that what a header selects can follow, too."""
    plan, record = stack.classes[index].__layout__.next, stack.headers[index]
    site = None if plan.selector is None else record.site(plan.selector.name)
    if plan.space is None or site is None:
        return
    for cls, key in _between(stack.catalog, plan.space):
        for elements in _ELEMENTS if any(field.kind == "items" for field in cls.__layout__.fields) else (0,):
            yield partial(_with_header, stack, index, cls, key, site.value, elements)


@lru_cache(maxsize=64)
def _between(catalog: Catalog, space: KeySpace) -> list[tuple[type[Header], int]]:
    """The extension headers and shims that a key space selects, and that select from it, with their keys."""
    layouts = [(cls, cls.__layout__) for cls in catalog.headers]
    found = [
        (cls, catalog.key_of(space, cls))
        for cls, layout in layouts
        if layout.layer in ("extension", "shim") and layout.next.space is space and layout.next.selector
    ]
    return [(cls, key) for cls, key in found if key is not None]


def _with_header(
    stack: Stack, index: int, cls: type[Header], key: int, following: int, elements: int
) -> Mutation | None:
    layout, name = cls.__layout__, stack.names[index]
    assert layout.next.selector is not None
    try:
        octets = encode(Packet((example(cls, elements, **{layout.next.selector.name: following}),)))
    except CodecError:
        return None
    everything = list(range(len(stack.headers)))
    order: list[int | New] = [*everything[: index + 1], New(octets, cls, key), *everything[index + 1 :]]
    what = f" with {_several(elements, 'element')}" if elements else ""
    return stack.restacked("insert", name, f"{layout.name}{what} inserted after {name}", order)


def _several(count: int, noun: str) -> str:
    return f"{count} {noun}{'s' * (count > 1)}"


def _options(stack: Stack, index: int, field: Field) -> Iterator[Made]:
    path = f"{stack.names[index]}.{field.name}"
    found: list[tuple[str, Callable[[], Any]]] = [  # Any: an element
        (
            element.__layout__.name + (f" with {_several(elements, 'element')}" if elements else ""),
            partial(example, element, elements),
        )
        for element in field.elements
        for elements in (_ELEMENTS if any(inside.kind == "items" for inside in element.__layout__.fields) else (0,))
    ]
    sized = [inside.name for inside in field.element.__layout__.fields if inside.kind == "bytes" and not inside.bits]
    for name in sized[:1]:
        found += [
            (
                f"{field.element.__layout__.name} of {_several(octets, 'octet')}",
                partial(example, field.element, 0, **{name: bytes(octets)}),
            )
            for octets in reversed(_OCTETS)
        ]
    put = partial(_with_options, stack, index, field.name)
    yield partial(_filled, put, f"as many {found[-1][0]} as possible put after {path}", found[-1][1])
    yield partial(_each, put, f"one of each kind put after {path}", [make for _, make in found])
    for what, make in found:
        yield partial(put, f"{what} put before {path}", (make,), brings=what, first=True)
        yield partial(put, f"{what} put after {path}", (make,), brings=what)
        for count in _MANY:
            yield partial(put, f"{count} {what} put after {path}", (make,) * count, brings=what)


Put = Callable[[str, Sequence[Callable[[], Any]]], Mutation | None]  # Any: an element


def _filled(put: Put, label: str, make: Callable[[], Any]) -> Mutation | None:  # Any: an element
    """The list with as many options of one kind as its length can count."""
    found, least, most = None, 0, _FULL
    while most - least > 1:
        count = (least + most) // 2
        more = put(label, (make,) * count)
        found, least, most = (found, least, count) if more is None else (more, count, most)
    return found


def _each(put: Put, label: str, makes: Sequence[Callable[[], Any]]) -> Mutation | None:  # Any: an element
    """The list with one option of each class and size, or of the first ones, as far as its length can count them."""
    while len(makes) > 1:
        found = put(label, makes)
        if found is not None:
            return found
        makes = makes[: len(makes) // 2]
    return None


def _with_options(
    stack: Stack,
    index: int,
    name: str,
    label: str,
    makes: Sequence[Callable[[], Any]],
    *,
    brings: str = "",
    first: bool = False,
) -> Mutation | None:
    header = stack.packet.headers[index]
    try:
        new = tuple(make() for make in makes)
    except CodecError:
        return None
    old, field = getattr(header, name) or (), header.__layout__.by_name[name]
    filler = _filler(field)
    for pads in range(1 if filler is None else field.size.unit if isinstance(field.size, LengthSize) else 1):
        options = (*new, *(filler,) * pads, *old) if first else (*old, *new, *(filler,) * pads)
        found = _rebuilt(stack, index, name, label, _present(header, field) | {name: options}, brings)
        if found is not None:
            return found
    return None


def _filler(field: Field) -> Any:  # Any: an element
    """An option of one octet that is not the last one (NOP); None where there is none."""
    if field.options is None or field.options.kind is None:
        return None
    for inside in field.element.__layout__.fields:
        presence = inside.presence
        if presence is not None and presence.negated and presence.fields == (field.options.kind,):
            for value in presence.values or ():
                if value != field.options.end:
                    return example(field.element, 0, **{field.options.kind: value})
    return None


def _present(header: Header, field: Field) -> dict[str, Any]:  # Any: a field's own type
    """What makes a field present that a number brings, and other fields that the number brings absent."""
    presence = field.presence
    if presence is None or presence.negated or not presence.values or getattr(header, field.name) is not None:
        return {}
    others = [other.name for other in header.__layout__.fields if other is not field and other.presence is not None]
    return dict.fromkeys(others, AUTO) | {presence.fields[0]: presence.values[0]}


def _optional(stack: Stack, index: int) -> Iterator[Made]:
    """Fields that a flag brings, each alone and all of them."""
    header, name = stack.packet.headers[index], stack.names[index]
    values: dict[str, dict[str, Any]] = {}  # Any: a field's own type
    for flag, fields in header.__layout__.flag_of.items():
        absent = [field for field in fields if getattr(header, field.name) is None]
        if absent:
            values[f"{name}.{flag}"] = {flag: AUTO} | {field.name: _value(field) for field in absent}
    for path, value in values.items():
        yield partial(_rebuilt, stack, index, path.rpartition(".")[2], f"{path} set, its fields inserted", value)
    if len(values) > 1:
        together = {field: each for value in values.values() for field, each in value.items()}
        label = f"each flag of {name} set, its fields inserted"
        yield partial(_rebuilt, stack, index, next(iter(together)), label, together)


def _value(field: Field) -> Any:  # Any: a field's own type
    return 1 if field.kind == "int" and field.const is None else plain_value(field)


def _rebuilt(
    stack: Stack, index: int, name: str, label: str, values: dict[str, Any], brings: str = ""
) -> Mutation | None:
    """The mutation that writes a header with other values, and the size that follows from them.

    What stands before and after the new octets are those of the seed packet, so that their fields can be mutated, too.
    """
    header, record = stack.packet.headers[index], stack.headers[index]
    layout = header.__layout__
    derived = {size: AUTO for size, fields in layout.sized_by.items() if any(field.name in values for field in fields)}
    try:
        new = resolve(Packet((header.replace(**(derived | values)),)), catalog=stack.catalog)
        octets = encode(new, catalog=stack.catalog)
    except CodecError:
        return None
    old = stack.data[record.start : record.stop]
    brought = [
        bit // 8
        for field, bit, _ in spans_of(new.headers[0])
        if field.name in values and (field.kind == "items" or getattr(header, field.name) is None)
    ]
    if octets == old or not brought:
        return None
    at = min(*brought, len(old))
    kept = _common_end(old[at:], octets[at:])
    pieces = (
        (0, record.start + at),
        octets[at : len(octets) - kept],
        (record.stop - kept, len(stack.data)),
    )
    path, grown = f"{stack.names[index]}.{name}", len(octets) - len(old)
    mutation = Mutation("insert", path, label, pieces=pieces)
    if grown:
        mutation = stack.resized("insert", path, label, pieces, record.stop, grown)
    follow = tuple(_following(stack, index, at, octets))
    return msgspec.structs.replace(mutation, selectors=follow, brings=brings)


def _following(stack: Stack, index: int, end: int, octets: bytes) -> Iterator[Follow]:
    """The fields of a header before the octet `end` that have another value in the new header."""
    record = stack.headers[index]
    number = int.from_bytes(octets, "big")
    for site in record.fields:
        stop = site.bit + site.bits - record.start * 8
        if stop <= end * 8:
            value = number >> len(octets) * 8 - stop & (1 << site.bits) - 1
            if value != site.raw(site.value):
                octet, mask = mask_of(site.bit, site.bits, value ^ site.raw(site.value))
                yield Follow(site.bit, octet, mask)


def _common_end(one: bytes, other: bytes) -> int:
    """How many octets at the end of both are the same."""
    pairs = zip(reversed(one), reversed(other), strict=False)
    return next((number for number, (left, right) in enumerate(pairs) if left != right), min(len(one), len(other)))
