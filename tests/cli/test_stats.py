"""`overlaycodec stats`: what it counts, against other counts of the same captures."""

from __future__ import annotations

import io
import json
from collections import Counter
from pathlib import Path
from typing import Any, Final

import pytest
from click.testing import CliRunner

import overlaycodec as oc
from overlaycodec.cli import counters as tallying
from overlaycodec.cli.commands import overlaycodec
from overlaycodec.describe.traits import traits_of
from overlaycodec.packet.paths import scopes_of
from tests.cli.test_cli import INNER_VLAN
from tests.tools import stacks
from tests.tools.program import in_terminal
from tests.tools.program import run as run_process

CAPTURES: Final = stacks.captures(stacks.CAPTURES)
PUBLIC: Final = stacks.captures(stacks.PUBLIC) if stacks.PUBLIC.is_dir() else {}


def stats(*args: str | Path, status: int = 0) -> str:
    """What the command prints to someone who is no terminal."""
    result = CliRunner().invoke(overlaycodec, ["stats", *map(str, args)])
    assert result.exit_code == status, result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.output


def document(path: Path, *args: str) -> dict[str, Any]:  # Any: JSON
    (line,) = stats("--json", *args, path).splitlines()
    found: dict[str, Any] = json.loads(line)
    return found


# --- what is counted --------------------------------------------------------------------------------------------------


def test_what_tshark_counts() -> None:
    """By `tshark -qz conv,ip -z io,stat,0`, `-T fields -e vxlan.vni -e vlan.id -e frame.len`."""
    text = stats(INNER_VLAN)
    assert "  packets     9\n  octets      932\n" in text
    assert "  link types  Ethernet (1) 9\n  faults      none\n" in text
    assert "  vxlan 100        9     932  100.0 %\n" in text
    tags = document(INNER_VLAN)["tags"]
    assert tags["outside"] == []
    assert {tag["network"]: (tag["packets"], tag["octets"]) for tag in tags["inside"]} == {
        0: (2, 204), 1: (2, 220), 2: (2, 220), 10: (2, 212), 100: (2, 204), 200: (2, 212), 4095: (2, 220),
    }  # fmt: skip
    hosts = document(INNER_VLAN)["hosts"]
    assert [(host["address"], host["sent_packets"], host["received_packets"]) for host in hosts["outside"]] == [
        ("10.77.0.1", 5, 4),
        ("10.77.0.2", 4, 5),
    ]
    assert {(host["address"], host["tunnel"], host["network"]) for host in hosts["inside"]} == {
        ("192.168.100.1", "vxlan", 100),
        ("192.168.100.2", "vxlan", 100),
    }


@pytest.mark.parametrize(
    ("name", "tunnels"),
    [
        ("kernel-vxlan-vni-limits.pcap", {("vxlan", vni): 2 for vni in (0, 1, 65280, 16777215)}),
        ("ovs-gre-nvgre.pcap", {("gre", 0x00ABCD07): 1, ("gre", 9): 1, ("gre", 0x00123407): 1}),
        ("linux-erspan.pcap", {("gre", None): 6, ("erspan", 30): 3, ("erspan_v3", 30): 3}),
        ("linux-ip-tunnels.pcap", {("ip in ip", None): 4, ("gre", 7): 1}),
        ("ovs-gtpu.pcap", {("gtpu", 153): 1}),
        ("python-stt-sample.pcap", {("stt", 1234605616436508552): 3, ("stt", 2748): 2}),
    ],
)
def test_tunnels_by_kind_and_network(name: str, tunnels: dict[tuple[str, int | None], int]) -> None:
    found = {(tunnel["kind"], tunnel["network"]): tunnel["packets"] for tunnel in document(CAPTURES[name])["tunnels"]}
    assert found == tunnels


def test_a_host_inside_is_of_the_innermost_network_around_it() -> None:
    hosts = document(CAPTURES["linux-erspan.pcap"])["hosts"]["inside"]  # ERSPAN in GRE
    assert {(host["tunnel"], host["network"]) for host in hosts} == {("erspan", 30), ("erspan_v3", 30)}


