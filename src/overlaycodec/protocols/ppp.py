"""PPP: its own header, with a protocol of one octet or two, and with HDLC framing before it or not."""

from typing import Annotated, Final

from overlaycodec.packet.header import Header
from overlaycodec.protocols.numberings import NLPID
from overlaycodec.schema.facts import Bits, Const, Selects
from overlaycodec.schema.keys import MinOctets, Peek
from overlaycodec.schema.keyspaces import ETHERTYPE, LINK_TYPE, PPP_PROTOCOL
from overlaycodec.values import AUTO

_FRAMED: Final = Peek(0, 16, 0xFF03)
"""The address and the control octet of HDLC; no protocol begins with 0xFF."""
_KEYS: Final = (LINK_TYPE(9), LINK_TYPE(50), ETHERTYPE(0x880B))
"""Link type 50 has frames of HDLC, those of Cisco among them; without an address it is read as link type 9."""


class PPPFramedCompressed(
    Header,
    spec="RFC 1662 section 3.1, RFC 1661 section 6.5",
    path="ppp_framed_compressed",
    keys=tuple(key.when(_FRAMED, Peek(23, 1, 1)) for key in _KEYS),
):
    """A protocol of one octet, an odd number, after the address and the control octet of HDLC."""

    address: Annotated[int, Bits(8), Const(0xFF), "All stations"] = 0xFF
    control: Annotated[int, Bits(8), Const(3), "Unnumbered information"] = 3
    protocol: Annotated[int, Bits(8), Selects(PPP_PROTOCOL), "What follows"] = AUTO


class PPPFramed(
    Header,
    spec="RFC 1662 section 3.1",
    path="ppp_framed",
    keys=tuple(key.when(_FRAMED, Peek(23, 1, 0)) for key in _KEYS),
):
    """The protocol of a PPP frame, after the address and the control octet of HDLC."""

    address: Annotated[int, Bits(8), Const(0xFF), "All stations"] = 0xFF
    control: Annotated[int, Bits(8), Const(3), "Unnumbered information"] = 3
    protocol: Annotated[int, Bits(16), Selects(PPP_PROTOCOL), "What follows"] = AUTO


class PPPCompressed(
    Header,
    spec="RFC 1661 section 6.5",
    path="ppp_compressed",
    keys=tuple(key.when(Peek(7, 1, 1)).as_fallback() for key in _KEYS),
):
    """The protocol of a PPP frame in one octet: an odd number, where the first octet of two is even."""

    protocol: Annotated[int, Bits(8), Selects(PPP_PROTOCOL), "What follows"] = AUTO


class PPP(
    Header,
    spec="RFC 1661 section 2",
    keys=(ETHERTYPE(0x880B).when(MinOctets(1), Peek(7, 1, 0)).as_fallback(), LINK_TYPE(9), LINK_TYPE(50), NLPID(0xCF)),
):
    """The protocol of a PPP frame; an acknowledgment of GRE version 1 alone has none."""

    protocol: Annotated[int, Bits(16), Selects(PPP_PROTOCOL), "What follows"] = AUTO
