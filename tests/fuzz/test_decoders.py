"""Readings of other decoders under our names: from documents, commands, and the text of tshark and tcpdump."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Final
from xml.etree import ElementTree

import pytest

import overlaycodec as oc
from overlaycodec.fuzz import Command, HeaderReading, Reading
from overlaycodec.fuzz.decoders import decoder_of, differences, reading_of
from overlaycodec.fuzz.decoders.reading import same_value
from overlaycodec.fuzz.decoders.tcpdump_text import texts_of
from overlaycodec.fuzz.decoders.with_tcpdump import reading_in as tcpdump_reading
from overlaycodec.fuzz.decoders.with_tshark import reading_in as tshark_reading
from overlaycodec.interchange.documents import to_dict
from tests.tools.stacks import CAPTURES

ANSWER: Final = """
import json, sys
for line in sys.stdin:
    link, wire, digits = line.split()
    data = bytes.fromhex(digits) if digits != "-" else b""
    {before}
    print(json.dumps({{"headers": [{{"path": "ipv4", "fields": {{"ttl": len(data)}}}}]}}), flush=True)
"""


def command(before: str = "pass", seconds: float = 20) -> Command:
    """A decoder that does something before each answer."""
    return Command([sys.executable, "-c", ANSWER.format(before=before)], name="answering", seconds=seconds)


def records(*sizes: int) -> list[oc.Record]:
    return [oc.Record(b"\1" * size) for size in sizes]


# --- readings ---------------------------------------------------------------------------------------------------------


def test_paths_follow_from_the_headers() -> None:
    names = ("ethernet", "vlan", "vlan", "ipv4", "udp", "vxlan", "ethernet", "ipv4")
    paths = [path for path, _ in Reading(tuple(map(HeaderReading, names))).paths()]
    assert paths == [
        *("ethernet", "vlan", "vlan[1]", "ipv4", "udp", "vxlan", "inner.ethernet", "inner.ipv4"),
    ]


def test_dialects_of_one_protocol_are_compared_in_what_both_have() -> None:
    ours = Reading((HeaderReading("udp"), HeaderReading("vxlan_gbp", {"vni": 5, "group_policy_id": 7})))
    theirs = Reading((HeaderReading("udp"), HeaderReading("vxlan", {"vni": 6, "reserved1": 1})))
    assert differences(ours, theirs) == {"vxlan_gbp.vni": (5, 6)}
    told = Reading((HeaderReading("vxlan", {"vni": 5}, None, {"vxlan_gbp": {"vni": 5, "group_policy_id": 8}}),))
    assert differences(ours, told) == {"vxlan_gbp.group_policy_id": (7, 8)}


def test_what_one_decoder_leaves_out_is_no_difference() -> None:
    ours = Reading((HeaderReading("ethernet", {"ethertype": 2048}), HeaderReading("ipv4", {"ttl": 1})))
    assert differences(ours, Reading((HeaderReading("ipv4", {"ttl": 1}),))) == {}
    assert differences(ours, Reading((HeaderReading("ethernet"), HeaderReading("arp")))) == {"headers": ("ipv4", "arp")}


def test_faults_and_failures_are_differences() -> None:
    assert differences(Reading((), "short"), Reading()) == {"fault": ("short", None)}
    assert differences(Reading((), "short"), Reading(), faults=False) == {}
    failed = Reading((), "the decoder failed: it fell over")
    assert differences(failed, Reading((), "short")) == {"failed": (failed.fault, "short")}


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        (True, 1, True), ("02:00:00:00:00:0A", "02-00-00-00-00-0a", True), ("2001:db8::1", "2001:DB8:0::1", True),
        (1, "1", False), ("10.0.0.1", "10.0.0.2", False), ("aabb", "AABB", True),
    ],
)  # fmt: skip
def test_the_same_value_may_be_written_in_several_ways(a: object, b: object, same: bool) -> None:
    assert same_value(a, b) is same  # type: ignore[arg-type]


def test_a_document_of_a_packet_is_a_reading() -> None:
    packet = oc.decode(bytes.fromhex("0200000000020200000000010800450000140001000040fdf5eac0000201c0000202"))
    reading = reading_of(to_dict(packet))
    assert reading.names == ["ethernet", "ipv4"]
    assert reading.values()["ipv4.ttl"] == 64
    assert reading.fault is None
    options = reading_of({"headers": [{"path": "inner.tcp[1]", "fields": {"options": [{"kind": 1}, {"kind": 2}]}}]})
    assert options.headers[0] == HeaderReading("tcp", {"options[0].kind": 1, "options[1].kind": 2})
    assert reading_of({"fault": {"reason": "short"}}).fault == "short"


@pytest.mark.parametrize("document", [[], {"headers": {}}, {"headers": [1]}, {"headers": [{"fields": {}}]}])
def test_what_is_no_answer_is_an_error(document: object) -> None:
    with pytest.raises(ValueError, match="headers"):
        reading_of(document)


# --- commands ---------------------------------------------------------------------------------------------------------


def test_a_command_answers_for_each_packet() -> None:
    readings = command().read(records(3, 0, 5))
    assert [reading.headers[0].fields["ttl"] for reading in readings] == [3, 0, 5]


def test_a_command_that_ends_is_started_again_behind_the_packet() -> None:
    readings = command("len(data) == 4 and sys.exit('fell over')").read(records(3, 4, 4, 5))
    assert [reading.crashed for reading in readings] == [False, True, True, False]
    assert "fell over" in str(readings[1].fault)


def test_a_command_that_hangs_has_failed() -> None:
    readings = command("len(data) == 4 and __import__('time').sleep(60)", seconds=2).read(records(3, 4, 5))
    assert [reading.crashed for reading in readings] == [False, True, False]


def test_a_command_may_read_a_capture() -> None:
    program = "import sys; print(*['{\"fault\": \"' + sys.argv[1][-5:] + '\"}'] * 2, sep='\\n')"
    readings = Command(f"{sys.executable} -c {shlex.quote(program)} {{pcap}}").read(records(3, 4))
    assert [reading.fault for reading in readings] == [".pcap", ".pcap"]


@pytest.mark.parametrize("before", ["print('[]')", "print('no JSON')", "print('{}')"])
def test_a_command_that_prints_something_else_is_an_error(before: str) -> None:
    with pytest.raises(ValueError, match="answering: "):
        command(before).read(records(3))


def test_a_decoder_has_a_name_or_is_a_command() -> None:
    assert decoder_of("overlaycodec").name == "overlaycodec"
    assert decoder_of("./mine --json").name == "./mine --json"
    own = decoder_of("overlaycodec")
    assert decoder_of(own) is own
    with pytest.raises(ValueError, match="empty"):
        decoder_of(" ")


# --- programs and packages --------------------------------------------------------------------------------------------

PDML: Final = """
<packet>
 <proto name="geninfo"/><proto name="frame"/>
 <proto name="eth"><field name="eth.dst" show="02:00:00:00:00:0b"/><field name="eth.type" show="0x0800"/></proto>
 <proto name="ip">
  <field name="ip.version" show="4"/><field name="ip.hdr_len" show="24"/><field name="ip.ttl" show="64"/>
  <field name="ip.proto" show="17"/><field name="ip.checksum.status" show="0"/><field name="ip.len" show="60"/>
  <field name="ip.opt.type" show="148"><field name="ip.opt.len" show="4"/></field>
  <field name=""><field name="ip.opt.type" show="148"/><field name="ip.opt.len" show="4"/></field>
 </proto>
 <proto name="udp"><field name="udp.srcport" show="1"/><field name="udp.dstport" show="6081"/></proto>
 <proto name="geneve">
  <field name="geneve.vni" show="0x000064"/><field name="geneve.option.length" show="8"/>
  <field name="geneve.options"><field name="geneve.option">
   <field name="geneve.option.class" show="0x0102"/><field name="geneve.option.type" show="0x80"/>
   <field name="geneve.option.length" show="8"/>
  </field></field>
 </proto>
 <proto name="_ws.malformed"/>
