"""DuckDB over tables, streams of batches, and captures on the command line."""

from __future__ import annotations

import json
import shlex
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest
from click.testing import CliRunner

import overlaycodec as oc
from overlaycodec.cli.commands import overlaycodec
from overlaycodec.cli.help_text import examples_of
from tests.cli.every_command import commands, words_of
from tests.cli.test_standard_streams import FULL, outcomes
from tests.tools.program import COMMAND, environment

pytestmark = pytest.mark.engines

CAPTURES: Final = Path(__file__).parent.parent / "captures"
INNER_VLAN: Final = CAPTURES / "kernel-vxlan-inner-vlan.pcap"
FILES: Final = sorted(map(str, CAPTURES.glob("*.pcap")))
BY_VNI: Final = 'select "vxlan.vni", count(*) as n, sum(wire_length) as octets from packets group by all order by all'


def by_vni() -> list[tuple[int | None, int, int]]:
    """The same, packet by packet."""
    found: dict[int | None, list[int]] = {}
    for file in FILES:
        with oc.open_capture(file) as capture:
            for record in capture:
                packet = record.decode(lax=True)
                count = found.setdefault(packet.get("vxlan.vni"), [0, 0])
                count[0] += 1
                count[1] += record.wire_length
    order = sorted(found, key=lambda vni: (vni is None, vni or 0))
    return [(vni, *found[vni]) for vni in order]  # type: ignore[misc]  # two numbers


def test_tables_and_batches_are_tables_of_duckdb() -> None:
    import duckdb

    names = ["vxlan.vni", "wire_length"]
    packets: object = oc.columns(FILES, names)
    assert duckdb.sql(BY_VNI).fetchall() == by_vni()
    packets = oc.batches(FILES, names)
    assert duckdb.sql(BY_VNI).fetchall() == by_vni()
    del packets


def test_every_type_arrives() -> None:
    import duckdb

    names = [*oc.column_names(FILES), "data", "payload"]
    packets = oc.columns(FILES, names)
    found = zip(*duckdb.sql("select * from packets").fetchall(), strict=True)
    arrow = packets.to_arrow()
    for name, values in zip(names, found, strict=True):
        if name != "time_ns":  # Python has no nanoseconds
            assert list(values) == arrow[name].to_pylist(), name


def sql(*args: str | Path, status: int = 0, given: bytes | None = None) -> str:
    result = CliRunner().invoke(overlaycodec, ["sql", *map(str, args)], input=given)
    assert result.exit_code == status, result.output
    return result.output


def rows(*args: str | Path, given: bytes | None = None) -> list[dict[str, Any]]:  # Any: what JSON has
    return [json.loads(line) for line in sql("--json", *args, given=given).splitlines()]


def test_a_query_is_answered() -> None:
    assert [tuple(row.values()) for row in rows(*FILES, BY_VNI)] == by_vni()
    assert [tuple(row.values()) for row in rows("--workers", "2", *FILES, BY_VNI)] == by_vni()
    table = sql(INNER_VLAN, 'select "inner.vlan.vid" as vid, count(*) as n from packets group by all order by all')
    assert [line.split() for line in table.splitlines()] == [
        ["vid", "n"], ["0", "2"], ["1", "2"], ["100", "2"], ["200", "2"], ["NULL", "1"],
    ]  # fmt: skip
    assert rows("--where", "inner.vlan.vid == 200", INNER_VLAN, "select count(*) as n from packets") == [{"n": 2}]


def test_packets_can_be_read_several_times() -> None:
    query = 'select count(*) as n from packets a join packets b on a."vxlan.vni" = b."vxlan.vni"'
    assert rows(INNER_VLAN, query) == rows("-", query, given=INNER_VLAN.read_bytes()) == [{"n": 81}]


def test_a_star_is_every_column_with_a_value() -> None:
    names = oc.columns(INNER_VLAN).names
    for query in ("select * from packets limit 1", "from packets limit 1", "select packets.* from packets limit 1"):
        assert list(rows(INNER_VLAN, query)[0]) == names
    assert list(rows("-", "from packets", given=INNER_VLAN.read_bytes())[0]) == names
    assert len(rows(INNER_VLAN, "select packets as p from packets limit 1")[0]["p"]) == len(names)


def test_time_stamps_keep_their_digits() -> None:
    import duckdb

    data = INNER_VLAN.read_bytes()
    nanoseconds = bytes.fromhex("4d3cb2a1") + data[4:24] + data[24:28] + (123456789).to_bytes(4, "little") + data[32:]
    (row,) = rows(
        "-", "select min(time_ns) as t from packets where time_ns is not null limit 1", given=nanoseconds[:142]
    )
    assert row["t"].endswith(".123456789" if int(duckdb.__version__[0]) >= 2 else ".123456000")


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ('select "vxlan.vin" from packets', "no column 'vxlan.vin' in vxlan: did you mean vxlan.vni?"),
        ("select vni from packets", "no column 'vni' in the catalog: did you mean"),
        ("select vxlan.vni from packets", 'vxlan.vni has to be in double quotes: "vxlan.vni"'),
        ("select inner.ipv4.src from packets", 'has to be in double quotes: "inner.ipv4.src"'),
        ("select vlan[1].vid from packets", 'has to be in double quotes: "vlan[1].vid"'),
        ("select 1 fro packets", 'syntax error at or near "packets"'),
        ("select 1 from packet", 'Did you mean "packets"?'),
        ("select count(*) from files", "Table with name files does not exist"),  # a variable of the program
    ],
)
def test_a_wrong_query_is_answered_with_a_suggestion(query: str, said: str) -> None:
    assert said in sql(INNER_VLAN, query, status=2)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    query = "select count(*) as n from packets"
    cut = tmp_path / "cut.pcap"
    cut.write_bytes(INNER_VLAN.read_bytes()[:-3])
    said = sql(cut, INNER_VLAN, query, status=1)
    assert "17" in said.split()
    assert f"{cut}: the record has" in said
    assert "No such file or directory" in sql(tmp_path / "none.pcap", query, status=1)
    assert "neither pcap nor pcapng" in sql(Path(__file__), query, status=1)


def test_the_examples_of_the_help_run(tmp_path: Path) -> None:
    (command,) = (command for name, command in commands().items() if name == "sql")
    for name in ("trace", "a", "b"):
        (tmp_path / f"{name}.pcap").write_bytes(INNER_VLAN.read_bytes())
    lines = examples_of(command)
    assert lines
    for line in lines:
        words = [*COMMAND, *shlex.split(line)[1:]]
        done = subprocess.run(words, cwd=tmp_path, env=environment(), capture_output=True, timeout=120, check=False)
        assert (done.returncode, done.stderr) == (0, b""), line


def test_standard_streams(tmp_path: Path) -> None:
    files = {"FILE": str(INNER_VLAN)}
    words = [files.get(word, word) for word in words_of("sql", commands()["sql"])]
    runs = {"sql": words}
    assert outcomes(runs, tmp_path)["sql"] == (0, "")
    assert outcomes(runs, tmp_path, ">/dev/full")["sql"] == (1, f"overlaycodec: the standard output: {FULL}\n")
    assert outcomes(runs, tmp_path, ">&-")["sql"] == (1, "overlaycodec: the standard output: it is closed\n")
    closed = {"sql": ["sql", "-", words[-1]]}
    assert outcomes(closed, tmp_path, "<&-")["sql"] == (1, "overlaycodec: -: the standard input is closed\n")
