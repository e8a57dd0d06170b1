"""Connectivity fault management: the common header of all its messages, and their TLVs."""

from enum import IntEnum
from typing import Annotated

from overlaycodec.packet.header import Header
from overlaycodec.protocols.numberings import GACH_CHANNEL
from overlaycodec.schema.facts import Bits, Elements, SizedBy, Unless, ValueNames
from overlaycodec.schema.keyspaces import ETHERTYPE
from overlaycodec.schema.record import Element
from overlaycodec.values import AUTO


class CFMTLV(Element, spec="IEEE 802.1Q clause 21.5", path="cfm_tlv"):
    """A part of a message; type 0 ends it, and has no length."""

    type: Annotated[int, Bits(8), ValueNames({0: "end", 1: "sender id", 2: "port status", 3: "data"}), "Type"]
    length: Annotated[int | None, Bits(16), Unless("type", (0,)), "Octets of the value"] = AUTO
    value: Annotated[bytes, SizedBy("length"), "Value"] = b""


class CFM(
    Header,
    spec="IEEE 802.1Q clause 21.4, ITU-T Y.1731 clause 9",
    keys=(ETHERTYPE(0x8902), GACH_CHANNEL(0x8902)),
    closed=True,
):
    """A message of a maintenance level: what it is, what is in all messages of its kind, and TLVs."""

    class Opcode(IntEnum):
        """Kinds of messages."""

        CONTINUITY_CHECK = 1
        LOOPBACK_REPLY = 2
        LOOPBACK_MESSAGE = 3
        LINKTRACE_REPLY = 4
        LINKTRACE_MESSAGE = 5
        ALARM_INDICATION = 33
        LOCK = 35
        TEST = 37
        RING_PROTECTION = 40
        LOSS_REPLY = 42
        LOSS_MESSAGE = 43
        ONE_WAY_DELAY = 45
        DELAY_REPLY = 46
        DELAY_MESSAGE = 47

    level: Annotated[int, Bits(3), "Maintenance level"] = 0
    version: Annotated[int, Bits(5), "Version"] = 0
    opcode: Annotated[int, Bits(8), ValueNames(Opcode), "What the message is"] = 1
    flags: Annotated[int, Bits(8), "Flags; of a continuity check, RDI (0x80) and the interval (0x07)"] = 0
    first_tlv_offset: Annotated[int, Bits(8), "Octets of the message's own fields"] = AUTO
    fields: Annotated[bytes, SizedBy("first_tlv_offset"), "Fields of this kind of message"] = b""
    tlvs: Annotated[tuple[CFMTLV, ...], Elements("type", end=0), "TLVs, the end of them too"]
