"""Expressions that several code generators write: a plan in, the text of a Python expression out.

Strategy: the encoder of one header and the encoder of a stack write the same octets, so what both derive from a plan
is here once. They differ in where a value is (`value` gives its expression) and in what they do where it cannot be
derived: the encoder of a header raises the error, the encoder of a stack returns None.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, Protocol

from overlaycodec.codec.struct_plan import Item
from overlaycodec.codegen import literal
from overlaycodec.packet.late_header import LateBinding, LateHeader, is_class
from overlaycodec.schema.keys import KeySpace, MinOctets
from overlaycodec.schema.layout import Field, Layout
from overlaycodec.schema.plans import Coverage, NextHeader, Presence
from overlaycodec.values.by_class import ByClass

__all__ = [
    "LENGTH",
    "Keys",
    "NoKeys",
    "derived_checksum",
    "packed_value",
    "presence_text",
    "selector_values",
    "struct_arguments",
    "unreadable_next",
    "without_checksum",
]


LENGTH: Final = -1
"""In place of a key: the selector is a length, of what follows."""


class Keys(Protocol):
    """What an encoder has to know of the keys of a catalog."""

    def keys_by_class(self, space: KeySpace, /) -> ByClass:
        """The first value of the space for each header; None where it has none."""
        ...

    def flags_asked(self, space: KeySpace, /) -> frozenset[str]:
        """The flags of the header before that some key of the space asks for."""
        ...

    def late_candidates(self, space: KeySpace, value: int | None, /) -> tuple[LateBinding, ...]:
        """What can be found at a value, in the order in which it is asked."""
        ...


class NoKeys:
    """The keys of an element, which no catalog finds."""

    def keys_by_class(self, space: KeySpace, /) -> ByClass:
        """None for each header."""
        return ByClass(lambda cls: None)

    def flags_asked(self, space: KeySpace, /) -> frozenset[str]:
        """No flags."""
        return frozenset()

    def late_candidates(self, space: KeySpace, value: int | None, /) -> tuple[LateBinding, ...]:
        """Nothing."""
        return ()


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


def selector_values(following: NextHeader, keys: Keys) -> ByClass:
    """The value of the selector, by the class of the next header; None: no header follows. See `LENGTH`."""
    if following.space is None:
        return ByClass(lambda cls: None)
    by_class, nothing, lengths = keys.keys_by_class(following.space), following.nothing, following.lengths
    if following.selector is not None and (most := following.selector.maximum) < (1 << following.space.bits) - 1:
        table = by_class  # a field with fewer bits than its key space has no room for some keys
        by_class = ByClass(lambda cls: None if table[cls] is not None and table[cls] > most else table[cls])
    if lengths is not None:
        lengthy = keys.keys_by_class(lengths.key.space)
        return ByClass(lambda cls: by_class[cls] if lengthy[cls] is None else LENGTH)
    # the table of the catalog itself, where that is enough: there are many encoders
    return by_class if nothing is None else ByClass(lambda cls: nothing if cls is None else by_class[cls])


def unreadable_next(following: NextHeader, keys: Keys) -> ByClass | None:
    """What a decoder would read in place of the next header, by its class; None: that header.

    None in place of the table where no field or octet leaves it to the class alone what follows.
    """
    carried = following.carried
    if following.selector is not None or following.closed or carried is None:
        return None
    found = keys.late_candidates(carried.space, carried.value)
    always = [header for key, header in found if all(isinstance(asked, MinOctets) for asked in key.conditions)]
    if not always:
        return None
    name = always[0].name if isinstance(always[0], LateHeader) else always[0].__name__
    return ByClass(lambda cls: None if cls is None or any(is_class(other, cls) for _, other in found) else name)


def derived_checksum(coverage: Coverage, checksum: str) -> str:
    """The expression for the value of the field where `checksum` was computed: 0 may mean that there is none."""
    return f"{checksum} or 0xFFFF" if coverage.zero_absent else checksum


def without_checksum(network: Layout) -> bool:
    """Whether a network header allows that a checksum inside is absent: IPv4 does.

    Spec: RFC 768, RFC 8200 section 8.1.
    """
    dst = network.by_name.get("dst")
    return dst is not None and dst.kind == "ipv4"
