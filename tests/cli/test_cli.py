"""`overlaycodec show`: what it says of real captures, checked against tshark, and how it behaves as a program.

The facts in TSHARK are what tshark 4.0.17 prints for the captures, with the options of tests/tools/stacks.py and
`-T fields -e vxlan.vni -e vlan.id -e ieee8021ad.id -e ip.src -e ip.dst -e udp.dstport ...`.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, Final

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

import overlaycodec as oc
from overlaycodec import cli
from overlaycodec.capture import Interface, Record, open_capture, write_capture
from overlaycodec.cli.commands import overlaycodec
from overlaycodec.cli.show import reencodes
from overlaycodec.cli.timestamps import Clock
from overlaycodec.describe.plain import leaves_of, plain_of, printable
from overlaycodec.display.output import Output
from overlaycodec.display.spans import Part
from overlaycodec.display.summary import parts_of
from tests.tools import capture_files as files
from tests.tools.program import COMMAND, environment, in_terminal, run

CAPTURES: Final = Path(__file__).parents[1] / "captures"
INNER_VLAN: Final = CAPTURES / "kernel-vxlan-inner-vlan.pcap"
COLOR: Final = re.compile(r"\x1b\[[0-9;]*(?:3[0-7]|9[0-7])[;m]")


def show(*args: str | Path, status: int = 0) -> str:
    """What `show` prints to someone who is no terminal."""
    result = CliRunner().invoke(overlaycodec, ["show", *map(str, args)])
    assert result.exit_code == status, result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.output


def documents(*args: str | Path) -> list[dict[str, Any]]:  # Any: JSON
    return [json.loads(line) for line in show("--json", *args).splitlines()]


# --- a line a packet -------------------------------------------------------------------------------------------------

TSHARK: Final[dict[str, list[tuple[str, int, str, list[int], str, str]]]] = {
    # seconds, octets, VNI, VIDs, inner addresses (those of ARP where there is no IP), inner ports
    "kernel-vxlan-inner-vlan.pcap": [
        ("0.000000", 102, "vxlan 100", [100], "192.168.100.1 → 192.168.100.2", "udp 1 → 9"),
        ("0.000139", 102, "vxlan 100", [100], "192.168.100.2 → 192.168.100.1", "udp 1 → 9"),
        ("0.000227", 106, "vxlan 100", [200, 10], "192.168.100.1 → 192.168.100.2", "udp 1 → 9"),
        ("0.000267", 106, "vxlan 100", [200, 10], "192.168.100.2 → 192.168.100.1", "udp 1 → 9"),
        ("0.000301", 102, "vxlan 100", [0], "192.168.100.1 → 192.168.100.2", "udp 1 → 9"),
        ("0.000325", 102, "vxlan 100", [0], "192.168.100.2 → 192.168.100.1", "udp 1 → 9"),
        ("0.000624", 92, "vxlan 100", [], "192.168.100.1 → 192.168.100.2", "arp request"),
        ("0.000723", 110, "vxlan 100", [1, 2, 4095], "192.168.100.1 → 192.168.100.2", "udp 1 → 9"),
        ("0.000769", 110, "vxlan 100", [1, 2, 4095], "192.168.100.2 → 192.168.100.1", "udp 1 → 9"),
    ],
    "ovs-gre-nvgre.pcap": [
        ("0.000000", 89, f"gre {0x00ABCD07}", [], "192.168.100.1 → 192.168.100.2", "udp 1000 → 2000"),
        ("0.052662", 97, f"gre {0x9}", [], "192.168.100.1 → 192.168.100.2", "udp 1000 → 2000"),
        ("0.110611", 89, f"gre {0x00123407}", [], "192.168.100.2 → 192.168.100.1", "udp 1000 → 2000"),
    ],
}


@pytest.mark.parametrize("name", TSHARK)
def test_a_line_says_what_tshark_says(name: str) -> None:
    lines = show(CAPTURES / name).splitlines()
    assert len(lines) == len(TSHARK[name])
    for number, (line, facts) in enumerate(zip(lines, TSHARK[name], strict=True), 1):
        time, octets, tunnel, vids, addresses, protocol = facts
        assert line.split()[:3] == [str(number), time, str(octets)]
        outer, _, inner = line.partition(" │ ")
        assert re.search(r"10\.77\.0\.[12] → 10\.77\.0\.[12]  " + tunnel + "$", outer)
        assert [int(vid) for vid in re.findall(r"vlan (\d+)", inner)] == vids
        assert addresses in inner
        assert protocol in inner


@pytest.mark.parametrize(
    ("name", "tunnels"),
    [
        ("kernel-vxlan-vni-limits.pcap", ["vxlan 0", "vxlan 1", "vxlan 65280", "vxlan 16777215"]),
        ("linux-geneve-options.pcap", ["geneve 7777 options 2", "geneve 42 options 1", "geneve 99 options 1"]),
        ("python-stt-sample.pcap", ["stt 1234605616436508552", "stt 2748 pcp 3 tag_valid vid 100"]),
        ("kernel-vxlan-gpe.pcap", ["vxlan_gpe 88", "vxlan_gpe 89"]),
    ],
)
def test_tunnels_are_told_by_name_and_network(name: str, tunnels: list[str]) -> None:
    lines = show(CAPTURES / name)
    for tunnel in tunnels:
        assert re.search(rf"  {tunnel} │ ", lines)


def test_a_tag_says_what_is_unusual_of_it() -> None:
    lines = show(CAPTURES / "kernel-vlan-bpf.pcap").splitlines()
    # tshark: vlan.id 100 vlan.priority 3; ieee8021ad.id 200, priority 7, DEI 1; then 200 around 100
    assert "  vlan 100 pcp 3  192.0.2.1 → 192.0.2.2  " in lines[0]
    assert "  vlan 200 (0x88a8) pcp 7 dei  192.0.2.1" in lines[1]
    assert "  vlan 200 (0x88a8)  vlan 100  192.0.2.1" in lines[4]


def test_a_reserved_bit_that_is_set_stands_on_the_line() -> None:
    lines = show(CAPTURES / "ovs-vxlan.pcap")  # its README: VNI 5, py frames with reserved bits
    assert "vxlan 5 no vni_valid │" in lines
    assert "vxlan 5 reserved1 0x010000 │" in lines


def test_a_packet_that_cannot_be_read_on_says_why_and_ipv6_is_an_endpoint() -> None:
    line = show(CAPTURES / "linux-geneve.pcap", "--first", "35", "-c", "1")
    assert "udp 50000 → 6081  ✗ geneve.options (from bit 400) needs 252 octets, has 42" in line
    assert "  fd77::2 → fd77::1  vxlan 100 │ arp request 192.168.100.2 →" in show(CAPTURES / "kernel-vxlan-v6.pcap")


def line_of(packet: oc.Packet | bytes, link_type: int = 1, wire: int | None = None) -> str:
    data = packet if isinstance(packet, bytes) else oc.encode(packet)
    record = Record(data, link_type, None, wire or len(data))
    return joined(parts_of(record.decode(lax=True), oc.DEFAULT, record.link_type))


def joined(parts: Iterable[Part]) -> str:
    return "".join(" " * part.gap + part.text for part in parts)[2:]


LINK: Final = oc.Ethernet(dst="02:00:00:00:00:02", src="02:00:00:00:00:01")
NETWORK: Final = oc.IPv4(src="10.0.0.1", dst="10.0.0.2")


def test_a_number_that_is_no_key_is_not_shown_as_one() -> None:
    """LINKTYPE_LINUX_SLL: where the kind of device is ARPHRD_NETLINK, the protocol field is no EtherType."""
    header = oc.SLL(arphrd_type=824, protocol=0x1234)
    assert "protocol" not in line_of(header / b"x", 113)
    assert "protocol 0x1234" in line_of(header.replace(arphrd_type=1) / b"x", 113)


@pytest.mark.parametrize(
    ("packet", "line"),
    [
        (LINK.replace(ethertype=0x88B5) / b"x", "02:00:00:00:00:01 → 02:00:00:00:00:02  ethertype 0x88b5"),
        (LINK / NETWORK.replace(protocol=253) / b"x", "10.0.0.1 → 10.0.0.2  protocol 253"),
        (
            LINK / NETWORK.replace(protocol=17, more_fragments=True) / b"\0\1\0\2\0\x08\0\0",
            "10.0.0.1 → 10.0.0.2  fragment at 0, more follow  udp 1 → 2",
        ),
        (
            LINK / NETWORK.replace(protocol=17, fragment_offset=185) / b"x",
            "10.0.0.1 → 10.0.0.2  fragment at 185, the last",
        ),
        (
            LINK / NETWORK / oc.TCP(src_port=1, dst_port=2, syn=True, ack=True),
            "10.0.0.1 → 10.0.0.2  tcp 1 → 2 [ack syn]",
        ),
        (
            LINK / NETWORK / oc.UDP(src_port=1, dst_port=8472) / oc.VXLAN(vni=7) / LINK.replace(ethertype=0x88B5),
            "10.0.0.1 → 10.0.0.2  vxlan 7 (8472) │ 02:00:00:00:00:01 → 02:00:00:00:00:02",
        ),
        (
            LINK / oc.MPLS(label=16) / oc.MPLS(label=17, ttl=9) / NETWORK.replace(protocol=59),
            "mpls 16  mpls 17 ttl 9  10.0.0.1 → 10.0.0.2",
        ),
        (
            LINK / NETWORK / oc.ICMP() / oc.ICMPUnreachable() / NETWORK / oc.UDP(src_port=1, dst_port=2),
            "10.0.0.1 → 10.0.0.2  icmp unreachable │ quoted 10.0.0.1 → 10.0.0.2  udp 1 → 2",
        ),
    ],
)
def test_lines_of_other_packets(packet: oc.Packet, line: str) -> None:
    assert line_of(packet) == line


def test_an_unknown_link_type_and_an_empty_record() -> None:
    assert line_of(b"\1\2\3", link_type=147) == "link type 147 (USER0)"
    assert line_of(b"") == "✗ ethernet (from bit 0) needs 14 octets, has 0; bounded by the captured octets"


class Telemetry(oc.Header, spec="in-house", keys=(oc.UDP_PORT(9999),), tunnel=True, carries=oc.ETHERTYPE(0x6558)):
    """A tunnel of somebody's own."""

    vni: Annotated[int, oc.Bits(24), "Network"]
    colour: Annotated[int, oc.Bits(8), oc.ValueNames({1: "red"}), "Colour"] = 0


