"""GRE with its optional parts, and the version of it that PPTP uses."""

from typing import Annotated, Final

from overlaycodec.packet.header import Header
from overlaycodec.schema.facts import Bits, Checksum, Const, Elements, LengthField, Reserved, Selects, SizedBy, When
from overlaycodec.schema.keys import Peek
from overlaycodec.schema.keyspaces import ETHERTYPE, IP_PROTOCOL, UDP_PORT
from overlaycodec.schema.record import Element
from overlaycodec.schema.registered import ETHERTYPES
from overlaycodec.schema.signs import KnownNext, Pattern, SensibleContent
from overlaycodec.values import AUTO

_CHECKED: Final = When("checksum_present", "routing_present")


class GRESourceRoute(Element, spec="RFC 1701", path="source_route"):
    """A source route entry; one of family 0 and no octets ends the list."""

    address_family: Annotated[int, Bits(16), "Address family"]
    offset: Annotated[int, Bits(8), "Octet at which the active address starts"] = 0
    length: Annotated[int, Bits(8), "Octets of routing information"] = AUTO
    data: Annotated[bytes, SizedBy("length"), "Routing information"] = b""


class GRE(
    Header,
    spec="RFC 2784 section 2, RFC 2890 section 2, RFC 8086 section 3",
    keys=(IP_PROTOCOL(47), UDP_PORT(4754).as_guess()),
    tunnel=True,
    signs=(
        Pattern("version", ((Peek(13, 3, 0),),), decisive=True),
        Pattern("reserved bits", ((Peek(4, 9, 0),),)),
        KnownNext("protocol type", ETHERTYPES, decisive=True),
        SensibleContent(also=ETHERTYPES),
    ),
):
    """Generic Routing Encapsulation; each optional part is there where its flag is set."""

    checksum_present: Annotated[bool, Bits(1), "C"] = AUTO
    routing_present: Annotated[bool, Bits(1), "R (RFC 1701)"] = AUTO
    key_present: Annotated[bool, Bits(1), "K"] = AUTO
    sequence_present: Annotated[bool, Bits(1), "S"] = AUTO
    strict_source_route: Annotated[bool, Bits(1), "s (RFC 1701)"] = False
    recursion: Annotated[int, Bits(3), "Recursion control (RFC 1701)"] = 0
    reserved0: Annotated[int, Reserved(5)] = 0
    version: Annotated[int, Bits(3), Const(0), "Version"] = 0
    protocol_type: Annotated[int, Bits(16), Selects(ETHERTYPE), "What follows"] = AUTO
    checksum: Annotated[int | None, Bits(16), _CHECKED, Checksum(), "Over header and payload"] = AUTO
    reserved1: Annotated[int | None, Reserved(16), _CHECKED, "With R, the offset of the active route"] = AUTO
    key: Annotated[int | None, Bits(32), When("key_present"), "Key"] = AUTO
    sequence: Annotated[int | None, Bits(32), When("sequence_present"), "Sequence number"] = AUTO
    routing: Annotated[
        tuple[GRESourceRoute, ...] | None, When("routing_present"), Elements("address_family", end=0), "Source routes"
    ] = AUTO


class GREv1(
    Header, spec="RFC 2637 section 4.1", path="gre_v1", keys=(IP_PROTOCOL(47).when(Peek(13, 3, 1)),), tunnel=True
):
    """Enhanced GRE, as PPTP uses it."""

    checksum_present: Annotated[bool, Bits(1), "C, 0"] = False
    routing_present: Annotated[bool, Bits(1), "R, 0"] = False
    key_present: Annotated[bool, Bits(1), "K, 1"] = AUTO
    sequence_present: Annotated[bool, Bits(1), "S"] = AUTO
    strict_source_route: Annotated[bool, Bits(1), "s, 0"] = False
    recursion: Annotated[int, Bits(3), "Recursion control, 0"] = 0
    acknowledgment_present: Annotated[bool, Bits(1), "A"] = AUTO
    reserved0: Annotated[int, Reserved(4)] = 0
    version: Annotated[int, Bits(3), Const(1), "Version"] = 1
    protocol_type: Annotated[int, Bits(16), Selects(ETHERTYPE), "0x880B, PPP"] = 0x880B
    payload_length: Annotated[
        int | None, Bits(16), When("key_present"), LengthField(origin="end"), "Octets that follow the header"
    ] = AUTO
    call_id: Annotated[int | None, Bits(16), When("key_present"), "Call of the receiver"] = AUTO
    sequence: Annotated[int | None, Bits(32), When("sequence_present"), "Sequence number"] = AUTO
    acknowledgment: Annotated[int | None, Bits(32), When("acknowledgment_present"), "Highest number received"] = AUTO
