"""Extended echo: a probe of an interface of a node, and what the node says of it."""

from typing import Annotated, Final, TypeAlias

from overlaycodec.packet.header import Header
from overlaycodec.protocols.numberings import ICMP_EXTENSION
from overlaycodec.schema.facts import Bits, Reserved, ValueNames
from overlaycodec.schema.keyspaces import ICMP_TYPE, ICMPV6_TYPE

_STATES: Final = ValueNames({
    0: "reserved", 1: "incomplete", 2: "reachable", 3: "stale", 4: "delay", 5: "probe", 6: "failed",
})  # fmt: skip


_IDENTIFIER: TypeAlias = Annotated[int, Bits(16), "Identifier"]
_SEQUENCE: TypeAlias = Annotated[int, Bits(8), "Sequence number"]
_LOCAL: TypeAlias = Annotated[bool, Bits(1), "L: the interface is one of the node itself"]
_STATE: TypeAlias = Annotated[int, Bits(3), _STATES, "Of an address of another node, in the table of neighbours"]
_ACTIVE: TypeAlias = Annotated[bool, Bits(1), "A: the interface works"]
_IPV4: TypeAlias = Annotated[bool, Bits(1), "4: IPv4 runs on it"]
_IPV6: TypeAlias = Annotated[bool, Bits(1), "6: IPv6 runs on it"]


class ICMPExtendedEcho(
    Header,
    spec="RFC 8335 section 2",
    path="icmp_extended_echo",
    keys=(ICMP_TYPE(42),),
    carries=ICMP_EXTENSION(0),
):
    """A request about an interface, which an extension names."""

    identifier: _IDENTIFIER = 0
    sequence: _SEQUENCE = 0
    reserved: Annotated[int, Reserved(7)] = 0
    local: _LOCAL = False


class ICMPExtendedEchoReply(Header, spec="RFC 8335 section 3", path="icmp_extended_echo_reply", keys=(ICMP_TYPE(43),)):
    """Whether the interface is there, and what it does. Linux repeats the extension, which is payload."""

    identifier: _IDENTIFIER = 0
    sequence: _SEQUENCE = 0
    state: _STATE = 0
    reserved: Annotated[int, Reserved(2)] = 0
    active: _ACTIVE = False
    ipv4: _IPV4 = False
    ipv6: _IPV6 = False


class ICMPv6ExtendedEcho(
    Header,
    spec="RFC 8335 section 2",
    path="icmpv6_extended_echo",
    keys=(ICMPV6_TYPE(160),),
    carries=ICMP_EXTENSION(0),
):
    """The same request in ICMPv6."""

    identifier: _IDENTIFIER = 0
    sequence: _SEQUENCE = 0
    reserved: Annotated[int, Reserved(7)] = 0
    local: _LOCAL = False


class ICMPv6ExtendedEchoReply(
    Header, spec="RFC 8335 section 3", path="icmpv6_extended_echo_reply", keys=(ICMPV6_TYPE(161),)
):
    """The same reply in ICMPv6."""

    identifier: _IDENTIFIER = 0
    sequence: _SEQUENCE = 0
    state: _STATE = 0
    reserved: Annotated[int, Reserved(2)] = 0
    active: _ACTIVE = False
    ipv4: _IPV4 = False
    ipv6: _IPV6 = False
