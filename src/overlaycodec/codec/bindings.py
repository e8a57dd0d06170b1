"""The catalog: which headers there are and by which keys they are found; an immutable value.

Strategy: no registry of the module, no side effects: `with_binding` and `with_header` give another catalog. Steps and
writers are generated on first use and kept with the catalog they were made for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from overlaycodec.codec.decode_state import Walk
from overlaycodec.codec.decode_step import Step, alternatives, step_of
from overlaycodec.codec.field_view import FieldView
from overlaycodec.codec.header_encoder import Writer, writer_of
from overlaycodec.codec.stack_cache import Guesses
from overlaycodec.codec.stack_encoder import StackWriter, plain_start, stack_writer
from overlaycodec.errors import SchemaError
from overlaycodec.packet.header import Header
from overlaycodec.schema.keys import Key, KeySpace
from overlaycodec.schema.layout import Layout
from overlaycodec.schema.record import Element, WireStruct

__all__ = ["Bindings"]

Binding = tuple[Key, type[Header]]
Option = tuple[type[Header], str, type[Element]]
"""A header, its row, and a class of elements that may stand there beside those of its declaration."""
AnyFieldView = FieldView[Any, Any]  # Any: views of whatever record

MAX_HEADERS: Final = 32

_USES_A_STACK: Final = 32
"""Seldom enough that making a function is worth it."""
_WORTH_A_STACK: Final = 2
_MOST_STACKS: Final = 256


class Bindings:
    """Headers and keys. Bindings that were added later are asked earlier; of one key, those with conditions first.

    Fallbacks are asked last. Where that does not decide between two headers of the default catalog, their conditions
    exclude each other, so that the order of the headers decides nothing.
    """

    __slots__ = (
        "_guesses", "_keys", "_layouts", "_stacks", "_steps", "_tables", "_writers",
        "bindings", "headers", "max_headers", "options", "views",
    )  # fmt: skip

    headers: tuple[type[Header], ...]
    """Every header that this catalog knows."""
    bindings: tuple[Binding, ...]
    """Keys and what is found there, in the order in which they are asked."""
    max_headers: int
    """How many headers within headers are followed."""
    views: tuple[AnyFieldView, ...]
    """What the network reads into fields, the latest first."""
    options: tuple[Option, ...]
    """What may stand in rows beside the elements that their declarations name, the latest first."""

    def __init__(
        self,
        headers: tuple[type[Header], ...] = (),
        bindings: tuple[Binding, ...] | None = None,
        max_headers: int = MAX_HEADERS,
        views: tuple[AnyFieldView, ...] = (),
        options: tuple[Option, ...] = (),
    ) -> None:
        if bindings is None:
            bindings = tuple((key, header) for header in headers for key in header.__layout__.keys)
        if max_headers < 1:
            raise ValueError("max_headers is 1 or more")
        self.headers = headers
        self.bindings = bindings
        self.max_headers = max_headers
        self.views = views
        self.options = options
        self._layouts: dict[type[Header], Layout] = {}
        self._steps: dict[type[Header], Step] = {}
        self._writers: dict[type[Header], Writer] = {}
        self._stacks: dict[tuple[type[Header], ...], tuple[int, StackWriter]] = {}
        self._tables: dict[KeySpace, tuple[dict[int, Step], Step | None]] = {}
        self._keys: dict[KeySpace, dict[type[Header], int]] = {}
        self._guesses = Guesses(self)

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self) or not isinstance(other, Bindings):
            return NotImplemented
        return self._parts() == other._parts()

    def __hash__(self) -> int:
        return hash(self._parts())

    def _parts(self) -> tuple[Any, ...]:  # Any: the arguments of the constructor
        return self.headers, self.bindings, self.max_headers, self.views, self.options

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {len(self.headers)} headers, {len(self.bindings)} bindings>"

    def __reduce__(self) -> tuple[Any, ...]:  # Any: what pickle asks for
        return type(self), self._parts()

    # --- questions ----------------------------------------------------------------------------------------------------

    def candidates(self, space: KeySpace, value: int | None) -> tuple[Binding, ...]:
        """What can be found at a value, in the order in which it is asked; `None`: what stands for all other values."""
        found = [binding for binding in self.bindings if binding[0].space == space and binding[0].value == value]
        if not found:
            return () if space.parent is None else self.candidates(space.parent, value)
        return tuple(sorted(found, key=lambda binding: (not binding[0].conditions, binding[0].fallback)))

    def values(self, space: KeySpace) -> frozenset[int]:
        """The values of a space that are bound."""
        own = {key.value for key, _ in self.bindings if key.space == space and key.value is not None}
        return frozenset(own) | (frozenset() if space.parent is None else self.values(space.parent))

    def key_of(self, space: KeySpace, cls: type[Header]) -> int | None:
        """The first value of the space at which this header is found."""
        return self.keys_in(space).get(cls)

    def keys_in(self, space: KeySpace) -> dict[type[Header], int]:
        """The first value for each header: of its own declaration's keys, else of the bindings."""
        keys = self._keys.get(space)
        if keys is None:
            keys = {} if space.parent is None else dict(self.keys_in(space.parent))
            declared = [(key, cls) for cls in self.headers for key in cls.__layout__.keys]
            own: dict[type[Header], int] = {}
            for key, cls in (*declared, *self.bindings):
                if key.space == space and key.value is not None:
                    own.setdefault(cls, key.value)
            keys |= own
            self._keys[space] = keys
        return keys

    def meanings(self, record: WireStruct) -> Iterator[tuple[str, Element]]:
        """What the network reads into the record's fields: each such field's name, and the meaning of its value."""
        for view in self.views:
            meaning = view.of(record)
            if meaning is not None:
                yield view.field, meaning

    def layout(self, cls: type[Header]) -> Layout:
        """The layout of a header, with the options that this catalog knows in its rows."""
        layout = self._layouts.get(cls)
        if layout is None:
            layout = cls.__layout__
            for header, row, element in reversed(self.options):
                if header is cls:
                    layout = _with_option(layout, row, element)
            self._layouts[cls] = layout
        return layout

    # --- generated code -----------------------------------------------------------------------------------------------

    def step(self, cls: type[Header]) -> Step:
        """The decoding step for a header."""
        step = self._steps.get(cls)
        if step is None:
            step = self._steps[cls] = step_of(self.layout(cls), self)
        return step

    def writer(self, cls: type[Header]) -> Writer:
        """The writer for a header."""
        writer = self._writers.get(cls)
        if writer is None:
            writer = self._writers[cls] = writer_of(self.layout(cls), self.keys_in)
        return writer

    def stack(self, classes: tuple[type[Header], ...]) -> tuple[int, StackWriter]:
        """How many headers of such a packet one function writes, and the function; it waits for some packets."""
        if len(self._stacks) >= _MOST_STACKS:
            self._stacks.clear()
        uses = 0

        def wait(headers: Sequence[Header], content: bytes) -> None:
            nonlocal uses
            uses += 1
            if uses == _USES_A_STACK:
                start = plain_start(classes)
                if start >= _WORTH_A_STACK:
                    self._stacks[classes] = start, stack_writer(classes, start, self)

        self._stacks[classes] = len(classes), wait
        return len(classes), wait

    def table(self, space: KeySpace) -> dict[int, Step]:
        """The steps by value of a key space."""
        return self._table(space)[0]

    def otherwise(self, space: KeySpace) -> Step | None:
        """The step for the values of a space that are not bound."""
        return self._table(space)[1]

    def _table(self, space: KeySpace) -> tuple[dict[int, Step], Step | None]:
        entry = self._tables.get(space)
        if entry is None:
            table: dict[int, Step] = {}
            for value in self.values(space):
                table[value] = self._lazy(self.candidates(space, value), table, value)
            rest = self.candidates(space, None)
            entry = self._tables.setdefault(space, (table, self._lazy(rest, None, None) if rest else None))
        return entry

    def _lazy(self, candidates: tuple[Binding, ...], table: dict[int, Step] | None, value: int | None) -> Step:
        """A step that makes itself when it is first taken, and puts what it made in its own place."""
        made: list[Step] = []

        def first(data: bytes, pos: int, end: int, walk: Walk) -> Any:  # Any: as Step
            if not made:
                made.append(alternatives(tuple((key, self.step(cls)) for key, cls in candidates)))
                if table is not None and value is not None:
                    table[value] = made[0]
            return made[0](data, pos, end, walk)

        return first

    # --- other catalogs -----------------------------------------------------------------------------------------------

    def _but(self, **changes: Any) -> Any:  # Any: a catalog of the subclass
        values: dict[str, Any] = {
            "headers": self.headers, "bindings": self.bindings, "max_headers": self.max_headers, "views": self.views,
            "options": self.options,
        }  # fmt: skip
        return type(self)(**(values | changes))


