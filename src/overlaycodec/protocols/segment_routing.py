"""Segment routing over IPv6: its routing header."""

from typing import Annotated

from overlaycodec.packet.header import Header
from overlaycodec.schema.facts import (
    Bits,
    Const,
    CountedBy,
    Elements,
    FinalDestination,
    Octets,
    Selects,
    SizedBy,
    Unless,
    Unparsed,
)
from overlaycodec.schema.keys import Peek
from overlaycodec.schema.keyspaces import IP_PROTOCOL
from overlaycodec.schema.record import Element
from overlaycodec.values import AUTO, IPv6Like


class SRv6Segment(Element, spec="RFC 8754 section 2", path="segment"):
    """A node to be visited, or a function there."""

    address: Annotated[IPv6Like, Octets(16), "SRv6Segment"]


class SRv6TLV(Element, spec="RFC 8754 section 2.1", path="segment_routing_tlv"):
    """Type, length, value; type 0 (Pad1) is one octet long."""

    type: Annotated[int, Bits(8), "Type; 0 and 4 pad, 5 is an HMAC"]
    length: Annotated[int | None, Bits(8), Unless("type", (0,)), "Octets of the value"] = AUTO
    value: Annotated[bytes, SizedBy("length"), "What it says"] = b""


class IPv6SegmentRouting(
    Header,
    spec="RFC 8754 section 2",
    path="ipv6_segment_routing",
    layer="extension",
    keys=(IP_PROTOCOL(43).when(Peek(16, 8, 4)),),
):
    """Segments to be visited on the way, the last one first."""

    next_header: Annotated[int, Bits(8), Selects(IP_PROTOCOL, nothing=59), "What follows"] = AUTO
    hdr_ext_len: Annotated[int, Bits(8), "In units of 8 octets, the first 8 not counted"] = AUTO
    routing_type: Annotated[int, Bits(8), Const(4), "Routing type"] = 4
    segments_left: Annotated[int, Bits(8), "Segments still to be visited"]
    last_entry: Annotated[int, Bits(8), "Number of the last segment in the list, from 0"] = AUTO
    flags: Annotated[int, Bits(8), "None is defined"] = 0
    tag: Annotated[int, Bits(16), "Marks packets of one kind"] = 0
    segments: Annotated[
        tuple[SRv6Segment, ...],
        CountedBy("last_entry", bias=1),
        Elements(),
        FinalDestination("routing_type", "segments_left", {4: 0}),
        "Segments, the last of the way first",
    ]
    tlvs: Annotated[
        tuple[SRv6TLV, ...],
        SizedBy("hdr_ext_len", unit=8, bias=8, origin="start"),
        Elements("type", pads=(0, 4)),
        "More about the way",
    ] = ()
    tlvs_rest: Annotated[bytes, Unparsed("tlvs"), "What is no TLV"] = AUTO
