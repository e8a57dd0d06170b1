"""The page of a packet in a notebook: complete, exact about octets, safe, and bounded."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Final

import pytest

import overlaycodec as oc
from overlaycodec.notebook.packet import packet_page
from overlaycodec.notebook.style import DARK, LIGHT
from tests.notebook.pages import Page

CAPTURES: Final = sorted((Path(__file__).parent.parent / "captures").glob("*.pcap"))
FRAME: Final = oc.Ethernet(dst="52:54:00:00:00:02", src="52:54:00:00:00:01") / oc.IPv4(src="10.0.0.1", dst="10.0.0.2")
PACKET: Final = FRAME / oc.UDP(src_port=49152) / oc.VXLAN(vni=100) / FRAME / oc.UDP(src_port=1, dst_port=2) / b"hello"
EVIL: Final = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'&\u202e\x1b"


def page_of(packet: oc.Packet) -> Page:
    html = packet._repr_html_()
    assert html is not None
    return Page(html)


@pytest.mark.parametrize("capture", CAPTURES, ids=lambda path: path.stem)
def test_the_octets_of_each_row_are_those_of_its_field(capture: Path) -> None:
    with oc.open_capture(capture) as records:
        packet = next(records.packets(lax=True))
    page, data = page_of(packet), bytes(packet)
    assert len(data) <= 1536
    assert page.faults == []
    assert bytes.fromhex("".join(octets for _, octets in page.octets)) == data
    rows = page.rows()
    assert len(rows) > 5
    for path, (name, bits) in rows.items():
        if not path.startswith(("trailer", "fcs")):
            assert bits == packet.span(path), path
        first, last = bits[0] // 8, bits[1] // 8 + 1 if bits[1] >= bits[0] else bits[0] // 8
        lit = "".join(octets for classes, octets in page.octets if name in classes)
        assert bytes.fromhex(lit) == data[first:last], path
        assert f".{name}:is(:hover,:focus)) .{name}" in page.style


def test_rows_say_what_is_wrong_where_it_is() -> None:
    data = bytearray(bytes(PACKET))
    data[24] ^= 1  # the outer IPv4 checksum
    data[45] = 1  # VXLAN's first reserved field
    html = oc.decode(bytes(data[:-20]), lax=True)._repr_html_()
    assert html is not None
    row = {path: html.partition(f'data-path="{path}"')[2].partition("</tr>")[0] for path in Page(html).rows()}
    assert '<span class="bad">bad</span>' in row["ipv4.checksum"]
    assert "RFC 1122" in row["ipv4.checksum"]
    assert "reserved, not 0" in row["vxlan.reserved1"]
    assert "says 83 octets, 63 are there" in row["ipv4.total_length"]
    assert "✗" in Page(html).text


def test_rows_and_octets_are_reached_by_keyboard_and_pointer() -> None:
    page = page_of(PACKET)
    rows = [values for _, values in page.elements if "data-bits" in values]
    assert all(values["tabindex"] == "0" for values in rows)
    assert page.elements[0][1]["role"] == "group"
    assert page.elements[0][1]["aria-label"].startswith("packet: 10.0.0.1")
    assert sum(tag == "summary" for tag, _ in page.elements) == len(PACKET.headers)


def test_pages_have_ids_of_their_own_and_style_themselves_alone() -> None:
    pages = [page_of(PACKET) for _ in range(3)]
    ids = [one for page in pages for one in page.ids]
    assert len(set(ids)) == 3
    for page in pages:
        sheet = re.sub(r"@media [^{]*{", "", page.style)
        for selectors in re.findall(r"([^{}]+)\{", sheet):
            assert all(f"#{page.ids[0]}" in one for one in re.sub(r"\([^()]*\)", "", selectors).strip().split(",")), (
                selectors
            )
        assert "url(" not in page.style
        assert "@import" not in page.style


def contrast(one: str, other: str) -> float:
    """The contrast of two colours as WCAG 2.1 defines it."""

    def luminance(color: str) -> float:
        parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("colors", [LIGHT, DARK], ids=["light", "dark"])
def test_text_can_be_read_in_light_and_dark(colors: dict[str, str]) -> None:
    for name in ("fg", "faint", "note", "good", "warn", "bad", "tunnel"):
        assert contrast(colors[name], colors["bg"]) >= 4.5, name
    assert contrast(colors["fg"], colors["lit"]) >= 4.5
    assert contrast(colors["fg"], colors["shade"]) >= 4.5


class Strange(oc.Header, spec=EVIL, path="strange", keys=(oc.UDP_PORT(60001),)):
    """<script>alert(3)</script>"""

    kind: Annotated[int, oc.Bits(8), oc.ValueNames({7: EVIL}), EVIL] = 7


def test_what_is_in_a_packet_stays_text() -> None:
    catalog = oc.DEFAULT.with_header(Strange)
    packet = FRAME / oc.UDP(src_port=1, dst_port=60001) / Strange() / EVIL.encode()
    page = Page(packet_page(catalog.decode(catalog.encode(packet)), catalog))
    assert page.faults == []
    assert EVIL[:-2] in page.text  # the name of the value
    assert "\\u202e\\x1b" in page.text
    assert "\u202e" not in page.html
    shown = Strange._repr_html_()  # type: ignore[call-arg]  # the metaclass has it too
    assert shown is not None
    assert Page(shown).faults == []
    assert "<script>alert(3)</script>" in Page(shown).text


def with_options(headers: int) -> oc.Packet:
    """A packet with that many headers of destination options (RFC 8200), each of 2,046 options of one octet."""
    chain = b"".join(bytes((60 if number + 1 < headers else 59, 255)) + bytes(2046) for number in range(headers))
    ipv6 = bytes.fromhex("60000000") + len(chain).to_bytes(2, "big") + bytes((60, 64)) + bytes(32)
    return oc.decode(bytes.fromhex("52540000000252540000000186dd") + ipv6 + chain, lax=True)


TUNNEL: Final = FRAME / oc.UDP(src_port=1) / oc.VXLAN(vni=1)
HUGE: Final = {
    "payload": FRAME / oc.UDP(src_port=1, dst_port=2) / (b"&<>'\"" * 13_000),
    "headers": TUNNEL / TUNNEL / TUNNEL / TUNNEL / TUNNEL / TUNNEL / TUNNEL / FRAME / b"&<>'\"",
    "options": with_options(8),
}


@pytest.mark.parametrize("name", HUGE)
def test_the_page_of_a_huge_packet_is_small_and_says_what_it_leaves_out(name: str) -> None:
    page = page_of(HUGE[name])
    assert len(page.html) < 256 * 1024
    assert page.faults == []
    assert re.search(r"… [\d,]+ more octets: packet.hexdump\(\)", page.text) or name == "headers"
    assert (name == "options") == ("more fields: packet.show()" in page.text)


def test_a_header_is_shown_alone_and_an_element_as_text() -> None:
    html = oc.VXLAN(vni=7)._repr_html_()
    assert html is not None
    assert Page(html).rows()["vxlan.vni"][1] == (32, 55)
    option = oc.GeneveOption(option_class=1, type=1, data=b"")
    assert option._repr_html_() is None
    assert option._repr_mimebundle_() == {}


def test_a_packet_that_cannot_be_encoded_is_shown_with_the_reason() -> None:
    page = page_of(oc.Ethernet(dst="52:54:00:00:00:02", src="52:54:00:00:00:01") / b"?")
    assert page.faults == []
    assert "It cannot be encoded" in page.text


def test_bundles_have_what_is_asked_for() -> None:
    assert set(PACKET._repr_mimebundle_()) == {"text/html", "text/plain"}
    assert PACKET._repr_mimebundle_(include={"text/plain"}) == {}
    assert set(PACKET._repr_mimebundle_(exclude={"text/plain"})) == {"text/html"}
    assert PACKET._repr_mimebundle_()["text/plain"] == repr(PACKET)
