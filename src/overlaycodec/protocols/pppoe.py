"""PPP over Ethernet, and PPP's own header."""

from typing import Annotated, Final

from overlaycodec.packet.header import Header
from overlaycodec.schema.facts import Bits, Const, Elements, LengthField, Selects, SizedBy, Unparsed
from overlaycodec.schema.keys import MinOctets, Peek
from overlaycodec.schema.keyspaces import ETHERTYPE, LINK_TYPE, PPP_PROTOCOL
from overlaycodec.schema.record import Element
from overlaycodec.schema.values import AUTO


class PPPoE(Header, spec="RFC 2516 section 4", keys=(ETHERTYPE(0x8864),), carries=ETHERTYPE(0x880B)):
    """A PPP frame of a session."""

    version: Annotated[int, Bits(4), Const(1), "Version"] = 1
    type: Annotated[int, Bits(4), Const(1), "Type"] = 1
    code: Annotated[int, Bits(8), "0 in a session"] = 0
    session_id: Annotated[int, Bits(16), "Session"]
    length: Annotated[int, Bits(16), LengthField(origin="end"), "Octets that follow the header"] = AUTO


class PPPoETag(Element, spec="RFC 2516 section 4", path="pppoe_tag"):
    """A tag; type 0 ends the list."""

    type: Annotated[int, Bits(16), "Type"]
    length: Annotated[int, Bits(16), "Octets of the value"] = AUTO
    value: Annotated[bytes, SizedBy("length"), "What the tag says"] = b""


class PPPoEDiscovery(Header, spec="RFC 2516 section 4", path="pppoe_discovery", keys=(ETHERTYPE(0x8863),), closed=True):
    """Finds an access concentrator; begins and ends sessions."""

    version: Annotated[int, Bits(4), Const(1), "Version"] = 1
    type: Annotated[int, Bits(4), Const(1), "Type"] = 1
    code: Annotated[int, Bits(8), "0x09 PADI, 0x07 PADO, 0x19 PADR, 0x65 PADS, 0xA7 PADT"]
    session_id: Annotated[int, Bits(16), "Session; 0 until there is one"] = 0
    length: Annotated[int, Bits(16), "Octets of tags"] = AUTO
    tags: Annotated[tuple[PPPoETag, ...], SizedBy("length"), Elements("type", end=0), "Tags"] = ()
    tags_rest: Annotated[bytes, Unparsed("tags"), "What stands after the end of the tags"] = AUTO


_FRAMED: Final = Peek(0, 16, 0xFF03)
"""The address and the control octet of HDLC; no protocol begins with 0xFF."""


class PPPFramedCompressed(
    Header,
    spec="RFC 1662 section 3.1, RFC 1661 section 6.5",
    path="ppp_framed_compressed",
    keys=tuple(key.when(_FRAMED, Peek(23, 1, 1)) for key in (LINK_TYPE(9), ETHERTYPE(0x880B))),
):
    """A protocol of one octet, an odd number, after the address and the control octet of HDLC."""

    address: Annotated[int, Bits(8), Const(0xFF), "All stations"] = 0xFF
    control: Annotated[int, Bits(8), Const(3), "Unnumbered information"] = 3
    protocol: Annotated[int, Bits(8), Selects(PPP_PROTOCOL), "What follows"] = AUTO


class PPPFramed(
    Header,
    spec="RFC 1662 section 3.1",
    path="ppp_framed",
    keys=tuple(key.when(_FRAMED, Peek(23, 1, 0)) for key in (LINK_TYPE(9), ETHERTYPE(0x880B))),
):
    """The protocol of a PPP frame, after the address and the control octet of HDLC."""

    address: Annotated[int, Bits(8), Const(0xFF), "All stations"] = 0xFF
    control: Annotated[int, Bits(8), Const(3), "Unnumbered information"] = 3
    protocol: Annotated[int, Bits(16), Selects(PPP_PROTOCOL), "What follows"] = AUTO


class PPPCompressed(
    Header,
    spec="RFC 1661 section 6.5",
    path="ppp_compressed",
    keys=tuple(key.when(Peek(7, 1, 1)).as_fallback() for key in (LINK_TYPE(9), ETHERTYPE(0x880B))),
):
    """The protocol of a PPP frame in one octet: an odd number, where the first octet of two is even."""

    protocol: Annotated[int, Bits(8), Selects(PPP_PROTOCOL), "What follows"] = AUTO


class PPP(
    Header,
    spec="RFC 1661 section 2",
    keys=(ETHERTYPE(0x880B).when(MinOctets(1), Peek(7, 1, 0)).as_fallback(), LINK_TYPE(9)),
):
    """The protocol of a PPP frame; an acknowledgment of GRE version 1 alone has none."""

    protocol: Annotated[int, Bits(16), Selects(PPP_PROTOCOL), "What follows"] = AUTO
