"""Patterns of paths that a comparison ignores."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from overlaycodec.codec.catalog import Catalog
from overlaycodec.comparison.known_parts import KnownParts
from overlaycodec.errors import PathError
from overlaycodec.packet.packet import Packet
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
        self._by_text = {pattern: _tokens(_ALSO.get(pattern, pattern)) for pattern in patterns}
        self._patterns = list(self._by_text.values())

    def __bool__(self) -> bool:
        return bool(self._patterns)

    def __contains__(self, path: str) -> bool:
        if not self._patterns:
            return False
        tokens = _tokens(path)
        return any(_within(pattern, tokens) for pattern in self._patterns)

    def check_known(self, catalog: Catalog, *packets: Packet) -> None:
        """Raises: PathError for a pattern that is in no path of these packets, nor of any packet of the catalog."""
        present = KnownParts.of_packets(packets)
        unknown = [text for text, pattern in self._by_text.items() if not present.has(pattern)]
        if not unknown:
            return  # most often: the catalog imports all its headers to tell
        known = KnownParts.of_catalog(catalog)
        for text in unknown:
            if not known.has(self._by_text[text]):
                near = present.near(self._by_text[text]) or known.near(self._by_text[text])
                raise PathError(f"path {text!r} to ignore", "the catalog", near)


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