def test_a_header_declared_by_a_user_is_shown_like_ours() -> None:
    catalog = oc.DEFAULT.with_header(Telemetry)
    data = catalog.encode(
        LINK / NETWORK / oc.UDP(src_port=1) / Telemetry(vni=5, colour=1) / LINK / NETWORK.replace(protocol=59)
    )
    record = Record(data)
    assert (
        joined(parts_of(record.decode(catalog=catalog), catalog, record.link_type))
        == "10.0.0.1 → 10.0.0.2  telemetry 5 colour 1 │ 10.0.0.1 → 10.0.0.2"
    )


# --- time, numbers ---------------------------------------------------------------------------------------------------


def test_time_is_told_to_the_last_digit_of_the_file() -> None:
    micro, nano = Interface(link_type=1), Interface(link_type=1, ticks_per_second=10**9)
    assert Clock("epoch").text(1_700_000_000_123_456_000, micro) == "1700000000.123456"
    assert Clock("epoch").text(1_700_000_000_123_456_789, micro) == "1700000000.123456789"
    assert Clock("epoch").text(1_700_000_000_123_456_000, nano) == "1700000000.123456000"
    assert Clock("utc").text(1_700_000_000_000_000_001, nano) == "2023-11-14 22:13:20.000000001"
    assert Clock("utc").text(-1, nano) == "1969-12-31 23:59:59.999999999"
    assert Clock("utc").text(10**21, micro) == "1000000000000.000000"  # no calendar reaches that far
    assert Clock("utc").text(None, None) == "-"
    relative = Clock("relative")
    assert [relative.text(at, nano) for at in (5, None, 3, 1_000_000_005)] == [
        "0.000000000",
        "-",
        "-0.000000002",
        "1.000000000",
    ]
    delta = Clock("delta")
    assert [delta.text(at, nano) for at in (0, 3, 1_000_000_005)] == ["0.000000000", "0.000000003", "1.000000002"]