def _with_option(layout: Layout, row: str, element: type[Element]) -> Layout:
    """The layout with one more class in a row, in the place of one that starts with the same octets."""
    field = layout.by_name[row]
    octets = field.typed()[0] or len(element.__layout__.lead)
    lead = element.__layout__.lead[:octets]
    others = [cls for cls in field.elements[:-1] if cls.__layout__.lead[:octets] != lead]
    return layout.with_elements(row, (element, *others, field.element))


def option_of(layout: Layout, element: object) -> Option:
    """Where an element stands in a header. Raises: SchemaError."""
    name = getattr(element, "__name__", repr(element))
    if not (isinstance(element, type) and issubclass(element, Element) and hasattr(element, "__layout__")):
        raise SchemaError(name, None, "is no declared element")
    for field in layout.fields:
        if field.elements and element is not field.element and field.takes(element):
            return layout.cls, field.name, element
    raise SchemaError(
        name, None, f"stands in no row of {layout.cls.__name__}: it needs its constants first, laid out as all options"
    )


def check_binding(key: object, header: object) -> None:
    """Raises: SchemaError unless it is a key and a header class."""
    name = getattr(header, "__name__", repr(header))
    if not (isinstance(header, type) and issubclass(header, Header) and hasattr(header, "__layout__")):
        raise SchemaError(name, None, "is no declared header")
    if not isinstance(key, Key):
        raise SchemaError(name, None, f"{key!r} is no key: say UDP_PORT(4789)")
    if not key.fits:
        raise SchemaError(name, None, f"the key {key!r} does not fit in {key.space.bits} bits")
