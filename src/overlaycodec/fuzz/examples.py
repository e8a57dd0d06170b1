"""Headers and options that a seed packet does not have, made from their declarations."""

from __future__ import annotations

from typing import Any, Final

from overlaycodec.errors import EncodeError
from overlaycodec.schema.layout import REQUIRED, Field

__all__ = ["example", "plain_value"]

_ADDRESSES: Final = {"mac": "00:00:00:00:00:00", "ipv4": "0.0.0.0", "ipv6": "::"}


def example(cls: type[Any], elements: int = 0, **values: Any) -> Any:  # Any: a header or an element, a field's own type
    """A record of this class: 1 in each number that has no default, and nothing or 0 in what has another type.

    Its lists have so many `elements`, of the class for any kind. Raises: EncodeError for a class that a construct
    object without a default reads.
    """
    for field in cls.__layout__.fields:
        if field.name in values:
            continue
        if field.kind == "items" and elements:
            values[field.name] = (example(field.element),) * elements
        elif field.default is REQUIRED:
            if field.construct is not None:
                raise EncodeError(f"{cls.__layout__.name}.{field.name}", None, "has no default")
            values[field.name] = plain_value(field)
    return cls(**values)


def plain_value(field: Field) -> Any:  # Any: a field's own type
    """1 as a number, a constant as itself, no elements, 0 in all octets and addresses."""
    if field.kind in ("int", "bool"):
        return int(field.kind == "int") if field.const is None else field.const
    if field.kind in _ADDRESSES:
        return _ADDRESSES[field.kind]
    return () if field.kind == "items" else bytes(field.width // 8)
