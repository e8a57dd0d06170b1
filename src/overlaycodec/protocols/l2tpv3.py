"""L2TP version 3, in IP and in UDP. No packet tells how long its cookie is, nor what its session carries: bind it."""

from typing import Annotated, Final, TypeAlias

from overlaycodec.packet.header import Header
from overlaycodec.protocols.numberings import L2TP_IP_SESSION, L2TP_SESSION, L2TP_SUBLAYER
from overlaycodec.schema.facts import Bits, Const, LengthField, Octets, Reserved, Selects
from overlaycodec.schema.keys import Peek
from overlaycodec.schema.keyspaces import ETHERTYPE, IP_PROTOCOL, UDP_PORT
from overlaycodec.schema.signs import Pattern
from overlaycodec.values import AUTO

_V3: Final = UDP_PORT(1701).when(Peek(12, 4, 3))
_SESSION: TypeAlias = Annotated[int, Bits(32)]


class L2TPv3(Header, spec="RFC 3931 section 4.1.1.1", path="l2tp_v3", keys=(IP_PROTOCOL(115),)):
    """A packet of a session in IP; without a binding, what follows is payload. 0: a control message follows."""

    session_id: Annotated[_SESSION, Selects(L2TP_IP_SESSION), "Session of the receiver"]


class L2TPv3OverUDP(
    Header,
    spec="RFC 3931 section 4.1.2.1",
    path="l2tp_v3_udp",
    keys=(_V3.when(Peek(0, 1, 0)).as_guess(),),
    signs=(
        Pattern("reserved bits", ((Peek(1, 11, 0),),), decisive=True),
        Pattern("reserved octets", ((Peek(16, 16, 0),),)),
    ),
):
    """A packet of a session in UDP; without a binding, what follows is payload."""

    control: Annotated[int, Bits(1), Const(0), "T: 0, a packet"] = 0
    reserved1: Annotated[int, Reserved(11)] = 0
    version: Annotated[int, Bits(4), Const(3), "Version"] = 3
    reserved2: Annotated[int, Reserved(16)] = 0
    session_id: Annotated[_SESSION, Selects(L2TP_SESSION), "Session of the receiver"]


class L2TPv3Control(
    Header,
    spec="RFC 3931 section 3.2.1",
    path="l2tp_v3_control",
    keys=(
        _V3.when(Peek(0, 1, 1)).as_guess(),
        L2TP_IP_SESSION(0).when(Peek(0, 1, 1), Peek(12, 4, 3)).as_guess(),
    ),
    signs=(
        Pattern("reserved bits", ((Peek(2, 2, 0), Peek(5, 7, 0)),), decisive=True),
        Pattern("L and S", ((Peek(1, 1, 1), Peek(4, 1, 1)),)),
    ),
):
    """A message about connections and sessions; its attributes are payload."""

    control: Annotated[int, Bits(1), Const(1), "T: 1, a message"] = 1
    length_present: Annotated[bool, Bits(1), "L: 1"] = True
    reserved1: Annotated[int, Reserved(2)] = 0
    sequence_present: Annotated[bool, Bits(1), "S: 1"] = True
    reserved2: Annotated[int, Reserved(7)] = 0
    version: Annotated[int, Bits(4), Const(3), "Version"] = 3
    length: Annotated[int, Bits(16), LengthField(), "Octets of the message"] = AUTO
    connection_id: Annotated[int, Bits(32), "Control connection of the receiver"] = 0
    ns: Annotated[int, Bits(16), "Number of this message"] = 0
    nr: Annotated[int, Bits(16), "Number expected next"] = 0


class L2TPv3Cookie4(Header, spec="RFC 3931 section 4.1", path="l2tp_v3_cookie4", carries=L2TP_SUBLAYER(0)):
    """A cookie of 4 octets: found at a session by binding alone."""

    cookie: Annotated[bytes, Octets(4), "Cookie"]


class L2TPv3Cookie8(Header, spec="RFC 3931 section 4.1", path="l2tp_v3_cookie8", carries=L2TP_SUBLAYER(0)):
    """A cookie of 8 octets: found at a session by binding alone."""

    cookie: Annotated[bytes, Octets(8), "Cookie"]


class L2TPv3Sublayer(
    Header,
    spec="RFC 3931 section 4.6, RFC 4719 section 3",
    path="l2tp_v3_sublayer",
    keys=(L2TP_SUBLAYER(0),),
    carries=ETHERTYPE(0x6558),
    tunnel=True,
):
    """The sequence number of a frame of Ethernet, behind a cookie, or at a session by binding."""

    reserved1: Annotated[int, Reserved(1)] = 0
    sequence_present: Annotated[bool, Bits(1), "S: whether the number is valid"] = False
    reserved2: Annotated[int, Reserved(6)] = 0
    sequence: Annotated[int, Bits(24), "Sequence number"] = 0
