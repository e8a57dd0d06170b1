"""Geneve's options: what they have in common, and the one for those that nobody here knows."""

from typing import Annotated, Final, TypeAlias

from overlaycodec.schema.facts import Bits, Const, Reserved, SizedBy
from overlaycodec.schema.record import Element
from overlaycodec.values import AUTO

CLASS: Final = "Who defined the type"
KIND: Final = "Type; critical from 0x80 on"
RESERVED: TypeAlias = Annotated[int, Reserved(3)]
LENGTH: TypeAlias = Annotated[int, Bits(5), "Data in units of 4 octets"]
WORDS_0: TypeAlias = Annotated[int, Bits(5), Const(0), "Data in units of 4 octets"]
WORDS_1: TypeAlias = Annotated[int, Bits(5), Const(1), "Data in units of 4 octets"]
WORDS_2: TypeAlias = Annotated[int, Bits(5), Const(2), "Data in units of 4 octets"]
WORDS_5: TypeAlias = Annotated[int, Bits(5), Const(5), "Data in units of 4 octets"]
WORDS_6: TypeAlias = Annotated[int, Bits(5), Const(6), "Data in units of 4 octets"]


class GeneveOption(Element, spec="RFC 8926 section 3.5", path="geneve_option"):
    """An option; the high bit of its type says that it is critical."""

    option_class: Annotated[int, Bits(16), CLASS]
    type: Annotated[int, Bits(8), KIND]
    reserved: RESERVED = 0
    length: LENGTH = AUTO
    data: Annotated[bytes, SizedBy("length", unit=4), "What the option says, whole units of 4 octets"] = b""
