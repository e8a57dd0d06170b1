"""Layouts -> one encoder for a whole stack of plain headers: one `struct` call where the writers make one a header.

Strategy: programs write packets of few stacks. For classes that came often, a function is generated that reads all
fields, derives what is AUTO, sums what is to be summed from the numbers themselves and packs everything at once. It
writes what the writers would have written; where anything is out of the ordinary (options, an AUTO that nothing
tells, a value that does not fit) it gives None, and the writers do it, or say what is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from struct import Struct
from typing import Protocol

from overlaycodec.codec.stack_shape import can_be_option_free, fields_after_run, run_of, values_when_empty
from overlaycodec.codec.struct_plan import Item, plan
from overlaycodec.codegen import Source
from overlaycodec.packet.header import Header
from overlaycodec.schema.facts import Checksum, LengthField, Selects, SetIfAny, When
from overlaycodec.schema.keys import KeySpace
from overlaycodec.schema.keyspaces import IP_PROTOCOL
from overlaycodec.schema.layout import Field, Layout
from overlaycodec.schema.values import AUTO, CHEAP

__all__ = ["StackWriter", "plain_start", "stack_writer"]

_COMPLEMENT = "-total % 0xFFFF if total else 0xFFFF"
"""The complement of the ones'-complement sum (see `checksum`)."""

StackWriter = Callable[[Sequence[Header], bytes], bytes | None]
"""`write(headers, content)` gives the octets of the plain start of a packet, and what follows it."""


class Keys(Protocol):
    """What a stack's encoder needs of its catalog."""

    def keys_in(self, space: KeySpace) -> dict[type[Header], int]:
        """The first key of each class in a space."""
        ...


def plain_start(classes: Sequence[type[Header]]) -> int:
    """How many headers, from the outermost in, can be written by one function."""
    return next((number for number, cls in enumerate(classes) if not _can_be_written(cls.__layout__)), len(classes))


def _can_be_written(layout: Layout) -> bool:
    if not can_be_option_free(layout) or (layout.bounds is not None and layout.bounds not in run_of(layout).fields):
        return False
    checksum = _checksum_of(layout)
    # words of what follows a header of odd size would be out of step with its own
    return checksum is None or (checksum[Checksum].algorithm == "internet" and run_of(layout).octets % 2 == 0)


def _checksum_of(layout: Layout) -> Field | None:
    """The checksum, unless it stands behind the first run, where nothing is."""
    return layout.checksum if layout.checksum in run_of(layout).fields else None


class _Place:
    """One header of a stack, as the function writes it."""

    def __init__(self, number: int, layout: Layout) -> None:
        self.number = number
        self.layout = layout
        self.run = run_of(layout)
        _, self.items = plan(self.run)
        self.locals: set[str] = set()
        """The fields that were put into local variables."""

    def local(self, field: Field) -> str:
        """The local variable of a field."""
        return f"v{self.number}_{field.name}"

    def value(self, field: Field) -> str:
        """The expression for a field's number, or its octets."""
        if field.name in self.locals:
            return self.local(field)
        value = f"h{self.number}.{field.name}"
        if field.kind == "ipv4":
            return f"{value}._ip" if CHEAP else f"int({value})"
        return f"{value}.packed" if field.kind in ("mac", "ipv6") else value

    def take(self, source: Source, field: Field) -> str:
        """Puts the field into a local variable."""
        local = self.local(field)
        source.add(f"{local} = {self.value(field)}")
        self.locals.add(field.name)
        return local

    def words(self) -> str:
        """The sum of the header's 16-bit words, any multiple of 0xFFFF more or less."""
        terms, at = [], 0
        for item in self.items:
            at += item.octets
            number = self.summed(item)
            terms.append(f"({number}) * 256" if at % 2 else number)
        return " + ".join(term for term in terms if term != "0")

    def summed(self, item: Item) -> str:
        """The expression for an item as a number, in network order."""
        number = item.joined(self.value)
        if item.fields[0][0].kind in ("mac", "ipv6", "bytes"):
            return f"int.from_bytes({number}, 'big')"
        if item.odd == "little":
            return f"int.from_bytes(({number}).to_bytes({item.octets}, 'little'), 'big')"
        return number

    def packed(self) -> list[str]:
        """The arguments of `struct` for the header."""
        arguments = []
        for item in self.items:
            number = item.joined(self.value)
            odd = item.odd and item.fields[0][0].kind != "bytes"
            arguments.append(f"({number}).to_bytes({item.octets}, {item.odd!r})" if odd else number)
        return arguments


def stack_writer(classes: Sequence[type[Header]], start: int, keys: Keys) -> StackWriter:
    """The function for the first `start` headers of packets of just these classes."""
    places = [_Place(number, cls.__layout__) for number, cls in enumerate(classes[:start])]
    source = Source("_".join(["write", *(place.layout.name for place in places)]), "headers, content")
    source.names["AUTO"] = AUTO
    names = ", ".join(f"h{place.number}" for place in places)
    source.add(f"{names}, = headers" + ("" if start == len(classes) else f"[:{start}]"))
    for place in places:
        _add_emptiness(source, place)
    source.add("octets = len(content)")
    for place in places:
        following = classes[place.number + 1] if place.number + 1 < len(classes) else None
        octets = sum(other.run.octets for other in places[place.number :])
        _add_derived(source, place, octets, following, keys)
    waiting: list[_Place] = []
    for place in reversed(places):
        waiting.insert(0, place)
        if _checksum_of(place.layout) is not None:
            _add_checksum(source, places, waiting, classes, keys)
    if waiting:
        _add_packing(source, waiting)
    source.add("return content")
    write: StackWriter = source.compile("stack")
    return write


