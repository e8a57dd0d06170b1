"""`overlaycodec decap`, `encap`, `vlan` and `diff`: captures that become others, and what differs between two.

Where a frame begins is counted by hand: Ethernet 14, IPv4 20, UDP 8, VXLAN 8 octets.
"""

from __future__ import annotations

import errno
import io
import json
import os
from binascii import crc32
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

import overlaycodec as oc
from overlaycodec import cli
from overlaycodec.cli.commands import overlaycodec
from tests.tools import program
from tests.tools.capture_files import LITTLE

CAPTURES: Final = Path(__file__).parents[1] / "captures"
INNER_VLAN: Final = CAPTURES / "kernel-vxlan-inner-vlan.pcap"
OUTSIDE: Final = 14 + 20 + 8 + 8
ENDS: Final = ("--src", "10.0.0.1", "--dst", "10.0.0.2")
LINK: Final = ("--link-src", "02:00:00:00:00:01", "--link-dst", "02:00:00:00:00:02")


class Said(NamedTuple):
    stdout: str
    stderr: str


def run(*args: str | Path, status: int = 0) -> Said:
    """What the command says on either stream."""
    streams = [io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2)]
    with redirect_stdout(streams[0]), redirect_stderr(streams[1]):
        found = cli.main([*map(str, args)])
    said = Said(*(stream.buffer.getvalue().decode(errors="backslashreplace") for stream in streams))
    assert found == status, said
    return said


def read(path: Path) -> list[oc.Record]:
    with oc.open_capture(path) as capture:
        return list(capture)


def packets(path: Path) -> list[oc.Packet]:
    return [record.decode() for record in read(path)]


def written(path: Path, items: Sequence[oc.Packet | oc.Record]) -> Path:
    oc.write_capture(path, items)
    return path


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "out.pcapng"


@pytest.fixture
def inside(tmp_path: Path) -> Path:
    """The frames inside the capture of a Linux tunnel, cut out by hand."""
    return written(tmp_path / "inside.pcap", [frame_of(record) for record in read(INNER_VLAN)])


def frame_of(record: oc.Record) -> oc.Record:
    return oc.Record(record.data[OUTSIDE:], time_ns=record.time_ns)


# --- decap -----------------------------------------------------------------------------------------------------------


def test_decap_gives_the_frames_inside(target: Path) -> None:
    result = run("decap", INNER_VLAN, target)
    assert read(target) == [frame_of(record) for record in read(INNER_VLAN)]
    assert result.stderr == "overlaycodec: 9 packets read, 9 written\n"
    assert not result.stdout


def test_decap_of_one_network(target: Path) -> None:
    """Its README: VNI 0, 1, 0xff00 and 0xffffff."""
    name = CAPTURES / "kernel-vxlan-vni-limits.pcap"
    vnis = [packet[oc.VXLAN].vni for packet in packets(name)]
    result = run("decap", name, target, "--vni", "1", "--vni", "0xffffff")
    assert len(read(target)) == sum(vni in (1, 0xFFFFFF) for vni in vnis) > 0
    assert f"{len(vnis) - len(read(target))} left out (another network" in result.stderr
    run("decap", name, target, "--vni", "1", "--others")
    assert len(read(target)) == len(vnis)
    assert [record.link_type for record in read(target)] == [1] * len(vnis)


def test_decap_of_ip_and_ethernet(tmp_path: Path, target: Path) -> None:
    """Linux's GPE carries IPv4 and IPv6 alone: link type 101, which pcap cannot hold beside Ethernet."""
    name = CAPTURES / "kernel-vxlan-gpe.pcap"
    run("decap", name, target)
    assert {record.link_type for record in read(target)} == {1, 101}
    assert {type(record.decode(lax=True).headers[0]) for record in read(target)} == {oc.Ethernet, oc.IPv4, oc.IPv6}
    failed = run("decap", name, tmp_path / "out.pcap", status=1)
    assert "pcapng can hold both" in failed.stderr
    assert not (tmp_path / "out.pcap").exists()