def test_first_and_count() -> None:
    lines = show(INNER_VLAN, "--first", "3", "-c", "2").splitlines()
    assert [line.split()[:2] for line in lines] == [["3", "0.000000"], ["4", "0.000040"]]
    assert show(INNER_VLAN, "--first", "10") == ""
    assert show(INNER_VLAN, "-c", "0") == ""
    assert show(INNER_VLAN, "-c", "1", INNER_VLAN).count("\n") == 5  # a heading each, and a blank line between
    # tshark: frame.time_epoch 1700000000.001000000
    assert "\n   2  2023-11-14 22:13:20.001000   100  10.77.0.2 →" in show(
        CAPTURES / "linux-geneve-options.pcap", "-t", "utc"
    )


def test_bindings_of_the_command_line() -> None:
    gbp = show(CAPTURES / "kernel-vxlan-gbp.pcap", "--bind", "udp_port:4789=vxlan_gbp")
    assert "vxlan_gbp 100 group_policy_id 4660 │" in gbp  # the capture's README: ping -m 0x1234
    for wrong in ("4789=vxlan", "port:1=vxlan", "udp_port:1=nothing", "udp_port:65536=vxlan", "udp_port:=vxlan"):
        assert "--bind" in show("--bind", wrong, INNER_VLAN, status=2)
    assert "did you mean udp_port?" in show("--bind", "udp_prt:1=vxlan", INNER_VLAN, status=2)
    assert "did you mean vxlan" in show("--bind", "udp_port:1=vxlam", INNER_VLAN, status=2)


