"""The precision time protocol, version 2: the header of all messages."""

from enum import IntEnum
from typing import Annotated, Final

from overlaycodec.packet.header import Header
from overlaycodec.schema.facts import Bits, Const, LengthField, Octets, Reserved, Selects, ValueNames
from overlaycodec.schema.keys import Fits, Peek
from overlaycodec.schema.keyspaces import ETHERTYPE, PTP_MESSAGE, UDP_PORT
from overlaycodec.schema.signs import Pattern
from overlaycodec.values import AUTO

_V2: Final = Peek(12, 4, 2)


class PTP(
    Header,
    spec="IEEE 1588-2019 clause 13.3",
    keys=(ETHERTYPE(0x88F7).when(_V2), *(UDP_PORT(port).when(_V2).as_guess() for port in (319, 320))),
    signs=(
        Pattern("message length", ((Fits(16, 16, least=34),),), decisive=True),
        Pattern("reserved octets", ((Peek(16 * 8, 32, 0),),)),
    ),
):
    """What the message is and which clock sent it."""

    class Type(IntEnum):
        """Types of messages."""

        SYNC = 0
        DELAY_REQUEST = 1
        PEER_DELAY_REQUEST = 2
        PEER_DELAY_RESPONSE = 3
        FOLLOW_UP = 8
        DELAY_RESPONSE = 9
        PEER_DELAY_RESPONSE_FOLLOW_UP = 10
        ANNOUNCE = 11
        SIGNALING = 12
        MANAGEMENT = 13

    major_sdo_id: Annotated[int, Bits(4), "Profile, such as 1 for IEEE 802.1AS"] = 0
    message_type: Annotated[int, Bits(4), Selects(PTP_MESSAGE), ValueNames(Type), "What follows"] = AUTO
    minor_version: Annotated[int, Bits(4), "Minor version"] = 0
    version: Annotated[int, Bits(4), Const(2), "Version"] = 2
    message_length: Annotated[int, Bits(16), LengthField(), "Octets of the message"] = AUTO
    domain: Annotated[int, Bits(8), "Domain"] = 0
    minor_sdo_id: Annotated[int, Bits(8), "Lower part of the profile"] = 0
    flags: Annotated[int, Bits(16), "Flags; 0x0200: a follow-up has the time"] = 0
    correction: Annotated[int, Bits(64), "Nanoseconds to add, times 65536, in two's complement"] = 0
    type_specific: Annotated[int, Reserved(32)] = 0
    clock_identity: Annotated[bytes, Octets(8), "Clock of the sender"] = bytes(8)
    port_number: Annotated[int, Bits(16), "Port of the sender"] = 1
    sequence_id: Annotated[int, Bits(16), "Number of the message"] = 0
    control: Annotated[int, Bits(8), "Type as in version 1"] = 0
    log_interval: Annotated[int, Bits(8), "Time between messages, a power of 2 in seconds, in two's complement"] = 0x7F
