"""Checked construction: values converted and ranges tested when a header is made.

Strategy: one generated constructor a class, keywords only, so that Python itself refuses unknown, missing and
positional arguments; each value passes a quick test inline and, failing that, the function here that converts it or
says why not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from ipaddress import IPv4Address, IPv6Address
from operator import index
from typing import Any

from overlaycodec.codegen import Source
from overlaycodec.errors import EncodeError, FieldRangeError, SchemaError
from overlaycodec.schema.layout import ADDRESS_OCTETS, REQUIRED, Field, Layout
from overlaycodec.values import AUTO, MACAddress, address_alone
from overlaycodec.values.interning import BY_TEXT
from overlaycodec.values.nearest_names import missing_arguments, suggestion

__all__ = ["check_defaults", "check_known", "checker_of", "maker_of"]

_ADDRESS: dict[str, type[Any]] = {  # Any: each is built from text
    "mac": MACAddress,
    "ipv4": IPv4Address,
    "ipv6": IPv6Address,
    "hardware": MACAddress,
    "protocol": IPv4Address,
}


def _number(path: str, field: Field, value: Any) -> int:  # Any: it is what must be checked
    if isinstance(value, bool | float | str | bytes):
        raise TypeError(f"{path} takes an int, not {type(value).__name__}")
    try:
        number = index(value)
    except TypeError:
        raise TypeError(f"{path} takes an int, not {type(value).__name__}") from None
    if not 0 <= number <= field.maximum:
        raise FieldRangeError(path, number, 0, field.maximum, f"{field.bits} bits" if field.bits != 1 else "1 bit")
    return number


def _octets(path: str, field: Field, value: Any) -> bytes:  # Any: it is what must be checked
    if not isinstance(value, bytes | bytearray | memoryview):
        raise TypeError(f"{path} takes bytes, not {type(value).__name__}")
    octets = bytes(value)
    if field.octets is not None and len(octets) != field.octets:
        raise FieldRangeError(path, len(octets), field.octets, field.octets, "octets")
    return octets


def _address(path: str, field: Field, value: Any) -> Any:  # Any: one of the address types, or bytes
    cls = _ADDRESS[field.kind]
    if isinstance(value, str):
        try:
            value = cls(value)
        except ValueError as error:
            raise EncodeError(path, value, f"takes no such address: {error}") from None
    if isinstance(value, cls):
        return address_alone(path, value)
    if field.kind in ("hardware", "protocol") and isinstance(value, bytes | bytearray | memoryview):
        octets = bytes(value)
        return cls(octets) if len(octets) == ADDRESS_OCTETS[field.kind] else octets
    wanted = f"{'a' if cls is MACAddress else 'an'} {cls.__name__}"
    raise TypeError(f"{path} takes {wanted} or its text, not {type(value).__name__}")


def _elements(path: str, field: Field, value: Any) -> tuple[Any, ...]:  # Any: elements
    last, *others = (element.__name__ for element in field.elements[::-1])
    names = f"{last} or one of {len(others)} other classes" if len(others) > 2 else " or ".join([last, *others])
    if not isinstance(value, tuple | list):
        raise TypeError(f"{path} takes a tuple of {names}, not {type(value).__name__}")
    for number, element in enumerate(value):
        if not isinstance(element, field.elements) and not _of_ones_own(field, element):
            raise TypeError(f"{path}[{number}] takes a {names}, not {type(element).__name__}")
    return tuple(value)


def _of_ones_own(field: Field, element: Any) -> bool:  # Any: it is what must be checked
    """Whether it is an element that a catalog may know in this option list, though the declaration does not."""
    return hasattr(type(element), "__layout__") and field.takes(type(element))


def _flag(path: str, field: Field, value: Any) -> bool:  # Any: it is what must be checked
    if not isinstance(value, bool):
        raise TypeError(f"{path} takes a bool, not {type(value).__name__}")
    return value


def _foreign(path: str, field: Field, value: Any) -> Any:  # Any: whatever a construct object reads
    from overlaycodec.values.constructs import frozen

    return frozen(value)


_CHECKS: dict[str, Callable[[str, Field, Any], Any]] = {  # Any: values of any field
    "int": _number,
    "bool": _flag,
    "bytes": _octets,
    "items": _elements,
    "via": _foreign,
} | dict.fromkeys(_ADDRESS, _address)


def check(layout: Layout, field: Field, value: Any) -> Any:  # Any: values of any field
    """The value as the field holds it. Raises: FieldRangeError, EncodeError, TypeError."""
    if type(value) is str and field.kind in _ADDRESS:
        try:
            return BY_TEXT[_ADDRESS[field.kind]].of(value)
        except (FieldRangeError, ValueError):
            pass  # the error names the field, below
    path = f"{layout.name}.{field.name}"
    if value is REQUIRED:
        raise TypeError(f"{path} is required")
    if value is AUTO:
        if layout.derived(field):
            return value
        raise TypeError(f"{path} is not derived from anything: it takes no AUTO")
    if value is None and field.optional:
        return None
    return _CHECKS[field.kind](path, field, value)


def check_defaults(layout: Layout) -> None:
    """Raises: SchemaError where a default does not pass its own field's check."""
    for field in layout.fields:
        if field.default is not REQUIRED:
            try:
                value = check(layout, field, field.default)
            except (TypeError, EncodeError) as error:
                raise SchemaError(layout.cls.__name__, field.name, f"the default does not fit: {error}") from None
            if type(value) is not type(field.default):
                raise SchemaError(
                    layout.cls.__name__, field.name, f"the default is a {type(field.default).__name__}: write {value!r}"
                )


