"""Ethernet II and 802.3 frames."""

from typing import Annotated, Final

from overlaycodec.packet.header import Header
from overlaycodec.schema.facts import Bits, Octets, Selects
from overlaycodec.schema.keys import Peek, PreviousHeader
from overlaycodec.schema.keyspaces import (
    ERSPAN_FRAME,
    ETHERTYPE,
    GPE_PROTOCOL,
    IEEE802_LENGTH,
    IP_PROTOCOL,
    LINK_TYPE,
    NSH_PROTOCOL,
    TZSP_PROTOCOL,
)
from overlaycodec.schema.registered import ETHERTYPES
from overlaycodec.schema.signs import KnownNext, Pattern
from overlaycodec.values import AUTO, MACLike

TYPE_OR_LENGTH: Final = Selects(ETHERTYPE, lengths=(1500, IEEE802_LENGTH(0)))
"""IEEE 802.3 clause 3.2.6: up to 1500 the field is a length, from 1536 on a type, between them neither."""


class Ethernet(
    Header,
    spec="IEEE 802.3 clause 3.2",
    layer="link",
    keys=(
        ETHERTYPE(0x6558),
        GPE_PROTOCOL(3),
        LINK_TYPE(1),
        LINK_TYPE(285),  # with EDSA tags
        NSH_PROTOCOL(3),
        TZSP_PROTOCOL(1),
        ERSPAN_FRAME(0),
        IP_PROTOCOL(143),  # RFC 8986 section 10.1
        ETHERTYPE(0x88BE).when(PreviousHeader("sequence_present", False)),  # ERSPAN type I
    ),
    signs=(
        Pattern("source address", ((Peek(55, 1, 0),),), decisive=True),  # no group address
        KnownNext("EtherType", ETHERTYPES, decisive=True),
    ),
):
    """The addresses of a frame, and its type or its length."""

    dst: Annotated[MACLike, Octets(6), "Destination address"]
    src: Annotated[MACLike, Octets(6), "Source address"]
    ethertype: Annotated[int, Bits(16), TYPE_OR_LENGTH, "Type of what follows; up to 1500, its octets"] = AUTO