def test_decap_of_tunnels_in_tunnels(tmp_path: Path, inside: Path, target: Path) -> None:
    twice = tmp_path / "twice.pcapng"
    run("encap", inside, target, *ENDS, *LINK, "--vni", "1")
    run("encap", target, twice, *ENDS, *LINK, "--vni", "2", "--tunnel", "geneve")
    run("decap", twice, tmp_path / "1.pcap")
    assert read(tmp_path / "1.pcap") == [*read(target)]
    run("decap", twice, tmp_path / "2.pcap", "--tunnels", "2", "--vni", "1")
    run("decap", twice, tmp_path / "all.pcap", "--tunnels", "all")
    assert read(tmp_path / "2.pcap") == read(tmp_path / "all.pcap") == read(inside)
    run("decap", twice, target, "--tunnels", "0", status=2)


def test_decap_puts_pieces_together(tmp_path: Path, inside: Path, target: Path) -> None:
    large = tmp_path / "large.pcap"
    frame = read(inside)[4].decode()
    frame = oc.fill(oc.Packet(frame.headers, bytes(3000)))
    run("encap", written(large, [frame]), target, *ENDS, *LINK, "--vni", "1", "--mtu", "1400", "--df", "clear")
    assert len(read(target)) == 3
    result = run("decap", target, tmp_path / "none.pcap")
    assert "3 left out (fragmented 3)" in result.stderr
    run("decap", "--reassemble", target, tmp_path / "whole.pcap")
    assert [record.data for record in read(tmp_path / "whole.pcap")] == [oc.encode(frame)]
    lost = written(tmp_path / "lost.pcapng", read(target)[1:])
    assert "1 never completed" in run("decap", "--reassemble", lost, tmp_path / "none.pcap").stderr


def test_decap_of_stt(tmp_path: Path, target: Path) -> None:
    """Its README: good, bad and zero checksum; two frames of two segments."""
    name = CAPTURES / "python-stt-sample.pcap"
    result = run("decap", "--reassemble", name, target)
    assert "fragments dropped: checksum 2" in result.stderr
    assert [len(record.data) for record in read(target)] == [642] * 3
    run("decap", "--reassemble", "--no-verify", name, target)
    assert len(read(target)) == 5
    assert "fragmented 4" in run("decap", name, target).stderr
    sent = [oc.Record(record.data, time_ns=record.time_ns, flags=1 << 9) for record in read(name)]
    run("decap", "--reassemble", written(tmp_path / "sent.pcapng", sent), target)  # checksums that were not ready
    assert len(read(target)) == 5


def test_decap_leaves_out_what_it_must(tmp_path: Path, target: Path) -> None:
    """RFC 6040: congestion that a frame without ECN cannot tell; and a tunnel whose UDP length is too long."""
    good = read(INNER_VLAN)[0].decode()
    marked = oc.encode(oc.fill(good.replace(oc.IPv4, ecn=3)))
    faulty = oc.encode(good.replace(oc.UDP, length=2000))
    other = oc.encode(good.inner)
    source = written(tmp_path / "in.pcap", [oc.Record(data, time_ns=0) for data in (marked, faulty, other)])
    result = run("decap", source, target)
    assert not read(target)
    reasons = "congestion that the frame cannot carry 1, faulty 1, no tunnel 1"
    assert f"3 left out ({reasons})" in result.stderr
    run("decap", "--lax", source, target)
    assert [record.data[:14] for record in read(target)] == [faulty[OUTSIDE:][:14]]


def test_what_was_cut_short_stays_so_and_check_sequences_go(tmp_path: Path, target: Path) -> None:
    whole = read(INNER_VLAN)[0].data
    short = oc.Record(whole[:80], time_ns=1, wire_length=len(whole))
    checked = oc.Record(whole + crc32(whole).to_bytes(4, "little"), time_ns=2, fcs_octets=4)
    source = written(tmp_path / "in.pcapng", [short, checked])
    run("decap", source, target)
    first, second = read(target)
    assert (first.data, first.wire_length) == (whole[OUTSIDE:80], len(whole) - OUTSIDE)
    assert (second.data, second.wire_length, second.fcs_octets) == (whole[OUTSIDE:], len(whole) - OUTSIDE, None)
    run("vlan", "push", source, target, "--vid", "7")
    assert [record.wire_length - len(record.data) for record in read(target)] == [len(whole) - 80, 0]
    assert [record.fcs_octets for record in read(target)] == [None, 4]
    tagged = read(target)[1].data
    assert tagged[-4:] == crc32(tagged[:-4]).to_bytes(4, "little")


