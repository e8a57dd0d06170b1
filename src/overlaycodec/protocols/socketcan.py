"""Frames of a CAN bus, as Linux has them."""

from typing import Annotated

from overlaycodec.packet.header import Header
from overlaycodec.schema.facts import Bits, Reserved, SizedBy
from overlaycodec.schema.keys import Peek
from overlaycodec.schema.keyspaces import LINK_TYPE
from overlaycodec.values import AUTO


class SocketCAN(Header, spec="LINKTYPE_CAN_SOCKETCAN", keys=(LINK_TYPE(227).when(Peek(32, 1, 0)),), closed=True):
    """A frame of CAN or CAN FD; those of CAN XL have bit 32 set."""

    extended: Annotated[bool, Bits(1), "The identifier has 29 bits, else 11"] = False
    remote: Annotated[bool, Bits(1), "A request for a frame"] = False
    error: Annotated[bool, Bits(1), "An error"] = False
    identifier: Annotated[int, Bits(29), "Identifier"]
    length: Annotated[int, Bits(8), "Octets of data"] = AUTO
    fd_flags: Annotated[int, Bits(8), "Of CAN FD: 1 bit rate switch, 2 error state, 4 CAN FD"] = 0
    reserved: Annotated[int, Reserved(8)] = 0
    dlc: Annotated[int, Bits(8), "Of CAN with 8 octets, the length code where it is more"] = 0
    data: Annotated[bytes, SizedBy("length"), "Data"] = b""
