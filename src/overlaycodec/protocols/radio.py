"""What records of radio captures start with: radiotap, and PPI, which says what follows. All numbers little-endian."""

from typing import Annotated, Final

from overlaycodec.packet.header import Header
from overlaycodec.protocols.numberings import DLT
from overlaycodec.schema.facts import Bits, ByteOrder, Selects, SizedBy
from overlaycodec.schema.keyspaces import LINK_TYPE
from overlaycodec.values import AUTO

_LITTLE: Final = ByteOrder("little")


class Radiotap(Header, spec="LINKTYPE_IEEE802_11_RADIOTAP", layer="metadata", keys=(LINK_TYPE(127),)):
    """Facts about a frame of IEEE 802.11, which is payload."""

    version: Annotated[int, Bits(8), "Version"] = 0
    padding: Annotated[int, Bits(8), "Not used"] = 0
    length: Annotated[int, Bits(16), _LITTLE, "Octets of the header"] = AUTO
    present: Annotated[int, Bits(32), _LITTLE, "Which fields there are; bit 31: another word of bits follows"] = 0
    fields: Annotated[bytes, SizedBy("length", bias=-8), "Further words, and the fields"] = b""


class PPI(Header, spec="LINKTYPE_PPI", layer="metadata", keys=(LINK_TYPE(192),)):
    """Facts about a frame, and what it begins with."""

    version: Annotated[int, Bits(8), "Version"] = 0
    flags: Annotated[int, Bits(8), "Bit 0: fields begin at multiples of 4 octets"] = 0
    length: Annotated[int, Bits(16), _LITTLE, "Octets of the header"] = AUTO
    link_type: Annotated[int, Bits(32), _LITTLE, Selects(DLT), "What the frame begins with"] = AUTO
    fields: Annotated[bytes, SizedBy("length", bias=-8), "Fields: type and length of 16 bits each, data"] = b""
