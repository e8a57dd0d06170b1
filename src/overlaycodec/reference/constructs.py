"""What construct does not have: reads that report what was missing, option lists, elements of several classes.

Strategy: each reads what the declaration asks for, and builds what it is given, right or wrong, as `encode` does.
"""

# mypy: disallow-subclassing-any=False
# construct ships no types: its classes, streams and contexts are Any here.

from __future__ import annotations

from collections.abc import Callable, Mapping
from ipaddress import IPv4Address, IPv6Address
from typing import Any, Final

import construct
from construct.core import BytesIOWithOffsets, stream_seek, stream_tell, stream_write

from overlaycodec.errors import DecodeError, EncodeError, TruncatedError
from overlaycodec.values import MACAddress
from overlaycodec.values.constructs import build_octets, parse_octets

__all__ = [
    "ADDRESSES",
    "AnyElement",
    "Bounded",
    "ConditionalMember",
    "Constant",
    "ElementRange",
    "Fault",
    "Foreign",
    "Padding",
    "Short",
    "Varying",
]

Number = int | Callable[[Any], int]
"""A number, or a function of construct's context."""


_MOST_OCTETS: Final = (1 << 31) - 1
"""What a read may ask for where the machine has 32 bits; no stream has more octets."""


class Fault(construct.ConstructError):
    """A fault of the octets, as the library's own `error`; its path and bits count from where the stream started."""

    def __init__(self, error: DecodeError, path: Any) -> None:
        super().__init__(str(error), path=path)
        self.error = error

    def within(self, path: str) -> Fault:
        """The same fault of an element whose path in the option list is `path`."""
        return type(self)(self.error.rebased(path, ""), self.path)


class Short(Fault, construct.StreamError):
    """Octets are missing."""


class Bounded(construct.Subconstruct):
    """So many octets, and the construct that reads these alone; it builds as many as it needs."""

    def __init__(self, octets: Number, subcon: Any, name: str) -> None:
        super().__init__(subcon)
        self.octets, self.field = octets, name

    def _parse(self, stream: Any, context: Any, path: str) -> Any:
        octets = construct.evaluate(self.octets, context)
        start = stream_tell(stream, path)
        data = stream.read(min(octets, _MOST_OCTETS))
        if len(data) < octets:
            raise Short(TruncatedError(octets, self.field, (start * 8, None), len(data)), path)
        return self.subcon._parsereport(BytesIOWithOffsets(data, stream, start), context, path)

    def _sizeof(self, context: Any, path: str) -> Any:
        if callable(self.octets):
            raise construct.SizeofError(path=path)
        return self.octets


class ConditionalMember(construct.Subconstruct):
    """What is present where a condition holds, and None elsewhere; a value that contradicts it is not built."""

    def __init__(self, condition: Callable[[Any], bool], subcon: Any) -> None:
        super().__init__(subcon)
        self.condition = condition

    def _parse(self, stream: Any, context: Any, path: str) -> Any:
        return self.subcon._parsereport(stream, context, path) if self.condition(context) else None

    def _build(self, obj: Any, stream: Any, context: Any, path: str) -> Any:
        if self.condition(context) is not (obj is not None):
            raise construct.MappingError(f"is {'absent' if obj is None else 'there'}, against what is told", path=path)
        return obj if obj is None else self.subcon._build(obj, stream, context, path)

    def _sizeof(self, context: Any, path: str) -> Any:
        raise construct.SizeofError(path=path)


class Constant(construct.Computed):
    """The check that a field, which was read before, has the one value for which the layout is known."""

    def __init__(self, field: str, value: int, check: Callable[[Any], None]) -> None:
        super().__init__(check)
        self.field, self.value = field, value


class ElementRange(construct.Subconstruct):
    """The elements of an option list: so many, or up to one with an `end` kind, or as long as they can be read."""

    def __init__(
        self, subcon: Any, name: str, *, count: Number | None = None, end: tuple[str, int] | None = None, strict: bool
    ) -> None:
        super().__init__(subcon)
        self.options, self.count, self.end = name, count, end
        self.strict = strict
        """Whether a fault in an element is one of the list; otherwise the list ends before that element."""

    def _parse(self, stream: Any, context: Any, path: str) -> Any:
        count = None if self.count is None else construct.evaluate(self.count, context)
        elements = construct.ListContainer()
        while len(elements) != count:
            start = stream_tell(stream, path)
            try:
                element = self.subcon._parsereport(stream, context, path)
            except Fault as fault:
                if self.strict:
                    raise fault.within(f"{self.options}[{len(elements)}]") from None
                stream_seek(stream, start, 0, path)
                break
            elements.append(element)
            if self.end is not None and element[self.end[0]] == self.end[1]:
                break
        return elements

    def _build(self, obj: Any, stream: Any, context: Any, path: str) -> Any:
        return construct.ListContainer(self.subcon._build(element, stream, context, path) for element in obj)

    def _sizeof(self, context: Any, path: str) -> Any:
        raise construct.SizeofError(path=path)


