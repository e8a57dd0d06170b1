"""The parts of a filter: values that compare, hash and print as text.

Strategy: parts are plain data: paths are text, values are those of Python. Their text is canonical: it has parentheses
only where they are needed, and the parser makes an equal part of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address
from typing import Final, Literal, TypeAlias

import msgspec

from overlaycodec.values import MACAddress

__all__ = [
    "MOST_NESTED",
    "And",
    "Compare",
    "Expression",
    "In",
    "Item",
    "Not",
    "Operator",
    "Or",
    "Prefix",
    "Present",
    "Range",
    "Value",
    "all_of",
    "any_of",
    "inverse_of",
    "leaves_of",
    "nesting_of",
    "quoted",
]

Operator: TypeAlias = Literal["==", "!=", "<", "<=", ">", ">="]
Value: TypeAlias = bool | int | str | bytes | MACAddress | IPv4Address | IPv6Address
"""What a field is compared with; text is a word of a fault or of a status, or a name or a comment of the capture."""

_WORD: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
"""Text that needs no quotes."""

MOST_NESTED = 64
"""How many expressions can be within each other."""


class Range(msgspec.Struct, frozen=True):
    """Values from `low` to `high`, both included."""

    low: Value
    high: Value

    def __str__(self) -> str:
        return f"{_text_of(self.low)}..{_text_of(self.high)}"


class Prefix(msgspec.Struct, frozen=True):
    """Addresses whose first `length` bits are those of `address`."""

    address: MACAddress | IPv4Address | IPv6Address
    length: int

    def __str__(self) -> str:
        return f"{self.address}/{self.length}"


Item: TypeAlias = Value | Range | Prefix


class Present(msgspec.Struct, frozen=True):
    """The packet has the header or the field."""

    path: str

    def __str__(self) -> str:
        return self.path


class Compare(msgspec.Struct, frozen=True):
    """The field is there, and compares so with the value."""

    path: str
    operator: Operator
    value: Value

    def __str__(self) -> str:
        if self.value is True and self.operator == "==":
            return self.path
        return f"{self.path} {self.operator} {_text_of(self.value)}"


class In(msgspec.Struct, frozen=True):
    """The field is there, and has one of the values."""

    path: str
    items: tuple[Item, ...]

    def __str__(self) -> str:
        texts = [str(item) if isinstance(item, Range | Prefix) else _text_of(item) for item in self.items]
        if len(self.items) == 1 and isinstance(self.items[0], Range | Prefix):
            return f"{self.path} in {texts[0]}"
        return f"{self.path} in {{{', '.join(texts)}}}"


class Not(msgspec.Struct, frozen=True):
    """The expression does not hold."""

    term: Expression

    def __str__(self) -> str:
        return f"not ({self.term})" if isinstance(self.term, And | Or) else f"not {self.term}"


class And(msgspec.Struct, frozen=True):
    """All expressions hold."""

    terms: tuple[Expression, ...]

    def __str__(self) -> str:
        return " and ".join(f"({term})" if isinstance(term, Or) else str(term) for term in self.terms)


class Or(msgspec.Struct, frozen=True):
    """At least one of the expressions holds."""

    terms: tuple[Expression, ...]

    def __str__(self) -> str:
        return " or ".join(map(str, self.terms))


Expression: TypeAlias = Present | Compare | In | Not | And | Or
Leaf: TypeAlias = Present | Compare | In


def all_of(terms: tuple[Expression, ...]) -> Expression:
    """The expression that holds where all of these do; a conjunction in it is taken apart."""
    flat = tuple(part for term in terms for part in (term.terms if isinstance(term, And) else (term,)))
    return flat[0] if len(flat) == 1 else And(flat)


def any_of(terms: tuple[Expression, ...]) -> Expression:
    """The expression that holds where one of these does; a disjunction in it is taken apart."""
    flat = tuple(part for term in terms for part in (term.terms if isinstance(term, Or) else (term,)))
    return flat[0] if len(flat) == 1 else Or(flat)


def inverse_of(term: Expression) -> Expression:
    """The expression that holds where this one does not."""
    return term.term if isinstance(term, Not) else Not(term)


def leaves_of(expression: Expression) -> Iterator[Leaf]:
    """The parts that ask packets, in their order."""
    if isinstance(expression, Not):
        yield from leaves_of(expression.term)
    elif isinstance(expression, And | Or):
        for term in expression.terms:
            yield from leaves_of(term)
    else:
        yield expression


def nesting_of(expression: Expression) -> int:
    """How many expressions are within each other."""
    if isinstance(expression, Not):
        return 1 + nesting_of(expression.term)
    if isinstance(expression, And | Or):
        return 1 + max(map(nesting_of, expression.terms))
    return 0


def quoted(text: str, quote: str) -> str:
    """Text in quotes, as the parser and Wireshark read it."""
    escaped = text.replace("\\", "\\\\").replace(quote, f"\\{quote}").replace("\n", "\\n")
    return f"{quote}{escaped}{quote}"


def _text_of(value: Value) -> str:
    """A value, as the parser reads it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes):
        return f"0x{value.hex()}"
    if isinstance(value, str) and _WORD.fullmatch(value) is None:
        return quoted(value, "'")
    return str(value)
