"""LISP's encapsulation of packets."""

from typing import Annotated

from overlaycodec.packet.header import Header
from overlaycodec.schema.facts import Bits, Reserved
from overlaycodec.schema.keys import Peek
from overlaycodec.schema.keyspaces import LINK_TYPE, UDP_PORT
from overlaycodec.schema.signs import Pattern


class LISP(
    Header,
    spec="RFC 9300 section 5.3",
    keys=(UDP_PORT(4341).as_guess(),),
    carries=LINK_TYPE(101),
    tunnel=True,
    unchecked=True,
    signs=(
        Pattern("reserved bit", ((Peek(5, 1, 0),),)),
        Pattern("no key", ((Peek(6, 2, 0),),)),
        Pattern("nonce or versions", ((Peek(0, 1, 0), Peek(2, 1, 0)), (Peek(3, 1, 0),))),
        Pattern("zeros", ((Peek(8, 24, 0),), (Peek(0, 1, 1),), (Peek(3, 1, 1),))),
        Pattern("IP version", ((Peek(64, 4, 4),), (Peek(64, 4, 6),)), decisive=True),
    ),
):
    """An IP packet on its way from one site to another."""

    nonce_present: Annotated[bool, Bits(1), "N"] = False
    status_bits_present: Annotated[bool, Bits(1), "L"] = False
    echo_nonce_request: Annotated[bool, Bits(1), "E: the nonce is to be sent back"] = False
    map_version_present: Annotated[bool, Bits(1), "V"] = False
    instance_present: Annotated[bool, Bits(1), "I"] = False
    reserved: Annotated[int, Reserved(1)] = 0
    key_id: Annotated[int, Bits(2), "KK: which key encrypts the packet; 0 none (RFC 8061)"] = 0
    nonce: Annotated[int, Bits(24), "With N the nonce, with V the map versions of both sides"] = 0
    status_bits: Annotated[int, Bits(32), "With I, 24 bits of instance ID and 8 status bits; with L alone, 32"] = 0
