"""Declarations -> the types of fields at run time, and the signature of a class.

Strategy: what `inspect.signature`, `help` and `typing.get_type_hints` show is what a type checker sees of the
annotations: the type that a field has when it is read, and the types that the constructor takes.
"""

from __future__ import annotations

import typing
from collections.abc import Iterable
from inspect import Parameter, Signature
from typing import Any, Final

from overlaycodec.schema.declaration import Declared
from overlaycodec.schema.fields import KINDS
from overlaycodec.schema.layout import ADDRESS_OCTETS, REQUIRED

__all__ = ["signature_of", "value_type_of"]

_TYPES: Final[dict[Any, Any]] = {kind: hint for hint, kind in KINDS.items()} | {"via": Any}
"""Of the values of each kind. Any: types and unions of types."""
_TAKEN: Final[dict[Any, Any]] = {kind: _TYPES[kind] | str for kind in ADDRESS_OCTETS}
"""Of what the constructor takes, where that is more."""


def _type_of(field: Declared, types: dict[Any, Any]) -> Any:  # Any: a type, or a union of types
    if field.kind == "items":
        found: Any = tuple[typing.Union[field.elements], ...]  # type: ignore[name-defined]  # noqa: UP007 - computed
    else:
        found = types.get(field.kind) or _TYPES[field.kind]
    return found | None if field.optional and field.kind != "via" else found


def value_type_of(field: Declared) -> Any:  # Any: a type, or a union of types
    """The type of the field's value when it is read."""
    return _type_of(field, _TYPES)


def signature_of(fields: Iterable[Declared]) -> Signature:
    """The signature of the constructor: the fields by keyword, those that must be given first."""
    parameters = [
        Parameter(
            field.name,
            Parameter.KEYWORD_ONLY,
            default=Parameter.empty if field.default is REQUIRED else field.default,
            annotation=_type_of(field, _TAKEN),
        )
        for field in fields
    ]
    parameters.sort(key=lambda parameter: parameter.default is not Parameter.empty)
    return Signature(parameters)
