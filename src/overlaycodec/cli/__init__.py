"""The command line.

Strategy: this module loads nothing, so that it can report a missing package in one sentence. What the commands show is
derived from the declarations, by a module for each form of it.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

__all__ = ["main"]

_INTERRUPTED = 130
"""The status that a shell reports for a process that SIGINT ended."""

_EXTRAS = {"click": "cli", "rich": "cli", "numpy": "columns", "pyarrow": "arrow"}
"""The packages that commands load, and the extra that brings each."""


def main(args: Sequence[str] | None = None) -> int:
    """Run the command line with these arguments, or those of the process; gives the exit status."""
    try:
        return _run(args)
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package not in _EXTRAS:
            raise
        what = "the command line" if _EXTRAS[package] == "cli" else "this command"
        sys.stderr.write(
            f"overlaycodec: {what} needs the package {package!r}: "
            f"install it with `pip install 'overlaycodec[{_EXTRAS[package]}]'`\n"
        )
        return 2


def _run(args: Sequence[str] | None) -> int:
    import click

    from overlaycodec.cli.commands import overlaycodec
    from overlaycodec.cli.ending import without_reader

    try:
        status = overlaycodec.main(args, prog_name="overlaycodec", standalone_mode=False)
        sys.stdout.flush()
        return int(status or 0)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return _INTERRUPTED
    except BrokenPipeError:
        return without_reader()