def test_differentiated_services(tmp_path: Path, inside: Path, target: Path) -> None:
    """RFC 2983: one DSCP for both, or one for each."""
    marked = written(tmp_path / "in.pcap", [oc.fill(read(inside)[4].decode().replace(oc.IPv4, dscp=46))])
    for model, outer in (("pipe", 10), ("uniform", 46)):
        run("encap", marked, target, "--vni", "1", *ENDS, "--dscp", "10", "--diffserv", model)
        assert packets(target)[0][oc.IPv4].dscp == outer
    run("encap", marked, target, "--vni", "1", *ENDS, "--dscp", "10")
    for model, dscp in (("pipe", 46), ("uniform", 10)):
        run("decap", target, tmp_path / "out.pcap", "--diffserv", model)
        assert packets(tmp_path / "out.pcap")[0][oc.IPv4].dscp == dscp


def test_tunnels_in_segments(tmp_path: Path, inside: Path, target: Path) -> None:
    vxlan = tmp_path / "vxlan.pcapng"
    run("encap", inside, vxlan, "--vni", "1", *ENDS, *LINK)
    run("encap", vxlan, target, "--vni", "2", *ENDS, "--tunnel", "stt", "--mtu", "100")
    assert len(read(target)) > len(read(inside))
    run("decap", "--reassemble", "--tunnels", "all", target, tmp_path / "out.pcap")
    assert read(tmp_path / "out.pcap") == read(inside)
    run("decap", "--reassemble", target, tmp_path / "one.pcapng")
    one = read(tmp_path / "one.pcapng")
    assert {record.interface for record in one} == {2}  # IP on 1, as in the target, and Ethernet again
    assert [replace(record, interface=1) for record in one] == [replace(record, interface=1) for record in read(vxlan)]


def test_what_a_pcapng_file_says_is_kept(tmp_path: Path) -> None:
    records = read(INNER_VLAN)
    data = LITTLE.section() + LITTLE.interface((2, b"eth0"), (3, b"uplink"), (9, b"\x09"), link_type=1)
    data += LITTLE.interface((2, b"eth1"), (9, b"\x09"), link_type=1)
    data += LITTLE.enhanced(records[0].data, (1, b"first"), (2, b"\x01\0\0\0"), ticks=5, interface=1)
    data += LITTLE.enhanced(records[1].data, ticks=7)
    source = tmp_path / "in.pcapng"
    source.write_bytes(data)
    for command in (
        ("decap",),
        ("encap", "--vni", "1", *ENDS),
        ("vlan", "push", "--vid", "7"),
        ("vlan", "pop", "--scope", "inner"),
        ("vlan", "translate", "--scope", "inner", "100=101"),
    ):
        target = tmp_path / "out.pcapng"
        words = command[:2] if command[0] == "vlan" else command[:1]
        table = [word for word in command if "=" in word]
        options = [word for word in command[len(words) :] if word not in table]
        run(*words, source, target, *table, *options)
        with oc.open_capture(target) as capture:
            first, second = list(capture)
            assert [capture.interfaces[record.interface].name for record in (first, second)] == ["eth1", "eth0"]
            assert capture.interfaces[second.interface].description == "uplink"
        assert (first.comments, first.flags, first.time_ns, second.time_ns) == (("first",), 1, 5, 7)
        assert first.data != records[0].data


@pytest.mark.parametrize(
    "command", [("decap",), ("encap", "--vni", "1", *ENDS), ("vlan", "push", "--vid", "7")], ids=lambda words: words[0]
)
def test_damaged_files_and_other_trouble(command: tuple[str, ...], tmp_path: Path) -> None:
    words, options = (command[:2], command[2:]) if command[0] == "vlan" else (command[:1], command[1:])
    damaged, target = tmp_path / "damaged.pcap", tmp_path / "out.pcap"
    damaged.write_bytes(INNER_VLAN.read_bytes()[:-3])
    result = run(*words, damaged, target, *options, status=1)
    assert "8 written" in result.stderr
    assert "damaged.pcap: " in result.stderr
    assert len(read(target)) == 8
    assert "No such file" in run(*words, tmp_path / "none.pcap", target, *options, status=1).stderr
    assert "neither pcap nor pcapng" in run(*words, __file__, target, *options, status=1).stderr
    assert "says neither" in run(*words, INNER_VLAN, tmp_path / "out.txt", *options, status=2).stderr