# --- the tree, the octets --------------------------------------------------------------------------------------------


def test_a_dialect_of_the_command_line() -> None:
    capture = CAPTURES / "ovs-gre-nvgre.pcap"
    assert "key                  11259143  0x00abcd07  vsid 43981, flow_id 7\n" in show(
        "-v", "--dialect", "nvgre", "-c", "1", capture
    )
    assert "vsid" not in show("-v", capture)
    gre = documents("--dialect", "nvgre", "-c", "1", capture)[0]["headers"][2]
    assert gre["meanings"] == {"key": {"vsid": 43981, "flow_id": 7}}
    gbp = CAPTURES / "kernel-vxlan-gbp.pcap"
    assert "vxlan_gbp" in show("--dialect", "gbp", gbp)
    assert "vxlan_gpe" in show("--dialect", "gbp", "--bind", "udp_port:4789=vxlan_gpe", gbp)
    assert "there is no dialect 'klingon'" in show("--dialect", "klingon", gbp, status=2)


def test_a_geneve_option_has_its_meaning() -> None:
    frame = oc.Ethernet(dst="02:00:00:00:00:02", src="02:00:00:00:00:01", ethertype=0x88B5)
    option = oc.GeneveOption(option_class=0x0102, type=0x80, data=bytes.fromhex("00030004"))
    packet = oc.UDP(src_port=1, dst_port=6081, checksum=0) / oc.Geneve(vni=5, options=(option,)) / frame
    text = re.sub(r"  +", "  ", show_bytes(oc.encode(packet), "-v", "--bind", "link_type:1=udp"))
    assert "ingress_port  3\n" in text
    assert "egress_port  4\n" in text


def reference(*args: str, status: int = 0) -> str:
    result = CliRunner().invoke(overlaycodec, args)
    assert result.exit_code == status, result.output
    return result.output


def test_headers_are_listed() -> None:
    lines = reference("headers").splitlines()
    assert len(lines) == len(oc.DEFAULT.headers)
    assert any(line.split()[:3] == ["vxlan_gpe", "VXLANGPE", "8"] and "draft-ietf-nvo3" in line for line in lines)
    found = {document["path"]: document for document in map(json.loads, reference("headers", "--json").splitlines())}
    assert set(found) == {header.__layout__.name for header in oc.DEFAULT.headers}
    vni = next(field for field in found["vxlan"]["fields"] if field["name"] == "vni")
    assert (vni["bits"], vni["present"], vni["default"]) == (24, "always", "required")
    assert "UDP_PORT 4789" in found["vxlan"]["found_at"]
    assert {"GeneveOption", "OVNOption", "INTMDOption"} <= set(found["geneve"]["elements"])


@pytest.mark.parametrize("name", ["geneve", "Geneve", "GeneveOption", "geneve_option"])
def test_a_figure_is_drawn(name: str) -> None:
    text = reference("diagram", name)
    assert " length " in text if "ption" in name else "protocol_type" in text
    assert reference("diagram", "--svg", name).startswith("<svg ")


def test_no_figure_of_what_is_not_known() -> None:
    assert "there is no header 'vxlam': did you mean vxlan or vlan?" in reference("diagram", "vxlam", status=2)
    assert len(reference("diagram", "nope", status=2)) < 200


