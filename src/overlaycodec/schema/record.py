"""Headers as typed classes: the base classes, and the metaclass that reads a declaration.

Strategy: a header is a frozen `msgspec.Struct` whose constructor checks every value at once. Decoding builds through
the saved constructor of msgspec, positionally, and does not pay for the check. `msgspec.structs.replace`,
`force_setattr` and `convert` bypass the check too: use `replace`.
"""

from __future__ import annotations

import keyword
import sys
import typing
from collections.abc import Callable, Mapping
from enum import EnumType
from functools import partial, wraps
from ipaddress import IPv4Address, IPv6Address
from operator import attrgetter
from types import MethodType
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar, dataclass_transform

import msgspec

from overlaycodec.errors import SchemaError
from overlaycodec.schema import constructors
from overlaycodec.schema.arguments import check_class_options
from overlaycodec.schema.declaration import Declared
from overlaycodec.schema.fields import field_of
from overlaycodec.schema.layout import REQUIRED, Layout
from overlaycodec.schema.planning import layout_of
from overlaycodec.schema.signature import signature_of, value_type_of
from overlaycodec.schema.validation import check_layout
from overlaycodec.values import AUTO, MACAddress
from overlaycodec.values.by_class import ByClass
from overlaycodec.values.for_notebooks import ForNotebooks

__all__ = ["Element", "WireStruct", "build", "builder_of", "builder_with", "kept_with_class"]

_P = TypeVar("_P")

_construct: Any = type(msgspec.Struct).__call__  # Any: msgspec's own constructor, under the checked one
_copy: Any = msgspec.Struct.__replace__  # Any: as above


def build(cls: type[WireStruct], *values: object) -> Any:  # Any: a record of that class
    """A record of values that were just read: unchecked."""
    return _construct(cls, *values)


def kept_with_class(derive: Callable[[type[WireStruct]], _P]) -> Callable[[type[WireStruct]], _P]:
    """A deriver that makes its product once for each class; the product lives as long as the class does."""

    @wraps(derive)
    def product_of(cls: type[WireStruct]) -> _P:
        try:
            product: _P = cls.__layout__.products[derive]
        except KeyError:
            product = cls.__layout__.products[derive] = derive(cls)
        return product

    return product_of


@kept_with_class
def builder_of(cls: type[WireStruct]) -> Any:  # Any: a constructor whose arguments only the declaration knows
    """The unchecked constructor of one class, the quickest way that there is: `builder_of(cls)(*values)`."""
    return _construct.__get__(cls)


def builder_with(cls: type[WireStruct], values: Mapping[str, object]) -> Any:  # Any: as above
    """The unchecked constructor of records with these values, the others by keyword: quicker where those are few."""
    return _copy.__get__(build(cls, *(values.get(field.name) for field in cls.__layout__.fields)))


def _evaluate(
    owner: str, name: str, text: str, globals_: dict[str, Any], frame: Any, named: Mapping[str, EnumType]
) -> Any:
    """An annotation kept as text, in the module of its class or in the function that holds it.

    `named` are the enumerations of the class body.
    """
    while True:
        try:
            return eval(text, globals_, {**({} if frame is None else frame.f_locals), **named})
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


def _is_name(text: str) -> bool:
    """Whether a class body can declare a field of this name: an identifier as the compiler normalises it."""
    if text.isascii():
        return text.isidentifier() and not keyword.iskeyword(text)
    from unicodedata import normalize

    return text.isidentifier() and normalize("NFKC", text) == text


def _refuse(cls: type[WireStruct], /, *args: object, **values: object) -> None:
    raise TypeError(f"{cls.__name__} is a base to declare from")


def _make_first(cls: Any, /, *args: Any, **values: Any) -> Any:  # Any: a class, and the arguments of its constructor
    """Generates the constructor of a class, which takes the place of this one, and calls it."""
    cls.__make__ = staticmethod(constructors.maker_of(cls.__layout__, builder_of(cls)))
    return cls.__make__(*args, **values)


if TYPE_CHECKING:

    @dataclass_transform(frozen_default=True, kw_only_default=True)
    class RecordMeta(type):
        __declaration__: tuple[Declared, ...]
        __layout__: Layout

    class _Base: ...

