"""The parts that paths of differences can have: whether a pattern can match any path, and what is near to it.

Strategy: a pattern is followed part by part from every place where it can begin: a scope, a header, a field, or a field
of an element.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Final, TypeAlias

from overlaycodec.capture import Record
from overlaycodec.codec.catalog import Catalog
from overlaycodec.packet.packet import Packet
from overlaycodec.packet.paths import SCOPES, Token
from overlaycodec.schema.layout import Layout
from overlaycodec.schema.record import WireStruct
from overlaycodec.values.nearest_names import nearest

__all__ = ["KnownParts"]

_WORDS: Final[dict[str, tuple[str, ...]]] = {
    "payload": (),
    "trailers": ("header",),
    "fcs": ("octets",),
    "missing": (),
    **dict.fromkeys(Record.__struct_fields__, ()),
}
"""The paths that name no header, and the parts that can follow them."""
_Place: TypeAlias = Layout | tuple[str, ...] | None
"""Where a part of a path stands: in a header or an element; after a word; or, None, where a path or a scope begins."""


class KnownParts:
    """The parts of the paths of some headers."""

    def __init__(self, headers: Iterable[Layout], elements: Iterable[Layout] = ()) -> None:
        self._headers = {layout.name: layout for layout in headers}
        self._records = list(dict.fromkeys([*_with_elements(self._headers.values()), *elements]))

    @staticmethod
    def of_catalog(catalog: Catalog) -> KnownParts:
        """Those of all headers of a catalog."""
        return _of_catalog(catalog)

    @classmethod
    def of_packets(cls, packets: Iterable[Packet]) -> KnownParts:
        """Those of the headers in these packets, and of their elements, whatever the catalog says of them."""
        headers = [header for packet in packets for header in packet.headers]
        layouts = dict.fromkeys(header.__layout__ for header in headers)
        return cls(layouts, dict.fromkeys(element.__layout__ for header in headers for element in _elements(header)))

    def has(self, pattern: Sequence[Token]) -> bool:
        """Whether a path can have these parts, one after another."""
        return self._first_wrong(pattern)[0] == len(pattern)

    def near(self, pattern: Sequence[Token]) -> tuple[str, ...]:
        """The nearest patterns that a path can have, at most three."""
        index, places = self._first_wrong(pattern)
        name = pattern[index][0]
        names = dict.fromkeys(known for place in places for known in self._names(place))
        if None in places and index:  # after a scope: the headers that have such a field, and then near names
            having = [layout.name for layout in self._headers.values() if name in layout.by_name]
            found = [(*pattern[:index], (header, None), *pattern[index:]) for header in having]
        else:
            found = []
        for known in nearest(name, names):
            begun = (*pattern[:index], (known, pattern[index][1]))
            choices = ((*begun, *pattern[index + 1 :]), begun, (*begun[:-1], (known, None)))
            found += [choice for choice in choices if self.has(choice)][:1]
        return tuple(map(_text, found[:3]))

    def _first_wrong(self, pattern: Sequence[Token]) -> tuple[int, list[_Place]]:
        """The index of the first part that no path has there, and the places that it was looked for in."""
        outer = pattern[0][0] == "outer"
        places: list[_Place] = [None] if outer else [None, *self._records]
        for index in range(int(outer), len(pattern)):
            begins = index == int(outer)
            after = [follower for place in places for follower in self._after(place, pattern[index], begins)]
            if not after:
                return index, places
            places = after
        return len(pattern), places

    def _after(self, place: _Place, token: Token, begins: bool) -> Iterator[_Place]:
        """The places after a part; nothing where that cannot stand in this place. `begins`: it is the first one."""
        name, number = token
        if isinstance(place, Layout):
            field = place.by_name.get(name)
            if field is not None and (number is None or field.kind == "items"):
                yield ()
                yield from (element.__layout__ for element in field.elements)
        elif place is not None:
            if name in place and number is None:
                yield ()
        elif name in SCOPES:
            if number is None:
                yield None
        elif name in self._headers:
            yield self._headers[name]
        elif begins and name in _WORDS and (number is None or name == "trailers"):
            yield _WORDS[name]

    def _names(self, place: _Place) -> Iterable[str]:
        """The parts that can stand in a place."""
        if isinstance(place, Layout):
            return place.by_name
        return (*SCOPES, *_WORDS, *self._headers) if place is None else place


@lru_cache(maxsize=8)
def _of_catalog(catalog: Catalog) -> KnownParts:
    return KnownParts(catalog.layout(header) for header in catalog.headers)


def _with_elements(layouts: Iterable[Layout]) -> Iterator[Layout]:
    """The layouts, and those of the elements that their option lists can hold, each once."""
    found = dict.fromkeys(layouts)
    left = list(found)
    while left:
        layout = left.pop()
        yield layout
        for field in layout.fields:
            inside = [element.__layout__ for element in field.elements if element.__layout__ not in found]
            found |= dict.fromkeys(inside)
            left += inside


def _elements(record: WireStruct) -> Iterator[WireStruct]:
    """The elements in the option lists of a record, and in theirs."""
    for field in record.__layout__.fields:
        if field.kind == "items":
            for element in getattr(record, field.name) or ():
                yield element
                yield from _elements(element)


def _text(tokens: Sequence[Token]) -> str:
    return ".".join(name if number is None else f"{name}[{number}]" for name, number in tokens)
