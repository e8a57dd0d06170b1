"""tshark judges the checksums of mutated packets: all are right where they are to follow, and else wrong."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

import overlaycodec as oc
from overlaycodec import fuzz
from tests.fuzz.common import seeds
from tests.interop.decoders.tshark import OPTIONS
from tests.interop.live.machine import environment
from tests.interop.test_pieces_tshark import TShark

Start = Callable[[type[TShark]], TShark]
STATUSES: Final = [f"{name}.checksum.status" for name in ("ip", "udp", "tcp", "icmp", "icmpv6")]
BAD: Final = "0"


def bad(path: Path, fix: fuzz.Fix, kinds: list[fuzz.Kind]) -> list[str]:
    """The labels of the cases of which tshark calls a checksum bad; cut and fragmented seed packets are left out."""
    packets = ((record, record.decode(lax=True)) for record in seeds() if record.link_type == 1)
    # tshark takes STT for STT where its lengths are wrong, and we take it for TCP then
    records = [record for record, packet in packets if "stt_segment" not in packet and not any(map(_divided, packet))]
    cases = [
        case
        for case in fuzz.cases(records, seed=2, count=1_500, fix=fix, kinds=kinds)
        if len(case.mutations) == 1 and not any(map(_divided, case.packet))
    ]
    oc.write_capture(path, [record for case in cases for record in case.records])
    found = statuses_in(path)
    return [case.label for case, statuses in zip(cases, found, strict=True) if BAD in statuses]


def statuses_in(path: Path) -> list[list[str]]:
    """The status of each checksum in each packet, which stands for itself: nothing is put together from several."""
    fields = [part for name in STATUSES for part in ("-e", name)]
    command = ["tshark", "-n", "-r", str(path), *OPTIONS, "-T", "fields", *fields]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment(), timeout=120)
    return [line.replace("\t", ",").split(",") for line in done.stdout.splitlines()]


def _divided(header: oc.Header) -> bool:
    return any(getattr(header, name) for name in header.__layout__.fragment_fields)


@pytest.mark.parametrize("kinds", [["value"], ["extend"], ["tag"]], ids="-".join)
def test_checksums_that_follow_are_right(kinds: list[fuzz.Kind], started: Start, tmp_path: Path) -> None:
    started(TShark)
    followed = bad(tmp_path / "both.pcap", "both", kinds)
    left = bad(tmp_path / "lengths.pcap", "lengths", kinds)
    assert followed == []
    assert len(left) > 50
