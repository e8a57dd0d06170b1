"""ERSPAN: mirrored frames in GRE. Type I has no header of its own: GRE without a sequence number."""

from typing import Annotated

from overlaycodec.packet.header import Header
from overlaycodec.schema.facts import Bits, Const, Reserved, Selects, When
from overlaycodec.schema.keys import PreviousHeader
from overlaycodec.schema.keyspaces import ERSPAN_FRAME, ETHERTYPE
from overlaycodec.values import AUTO


class ERSPAN(
    Header,
    spec="draft-foschiano-erspan-03 section 4.2",
    keys=(ETHERTYPE(0x88BE).when(PreviousHeader("sequence_present", True)),),
    carries=ETHERTYPE(0x6558),
    tunnel=True,
    layer="shim",
):
    """Type II: a mirrored frame, with its session and VLAN."""

    version: Annotated[int, Bits(4), Const(1), "1 for type II"] = 1
    vlan: Annotated[int, Bits(12), "VLAN of the frame"] = 0
    cos: Annotated[int, Bits(3), "Class of service of the frame"] = 0
    encapsulation: Annotated[int, Bits(2), "En: 0 untagged, 1 ISL, 2 802.1Q, 3 the tag is kept in the frame"] = 0
    truncated: Annotated[bool, Bits(1), "T: the frame was cut to fit"] = False
    session_id: Annotated[int, Bits(10), "Session"]
    reserved: Annotated[int, Reserved(12)] = 0
    index: Annotated[int, Bits(20), "Port and direction, as the platform counts"] = 0


class ERSPANv3(
    Header,
    spec="draft-foschiano-erspan-03 section 4.3",
    path="erspan_v3",
    keys=(ETHERTYPE(0x22EB),),
    tunnel=True,
    layer="shim",
):
    """Type III: with a time stamp, and what the platform adds."""

    version: Annotated[int, Bits(4), Const(2), "2 for type III"] = 2
    vlan: Annotated[int, Bits(12), "VLAN of the frame"] = 0
    cos: Annotated[int, Bits(3), "Class of service of the frame"] = 0
    bad_short_oversized: Annotated[int, Bits(2), "BSO: 0 good, 1 short, 2 oversized, 3 bad"] = 0
    truncated: Annotated[bool, Bits(1), "T: the frame was cut to fit"] = False
    session_id: Annotated[int, Bits(10), "Session"]
    timestamp: Annotated[int, Bits(32), "When it was mirrored, by granularity"] = 0
    security_group_tag: Annotated[int, Bits(16), "SGT"] = 0
    pdu: Annotated[bool, Bits(1), "P: a frame of the link follows"] = True
    frame_type: Annotated[int, Bits(5), Selects(ERSPAN_FRAME), "FT: 0 Ethernet, 2 IP"] = AUTO
    hardware_id: Annotated[int, Bits(6), "Engine that mirrored it"] = 0
    direction: Annotated[bool, Bits(1), "D: on its way out"] = False
    granularity: Annotated[int, Bits(2), "Unit of the time stamp: 0 100 us, 1 100 ns, 2 IEEE 1588, 3 told beside"] = 0
    platform_present: Annotated[bool, Bits(1), "O: the platform's part follows"] = AUTO
    platform_id: Annotated[int | None, Bits(6), When("platform_present"), "Platform, which tells what its part is"] = (
        AUTO
    )
    platform_info: Annotated[int | None, Bits(58), When("platform_present"), "The platform's own"] = AUTO
