"""TCP and its options."""

from typing import Annotated

from overlaycodec.keys import IP_PROTOCOL, TCP_PORT
from overlaycodec.schema import Element, Header
from overlaycodec.values import AUTO
from overlaycodec.wire import Bits, Checksum, Items, Remainder, Reserved, Selects, Sized, Unless


class TCPOption(Element, spec="RFC 9293 section 3.1", path="tcp_option"):
    """An option; kinds 0 (end) and 1 (no operation) are one octet long."""

    kind: Annotated[int, Bits(8), "Kind"]
    length: Annotated[int | None, Bits(8), Unless("kind", (0, 1)), "Octets, these two counted"] = AUTO
    data: Annotated[bytes, Sized("length", bias=-2), "What the option says"] = b""


class TCP(Header, spec="RFC 9293 section 3.1", keys=(IP_PROTOCOL(6),)):
    """The header of a segment."""

    src_port: Annotated[int, Bits(16), "Source port"]
    dst_port: Annotated[int, Bits(16), Selects(TCP_PORT), "Destination port"] = AUTO
    sequence: Annotated[int, Bits(32), "Sequence number"] = 0
    acknowledgment: Annotated[int, Bits(32), "Acknowledgment number"] = 0
    data_offset: Annotated[int, Bits(4), "Header in units of 4 octets"] = AUTO
    reserved1: Annotated[int, Reserved(4)] = 0
    cwr: Annotated[bool, Bits(1), "Congestion window reduced"] = False
    ece: Annotated[bool, Bits(1), "ECN echo"] = False
    urg: Annotated[bool, Bits(1), "Urgent pointer is significant"] = False
    ack: Annotated[bool, Bits(1), "Acknowledgment is significant"] = False
    psh: Annotated[bool, Bits(1), "Push"] = False
    rst: Annotated[bool, Bits(1), "Reset"] = False
    syn: Annotated[bool, Bits(1), "Synchronize"] = False
    fin: Annotated[bool, Bits(1), "No more data"] = False
    window: Annotated[int, Bits(16), "Octets that the sender will accept"] = 65535
    checksum: Annotated[int, Bits(16), Checksum(pseudo=True), "Checksum over pseudo-header and segment"] = AUTO
    urgent_pointer: Annotated[int, Bits(16), "Urgent pointer"] = 0
    options: Annotated[
        tuple[TCPOption, ...], Sized("data_offset", unit=4, bias=-20), Items("kind", end=0), "Options"
    ] = ()
    options_rest: Annotated[bytes, Remainder("options"), "What stands after the end of the options"] = AUTO
