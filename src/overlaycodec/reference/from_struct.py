"""`construct.Struct` -> a header class, which has all that a declared one has."""

from __future__ import annotations

import sys
from typing import Any

import construct

from overlaycodec.errors import SchemaError
from overlaycodec.packet.header import Header, HeaderMeta
from overlaycodec.reference.struct_fields import StructFields
from overlaycodec.schema.keys import Key

__all__ = ["from_construct"]


def from_construct(
    name: str,
    struct: construct.Struct,
    *,
    keys: tuple[Key, ...] = (),
    carries: Key | None = None,
    tunnel: bool = False,
    closed: bool = False,
    spec: str = "",
    path: str | None = None,
) -> type[Any]:  # Any: the fields are known at run time alone
    """A header class of the members of a Struct; the other arguments are those of a declared class.

    Unsigned numbers, flags, `Bytes`, `Const`, `Padding`, `Default`, `Enum`, `GreedyBytes`, `If` and `Prefixed` become
    facts, and so do lengths such as `this.length * 4 - 8`. The members of a Struct or BitStruct within become fields
    of the header, by their own names. A field that no fact describes is a `ConstructField`. It is the last field, or
    has its length in a number before (`FixedSized`, `Prefixed`).

    Values differ in this: an `Enum` is its number, with display names; a `Const` of octets is a number; padding is
    kept as it is read (`reserved0` and so on). A length may be left out.

    Raises: SchemaError that names the member that cannot be a field of a header.
    """
    if not isinstance(struct, construct.Struct):
        raise SchemaError(name, None, f"is made of a construct.Struct, not of a {type(struct).__name__}")
    fields = StructFields(name)
    fields.read(struct)
    body = {
        "__module__": sys._getframe(1).f_globals.get("__name__", __name__),
        "__qualname__": name,
        "__annotations__": fields.annotations,
        "__doc__": struct.docs or None,
        **fields.defaults,
    }
    if not body["__doc__"]:
        del body["__doc__"]
    make: Any = HeaderMeta  # Any: it takes the options of the class
    made: type[Any] = make(  # Any: as the result
        name, (Header,), body, keys=keys, carries=carries, tunnel=tunnel, closed=closed, spec=spec, path=path
    )
    return made
