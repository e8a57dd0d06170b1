"""ESP, also in UDP, and the marker that tells IKE from it there."""

from typing import Annotated

from overlaycodec.packet.header import Header
from overlaycodec.schema.facts import Bits, Const
from overlaycodec.schema.keys import MinOctets, Peek
from overlaycodec.schema.keyspaces import IP_PROTOCOL, UDP_PORT


class ESP(
    Header,
    spec="RFC 4303 section 2, RFC 3948 section 2.1",
    keys=(IP_PROTOCOL(50), UDP_PORT(4500).when(MinOctets(8)).as_fallback()),
):
    """Which security association, and a number; what follows is encrypted, and so is the next protocol.

    In UDP, a keepalive is one octet, which stays payload.
    """

    spi: Annotated[int, Bits(32), "Security parameters index"]
    sequence: Annotated[int, Bits(32), "Sequence number"] = 0


class NonESPMarker(
    Header, spec="RFC 3948 section 2.2", path="non_esp_marker", keys=(UDP_PORT(4500).when(Peek(0, 32, 0)),)
):
    """Stands in place of the SPI: what follows is a message of IKE."""

    marker: Annotated[int, Bits(32), Const(0), "0: no SPI"] = 0