else:

    class RecordMeta(type(msgspec.Struct)):
        """Reads the annotations into a `Layout`; calling the class builds a checked value."""

        def __new__(mcs, name, bases, namespace, *, abstract=False, path=None, **options):
            if abstract:
                cls = super().__new__(mcs, name, bases, namespace, frozen=True, gc=False)
                cls.__make__ = staticmethod(partial(_refuse, cls))
                return cls
            if any(getattr(base, "__struct_fields__", ()) for base in bases):
                raise SchemaError(name, None, "a declared class cannot be extended: declare another one")
            globals_ = sys.modules[namespace["__module__"]].__dict__
            frame = sys._getframe(1)
            check_class_options(name, options, bases[0].__options__)
            fields = []
            named = {key: value for key, value in namespace.items() if isinstance(value, EnumType)}
            for field, hint in _annotations_of(name, namespace).items():
                read = _evaluate(name, field, hint, globals_, frame, named) if isinstance(hint, str) else hint
                if read is ClassVar or typing.get_origin(read) is ClassVar:
                    continue
                if field.startswith("_") or hasattr(bases[0], field):
                    raise SchemaError(name, field, "the name is taken by the base class or begins with an underscore")
                if not _is_name(field):
                    raise SchemaError(name, field, f"{field!r} is no name that a class body can declare")
                fields.append(
                    field_of(name, field, read, namespace.get(field, REQUIRED), backwards=bases[0].__backwards__)
                )
            if not fields:
                raise SchemaError(name, None, "declares no field")
            for computed in ("__annotate__", "__annotate_func__"):  # they contradict the annotations that follow
                namespace.pop(computed, None)
            namespace["__annotations__"] = {field.name: value_type_of(field) for field in fields}
            namespace |= {field.name: field.default for field in fields}
            namespace["__match_args__"] = ()
            cls = super().__new__(mcs, name, bases, namespace, frozen=True, gc=False)
            cls.__declaration__ = tuple(fields)
            cls.__layout__ = layout_of(cls, path or name.lower(), cls.__declaration__, **options)
            check_layout(cls.__layout__, cls.__declaration__)
            constructors.check_defaults(cls.__layout__)
            cls.__make__ = staticmethod(partial(_make_first, cls))
            cls.__checkers__ = ByClass(partial(constructors.checker_of, cls.__layout__))
            return cls

        @property
        def __signature__(cls):
            return signature_of(cls.__declaration__) if hasattr(cls, "__declaration__") else None

        @property
        def __doc__(cls):
            """The text of `help()`. The module that writes it is above this one: imported when it is asked for."""
            own = cls.__dict__.get("__doc__")
            if "__layout__" not in cls.__dict__:
                return own
            from overlaycodec.describe.help_text import help_of

            return help_of(cls)

        @property
        def _repr_html_(cls):
            """A method of the class, which IPython calls to show it: properties here come before those of values."""
            return MethodType(ForNotebooks._repr_html_, cls) if "__layout__" in cls.__dict__ else None

        @property
        def _repr_mimebundle_(cls):
            return MethodType(ForNotebooks._repr_mimebundle_, cls) if "__layout__" in cls.__dict__ else None

        __call__ = property(attrgetter("__make__"))  # Python hands the keywords to the constructor at once

    _Base = msgspec.Struct


def _rebuilt(cls: type[WireStruct], values: tuple[object, ...]) -> WireStruct:
    record: WireStruct = build(cls, *values)
    return record


class WireStruct(ForNotebooks, _Base, metaclass=RecordMeta, abstract=True):  # pyright: ignore[reportGeneralTypeIssues, reportCallIssue]
    """What headers and the elements of their rows have in common: immutable, comparable, hashable, checked."""

    __options__ = frozenset({"spec"})
    """The class options that a declaration may have, beside `path`."""
    __backwards__ = False
    """Whether its octets are read from the last one to the first."""

    if TYPE_CHECKING:
        __checkers__: ClassVar[ByClass]
        __declaration__: ClassVar[tuple[Declared, ...]]
        __layout__: ClassVar[Layout]

        def __init_subclass__(cls, *, abstract: bool = False, spec: str = "", path: str | None = None) -> None: ...

    def replace(self, **changes: Any) -> Self:  # Any: each field has its own type
        """A copy with some fields changed. Raises: as the constructor does."""
        if not changes:
            return type(self)(**{name: getattr(self, name) for name in self.__layout__.by_name})
        checkers = self.__checkers__
        try:
            for name, value in changes.items():
                changes[name] = checkers[name](value)
        except Exception:
            constructors.check_known(self.__layout__, changes)
            raise
        changed: Self = _copy(self, **changes)
        return changed

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


class Element(WireStruct, abstract=True):
    """The base of what option lists hold: declared like a header."""

    __element__ = True
