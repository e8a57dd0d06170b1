"""Teredo's indications in front of an IPv6 packet in UDP; the packet itself is found by a key of IPv6."""

from typing import Annotated

from overlaycodec.packet.header import Header
from overlaycodec.schema.facts import Bits, Const, Octets, SizedBy
from overlaycodec.schema.keys import Peek
from overlaycodec.schema.keyspaces import LINK_TYPE, UDP_PORT
from overlaycodec.values import AUTO


class TeredoAuthentication(
    Header,
    spec="RFC 4380 section 5.1.1",
    path="teredo_authentication",
    keys=(UDP_PORT(3544).when(Peek(0, 16, 1)),),
    carries=UDP_PORT(3544),
):
    """Proves that client and server know each other; an origin indication or the packet follows."""

    indicator: Annotated[int, Bits(16), Const(1), "Authentication"] = 1
    id_length: Annotated[int, Bits(8), "Octets of the client identifier"] = AUTO
    auth_length: Annotated[int, Bits(8), "Octets of the authentication value"] = AUTO
    client_id: Annotated[bytes, SizedBy("id_length"), "Client identifier"] = b""
    auth_value: Annotated[bytes, SizedBy("auth_length"), "Authentication value"] = b""
    nonce: Annotated[bytes, Octets(8), "Nonce"] = bytes(8)
    confirmation: Annotated[int, Bits(8), "0; 1 where the client is to ask for a new key"] = 0


class TeredoOrigin(
    Header,
    spec="RFC 4380 section 5.1.1",
    path="teredo_origin",
    keys=(UDP_PORT(3544).when(Peek(0, 16, 0)),),
    carries=LINK_TYPE(229),
):
    """Where the packet came from, each bit inverted, so that no address translator changes it."""

    indicator: Annotated[int, Bits(16), Const(0), "Origin"] = 0
    port: Annotated[int, Bits(16), "UDP port, inverted"]
    address: Annotated[int, Bits(32), "IPv4 address, inverted"]
