"""Guesses in columns: what the scalar decoder believes is believed, and rightly cut tunnels are read in groups.

The octets are made from RFC 7348, RFC 8926, RFC 768, 3GPP TS 29.281 and the drafts of GUE and STT, not by the encoder.
"""

from __future__ import annotations

import random
import struct
from typing import Final

import pytest

pytest.importorskip("numpy")

import overlaycodec as oc
from tests.codec.test_guesses import ARP, ip, udp
from tests.columnar.test_columns import check

HEADERS: Final = {
    4789: "0800000000006400",
    8472: "0800000000006400",
    4790: "0c00000300006400",
    6081: "0240655800006400 0102030100000000",
    6080: "00060000",
    2152: "30ff002a00000001",
}
"""By the port: the header that is guessed there."""
NAMES: Final = ["fault", "payload", "udp.length", "vxlan.vni", "vxlan_gpe.vni", "geneve.vni", "gue.proto_ctype"]


def tunnel(port: int) -> bytes:
    return udp(bytes.fromhex(HEADERS[port]) + ARP, port)


def segment(content: bytes) -> bytes:
    """A frame with one STT segment."""
    head = struct.pack(">HHHHIHHHH", 49152, 7471, 18 + len(content), 0, 1, 0x5018, 0xFFFF, 0, 0)
    return ip(head + bytes(10) + (7).to_bytes(8, "big") + content, 6)


def cuts(data: bytes) -> list[oc.Record]:
    """The frame snapped after every octet, and ended there as if it had no more."""
    pieces = [data[:octets] for octets in range(34, len(data) + 1)]
    return [oc.Record(piece, wire_length=length) for piece in pieces for length in (len(data), len(piece))]


@pytest.mark.parametrize("port", HEADERS)
def test_a_tunnel_that_was_cut_is_read_in_groups(port: int) -> None:
    assert check(cuts(tunnel(port)), NAMES) == 0


@pytest.mark.parametrize("port", [*HEADERS, 7471])
def test_damaged_guesses_are_believed_as_by_the_scalar_decoder(port: int) -> None:
    source = random.Random(port)
    data = segment(ARP) if port == 7471 else tunnel(port)
    records = []
    for _ in range(60):
        changed = bytearray(data)
        for _ in range(source.randrange(4)):
            changed[source.randrange(38, min(62, len(data)))] = source.choice((0, 1, 0x80, 0xFF, source.getrandbits(8)))
        changed[36:38] = data[36:38]  # the port
        cut = bytes(changed[: source.randrange(42, len(data) + 1)])
        wire = source.choice((len(cut), len(data), len(data) + 9))
        records.append(oc.Record(cut, wire_length=max(wire, len(cut))))
    check(records, NAMES)
    check(records)


def test_what_a_length_leaves_out_is_missing_and_not_cut() -> None:
    whole = udp(bytes.fromhex("0240655800"), 6081)
    assert oc.decode(whole).names == ["ethernet", "ipv4", "udp"]
    check(
        [oc.Record(whole), oc.Record(whole, wire_length=len(whole) + 20), oc.Record(whole[:45], wire_length=47)], NAMES
    )


def test_a_length_that_ends_before_the_cut_is_wrong() -> None:
    whole = udp(bytes.fromhex("10ff000200000001") + ARP, 2152)
    cut = oc.Record(whole[:-10], wire_length=len(whole))
    assert cut.decode(lax=True).names == ["ethernet", "ipv4", "udp"]
    check([cut], NAMES)
