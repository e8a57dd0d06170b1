"""TCP and its options."""

from enum import IntFlag
from typing import Annotated, TypeAlias

from overlaycodec.packet.header import Header
from overlaycodec.schema.facts import Bits, Checksum, Const, Elements, Reserved, Selects, SizedBy, Unless, Unparsed
from overlaycodec.schema.flag_fields import FlagFields
from overlaycodec.schema.keyspaces import IP_PROTOCOL, TCP_PORT
from overlaycodec.schema.record import Element
from overlaycodec.values import AUTO


class TCPOption(Element, spec="RFC 9293 section 3.1", path="tcp_option"):
    """An option; kinds 0 (end) and 1 (no operation) are one octet long."""

    kind: Annotated[int, Bits(8), "Kind"]
    length: Annotated[int | None, Bits(8), Unless("kind", (0, 1)), "Octets, these two counted"] = AUTO
    data: Annotated[bytes, SizedBy("length", bias=-2), "What the option says"] = b""


class TCPMSSOption(Element, spec="RFC 9293 section 3.7.1", path="mss"):
    """The largest segment that the sender will accept."""

    kind: Annotated[int, Bits(8), Const(2), "Kind"] = 2
    length: Annotated[int, Bits(8), Const(4), "Octets, these two counted"] = 4
    mss: Annotated[int, Bits(16), "Maximum segment size in octets"]


class TCPWindowScaleOption(Element, spec="RFC 7323 section 2.2", path="window_scale"):
    """By how many bits the sender's windows are to be shifted."""

    kind: Annotated[int, Bits(8), Const(3), "Kind"] = 3
    length: Annotated[int, Bits(8), Const(3), "Octets, these two counted"] = 3
    shift: Annotated[int, Bits(8), "Bits to shift; 14 at most"]


class TCPSACKPermittedOption(Element, spec="RFC 2018 section 2", path="sack_permitted"):
    """The sender understands selective acknowledgments."""

    kind: Annotated[int, Bits(8), Const(4), "Kind"] = 4
    length: Annotated[int, Bits(8), Const(2), "Octets, these two counted"] = 2


class TCPSACKBlock(Element, spec="RFC 2018 section 3", path="sack_block"):
    """Octets that were received beyond a gap."""

    left: Annotated[int, Bits(32), "First sequence number of the block"]
    right: Annotated[int, Bits(32), "Sequence number behind the block"]


class TCPSACKOption(Element, spec="RFC 2018 section 3", path="sack"):
    """Selective acknowledgment."""

    kind: Annotated[int, Bits(8), Const(5), "Kind"] = 5
    length: Annotated[int, Bits(8), "Octets, these two counted"] = AUTO
    blocks: Annotated[tuple[TCPSACKBlock, ...], SizedBy("length", bias=-2), Elements(), "Blocks"] = ()
    blocks_rest: Annotated[bytes, Unparsed("blocks"), "What is no block"] = AUTO


class TCPTimestampsOption(Element, spec="RFC 7323 section 3.2", path="timestamps"):
    """The sender's clock, and the last that it saw of the other side's."""

    kind: Annotated[int, Bits(8), Const(8), "Kind"] = 8
    length: Annotated[int, Bits(8), Const(10), "Octets, these two counted"] = 10
    value: Annotated[int, Bits(32), "TSval"]
    echo_reply: Annotated[int, Bits(32), "TSecr"] = 0


_TCPOption: TypeAlias = (
    TCPMSSOption | TCPWindowScaleOption | TCPSACKPermittedOption | TCPSACKOption | TCPTimestampsOption | TCPOption
)


class TCP(Header, spec="RFC 9293 section 3.1", keys=(IP_PROTOCOL(6),)):
    """The header of a segment."""

    class Flags(IntFlag):
        """The control bits, as one number."""

        FIN = 0x01
        SYN = 0x02
        RST = 0x04
        PSH = 0x08
        ACK = 0x10
        URG = 0x20
        ECE = 0x40
        CWR = 0x80

    flags = FlagFields(Flags)

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
        tuple[_TCPOption, ...], SizedBy("data_offset", unit=4, bias=-20), Elements("kind", end=0), "Options"
    ] = ()
    options_rest: Annotated[bytes, Unparsed("options"), "What stands after the end of the options"] = AUTO
