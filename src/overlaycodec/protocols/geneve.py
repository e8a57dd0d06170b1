"""Geneve and its options."""

from typing import Annotated

from overlaycodec.keys import ETHERTYPE, UDP_PORT
from overlaycodec.schema import Element, Header
from overlaycodec.values import AUTO
from overlaycodec.wire import AnyHas, Bits, Const, Items, Remainder, Reserved, Selects, Sized


class GeneveOption(Element, spec="RFC 8926 section 3.5", path="geneve_option"):
    """An option; the high bit of its type says that it is critical."""

    option_class: Annotated[int, Bits(16), "Who defined the type"]
    type: Annotated[int, Bits(8), "Type; critical from 0x80 on"]
    reserved: Annotated[int, Reserved(3)] = 0
    length: Annotated[int, Bits(5), "Data in units of 4 octets"] = AUTO
    data: Annotated[bytes, Sized("length", unit=4), "What the option says, whole units of 4 octets"] = b""


class Geneve(Header, spec="RFC 8926 section 3.4", keys=(UDP_PORT(6081),), tunnel=True):
    """Generic Network Virtualization Encapsulation."""

    version: Annotated[int, Bits(2), Const(0), "Version"] = 0
    opt_len: Annotated[int, Bits(6), "Options in units of 4 octets"] = AUTO
    control: Annotated[bool, Bits(1), "O: a control message"] = False
    critical: Annotated[bool, Bits(1), AnyHas("options", "type", 0x80), "C: some option is critical"] = AUTO
    reserved1: Annotated[int, Reserved(6)] = 0
    protocol_type: Annotated[int, Bits(16), Selects(ETHERTYPE), "What follows"] = AUTO
    vni: Annotated[int, Bits(24), "Virtual Network Identifier"]
    reserved2: Annotated[int, Reserved(8)] = 0
    options: Annotated[tuple[GeneveOption, ...], Sized("opt_len", unit=4), Items(), "Options"] = ()
    options_rest: Annotated[bytes, Remainder("options"), "What is no option"] = AUTO
