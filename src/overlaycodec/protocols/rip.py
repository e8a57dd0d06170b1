"""RIP, versions 1 and 2."""

from enum import IntEnum
from ipaddress import IPv4Address
from typing import Annotated, Any, Final, TypeAlias

from overlaycodec.packet.header import Header
from overlaycodec.schema.facts import Bits, Const, Elements, Octets, Reserved, Rest, Unparsed, ValueNames
from overlaycodec.schema.keys import MinOctets, Peek
from overlaycodec.schema.keyspaces import UDP_PORT
from overlaycodec.schema.record import Element
from overlaycodec.schema.signs import Pattern
from overlaycodec.values import AUTO, IPv4Like

_AUTHENTICATED: Final = 0xFFFF
_NONE: Final[Any] = IPv4Address("0.0.0.0")  # Any: fields of IPv4Like take text too


class RIPEntry(Element, spec="RFC 2453 section 4", path="rip_entry"):
    """A route; version 1 has zeros for the tag, the mask and the next hop."""

    address_family: Annotated[int, Bits(16), ValueNames({0: "all routes", 2: "IP"}), "Address family"] = 2
    route_tag: Annotated[int, Bits(16), "Tag of an external route"] = 0
    address: Annotated[IPv4Like, Octets(4), "Destination"] = _NONE
    subnet_mask: Annotated[IPv4Like, Octets(4), "Subnet mask"] = _NONE
    next_hop: Annotated[IPv4Like, Octets(4), "Next hop; 0.0.0.0 is the sender"] = _NONE
    metric: Annotated[int, Bits(32), "Hops; 16 is unreachable"] = 16


class RIPPasswordEntry(Element, spec="RFC 2453 section 4.1", path="rip_password"):
    """The password of the sender, as the first entry."""

    address_family: Annotated[int, Bits(16), Const(_AUTHENTICATED), "Authentication"] = _AUTHENTICATED
    type: Annotated[int, Bits(16), Const(2), "Simple password"] = 2
    password: Annotated[bytes, Octets(16), "Password, filled up with zeros"]


class RIPCryptographicEntry(Element, spec="RFC 4822 section 2.1", path="rip_cryptographic"):
    """Says where the digest of the message is, and by which key it is made."""

    address_family: Annotated[int, Bits(16), Const(_AUTHENTICATED), "Authentication"] = _AUTHENTICATED
    type: Annotated[int, Bits(16), Const(3), "Cryptographic authentication"] = 3
    packet_length: Annotated[int, Bits(16), "Octets before the digest's entry"]
    key_id: Annotated[int, Bits(8), "Key"] = 0
    authentication_length: Annotated[int, Bits(8), "Octets of the digest's entry, or of the digest alone"] = 20
    sequence: Annotated[int, Bits(32), "Sequence number; it never decreases"] = 0
    reserved: Annotated[int, Reserved(64)] = 0


class RIPDigestEntry(Element, spec="RFC 4822 section 2.1", path="rip_digest"):
    """The digest of the message, as the last entry."""

    address_family: Annotated[int, Bits(16), Const(_AUTHENTICATED), "Authentication"] = _AUTHENTICATED
    type: Annotated[int, Bits(16), Const(1), "Digest"] = 1
    digest: Annotated[bytes, Octets(16), "Digest, or its first 16 octets"]


_RIPEntry: TypeAlias = RIPPasswordEntry | RIPCryptographicEntry | RIPDigestEntry | RIPEntry


class RIP(
    Header,
    spec="RFC 2453 section 4",
    keys=(UDP_PORT(520).as_guess(),),
    closed=True,
    signs=(
        Pattern("command", tuple((Peek(0, 8, command),) for command in (2, 1))),
        Pattern("version", tuple((Peek(8, 8, version),) for version in (2, 1)), decisive=True),
        Pattern("zeros", ((Peek(16, 16, 0),),)),
        Pattern("address family", tuple((MinOctets(24), Peek(32, 16, family)) for family in (2, 0, _AUTHENTICATED))),
    ),
):
    """Asks for routes, or gives them."""

    class Command(IntEnum):
        """Commands."""

        REQUEST = 1
        RESPONSE = 2

    command: Annotated[int, Bits(8), ValueNames(Command), "Request or response"] = 2
    version: Annotated[int, Bits(8), "Version"] = 2
    reserved: Annotated[int, Reserved(16)] = 0
    entries: Annotated[tuple[_RIPEntry, ...], Rest(), Elements(), "Routes; authentication before and after them"] = ()
    entries_rest: Annotated[bytes, Unparsed("entries"), "What is no entry"] = AUTO
