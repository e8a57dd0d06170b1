"""EtherIP: Ethernet frames in IP."""

from typing import Annotated

from overlaycodec.packet.header import Header
from overlaycodec.schema.facts import Bits, Const, Reserved
from overlaycodec.schema.keyspaces import ETHERTYPE, IP_PROTOCOL


class EtherIP(Header, spec="RFC 3378 section 3", keys=(IP_PROTOCOL(97),), carries=ETHERTYPE(0x6558), tunnel=True):
    """An Ethernet frame in IP."""

    version: Annotated[int, Bits(4), Const(3), "Version"] = 3
    reserved: Annotated[int, Reserved(12)] = 0
