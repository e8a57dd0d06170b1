"""STT: segments in the shape of TCP, and the frame header that stands in the first of them."""

from typing import Annotated

from overlaycodec.packet.header import Header
from overlaycodec.schema.facts import Bits, Checksum, Const, LengthField, Reserved, Selects
from overlaycodec.schema.keys import Fits, MinOctets, Peek, Pieces, Within
from overlaycodec.schema.keyspaces import ETHERTYPE, IP_PROTOCOL, STT_OFFSET
from overlaycodec.schema.signs import Pattern, SensibleContent
from overlaycodec.values import AUTO

_EMPTY = Fits(96, 4, unit=4, spare=0)
"""No octets follow: the sign of the offset fails already, and that of the size says nothing more."""


class STTSegment(
    Header, spec="draft-davie-stt-08 section 3.1", path="stt_segment",
    keys=(IP_PROTOCOL(6).when(Peek(16, 16, 7471), Peek(96, 4, 5), Within(32, 48, 20)).as_guess(),),
    signs=(
        Pattern("segment offset", ((Pieces(32, 48, 20),),), decisive=True), Pattern("flags", ((Peek(100, 12, 24),),)),
        Pattern("segment size", ((MinOctets(20 + 256),), (Pieces(32, 48, 20, equal=False),), (_EMPTY,))),
        Pattern("window", ((Peek(112, 16, 0xFFFF), Peek(144, 16, 0)),)), SensibleContent(unknown=True),
    ),
):  # fmt: skip
    """One segment of a frame: TCP's shape, with length, offset and frame id where TCP counts octets."""

    src_port: Annotated[int, Bits(16), "Source port, the flow's entropy"]
    dst_port: Annotated[int, Bits(16), "Destination port"] = 7471
    total_length: Annotated[
        int, Bits(16), LengthField(bias=20, unless="segment_offset", segments=True), "Octets of frame header and frame"
    ] = AUTO
    segment_offset: Annotated[int, Bits(16), Selects(STT_OFFSET), "Octets of the frame before this segment"] = AUTO
    frame_id: Annotated[int, Bits(32), "The same in all segments of a frame"] = 0
    data_offset: Annotated[int, Bits(4), Const(5), "TCP header in units of 4 octets"] = 5
    flags: Annotated[int, Bits(12), "TCP's reserved bits and flags"] = 0x018
    window: Annotated[int, Bits(16), "Window"] = 0xFFFF
    checksum: Annotated[int, Bits(16), Checksum(pseudo=True), "TCP checksum of this segment"] = AUTO
    urgent_pointer: Annotated[int, Bits(16), "Urgent pointer"] = 0


class STT(
    Header, spec="draft-davie-stt-08 section 3.2", keys=(STT_OFFSET(0),), carries=ETHERTYPE(0x6558), tunnel=True,
    signs=(Pattern("version", ((Peek(0, 8, 0),),), decisive=True), SensibleContent()),
):  # fmt: skip
    """The frame header, at the start of a frame's first segment."""

    version: Annotated[int, Bits(8), Const(0), "Version"] = 0
    reserved_flags: Annotated[int, Reserved(4)] = 0
    tcp: Annotated[bool, Bits(1), "The inner packet is TCP"] = False
    ipv4: Annotated[bool, Bits(1), "The inner packet is IPv4"] = False
    checksum_partial: Annotated[bool, Bits(1), "The inner checksum is the pseudo-header's alone"] = False
    checksum_verified: Annotated[bool, Bits(1), "The inner checksum was found right"] = False
    l4_offset: Annotated[int, Bits(8), "Octets from the inner frame's start to its layer 4; 0 unless partial"] = 0
    reserved1: Annotated[int, Reserved(8)] = 0
    mss: Annotated[int, Bits(16), "Maximum segment size; 0 unless partial"] = 0
    pcp: Annotated[int, Bits(3), "Priority code point"] = 0
    tag_valid: Annotated[bool, Bits(1), "V: priority and VLAN are valid"] = False
    vid: Annotated[int, Bits(12), "VLAN identifier"] = 0
    context_id: Annotated[int, Bits(64), "Context, such as the tenant"]
    padding: Annotated[int, Reserved(16)] = 0
