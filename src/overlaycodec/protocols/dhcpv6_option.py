"""The options of DHCPv6."""

from typing import Annotated, TypeAlias

from overlaycodec.schema.facts import Bits, Const, Elements, Octets, SizedBy, Unparsed
from overlaycodec.schema.record import Element
from overlaycodec.values import AUTO, IPv6Like

_LENGTH: TypeAlias = Annotated[int, Bits(16), "Octets that follow"]
_SECONDS: TypeAlias = Annotated[int, Bits(32)]


class DHCPv6Option(Element, spec="RFC 8415 section 21.1", path="dhcpv6_option"):
    """An option without a class of its own."""

    code: Annotated[int, Bits(16), "Code"]
    length: _LENGTH = AUTO
    data: Annotated[bytes, SizedBy("length"), "What the option says"] = b""


class DHCPv6ClientIdOption(Element, spec="RFC 8415 section 21.2", path="dhcpv6_client_id"):
    """Who the client is."""

    code: Annotated[int, Bits(16), Const(1), "Code"] = 1
    length: _LENGTH = AUTO
    duid: Annotated[bytes, SizedBy("length"), "DUID"] = b""


class DHCPv6ServerIdOption(Element, spec="RFC 8415 section 21.3", path="dhcpv6_server_id"):
    """Who the server is."""

    code: Annotated[int, Bits(16), Const(2), "Code"] = 2
    length: _LENGTH = AUTO
    duid: Annotated[bytes, SizedBy("length"), "DUID"] = b""


class DHCPv6AddressOption(Element, spec="RFC 8415 section 21.6", path="dhcpv6_address"):
    """An address for the client."""

    code: Annotated[int, Bits(16), Const(5), "Code"] = 5
    length: _LENGTH = AUTO
    address: Annotated[IPv6Like, Octets(16), "Address"]
    preferred_lifetime: Annotated[_SECONDS, "Seconds in which it is preferred"] = 0
    valid_lifetime: Annotated[_SECONDS, "Seconds in which it is valid"] = 0
    options: Annotated[tuple[DHCPv6Option, ...], SizedBy("length", bias=-24), Elements(), "Options of the address"] = ()
    options_rest: Annotated[bytes, Unparsed("options"), "What is no option"] = AUTO


class DHCPv6PrefixOption(Element, spec="RFC 8415 section 21.22", path="dhcpv6_prefix"):
    """A prefix for the client."""

    code: Annotated[int, Bits(16), Const(26), "Code"] = 26
    length: _LENGTH = AUTO
    preferred_lifetime: Annotated[_SECONDS, "Seconds in which it is preferred"] = 0
    valid_lifetime: Annotated[_SECONDS, "Seconds in which it is valid"] = 0
    prefix_length: Annotated[int, Bits(8), "Bits of the prefix"] = 64
    prefix: Annotated[IPv6Like, Octets(16), "Prefix"]
    options: Annotated[tuple[DHCPv6Option, ...], SizedBy("length", bias=-25), Elements(), "Options of the prefix"] = ()
    options_rest: Annotated[bytes, Unparsed("options"), "What is no option"] = AUTO


_Inside: TypeAlias = DHCPv6AddressOption | DHCPv6PrefixOption | DHCPv6Option
_IAID: TypeAlias = Annotated[int, Bits(32), "Identifier of the association"]
_OPTIONS: TypeAlias = Annotated[
    tuple[_Inside, ...], SizedBy("length", bias=-12), Elements(), "Addresses or prefixes, and other options"
]


class DHCPv6AddressesOption(Element, spec="RFC 8415 section 21.4", path="dhcpv6_ia_na"):
    """IA_NA: the addresses of an interface."""

    code: Annotated[int, Bits(16), Const(3), "Code"] = 3
    length: _LENGTH = AUTO
    iaid: _IAID
    t1: Annotated[_SECONDS, "Seconds until the same server is asked to extend them"] = 0
    t2: Annotated[_SECONDS, "Seconds until any server is asked"] = 0
    options: _OPTIONS = ()
    options_rest: Annotated[bytes, Unparsed("options"), "What is no option"] = AUTO


class DHCPv6PrefixesOption(Element, spec="RFC 8415 section 21.21", path="dhcpv6_ia_pd"):
    """IA_PD: prefixes that a router may give on."""

    code: Annotated[int, Bits(16), Const(25), "Code"] = 25
    length: _LENGTH = AUTO
    iaid: _IAID
    t1: Annotated[_SECONDS, "Seconds until the same server is asked to extend them"] = 0
    t2: Annotated[_SECONDS, "Seconds until any server is asked"] = 0
    options: _OPTIONS = ()
    options_rest: Annotated[bytes, Unparsed("options"), "What is no option"] = AUTO


class DHCPv6ElapsedTimeOption(Element, spec="RFC 8415 section 21.9", path="dhcpv6_elapsed_time"):
    """How long the client has been trying."""

    code: Annotated[int, Bits(16), Const(8), "Code"] = 8
    length: Annotated[int, Bits(16), Const(2), "Octets that follow"] = 2
    hundredths: Annotated[int, Bits(16), "Time in 1/100 s"] = 0


AnyDHCPv6Option: TypeAlias = (
    DHCPv6ClientIdOption
    | DHCPv6ServerIdOption
    | DHCPv6AddressesOption
    | DHCPv6PrefixesOption
    | DHCPv6ElapsedTimeOption
    | DHCPv6Option
)
"""The classes that an option of a message can have."""