def test_hosts_inside_are_those_of_the_innermost_scope(tmp_path: Path) -> None:
    packet = oc.Packet(tuple(oc.IPv4(src=f"10.{depth}.0.1", dst=f"10.{depth}.0.2") for depth in range(2)))
    deeper = packet / oc.IPv4(src="10.2.0.1", dst="10.2.0.2", protocol=9) / b"."
    shallow = packet.replace((oc.IPv4, 1), protocol=9) / b"."
    oc.write_capture(tmp_path / "in.pcap", [deeper, deeper, shallow], link_type=228)
    found = document(tmp_path / "in.pcap")
    assert {host["address"]: host["sent_packets"] for host in found["hosts"]["inside"] if host["sent_packets"]} == {
        "10.1.0.1": 1,
        "10.2.0.1": 2,
    }
    assert [(tunnel["kind"], tunnel["packets"]) for tunnel in found["tunnels"]] == [("ip in ip", 5)]


def recount(path: Path) -> dict[str, Any]:
    """The same counts, packet by packet."""
    counts: dict[str, Counter[Any]] = {name: Counter() for name in ("tunnels", "outside", "inside", "sent", "received")}
    with oc.open_capture(path) as capture:
        try:
            for record in capture:
                packet = record.decode(lax=True)
                inner: tuple[str, str] | None = None
                for scope in scopes_of(packet.headers):
                    if "quoted" in scope.prefix:
                        break
                    for header in packet.headers[scope.start : scope.stop]:
                        traits, found = traits_of(type(header)), None
                        if traits.identifiers:
                            found = getattr(header, traits.identifiers[0].name)
                        if traits.layout.tunnel:
                            counts["tunnels"][traits.layout.name, found] += record.wire_length
                        elif found is not None:
                            counts["inside" if scope.prefix else "outside"][traits.layout.name, found] += 1
                    part = packet.headers[scope.start : scope.stop]
                    network: Any = next((header for header in part if header.__layout__.layer == "network"), None)
                    if network is not None and scope.prefix:
                        inner = str(network.src), str(network.dst)
                if inner is not None:
                    counts["sent"][inner[0]] += record.wire_length
                    counts["received"][inner[1]] += record.wire_length
        except oc.CaptureError:
            pass
    return counts


@pytest.mark.parametrize("path", [*CAPTURES.values(), *PUBLIC.values()], ids=lambda path: path.stem)
def test_every_capture_is_counted_as_packet_by_packet(path: Path) -> None:
    result = CliRunner().invoke(overlaycodec, ["stats", "--json", str(path)])
    assert result.exit_code in (0, 1)
    lines = [line for line in result.stdout.splitlines() if line.startswith("{")]
    if not lines:
        return
    found, wanted = json.loads(lines[0]), recount(path)
    tunnels = {(one["kind"], one["network"]): one["octets"] for one in found["tunnels"] if one["kind"] != "ip in ip"}
    assert tunnels == wanted["tunnels"]
    for where in ("outside", "inside"):
        assert {(one["kind"], one["network"]): one["packets"] for one in found["tags"][where]} == wanted[where]
    for way in ("sent", "received"):
        hosts: Counter[str] = Counter()
        for host in found["hosts"]["inside"]:
            hosts[host["address"]] += host[f"{way}_octets"]
        assert +hosts == wanted[way]


def test_faults_and_snapped_octets(tmp_path: Path) -> None:
    with oc.open_capture(INNER_VLAN) as capture:
        cut = [oc.Record(record.data[:60], 1, record.time_ns, record.wire_length) for record in capture]
    oc.write_capture(tmp_path / "cut.pcap", cut)
    text = stats(tmp_path / "cut.pcap")
    assert "  octets      932, 540 of them captured\n" in text
    assert "  faults      TruncatedError 9\n" in text


def test_so_many_lines_and_how_many_more() -> None:
    text = stats("--top", "2", CAPTURES["kernel-vxlan-vni-limits.pcap"])
    assert text.count("  vxlan ") == 2
    assert "  and 2 more\n" in text


