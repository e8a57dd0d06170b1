"""Fragmentation and reassembly: fragments of IPv4 and IPv6, segments of STT.

Strategy: a datagram is returned only if every octet was received and no fragment contradicts another; wrong fragments
are dropped and counted. The caller gives the time, and memory has a bound that no sender can exceed. Modules that serve
both kinds call an STT frame a datagram too, and its segments fragments.
"""

from __future__ import annotations

from overlaycodec.reassembly.byte_ranges import Drop, Overlap
from overlaycodec.reassembly.fragmentation import fragment
from overlaycodec.reassembly.fragments import FragmentReassembler
from overlaycodec.reassembly.segmentation import segment_stt
from overlaycodec.reassembly.segments import STTFrame, STTReassembler

__all__ = ["Drop", "FragmentReassembler", "Overlap", "STTFrame", "STTReassembler", "fragment", "segment_stt"]
