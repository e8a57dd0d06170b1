"""Wholes out of pieces, and pieces out of wholes: fragments of IPv4 and IPv6, segments of STT.

Strategy: a whole is handed out only when every octet of it came and nothing spoke against another; what is wrong is
dropped and counted. Time is what the caller says it is, and memory has a bound that no sender can move.
"""

from __future__ import annotations

from overlaycodec.reassembly.byte_ranges import Drop, Overlap
from overlaycodec.reassembly.fragmentation import fragment
from overlaycodec.reassembly.fragments import FragmentReassembler
from overlaycodec.reassembly.segmentation import segment_stt
from overlaycodec.reassembly.segments import STTFrame, STTReassembler

__all__ = ["Drop", "FragmentReassembler", "Overlap", "STTFrame", "STTReassembler", "fragment", "segment_stt"]
