"""The pages of header classes, pipelines, captures, findings and differences."""

from __future__ import annotations

import io
from pathlib import Path
from types import MethodType
from typing import Any, Final

import pytest

import overlaycodec as oc
from tests.notebook.pages import Page

CAPTURE: Final = Path(__file__).parent.parent / "captures" / "kernel-vxlan-inner-vlan.pcap"
EVIL: Final = "<script>alert(1)</script>"


def page_of(value: Any) -> Page:  # Any: each of the values has a page
    html = value._repr_html_()
    page = Page(html)
    assert page.faults == []
    assert len(page.html) < 256 * 1024
    return page


@pytest.mark.parametrize("header", oc.DEFAULT.headers, ids=lambda cls: cls.__name__)
def test_a_header_class_is_its_diagram(header: type[oc.Header]) -> None:
    method: object = getattr(header, "_repr_html_", None)
    assert method.__class__ is MethodType  # IPython calls no function that it finds at a class
    page = page_of(header)
    boxes = {tag for tag, _ in page.elements}
    assert {"svg", "rect"} <= boxes
    for field in header.__layout__.fields:
        assert field.name in page.text


def test_base_classes_have_no_page() -> None:
    for base in (oc.Header, oc.Element):
        assert getattr(base, "_repr_html_", 0) is None
    assert page_of(oc.GeneveOption).text.startswith("GeneveOption")


def test_a_pipeline_is_the_classes_in_it() -> None:
    pipeline = oc.Pipeline(oc.Ethernet, oc.VLANTag[0:3], oc.IPv4 | oc.IPv6, oc.UDP, oc.VXLAN)
    page = page_of(pipeline)
    assert repr(pipeline) in page.text
    assert sum(tag == "svg" for tag, _ in page.elements) == 6


def test_a_capture_is_its_first_packets_and_its_totals() -> None:
    with oc.open_capture(CAPTURE) as capture:
        loop = iter(capture)
        first = next(loop)
        page = page_of(capture)
        assert "9 packets · 932 octets on the wire · little-endian · file of 1,100 octets" in page.text
        assert " ".join(first.decode().summary().split()) in page.text
        assert len(list(loop)) == 8, "the page takes nothing from a loop"


def test_the_page_of_a_long_capture_counts_only_so_many() -> None:
    out = io.BytesIO()
    oc.write_capture(out, [oc.Record(bytes(14))] * 10_001)
    page = page_of(oc.open_capture(out.getvalue()))
    assert "more than 10,000 packets" in page.text
    assert "… 9,990 more packets" in page.text


def test_the_page_of_a_stream_that_is_read_once_reads_nothing() -> None:
    class Pipe:
        """A stream without `seek`."""

        def __init__(self) -> None:
            self._octets = io.BytesIO(CAPTURE.read_bytes())

        def read(self, size: int, /) -> bytes:
            return self._octets.read(size)

    capture = oc.open_capture(Pipe())
    assert "cannot go back" in page_of(capture).text
    assert len(list(capture)) == 9


def test_a_damaged_or_closed_capture_has_a_page() -> None:
    capture = oc.open_capture(CAPTURE.read_bytes()[:-5])
    assert "8 packets" in page_of(capture).text
    capture.close()
    assert "the capture is closed" in page_of(capture).text


def block(kind: int, body: bytes) -> bytes:
    """A block of pcapng."""
    length = (len(body) + 12).to_bytes(4, "little")
    return kind.to_bytes(4, "little") + length + body + length


def option(code: int, text: str) -> bytes:
    """An option of pcapng."""
    data = text.encode()
    return code.to_bytes(2, "little") + len(data).to_bytes(2, "little") + data + bytes(-len(data) % 4)


def test_what_a_file_says_stays_text() -> None:
    section = block(0x0A0D0D0A, bytes.fromhex("4d3c2b1a01000000ffffffffffffffff"))
    interface = block(1, bytes.fromhex("0100000000000000") + option(2, EVIL) + bytes(4))
    packet = block(6, bytes(12) + bytes.fromhex("0e0000000e000000") + bytes(16) + option(1, EVIL) + bytes(4))
    capture = oc.open_capture(section + interface + packet)
    assert [record.comments for record in capture] == [(EVIL,)]
    assert page_of(capture).text.count(EVIL) == 2


def test_findings_are_a_list_and_a_table() -> None:
    with oc.open_capture(CAPTURE) as capture:
        packet = next(capture.packets())
    data = bytearray(bytes(packet))
    data[24] ^= 1
    findings = oc.diagnose(bytes(data))
    assert findings == [*findings]
    page = page_of(findings)
    for finding in findings:
        assert finding.path in page.text
        assert finding.demand in page.text
    assert page_of(type(findings)()).text == "no findings"


def test_differences_are_tables() -> None:
    with oc.open_capture(CAPTURE) as capture:
        records = list(capture)
    packet = records[0].decode()
    page = page_of(oc.diff(packet, packet.replace(oc.VXLAN, vni=200).without(oc.VLANTag)))
    assert "<td>vxlan.vni</td><td>368-391</td><td class=long>100</td><td class=long>200</td>" in page.html
    assert "inner.vlan" in page.text
    assert page_of(oc.diff(packet, packet)).text == "no difference"
    after = io.BytesIO()
    routed = oc.Record(bytes(records[4].decode().replace(oc.IPv4, ttl=63)), time_ns=records[4].time_ns)
    oc.write_capture(after, [*records[:2], records[3], routed, *records[5:]])
    with oc.open_capture(CAPTURE) as one, oc.open_capture(after.getvalue()) as other:
        difference = oc.diff(one, other)
    page = page_of(difference)
    assert page.text.startswith("1 removed, 0 added, 1 changed, 7 the same- packet 3packet 5 → 4")
    assert "ipv4.ttl" in page_of(difference.records[1]).text
