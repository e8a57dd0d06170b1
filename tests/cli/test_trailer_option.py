"""The trailers that a command line names."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

import overlaycodec as oc
from overlaycodec.cli.commands import overlaycodec
from tests.trailers.test_trailers import METAMAKO, UDP


def test_the_command_line_takes_its_name(tmp_path: Path) -> None:
    path = tmp_path / "tap.pcap"
    oc.write_capture(path, [oc.Record(UDP + METAMAKO, time_ns=0, link_type=1)])
    shown = CliRunner().invoke(overlaycodec, ["show", "-v", "--trailer", "metamako", str(path)])
    assert "trailer.metamako  16 octets" in shown.output
    other = CliRunner().invoke(overlaycodec, ["show", "--trailer", "metamak", str(path)])
    assert "did you mean metamako?" in other.output
