"""Values of packets, by other decoders: what tshark reads, unless as many of scapy and tcpdump read another value.

This library only gives names: what a header is called where tshark has one name for several, and the paths.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import msgspec

import overlaycodec as oc
from overlaycodec.fuzz.decoders import OverlayCodec, Reading, decoder_of
from overlaycodec.fuzz.decoders.reading import same_value

VALUES: Final = ("tshark", "scapy", "tcpdump")
# tshark 4.0 sums STT wrong, and does not know remote checksum offload: see docs/maintaining/oracles.md.
_WRONG: Final = ("stt_segment.verdict",)


class Witnessed(NamedTuple):
    """What other decoders say of a packet."""

    stack: tuple[str, ...]
    fields: dict[str, Any]  # Any: JSON
    checksums: dict[str, str]
    fault: str | None
    """tshark's."""


def witnessed(records: Sequence[oc.Record]) -> list[Witnessed]:
    """What they say of each packet."""
    names = OverlayCodec().read(records)
    first, *others = ([*decoder_of(name).read(records)] for name in VALUES)
    return [
        _of(record, first[number], names[number], [reading[number] for reading in others])
        for number, record in enumerate(records)
    ]


def _is_padding(path: str, fields: dict[str, Any]) -> bool:  # Any: JSON
    """Whether it is of what tshark shows behind the end of TCP's options: RFC 9293 section 3.1 has padding there."""
    header, row, rest = path.partition(".options[")
    if not row or not header.endswith("tcp"):
        return False
    number = int(rest.partition("]")[0])
    return any(fields.get(f"{header}.options[{before}].kind") == 0 for before in range(number))


def _outvoted(path: str, value: Any, others: list[dict[str, Any]]) -> bool:  # Any: JSON
    """Whether as many decoders read another value as read this one."""
    said = [same_value(value, values[path]) for values in others if path in values]
    return said.count(False) >= 1 + said.count(True)


def _of(record: oc.Record, reading: Reading, names: Reading, others: list[Reading]) -> Witnessed:
    named = [(path, header) for path, header in reading.paths(names)]
    like = Reading(tuple(header for _, header in named))
    values = reading.values(names)
    if record.wire_length > len(record.data):
        values = {path: value for path, value in values.items() if not path.endswith(".verdict")}
    contradicted = {path for path, value in values.items() if _outvoted(path, value, [o.values(like) for o in others])}
    kept = {
        path: value
        for path, value in values.items()
        if path not in contradicted and not path.endswith(_WRONG) and not path.endswith(".verdict")
    }
    for path in [path for path in kept if _is_padding(path, kept)]:
        del kept[path]
    checksums = {
        path.removesuffix(".verdict"): str(value)
        for path, value in values.items()
        if path.endswith(".verdict") and path not in contradicted and not path.endswith(_WRONG)
    }
    stack = tuple(path for path, _ in named)
    return Witnessed(stack, kept, checksums, reading.fault)


def plain(case: Any) -> dict[str, Any]:  # Any: a struct, JSON
    """A case as plain data, without what is empty."""
    return {
        key: value for key, value in msgspec.to_builtins(case).items() if value not in ({}, None) and value is not False
    }
