"""PPP over Ethernet: sessions and their discovery."""

from typing import Annotated

from overlaycodec.packet.header import Header
from overlaycodec.schema.facts import Bits, Const, Elements, LengthField, SizedBy, Unparsed
from overlaycodec.schema.keyspaces import ETHERTYPE
from overlaycodec.schema.record import Element
from overlaycodec.values import AUTO


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
