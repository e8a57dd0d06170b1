"""Option lists that end by a count or with an element: their headers, whole, cut and wrong, are read in groups."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Annotated, Final

import pytest

import overlaycodec as oc
from overlaycodec import Bits
from overlaycodec.schema.facts import CountedBy, Elements, Octets, SizedBy
from tests.columnar.test_columns import check

LINK: Final = oc.Ethernet(dst="02:00:00:00:00:02", src="02:00:00:00:00:01")
IPV4: Final = oc.IPv4(src="192.0.2.1", dst="224.0.0.22")
IPV6: Final = oc.IPv6(src="fe80::1", dst="ff02::16")


def _lldp(source: random.Random) -> oc.Packet:
    lengths = [source.randrange(20) for _ in range(source.randrange(6))]
    facts = tuple(oc.LLDPTLV(type=source.randrange(1, 128), value=source.randbytes(octets)) for octets in lengths)
    return LINK / oc.LLDP(tlvs=(*facts, oc.LLDPTLV(type=0)))


def _igmp_query(source: random.Random) -> oc.Packet:
    sources = tuple(oc.IGMPSource(address=f"10.0.0.{number}") for number in range(source.randrange(6)))
    return LINK / IPV4 / oc.IGMP() / oc.IGMPQuery(group_address="239.1.1.1") / oc.IGMPv3Query(sources=sources)


def _igmp_report(source: random.Random) -> oc.Packet:
    records = tuple(
        oc.IGMPGroupRecord(
            type=4,
            multicast_address=f"239.1.1.{number}",
            sources=tuple(oc.IGMPSource(address=f"10.0.0.{other}") for other in range(source.randrange(4))),
            aux_data=source.randbytes(source.choice((0, 0, 4, 8))),
        )
        for number in range(source.randrange(6))
    )
    return LINK / IPV4 / oc.IGMP() / oc.IGMPv3Report(records=records)


def _mld_report(source: random.Random) -> oc.Packet:
    records = tuple(
        oc.MLDAddressRecord(
            type=4,
            multicast_address=f"ff02::{number}",
            sources=tuple(oc.MLDSource(address=f"fe80::{other}") for other in range(source.randrange(4))),
        )
        for number in range(source.randrange(6))
    )
    return LINK / IPV6 / oc.ICMPv6() / oc.MLDv2Report(records=records)


def _segments(source: random.Random) -> oc.Packet:
    segments = tuple(oc.SRv6Segment(address=f"2001:db8::{number}") for number in range(source.randrange(1, 5)))
    routing = oc.IPv6SegmentRouting(segments_left=0, segments=segments)
    return LINK / IPV6 / routing / oc.UDP(src_port=source.randrange(1 << 16), dst_port=9)


KINDS: Final[dict[str, tuple[Callable[[random.Random], oc.Packet], list[str]]]] = {
    "lldp": (_lldp, ["lldp.tlvs", "lldp.tlvs[0].type", "lldp.tlvs[2].value"]),
    "igmp_query": (_igmp_query, ["igmp_v3_query.sources", "igmp_v3_query.sources[1].address"]),
    "igmp_report": (_igmp_report, ["igmp_v3_report.records", "igmp_v3_report.records[1].multicast_address"]),
    "mld_report": (_mld_report, ["mld_v2_report.records", "mld_v2_report.record_count"]),
    "segments": (_segments, ["ipv6_segment_routing.segments", "ipv6_segment_routing.tlvs", "udp.src_port"]),
}


@pytest.mark.parametrize("kind", KINDS)
def test_lists_are_read_in_groups(kind: str) -> None:
    """Each packet whole, cut somewhere, snapped somewhere, and with an octet that is wrong."""
    make, names = KINDS[kind]
    source = random.Random(kind)
    records = []
    for _ in range(100):
        data = oc.encode(make(source))
        cut = data[: source.randrange(14, len(data))]
        wrong = bytearray(data)
        wrong[source.randrange(14, len(data))] = source.choice((0, 1, 4, 255))
        records += [oc.Record(data), oc.Record(cut), oc.Record(cut, wire_length=len(data)), oc.Record(bytes(wrong))]
    assert check([record for number, record in enumerate(records) if number % 4 < 3], ["fault", "payload", *names]) == 0
    check(records, ["fault", "payload", *names])
    check(records)


def test_long_lists_of_few_packets() -> None:
    long = LINK / oc.LLDP(tlvs=(*[oc.LLDPTLV(type=5, value=b"a")] * 400, oc.LLDPTLV(type=0)))
    source = random.Random(5)
    records = [oc.Record(oc.encode(packet)) for packet in (long, *(_lldp(source) for _ in range(100)))]
    assert check(records, ["fault", "payload", "lldp.tlvs[1].type", "lldp.tlvs[399].type"]) == 1


class Chapter(oc.Element, spec="in-house", path="chapter"):
    """More octets at fixed places than the walk takes at once."""

    text: Annotated[bytes, Octets(130)]
    length: Annotated[int, Bits(8)] = oc.AUTO
    notes: Annotated[bytes, SizedBy("length")] = b""


class Book(oc.Header, spec="in-house", path="book", keys=(oc.ETHERTYPE(0x88B9),)):
    count: Annotated[int, Bits(8)] = oc.AUTO
    chapters: Annotated[tuple[Chapter, ...], CountedBy("count"), Elements()] = ()
    pages: Annotated[int, Bits(16)] = 0


def test_lists_of_long_elements_are_read_one_by_one() -> None:
    catalog = oc.DEFAULT.with_header(Book)
    frame = LINK.replace(ethertype=0x88B9)
    records = []
    for number in range(60):
        book = Book(chapters=(Chapter(text=bytes(range(130)), notes=b"n" * number),) * (number % 3), pages=number)
        records.append(oc.Record(catalog.encode(frame / book / b"end")))
    names = ["fault", "payload", "book.pages", "book.count"]
    assert check(records, names, catalog) == sum(number % 3 > 0 for number in range(60))
    check(records, [*names, "book.chapters[1].text"], catalog)
