"""Headers as typed classes: the base classes, and the metaclass that reads a declaration.

Strategy: a header is a frozen `msgspec.Struct` whose constructor checks every value at once. Decoding builds through
the saved constructor of msgspec, positionally, and does not pay for the check. `msgspec.structs.replace`,
`force_setattr` and `convert` bypass the check too: use `replace`.
"""

from __future__ import annotations

import sys
import types
import typing
from collections.abc import Mapping
from functools import cache
from ipaddress import IPv4Address, IPv6Address
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self, dataclass_transform

import msgspec

from overlaycodec import checked
from overlaycodec.errors import SchemaError
from overlaycodec.grammar import layout_of
from overlaycodec.layout import ADDRESS_OCTETS, REQUIRED, Field, Kind, Layout
from overlaycodec.values import AUTO, MACAddress
from overlaycodec.wire import (
    Bits,
    ByteOrder,
    Const,
    Counted,
    Fact,
    Items,
    Key,
    Octets,
    Only,
    Pads,
    Remainder,
    Reserved,
    Rest,
    Sized,
    Unless,
    Via,
    When,
)

__all__ = ["Element", "Header", "Record", "build", "builder_of", "builder_with"]

_KINDS: dict[Any, Kind] = {  # Any: types and unions of types
    int: "int",
    bool: "bool",
    bytes: "bytes",
    MACAddress: "mac",
    IPv4Address: "ipv4",
    IPv6Address: "ipv6",
    MACAddress | bytes: "hardware",
    IPv4Address | bytes: "protocol",
}
_SIZES: tuple[type[Fact], ...] = (Bits, Octets, Reserved)

_construct: Any = type(msgspec.Struct).__call__  # Any: msgspec's own constructor, under the checked one


def build(cls: type[Record], *values: object) -> Any:  # Any: a record of that class
    """A record of values that were just read: unchecked."""
    return _construct(cls, *values)


@cache
def builder_of(cls: type[Record]) -> Any:  # Any: a constructor whose arguments only the declaration knows
    """The unchecked constructor of one class, the quickest way that there is: `builder_of(cls)(*values)`."""
    return _construct.__get__(cls)


def builder_with(cls: type[Record], values: Mapping[str, object]) -> Any:  # Any: as above
    """The unchecked constructor of records with these values, the others by keyword: quicker where those are few."""
    return msgspec.Struct.__replace__.__get__(build(cls, *(values.get(field.name) for field in cls.__layout__.fields)))


def _evaluate(owner: str, name: str, text: str, globals_: dict[str, Any], frame: Any) -> Any:
    """An annotation kept as text, in the module of its class or in the function that holds it."""
    while True:
        try:
            return eval(text, globals_, {} if frame is None else frame.f_locals)
        except NameError as error:
            if frame is None or frame.f_back is None or frame.f_globals is not globals_:
                raise SchemaError(
                    owner, name, f"{error}: the annotation cannot be read here; declare the class at module level"
                ) from None
            frame = frame.f_back


def _annotations_of(owner: str, namespace: dict[str, Any]) -> dict[str, Any]:  # Any: annotations, or their text
    """The annotations of a class body. From Python 3.14 on they may be a function that computes them (PEP 649)."""
    if sys.version_info >= (3, 14) and "__annotations__" not in namespace:
        import annotationlib

        if annotate := annotationlib.get_annotate_from_class_namespace(namespace):
            try:
                return dict(annotationlib.call_annotate_function(annotate, annotationlib.Format.VALUE))
            except NameError as error:
                raise SchemaError(
                    owner, None, f"{error}: an annotation cannot be read; define the name before the class"
                ) from None
    return dict(namespace.get("__annotations__", ()))


def _field_of(owner: str, name: str, annotation: Any, default: Any) -> Field:  # Any: annotations and defaults
    if typing.get_origin(annotation) is not Annotated:
        raise SchemaError(owner, name, "is not Annotated with the facts of a field")
    hint, *metadata = typing.get_args(annotation)
    facts: dict[type[Fact], Fact] = {}
    doc = ""
    for item in metadata:
        if isinstance(item, str):
            doc = item
        elif isinstance(item, Fact):
            if type(item) in facts:
                raise SchemaError(owner, name, f"says {type(item).__name__} twice")
            facts[type(item)] = item
        else:
            raise SchemaError(owner, name, f"{item!r} is not of the vocabulary")
    optional = False
    union = (
        typing.get_args(hint) if isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union else ()
    )
    if type(None) in union:
        optional = True
        hint = typing.Union[tuple(arm for arm in union if arm is not type(None))]  # noqa: UP007 - computed arms
    kind, elements = _kind_of(owner, name, hint, facts)
    bits = _bits_of(owner, name, kind, facts)
    conditional = any(condition in facts for condition in (When, Only, Unless))
    if optional is not conditional and not (kind == "via" and optional):
        raise SchemaError(
            owner, name, "is `T | None` exactly where it is there only When, Only or Unless another field says so"
        )
    if const := facts.get(Const):
        assert isinstance(const, Const)
        if bits is None or not 0 <= const.value < 1 << bits:
            raise SchemaError(owner, name, f"{const!r} does not fit")
    if default is REQUIRED:
        default = _default_of(facts)
    return Field(name, kind, optional, default, bits, facts, doc, elements)


