"""Expressions that several code generators write: a plan in, the text of a Python expression out.

Strategy: the encoder of one header and the encoder of a stack write the same octets, so what both derive from a plan
is here once. They differ in where a value is (`value` gives its expression) and in what they do where it cannot be
derived: the encoder of a header raises the error, the encoder of a stack returns None.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from overlaycodec.codec.struct_plan import Item
from overlaycodec.codegen import literal
from overlaycodec.schema.keys import KeySpace
from overlaycodec.schema.layout import Field, Layout
from overlaycodec.schema.plans import Coverage, NextHeader, Presence

__all__ = [
    "KeysIn",
    "derived_checksum",
    "keys_by_class",
    "lengths_by_class",
    "packed_value",
    "presence_text",
    "struct_arguments",
    "without_checksum",
]

KeysIn = Callable[[KeySpace], dict[type[Any], int]]  # Any: header classes
"""The first key of each class in a space."""


def presence_text(presence: Presence, prefix: str = "v_") -> str:
    """The expression that is true where the field is present; a field's local variable is its name after `prefix`."""
    if presence.values is None:
        return " or ".join(prefix + flag for flag in presence.fields)
    return f"{prefix}{presence.fields[0]} {'not in' if presence.negated else 'in'} {literal(tuple(presence.values))}"


# --- what `struct` packs ----------------------------------------------------------------------------------------------


def packed_value(field: Field, value: str) -> str:
    """The expression for what `struct` packs of a field's value: a number, or octets."""
    if field.kind == "ipv4":
        return f"int({value})"
    return f"{value}.packed" if field.kind in ("mac", "ipv6") else value


def struct_arguments(items: Iterable[Item], value: Callable[[Field], str]) -> list[str]:
    """The arguments of `struct` for these items; `value` gives the expression for what is packed of a field."""
    arguments = []
    for item in items:
        number = item.joined(value)
        arguments.append(f"({number}).to_bytes({item.octets}, {item.odd!r})" if item.odd else number)
    return arguments


# --- what is derived --------------------------------------------------------------------------------------------------


def keys_by_class(following: NextHeader, keys_in: KeysIn) -> Mapping[Any, int]:  # Any: header classes, and None
    """The value of the selector, by the class of the next header; None: no header follows."""
    if following.space is None:
        return {}
    keys = keys_in(following.space)
    # the table of the catalog itself, where that is enough: there are many encoders
    return keys if following.nothing is None else {None: following.nothing, **keys}


def lengths_by_class(following: NextHeader, keys_in: KeysIn) -> dict[type[Any], int]:
    """The classes in front of which the selector is a length."""
    return {} if following.lengths is None else keys_in(following.lengths.key.space)


def derived_checksum(coverage: Coverage, checksum: str) -> str:
    """The expression for the value of the field where `checksum` was computed: 0 may mean that there is none."""
    return f"{checksum} or 0xFFFF" if coverage.zero_absent else checksum


def without_checksum(network: Layout) -> bool:
    """Whether a network header allows that a checksum inside is absent: IPv4 does.

    Spec: RFC 768, RFC 8200 section 8.1.
    """
    dst = network.by_name.get("dst")
    return dst is not None and dst.kind == "ipv4"
