"""Checked construction: values converted and ranges tested when a header is made.

Strategy: one generated constructor a class, keywords only, so that Python itself refuses unknown, missing and
positional arguments; each value passes a quick test inline and, failing that, the function here that converts it or
says why not.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from operator import index
from typing import Any

from overlaycodec.codegen import Source
from overlaycodec.errors import EncodeError, FieldRangeError, SchemaError
from overlaycodec.schema.layout import ADDRESS_OCTETS, REQUIRED, Field, Layout
from overlaycodec.values import AUTO, Interned, MACAddress, address_alone

__all__ = ["check_defaults", "maker_of"]

_ADDRESS: dict[str, type[Any]] = {  # Any: each is built from text
    "mac": MACAddress,
    "ipv4": IPv4Address,
    "ipv6": IPv6Address,
    "hardware": MACAddress,
    "protocol": IPv4Address,
}


def _address_of_text(cls: type[Any], text: str) -> Any:  # Any: an address of that class
    return address_alone(cls.__name__, cls(text))


_BY_TEXT: dict[type[Any], Interned[str, Any]] = {
    cls: Interned(partial(_address_of_text, cls)) for cls in _ADDRESS.values()
}
"""Addresses by their text: programs write the same ones again and again."""
_ARTICLE = {"mac": "a", "ipv4": "an", "ipv6": "an", "hardware": "a", "protocol": "an"}


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
    if isinstance(value, cls):
        return address_alone(path, value)
    if isinstance(value, str):
        try:
            return _BY_TEXT[cls].of(value)
        except FieldRangeError:
            return address_alone(path, cls(value))  # raises the error with the path
        except (AddressValueError, ValueError) as error:
            raise EncodeError(path, value, f"takes no such address: {error}") from None
    if field.kind in ("hardware", "protocol") and isinstance(value, bytes | bytearray | memoryview):
        octets = bytes(value)
        return cls(octets) if len(octets) == ADDRESS_OCTETS[field.kind] else octets
    raise TypeError(f"{path} takes {_ARTICLE[field.kind]} {cls.__name__} or its text, not {type(value).__name__}")


def _elements(path: str, field: Field, value: Any) -> tuple[Any, ...]:  # Any: elements
    names = " or ".join(element.__name__ for element in field.elements[::-1])
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
    path = f"{layout.name}.{field.name}"
    if value is REQUIRED:
        raise TypeError(f"{path} is required")
    if value is AUTO:
        if layout.derived(field):
            return value
        raise TypeError(f"{path} is not derived from anything: it takes no AUTO")
    if value is None and field.optional:
        return value
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


def maker_of(layout: Layout, build: Any) -> Any:  # Any: a generated constructor
    """The constructor: keywords in, a checked value out."""
    required = [field.name for field in layout.fields if field.default is REQUIRED]
    defaulted = [field.name for field in layout.fields if field.default is not REQUIRED]
    arguments = ", ".join([*required, *(f"{name}=_default_{name}" for name in defaulted)])
    source = Source(layout.cls.__name__, f"*, {arguments}")
    # no field begins with an underscore: these names cannot be hidden by one called `type` or `int`
    source.names |= {"_check": check, "_layout": layout, "_build": build, "_int": int}
    for field in layout.fields:
        name = field.name
        source.names[f"_field_{name}"] = field
        if field.default is not REQUIRED:
            source.names[f"_default_{name}"] = field.default
        quick = [] if field.default is REQUIRED else [f"{name} is _default_{name}"]
        if field.kind == "int":
            quick.append(f"{name}.__class__ is _int and 0 <= {name} <= {field.maximum}")
        elif field.kind == "bool":
            quick.append(f"{name} is True or {name} is False")
        elif field.kind in _ADDRESS:
            alone = f" and {name}.scope_id is None" if field.kind == "ipv6" else ""
            quick.append(f"{name}.__class__ is {source.bind('_' + field.kind, _ADDRESS[field.kind])}{alone}")
        passes = " or ".join(quick) or "False"
        source.add(f"if not ({passes}): {name} = _check(_layout, _field_{name}, {name})")
    source.add(f"return _build({', '.join(field.name for field in layout.fields)})")
    return source.compile("constructor")
