"""Differences of decoders, and the least packets that show them: errors are planted in a decoder and found."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec
import pytest

import overlaycodec as oc
from overlaycodec import fuzz
from overlaycodec.fuzz import HeaderReading, OverlayCodec, Reading
from overlaycodec.fuzz.shrinking import least_of
from tests.tools.stacks import CAPTURES

Change = Callable[[HeaderReading], HeaderReading]


class Planted(OverlayCodec):
    """This library with an error."""

    name = "planted"

    def __init__(self, change: Change) -> None:
        super().__init__()
        self._change = change

    def read(self, records: Sequence[oc.Record]) -> list[Reading]:
        """What it reads, changed."""
        return [
            Reading(tuple(self._change(header) for header in reading.headers), reading.fault)
            for reading in super().read(records)
        ]


def narrowed(name: str, field: str, mask: int) -> Change:
    """A field of fewer bits."""

    def change(header: HeaderReading) -> HeaderReading:
        if header.name != name or field not in header.fields:
            return header
        value = header.fields[field]
        assert isinstance(value, int)
        return msgspec.structs.replace(header, fields={**header.fields, field: value & mask})

    return change


def cases(name: str, count: int) -> list[fuzz.Case]:
    """Mutations of values in the packets of a capture."""
    with oc.open_capture(CAPTURES / f"{name}.pcap") as capture:
        return list(fuzz.cases(capture, seed=1, count=count, kinds=["value"]))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (oc.decode(bytes(14)), "cases is one packet: give a list of packets"),
        (oc.Record(bytes(14)), "cases is one packet: give a list of packets"),
        (bytes(14), "cases takes several packets: give a list, not bytes"),
        ([bytes(14), 14], r"cases\[1\] takes a packet, octets, a record or a case, not int"),
        ([oc.VXLAN(vni=5)], r"cases\[0\] takes a packet, octets, a record or a case, not VXLAN"),
    ],
)
def test_what_is_compared_is_a_list_of_packets(given: object, message: str) -> None:
    decoders = ["overlaycodec", Planted(narrowed("vxlan", "vni", 0x0F))]
    with pytest.raises(TypeError, match=message):
        fuzz.compare(given, decoders)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="decoders takes several decoders: give a list, not str"):
        fuzz.compare([bytes(14)], "tshark")


def test_an_error_is_found_and_its_packet_is_least() -> None:
    found = fuzz.compare(cases("kernel-vxlan-v4", 120), ["overlaycodec", Planted(narrowed("vxlan", "vni", 0x0F))])
    [difference] = found.differences
    assert difference.field == "vxlan.vni"
    assert difference.packets > 1
    value, other = difference.least_values
    assert isinstance(value, int)
    assert value.bit_count() == 1  # one bit above the 4
    assert other == 0
    assert len(difference.least.data) <= 36  # IPv4, UDP and VXLAN, or Ethernet in front
    assert "vxlan.vni: overlaycodec" in str(found)
    assert found.fields["overlaycodec", "planted"] > 1_000


def test_without_shrinking_the_first_packet_is_given() -> None:
    several = cases("kernel-vxlan-v4", 120)
    found = fuzz.compare(several, ["overlaycodec", Planted(narrowed("vxlan", "vni", 0x0F))], shrink=False)
    [difference] = found.differences
    assert difference.least == difference.record
    records = [record for case in several for record in case.records]
    assert difference.record == records[difference.number]


def test_decoders_that_agree_have_no_differences() -> None:
    found = fuzz.compare(cases("kernel-vxlan-v4", 50), ["overlaycodec", Planted(lambda header: header)])
    assert found.differences == ()
    assert found.between("planted", "overlaycodec") == []


def test_packets_come_in_every_form() -> None:
    packet = oc.IPv4(src="10.0.0.1", dst="10.0.0.2", ttl=9) / oc.UDP(src_port=1, dst_port=2)
    frame = oc.Ethernet(dst="02:00:00:00:00:02", src="02:00:00:00:00:01") / packet
    data = oc.encode(frame)
    forms: list[oc.Packet | oc.Record | bytes | bytearray] = [packet, frame, data, bytearray(data), oc.Record(data)]
    found = fuzz.compare(forms, ["overlaycodec", Planted(narrowed("ipv4", "ttl", 8))], shrink=False)
    assert found.packets == 5
    assert [each.packets for each in found.differences] == [5]


def test_three_decoders_are_compared_in_pairs() -> None:
    other = Planted(narrowed("udp", "length", 0x0F))
    other.name = "other"
    planted = Planted(narrowed("vxlan", "vni", 0x0F))
    found = fuzz.compare(cases("kernel-vxlan-v4", 60), ["overlaycodec", planted, other], shrink=False)
    assert list(found.fields) == [("overlaycodec", "planted"), ("overlaycodec", "other"), ("planted", "other")]
    assert {each.field for each in found.between("overlaycodec", "other")} == {"udp.length"}
    assert {each.field for each in found.between("planted", "other")} == {"udp.length", "vxlan.vni"}


@pytest.mark.parametrize("decoders", [[], ["overlaycodec"], ["overlaycodec", "overlaycodec"]])
def test_two_decoders_are_needed(decoders: list[str]) -> None:
    with pytest.raises(ValueError, match="two decoders"):
        fuzz.compare([b"\0"], decoders)


# --- the least packet -------------------------------------------------------------------------------------------------


def test_the_least_packet_is_the_same_at_each_run_and_holds() -> None:
    record = oc.Record(oc.encode(cases("kernel-vxlan-inner-vlan", 1)[0].packet))

    def holds(records: Sequence[oc.Record]) -> list[bool]:
        return ["inner.vlan" in each.decode(lax=True) for each in records]

    least = least_of(record, holds)
    assert least == least_of(record, holds)
    assert holds([least]) == [True]
    assert len(least.data) < len(record.data) - 10
    packet = least.decode(lax=True)
    assert packet.payload == b""
    assert packet.names[-1] == "inner.vlan"


def test_what_cannot_be_smaller_stays() -> None:
    record = oc.Record(b"\0")
    assert least_of(record, lambda records: [True] * len(records)) == record
    other = oc.Record(bytes(range(1, 60)))
    assert least_of(other, lambda records: [False] * len(records)) == other