def test_the_tree_has_every_field_of_every_header() -> None:
    with open_capture(CAPTURES / "linux-geneve-options.pcap") as capture:
        packet = next(iter(capture)).decode()
    text = show(CAPTURES / "linux-geneve-options.pcap", "-v", "-c", "1")
    rows = [line.replace("│", " ").split() for line in text.splitlines()[1:]]
    at = 1
    for name, header in zip(packet.names, packet.headers, strict=True):
        assert rows[at][0] == name
        for offset, leaf in enumerate(leaves_of(header), 1):
            assert rows[at + offset][0] == leaf.path
        at += offset + 1
    assert rows[at][:3] == ["payload", "56", "octets"]
    squeezed = [" ".join(row) for row in rows]
    assert "vni 7777 0x001e61" in squeezed  # tshark: geneve.vni 0x001e61, geneve.option.class 0x0102, 0xffff
    assert "options[0].option_class 258 0x0102" in squeezed
    assert "options[1].option_class 65535 0xffff" in squeezed
    assert "ethertype 0x0800 IPv4" in squeezed
    assert "type 8 echo request ICMPEcho" in squeezed
    assert "dst_port 6081 Geneve" in squeezed


def test_the_tree_judges_checksums_and_shows_faults() -> None:
    text = show(CAPTURES / "linux-geneve-options.pcap", "-v", "-c", "1")
    assert re.search(r"checksum +0xb83b  valid", text)
    assert re.search(r"checksum +0x0000  absent", text)
    data = bytearray(oc.encode(LINK / NETWORK / oc.UDP(src_port=1, dst_port=2) / b"hello"))
    data[24] ^= 1
    assert re.search(r"checksum +0x[0-9a-f]{4}  bad", show_bytes(bytes(data[:40]), "-v"))
    assert "! ipv4.total_length (bits 128-143) says 33 octets, 26 are there" in show_bytes(bytes(data[:40]), "-v")
    assert "total_length     33  says 33 octets, 26 are there" in show_bytes(bytes(data[:40]), "-v")


def show_bytes(data: bytes, *args: str, stdin: bytes | None = None) -> str:
    content = files.pcap(files.record(data)) if stdin is None else stdin
    result = CliRunner().invoke(overlaycodec, ["show", "-", *args], input=content)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.output


def test_a_snapped_record_shows_both_lengths_and_comments_cannot_move_the_cursor() -> None:
    little = files.LITTLE
    content = (
        little.section()
        + little.interface((2, b"eth\x1b[2J0"))
        + little.enhanced(bytes(14), (1, "evil \x1b]0;title\x07 \u202e".encode()), wire=1500)
    )
    text = show_bytes(b"", "-v", stdin=content)
    assert "14/1500" in text
    assert r"# evil \x1b]0;title\x07 \u202e" in text
    assert r"interface eth\x1b[2J0" in text
    assert "\x1b" not in text
    assert printable("grün →") == "grün →"


def test_the_octets_are_all_there_once_each_at_its_offset() -> None:
    """Hexadecimal digits and bit masks, put together again by their offsets, are the record."""
    for name in ("linux-geneve-options.pcap", "kernel-vxlan-v6.pcap", "python-stt-sample.pcap", "kernel-vlan-bpf.pcap"):
        with open_capture(CAPTURES / name) as capture:
            record = next(iter(capture))
        text = show(CAPTURES / name, "-x", "-c", "1")
        found = bytearray()
        for line in text.splitlines():
            if match := re.match(r" {6}([0-9a-f]{4})  ((?:[0-9a-f]{2} ?)+)(?: |$)", line):
                assert int(match[1], 16) == len(found)
                found += bytes.fromhex(match[2])
        assert bytes(found) == record.data


def test_bits_of_fields_that_share_octets_stand_in_their_places() -> None:
    text = show(CAPTURES / "kernel-vlan-bpf.pcap", "-x", "--first", "2", "-c", "1")
    # f0 c8: PCP 7, DEI 1, VID 200 (tshark)
    assert "000e  f0 c8  111..... ........ pcp 7\n" in text
    assert "                   ...1.... ........ dei 1\n" in text
    assert "                   ....0000 11001000 vid 200\n" in text


