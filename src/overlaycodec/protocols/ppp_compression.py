"""CCP, which agrees on compression of a PPP link, and on encryption by MPPE."""

from typing import Annotated, Final

from overlaycodec.packet.header import Header
from overlaycodec.protocols.numberings import CCP_CODE
from overlaycodec.protocols.ppp_control import PPPOption
from overlaycodec.schema.facts import Bits, Const, Elements, LengthField, Reserved, Rest, Selects, Unparsed, ValueNames
from overlaycodec.schema.keyspaces import PPP_PROTOCOL
from overlaycodec.schema.record import Element
from overlaycodec.values import AUTO

_CODES: Final = ValueNames({
    1: "configure request", 2: "configure ack", 3: "configure nak", 4: "configure reject", 5: "terminate request",
    6: "terminate ack", 7: "code reject", 14: "reset request", 15: "reset ack",
})  # fmt: skip


class CCPMPPEOption(Element, spec="RFC 3078 section 2", path="ccp_mppe"):
    """Encryption by MPPE, and compression by MPPC: what the sender can do."""

    type: Annotated[int, Bits(8), Const(18), "Type"] = 18
    length: Annotated[int, Bits(8), Const(6), "Octets of the option"] = 6
    reserved1: Annotated[int, Reserved(7)] = 0
    stateless: Annotated[bool, Bits(1), "H: new keys with each packet"] = False
    reserved2: Annotated[int, Reserved(16)] = 0
    bits56: Annotated[bool, Bits(1), "M: keys of 56 bits"] = False
    bits128: Annotated[bool, Bits(1), "S: keys of 128 bits"] = False
    bits40: Annotated[bool, Bits(1), "L: keys of 40 bits"] = False
    obsolete: Annotated[bool, Bits(1), "D: not used any more"] = False
    reserved3: Annotated[int, Reserved(3)] = 0
    compression: Annotated[bool, Bits(1), "C: compression by MPPC (RFC 2118)"] = False


class CCPDeflateOption(Element, spec="RFC 1979 section 3", path="ccp_deflate"):
    """Compression by deflate."""

    type: Annotated[int, Bits(8), Const(26), "Type"] = 26
    length: Annotated[int, Bits(8), Const(4), "Octets of the option"] = 4
    window: Annotated[int, Bits(4), "Size of the window: base-2 logarithm, less 8"] = 7
    method: Annotated[int, Bits(4), "8: deflate"] = 8
    reserved: Annotated[int, Reserved(6)] = 0
    check_method: Annotated[int, Bits(2), "0: sequence numbers"] = 0


class CCP(Header, spec="RFC 1962 section 2", keys=(PPP_PROTOCOL(0x80FD),)):
    """The control protocol of compression."""

    code: Annotated[int, Bits(8), _CODES, Selects(CCP_CODE), "What the packet is"] = AUTO
    identifier: Annotated[int, Bits(8), "Of a request and its answer"] = 0
    length: Annotated[int, Bits(16), LengthField(), "Octets of the packet"] = AUTO


class CCPOptions(
    Header,
    spec="RFC 1962 section 3",
    path="ccp_options",
    keys=tuple(CCP_CODE(code) for code in range(1, 5)),
    closed=True,
):
    """How a link is to be compressed."""

    options: Annotated[tuple[CCPMPPEOption | CCPDeflateOption | PPPOption, ...], Rest(), Elements(), "Options"] = ()
    options_rest: Annotated[bytes, Unparsed("options"), "What is no option"] = AUTO