def piped(*words: str, stdin: bytes) -> bytes:
    """What a process writes that reads this."""
    result = program.run(*words, stdin=stdin)
    assert result.returncode == 0
    return result.stdout


def test_pipes() -> None:
    named = LITTLE.section() + LITTLE.interface((2, b"eth0"), link_type=1) + LITTLE.enhanced(bytes(60), ticks=1)
    with oc.open_capture(piped("vlan", "push", "--vid", "7", "-", "-", stdin=named)) as capture:
        assert [(record.data[12:16], capture.interfaces[0].name) for record in capture] == [(b"\x81\0\0\7", "eth0")]
    with oc.open_capture(piped("decap", "-", "-", stdin=INNER_VLAN.read_bytes())) as capture:
        assert capture.format == "pcap"
        assert [record.data for record in capture] == [record.data[OUTSIDE:] for record in read(INNER_VLAN)]


# --- encap -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tunnel", ["vxlan", "vxlan-gbp", "vxlan-gpe", "geneve", "nvgre", "stt"])
@pytest.mark.parametrize("six", [False, True], ids=["ipv4", "ipv6"])
def test_encap_and_decap_give_the_frames(tunnel: str, six: bool, tmp_path: Path, inside: Path, target: Path) -> None:
    ends = ("--src", "fd00::1", "--dst", "fd00::2") if six else ENDS
    dialect = ("--dialect", "group-policy") if tunnel == "vxlan-gbp" and "group-policy" in _dialects() else ()
    run("encap", inside, target, "--tunnel", tunnel, "--vni", "0x64", *ends)
    assert {record.link_type for record in read(target)} == {101}
    packet = read(target)[0].decode()
    assert packet.headers[0] == packet[oc.IPv6 if six else oc.IPv4]
    run("decap", target, tmp_path / "back.pcap", "--vni", "100", *dialect)
    tagged = tunnel != "nvgre"  # which carries no frame with a VLAN tag (RFC 7637 section 3.3)
    wanted = [record for record in read(inside) if tagged or oc.VLANTag not in record.decode(lax=True)]
    assert wanted
    assert read(tmp_path / "back.pcap") == wanted
    run("encap", inside, target, "--tunnel", tunnel, "--vni", "100", *ends, *LINK, "--outer-vid", "5")
    assert read(target)[0].decode().names[:2] == ["ethernet", "vlan"]


def _dialects() -> Sequence[str]:
    from overlaycodec.dialects import NAMED

    return list(NAMED)


def test_encap_as_it_is_told(inside: Path, target: Path) -> None:
    run(
        *("encap", inside, target, "--tunnel", "geneve", "--vni", "5", *ENDS, "--ttl", "9", "--dscp", "46"),
        *("--df", "clear", "--dst-port", "6082", "--option", "0xff00:0x80:00010002", "--bind", "udp_port:6082=geneve"),
    )
    outer = [record.decode(catalog=oc.DEFAULT.with_binding(oc.UDP_PORT(6082), oc.Geneve)) for record in read(target)]
    ip = outer[0][oc.IPv4]
    assert (ip.ttl, ip.dscp, ip.dont_fragment) == (9, 46, False)
    assert [packet[oc.IPv4].identification for packet in outer] == list(range(1, 10))
    assert outer[0].at("geneve.options[0].data") == bytes.fromhex("00010002")
    run("encap", inside, target, "--vni", "5", "--src", "10.0.0.1", "--dst", "239.1.1.1", *LINK[:2])
    assert str(read(target)[0].decode()[oc.Ethernet].dst) == "01:00:5e:01:01:01"  # RFC 1112 section 6.4


