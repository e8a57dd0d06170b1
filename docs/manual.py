"""The manual page of the command line, made from the commands and their options: `make generate` writes it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import click

from overlaycodec.cli.commands import overlaycodec
from overlaycodec.cli.help_text import STATUSES, examples_of

HEAD = r""".\" Written by `make generate` from the commands.
.TH OVERLAYCODEC 1 "" overlaycodec "User commands"
.SH NAME
overlaycodec \- show, check and rewrite captures of overlay networks
.SH SYNOPSIS
.B overlaycodec
.I command
[\fIoption\fR]... [\fIargument\fR]...
"""


def roff(text: str) -> str:
    """The text with nothing in it that roff takes for its own."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-").replace("^", "\\(ha").replace("~", "\\(ti")
    escaped = re.sub(r"[^\x00-\x7f]", lambda match: f"\\[u{ord(match[0]):04X}]", escaped)
    return re.sub(r"(?m)^(?=[.'])", "\\\\&", escaped.replace("'", "\\(aq").replace("`", "\\(ga"))


def commands(group: click.Group, context: click.Context, prefix: str) -> Iterator[tuple[str, click.Command]]:
    """Every command and group, by its full name."""
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield f"{prefix} {name}", command
        if isinstance(command, click.Group):
            yield from commands(command, context, f"{prefix} {name}")


def placeholder(parameter: click.Parameter) -> str:
    """What stands for the value of a parameter."""
    if parameter.metavar:
        return parameter.metavar
    if isinstance(parameter.type, click.Choice):
        return "|".join(map(str, parameter.type.choices))
    if isinstance(parameter, click.Argument):
        return str(parameter.name).upper()
    return "N" if parameter.type.name in ("integer range", "number") else parameter.type.name.upper()


def paragraphs(text: str) -> Iterator[str]:
    """Paragraphs, those that click does not fill with their lines as they are."""
    for number, paragraph in enumerate(text.split("\n\n")):
        if number:
            yield ".PP"
        if paragraph.startswith("\b\n"):
            yield from (".nf", roff(paragraph.removeprefix("\b\n")), ".fi")
        else:
            yield roff(" ".join(paragraph.split()))


def option(parameter: click.Option) -> Iterator[str]:
    """An option: its names, what it takes, what it does."""
    names = ", ".join(f"\\fB{roff(name)}\\fR" for name in parameter.opts)
    yield ".TP"
    yield names if parameter.is_flag else f"{names} \\fI{roff(placeholder(parameter))}\\fR"
    notes = ["required"] * parameter.required
    if parameter.show_default:
        shown = parameter.show_default if isinstance(parameter.show_default, str) else parameter.default
        notes.append(f"default: {shown}")
    note = f" [{'; '.join(notes)}]" if notes else ""
    yield roff((parameter.help or "").strip() + note).strip() or "\\&"


def section(name: str, command: click.Command) -> Iterator[str]:
    """A command: how it is called, what it does, its options and examples."""
    arguments = [placeholder(each) for each in command.params if isinstance(each, click.Argument)]
    if isinstance(command, click.Group):
        arguments = ["COMMAND"]
    yield f".SS {roff(name)}"
    yield f"\\fB{roff(name)}\\fR [\\fIoption\\fR]... {roff(' '.join(arguments))}"
    yield ".PP"
    yield from paragraphs(command.help or "")
    yield from (line for each in command.params if isinstance(each, click.Option) for line in option(each))
    if lines := examples_of(command):
        yield from (".PP", "Examples:", ".PP", ".RS 4", ".nf", *map(roff, lines), ".fi", ".RE")


def manual() -> str:
    """The manual page."""
    context = click.Context(overlaycodec, info_name="overlaycodec")
    lines = [".SH DESCRIPTION", *paragraphs((overlaycodec.help or "").split("\n\n")[0]), ".SH COMMANDS"]
    for name, command in commands(overlaycodec, context, "overlaycodec"):
        lines += section(name, command)
    lines += [".SH EXIT STATUS"]
    for status, text in STATUSES.items():
        lines += [".TP", f".B {status}", roff(text.replace("`", ""))]
    return HEAD + "\n".join(lines) + "\n"
