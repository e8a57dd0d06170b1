"""What the help of each command ends with."""

from __future__ import annotations

import inspect
from typing import Final

import click

__all__ = ["STATUSES", "examples", "examples_of"]

STATUSES: Final = {
    0: "The command is complete; `diff`: nothing differs.",
    1: "A file is damaged or cannot be read or written, or `--verify` failed; the packets before the damage are "
    "processed. `diff`: something differs.",
    2: "The arguments are wrong, or a package is missing. `diff` also: a file is damaged or cannot be read or written.",
    130: "An interrupt (control-C) ended the command.",
    141: "The reader of the standard output closed it, as `head` does.",
}
"""The exit statuses of all commands. A signal has the status that a shell gives it: 128 and its number."""

_HEAD: Final = "Examples:"
_UNFILLED: Final = "\b\n"
"""What keeps click from filling a paragraph."""


def examples(*lines: str, note: str = "") -> str:
    """The epilog of a command: command lines that work as they are, and a note after them.

    Each is one command for a shell; a line of it that ends with a backslash goes on in the next one.
    """
    shown = "".join(f"\n  {line}" for text in lines for line in text.split("\n"))
    return f"{_UNFILLED}{_HEAD}{shown}" + (f"\n\n{note}" if note else "")


def examples_of(command: click.Command) -> list[str]:
    """The command lines in the epilog of a command."""
    paragraph = inspect.cleandoc(command.epilog or "").partition("\n\n")[0].removeprefix(_UNFILLED)
    head, *lines = paragraph.split("\n")
    if head != _HEAD:
        return []
    found: list[str] = []
    for line in lines:
        if found and found[-1].endswith("\\"):
            found[-1] += "\n" + line
        else:
            found.append(line.strip())
    return found
