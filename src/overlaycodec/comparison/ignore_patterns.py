"""Paths that a comparison passes by."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

__all__ = ["Ignored"]

_TOKEN: Final = re.compile(r"([a-z_][a-z0-9_]*)(\[\d+\])?")
_ALSO: Final = {"time": "time_ns"}


class Ignored:
    """Patterns: parts of a path that stand one after another in it; one without a number is of any number.

    Raises: ValueError for what is no part of a path.
    """

    def __init__(self, patterns: Iterable[str] = ()) -> None:
        if isinstance(patterns, str):
            raise TypeError("ignore takes several paths: give a list")
        self._patterns = [_tokens(_ALSO.get(pattern, pattern)) for pattern in patterns]

    def __bool__(self) -> bool:
        return bool(self._patterns)

    def __contains__(self, path: str) -> bool:
        if not self._patterns:
            return False
        tokens = _tokens(path)
        return any(_within(pattern, tokens) for pattern in self._patterns)


def _tokens(path: str) -> list[tuple[str, str | None]]:
    matches = [_TOKEN.fullmatch(part) for part in path.split(".")]
    if not all(matches) or path == "outer":
        raise ValueError(f"{path!r} is no path, and no part of one")
    return [(match[1], match[2]) for match in matches if match]


def _within(pattern: list[tuple[str, str | None]], tokens: list[tuple[str, str | None]]) -> bool:
    starts = range(len(tokens))
    if pattern[0][0] == "outer":
        pattern, starts = pattern[1:], range(1)
    return any(
        len(tokens) - start >= len(pattern)
        and all(
            name == other and number in (None, index)
            for (name, number), (other, index) in zip(pattern, tokens[start:], strict=False)
        )
        for start in starts
    )
