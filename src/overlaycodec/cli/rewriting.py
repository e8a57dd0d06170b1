"""A capture that is rewritten as another one, packet by packet.

Strategy: a command is a function from a record to records; reading, writing, progress and the report at the end are
here. What the file has beside its packets goes from the reader to the writer. Memory does not grow with the capture.
The packets before damage are written.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Final

import click
import msgspec

from overlaycodec.capture import Block, Capture, Record, write_capture
from overlaycodec.cli.ending import unfinished_removed
from overlaycodec.cli.inputs import capture_of, check_target
from overlaycodec.cli.messages import complain, message_of, reason_of, report
from overlaycodec.cli.progress import progress_over
from overlaycodec.codec.catalog import Catalog
from overlaycodec.codec.packet_encoder import encode
from overlaycodec.describe.plain import Plain, printable
from overlaycodec.errors import CaptureError, EncodeError, FieldRangeError, LengthOverflowError
from overlaycodec.packet.packet import Packet
from overlaycodec.reassembly.reassembler import Reassembler

__all__ = ["Outcome", "changed", "rewrite"]

_STEP: Final = 500
"""Packets between two updates of the progress."""


class Outcome:
    """The outcome of a run: how many packets were left out or unchanged, by reason."""

    def __init__(self) -> None:
        self.left_out: Counter[str] = Counter()
        self.unchanged: Counter[str] = Counter()


class _Run(msgspec.Struct):
    """What one run read and wrote, and the error that stopped it."""

    read: int = 0
    written: int = 0
    damage: CaptureError | OSError | None = None


def changed(record: Record, packet: Packet, catalog: Catalog) -> Record:
    """The record with another packet in it, and all else that the file has about it.

    Raises: EncodeError.
    """
    data = encode(packet, catalog=catalog)
    return msgspec.structs.replace(record, data=data, wire_length=len(data) + packet.missing)


def rewrite(
    file: str,
    target: str,
    transform: Callable[[Record, Capture], Iterable[Record]],
    outcome: Outcome,
    what: str,
    reassemblers: Sequence[Reassembler] = (),
    *,
    json: bool = False,
    grows: bool = False,
    kept: bool = True,
) -> int:
    """Writes the records that `transform` makes of each; gives the exit status: 1 where the file is damaged.

    All else that the file has is written as it is, unless `kept` says that it is left out. `grows` says that packets
    can become longer than the file allows.

    What `reassemblers` dropped, and what is still pending, is reported at the end.

    Raises: click.ClickException where it cannot be read, or not be written, or where both are the same file.
    """
    check_target((file,), target)
    run = _Run()
    try:
        with (
            unfinished_removed(),
            capture_of(file) as capture,
            progress_over((file,), what) as advance,
        ):
            records = _transformed(capture, transform, run, advance, grows=grows, kept=kept)
            refused = partial(_leave_out, outcome)
            if target == "-":
                run.written = write_capture(sys.stdout.buffer, records, format=capture.format, on_error=refused)
                sys.stdout.flush()
            else:
                run.written = write_capture(target, records, on_error=refused)
    except BrokenPipeError:  # the reader of the target closed it, which is no error
        raise
    except CaptureError as error:
        raise click.ClickException(message_of(file, error)) from None
    except EncodeError as error:
        raise click.ClickException(message_of(target, error)) from None
    except ValueError as error:
        raise click.BadParameter(printable(str(error)), param_hint="TARGET") from None
    except OSError as error:
        raise click.ClickException(message_of(target, error)) from None
    _conclude(file, target, run, outcome, reassemblers, json=json)
    return int(run.damage is not None)


def _transformed(
    capture: Capture,
    transform: Callable[[Record, Capture], Iterable[Record]],
    run: _Run,
    advance: Callable[[int, int], None],
    *,
    grows: bool,
    kept: bool,
) -> Iterator[Block | Record]:
    octets = reported = 0
    try:
        for block in capture.blocks():
            record = block.record
            if record is None:
                if kept:
                    yield block.without_snap_length() if grows else block
                continue
            run.read += 1
            octets += len(record.data)
            if run.read - reported == _STEP:
                advance(_STEP, octets)
                octets, reported = 0, run.read
            for number, made in enumerate(transform(record, capture)):
                yield block.with_record(made, further=number > 0) if kept else made
    except (CaptureError, OSError) as error:
        run.damage = error


def _leave_out(outcome: Outcome, error: EncodeError) -> None:
    """Notes a packet with a number that the format cannot hold. Raises: the error, where it is of all packets."""
    if not isinstance(error, FieldRangeError | LengthOverflowError):
        raise error
    field = error.path.partition(".")[2] or "octets"
    outcome.left_out[f"{field} out of the format's range"] += 1


def _conclude(
    file: str, target: str, run: _Run, outcome: Outcome, reassemblers: Sequence[Reassembler], *, json: bool
) -> None:
    parts = [f"{run.read} packets read, {run.written} written"]
    for word, counts in (("left out", outcome.left_out), ("as they were", outcome.unchanged)):
        if counts:
            reasons = ", ".join(f"{reason} {count}" for reason, count in sorted(counts.items()))
            parts.append(f"{sum(counts.values())} {word} ({reasons})")
    dropped: Counter[str] = Counter()
    for reassembler in reassemblers:
        dropped.update({str(why): count for why, count in reassembler.drops.items()})
    if dropped:
        parts.append(f"fragments dropped: {', '.join(f'{why} {count}' for why, count in sorted(dropped.items()))}")
    if unfinished := sum(map(len, reassemblers)):
        parts.append(f"{unfinished} never completed")
    document: dict[str, Plain] = {
        "file": file,
        "target": target,
        "read": run.read,
        "written": run.written,
        "left_out": dict(outcome.left_out),
        "unchanged": dict(outcome.unchanged),
        "fragments_dropped": dict(dropped),
        "never_completed": unfinished,
        "damage": None if run.damage is None else reason_of(run.damage),
    }
    report("; ".join(parts), document, target, json=json)
    if run.damage is not None:
        complain(file, run.damage)
