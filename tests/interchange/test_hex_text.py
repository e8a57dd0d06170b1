"""Hexadecimal text as tools print it: what xxd, hexdump, od, tcpdump, tshark and Python printed for known octets."""

from __future__ import annotations

import pytest

import overlaycodec as oc
from overlaycodec.interchange.hex_text import octets_of_text

FRAME = bytes.fromhex(
    "525400000002525400000001080045000020000000004011" + "66cb0a0000010a000002c0000035000c85da" + "68656c6c"
)
"""Ethernet, IPv4 and UDP with four octets: 46 octets, so that the last line of a dump is a short one."""

TCPDUMP = """
12:00:01.000000 IP 10.0.0.1.49152 > 10.0.0.2.53: 26725 updater [b2&3=0x6c6c] [0q] (4)
\t0x0000:  5254 0000 0002 5254 0000 0001 0800 4500  RT....RT......E.
\t0x0010:  0020 0000 0000 4011 66cb 0a00 0001 0a00  ......@.f.......
\t0x0020:  0002 c000 0035 000c 85da 6865 6c6c       .....5....hell
"""
WIRESHARK = """
0000  52 54 00 00 00 02 52 54 00 00 00 01 08 00 45 00   RT....RT......E.
0010  00 20 00 00 00 00 40 11 66 cb 0a 00 00 01 0a 00   . ....@.f.......
0020  00 02 c0 00 00 35 00 0c 85 da 68 65 6c 6c         .....5....hell
"""
XXD = """
00000000: 5254 0000 0002 5254 0000 0001 0800 4500  RT....RT......E.
00000010: 0020 0000 0000 4011 66cb 0a00 0001 0a00  . ....@.f.......
00000020: 0002 c000 0035 000c 85da 6865 6c6c       .....5....hell
"""
CANONICAL = """
00000000  52 54 00 00 00 02 52 54  00 00 00 01 08 00 45 00  |RT....RT......E.|
00000010  00 20 00 00 00 00 40 11  66 cb 0a 00 00 01 0a 00  |. ....@.f.......|
00000020  00 02 c0 00 00 35 00 0c  85 da 68 65 6c 6c        |.....5....hell|
0000002e
"""
HEXDUMP = """
0000000 5452 0000 0200 5452 0000 0100 0008 0045
0000010 2000 0000 0000 1140 cb66 000a 0100 000a
0000020 0200 00c0 3500 0c00 da85 6568 6c6c
000002e
"""
OD_WORDS = """
0000000 5452 0000 0200 5452 0000 0100 0008 0045
0000020 2000 0000 0000 1140 cb66 000a 0100 000a
0000040 0200 00c0 3500 0c00 da85 6568 6c6c
0000056
"""
OD_OCTETS = """
0000000 52 54 00 00 00 02 52 54 00 00 00 01 08 00 45 00
0000020 00 20 00 00 00 00 40 11 66 cb 0a 00 00 01 0a 00
0000040 00 02 c0 00 00 35 00 0c 85 da 68 65 6c 6c
0000056
"""
C_ARRAY = """
/* Frame (46 bytes) */
static const unsigned char pkt1[46] = {
0x52, 0x54, 0x00, 0x00, 0x00, 0x02, 0x52, 0x54, /* RT....RT */
0x00, 0x00, 0x00, 0x01, 0x08, 0x00, 0x45, 0x00, // ......E.
0x00, 0x20, 0x00, 0x00, 0x00, 0x00, 0x40, 0x11,
0x66, 0xcb, 0x0a, 0x00, 0x00, 0x01, 0x0a, 0x00,
0x00, 0x02, 0xc0, 0x00, 0x00, 0x35, 0x00, 0x0c,
0x85, 0xda, 0x68, 0x65, 0x6c, 0x6c
};
"""
ESCAPES = r"""
"\x52\x54\x00\x00\x00\x02\x52\x54\x00\x00\x00\x01\x08\x00\x45\x00" \
"\x00\x20\x00\x00\x00\x00\x40\x11\x66\xcb\x0a\x00\x00\x01\x0a\x00" \
"\x00\x02\xc0\x00\x00\x35\x00\x0c\x85\xda\x68\x65\x6c\x6c"
"""
FORMS = {
    "tcpdump -XX": TCPDUMP,
    "Wireshark": WIRESHARK,
    "xxd": XXD,
    "hexdump -C": CANONICAL,
    "hexdump": HEXDUMP,
    "od -x": OD_WORDS,
    "od -tx1": OD_OCTETS,
    "a C array": C_ARRAY,
    "escapes": ESCAPES,
    "digits": FRAME.hex(),
    "digits on lines": f"{FRAME[:20].hex()}\n{FRAME[20:].hex()}\n",
    "blanks": FRAME.hex(" "),
    "words": FRAME.hex(" ", 2),
    "colons": FRAME.hex(":"),
    "hyphens": FRAME.hex("-").upper(),
    "a bytes literal": repr(FRAME),
    "a number": f"0x{FRAME.hex()}",
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_octets(form: str) -> None:
    assert octets_of_text(FORMS[form]) == FRAME
    assert oc.decode_hex(FORMS[form])["udp.dst_port"] == 53


def test_an_offset_is_told_from_the_octets_by_its_length() -> None:
    assert octets_of_text("0000 5254 00") == b"RT\0"
    assert octets_of_text("0000 0000 0000") == bytes(6)


def test_an_asterisk_repeats_the_line_before() -> None:
    # `head -c 64 /dev/zero | hexdump -C`, and the same by xxd -a, whose line is the offset's
    assert octets_of_text(f"00000000  {bytes(16).hex(' ')}  |................|\n*\n00000040\n") == bytes(64)


def test_letters_that_look_like_digits_are_no_octets() -> None:
    assert octets_of_text("00000000: 6162 6364                                abcd") == b"abcd"
    full = "00000000: 6162 6364 6162 6364 6162 6364 6162 6364  abcdabcdabcdabcd"
    assert octets_of_text(full) == b"abcd" * 4


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("52 5", "3 hexadecimal digits"),
        ("52 zz", "line 1, column 4: 'z'"),
        ("0x52, y", "line 1, column 7"),
        (r"\x52\y", "line 1, column 5"),
        (XXD + XXD, "line 6: the offsets start again at 0"),
        ("00000000: 5254\n00000010: 5254", "line 2: the offset is 16, after 2 octets"),
        (f"00000000  {bytes(16).hex(' ')}\n*\nffffffff\n", "beyond 1048576 octets"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=r"octet|digit|number|escape|offset") as caught:
        octets_of_text(text)
    assert reason in str(caught.value)


def test_octets_are_no_text() -> None:
    with pytest.raises(TypeError, match="hexadecimal digits are text, not bytes"):
        oc.decode_hex(b"5254")  # type: ignore[arg-type]