def test_encap_for_a_path(tmp_path: Path, inside: Path, target: Path) -> None:
    large = oc.Packet(read(inside)[4].decode().headers, bytes(1400))
    source = written(tmp_path / "large.pcap", [oc.fill(large)])
    for tunnel in ("vxlan", "stt"):
        options = ("--vni", "1", *ENDS, "--tunnel", tunnel, "--mtu", "1300")
        run("encap", source, target, *options, "--df", "clear")
        assert len(read(target)) == 2
        assert all(len(record.data) <= 1300 for record in read(target))
    assert "1 left out (too long 1)" in run("encap", source, target, "--vni", "1", *ENDS, "--mtu", "1300").stderr


def test_encap_leaves_out_what_no_tunnel_carries(tmp_path: Path, target: Path) -> None:
    frame = read(INNER_VLAN)[0].data
    records = [
        oc.Record(frame, time_ns=0),
        oc.Record(frame[:40], time_ns=0, wire_length=len(frame)),
        oc.Record(frame[14:], time_ns=0, link_type=101),
        oc.Record(b"?", time_ns=0, link_type=147),
        oc.Record(frame + b"\1\2\3\4", time_ns=0, fcs_octets=4),
    ]
    source = written(tmp_path / "in.pcapng", records)
    result = run("encap", source, target, "--vni", "1", *ENDS)
    assert "3 left out (link type 147 1, not carried by this tunnel 1, truncated in the capture 1)" in result.stderr
    assert [record.data[OUTSIDE - 14 :] for record in read(target)] == [frame, frame]
    run("encap", source, target, "--vni", "1", *ENDS, "--tunnel", "geneve")
    assert [packet.inner.headers[0] for packet in packets(target)][1] == oc.decode(frame)[oc.IPv4]


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (("--vni", "16777216"), "vxlan.vni = 16777216 is not in"),
        (("--vni", "x"), "no number such as"),
        (("--vni", "1", "--link-dst", "02:00:00:00:00:01"), "asks for --link-src"),
        (("--vni", "1", "--link-src", "02:00"), "is not a MAC address"),
        (("--vni", "1", *LINK, "--outer-vid", "4096"), "vid = 4096 is not in"),
        (("--vni", "1", "--outer-vid", "5"), "tags follow a link header"),
        (("--vni", "1", "--option", "1:2:00"), "give --tunnel geneve"),
        (("--vni", "1", "--option", "1:2"), "class:type:octets"),
        (("--vni", "1", "--tunnel", "nvgre", "--dst-port", "1"), "NVGRE has no ports"),
        (("--vni", "1", "--tunnel", "stt", "--checksum", "zero"), "stt has none"),
        (("--vni", "1", "--ttl", "many"), "neither a number nor copy"),
        (("--vni", "1", "--dst", "fd00::1"), "not of one family"),
        (("--vni", "1", "--src", "here"), "does not appear to be"),
    ],
)
def test_wrong_settings(options: tuple[str, ...], reason: str, inside: Path, target: Path) -> None:
    assert reason in run("encap", inside, target, *ENDS, *options, status=2).stderr.replace("\n", " ")
    assert not target.exists()


# --- vlan ------------------------------------------------------------------------------------------------------------


def test_vlan_tags(tmp_path: Path, inside: Path, target: Path) -> None:
    """The frames' own tags, by their README: 100; 0x88a8 200 around 10; 0; none; 1, 2 and 4095."""
    run("vlan", "push", inside, target, "--vid", "7", "--pcp", "3", "--dei", "--tpid", "0x88a8")
    for before, after in zip(read(inside), read(target), strict=True):
        assert after.data == before.data[:12] + bytes.fromhex("88a87007") + before.data[12:]
        assert after.wire_length == len(after.data)
    run("vlan", "pop", target, tmp_path / "popped.pcap")
    assert read(tmp_path / "popped.pcap") == read(inside)
    result = run("vlan", "pop", inside, target)
    assert "1 as they were (no such tag 1)" in result.stderr
    result = run("vlan", "translate", inside, target, "100=101", "0=5")
    assert "5 as they were (no tag in the table 5)" in result.stderr
    vids = [[h.vid for h in packet if isinstance(h, oc.VLANTag)] for packet in packets(target)]
    assert vids == [[101], [101], [200, 10], [200, 10], [5], [5], [], [1, 2, 4095], [1, 2, 4095]]
    run("vlan", "pop", inside, target, "--depth", "1")
    vids = [[h.vid for h in packet if isinstance(h, oc.VLANTag)] for packet in packets(target)]
    assert vids == [[100], [100], [200], [200], [0], [0], [], [1, 4095], [1, 4095]]
    run("vlan", "normalise", inside, target)
    assert [record.data[12:18].hex() for record in read(target)][-1] == "88a8" + "0001" + "88a8"


