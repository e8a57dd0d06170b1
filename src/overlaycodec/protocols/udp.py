"""UDP."""

from typing import Annotated

from overlaycodec.keys import IP_PROTOCOL, UDP_PORT
from overlaycodec.schema import Header
from overlaycodec.values import AUTO
from overlaycodec.wire import Bits, Bounds, Checksum, Selects


class UDP(Header, spec="RFC 768", keys=(IP_PROTOCOL(17),)):
    """Ports, length and checksum. The destination port selects what follows; a source port never does."""

    src_port: Annotated[int, Bits(16), "Source port"]
    dst_port: Annotated[int, Bits(16), Selects(UDP_PORT), "Destination port"] = AUTO
    length: Annotated[int, Bits(16), Bounds(zero="jumbo"), "Octets of header and payload"] = AUTO
    checksum: Annotated[int, Bits(16), Checksum(pseudo=True, zero="absent"), "0 where there is none"] = AUTO
