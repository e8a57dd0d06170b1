"""PPP's control protocols: LCP, IPCP and IPV6CP, with their usual options."""

from typing import Annotated, Final, TypeAlias

from overlaycodec.packet.header import Header
from overlaycodec.protocols.numberings import IPCP_CODE, IPV6CP_CODE, LCP_CODE
from overlaycodec.schema.facts import (
    Bits,
    Const,
    Elements,
    LengthField,
    Octets,
    Rest,
    Selects,
    SizedBy,
    Unparsed,
    ValueNames,
)
from overlaycodec.schema.keyspaces import PPP_PROTOCOL
from overlaycodec.schema.record import Element
from overlaycodec.values import AUTO, IPv4Like

_CONFIGURE: Final = (1, 2, 3, 4)
_CODES: Final = ValueNames({
    1: "configure request", 2: "configure ack", 3: "configure nak", 4: "configure reject", 5: "terminate request",
    6: "terminate ack", 7: "code reject", 8: "protocol reject", 9: "echo request", 10: "echo reply",
    11: "discard request",
})  # fmt: skip
_CODE: TypeAlias = Annotated[int, Bits(8), _CODES, "What the packet is"]
_IDENTIFIER: TypeAlias = Annotated[int, Bits(8), "Of a request and its answer"]
_LENGTH: TypeAlias = Annotated[int, Bits(16), LengthField(), "Octets of the packet"]
_REST: TypeAlias = Annotated[bytes, Unparsed("options"), "What is no option"]
_TYPE: TypeAlias = Annotated[int, Bits(8)]
_OCTETS: TypeAlias = Annotated[int, Bits(8)]


class PPPOption(Element, spec="RFC 1661 section 6", path="ppp_option"):
    """An option without a class of its own."""

    type: Annotated[_TYPE, "Type"]
    length: Annotated[_OCTETS, "Octets of the option"] = AUTO
    data: Annotated[bytes, SizedBy("length", bias=-2), "Data"] = b""


class LCPMRUOption(Element, spec="RFC 1661 section 6.1", path="lcp_mru"):
    """The longest packet that the sender can receive."""

    type: Annotated[_TYPE, Const(1), "Type"] = 1
    length: Annotated[_OCTETS, Const(4), "Octets of the option"] = 4
    mru: Annotated[int, Bits(16), "Octets"]


class LCPMagicNumberOption(Element, spec="RFC 1661 section 6.4", path="lcp_magic_number"):
    """A number at random, by which a link that loops back is found."""

    type: Annotated[_TYPE, Const(5), "Type"] = 5
    length: Annotated[_OCTETS, Const(6), "Octets of the option"] = 6
    magic_number: Annotated[int, Bits(32), "Number"]


class IPCPAddressOption(Element, spec="RFC 1332 section 3.3", path="ipcp_address"):
    """The address of the sender; 0 asks for one."""

    type: Annotated[_TYPE, Const(3), "Type"] = 3
    length: Annotated[_OCTETS, Const(6), "Octets of the option"] = 6
    address: Annotated[IPv4Like, Octets(4), "Address"]


class IPv6CPInterfaceOption(Element, spec="RFC 5072 section 4.1", path="ipv6cp_interface"):
    """The lower half of the sender's link-local address."""

    type: Annotated[_TYPE, Const(1), "Type"] = 1
    length: Annotated[_OCTETS, Const(10), "Octets of the option"] = 10
    identifier: Annotated[bytes, Octets(8), "Interface identifier"]


class LCP(Header, spec="RFC 1661 section 5", keys=(PPP_PROTOCOL(0xC021),)):
    """The link control protocol; codes from 5 on have data, which are payload."""

    code: Annotated[_CODE, Selects(LCP_CODE)] = AUTO
    identifier: _IDENTIFIER = 0
    length: _LENGTH = AUTO


class LCPOptions(
    Header,
    spec="RFC 1661 section 6",
    path="lcp_options",
    keys=tuple(LCP_CODE(code) for code in _CONFIGURE),
    closed=True,
):
    """What a link is to be like."""

    options: Annotated[tuple[LCPMRUOption | LCPMagicNumberOption | PPPOption, ...], Rest(), Elements(), "Options"] = ()
    options_rest: _REST = AUTO


class IPCP(Header, spec="RFC 1332 section 2", keys=(PPP_PROTOCOL(0x8021),)):
    """The control protocol of IPv4."""

    code: Annotated[_CODE, Selects(IPCP_CODE)] = AUTO
    identifier: _IDENTIFIER = 0
    length: _LENGTH = AUTO


class IPCPOptions(
    Header,
    spec="RFC 1332 section 3",
    path="ipcp_options",
    keys=tuple(IPCP_CODE(code) for code in _CONFIGURE),
    closed=True,
):
    """What IPv4 on a link is to be like."""

    options: Annotated[tuple[IPCPAddressOption | PPPOption, ...], Rest(), Elements(), "Options"] = ()
    options_rest: _REST = AUTO


class IPv6CP(Header, spec="RFC 5072 section 3", keys=(PPP_PROTOCOL(0x8057),)):
    """The control protocol of IPv6."""

    code: Annotated[_CODE, Selects(IPV6CP_CODE)] = AUTO
    identifier: _IDENTIFIER = 0
    length: _LENGTH = AUTO


class IPv6CPOptions(
    Header,
    spec="RFC 5072 section 4",
    path="ipv6cp_options",
    keys=tuple(IPV6CP_CODE(code) for code in _CONFIGURE),
    closed=True,
):
    """What IPv6 on a link is to be like."""

    options: Annotated[tuple[IPv6CPInterfaceOption | PPPOption, ...], Rest(), Elements(), "Options"] = ()
    options_rest: _REST = AUTO
