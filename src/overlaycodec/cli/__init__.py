"""The command line.

Strategy: this module loads nothing, so that it can report a missing package in one sentence. What the commands show is
derived from the declarations, by a module for each form of it.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from overlaycodec.cli.standard_streams import OutputError, standard_streams

__all__ = ["main"]

_INTERRUPTED = 130
"""The status that a shell reports for a process that SIGINT ended."""
_NO_READER = 141
"""The status that a shell reports for a process that SIGPIPE ended."""

_EXTRAS = {"click": "cli", "rich": "cli", "numpy": "columns", "pyarrow": "arrow", "duckdb": "sql"}
"""The packages that commands load, and the extra that brings each."""


def main(args: Sequence[str] | None = None) -> int:
    """Run the command line with these arguments, or those of the process; gives the exit status."""
    with standard_streams():
        try:
            status = _run(args)
            sys.stdout.flush()
        except OutputError as error:
            if error.no_reader:
                return _NO_READER
            sys.stderr.write(f"overlaycodec: {error}\n")
            return error.status
        except BrokenPipeError:  # of a target such as /dev/stdout
            return _NO_READER
        except KeyboardInterrupt:
            return _INTERRUPTED
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
    return status


def _run(args: Sequence[str] | None) -> int:
    import click

    from overlaycodec.cli.commands import overlaycodec
    from overlaycodec.cli.messages import report_misuse

    try:
        return int(overlaycodec.main(args, prog_name="overlaycodec", standalone_mode=False) or 0)
    except click.ClickException as error:
        report_misuse(error)
        return error.exit_code
    except click.Abort:
        return _INTERRUPTED
