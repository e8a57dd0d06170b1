"""GTP-U: packets of mobile networks in UDP."""

from enum import IntEnum
from typing import Annotated, Final

from overlaycodec.packet.header import Header
from overlaycodec.schema.facts import Bits, Const, LengthField, Reserved, Selects, SizedBy, ValueNames, When
from overlaycodec.schema.keys import Fits, Peek
from overlaycodec.schema.keyspaces import GTPU_EXTENSION, UDP_PORT
from overlaycodec.schema.signs import Pattern
from overlaycodec.values import AUTO

_CONTENT: Final = ("message_type", (255,))
"""A G-PDU carries a packet, other messages information elements; extension headers are in all of them."""


class GTPU(
    Header,
    spec="3GPP TS 29.281 section 5.1",
    path="gtpu",
    keys=(UDP_PORT(2152).as_guess(),),
    signs=(
        Pattern("version", ((Peek(0, 4, 3),),)),
        Pattern("reserved bit", ((Peek(4, 1, 0),),)),
        Pattern("message type", tuple((Peek(8, 8, kind),) for kind in (255, 254, 1, 2, 26, 31, 253))),
        Pattern("length", ((Fits(16, 16, base=8, spare=0),),), decisive=True),
    ),
    carries=GTPU_EXTENSION(0),
    tunnel=True,
):
    """A user's packet in its tunnel; any of three flags puts three fields there."""

    class MessageType(IntEnum):
        """Messages."""

        ECHO_REQUEST = 1
        ECHO_RESPONSE = 2
        ERROR_INDICATION = 26
        SUPPORTED_EXTENSIONS = 31
        END_MARKER = 254
        G_PDU = 255

    version: Annotated[int, Bits(3), Const(1), "Version"] = 1
    protocol_type: Annotated[int, Bits(1), Const(1), "PT: 1 for GTP, 0 for its charging variant"] = 1
    reserved: Annotated[int, Reserved(1)] = 0
    extension_present: Annotated[bool, Bits(1), "E"] = AUTO
    sequence_present: Annotated[bool, Bits(1), "S"] = AUTO
    npdu_present: Annotated[bool, Bits(1), "PN"] = AUTO
    message_type: Annotated[int, Bits(8), ValueNames(MessageType), "Message; only a G-PDU carries a packet"] = 255
    length: Annotated[int, Bits(16), LengthField(bias=8), "Octets that follow the first 8"] = AUTO
    teid: Annotated[int, Bits(32), "Tunnel endpoint identifier"]
    sequence: Annotated[
        int | None, Bits(16), When("sequence_present", "npdu_present", "extension_present"), "Sequence number"
    ] = AUTO
    npdu: Annotated[
        int | None, Bits(8), When("npdu_present", "sequence_present", "extension_present"), "N-PDU number"
    ] = AUTO
    next_extension: Annotated[
        int | None,
        Bits(8),
        When("extension_present", "sequence_present", "npdu_present"),
        Selects(GTPU_EXTENSION, when="extension_present", nothing=0, content=_CONTENT),
        "Type of the extension header that follows",
    ] = AUTO


class GTPUExtension(
    Header,
    spec="3GPP TS 29.281 section 5.2",
    path="gtpu_extension",
    keys=(*(GTPU_EXTENSION(kind) for kind in (0x85, 0x20, 0x40, 0x81, 0x82, 0x84, 0xC0)), GTPU_EXTENSION.any()),
    tunnel=True,
    layer="shim",
):
    """An extension header; its type stands in the header before."""

    length: Annotated[int, Bits(8), "In units of 4 octets, all counted"] = AUTO
    content: Annotated[bytes, SizedBy("length", unit=4, bias=-2), "What it says, by its type"] = bytes(2)
    next_extension: Annotated[
        int, Bits(8), Selects(GTPU_EXTENSION, nothing=0, content=_CONTENT), "Type of the next one"
    ] = AUTO
