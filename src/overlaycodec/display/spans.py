"""Text with roles: what is shown names a role, such as "address" or "bad", never a colour.

Strategy: whoever writes the spans chooses how a role looks: a terminal by colours, a page by classes of its style
sheet, a file not at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, TypeAlias

import msgspec

__all__ = ["ASCII", "Line", "Part", "Role", "Span", "joined", "text_of_line"]

Role: TypeAlias = Literal[
    "plain", "faint", "address", "inner", "tunnel", "tag", "protocol", "header", "value", "note", "good", "warn", "bad"
]
ASCII: Final = str.maketrans({"→": ">", "│": "|", "✗": "x", "·": ".", "…": "~", "─": "-"})
"""What stands for the few characters that are not ASCII where they cannot be written."""


class Span(msgspec.Struct, frozen=True, gc=False):
    """Some text, and its role."""

    text: str
    role: Role = "plain"


Line: TypeAlias = tuple[Span, ...]


class Part(msgspec.Struct, frozen=True):
    """Spans that stay together on a line, `gap` blanks after the previous part.

    `fresh`: where the line does not fit on a terminal, this part begins another one.
    """

    spans: Line
    gap: int = 2
    fresh: bool = False

    @property
    def text(self) -> str:
        """The text alone."""
        return "".join(span.text for span in self.spans)


def text_of_line(spans: Sequence[Span]) -> str:
    """The text of a line, without blanks at its end."""
    return "".join(span.text for span in spans).rstrip(" ")


def joined(parts: Sequence[Part]) -> Line:
    """The parts as one line."""
    spans: list[Span] = []
    for part in parts:
        if spans and part.gap:
            spans.append(Span(" " * part.gap))
        spans += part.spans
    return tuple(spans)