class AnyElement(construct.Construct):
    """An element of one of several classes, the last one generic; `_kind` in what is read is the name of its class."""

    def __init__(self, kinds: Mapping[str, Any], constants: Mapping[str, Mapping[str, int]]) -> None:
        super().__init__()
        self.kinds, self.constants = kinds, constants

    def _parse(self, stream: Any, context: Any, path: str) -> Any:
        start = stream_tell(stream, path)
        *typed, generic = self.kinds
        for kind in typed:
            try:
                element = self.kinds[kind]._parsereport(stream, context, path)
            except Fault:
                stream_seek(stream, start, 0, path)
            else:
                element["_kind"] = kind
                return element
        element = self.kinds[generic]._parsereport(stream, context, path)
        element["_kind"] = generic
        return element

    def _build(self, obj: Any, stream: Any, context: Any, path: str) -> Any:
        return self.kinds[self.kind_of(obj, path)]._build(obj, stream, context, path)

    def kind_of(self, element: Mapping[str, object], path: str) -> str:
        """The kind of an element to build: its `_kind`, else the first that has its fields and constants."""
        if "_kind" in element:
            return str(element["_kind"])
        named = [kind for kind, struct in self.kinds.items() if element.keys() <= struct._subcons.keys()]
        for kind in named:
            if all(element.get(name, value) == value for name, value in self.constants[kind].items()):
                return kind
        raise construct.SelectError(f"no kind of element has the fields {', '.join(element)}", path=path)


class Padding(construct.Construct):
    """Octets up to a boundary, when they are built: zeros where none are given."""

    def __init__(self, octets: Number) -> None:
        super().__init__()
        self.octets = octets

    def _build(self, obj: Any, stream: Any, context: Any, path: str) -> Any:
        octets = construct.evaluate(self.octets, context)
        built = bytes(octets) if obj is None else obj
        stream_write(stream, built, octets, path)
        return built


class Foreign(construct.Construct):
    """What a construct object of the declaration reads and builds, its values frozen."""

    def __init__(self, subcon: Any, name: str, *, exact: bool) -> None:
        super().__init__()
        self.subcon, self.field = subcon, name
        self.exact = exact
        """Whether it must take all octets."""

    def _parse(self, stream: Any, context: Any, path: str) -> Any:
        start = stream_tell(stream, path)
        data = stream.read()
        try:
            value, end = parse_octets(self.subcon, self.field, data, 0, len(data), self.exact)
        except TruncatedError as error:
            short = TruncatedError(error.needed, self.field, (start * 8, None), error.available)
            raise Short(short, path) from error
        except DecodeError as error:
            raise Fault(DecodeError(error.reason, self.field, (start * 8, None)), path) from error
        stream_seek(stream, start + end, 0, path)
        return value

    def _build(self, obj: Any, stream: Any, context: Any, path: str) -> Any:
        try:
            octets = build_octets(self.subcon, self.field, obj)
        except EncodeError as error:
            raise construct.AdaptationError(str(error), path=path) from error
        stream_write(stream, octets, len(octets), path)
        return obj

    def _sizeof(self, context: Any, path: str) -> Any:
        raise construct.SizeofError(path=path)


class Address(construct.Adapter):
    """Octets as an address; built from its text too."""

    def __init__(self, cls: type[Any], octets: int) -> None:
        super().__init__(construct.Bytes(octets))
        self.cls, self.octets = cls, octets

    def _decode(self, obj: Any, context: Any, path: str) -> Any:
        return self.cls(obj)

    def _encode(self, obj: Any, context: Any, path: str) -> Any:
        return self.cls(obj).packed


class Varying(construct.Adapter):
    """All octets: an address where their number is that of one, and bytes elsewhere."""

    def __init__(self, cls: type[Any], octets: int) -> None:
        super().__init__(construct.GreedyBytes)
        self.cls, self.octets = cls, octets

    def _decode(self, obj: Any, context: Any, path: str) -> Any:
        return self.cls(obj) if len(obj) == self.octets else obj

    def _encode(self, obj: Any, context: Any, path: str) -> Any:
        return obj if isinstance(obj, bytes) else self.cls(obj).packed


ADDRESSES: Final[Mapping[str, Any]] = {
    "mac": Address(MACAddress, 6),
    "ipv4": Address(IPv4Address, 4),
    "ipv6": Address(IPv6Address, 16),
    "hardware": Varying(MACAddress, 6),
    "protocol": Varying(IPv4Address, 4),
}
"""The construct of each kind of address."""
