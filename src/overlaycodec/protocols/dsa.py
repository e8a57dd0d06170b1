"""Tags of Marvell's switch chips: in place of a VLAN tag, or behind an EtherType of their own."""

from typing import Annotated, Final, TypeAlias

from overlaycodec.packet.header import Header
from overlaycodec.protocols.ethernet import TYPE_OR_LENGTH
from overlaycodec.schema.facts import Bits, Octets, Reserved, ValueNames
from overlaycodec.schema.keyspaces import ETHERTYPE, LINK_TYPE
from overlaycodec.values import AUTO, MACLike

_MODES: Final = ValueNames({0: "to processor", 1: "from processor", 2: "to sniffer", 3: "forward"})
_MODE: TypeAlias = Annotated[int, Bits(2), _MODES, "Where the frame goes"]
_TAGGED: TypeAlias = Annotated[bool, Bits(1), "The frame has or had a VLAN tag, which the tag holds"]
_DEVICE: TypeAlias = Annotated[int, Bits(5), "Switch chip"]
_PORT: TypeAlias = Annotated[int, Bits(5), "Port or trunk of the chip"]
_CODE: TypeAlias = Annotated[
    int, Bits(2), "Of mode 0: upper bits of the reason; else the upper one: trunk, or received"
]
_CFI: TypeAlias = Annotated[bool, Bits(1), "Canonical format indicator of the VLAN tag"]
_PRIORITY: TypeAlias = Annotated[int, Bits(3), "Priority"]
_CODE_LOW: TypeAlias = Annotated[int, Bits(1), "Of mode 0: lowest bit of the reason"]
_VID: TypeAlias = Annotated[int, Bits(12), "VLAN identifier"]
_TYPE: TypeAlias = Annotated[int, Bits(16), TYPE_OR_LENGTH, "Type of what follows; up to 1500, its octets"]


class DSA(Header, spec="LINKTYPE_DSA_TAG_DSA", layer="link", keys=(LINK_TYPE(284),)):
    """The addresses of a frame, the tag of 4 octets, and the type of what follows."""

    dst: Annotated[MACLike, Octets(6), "Destination address"]
    src: Annotated[MACLike, Octets(6), "Source address"]
    mode: _MODE = 0
    tagged: _TAGGED = False
    device: _DEVICE = 0
    port: _PORT = 0
    code: _CODE = 0
    cfi: _CFI = False
    priority: _PRIORITY = 0
    code_low: _CODE_LOW = 0
    vid: _VID = 0
    ethertype: _TYPE = AUTO


class EDSA(Header, spec="LINKTYPE_DSA_TAG_EDSA", keys=(ETHERTYPE(0xDADA),)):
    """The same tag, behind an EtherType that can be set; Linux sets this one."""

    reserved: Annotated[int, Reserved(16)] = 0
    mode: _MODE = 0
    tagged: _TAGGED = False
    device: _DEVICE = 0
    port: _PORT = 0
    code: _CODE = 0
    cfi: _CFI = False
    priority: _PRIORITY = 0
    code_low: _CODE_LOW = 0
    vid: _VID = 0
    ethertype: _TYPE = AUTO