def test_vlan_inside_a_tunnel(target: Path) -> None:
    run("vlan", "translate", INNER_VLAN, target, "100=101", "--scope", "inner")
    for before, after in zip(read(INNER_VLAN)[:2], read(target), strict=False):
        assert after.decode().at("inner.vlan.vid") == 101
        verdicts = oc.checksums(after.decode())
        assert verdicts == oc.checksums(before.decode())
        assert verdicts["udp.checksum"] is oc.ChecksumStatus.VALID
    assert read(target)[2:] == read(INNER_VLAN)[2:]


@pytest.mark.parametrize(
    "options",
    [
        ("push", "--vid", "4096"), ("push", "--vid", "1", "--tpid", "0x10000"), ("push",), ("translate",),
        ("translate", "7"), ("translate", "7=4096"), ("translate", "4096=7"), ("pop", "--depth", "-1"),
    ],
)  # fmt: skip
def test_wrong_vlan_settings(options: tuple[str, ...], target: Path) -> None:
    run("vlan", options[0], INNER_VLAN, target, *options[1:], status=2)
    assert not target.exists()


def test_scopes_that_are_not_there(target: Path) -> None:
    result = run("vlan", "push", INNER_VLAN, target, "--vid", "1", "--scope", "inner.inner")
    assert "9 as they were" in result.stderr
    assert read(target) == read(INNER_VLAN)


# --- diff ------------------------------------------------------------------------------------------------------------


def test_diff_tells_and_gives_the_status(inside: Path, target: Path) -> None:
    assert run("diff", inside, inside).stdout == "0 removed, 0 added, 0 changed, 9 the same\n"
    records = read(inside)
    other = records[4].decode().replace(oc.IPv4, ttl=7)
    written(
        target, [*records[:2], *records[3:4], oc.Record(oc.encode(other), time_ns=records[4].time_ns), *records[5:]]
    )
    lines = run("diff", inside, target, status=1).stdout.splitlines()
    assert lines[0].startswith("-     3  vlan 200 (0x88a8)  vlan 10 pcp 7  192.168.100.1 → 192.168.100.2")
    assert lines[1].startswith("~ 5 → 4  vlan 0")
    assert lines[2] == "        ipv4.ttl (bits 208-215): 64 → 7"
    assert lines[3:] == ["1 removed, 0 added, 1 changed, 7 the same"]
    assert run("diff", target, inside, status=1).stdout[:7] == "+     3"
    assert run("diff", "-q", inside, target, status=1).stdout.splitlines() == lines[3:]
    documents = [json.loads(line) for line in run("diff", "--json", inside, target, status=1).stdout.splitlines()]
    assert [(d["kind"], d["number"], d["new_number"]) for d in documents] == [("removed", 3, None), ("changed", 5, 4)]
    assert documents[1]["changes"] == [
        {
            "kind": "changed",
            "path": "ipv4.ttl",
            "bits": [208, 215],
            "before": 64,
            "new_path": "ipv4.ttl",
            "new_bits": [208, 215],
            "after": 7,
        }
    ]
    run("diff", inside, target, "--ignore", "ttl", status=1)


def test_diff_ignores(inside: Path, tmp_path: Path) -> None:
    late = written(tmp_path / "late.pcap", [oc.Record(r.data, time_ns=(r.time_ns or 0) + 5) for r in read(inside)])
    run("diff", inside, late, status=1)
    run("diff", inside, late, "--ignore", "time")
    assert "is no path" in run("diff", inside, late, "--ignore", "a/b", status=2).stderr
    assert "did you mean ipv4.ttl?" in run("diff", inside, late, "--ignore", "ipv4.tll", status=2).stderr


def test_diff_in_trouble(inside: Path, tmp_path: Path) -> None:
    assert run("diff", inside, tmp_path / "none", status=2).stdout == ""
    damaged = tmp_path / "damaged.pcap"
    damaged.write_bytes(inside.read_bytes()[:-3])
    result = run("diff", inside, damaged, status=2)
    assert "damaged.pcap: " in result.stderr
    run("diff", "-", "-", status=2)


