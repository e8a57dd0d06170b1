"""`overlaycodec show --pipeline`: only the packets of a pipeline."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

CAPTURE: Final = str(Path(__file__).parent.parent / "captures" / "kernel-vxlan-inner-vlan.pcap")


def shown(*args: str) -> tuple[list[str], str, int]:
    """The lines shown, what is on the standard error, and the exit status."""
    done = subprocess.run(
        [sys.executable, "-m", "overlaycodec.cli", "show", *args, CAPTURE], capture_output=True, text=True, check=False
    )
    return [line for line in done.stdout.splitlines() if line.strip()], done.stderr, done.returncode


def test_only_packets_of_the_pipeline_are_shown() -> None:
    everything, silent, _ = shown()
    assert not silent
    lines, others, status = shown("--pipeline", "eth/ip/udp/vxlan/eth/vlan{2}")
    assert status == 0
    assert 0 < len(lines) < len(everything)
    assert all("vlan" in line for line in lines)
    assert others == f"overlaycodec: {len(everything) - len(lines)} other packets, not of the pipeline\n"
    assert len(shown("--pipeline", "eth/ip/udp/vxlan/eth/vlan{2}", "-c", "1")[0]) == 1


def test_a_wrong_pipeline_says_where() -> None:
    _, error, status = shown("--pipeline", "eth/nothing")
    assert status == 2
    assert "Invalid value for '--pipeline': 'eth/nothing': nothing (character 5) is not the name" in " ".join(
        error.split()
    ).replace("│ ", "")
