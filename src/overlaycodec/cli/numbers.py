"""Numbers as people write them."""

from __future__ import annotations

import click

__all__ = ["number"]


def number(text: str | int) -> int:
    """A whole number, in decimal digits or with 0x before hexadecimal ones. Raises: click.BadParameter."""
    try:
        value = int(str(text), 0)
    except ValueError:
        value = -1
    if value < 0:
        raise click.BadParameter(f"{text!r} is no number such as 100 or 0x64")
    return value
