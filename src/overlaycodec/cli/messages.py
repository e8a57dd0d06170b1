"""The messages on the standard error: one line each, which begins with the name of the program."""

from __future__ import annotations

import sys

import click

from overlaycodec.cli.packet_json import json_line
from overlaycodec.describe.plain import Plain, printable

__all__ = ["complain", "message_of", "reason_of", "report", "report_misuse", "say"]


def say(text: str) -> None:
    """Writes a message after what the standard output has, even where that takes no more."""
    try:
        sys.stdout.flush()
    finally:
        sys.stderr.write(f"overlaycodec: {printable(text)}\n")


def reason_of(trouble: object) -> str:
    """What is wrong; of an error of the operating system, its own text."""
    return str((isinstance(trouble, OSError) and trouble.strerror) or trouble)


def message_of(file: str, trouble: object) -> str:
    """The message for a file with an error; an error of the operating system can name another file."""
    name = getattr(trouble, "filename", None) or file
    return f"{printable(str(name))}: {reason_of(trouble)}"


def complain(file: str, trouble: object) -> None:
    """Writes what is wrong with a file."""
    say(message_of(file, trouble))


def report(text: str, document: dict[str, Plain], target: str, *, json: bool) -> None:
    """Writes what a command did: a sentence, or a JSON object to the standard output, unless that is the target."""
    sys.stdout.flush()  # what the output does not take is reported instead
    if not json:
        say(text)
    else:
        (sys.stderr if target == "-" else sys.stdout).write(json_line(document) + "\n")


def report_misuse(error: click.ClickException) -> None:
    """Writes what is wrong with the arguments, and where they are explained; without arguments, the explanation."""
    context = error.ctx if isinstance(error, click.UsageError) else None
    reason = " ".join(error.format_message().splitlines()).removesuffix(".")
    if isinstance(error, getattr(click.exceptions, "NoArgsIsHelpError", ())):
        error.show()
    elif context is None:
        say(reason)
    elif reason.endswith("?"):
        say(f"{reason} See {context.command_path} --help")
    else:
        say(f"{reason}; see {context.command_path} --help")
