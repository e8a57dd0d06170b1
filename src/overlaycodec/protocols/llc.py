"""What follows a length field: LLC, and SNAP within it."""

from typing import Annotated

from overlaycodec.packet.header import Header
from overlaycodec.protocols.numberings import FDDI_FORMAT, NLPID
from overlaycodec.schema.facts import Bits, Selects, Unless
from overlaycodec.schema.keys import PreviousHeader
from overlaycodec.schema.keyspaces import IEEE802_LENGTH, LLC_SAP, SLL_PROTOCOL, SNAP_PROTOCOL
from overlaycodec.values import AUTO

_UNNUMBERED = tuple(value for value in range(256) if value & 3 == 3)


class LLC(Header, spec="IEEE 802.2 clause 3.2", keys=(IEEE802_LENGTH(0), SLL_PROTOCOL(4), FDDI_FORMAT(5))):
    """Logical link control: access points and control."""

    dsap: Annotated[int, Bits(8), Selects(LLC_SAP, only=("control", (3,))), "Destination service access point"] = AUTO
    ssap: Annotated[int, Bits(8), "Source service access point"] = 0xAA
    control: Annotated[int, Bits(8), "Control; 3 is unnumbered information"] = 3
    sequence: Annotated[int | None, Bits(8), Unless("control", _UNNUMBERED), "Second octet of numbered formats"] = AUTO


class SNAP(Header, spec="IEEE 802 clause 9.5", keys=(LLC_SAP(0xAA).when(PreviousHeader("ssap", 0xAA)), NLPID(0x80))):
    """Organisation and protocol; EtherTypes under the organisations 0 and 0x0000F8.

    Both access points are 0xAA, or the NLPID of frame relay is 0x80.
    """

    oui: Annotated[int, Bits(24), "Organisation"] = 0
    protocol: Annotated[int, Bits(16), Selects(SNAP_PROTOCOL, only=("oui", (0, 0xF8))), "What follows"] = AUTO
