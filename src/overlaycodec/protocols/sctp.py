"""SCTP: the common header, and its chunks."""

from enum import IntEnum
from typing import Annotated

from overlaycodec.packet.header import Header
from overlaycodec.schema.facts import Bits, Checksum, Elements, PadTo, Rest, SizedBy, Unparsed, ValueNames
from overlaycodec.schema.keyspaces import IP_PROTOCOL
from overlaycodec.schema.record import Element
from overlaycodec.values import AUTO


class SCTPChunk(Element, spec="RFC 9260 section 3.2", path="sctp_chunk"):
    """A chunk; what fills it up to 4 octets is not counted."""

    class Type(IntEnum):
        """Types of chunks."""

        DATA = 0
        INIT = 1
        INIT_ACK = 2
        SACK = 3
        HEARTBEAT = 4
        HEARTBEAT_ACK = 5
        ABORT = 6
        SHUTDOWN = 7
        SHUTDOWN_ACK = 8
        ERROR = 9
        COOKIE_ECHO = 10
        COOKIE_ACK = 11
        SHUTDOWN_COMPLETE = 14

    type: Annotated[int, Bits(8), ValueNames(Type), "Type"]
    flags: Annotated[int, Bits(8), "Flags, by the type"] = 0
    length: Annotated[int, Bits(16), "Octets of the chunk, these 4 counted"] = AUTO
    value: Annotated[bytes, SizedBy("length", bias=-4), "What the chunk says"] = b""
    padding: Annotated[bytes, PadTo(4), "Up to the next 4 octets"] = AUTO


class SCTP(Header, spec="RFC 9260 section 3", keys=(IP_PROTOCOL(132),)):
    """The common header, and as many chunks as there are."""

    src_port: Annotated[int, Bits(16), "Source port"]
    dst_port: Annotated[int, Bits(16), "Destination port"]
    verification_tag: Annotated[int, Bits(32), "Tells the association"] = 0
    checksum: Annotated[int, Bits(32), Checksum(algorithm="crc32c"), "CRC-32C over header and chunks"] = AUTO
    chunks: Annotated[tuple[SCTPChunk, ...], Rest(), Elements(), "Chunks"] = ()
    chunks_rest: Annotated[bytes, Unparsed("chunks"), "What is no chunk"] = AUTO
