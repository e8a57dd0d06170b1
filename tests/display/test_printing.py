"""What `show`, `hexdump` and `summary` print."""

from __future__ import annotations

import io

import pytest

import overlaycodec as oc

FRAME = oc.Ethernet(dst="52:54:00:00:00:02", src="52:54:00:00:00:01") / oc.IPv4(src="10.0.0.1", dst="10.0.0.2")
PACKET = FRAME / oc.UDP(src_port=49152) / oc.VXLAN(vni=100) / FRAME / oc.UDP(src_port=1, dst_port=2) / b"hello"


def shown(packet: oc.Packet) -> str:
    out = io.StringIO()
    packet.show(file=out)
    return out.getvalue()


def dumped(packet: oc.Packet, path: str | None = None) -> str:
    out = io.StringIO()
    packet.hexdump(path, file=out)
    return out.getvalue()


def test_the_tree_has_each_header_with_named_values() -> None:
    text = shown(PACKET)
    assert "ethertype  0x0800  IPv4" in text
    assert "protocol         17  UDP" in text
    assert "│ inner.udp  8 octets  RFC 768" in text
    assert "│ payload  5 octets  68 65 6c 6c 6f" in text


def test_the_tree_marks_what_is_wrong() -> None:
    data = bytearray(oc.encode(PACKET))
    data[24] ^= 1  # the outer IPv4 checksum
    data[45] = 1  # VXLAN's first reserved field
    text = shown(oc.decode(bytes(data[:-20]), lax=True))
    assert "  bad\n" in text
    assert "reserved, not 0" in text
    assert "✗" in text


def test_what_is_derived_is_shown_as_it_is_encoded() -> None:
    assert shown(PACKET) == shown(oc.resolve(PACKET))
    assert dumped(PACKET) == dumped(oc.resolve(PACKET))


def test_the_dump_has_every_octet_once() -> None:
    rows = [line[6:30].split() for line in dumped(PACKET).splitlines() if line[:4].strip() and line[:2] == "00"]
    octets = [word for row in rows for word in row if len(word) == 2 and not set(word) & set(".")]
    assert "".join(octets).startswith(oc.encode(PACKET)[:14].hex())


def test_a_part_of_the_dump() -> None:
    assert dumped(PACKET, "vxlan").splitlines()[0] == "vxlan  8 octets"
    assert [line.split()[-2:] for line in dumped(PACKET, "udp.dst_port").splitlines()[1:]] == [["dst_port", "4789"]]
    with pytest.raises(oc.PathError):
        PACKET.hexdump("inner.tcp")


def test_a_part_of_the_tree() -> None:
    out = io.StringIO()
    PACKET.show("inner.ipv4", file=out)
    whole = shown(PACKET).splitlines()
    start = next(number for number, line in enumerate(whole) if "inner.ipv4 " in line)
    stop = next(number for number, line in enumerate(whole) if "inner.udp " in line)
    assert out.getvalue().splitlines() == whole[start:stop]
    out = io.StringIO()
    PACKET.show("ipv4.options", file=out)
    assert [line.split() for line in out.getvalue().splitlines()[1:]] == [["options", "none"]]
    out = io.StringIO()
    (PACKET.headers[0] / oc.IPv4(src="10.0.0.1", dst="10.0.0.2", protocol=253)).show("payload", file=out)
    assert out.getvalue() == ""  # not the options, which are empty at the same place
    out = io.StringIO()
    PACKET.show("payload", file=out)
    assert out.getvalue() == whole[-1] + "\n"
    with pytest.raises(oc.MissingHeaderError, match=r"did you mean .*inner\.ipv4"):
        PACKET.show("inner.ipv5")
    with pytest.raises(TypeError, match="path takes a str, not StringIO"):
        PACKET.show(out)  # type: ignore[arg-type]  # the stream is `file`


def test_the_summary_is_one_line() -> None:
    assert PACKET.summary() == "10.0.0.1 → 10.0.0.2  vxlan 100 │ 10.0.0.1 → 10.0.0.2  udp 1 → 2"


def test_a_stream_without_these_characters_gets_others() -> None:
    raw = io.BytesIO()
    with io.TextIOWrapper(raw, encoding="ascii") as out:
        PACKET.show(file=out)
        out.flush()
        assert b"| inner.udp" in raw.getvalue()


def test_an_entropy_label_is_named() -> None:
    """RFC 6790 section 3: label 7 says that the next one is a hash of the flow, whatever its number is."""
    labels = [oc.MPLS(label=label) for label in (24001, 7, 691234, 16)]
    packet = oc.Packet((*labels[:3], labels[3].replace(bottom_of_stack=True)))
    lines = [line.split() for line in shown(packet).splitlines() if line.split()[0] == "label"]
    assert [line[1] for line in lines] == ["24001", "7", "691234", "16"]
    assert [" ".join(line[2:]) for line in lines] == ["", "entropy label indicator", "entropy label", ""]
