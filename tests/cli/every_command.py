"""Every command of the parser, with arguments: a new command is in the tests of all of them.

As a program, `python -m tests.cli.every_command RESULTS JSON`, it runs commands one after another in its own process,
with the standard streams that it was started with.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

import click

from overlaycodec import cli
from overlaycodec.cli.commands import overlaycodec

__all__ = ["NEEDED", "WRITERS", "commands", "words_of"]

ARGUMENTS: Final = {
    "files": ["FILE"],
    "file": ["FILE"],
    "a": ["FILE"],
    "b": ["OTHER"],
    "target": ["TARGET"],
    "name": ["vxlan"],
    "headers": ["vxlan"],
    "shell": ["bash"],
    "table": ["100=8"],
    "query": ["select count(*) from packets"],
}
"""What each argument is called in the parser, and a value for it."""
NEEDED: Final = {"sql": "duckdb"}
"""What a command needs that not every environment has: it runs where tests/engines are."""
OPTIONS: Final = {"vid": "7", "vni": "1", "src": "10.0.0.1", "dst": "10.0.0.2"}
"""A value for each option that a command requires."""
MORE: Final = {
    "anonymise": ["--key-file", str(Path(__file__).with_name("anonymise-key.txt"))],
    "export": ["--format", "csv"],
    "fuzz": ["--format", "pcap", "--count", "9"],
}


def commands() -> dict[str, click.Command]:
    """All commands, by their names."""
    return dict(_leaves(overlaycodec, "", click.Context(overlaycodec)))


def _leaves(group: click.Group, prefix: str, context: click.Context) -> Iterator[tuple[str, click.Command]]:
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from _leaves(command, f"{prefix}{name} ", context)
        else:
            yield prefix + name, command


def words_of(name: str, command: click.Command) -> list[str]:
    """Arguments; FILE, OTHER and TARGET are files. Raises: KeyError for parameters that have no value here."""
    words = [*name.split(), *MORE.get(name, [])]
    for parameter in command.params:
        if isinstance(parameter, click.Option) and parameter.required:
            assert parameter.name is not None
            words += [parameter.opts[-1], OPTIONS[parameter.name]]
    for parameter in command.params:
        if isinstance(parameter, click.Argument):
            assert parameter.name is not None
            words += ARGUMENTS[parameter.name]
    return words


WRITERS: Final = [name for name, command in commands().items() if any(p.name == "target" for p in command.params)]
"""The commands that write a file."""


def main(results: str, runs: str) -> None:
    found: list[int | str] = []
    for texts in json.loads(runs):
        words = [os.fsdecode(text.encode(errors="surrogateescape")) for text in texts]  # as the shell gives them
        with suppress(OSError):
            os.write(2, b"\0")
        try:
            found.append(cli.main(words))
        except BaseException:
            found.append(traceback.format_exc())
    Path(results).write_text(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