def _add_emptiness(source: Source, place: _Place) -> None:
    """What stands behind the first run is not there, and nothing says that it is."""
    for field in fields_after_run(place.layout):
        value = f"h{place.number}.{field.name}"
        if when := field.get(When):
            flags = (f"h{place.number}.{flag} is not False" for flag in when.flags)
            source.add(f"if {value} is not None or {' or '.join(flags)}: return None")
        elif field.default is AUTO:
            source.add(f"if {value} is not AUTO and {value}: return None")
        else:
            source.add(f"if {value}: return None")


def _add_derived(source: Source, place: _Place, octets: int, following: type[Header] | None, keys: Keys) -> None:
    """Lengths, selectors and flags that are AUTO; checksums are left."""
    layout = place.layout
    empty: dict[str, int] = {}
    for field in fields_after_run(layout):
        empty |= values_when_empty(layout, field) or {}
    for field in place.run.fields:
        if not layout.derived(field) or field is layout.checksum:
            continue
        local = place.take(source, field)
        source.add(f"if {local} is AUTO:")
        if field.name in layout.flag_of:
            source.add("    return None")
        elif field.name in layout.sized_by:
            source.add(f"    {local} = {empty[field.name]}")
        elif field is layout.bounds:
            bounds = field[LengthField]
            header = octets - (place.run.octets if bounds.origin == "end" else 0) - bounds.bias
            source.add(
                f"    {local} = octets + {header}" if bounds.unit == 1 else "    return None",
                f"    if {local} > {field.maximum}: return None",
            )
        elif field is layout.selector:
            selects = field[Selects]
            value = selects.nothing if following is None else keys.keys_in(selects.space).get(following)
            by_length = selects.lengths is not None and following in keys.keys_in(selects.lengths[1].space)
            source.add("    return None" if value is None or by_length else f"    {local} = {value}")
        else:
            source.add(f"    {local} = False" if SetIfAny in field else "    return None")


def _add_packing(source: Source, waiting: list[_Place]) -> None:
    """Puts the headers that wait in front of what is written."""
    format_ = ">" + "".join(item.code for place in waiting for item in place.items)
    pack = source.bind("pack", Struct(format_).pack)
    arguments = [argument for place in waiting for argument in place.packed()]
    source.add(f"content = {pack}({', '.join(arguments)}) + content")
    waiting.clear()


def _add_checksum(
    source: Source, places: list[_Place], waiting: list[_Place], classes: Sequence[type[Header]], keys: Keys
) -> None:
    """The checksum of the first header that waits; what it covers is written first."""
    place = waiting[0]
    layout, field = place.layout, _checksum_of(place.layout)
    assert field is not None
    checksum = field[Checksum]
    local = place.take(source, field)
    derive = f"if {local} is AUTO:"
    if checksum.covers == "header":
        source.add(
            derive,
            f"    {local} = 0",
            f"    total = {place.words()}",
            f"    {local} = -total % 0xFFFF if total else 0xFFFF",
        )
        return
    if _left_out(places, place, classes):
        source.add(f"{derive} {local} = 0")
        return
    if len(waiting) > 1:
        del waiting[0]
        _add_packing(source, waiting)
        waiting.append(place)
    source.add(derive)
    source.indent()
    start = "0"
    if checksum.pseudo:
        outside = places[place.number - 1] if place.number else None
        if outside is None or outside.layout.layer != "network":
            source.add("return None")
            source.dedent()
            return
        protocol = keys.keys_in(IP_PROTOCOL).get(layout.cls, 0)
        ends = [f for f in outside.run.fields if f.name in ("src", "dst")]
        start = " + ".join(outside.summed(item) for item in outside.items if item.fields[0][0] in ends)
        start += f" + len(content) + {place.run.octets + protocol}"
    if layout.bounds is not None:
        bounds = layout.bounds[LengthField]
        header = place.run.octets - (place.run.octets if bounds.origin == "end" else 0) - bounds.bias
        told = f"{place.local(layout.bounds)} * {bounds.unit}"
        source.add(f"if {told} != len(content) + {header}: return None")
    source.add(
        f"{local} = 0",
        "total = int.from_bytes(content, 'big') << (len(content) % 2 * 8)",
        f"total += {place.words()} + {start}",
        f"{local} = {_COMPLEMENT}",
    )
    if checksum.zero == "absent":
        source.add(f"{local} = {local} or 0xFFFF")
    source.dedent()


def _left_out(places: list[_Place], place: _Place, classes: Sequence[type[Header]]) -> bool:
    """Whether the next header asks for no checksum outside, and the IP header allows it."""
    field = place.layout.checksum
    following = classes[place.number + 1] if place.number + 1 < len(classes) else None
    if field is None or field[Checksum].zero != "absent" or following is None or not following.__layout__.unchecked:
        return False
    for outside in reversed(places[: place.number]):
        if outside.layout.layer == "network":
            return any(field.kind == "ipv4" for field in outside.run.fields if field.name == "dst")
    return False
