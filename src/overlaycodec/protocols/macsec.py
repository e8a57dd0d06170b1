"""MACsec: the tag of a secured frame, encrypted or not."""

from typing import Annotated, TypeAlias

from overlaycodec.packet.header import Header
from overlaycodec.protocols.ethernet import TYPE_OR_LENGTH
from overlaycodec.schema.facts import Bits, Const, Octets, Reserved, When
from overlaycodec.schema.keys import Peek
from overlaycodec.schema.keyspaces import ETHERTYPE
from overlaycodec.values import AUTO, MACLike

_VERSION: TypeAlias = Annotated[int, Bits(1), Const(0), "V"]
_END_STATION: TypeAlias = Annotated[bool, Bits(1), "ES: the source address is the sender's"]
_SC: TypeAlias = Annotated[bool, Bits(1), "SC"]
_SCB: TypeAlias = Annotated[bool, Bits(1), "SCB: single copy broadcast"]
_AN: TypeAlias = Annotated[int, Bits(2), "AN: association number"]
_SHORT: TypeAlias = Annotated[int, Bits(6), "SL: octets of the secured data, if below 48; else 0"]
_PN: TypeAlias = Annotated[int, Bits(32), "Packet number"]
_SYSTEM: TypeAlias = Annotated[MACLike | None, Octets(6), When("sci_present"), "The sender"]
_PORT: TypeAlias = Annotated[int | None, Bits(16), When("sci_present"), "Its port"]


class MACsec(Header, spec="IEEE 802.1AE clause 9.3", keys=(ETHERTYPE(0x88E5).when(Peek(4, 2, 0)),)):
    """Which association proves that the frame is whole; its type and content can be read, and a check value follows."""

    version: _VERSION = 0
    end_station: _END_STATION = False
    sci_present: _SC = AUTO
    single_copy_broadcast: _SCB = False
    encrypted: Annotated[int, Bits(1), Const(0), "E: 0"] = 0
    changed: Annotated[int, Bits(1), Const(0), "C: 0"] = 0
    association: _AN = 0
    reserved: Annotated[int, Reserved(2)] = 0
    short_length: _SHORT = 0
    packet_number: _PN
    sci_system: _SYSTEM = AUTO
    sci_port: _PORT = AUTO
    ethertype: Annotated[int, Bits(16), TYPE_OR_LENGTH, "Type of what follows; up to 1500, its octets"] = AUTO


class MACsecEncrypted(Header, spec="IEEE 802.1AE clause 9.3", path="macsec_encrypted", keys=(ETHERTYPE(0x88E5),)):
    """Which association encrypts the frame, or changes it otherwise; its type and content stay payload."""

    version: _VERSION = 0
    end_station: _END_STATION = False
    sci_present: _SC = AUTO
    single_copy_broadcast: _SCB = False
    encrypted: Annotated[int, Bits(1), "E"] = 1
    changed: Annotated[int, Bits(1), "C: the text was changed"] = 1
    association: _AN = 0
    reserved: Annotated[int, Reserved(2)] = 0
    short_length: _SHORT = 0
    packet_number: _PN
    sci_system: _SYSTEM = AUTO
    sci_port: _PORT = AUTO
