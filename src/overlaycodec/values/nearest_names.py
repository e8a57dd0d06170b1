"""What messages of errors say of names: the nearest to a wrong one, and those that are missing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, TypeVar

from overlaycodec.errors import PathError
from overlaycodec.values.argument_checks import text_of

__all__ = ["Named", "missing_arguments", "nearest", "suggestion", "suggestion_or_all"]

V = TypeVar("V")

_LONGEST: Final = 64
"""How much of a wrong name is compared with the names that there are."""


def nearest(name: object, known: Iterable[str]) -> tuple[str, ...]:
    """The nearest of the known names, at most three; none where none is near. Short for a name counts as near."""
    from difflib import get_close_matches  # seldom needed: a message of an error is

    text, names = str(name)[:_LONGEST], list(known)
    near = get_close_matches(text, names, 3)
    return tuple(near or [one for one in names if len(text) > 2 and one.startswith(text)][:3])


def suggestion(name: object, known: Iterable[str]) -> str:
    """The nearest of the known names, as the end of a message; empty where none is near."""
    near = nearest(name, known)
    return f": did you mean {near[0]!r}?" if near else ""


def suggestion_or_all(name: object, known: Sequence[str]) -> str:
    """The same; all known names where none is near."""
    return suggestion(name, known) or f": there are {', '.join(known)}"


def missing_arguments(function: str, missing: Sequence[str]) -> str:
    """What Python says of a call without these keywords."""
    *others, last = map(repr, missing)
    comma, plural = "," * (len(others) > 1), "s" * bool(others)
    listed = f"{', '.join(others)}{comma} and {last}" if others else last
    return f"{function}() missing {len(missing)} required keyword-only argument{plural}: {listed}"


class Named(dict[str, V]):
    """Values by name: the KeyError for an unknown name lists the known names, and suggests the nearest."""

    def __missing__(self, name: object) -> V:
        raise PathError(f"name {text_of(name)}", ", ".join(self), nearest(name, self))
