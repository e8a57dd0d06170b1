"""`overlaycodec show --pipeline`: only the packets of a pipeline."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from click.testing import CliRunner

from overlaycodec.cli.commands import overlaycodec

CAPTURE: Final = str(Path(__file__).parent.parent / "captures" / "kernel-vxlan-inner-vlan.pcap")


def shown(*args: str) -> tuple[list[str], str, int]:
    """The lines shown, what is on the standard error, and the exit status."""
    result = CliRunner().invoke(overlaycodec, ["show", *args, CAPTURE])
    lines = [line for line in result.stdout.splitlines() if line.strip()]
    return lines, result.stderr, result.exit_code


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
