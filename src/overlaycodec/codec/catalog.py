"""The catalog: which headers there are and by which keys they are found; an immutable value.

Strategy: there is no registry and there are no side effects: `with_binding` and `with_header` give another catalog. The
code that is generated for a catalog is kept with it, in its `CodeCache`. The headers may be `LateHeader`s: a question
imports those that it has to, which changes no answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache, partial
from itertools import chain
from typing import Any, Final, Self

import msgspec

from overlaycodec.codec.code_cache import CodeCache
from overlaycodec.codec.field_view import FieldView
from overlaycodec.errors import SchemaError
from overlaycodec.packet.header import Header, check_header_class
from overlaycodec.packet.late_header import (
    AnyHeader,
    LateBinding,
    LateHeader,
    is_class,
    keys_of,
    loaded,
    name_of,
    path_of,
)
from overlaycodec.packet.packet import Packet
from overlaycodec.protocols import Ethernet, index
from overlaycodec.schema.arguments import check_key
from overlaycodec.schema.keys import Key, KeySpace, PreviousHeader
from overlaycodec.schema.keyspaces import LINK_TYPE
from overlaycodec.schema.layout import Layout
from overlaycodec.schema.record import Element, WireStruct
from overlaycodec.values.argument_checks import check_number, check_text, check_type, text_of
from overlaycodec.values.by_class import ByClass
from overlaycodec.values.bytes_like import BytesLike

__all__ = ["DEFAULT", "Binding", "Catalog", "check_catalog"]

Binding = tuple[Key, type[Header]]
"""A key, and the header that is found at it."""
Option = tuple[type[Header], str, type[Element]]
"""A header, its option list, and a class of elements that may be in it beside those of its declaration."""
AnyFieldView = FieldView[Any, Any]  # Any: views of headers and elements of any class

MAX_HEADERS: Final = 32


class Catalog:
    """Headers, and the keys at which they are found; a catalog decodes and encodes packets.

    Later bindings are tried before earlier ones. For one key, bindings with conditions are tried first, and fallbacks
    last. If this does not determine which of two headers of the default catalog is first, their conditions exclude each
    other, so the order of the headers has no effect.

    >>> from overlaycodec import DEFAULT, UDP_PORT, VXLAN
    >>> aci = DEFAULT.with_binding(UDP_PORT(48879), VXLAN)
    """

    __slots__ = (
        "_bindings",
        "_by_value",
        "_code",
        "_headers",
        "_key_of",
        "_layouts",
        "max_headers",
        "options",
        "trailers",
        "views",
    )

    max_headers: int
    """How many headers within headers are followed."""
    views: tuple[AnyFieldView, ...]
    """The meanings that the network gives to fields, the latest first."""
    options: tuple[Option, ...]
    """What may be in option lists beside the elements that their declarations name, the latest first."""
    trailers: tuple[Any, ...]
    """The classes of declared trailers, from the end of a frame inwards."""

    def __init__(
        self,
        headers: tuple[AnyHeader, ...] = (),
        bindings: tuple[LateBinding, ...] | None = None,
        max_headers: int = MAX_HEADERS,
        views: tuple[AnyFieldView, ...] = (),
        options: tuple[Option, ...] = (),
        trailers: tuple[Any, ...] = (),
    ) -> None:
        check_type("headers", headers, (tuple, list), "a tuple of header classes")
        for number, cls in enumerate(headers):
            if not isinstance(cls, LateHeader):
                check_header_class(f"headers[{number}]", cls)
        if bindings is None:
            bindings = tuple((key, header) for header in headers for key in keys_of(header))
        check_number("max_headers", max_headers, 1)
        self._headers = headers
        self._bindings = bindings
        self._by_value: dict[tuple[KeySpace, int | None], tuple[LateBinding, ...]] | None = None
        self.max_headers = max_headers
        self.views = views
        self.options = options
        self.trailers = trailers
        self._layouts: dict[type[Header], Layout] = {}
        self._key_of: dict[KeySpace, ByClass] = {}
        self._code = CodeCache(self)

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self) or not isinstance(other, Catalog):
            return NotImplemented
        if self._parts()[2:] != other._parts()[2:] or len(self._bindings) != len(other._bindings):
            return False
        return self._parts() == other._parts() or (self.headers, self.bindings) == (other.headers, other.bindings)

    def __hash__(self) -> int:
        paths = tuple(map(path_of, self._headers))  # a header has the same one before and after it is imported
        return hash((paths, tuple(key for key, _ in self._bindings), *self._parts()[2:]))

    def _parts(self) -> tuple[Any, ...]:  # Any: the arguments of the constructor
        return self._headers, self._bindings, self.max_headers, self.views, self.options, self.trailers

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {len(self._headers)} headers, {len(self._bindings)} bindings>"

    def __reduce__(self) -> tuple[Any, ...]:  # Any: what pickle asks for
        return type(self), self._parts()

    @property
    def headers(self) -> tuple[type[Header], ...]:
        """Every header that this catalog knows; all are imported."""
        return tuple(map(loaded, self._headers))

    @property
    def bindings(self) -> tuple[Binding, ...]:
        """Keys and the headers found at them, in the order in which they are tried; all headers are imported."""
        return tuple((key, loaded(header)) for key, header in self._bindings)

    # --- questions ----------------------------------------------------------------------------------------------------

    def candidates(self, space: KeySpace, value: int | None) -> tuple[Binding, ...]:
        """The candidates for a value, in the order in which they are tried; `None`: those for all other values."""
        check_type("space", space, KeySpace)
        check_type("value", value, (int, type(None)), "an int or None")
        return tuple((key, loaded(header)) for key, header in self.late_candidates(space, value))

    def late_candidates(self, space: KeySpace, value: int | None) -> tuple[LateBinding, ...]:
        """The same, and nothing is imported."""
        if self._by_value is None:
            self._by_value = _by_value(self._bindings)
        found = self._by_value.get((space, value))
        if found is None:
            return () if space.parent is None else self.late_candidates(space.parent, value)
        return found

    def values(self, space: KeySpace) -> frozenset[int]:
        """The values of a space that are bound."""
        check_type("space", space, KeySpace)
        own = {key.value for key, _ in self._bindings if key.space == space and key.value is not None}
        return frozenset(own) | (frozenset() if space.parent is None else self.values(space.parent))

    def finds(self, space: KeySpace, cls: type[Header]) -> bool:
        """Whether a header is found at some value of the space."""
        if any(key.space == space and is_class(header, cls) for key, header in self._bindings):
            return True
        return space.parent is not None and self.finds(space.parent, cls)

    def key_of(self, space: KeySpace, cls: type[Header]) -> int | None:
        """The first value of the space at which this header is found: by its declaration, else by a binding."""
        check_header_class("cls", cls)
        key: int | None = self.keys_by_class(space)[cls]
        return key

    def keys_by_class(self, space: KeySpace) -> ByClass:
        """What `key_of` gives, by the class; None: None."""
        check_type("space", space, KeySpace)
        keys = self._key_of.get(space)
        if keys is None:
            keys = self._key_of.setdefault(space, ByClass(partial(self._first_key, space)))
        return keys

    def _first_key(self, space: KeySpace, cls: type[Header] | None) -> int | None:
        if cls is None:
            return None
        declared = cls.__layout__.keys if self._has(cls) else ()
        bound = (key for key, header in self._bindings if is_class(header, cls))
        own = (key.value for key in chain(declared, bound) if key.space == space and key.value is not None)
        first = next(own, None)
        return first if first is not None or space.parent is None else self.key_of(space.parent, cls)

    def flags_asked(self, space: KeySpace) -> frozenset[str]:
        """The flags of the header before that some key of the space asks for."""
        declared = (key for header in self._headers for key in keys_of(header))
        keys = (key for key in chain(declared, (key for key, _ in self._bindings)) if key.space == space)
        asked = (condition for key in keys for condition in key.conditions)
        return frozenset(c.field for c in asked if isinstance(c, PreviousHeader) and c.value)

    def header_called(self, path: str) -> type[Header] | None:
        """The header of this name in paths."""
        check_text("path", path)
        return next((loaded(header) for header in self._headers if path_of(header) == path), None)

    def class_called(self, name: str) -> type[Header] | None:
        """The header class of this name."""
        return next((loaded(header) for header in self._headers if name_of(header) == name), None)

    def _has(self, cls: type[Header]) -> bool:
        return any(is_class(header, cls) for header in self._headers)

    def meanings(self, record: WireStruct) -> Iterator[tuple[str, Element]]:
        """The meanings that views give to the fields of a record: the name of each such field, and its meaning."""
        for view in self.views:
            meaning = view.of(record)
            if meaning is not None:
                yield view.field, meaning

    def layout(self, cls: type[Header]) -> Layout:
        """The layout of a header, with the options that this catalog knows in its option lists."""
        layout = self._layouts.get(cls)
        if layout is None:
            layout = cls.__layout__
            for header, options, element in reversed(self.options):
                if header is cls:
                    layout = _with_option(layout, options, element)
            if layout is not cls.__layout__:
                self._layouts[cls] = layout
        return layout

    # --- other catalogs -----------------------------------------------------------------------------------------------

    def with_header(self, *headers: type[Header]) -> Self:
        """A catalog with these headers too, found by the keys of their declarations, before what was there.

        A header that the catalog already had is then found without a check of its signs.
        """
        for header in headers:
            _check_binding(LINK_TYPE(0), header)
        new = tuple(
            (msgspec.structs.replace(key, guess=key.guess and not self._has(header)), header)
            for header in headers
            for key in header.__layout__.keys
        )
        known = tuple(header for header in headers if not self._has(header))
        return self._but(headers=known + self._headers, bindings=new + self._bindings)

    def with_binding(self, key: Key, header: type[Header]) -> Self:
        """A catalog in which `header` is found at `key`, before what was there. Raises: SchemaError."""
        _check_binding(key, header)
        headers = self._headers if self._has(header) else (header, *self._headers)
        return self._but(headers=headers, bindings=((key, header), *self._bindings))

    def without_binding(self, key: Key) -> Self:
        """A catalog in which nothing is found at `key`, under any conditions."""
        if not isinstance(key, Key):
            raise SchemaError(repr(key), None, "is no key: say UDP_PORT(4789)")
        left = tuple(b for b in self._bindings if (b[0].space, b[0].value) != (key.space, key.value))
        return self._but(bindings=left)

    def with_option(self, header: type[Header], *options: type[Element]) -> Self:
        """A catalog with additional options of a header: elements that begin with constants that identify them.

        They replace options that begin with the same octets. Other catalogs decode such an option as the generic class.

        Raises: SchemaError, where one is not laid out as the header's options are.
        """
        _check_binding(LINK_TYPE(0), header)
        new = tuple(_option_of(self.layout(header), option) for option in options)
        return self._but(options=(*new, *self.options))

    def with_view(self, *views: AnyFieldView) -> Self:
        """A catalog with these views of fields, which precede the existing views.

        They do not change decoding or encoding. `meanings` gives the parts, and the command line shows them.
        """
        for view in views:
            if not isinstance(view, FieldView):
                raise TypeError(f"{view!r} is no FieldView")
        return self._but(views=(*views, *self.views))

    def with_trailer(self, *trailers: Any) -> Self:  # Any: classes of `TrailerRecord`, which is declared above
        """A catalog that reads these trailers after the existing ones, from the end of a frame inwards.

        Nothing tells them from padding: they are read wherever they fit behind what the headers count.

        Raises: SchemaError for what is no declared trailer.
        """
        for trailer in trailers:
            if not (isinstance(trailer, type) and hasattr(trailer, "check_octets") and hasattr(trailer, "__layout__")):
                raise SchemaError(getattr(trailer, "__name__", text_of(trailer)), None, "is no declared trailer")
            trailer.check_octets()
        return self._but(trailers=(*self.trailers, *trailers))

    def with_max_headers(self, count: int) -> Self:
        """A catalog that follows at most `count` headers within headers."""
        return self._but(max_headers=count)

    def _but(self, **changes: Any) -> Self:  # Any: the arguments of the constructor
        names = "headers", "bindings", "max_headers", "views", "options", "trailers"
        return type(self)(**(dict(zip(names, self._parts(), strict=True)) | changes))

    # --- decoding and encoding ----------------------------------------------------------------------------------------

    def decode(
        self,
        data: BytesLike,
        *,
        first: type[Header] | Key = Ethernet,
        wire_length: int | None = None,
        fcs_octets: int = 0,
        lax: bool = False,
    ) -> Packet:
        """See `overlaycodec.decode`."""
        decode, _ = _functions()
        return decode(data, first=first, wire_length=wire_length, fcs_octets=fcs_octets, lax=lax, catalog=self)

    def encode(self, packet: Packet | Header) -> bytes:
        """See `overlaycodec.encode`."""
        return _functions()[1](packet, catalog=self)


def _by_value(bindings: tuple[LateBinding, ...]) -> dict[tuple[KeySpace, int | None], tuple[LateBinding, ...]]:
    """What can be found at each value, in the order in which it is asked."""
    found: dict[tuple[KeySpace, int | None], list[LateBinding]] = {}
    for key, header in bindings:
        found.setdefault((key.space, key.value), []).append((key, header))
    return {
        place: tuple(sorted(members, key=lambda binding: (not binding[0].conditions, binding[0].fallback)))
        for place, members in found.items()
    }


def check_catalog(catalog: object) -> None:
    """Raises: TypeError for what is no catalog."""
    check_type("catalog", catalog, Catalog)


@cache
def _functions() -> tuple[Callable[..., Packet], Callable[..., bytes]]:
    """`decode` and `encode`, whose modules are above this one: imported once, for speed."""
    from overlaycodec.codec.packet_decoder import decode
    from overlaycodec.codec.packet_encoder import encode

    return decode, encode


def _with_option(layout: Layout, options: str, element: type[Element]) -> Layout:
    """The layout with one more class in an option list; it replaces one that starts with the same octets."""
    field = layout.by_name[options]
    octets = field.typed()[0] or len(element.__layout__.constant_prefix)
    prefix = element.__layout__.constant_prefix[:octets]
    others = [cls for cls in field.elements[:-1] if cls.__layout__.constant_prefix[:octets] != prefix]
    return layout.with_elements(options, (element, *others, field.element))


def _option_of(layout: Layout, element: object) -> Option:
    """The option list of a header that takes the element. Raises: SchemaError."""
    name = getattr(element, "__name__", text_of(element))
    if not (isinstance(element, type) and issubclass(element, Element) and hasattr(element, "__layout__")):
        raise SchemaError(name, None, "is no declared element")
    for field in layout.fields:
        if field.elements and element is not field.element and field.takes(element):
            return layout.cls, field.name, element
    raise SchemaError(
        name, None, f"stands in no row of {layout.cls.__name__}: it needs its constants first, laid out as all options"
    )


def _check_binding(key: object, header: object) -> None:
    """Raises: SchemaError unless it is a key and a header class."""
    name = getattr(header, "__name__", text_of(header))
    if not (isinstance(header, type) and issubclass(header, Header) and hasattr(header, "__layout__")):
        raise SchemaError(name, None, "is no declared header")
    check_key(name, None, key)


DEFAULT = Catalog(index.HEADERS)
"""The catalog that is used where none is named."""
