"""Cisco's tags between the addresses of a frame and its type: metadata (security group), time stamp."""

from typing import Annotated

from overlaycodec.packet.header import Header
from overlaycodec.protocols.ethernet import TYPE_OR_LENGTH
from overlaycodec.schema.facts import Bits, Selects
from overlaycodec.schema.keyspaces import ETHERTYPE
from overlaycodec.schema.registered import ETHERTYPES
from overlaycodec.schema.signs import KnownNext, SensibleContent
from overlaycodec.values import AUTO


class CiscoMetaData(Header, spec="Cisco: CMD, TrustSec", path="cisco_metadata", keys=(ETHERTYPE(0x8909),)):
    """The security group of the sender."""

    version: Annotated[int, Bits(8), "Version"] = 1
    length: Annotated[int, Bits(8), "Number of options"] = 1
    option: Annotated[int, Bits(16), "Length (3 bits) and type (13 bits) of the option; type 1: security group"] = 1
    security_group: Annotated[int, Bits(16), "SGT: security group tag"]
    ethertype: Annotated[int, Bits(16), TYPE_OR_LENGTH, "Type of what follows; up to 1500, its octets"] = AUTO


class CiscoTimestampTag(
    Header,
    spec="Cisco: ttag",
    path="cisco_ttag",
    keys=(ETHERTYPE(0x8988).as_guess(),),
    signs=(KnownNext("EtherType", ETHERTYPES, decisive=True), SensibleContent(also=ETHERTYPES)),
):
    """When a switch received the frame. Firewalls send heartbeats with the same EtherType, without this tag."""

    timestamp: Annotated[int, Bits(48), "Nanoseconds"]
    ethertype: Annotated[int, Bits(16), Selects(ETHERTYPE), "Type of what follows"] = AUTO
