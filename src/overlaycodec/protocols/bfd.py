"""Bidirectional forwarding detection."""

from enum import IntEnum
from typing import Annotated, Final

from overlaycodec.packet.header import Header
from overlaycodec.protocols.numberings import GACH_CHANNEL
from overlaycodec.schema.facts import Bits, Const, SizedBy, ValueNames, When
from overlaycodec.schema.keys import Fits, Peek
from overlaycodec.schema.keyspaces import UDP_PORT
from overlaycodec.schema.signs import Pattern
from overlaycodec.values import AUTO

_PORTS: Final = (3784, 4784, 6784, 7784)
"""A hop (RFC 5881), several (RFC 5883), members of an aggregate (RFC 7130), seamless BFD (RFC 7881)."""


class BFD(
    Header,
    spec="RFC 5880 section 4.1",
    keys=(*(UDP_PORT(port).as_guess() for port in _PORTS), GACH_CHANNEL(7), GACH_CHANNEL(0x22)),
    closed=True,
    signs=(
        Pattern("version", ((Peek(0, 3, 1),),), decisive=True),
        Pattern("length", ((Fits(24, 8, least=24),),), decisive=True),
        Pattern("multipoint bit", ((Peek(15, 1, 0),),)),
    ),
):
    """Says that the sender is there, and how often it will say so again."""

    class State(IntEnum):
        """States of a session."""

        ADMIN_DOWN = 0
        DOWN = 1
        INIT = 2
        UP = 3

    version: Annotated[int, Bits(3), Const(1), "Version"] = 1
    diagnostic: Annotated[int, Bits(5), "Why the state changed last"] = 0
    state: Annotated[int, Bits(2), ValueNames(State), "State of the session"] = 1
    poll: Annotated[bool, Bits(1), "P: an answer is asked for"] = False
    final: Annotated[bool, Bits(1), "F: the answer"] = False
    control_plane_independent: Annotated[bool, Bits(1), "C: works without the control plane"] = False
    authentication_present: Annotated[bool, Bits(1), "A"] = AUTO
    demand: Annotated[bool, Bits(1), "D: no more packets are needed"] = False
    multipoint: Annotated[bool, Bits(1), "M (RFC 8562)"] = False
    detect_multiplier: Annotated[int, Bits(8), "Packets that may be missing"] = 3
    length: Annotated[int, Bits(8), "Octets of the message"] = 24
    my_discriminator: Annotated[int, Bits(32), "The session, to the sender"]
    your_discriminator: Annotated[int, Bits(32), "The session, to the receiver; 0 where not known"] = 0
    desired_min_tx: Annotated[int, Bits(32), "Least time between packets sent, in us"] = 1_000_000
    required_min_rx: Annotated[int, Bits(32), "Least time between packets received, in us"] = 1_000_000
    required_min_echo_rx: Annotated[int, Bits(32), "The same of echo packets; 0 where there are none"] = 0
    auth_type: Annotated[int | None, Bits(8), When("authentication_present"), "Kind of authentication"] = AUTO
    auth_length: Annotated[
        int | None, Bits(8), When("authentication_present"), "Octets of authentication, 2 of them before the data"
    ] = AUTO
    auth_data: Annotated[
        bytes | None, When("authentication_present"), SizedBy("auth_length", bias=-2), "Key id, numbers, digest"
    ] = AUTO
