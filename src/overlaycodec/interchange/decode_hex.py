"""Decoding from hexadecimal text."""

from __future__ import annotations

from overlaycodec.codec.catalog import DEFAULT, Catalog
from overlaycodec.codec.packet_decoder import decode
from overlaycodec.interchange.hex_text import octets_of_text
from overlaycodec.packet.header import Header
from overlaycodec.packet.packet import Packet
from overlaycodec.protocols import Ethernet
from overlaycodec.schema.keys import Key

__all__ = ["decode_hex"]


def decode_hex(
    text: str,
    *,
    first: type[Header] | Key = Ethernet,
    wire_length: int | None = None,
    fcs_octets: int = 0,
    lax: bool = False,
    catalog: Catalog = DEFAULT,
) -> Packet:
    r"""A packet from hexadecimal digits, in any form that tools print and copy; otherwise like `decode`.

    Digits with or without blanks, colons and hyphens; `0x52, 0x54` and C arrays; `\x52\x54` and bytes literals; and
    dumps with offsets, as tcpdump, Wireshark, xxd, hexdump and od print them, with or without the letters beside.

    Raises: ValueError for text that is none of these; DecodeError, as `decode` does.
    """
    data = octets_of_text(text)
    return decode(data, first=first, wire_length=wire_length, fcs_octets=fcs_octets, lax=lax, catalog=catalog)
