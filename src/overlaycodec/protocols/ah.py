"""The IP authentication header."""

from typing import Annotated

from overlaycodec.packet.header import Header
from overlaycodec.schema.facts import Bits, Reserved, Selects, SizedBy
from overlaycodec.schema.keyspaces import IP_PROTOCOL
from overlaycodec.values import AUTO


class AuthenticationHeader(Header, spec="RFC 4302 section 2", path="ah", layer="extension", keys=(IP_PROTOCOL(51),)):
    """Proves who sent the packet, and that it is whole; hides nothing of it."""

    next_header: Annotated[int, Bits(8), Selects(IP_PROTOCOL, nothing=59), "What follows"] = AUTO
    payload_len: Annotated[int, Bits(8), "Header in units of 4 octets, 2 of them not counted"] = AUTO
    reserved: Annotated[int, Reserved(16)] = 0
    spi: Annotated[int, Bits(32), "Security parameters index"]
    sequence: Annotated[int, Bits(32), "Sequence number"] = 0
    icv: Annotated[bytes, SizedBy("payload_len", unit=4, bias=-4), "Integrity check value"] = b""