def test_octets_behind_the_end_of_a_header_are_shown() -> None:
    """The padding of a short frame and its check sequence, each for itself."""
    frame = oc.encode(LINK / NETWORK / oc.UDP(src_port=1, dst_port=2) / b"hi") + bytes(16)
    fcs = b"\xde\xad\xbe\xef"
    content = files.pcap(files.record(frame + fcs), word=0x2400_0001)  # 4 octets of FCS
    text = show_bytes(b"", "-v", "-x", stdin=content)
    assert "      payload  2 octets\n      002a  68 69" in text
    assert "      trailer after ipv4  16 octets\n      002c  00 00 00" in text
    assert "      fcs  4 octets\n      003c  de ad be ef" in text
    assert "      fcs  4 octets  de ad be ef  bad\n" in text
    document = json.loads(show_bytes(b"", "--json", stdin=content))
    assert document["trailers"] == [{"header": "ipv4", "octets": "00" * 16}]
    assert document["fcs"] == {"octets": "deadbeef", "wire_octets": 4}


# --- JSON ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", sorted(CAPTURES.glob("*.pcap")), ids=lambda path: path.stem)
def test_json_is_complete(path: Path) -> None:
    """The packet can be put together again from the object alone, and encodes to the record's octets."""
    classes = {cls.__name__: cls for cls in oc.DEFAULT.headers}
    found = documents(path)
    with open_capture(path) as capture:
        for number, (document, record) in enumerate(zip(found, capture, strict=True), 1):
            assert document["number"] == number
            assert (document["time_ns"], document["wire_length"]) == (record.time_ns, record.wire_length)
            assert (document["captured_length"], document["link_type"]) == (len(record.data), record.link_type)
            headers = [rebuilt(classes[each["protocol"]], each["fields"]) for each in document["headers"]]
            names = [each["path"] for each in document["headers"]]
            trailers = tuple(
                oc.Trailer(names.index(each["header"]), bytes.fromhex(each["octets"])) for each in document["trailers"]
            )
            packet = oc.Packet(tuple(headers), bytes.fromhex(document["payload"]), trailers)
            assert oc.encode(packet) == record.data
            assert (document["fault"] is None) == (record.decode(lax=True).fault is None)


RECORDS: Final = [
    record.data for path in sorted(CAPTURES.glob("*.pcap")) for record in islice(open_capture(path.read_bytes()), 20)
]


@given(octets=st.one_of(st.binary(max_size=200), st.sampled_from(RECORDS)), draw=st.data())
def test_any_octets_can_be_shown_in_every_form(octets: bytes, draw: st.DataObject) -> None:
    content = bytearray(octets[: draw.draw(st.integers(0, len(octets)))])
    for at in draw.draw(st.lists(st.integers(0, max(0, len(content) - 1)), max_size=4)) if content else []:
        content[at] = draw.draw(st.integers(0, 255))
    file = files.pcap(files.record(bytes(content), wire=len(octets)))
    text = CliRunner().invoke(overlaycodec, ["show", "-v", "-x", "--verify", "-"], input=file)
    assert text.exit_code == 0, (text.output, text.exception)
    objects = CliRunner().invoke(overlaycodec, ["show", "-v", "-x", "--json", "-"], input=file)
    assert objects.exit_code == 0, (objects.output, objects.exception)
    assert json.loads(objects.output)["octets"] == content.hex()


EITHER: Final = ("hardware", "protocol")
"""Kinds of fields that hold an address, or octets of another size."""


def rebuilt(cls: Any, fields: dict[str, Any]) -> Any:  # Any: headers and elements of any class
    values: dict[str, Any] = {}
    for field in cls.__layout__.fields:
        value = fields.pop(field.name)
        if field.kind == "items" and value is not None:
            classes = {element.__name__: element for element in field.elements}
            value = tuple(rebuilt(classes[each.pop("class")], each) for each in value)
        elif value is not None and (field.kind == "bytes" or (field.kind in EITHER and not re.search("[.:]", value))):
            value = bytes.fromhex(value)
        values[field.name] = value
    assert not fields
    return cls(**values)