class Failing(io.RawIOBase):
    """A file on a disk that fails behind the octets that it gave."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        if not self._data:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        octets, self._data = self._data[: len(buffer)], self._data[len(buffer) :]
        buffer[: len(octets)] = octets
        return len(octets)


@pytest.mark.parametrize(
    ("words", "status"),
    [("show -", 1), ("diagnose -", 1), ("vlan push --vid 7 - TARGET", 1), (f"diff - {INNER_VLAN}", 2)],
)
def test_a_disk_that_fails_is_said_of_the_file_on_it(
    words: str, status: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BufferedReader(Failing(INNER_VLAN.read_bytes()[:500]))))
    target = tmp_path / "out.pcap"
    said = run(*words.replace("TARGET", str(target)).split(), status=status)
    assert said.stderr.endswith(f"overlaycodec: -: {os.strerror(errno.EIO)}\n")
    assert not words.endswith("TARGET") or len(read(target)) == 3


# --- anything --------------------------------------------------------------------------------------------------------


@given(st.binary(max_size=120), st.integers(24, 900), st.sampled_from(["decap", "encap", "push", "pop", "diff"]))
def test_any_octets_in_a_capture_end_in_a_status(data: bytes, at: int, command: str) -> None:
    whole = INNER_VLAN.read_bytes()
    damaged = whole[:at] + data + whole[at + len(data) :]
    words = {
        "decap": ("decap", "--reassemble", "-", "-"),
        "encap": ("encap", "--vni", "1", *ENDS, "-", "-"),
        "push": ("vlan", "push", "--vid", "1", "--scope", "innermost", "-", "-"),
        "pop": ("vlan", "pop", "--scope", "inner", "-", "-"),
        "diff": ("diff", "--json", "-", str(INNER_VLAN)),
    }[command]
    result = CliRunner().invoke(overlaycodec, words, input=io.BytesIO(damaged))
    assert isinstance(result.exception, SystemExit | None)
    assert result.exit_code in (0, 1, 2)


def test_a_time_that_pcap_does_not_hold_leaves_out_one_packet(tmp_path: Path) -> None:
    """A pcapng file whose interface has a negative time offset: pcapng holds the times, pcap those from 1970 on."""
    frame = read(INNER_VLAN)[0].data
    source = written(tmp_path / "in.pcapng", [oc.Record(frame, time_ns=-5), oc.Record(frame, time_ns=5)])
    run("vlan", "push", source, tmp_path / "out.pcapng", "--vid", "7")
    assert [record.time_ns for record in read(tmp_path / "out.pcapng")] == [-5, 5]
    result = run("vlan", "push", source, tmp_path / "out.pcap", "--vid", "7")
    assert [record.time_ns for record in read(tmp_path / "out.pcap")] == [5]
    assert "2 packets read, 1 written; 1 left out (time_ns out of the format's range 1)" in result.stderr


def test_check_sequences_in_tunnels_and_tags(tmp_path: Path) -> None:
    """What goes into a tunnel has none, even where the capture cut it off; what gets a tag has one that is right."""
    frame = read(INNER_VLAN)[0].data
    sequence = crc32(frame).to_bytes(4, "little")
    records = [
        oc.Record(frame + sequence, time_ns=1, fcs_octets=4),
        oc.Record(frame + sequence[:1], time_ns=2, fcs_octets=4, wire_length=len(frame) + 4),
    ]
    source, target = written(tmp_path / "in.pcap", records), tmp_path / "out.pcap"
    run("encap", source, target, "--vni", "5", "--src", "10.0.0.1", "--dst", "10.0.0.2")
    assert [record.data[-len(frame) :] for record in read(target)] == [frame, frame]
    assert [record.fcs_octets for record in read(target)] == [None, None]
    run("vlan", "push", source, target, "--vid", "5")
    whole, cut = read(target)
    assert (whole.fcs_octets, whole.data[-4:]) == (4, crc32(whole.data[:-4]).to_bytes(4, "little"))
    assert (cut.fcs_octets, cut.data, cut.wire_length) == (4, whole.data[:-3], len(whole.data))
