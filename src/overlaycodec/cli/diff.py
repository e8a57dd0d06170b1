"""`overlaycodec diff`: what differs between two captures."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from overlaycodec.capture import Capture, Record
from overlaycodec.cli.help_text import examples
from overlaycodec.cli.inputs import capture_of, check_target
from overlaycodec.cli.messages import complain
from overlaycodec.cli.options import catalog_options, color_option
from overlaycodec.cli.packet_json import json_line
from overlaycodec.cli.parameters import FILE, IGNORED
from overlaycodec.cli.progress import progress_over
from overlaycodec.cli.standard_streams import OutputError
from overlaycodec.codec.catalog import Catalog
from overlaycodec.comparison.captures import record_diffs
from overlaycodec.comparison.changes import Added, Change, Changed, RecordDiff, Removed, Replaced, summary_of
from overlaycodec.comparison.ignore_patterns import Ignored
from overlaycodec.describe.plain import Plain, plain_of, printable
from overlaycodec.display.output import ColorChoice, Output, output_for
from overlaycodec.display.spans import Part, Role, Span
from overlaycodec.display.summary import parts_of
from overlaycodec.errors import CaptureError, PathError

__all__ = ["diff"]

_TROUBLE = 2
_STEP = 500


@click.command(
    no_args_is_help=True,
    short_help="Show what differs between two captures.",
    epilog=examples(
        "overlaycodec diff sent.pcap received.pcap --ignore time --ignore ttl --ignore ipv4.checksum",
        "overlaycodec diff --json before.pcap after.pcapng | jq .changes",
    ),
)
@click.argument("a", type=FILE)
@click.argument("b", type=FILE)
@click.option(
    "--ignore",
    multiple=True,
    type=IGNORED,
    metavar="PATH",
    help="What not to look at: time, ttl, checksum, vlan, inner.ipv4.dscp, payload; may be given several times.",
)
@click.option(
    "--json",
    is_flag=True,
    help="Write a JSON object per packet that differs, one per line; with -q, one of the counts.",
)
@click.option("-q", "--quiet", is_flag=True, help="Write the counts alone.")
@color_option
@catalog_options
def diff(
    a: str, b: str, *, ignore: tuple[str, ...], json: bool, quiet: bool, color: ColorChoice, catalog: Catalog
) -> None:
    """Show what differs between two captures, pcap or pcapng: packets that one alone has, and fields that changed.

    Packets are paired first, by their octets, their times and what does not change in transit; so one that was lost
    does not make all that follow differ. "-" is the standard input. A "-" before a packet means that only A has it, a
    "+" that only B has it, a "~" that it changed.

    The exit status is 0 if nothing differs, 1 if something does, 2 if a file cannot be read or is damaged.
    """
    try:
        ignored = Ignored(ignore)
        ignored.check_known(catalog)
    except (ValueError, PathError) as error:
        raise click.BadParameter(str(error), param_hint="'--ignore'") from None
    if a == b == "-":
        raise click.UsageError("the standard input can be read once")
    check_target((a, b))
    run = _Run(output_for("never" if json else color), json=json, quiet=quiet, catalog=catalog)
    try:
        status = run.compare(a, b, ignored)
        sys.stdout.flush()
    except OutputError as error:
        error.status = _TROUBLE
        raise
    click.get_current_context().exit(status)


class _Run:
    """One run, and what it found so far."""

    def __init__(self, output: Output, *, json: bool, quiet: bool, catalog: Catalog) -> None:
        self._output, self._json, self._quiet, self._catalog = output, json, quiet, catalog
        self._removed = self._added = self._changed = self._same = 0

    def compare(self, a: str, b: str, ignored: Ignored) -> int:
        """Reports the differences; gives the exit status."""
        try:
            with _opened(a) as old, _opened(b) as new, progress_over((a, b), "diff") as advance:
                octets = count = 0
                for found in record_diffs(_named(a, old), _named(b, new), ignored, self._catalog):
                    for record in (found.before, found.after):
                        if record is not None:
                            octets, count = octets + len(record.data), count + 1
                    if count >= _STEP:
                        advance(count, octets)
                        octets = count = 0
                    self._report(found)
        except _Trouble as trouble:
            if self._removed or self._added or self._changed or self._same:
                self._conclude()
            complain(trouble.file, trouble.error)
            return _TROUBLE
        self._conclude()
        return int(bool(self._removed or self._added or self._changed))

    def _report(self, found: RecordDiff) -> None:
        if not found:
            self._same += 1
            return
        self._removed += found.removed
        self._added += found.added
        self._changed += not (found.removed or found.added)
        if self._quiet:
            return
        if self._json:
            self._output.write(Span(json_line(_document(found))))
        else:
            self._write(found)

    def _write(self, found: RecordDiff) -> None:
        sign: str
        role: Role
        if found.removed:
            sign, role, numbers = "-", "bad", f"{found.number}"
        elif found.added:
            sign, role, numbers = "+", "good", f"{found.new_number}"
        else:
            sign, role, numbers = "~", "warn", f"{found.number}"
            if found.number != found.new_number:
                numbers += f" → {found.new_number}"
        record = found.before or found.after
        assert record is not None
        head = f"{sign} {numbers:>5}"
        packet = record.decode(lax=True, catalog=self._catalog)
        self._output.flow(
            [Part((Span(head, role),)), *parts_of(packet, self._catalog, record.link_type)], len(head) + 2
        )
        for change in found.changes:
            self._output.write(Span(f"        {printable(str(change))}", _ROLES[type(change)]))

    def _conclude(self) -> None:
        if self._json:
            counts = {"removed": self._removed, "added": self._added, "changed": self._changed, "same": self._same}
            if self._quiet:
                self._output.write(Span(json_line({**counts})))
        else:
            text = summary_of(self._removed, self._added, self._changed, self._same)
            differs = self._removed or self._added or self._changed
            self._output.write(Span(text, "bad" if differs else "good"))


_ROLES: dict[type[Change], Role] = {Removed: "bad", Added: "good", Changed: "plain", Replaced: "plain"}


class _Trouble(Exception):
    """A file that cannot be read on."""

    def __init__(self, file: str, error: CaptureError | OSError) -> None:
        self.file, self.error = file, error
        super().__init__(file, error)


@contextmanager
def _opened(file: str) -> Iterator[Capture]:
    try:
        capture = capture_of(file)
    except (CaptureError, OSError) as error:
        raise _Trouble(file, error) from None
    with capture:
        yield capture


def _named(file: str, records: Capture) -> Iterator[Record]:
    """The records. Raises: _Trouble, with the file's name."""
    try:
        yield from records
    except (CaptureError, OSError) as error:
        raise _Trouble(file, error) from None


def _document(found: RecordDiff) -> dict[str, Plain]:
    kind = "removed" if found.removed else "added" if found.added else "changed"
    return {
        "kind": kind,
        "number": found.number,
        "new_number": found.new_number,
        "changes": [_change(change) for change in found.changes],
    }


def _change(change: Change) -> Plain:
    values: dict[str, Any] = {name: getattr(change, name) for name in change.__struct_fields__ if name != "texts"}
    return {"kind": type(change).__name__.lower(), **{name: plain_of(value) for name, value in values.items()}}
