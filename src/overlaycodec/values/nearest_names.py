"""The names nearest to a wrong one, for messages of errors."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

__all__ = ["nearest", "suggestion"]

_LONGEST: Final = 64
"""How much of a wrong name is compared with the names that there are."""


def nearest(name: object, known: Iterable[str]) -> tuple[str, ...]:
    """The nearest of the known names, at most three; none where none is near. Short for a name counts as near."""
    text, names = str(name)[:_LONGEST], list(known)
    near = get_close_matches(text, names, 3)
    return tuple(near or [one for one in names if len(text) > 2 and one.startswith(text)][:3])


def suggestion(name: object, known: Iterable[str]) -> str:
    """The nearest of the known names, as the end of a message; empty where none is near."""
    near = nearest(name, known)
    return f": did you mean {near[0]!r}?" if near else ""