def _kind_of(owner: str, name: str, hint: Any, facts: dict[type[Fact], Fact]) -> tuple[Kind, tuple[Any, ...]]:
    if Via in facts:
        checked.check_via(owner, name, facts[Via])
        return "via", ()
    if typing.get_origin(hint) is tuple:
        arms = typing.get_args(hint)
        union = arms[0] if len(arms) == 2 and arms[1] is Ellipsis else None
        elements = typing.get_args(union) if isinstance(union, types.UnionType) else (union,)
        declared = all(isinstance(element, type) and issubclass(element, Element) for element in elements)
        if not (declared and Items in facts):
            raise SchemaError(owner, name, "a row is `tuple[E, ...]` of an Element class E, or several, with Items")
        return "items", elements
    if hint not in _KINDS:
        raise SchemaError(owner, name, f"{hint!r} is no type of a field")
    if Items in facts:
        raise SchemaError(owner, name, "Items needs the type `tuple[E, ...]`")
    return _KINDS[hint], ()


def _bits_of(owner: str, name: str, kind: Kind, facts: dict[type[Fact], Fact]) -> int | None:
    sizes = [facts[size] for size in _SIZES if size in facts]
    variable = [fact for fact in (Sized, Rest, Counted, Pads, Remainder, Items, Via) if fact in facts]
    if len(sizes) + bool(variable) != 1:
        raise SchemaError(
            owner, name, "needs one size: Bits, Octets, Reserved, Sized, Rest, Pads, Remainder, Items or Via"
        )
    if not sizes:
        if kind in ("int", "bool"):
            raise SchemaError(owner, name, f"an {kind} has a fixed number of Bits")
        return None
    size = sizes[0]
    assert isinstance(size, Bits | Octets | Reserved)
    if type(size.count) is not int or size.count < 1:
        raise SchemaError(owner, name, f"{size!r} is no number of bits or octets")
    if isinstance(size, Octets):
        bits = size.count * 8
        if kind in ("hardware", "protocol"):
            raise SchemaError(owner, name, f"{size!r} leaves one type: an address, or bytes")
        if kind in ("int", "bool") or (kind in ADDRESS_OCTETS and size.count != ADDRESS_OCTETS[kind]):
            raise SchemaError(owner, name, f"{size!r} does not fit the type")
    else:
        bits = size.count
        if kind not in ("int", "bool") or (kind == "bool" and bits != 1) or bits > 64:
            raise SchemaError(owner, name, f"{size!r} does not fit the type")
    if ByteOrder in facts and bits % 8:
        raise SchemaError(owner, name, "ByteOrder is for numbers of whole octets")
    return bits


def _default_of(facts: dict[type[Fact], Fact]) -> Any:  # Any: a default of any field
    if Reserved in facts:
        return AUTO if When in facts or Only in facts or Unless in facts else 0
    if Remainder in facts or Pads in facts:
        return AUTO
    const = facts.get(Const)
    return const.value if isinstance(const, Const) else REQUIRED


if TYPE_CHECKING:
    from overlaycodec.packet import Packet

    @dataclass_transform(frozen_default=True, kw_only_default=True)
    class RecordMeta(type):
        __layout__: Layout

    class _Base: ...

