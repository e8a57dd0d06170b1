"""Frame relay with an address of two octets: what follows by NLPID, or by EtherType in Cisco's form."""

from typing import Annotated, TypeAlias

from overlaycodec.packet.header import Header
from overlaycodec.protocols.numberings import NLPID
from overlaycodec.schema.facts import Bits, Const, Selects
from overlaycodec.schema.keys import Peek, PreviousHeader
from overlaycodec.schema.keyspaces import CISCO_HDLC_PROTOCOL, LINK_TYPE
from overlaycodec.values import AUTO

_DLCI_HIGH: TypeAlias = Annotated[int, Bits(6), "Upper bits of the DLCI"]
_COMMAND: TypeAlias = Annotated[bool, Bits(1), "C/R: command or response"]
_MORE: TypeAlias = Annotated[int, Bits(1), Const(0), "0: the address goes on"]
_DLCI_LOW: TypeAlias = Annotated[int, Bits(4), "Lower bits of the DLCI"]
_BIT: TypeAlias = Annotated[bool, Bits(1)]
_END: TypeAlias = Annotated[int, Bits(1), Const(1), "1: the address ends"]


class FrameRelay(
    Header,
    spec="Q.922 section 2.3, RFC 2427 section 3",
    path="frame_relay",
    keys=(LINK_TYPE(107).when(Peek(16, 8, 3)),),
):
    """The address of a virtual circuit, and the protocol."""

    dlci_high: _DLCI_HIGH = 0
    command_response: _COMMAND = False
    more: _MORE = 0
    dlci_low: _DLCI_LOW = 0
    fecn: Annotated[_BIT, "Congestion on the way here"] = False
    becn: Annotated[_BIT, "Congestion on the way back"] = False
    discard_eligible: Annotated[_BIT, "May be discarded before others"] = False
    end: _END = 1
    control: Annotated[int, Bits(8), Const(3), "Unnumbered information"] = 3
    nlpid: Annotated[int, Bits(8), Selects(NLPID), "What follows"] = AUTO


class NLPIDPadding(
    Header, spec="RFC 2427 section 3", path="nlpid_padding", keys=(NLPID(0).when(PreviousHeader("control", 3)),)
):
    """The identifier behind an octet of padding, which some put in front of SNAP."""

    nlpid: Annotated[int, Bits(8), Selects(NLPID), "What follows"] = AUTO


class CiscoFrameRelay(
    Header,
    spec="Q.922 section 2.3",
    path="cisco_frame_relay",
    keys=(LINK_TYPE(107),),
):
    """The same with an EtherType."""

    dlci_high: _DLCI_HIGH = 0
    command_response: _COMMAND = False
    more: _MORE = 0
    dlci_low: _DLCI_LOW = 0
    fecn: Annotated[_BIT, "Congestion on the way here"] = False
    becn: Annotated[_BIT, "Congestion on the way back"] = False
    discard_eligible: Annotated[_BIT, "May be discarded before others"] = False
    end: _END = 1
    protocol: Annotated[int, Bits(16), Selects(CISCO_HDLC_PROTOCOL), "What follows"] = AUTO
