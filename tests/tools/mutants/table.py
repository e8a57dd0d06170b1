"""The table of docs/maintaining/mutants.md: survivors that are left, each with its reason."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from tests.tools.mutants.changes import Key, in_one_line
from tests.tools.mutants.runs import ROOT

TABLE: Final = ROOT / "docs" / "maintaining" / "mutants.md"
_CELL: Final = re.compile(r"(?<!\\)\|")


def explained(text: str) -> set[Key]:
    """The mutants that a page explains: its rows of a function, the change as code before and after, and a reason."""
    return set(_rows(text))


def _rows(text: str) -> Iterator[Key]:
    for line in text.splitlines():
        cells = [cell.strip() for cell in _CELL.split(line.strip().strip("|"))]
        if len(cells) == 4 and cells[0].startswith("`"):
            yield Key(
                *(in_one_line(cell.removeprefix("`").removesuffix("`").replace("\\|", "|")) for cell in cells[:3])
            )


def _code(cell: str) -> str:
    return cell.removeprefix("`").removesuffix("`").replace("\\|", "|")


def row(key: Key, reason: str = "") -> str:
    """A row of the table."""
    cells = [f"`{part.replace('|', chr(92) + '|')}`" for part in key]
    return f"| {' | '.join([*cells, reason])} |"


def outdated(known: Iterable[Key], mutants: Iterable[Key]) -> list[Key]:
    """Explanations of mutants that no longer exist."""
    return sorted(set(known) - set(mutants))