def test_json_says_what_is_wrong_and_what_was_asked_for() -> None:
    path = CAPTURES / "linux-geneve.pcap"
    result = run("show", "--json", path, "--first", "35", "-c", "1", "-v", "-x", "--verify")
    document = json.loads(result.stdout)
    assert result.stderr == b"overlaycodec: 1 of 1 packets re-encoded to the same octets\n"
    assert document["fault"] == {
        "error": "TruncatedError",
        "path": "geneve.options",
        "bits": [400, None],
        "reason": "needs 252 octets, has 42; bounded by udp.length (bits 304-319)",
    }
    assert document["checksums"]["ipv4.checksum"] == "valid"
    assert len(document["octets"]) == 2 * document["captured_length"] == 184
    assert document["verified"] is True


def test_json_of_a_time_stamp_beyond_64_bits() -> None:
    little = files.LITTLE
    content = little.section() + little.interface((9, b"\0")) + little.enhanced(b"", ticks=2**64 - 1)
    document = json.loads(show_bytes(b"", "--json", stdin=content))
    assert document["time_ns"] == (2**64 - 1) * 10**9
    assert "18446744073709551615.0" in show_bytes(b"", "-v", "-t", "utc", stdin=content)


def test_plain_data_of_any_value() -> None:
    assert plain_of({"a": (1, b"\1"), "b": float("inf"), "c": oc.MACAddress(1)}) == {
        "a": [1, "01"],
        "b": "inf",
        "c": "00:00:00:00:00:01",
    }


# --- --verify --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", sorted(CAPTURES.glob("*.pcap")), ids=lambda path: path.stem)
def test_all_records_re_encode_to_the_same_octets(path: Path) -> None:
    with open_capture(path) as capture:
        count = sum(1 for _ in capture)
    assert show("--verify", path).splitlines()[-1] == f"{count} of {count} packets re-encoded to the same octets"


def test_verify_sees_other_octets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("overlaycodec.cli.show.encode", lambda packet, catalog: b"")
    lines = show("--verify", INNER_VLAN, status=1).splitlines()
    assert lines[-1] == "0 of 9 packets re-encoded to the same octets"
    assert all("✗ encodes to other octets" in line for line in lines[:-1])


def test_verify_does_not_live_on_the_input() -> None:
    with open_capture(INNER_VLAN) as capture:
        record = next(iter(capture))
    packet = record.decode()
    assert reencodes(record, packet, oc.DEFAULT)
    assert not reencodes(record, packet.replace_at("inner.vlan.vid", 101), oc.DEFAULT)


# --- as a program ----------------------------------------------------------------------------------------------------


def test_damage_is_reported_after_what_stands_before_it() -> None:
    data = INNER_VLAN.read_bytes()
    result = run("show", "-", stdin=data[:300])
    assert result.returncode == 1
    assert len(result.stdout.splitlines()) == 2
    assert result.stderr == b"overlaycodec: -: the record has 106 octets, 24 are there (at octet 260)\n"


