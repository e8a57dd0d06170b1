"""TZSP: frames that a sniffer sends on."""

from typing import Annotated

from overlaycodec.packet.header import Header
from overlaycodec.schema.facts import Bits, Const, Elements, Selects, SizedBy, Unless, ValueNames
from overlaycodec.schema.keys import Peek
from overlaycodec.schema.keyspaces import TZSP_PROTOCOL, UDP_PORT
from overlaycodec.schema.record import Element
from overlaycodec.schema.signs import KnownNext, Pattern
from overlaycodec.values import AUTO


class TZSPTag(Element, spec="TaZmen Sniffer Protocol", path="tzsp_tag"):
    """A fact about the frame; tags 0 (padding) and 1 (end) are one octet long."""

    tag: Annotated[int, Bits(8), ValueNames({0: "padding", 1: "end"}), "Tag"]
    length: Annotated[int | None, Bits(8), Unless("tag", (0, 1)), "Octets of the value"] = AUTO
    value: Annotated[bytes, SizedBy("length"), "Value"] = b""


class TZSP(
    Header,
    spec="TaZmen Sniffer Protocol",
    keys=(UDP_PORT(37008).as_guess(),),
    tunnel=True,
    signs=(
        Pattern("version", ((Peek(0, 8, 1),),), decisive=True),
        Pattern("type", tuple((Peek(8, 8, kind),) for kind in (0, 1, 4))),
        KnownNext("protocol", also=(18, 119, 127), decisive=True),
    ),
):
    """A frame as a sniffer saw it."""

    version: Annotated[int, Bits(8), Const(1), "Version"] = 1
    type: Annotated[int, Bits(8), ValueNames({0: "received", 1: "to transmit", 4: "keepalive"}), "What it is"] = 0
    protocol: Annotated[int, Bits(16), Selects(TZSP_PROTOCOL), "What the frame is"] = AUTO
    tags: Annotated[tuple[TZSPTag, ...], Elements("tag", end=1), "Facts about the frame, the end of them too"]
