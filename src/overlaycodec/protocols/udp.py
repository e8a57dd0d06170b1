"""UDP."""

from typing import Annotated

from overlaycodec.packet.header import Header
from overlaycodec.schema.facts import Bits, Checksum, LengthField, Selects
from overlaycodec.schema.keyspaces import IP_PROTOCOL, UDP_PORT
from overlaycodec.values import AUTO


class UDP(Header, spec="RFC 768", keys=(IP_PROTOCOL(17),)):
    """Ports, length and checksum. The destination port selects what follows; a source port never does."""

    src_port: Annotated[int, Bits(16), "Source port"]
    dst_port: Annotated[int, Bits(16), Selects(UDP_PORT), "Destination port"] = AUTO
    length: Annotated[int, Bits(16), LengthField(zero="jumbo"), "Octets of header and payload"] = AUTO
    checksum: Annotated[int, Bits(16), Checksum(pseudo=True, zero="absent"), "0 where there is none"] = AUTO