else:

    class RecordMeta(type(msgspec.Struct)):
        """Reads the annotations into a `Layout`; calling the class builds a checked value."""

        def __new__(mcs, name, bases, namespace, *, abstract=False, path=None, **options):
            if abstract:
                return super().__new__(mcs, name, bases, namespace, frozen=True, gc=False)
            if any(getattr(base, "__struct_fields__", ()) for base in bases):
                raise SchemaError(name, None, "a declared class cannot be extended: declare another one")
            globals_ = sys.modules[namespace["__module__"]].__dict__
            frame = sys._getframe(1)
            fields = []
            for field, hint in _annotations_of(name, namespace).items():
                read = _evaluate(name, field, hint, globals_, frame) if isinstance(hint, str) else hint
                if read is ClassVar or typing.get_origin(read) is ClassVar:
                    continue
                if field.startswith("_") or hasattr(bases[0], field):
                    raise SchemaError(name, field, "the name is taken by the base class or begins with an underscore")
                fields.append(_field_of(name, field, read, namespace.get(field, REQUIRED)))
            if not fields:
                raise SchemaError(name, None, "declares no field")
            for computed in ("__annotate__", "__annotate_func__"):  # what computed them contradicts what follows
                namespace.pop(computed, None)
            namespace["__annotations__"] = {field.name: Any for field in fields}
            namespace |= {field.name: field.default for field in fields}
            namespace["__match_args__"] = ()
            cls = super().__new__(mcs, name, bases, namespace, frozen=True, gc=False)
            cls.__layout__ = layout_of(cls, path or name.lower(), tuple(fields), **options)
            checked.check_defaults(cls.__layout__)
            return cls

        def __call__(cls, /, *args, **values):
            maker = cls.__dict__.get("__make__")
            if maker is None:
                if not hasattr(cls, "__layout__"):
                    raise TypeError(f"{cls.__name__} is a base to declare from")
                maker = checked.maker_of(cls.__layout__, builder_of(cls))
                cls.__make__ = staticmethod(maker)
            return maker(*args, **values)

    _Base = msgspec.Struct


def _rebuilt(cls: type[Record], values: tuple[object, ...]) -> Record:
    record: Record = build(cls, *values)
    return record


class Record(_Base, metaclass=RecordMeta, abstract=True):  # pyright: ignore[reportGeneralTypeIssues, reportCallIssue]
    """What headers and the elements of their rows have in common: immutable, comparable, hashable, checked."""

    if TYPE_CHECKING:
        __layout__: ClassVar[Layout]

        def __init_subclass__(cls, *, abstract: bool = False, spec: str = "", path: str | None = None) -> None: ...

    def replace(self, **changes: Any) -> Self:  # Any: each field has its own type
        """A copy with some fields changed. Raises: as the constructor does."""
        values = {field.name: getattr(self, field.name) for field in self.__layout__.fields}
        unknown = changes.keys() - values.keys()
        if unknown:
            raise TypeError(f"{type(self).__name__} has no field {', '.join(map(repr, sorted(unknown)))}")
        return type(self)(**(values | changes))

    __replace__ = replace

    def __reduce__(self) -> tuple[Any, ...]:  # Any: what pickle asks for
        return _rebuilt, (type(self), tuple(getattr(self, field.name) for field in self.__layout__.fields))

    def __repr__(self) -> str:
        shown = []
        for field in self.__layout__.fields:
            value = getattr(self, field.name)
            if value is field.default or (field.default is not AUTO and value == field.default):
                continue
            text = repr(str(value)) if isinstance(value, MACAddress | IPv4Address | IPv6Address) else repr(value)
            shown.append(f"{field.name}={text}")
        return f"{type(self).__name__}({', '.join(shown)})"


class Header(Record, abstract=True):
    """The base of every header. Declare one with annotated fields; combine them with `/`."""

    if TYPE_CHECKING:

        def __init_subclass__(
            cls,
            *,
            abstract: bool = False,
            spec: str = "",
            path: str | None = None,
            keys: tuple[Key, ...] = (),
            carries: Key | None = None,
            tunnel: bool = False,
            quotes: bool = False,
            closed: bool = False,
            unchecked: bool = False,
            layer: typing.Literal["link", "network", "extension", "shim"] | None = None,
        ) -> None:
            """What a class says of itself.

            `spec`: document and section. `path`: the name in paths, else the class's in lower case. `keys`: where it
            is found. `carries`: what follows whatever the fields say. `tunnel`: the next header opens an inner scope;
            `quotes`: a quoted one. `closed`: nothing follows. `unchecked`: over IPv4, the header outside leaves its
            checksum out where it may. `layer`: "network" for IP, which opens a scope within another IP; "extension"
            for what stands between; "link" for Ethernet, which opens one wherever it is not first; "shim" for what
            stays in the scope of the tunnel header before it.
            """

        def __truediv__(self, other: Header | Packet | bytes) -> Packet:
            """A packet of this header and what follows it."""
            ...


class Element(Record, abstract=True):
    """The base of what stands in rows, such as options: declared like a header."""
