"""The generic associated channel of MPLS, at label 13."""

from typing import Annotated

from overlaycodec.packet.header import Header
from overlaycodec.protocols.numberings import GACH_CHANNEL
from overlaycodec.schema.facts import Bits, Const, Reserved, Selects
from overlaycodec.schema.keyspaces import MPLS_LABEL
from overlaycodec.values import AUTO


class GACh(Header, spec="RFC 5586 section 2.1, RFC 4385 section 5", keys=(MPLS_LABEL(13),)):
    """What a message of a path's or a section's control channel is."""

    first_nibble: Annotated[int, Bits(4), Const(1), "1: no packet of IP, no pseudowire"] = 1
    version: Annotated[int, Bits(4), Const(0), "Version"] = 0
    reserved: Annotated[int, Reserved(8)] = 0
    channel_type: Annotated[int, Bits(16), Selects(GACH_CHANNEL), "What the message is"] = AUTO
