"""Styled terminal output: lines of spans, with colours on a terminal and without elsewhere.

Strategy: what is shown is made of spans that name a role, not a colour. In a pipe a line is a line, however long; on a
terminal, a line that does not fit is broken between its parts.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, Literal, TextIO, TypeAlias

import msgspec

from overlaycodec.display.spans import ASCII, Part, Role, Span, joined, text_of_line

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["ColorChoice", "Output", "output_for"]

ColorChoice: TypeAlias = Literal["auto", "always", "never"]
STYLES: Final[dict[Role, str]] = {
    "plain": "",
    "faint": "dim",
    "address": "bold",
    "inner": "bold green",
    "tunnel": "bold magenta",
    "tag": "yellow",
    "protocol": "cyan",
    "header": "bold",
    "value": "",
    "note": "cyan",
    "good": "green",
    "warn": "yellow",
    "bad": "bold red",
}
_HANG: Final = 2


class Output:
    """An output without colours and without a width."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._ascii = not _shows(stream)

    def write(self, *spans: Span) -> None:
        """One line."""
        text = text_of_line(spans)
        if self._ascii:
            text = text.translate(ASCII)
        self._stream.write(text + "\n")

    def write_text(self, text: str) -> None:
        """Text of several lines."""
        self._stream.write(text.translate(ASCII) if self._ascii else text)

    def flow(self, parts: Sequence[Part], indent: int) -> None:
        """One line of parts; what does not fit on a terminal is continued with an indent."""
        self.write(*joined(parts))

    def flush(self) -> None:
        """Flush what was written."""
        self._stream.flush()


class ColorOutput(Output):
    """A terminal."""

    def __init__(self, stream: TextIO, console: Console) -> None:
        super().__init__(stream)
        self._console = console
        self._has_edge = stream.isatty()

    def write(self, *spans: Span) -> None:
        """One line."""
        from rich.text import Text

        line = Text.assemble(*((span.text, STYLES[span.role]) for span in spans))
        if self._ascii:
            line.plain = line.plain.translate(ASCII)
        self._console.print(line, soft_wrap=True, highlight=False)

    def flow(self, parts: Sequence[Part], indent: int) -> None:
        """See `Output.flow`."""
        from rich.cells import cell_len

        width = self._console.width
        sizes = [cell_len(part.text) for part in parts]
        fits = not self._has_edge or sum(part.gap for part in parts) - parts[0].gap + sum(sizes) <= width
        line: list[Part] = []
        used = -parts[0].gap  # the first one has no gap
        for part, size in zip(parts, sizes, strict=True):
            if line and not fits and (part.fresh or used + part.gap + size > width):
                self.write(*joined(line))
                used = indent if part.fresh else indent + _HANG
                line = [Part((Span(" " * used),))]
                line.append(msgspec.structs.replace(part, gap=0))
                used += size
            else:
                line.append(part)
                used += part.gap + size
        self.write(*joined(line))


def _shows(stream: TextIO) -> bool:
    """Whether the encoding of the stream has the few characters that are not ASCII."""
    try:
        "".join(map(chr, ASCII)).encode(stream.encoding or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def output_for(color: ColorChoice, stream: TextIO | None = None) -> Output:
    """The stream, or else the standard output: with colours on a terminal, unless NO_COLOR is set.

    `color` asks for colours everywhere, or nowhere. Where Rich is not installed, there are
    none; asked for everywhere, that is a ModuleNotFoundError.
    """
    written = sys.stdout if stream is None else stream
    if color == "never" or (color == "auto" and not written.isatty()):
        return Output(written)
    try:
        from rich.console import Console
    except ModuleNotFoundError:
        if color == "always":
            raise
        return Output(written)

    # Rich itself honours NO_COLOR and TERM.
    forced = True if color == "always" else None
    console = Console(file=written, force_terminal=forced, no_color=False if color == "always" else None)
    return ColorOutput(written, console)
