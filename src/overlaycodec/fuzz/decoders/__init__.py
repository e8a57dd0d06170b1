"""Decoders that can be compared: this library, tshark, tcpdump, scapy, dpkt, and any command."""

from __future__ import annotations

from overlaycodec.fuzz.decoders.decoder import BUILT_IN, Command, Decoder, OverlayCodec, decoder_of, input_lines
from overlaycodec.fuzz.decoders.reading import HeaderReading, Reading, differences, reading_of

__all__ = [
    "BUILT_IN",
    "Command",
    "Decoder",
    "HeaderReading",
    "OverlayCodec",
    "Reading",
    "decoder_of",
    "differences",
    "input_lines",
    "reading_of",
]
