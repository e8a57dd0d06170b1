"""FDDI frames."""

from typing import Annotated

from overlaycodec.packet.header import Header
from overlaycodec.protocols.numberings import FDDI_FORMAT
from overlaycodec.schema.facts import Bits, Octets, Selects
from overlaycodec.schema.keyspaces import LINK_TYPE
from overlaycodec.values import AUTO, MACLike


class FDDI(Header, spec="ANSI INCITS 239-1994", layer="link", keys=(LINK_TYPE(10),)):
    """Frame control and the addresses of a frame."""

    class_format: Annotated[int, Bits(4), Selects(FDDI_FORMAT), "Class, length of addresses and format; 5: LLC"] = AUTO
    control: Annotated[int, Bits(4), "Of LLC, the priority"] = 0
    dst: Annotated[MACLike, Octets(6), "Destination address"]
    src: Annotated[MACLike, Octets(6), "Source address"]
