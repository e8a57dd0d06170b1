"""WireGuard's four messages; its numbers are least significant octet first."""

from typing import Annotated, Final, TypeAlias

from overlaycodec.packet.header import Header
from overlaycodec.schema.facts import Bits, ByteOrder, Const, Octets, Reserved
from overlaycodec.schema.keys import Peek
from overlaycodec.schema.keyspaces import UDP_PORT

_PORT: Final = UDP_PORT(51820)
_ZEROS: Final = Peek(8, 24, 0)
_RESERVED: TypeAlias = Annotated[int, Reserved(24)]
_SENDER: TypeAlias = Annotated[int, Bits(32), ByteOrder("little"), "The session, to the sender"]
_RECEIVER: TypeAlias = Annotated[int, Bits(32), ByteOrder("little"), "The session, to the receiver"]
_EPHEMERAL: TypeAlias = Annotated[bytes, Octets(32), "Ephemeral public key"]
_MAC1: TypeAlias = Annotated[bytes, Octets(16), "Shows that the sender knows the receiver"]
_MAC2: TypeAlias = Annotated[bytes, Octets(16), "Proves the sender's address by a cookie; zeros without one"]


class WireGuardInitiation(
    Header,
    spec="WireGuard (2020) section 5.4.2",
    path="wireguard_initiation",
    keys=(_PORT.when(Peek(0, 8, 1), _ZEROS),),
    closed=True,
):
    """Asks for a session."""

    type: Annotated[int, Bits(8), Const(1), "Initiation"] = 1
    reserved: _RESERVED = 0
    sender: _SENDER
    ephemeral: _EPHEMERAL = bytes(32)
    static: Annotated[bytes, Octets(48), "Static public key, encrypted"] = bytes(48)
    timestamp: Annotated[bytes, Octets(28), "Time, encrypted"] = bytes(28)
    mac1: _MAC1 = bytes(16)
    mac2: _MAC2 = bytes(16)


class WireGuardResponse(
    Header,
    spec="WireGuard (2020) section 5.4.3",
    path="wireguard_response",
    keys=(_PORT.when(Peek(0, 8, 2), _ZEROS),),
    closed=True,
):
    """Agrees to a session."""

    type: Annotated[int, Bits(8), Const(2), "Response"] = 2
    reserved: _RESERVED = 0
    sender: _SENDER
    receiver: _RECEIVER
    ephemeral: _EPHEMERAL = bytes(32)
    empty: Annotated[bytes, Octets(16), "Nothing, encrypted: its authentication tag"] = bytes(16)
    mac1: _MAC1 = bytes(16)
    mac2: _MAC2 = bytes(16)


class WireGuardCookie(
    Header,
    spec="WireGuard (2020) section 5.4.7",
    path="wireguard_cookie",
    keys=(_PORT.when(Peek(0, 8, 3), _ZEROS),),
    closed=True,
):
    """Under load: asks for the message again, with this cookie."""

    type: Annotated[int, Bits(8), Const(3), "Cookie"] = 3
    reserved: _RESERVED = 0
    receiver: _RECEIVER
    nonce: Annotated[bytes, Octets(24), "Nonce"] = bytes(24)
    cookie: Annotated[bytes, Octets(32), "Cookie, encrypted"] = bytes(32)


class WireGuard(
    Header, spec="WireGuard (2020) section 5.4.6", path="wireguard", keys=(_PORT.when(Peek(0, 8, 4), _ZEROS),)
):
    """A packet of a session; encrypted, it stays payload."""

    type: Annotated[int, Bits(8), Const(4), "Data"] = 4
    reserved: _RESERVED = 0
    receiver: _RECEIVER
    counter: Annotated[int, Bits(64), ByteOrder("little"), "Number of the packet"] = 0
