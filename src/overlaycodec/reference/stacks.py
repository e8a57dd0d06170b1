"""Pipelines as `construct.Struct`s: a member for each header, read if the keys in the headers before say so.

Strategy: the places of the pattern become members in their order. Where the headers are fixed, each member is the
Struct of one. Elsewhere it is an `If`, whose condition finds the last header that is there and asks the catalog what
follows it. A place of several headers is a `RepeatUntil`. What is built is what is given, if the pattern allows it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import construct
from construct.core import stream_read_entire, stream_seek, stream_tell

from overlaycodec.errors import FieldValueError
from overlaycodec.packet.header import Header
from overlaycodec.packet.paths import names_of
from overlaycodec.pipelines.pipeline import AnyPipeline, Pipeline
from overlaycodec.pipelines.places import Place
from overlaycodec.reference.constructs import Fault
from overlaycodec.reference.containers import header_of
from overlaycodec.reference.structs import struct_of
from overlaycodec.schema.record import WireStruct
from overlaycodec.values.argument_checks import check_type

__all__ = ["construct_of"]

Values = Mapping[str, Any]
"""construct's context: the members so far, or all that were given."""


def construct_of(described: type[WireStruct] | AnyPipeline) -> construct.Struct:
    """The `construct.Struct` of a header, an element or a pipeline, to parse and build it in your own formats.

    It reads into a Container with a member for each field, addresses as this library's values, option lists as lists of
    Containers, and takes exactly what `decode_header` takes. It builds from any mapping. A field that is left out has
    its default; a length, a count or a flag that follows from the other fields is derived from them, as with `encode`;
    selectors, checksums and lengths of what follows depend on more than the header and must be given. An option list is
    not filled up to the unit of its length. A field that takes the `Rest` takes the rest of the stream: bound it with
    `construct.Prefixed` or `construct.FixedSized`.

    A pipeline is read into a Container with a member for each header, by its name and from the second one of this name
    on with a number (`ethernet`, `ethernet_1`), and then `payload`, where one may follow. A header that is not there is
    None, and one that is repeated a varying number of times is a list. Keys decide which header is read, as in
    `Pipeline.decode`; if the headers of the pipeline are fixed, only these are read, for any keys. No length limits the
    octets that follow. The headers to be built must match the pattern; their keys are not checked.

    Raises: SchemaError for a pipeline in which only a later header shows which header an earlier one is, such as an
    optional part of several headers, or in which several headers are repeated a varying number of times; ValueError for
    one that begins with one of several headers that have no key in common.
    """
    if isinstance(described, type):
        return struct_of(described)
    check_type("described", described, Pipeline, "a header class or a Pipeline")
    return construct.Struct(*_Stack(described).members())


class _Stack:
    """The members of one pipeline."""

    def __init__(self, pipeline: AnyPipeline) -> None:
        self._pipeline = pipeline
        self._places = pipeline.places()
        self._all: list[Place] = self._places.places
        if len(self._places.options(-1)) > 1:
            pipeline.start()

    def members(self) -> Iterator[Any]:
        """The members in their order; hidden ones begin with an underscore."""
        fixed = self._fixed()
        if not fixed:
            yield "_start" / construct.Computed(self._started)
        for number, place in enumerate(self._all):
            struct = struct_of(place.header)
            if place.several:
                struct = construct.RepeatUntil(self._last_of(number), struct)
            yield place.name / (struct if fixed else construct.If(self._present(number), struct))
        if not fixed:
            yield construct.Computed(self._check_end)
        if self._pipeline.payload:
            payload: Any = construct.GreedyBytes
            yield "payload" / payload

    def _fixed(self) -> bool:
        """Whether each place follows the one before it, in every packet."""
        last = len(self._all) - 1
        ends = [place for place in range(last + 1) if self._places.can_end(place)]
        return ends == [last] and all(self._places.options(place - 1) == [place] for place in range(last + 1))

    # --- reading ------------------------------------------------------------------------------------------------------

    def _present(self, number: int) -> Any:  # Any: what construct takes
        name = self._all[number].name

        def present(values: Values) -> bool:
            if values["_building"]:
                return bool(values.get(name))
            before = [place for place in range(number) if values.get(self._all[place].name)]
            return self._next(values, before)[0] == number

        return present

    def _last_of(self, number: int) -> Any:  # Any: as above
        """Whether a header is the last one of a place of several."""
        name = self._all[number].name

        def last(_: object, members: list[Any], values: Values) -> bool:
            if values["_building"]:
                return len(members) == len(values[name])
            before = [place for place in range(number) if values.get(self._all[place].name)]
            return self._next({**values, name: members}, [*before, number])[0] != number

        return last

    def _next(self, values: Values, before: list[int]) -> tuple[int | None, str]:
        """The place after those that are there, and the name of what is met."""
        last = before[-1] if before else -1
        headers = self._headers(values, before)
        count = len(values[self._all[last].name]) if last >= 0 and self._all[last].several else 1
        options = self._places.options(last, count)
        if not options:
            return None, "payload"
        ahead = _ahead(values["_io"])
        found = self._pipeline.chosen(headers, [self._all[option].header for option in options], ahead)
        place = next((option for option in options if self._all[option].header is found), None)
        return place, "payload" if found is None else found.__name__

    def _headers(self, values: Values, places: list[int]) -> list[Header]:
        found = []
        for number in places:
            place, value = self._all[number], values[self._all[number].name]
            found += [header_of(place.header, each) for each in (value if place.several else [value])]
        return found

    def _check_end(self, values: Values) -> None:
        """Raises: Fault, where another header must follow the last one that was read."""
        if values["_building"]:
            return
        there = [number for number, place in enumerate(self._all) if values.get(place.name)]
        last = there[-1] if there else -1
        count = len(values[self._all[last].name]) if last >= 0 and self._all[last].several else 1
        if last >= 0 and self._places.can_end(last, count):
            return
        expected = list(dict.fromkeys(self._all[option].header for option in self._places.options(last, count)))
        met = self._next(values, there)[1]
        path = names_of([*map(type, self._headers(values, there)), expected[0]])[-1]
        bits = stream_tell(values["_io"], path) * 8, None
        raise Fault(FieldValueError(met, path, bits, " or ".join(cls.__name__ for cls in expected)), path)

    # --- building -----------------------------------------------------------------------------------------------------

    def _started(self, values: Values) -> None:
        """Raises: construct.CheckError, where headers are built that the pattern does not have."""
        if values["_building"]:
            headers: list[type[Header]] = []
            for place in self._all:
                value = values.get(place.name)
                headers += [place.header] * (len(value) if place.several and value else bool(value))
            if self._pipeline.automaton.longest(headers) != len(headers):
                names = ", ".join(header.__name__ for header in headers) or "nothing"
                raise construct.CheckError(f"{names} is no stack of {self._pipeline!r}")


def _ahead(stream: Any) -> bytes:  # Any: construct's streams
    """The octets that follow, which stay unread."""
    start = stream_tell(stream, "")
    octets: bytes = stream_read_entire(stream, "")
    stream_seek(stream, start, 0, "")
    return octets