def checker_of(layout: Layout, name: str) -> Callable[[Any], Any]:  # Any: values of the field
    """The function that gives a value as the field holds it. Raises: FieldRangeError, EncodeError, TypeError."""
    field = layout.by_name[name]
    if field.kind != "int":
        return partial(check, layout, field)
    maximum = field.maximum
    return lambda value: value if type(value) is int and 0 <= value <= maximum else check(layout, field, value)


def _refused(layout: Layout, positional: bool, unknown: dict[str, object], given: tuple[object, ...]) -> None:
    """Raises: TypeError for arguments without a keyword, for unknown ones, and for those missing of the required."""
    name, names = layout.cls.__name__, layout.by_name
    required = [field for field, its in names.items() if its.default is REQUIRED]
    if positional:
        raise TypeError(f"{name} takes its fields by keyword: {(required or [*names][-1:])[0]}=…")
    check_known(layout, unknown)
    missing = [field for field, value in zip(required, given, strict=True) if value is REQUIRED]
    raise TypeError(missing_arguments(name, missing))


def check_known(layout: Layout, names: Iterable[str]) -> None:
    """Raises: TypeError that names the nearest field, for a name that is none."""
    for name in names:
        if name not in layout.by_name:
            raise TypeError(f"{layout.cls.__name__} has no field {name!r}{suggestion(name, layout.by_name)}")


def maker_of(layout: Layout, build: Any) -> Any:  # Any: a generated constructor
    """The constructor: keywords in, a checked value out."""
    arguments = ", ".join(f"{name}=_default_{name}" for name in layout.by_name)
    # not keyword-only: Python looks up each default of those, and takes all others at once; `_first` is refused
    source = Source(layout.cls.__name__, f"_first=_nothing, /, {arguments}, *_args, **_unknown")
    # no field begins with an underscore: these names cannot be hidden by one called `type` or `int`
    source.names |= {"_check": check, "_layout": layout, "_build": build, "_refused": _refused, "_nothing": object()}
    source.names |= {"_int": int, "_str": str, "_type": type}
    required = [name for name, field in layout.by_name.items() if field.default is REQUIRED]
    refused = " or ".join(["_first is not _nothing", "_unknown", *(f"{name} is _default_{name}" for name in required)])
    given = "".join(f"{name}, " for name in required)
    source.add(f"if ({refused}):", f"    _refused(_layout, _first is not _nothing, _unknown, ({given}))")
    for field in layout.fields:
        name = field.name
        source.names[f"_field_{name}"] = field
        source.names[f"_default_{name}"] = field.default
        checked = f"_check(_layout, _field_{name}, {name})"
        quick = [] if field.default is REQUIRED or field.default is False else [f"{name} is _default_{name}"]
        if field.kind == "int":
            quick.append(f"_type({name}) is _int and 0 <= {name} <= {field.maximum}")
        elif field.kind == "bool":
            quick.append(f"{name} is False or {name} is True")
        elif field.kind in _ADDRESS:
            alone = f" and {name}.scope_id is None" if field.kind == "ipv6" else ""
            quick.append(f"_type({name}) is {source.bind('_' + field.kind, _ADDRESS[field.kind])}{alone}")
            known = source.bind(f"_known_{field.kind}", BY_TEXT[_ADDRESS[field.kind]].known)
            checked = f"({known}.get({name}) if _type({name}) is _str else None) or {checked}"
        passes = " or ".join(quick) or "False"
        source.add(f"if not ({passes}): {name} = {checked}")
    # as a tuple: the arguments of a method of C become one in any case
    source.add(f"return _build(*({', '.join(field.name for field in layout.fields)},))")
    return source.compile("constructor")