def test_what_stands_before_the_damage_is_printed_before_the_complaint(tmp_path: Path) -> None:
    path = tmp_path / "damaged.pcap"
    path.write_bytes(INNER_VLAN.read_bytes()[:300])
    env = environment()
    env.pop("PYTHONUNBUFFERED", None)
    both = subprocess.run(
        [*COMMAND, "show", str(path)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=env, check=False
    ).stdout.decode()
    assert [line.split()[0] for line in both.splitlines()] == ["1", "2", "overlaycodec:"]


def test_each_file_is_shown_though_another_is_missing_or_no_capture(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_bytes(b"something else")
    result = run("show", tmp_path / "missing.pcap", other, INNER_VLAN)
    assert result.returncode == 1
    assert result.stdout.decode().count("vxlan 100") == 9
    missing, odd = result.stderr.decode().splitlines()
    assert missing == f"overlaycodec: {tmp_path / 'missing.pcap'}: No such file or directory"
    assert odd.startswith(f"overlaycodec: {other}: neither pcap nor pcapng")


def test_in_a_pipe_there_are_neither_colours_nor_broken_lines() -> None:
    result = run("show", CAPTURES / "kernel-vxlan-gbp.pcap", COLUMNS="40", FORCE_COLOR="1")
    lines = result.stdout.decode().splitlines()
    assert len(lines) == 8
    assert b"\x1b" not in result.stdout
    assert max(map(len, lines)) > 120
    assert b"\x1b" in run("show", "--color", "always", INNER_VLAN, TERM="xterm-256color").stdout
    assert len(run("show", "--color", "always", CAPTURES / "kernel-vxlan-gbp.pcap").stdout.splitlines()) == 8


def test_a_stream_without_our_letters_gets_ascii() -> None:
    result = run("show", INNER_VLAN, PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert result.returncode == 0
    assert b"10.77.0.1 > 10.77.0.2  vxlan 100 | vlan 100" in result.stdout


@pytest.mark.parametrize("buffered", [True, False])
def test_a_reader_that_goes_is_no_error(tmp_path: Path, buffered: bool) -> None:
    path = tmp_path / "long.pcap"
    with open_capture(INNER_VLAN) as capture:
        records = list(capture) * (1 if buffered else 400)
    write_capture(path, records)
    env = environment()
    env.pop("PYTHONUNBUFFERED", None)
    with subprocess.Popen(
        [*COMMAND, "show", str(path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        if not buffered:
            process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(60) == 141


def test_colours_on_a_terminal_only_and_not_if_no_color_is_set() -> None:
    assert COLOR.search(in_terminal(100, "show", INNER_VLAN))
    assert not COLOR.search(in_terminal(100, "show", INNER_VLAN, NO_COLOR="1"))
    assert "\x1b" not in in_terminal(100, "show", "--color", "never", INNER_VLAN)
    assert "\x1b" not in in_terminal(100, "show", INNER_VLAN, TERM="dumb")
    assert "\x1b" not in in_terminal(100, "show", "--json", INNER_VLAN)


@pytest.mark.parametrize("columns", [60, 80, 140])
def test_on_a_terminal_a_long_line_goes_on_under_itself(columns: int) -> None:
    text = re.sub(r"\x1b\[[0-9;]*m", "", in_terminal(columns, "show", CAPTURES / "kernel-vxlan-gbp.pcap"))
    lines = text.splitlines()
    assert max(map(len, lines)) <= columns
    assert sum(line[:4].strip() != "" for line in lines) == 8
    joined = re.sub(r"\n {20,}", " ", text)
    assert re.sub(r" +", " ", joined) == re.sub(r" +", " ", show(CAPTURES / "kernel-vxlan-gbp.pcap"))


def test_octets_and_tree_on_a_terminal_say_what_they_say_in_a_pipe() -> None:
    args = ("show", "-v", "-x", "-c", "1", CAPTURES / "linux-geneve-options.pcap")
    sent = re.sub(r"\x1b\[[0-9;]*m", "", in_terminal(140, *args))
    assert [line.rstrip() for line in sent.splitlines()] == show(*args[1:]).splitlines()


@pytest.mark.parametrize("package", ["click", "rich"])
def test_a_missing_extra_is_said_in_a_sentence(
    package: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in list(sys.modules):
        if name.partition(".")[0] == package or name.startswith("overlaycodec.cli."):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    assert cli.main(["show", "--color", "always", str(INNER_VLAN)]) == 2
    assert capsys.readouterr().err == (
        f"overlaycodec: the command line needs the package {package!r}: "
        "install it with `pip install 'overlaycodec[cli]'`\n"
    )


def test_the_library_and_the_entry_point_load_neither_click_nor_rich() -> None:
    code = "import sys, overlaycodec.cli; print({'click', 'rich', 'construct'} & set(sys.modules))"
    env = environment()
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env, check=True)
    assert result.stdout == "set()\n"
    code = f"import sys, overlaycodec.cli as c; c.main(['show', {str(INNER_VLAN)!r}]); print('rich' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env, check=True)
    assert result.stdout.splitlines()[-1] == "False"


def test_version_help_and_misuse(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out == f"overlaycodec {oc.__version__}\n"
    assert cli.main(["show", "--help"]) == 0
    help_text = capsys.readouterr().out
    assert "\n    overlaycodec show -v --first 7 --count 1 trace.pcapng\n" in help_text
    assert "\b" not in help_text
    assert cli.main(["show", "--no-such-option"]) == 2
    assert "No such option" in capsys.readouterr().err
    assert cli.main(["show", str(INNER_VLAN)]) == 0


def test_an_interrupt_is_quiet(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(*args: object, **options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Output, "write", interrupted)
    assert cli.main(["show", str(INNER_VLAN)]) == 130
    monkeypatch.setattr(overlaycodec, "main", interrupted)  # while the last lines are given out
    assert cli.main([]) == 130
    assert capsys.readouterr().err.strip() == ""