def test_several_captures_and_their_sum() -> None:
    paths = [INNER_VLAN, CAPTURES["kernel-vxlan-vni-limits.pcap"]]
    text = stats(*paths)
    assert text.startswith(f"{paths[0]}\n")
    assert f"\n\n{paths[1]}\n" in text
    whole = text.partition("all 2 captures\n")[2]
    assert "  packets     17\n" in whole
    assert "  vxlan 100" in whole
    assert "  vxlan 65280" in whole
    assert [json.loads(line)["packets"] for line in stats("--json", *paths).splitlines()] == [9, 8]


def test_a_pipe_a_dialect_and_an_empty_capture(tmp_path: Path) -> None:
    result = run_process("stats", "-", stdin=INNER_VLAN.read_bytes())
    assert result.returncode == 0
    assert result.stdout.decode().partition("\n")[2] == stats(INNER_VLAN).partition("\n")[2]
    gbp = document(CAPTURES["ovs-vxlan-gbp.pcap"], "--dialect", "gbp")
    assert {tunnel["kind"] for tunnel in gbp["tunnels"]} == {"vxlan_gbp"}
    oc.write_capture(tmp_path / "empty.pcap", [])
    assert "  time        -\n" in stats(tmp_path / "empty.pcap")


def test_what_is_damaged_is_counted_up_to_there_and_what_is_no_capture_is_said(tmp_path: Path) -> None:
    (tmp_path / "cut.pcap").write_bytes(INNER_VLAN.read_bytes()[:-5])
    (tmp_path / "text").write_text("no capture")
    text = stats(tmp_path / "cut.pcap", tmp_path / "text", tmp_path / "nowhere", INNER_VLAN, status=1)
    assert "  packets     8\n" in text
    assert "the record has 110 octets, 105 are there" in text
    assert "text: neither pcap nor pcapng" in text
    assert "nowhere: No such file" in text
    assert "  packets     17\n" in text


def test_endless_hosts_cost_bounded_memory_and_that_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tallying, "MOST", 100)
    packet = oc.IPv4(src="10.0.0.1", dst="10.0.0.2", protocol=99) / b"."
    frames = oc.encode_columns(packet, {"ipv4.src": range(5000)})
    oc.write_capture(tmp_path / "many.pcap", frames, link_type=228)
    found = document(tmp_path / "many.pcap")
    assert not found["complete"]
    assert len(found["hosts"]["outside"]) <= 101
    assert found["hosts"]["outside"][0] == {
        "address": "10.0.0.2", "tunnel": None, "network": None, "sent_packets": 0, "sent_octets": 0,
        "received_packets": 5000, "received_octets": 5000 * 21,
    }  # fmt: skip
    assert "there are too many to count them all" in stats(tmp_path / "many.pcap")


def test_on_a_terminal_it_says_what_it_says_in_a_pipe() -> None:
    import re

    sent = in_terminal(120, "stats", INNER_VLAN)
    assert re.search(r"\x1b\[[0-9;]*35", sent)  # a tunnel's colour
    plain = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", sent)
    assert [line.rstrip() for line in plain.splitlines()] == stats(INNER_VLAN).splitlines()


def test_networks_of_any_number_of_packets_are_grouped_in_one_go() -> None:
    """As many networks as packets: what is counted by network costs no pass over the packets for each."""
    packet = oc.IPv4(src="10.0.0.1", dst="10.0.0.2") / oc.UDP(src_port=1) / oc.VXLAN(vni=0)
    packet /= oc.Ethernet(dst="02:00:00:00:00:02", src="02:00:00:00:00:01") / oc.IPv4(
        src="10.1.0.1", dst="10.1.0.2", protocol=9
    )
    stream = io.BytesIO()
    oc.write_capture(stream, oc.encode_columns(packet, {"vxlan.vni": range(30_000)}), link_type=228, format="pcap")
    result = run_process("stats", "--json", "-", stdin=stream.getvalue())
    assert len(json.loads(result.stdout)["tunnels"]) == 30_000
