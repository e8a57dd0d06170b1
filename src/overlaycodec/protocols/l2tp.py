"""The layer two tunneling protocol: version 2 in UDP, version 3 in IP."""

from typing import Annotated, Final

from overlaycodec.packet.header import Header
from overlaycodec.schema.facts import Bits, Const, LengthField, Reserved, SizedBy, When
from overlaycodec.schema.keys import Peek
from overlaycodec.schema.keyspaces import LINK_TYPE, UDP_PORT
from overlaycodec.schema.signs import Pattern
from overlaycodec.values import AUTO

_V2: Final = UDP_PORT(1701).when(Peek(12, 4, 2))
_RESERVED: Final = Pattern("reserved bits", ((Peek(2, 2, 0), Peek(5, 1, 0), Peek(8, 4, 0)),), decisive=True)


class L2TP(
    Header,
    spec="RFC 2661 section 3.1",
    keys=(_V2.when(Peek(0, 1, 0)).as_guess(),),
    carries=LINK_TYPE(9),
    tunnel=True,
    signs=(_RESERVED, Pattern("no offset, no priority", ((Peek(6, 2, 0),),))),
):
    """A frame of PPP in a tunnel; each optional part is there where its flag is set."""

    control: Annotated[int, Bits(1), Const(0), "T: 0, a frame"] = 0
    length_present: Annotated[bool, Bits(1), "L"] = AUTO
    reserved1: Annotated[int, Reserved(2)] = 0
    sequence_present: Annotated[bool, Bits(1), "S"] = AUTO
    reserved2: Annotated[int, Reserved(1)] = 0
    offset_present: Annotated[bool, Bits(1), "O"] = AUTO
    priority: Annotated[bool, Bits(1), "P: before others"] = False
    reserved3: Annotated[int, Reserved(4)] = 0
    version: Annotated[int, Bits(4), Const(2), "Version"] = 2
    length: Annotated[int | None, Bits(16), When("length_present"), LengthField(), "Octets of header and frame"] = AUTO
    tunnel_id: Annotated[int, Bits(16), "Tunnel of the receiver"]
    session_id: Annotated[int, Bits(16), "Session of the receiver"]
    ns: Annotated[int | None, Bits(16), When("sequence_present"), "Number of this frame"] = AUTO
    nr: Annotated[int | None, Bits(16), When("sequence_present"), "Number expected next; not used"] = AUTO
    offset_size: Annotated[int | None, Bits(16), When("offset_present"), "Octets before the frame"] = AUTO
    offset_pad: Annotated[bytes | None, When("offset_present"), SizedBy("offset_size"), "Not defined"] = AUTO


class L2TPControl(
    Header,
    spec="RFC 2661 sections 3.1, 4.1",
    path="l2tp_control",
    keys=(_V2.when(Peek(0, 1, 1)).as_guess(),),
    signs=(_RESERVED, Pattern("L, S and no O", ((Peek(1, 1, 1), Peek(4, 1, 1), Peek(6, 1, 0)),))),
):
    """A message about tunnels and sessions; its attributes are payload."""

    control: Annotated[int, Bits(1), Const(1), "T: 1, a message"] = 1
    length_present: Annotated[bool, Bits(1), "L: 1"] = True
    reserved1: Annotated[int, Reserved(2)] = 0
    sequence_present: Annotated[bool, Bits(1), "S: 1"] = True
    reserved2: Annotated[int, Reserved(1)] = 0
    offset_present: Annotated[bool, Bits(1), "O: 0"] = False
    priority: Annotated[bool, Bits(1), "P: 0"] = False
    reserved3: Annotated[int, Reserved(4)] = 0
    version: Annotated[int, Bits(4), Const(2), "Version"] = 2
    length: Annotated[int, Bits(16), LengthField(), "Octets of the message"] = AUTO
    tunnel_id: Annotated[int, Bits(16), "Tunnel of the receiver"] = 0
    session_id: Annotated[int, Bits(16), "Session of the receiver; 0: of the tunnel"] = 0
    ns: Annotated[int, Bits(16), "Number of this message"] = 0
    nr: Annotated[int, Bits(16), "Number expected next"] = 0
