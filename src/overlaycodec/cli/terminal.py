"""Lines of styled pieces, and the paper they are written on: a terminal with colours, or anything else without.

Strategy: what is shown is made of pieces that name a role, not a colour. In a pipe a line is a line, however long; on a
terminal one that does not fit continues under itself, broken where its author said that it may be.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, Literal, TextIO, TypeAlias

import msgspec

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["ColorChoice", "Paper", "Part", "Piece", "Role", "paper_for"]

ColorChoice: TypeAlias = Literal["auto", "always", "never"]
Role: TypeAlias = Literal[
    "plain", "faint", "address", "inner", "tunnel", "tag", "protocol", "header", "value", "note", "good", "warn", "bad"
]

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
_ASCII: Final = str.maketrans({"→": ">", "│": "|", "✗": "x", "·": ".", "…": "~", "─": "-"})


_HANG: Final = 2


class Piece(msgspec.Struct, frozen=True, gc=False):
    """Some text, and what it is."""

    text: str
    role: Role = "plain"


class Part(msgspec.Struct, frozen=True):
    """Pieces that stay together on a line, `gap` blanks behind the part before.

    `fresh`: where the whole does not fit on one line of a terminal, this part begins another.
    """

    pieces: tuple[Piece, ...]
    gap: int = 2
    fresh: bool = False

    @property
    def text(self) -> str:
        """The text alone."""
        return "".join(piece.text for piece in self.pieces)


class Paper:
    """What has no colours, and no width."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._plain_letters = not _shows(stream)

    def write(self, *pieces: Piece) -> None:
        """One line."""
        text = "".join(piece.text for piece in pieces).rstrip(" ")
        if self._plain_letters:
            text = text.translate(_ASCII)
        self._stream.write(text + "\n")

    def flow(self, parts: Sequence[Part], indent: int) -> None:
        """One line of parts; what does not fit on a terminal goes on `indent` blanks from its edge."""
        self.write(*_joined(parts))

    def flush(self) -> None:
        """Give out what was written."""
        self._stream.flush()


class ColorPaper(Paper):
    """A terminal."""

    def __init__(self, stream: TextIO, console: Console) -> None:
        super().__init__(stream)
        self._console = console
        self._has_edge = stream.isatty()

    def write(self, *pieces: Piece) -> None:
        """One line."""
        from rich.text import Text

        line = Text.assemble(*((piece.text, STYLES[piece.role]) for piece in pieces))
        if self._plain_letters:
            line.plain = line.plain.translate(_ASCII)
        self._console.print(line, soft_wrap=True, highlight=False)

    def flow(self, parts: Sequence[Part], indent: int) -> None:
        """See `Paper.flow`."""
        from rich.cells import cell_len

        width = self._console.width
        sizes = [cell_len(part.text) for part in parts]
        fits = not self._has_edge or sum(part.gap for part in parts) - parts[0].gap + sum(sizes) <= width
        line: list[Part] = []
        used = -parts[0].gap  # the first stands at the edge
        for part, size in zip(parts, sizes, strict=True):
            if line and not fits and (part.fresh or used + part.gap + size > width):
                self.write(*_joined(line))
                used = indent if part.fresh else indent + _HANG
                line = [Part((Piece(" " * used),))]
                line.append(msgspec.structs.replace(part, gap=0))
                used += size
            else:
                line.append(part)
                used += part.gap + size
        self.write(*_joined(line))


def _joined(parts: Sequence[Part]) -> list[Piece]:
    pieces: list[Piece] = []
    for part in parts:
        if pieces and part.gap:
            pieces.append(Piece(" " * part.gap))
        pieces += part.pieces
    return pieces


def _shows(stream: TextIO) -> bool:
    """Whether the stream has the few letters that are not ASCII."""
    try:
        "".join(map(chr, _ASCII)).encode(stream.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def paper_for(color: ColorChoice) -> Paper:
    """The standard output: with colours on a terminal, unless NO_COLOR is set or another choice was made."""
    if color == "never" or (color == "auto" and not sys.stdout.isatty()):
        return Paper(sys.stdout)
    from rich.console import Console

    # Rich itself minds NO_COLOR and TERM.
    forced = True if color == "always" else None
    console = Console(file=sys.stdout, force_terminal=forced, no_color=False if color == "always" else None)
    return ColorPaper(sys.stdout, console)
