"""What comes out of a tunnel once its pieces were put together."""

from __future__ import annotations

from overlaycodec.codec.catalog import DEFAULT, Catalog
from overlaycodec.codec.packet_decoder import decode
from overlaycodec.protocols import Ethernet
from overlaycodec.reassembly import STTFrame
from overlaycodec.tunnel.decapsulation import Decapsulated, combined
from overlaycodec.tunnel.inner_packet import Diffserv

__all__ = ["decapsulated"]


def decapsulated(frame: STTFrame, *, diffserv: Diffserv = "pipe", catalog: Catalog = DEFAULT) -> Decapsulated:
    """The frame of an STT tunnel, as `decapsulate` gives others: a partial checksum made whole, marks combined.

    Congestion that one segment met is the frame's.
    """
    octets = frame.completed()
    inner = decode(octets, lax=True, catalog=catalog)
    changed, outcome = combined(octets, inner, frame.tunnel.headers, diffserv)
    return Decapsulated(changed, frame.context_id, frame.tunnel, Ethernet, outcome)
