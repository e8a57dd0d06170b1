"""Generic UDP encapsulation. Its variant 1 is an IP packet right after UDP: the IP headers have keys for that."""

from typing import Annotated

from overlaycodec.packet.header import Header
from overlaycodec.schema.facts import Bits, Const, Selects, SizedBy
from overlaycodec.schema.keys import Fits, Peek
from overlaycodec.schema.keyspaces import IP_PROTOCOL, UDP_PORT
from overlaycodec.schema.registered import IP_PROTOCOLS
from overlaycodec.schema.signs import Pattern, SensibleContent
from overlaycodec.values import AUTO


class GUE(
    Header,
    spec="draft-ietf-intarea-gue-09 section 3.1",
    keys=(UDP_PORT(6080).as_guess(),),
    tunnel=True,
    signs=(
        Pattern("variant", ((Peek(0, 2, 0),),), decisive=True),
        Pattern("flags", ((Peek(23, 9, 0),),), decisive=True),
        Pattern("control message", ((Peek(2, 1, 0),), (Peek(8, 8, 0),))),
        Pattern("header length", ((Fits(3, 5, unit=4, base=4),),), decisive=True),
        SensibleContent(also=IP_PROTOCOLS),
    ),
):
    """Variant 0: any IP protocol in UDP. Other variants that are no IP packet are not known."""

    variant: Annotated[int, Bits(2), Const(0), "Variant"] = 0
    control: Annotated[int, Bits(1), "C: a control message, of the type that follows"] = 0
    hlen: Annotated[int, Bits(5), "Extensions in units of 4 octets"] = AUTO
    proto_ctype: Annotated[int, Bits(8), Selects(IP_PROTOCOL, only=("control", (0,)), nothing=59), "What follows"] = (
        AUTO
    )
    flags: Annotated[int, Bits(16), "Which extensions there are"] = 0
    extensions: Annotated[bytes, SizedBy("hlen", unit=4), "Extensions, and private data behind them"] = b""