</packet>
"""


def test_tshark_shows_our_fields() -> None:
    reading = tshark_reading(ElementTree.fromstring(PDML))
    assert reading.names == ["ethernet", "ipv4", "udp", "geneve"]
    values = reading.values()
    assert values["ethernet.dst"] == "02:00:00:00:00:0b"
    assert values["ethernet.ethertype"] == 0x0800
    assert values["ipv4.ihl"] == 6  # tshark shows octets, the field counts words
    assert values["ipv4.options[0].type"] == 148
    assert values["ipv4.verdict"] == "bad"
    assert values["geneve.vni"] == 100
    assert values["geneve.opt_len"] == 2
    assert values["geneve.options[0].option_class"] == 0x0102
    assert values["geneve.options[0].length"] == 1
    assert reading.fault == "malformed"


TEXT: Final = """    1  02:00:00:00:00:01 > 02:00:00:00:00:02, ethertype 802.1Q (0x8100), length 62: vlan 7, p 3, ethertype IPv4 (0x0800), (tos 0x0, ttl 64, id 1, offset 0, flags [none], proto UDP (17), length 44)
    192.0.2.1.50000 > 192.0.2.2.4789: [no cksum] VXLAN, flags [I] (0x08), vni 5 [|vxlan]
\t0x0000:  0001 0203
    2  02:00:00:00:00:01 > 02:00:00:00:00:02, ethertype IPv4 (0x0800), length 62: [|ip]
"""  # noqa: E501 - what tcpdump 4.99.3 prints


def test_tcpdump_says_our_fields() -> None:
    first, second = map(tcpdump_reading, texts_of(TEXT))
    values = first.values()
    assert (values["vlan.vid"], values["vlan.pcp"], values["ipv4.ttl"], values["udp.dst_port"]) == (7, 3, 64, 4789)
    assert values["vxlan.vni"] == 5
    assert values["udp.verdict"] == "absent"
    assert first.fault == "[|vxlan]"
    assert second.names == ["ethernet"]


@pytest.mark.survey
@pytest.mark.parametrize("name", ["scapy", "dpkt"])
def test_packages_read_captures_as_we_do(name: str) -> None:
    pytest.importorskip(name)
    found: list[oc.Record] = []
    for path in ("kernel-vxlan-v4", "kernel-vlan-bpf", "ovs-geneve-options", "linux-gretap-nvgre", "linux-tcp"):
        with oc.open_capture(Path(CAPTURES) / f"{path}.pcap") as capture:
            found += list(capture)
    ours, theirs = decoder_of("overlaycodec").read(found), decoder_of(name).read(found)
    fields = 0
    for mine, other in zip(ours, theirs, strict=True):
        unequal = differences(mine, other, faults=False)
        assert not {path for path in unequal if "vlan" not in path}  # dpkt loses the third tag
        fields += len(mine.values().keys() & other.values(mine).keys())
    assert fields > 500
