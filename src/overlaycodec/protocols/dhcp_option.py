"""The options of DHCP."""

from enum import IntEnum
from typing import Annotated, TypeAlias

from overlaycodec.schema.facts import Bits, Const, Elements, Octets, SizedBy, Unless, Unparsed, ValueNames
from overlaycodec.schema.record import Element
from overlaycodec.values import AUTO, IPv4Like

_LENGTH: TypeAlias = Annotated[int, Bits(8), "Octets that follow"]
_FOUR: TypeAlias = Annotated[int, Bits(8), Const(4), "Octets that follow"]
_TEXT: TypeAlias = Annotated[bytes, SizedBy("length"), "Text"]


class DHCPOption(Element, spec="RFC 2132 section 2", path="dhcp_option"):
    """An option; codes 0 (pad) and 255 (end) are one octet long."""

    code: Annotated[int, Bits(8), "Code"]
    length: Annotated[int | None, Bits(8), Unless("code", (0, 255)), "Octets that follow"] = AUTO
    data: Annotated[bytes, SizedBy("length"), "What the option says"] = b""


class DHCPAddress(Element, spec="RFC 2132 section 3.5", path="dhcp_address"):
    """One address of a list."""

    address: Annotated[IPv4Like, Octets(4), "Address"]


class DHCPSubnetMaskOption(Element, spec="RFC 2132 section 3.3", path="dhcp_subnet_mask"):
    """The mask of the client's subnet."""

    code: Annotated[int, Bits(8), Const(1), "Code"] = 1
    length: _FOUR = 4
    mask: Annotated[IPv4Like, Octets(4), "Subnet mask"]


_ADDRESSES: TypeAlias = Annotated[tuple[DHCPAddress, ...], SizedBy("length"), Elements(), "Addresses, the best first"]
_ADDRESSES_REST: TypeAlias = Annotated[bytes, Unparsed("addresses"), "What is no address"]


class DHCPRouterOption(Element, spec="RFC 2132 section 3.5", path="dhcp_router"):
    """Routers on the client's subnet."""

    code: Annotated[int, Bits(8), Const(3), "Code"] = 3
    length: _LENGTH = AUTO
    addresses: _ADDRESSES = ()
    addresses_rest: _ADDRESSES_REST = AUTO


class DHCPDNSOption(Element, spec="RFC 2132 section 3.8", path="dhcp_dns"):
    """Name servers for the client."""

    code: Annotated[int, Bits(8), Const(6), "Code"] = 6
    length: _LENGTH = AUTO
    addresses: _ADDRESSES = ()
    addresses_rest: _ADDRESSES_REST = AUTO


class DHCPHostNameOption(Element, spec="RFC 2132 section 3.14", path="dhcp_host_name"):
    """The name of the client."""

    code: Annotated[int, Bits(8), Const(12), "Code"] = 12
    length: _LENGTH = AUTO
    name: _TEXT = b""


class DHCPRequestedAddressOption(Element, spec="RFC 2132 section 9.1", path="dhcp_requested_address"):
    """The address that the client wants."""

    code: Annotated[int, Bits(8), Const(50), "Code"] = 50
    length: _FOUR = 4
    address: Annotated[IPv4Like, Octets(4), "Address"]


class DHCPLeaseTimeOption(Element, spec="RFC 2132 section 9.2", path="dhcp_lease_time"):
    """How long the client may use the address."""

    code: Annotated[int, Bits(8), Const(51), "Code"] = 51
    length: _FOUR = 4
    seconds: Annotated[int, Bits(32), "Seconds"]


class DHCPMessageTypeOption(Element, spec="RFC 2132 section 9.6", path="dhcp_message_type"):
    """What the message is for."""

    class Type(IntEnum):
        """Types of messages."""

        DISCOVER = 1
        OFFER = 2
        REQUEST = 3
        DECLINE = 4
        ACK = 5
        NAK = 6
        RELEASE = 7
        INFORM = 8

    code: Annotated[int, Bits(8), Const(53), "Code"] = 53
    length: Annotated[int, Bits(8), Const(1), "Octets that follow"] = 1
    type: Annotated[int, Bits(8), ValueNames(Type), "Type of the message"]


class DHCPServerIdOption(Element, spec="RFC 2132 section 9.7", path="dhcp_server_id"):
    """The server that offers, or that the client chooses."""

    code: Annotated[int, Bits(8), Const(54), "Code"] = 54
    length: _FOUR = 4
    address: Annotated[IPv4Like, Octets(4), "Address of the server"]


class DHCPParameterRequestOption(Element, spec="RFC 2132 section 9.8", path="dhcp_parameter_request"):
    """The options that the client asks for."""

    code: Annotated[int, Bits(8), Const(55), "Code"] = 55
    length: _LENGTH = AUTO
    codes: Annotated[bytes, SizedBy("length"), "Codes of options, an octet each"] = b""


class DHCPRelaySuboption(Element, spec="RFC 3046 section 2.0", path="dhcp_relay_suboption"):
    """What a relay agent knows: 1 is the circuit, 2 the remote host."""

    code: Annotated[int, Bits(8), "Code"]
    length: _LENGTH = AUTO
    data: Annotated[bytes, SizedBy("length"), "What it says"] = b""


class DHCPRelayAgentOption(Element, spec="RFC 3046 section 2.0", path="dhcp_relay_agent"):
    """What the relay agent adds to the client's message."""

    code: Annotated[int, Bits(8), Const(82), "Code"] = 82
    length: _LENGTH = AUTO
    suboptions: Annotated[tuple[DHCPRelaySuboption, ...], SizedBy("length"), Elements(), "Suboptions"] = ()
    suboptions_rest: Annotated[bytes, Unparsed("suboptions"), "What is no suboption"] = AUTO


AnyDHCPOption: TypeAlias = (
    DHCPSubnetMaskOption
    | DHCPRouterOption
    | DHCPDNSOption
    | DHCPHostNameOption
    | DHCPRequestedAddressOption
    | DHCPLeaseTimeOption
    | DHCPMessageTypeOption
    | DHCPServerIdOption
    | DHCPParameterRequestOption
    | DHCPRelayAgentOption
    | DHCPOption
)
