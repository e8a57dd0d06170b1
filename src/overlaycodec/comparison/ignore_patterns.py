"""Patterns of paths that a comparison ignores."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from overlaycodec.packet.paths import Token, tokens_of
from overlaycodec.values.argument_checks import check_several

__all__ = ["Ignored"]

_ALSO: Final = {"time": "time_ns"}


class Ignored:
    """Patterns: consecutive parts of a path; a part without an index matches any index.

    Raises: ValueError for a pattern that is no part of a path.
    """

    def __init__(self, patterns: Iterable[str] = ()) -> None:
        check_several("ignore", patterns, "several paths")
        self._patterns = [_tokens(_ALSO.get(pattern, pattern)) for pattern in patterns]

    def __bool__(self) -> bool:
        return bool(self._patterns)

    def __contains__(self, path: str) -> bool:
        if not self._patterns:
            return False
        tokens = _tokens(path)
        return any(_within(pattern, tokens) for pattern in self._patterns)


def _tokens(path: str) -> tuple[Token, ...]:
    tokens = tokens_of(path)
    if tokens is None or path == "outer":
        raise ValueError(f"{path!r} is no path, and no part of one")
    return tokens


def _within(pattern: tuple[Token, ...], tokens: tuple[Token, ...]) -> bool:
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
