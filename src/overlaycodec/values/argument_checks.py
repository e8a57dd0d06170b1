"""Checks of what a caller gives to a function: each error names the argument, what it takes, and what it got.

Strategy: the arguments of functions are checked here; the values of fields are checked by the constructors of headers.
"""

from __future__ import annotations

from collections.abc import Iterable
from operator import index
from typing import Any

from overlaycodec.errors import number_text

__all__ = [
    "check_callable",
    "check_choice",
    "check_flag",
    "check_number",
    "check_several",
    "check_text",
    "check_type",
    "text_of",
]


def check_number(
    name: str, value: Any, least: int | None, most: int | None = None
) -> int:  # Any: it is what must be checked
    """The value as an int. Raises: TypeError for no int; ValueError for one that is not in `least`..`most`."""
    try:
        number = index(value)
    except TypeError:
        raise TypeError(f"{name} takes an int, not {type(value).__name__}") from None
    if isinstance(value, bool):
        raise TypeError(f"{name} takes an int, not bool")
    if (least is not None and number < least) or (most is not None and number > most):
        allowed = f"{least} or more" if most is None else f"in {least}..{most}"
        raise ValueError(f"{name} is {allowed}, not {number_text(number)}")
    return number


def check_flag(name: str, value: object) -> None:
    """Raises: TypeError for a value that is neither True nor False."""
    if not isinstance(value, bool):
        raise TypeError(f"{name} takes True or False, not {type(value).__name__}")


def check_text(name: str, value: object) -> None:
    """Raises: TypeError for a value that is no text."""
    if not isinstance(value, str):
        raise TypeError(f"{name} takes a str, not {type(value).__name__}")


def check_type(
    name: str, value: object, kind: type[Any] | tuple[type[Any], ...], what: str = "", hint: str = ""
) -> None:
    """Raises: TypeError for a value of another type; `what` names the right one, `hint` how to get it."""
    if not isinstance(value, kind):
        kinds = kind if isinstance(kind, tuple) else (kind,)
        wanted = what or " or ".join(f"a {cls.__name__}" for cls in kinds)
        raise TypeError(f"{name} takes {wanted}, not {type(value).__name__}" + (f": {hint}" if hint else ""))


def check_several(name: str, values: object, what: str) -> None:
    """Raises: TypeError for what is no series of values, and for text, which is one value."""
    if not isinstance(values, Iterable) or isinstance(values, str | bytes | bytearray | memoryview):
        raise TypeError(f"{name} takes {what}: give a list, not {type(values).__name__}")


def check_callable(name: str, value: object) -> None:
    """Raises: TypeError for what is neither a function nor None."""
    if value is not None and not callable(value):
        raise TypeError(f"{name} takes a function, not {type(value).__name__}")


def check_choice(name: str, value: object, choices: Iterable[str]) -> None:
    """Raises: ValueError for a value that is none of the choices."""
    if not isinstance(value, str) or value not in choices:
        raise ValueError(f"{name} is {', '.join(map(repr, choices))}, not {text_of(value)}")


def text_of(value: object) -> str:
    """A value in a message: text in quotes, a number, or else its type."""
    if isinstance(value, str):
        return repr(value)
    return number_text(value) if isinstance(value, int) else type(value).__name__
