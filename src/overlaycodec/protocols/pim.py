"""Protocol independent multicast, version 2: the header of all messages, and Register, which carries a packet.

The checksum of a Register is over its first 8 octets, and over IPv6 there is a pseudo-header: hence four classes.
"""

from enum import IntEnum
from typing import Annotated, Final, TypeAlias

from overlaycodec.packet.header import Header
from overlaycodec.schema.facts import Bits, Checksum, Const, Reserved, ValueNames
from overlaycodec.schema.keys import Peek, PreviousHeader
from overlaycodec.schema.keyspaces import IP_PROTOCOL, LINK_TYPE
from overlaycodec.values import AUTO


class _Type(IntEnum):
    HELLO = 0
    REGISTER = 1
    REGISTER_STOP = 2
    JOIN_PRUNE = 3
    BOOTSTRAP = 4
    ASSERT = 5
    GRAFT = 6
    GRAFT_ACK = 7
    CANDIDATE_RP = 8
    STATE_REFRESH = 9
    DF_ELECTION = 10


_V2: Final = Peek(0, 4, 2)
_REGISTER: Final = Peek(4, 4, 1)
_OVER_4: Final = IP_PROTOCOL(103).when(_V2, PreviousHeader("version", 4))
_OVER_6: Final = IP_PROTOCOL(103).when(_V2, PreviousHeader("version", 6))
_VERSION: TypeAlias = Annotated[int, Bits(4), Const(2), "Version"]
_TYPE: TypeAlias = Annotated[int, Bits(4), ValueNames(_Type), "What the message is"]
_BORDER: TypeAlias = Annotated[bool, Bits(1), "B: by a border router"]
_NULL: TypeAlias = Annotated[bool, Bits(1), "N: asks whether to go on; the packet is a header alone"]


class PIM(Header, spec="RFC 7761 section 4.9", keys=(_OVER_4.as_fallback(),)):
    """What a router tells its neighbours; the message of the type is payload."""

    version: _VERSION = 2
    type: _TYPE = 0
    reserved: Annotated[int, Reserved(8)] = 0
    checksum: Annotated[int, Bits(16), Checksum(), "Over the message"] = AUTO


class PIMRegister(
    Header,
    spec="RFC 7761 section 4.9.3",
    path="pim_register",
    keys=(_OVER_4.when(_REGISTER),),
    carries=LINK_TYPE(101),
    tunnel=True,
):
    """A multicast packet on its way to the rendezvous point."""

    version: _VERSION = 2
    type: Annotated[int, Bits(4), Const(1), "Register"] = 1
    reserved1: Annotated[int, Reserved(8)] = 0
    checksum: Annotated[int, Bits(16), Checksum(covers="header"), "Over these 8 octets"] = AUTO
    border: _BORDER = False
    null_register: _NULL = False
    reserved2: Annotated[int, Reserved(30)] = 0


class PIMOverIPv6(Header, spec="RFC 7761 section 4.9", path="pim_ipv6", keys=(_OVER_6.as_fallback(),)):
    """The same over IPv6."""

    version: _VERSION = 2
    type: _TYPE = 0
    reserved: Annotated[int, Reserved(8)] = 0
    checksum: Annotated[int, Bits(16), Checksum(pseudo=True), "Over the message and the pseudo-header"] = AUTO


class PIMRegisterOverIPv6(
    Header,
    spec="RFC 7761 section 4.9.3",
    path="pim_register_ipv6",
    keys=(_OVER_6.when(_REGISTER),),
    carries=LINK_TYPE(101),
    tunnel=True,
):
    """The same over IPv6."""

    version: _VERSION = 2
    type: Annotated[int, Bits(4), Const(1), "Register"] = 1
    reserved1: Annotated[int, Reserved(8)] = 0
    checksum: Annotated[int, Bits(16), "Over these 8 octets and the pseudo-header; neither computed nor judged"] = 0
    border: _BORDER = False
    null_register: _NULL = False
    reserved2: Annotated[int, Reserved(30)] = 0
