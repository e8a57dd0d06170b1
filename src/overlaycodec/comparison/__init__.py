"""What differs between two packets, or between two captures.

Strategy: first what belongs together is paired, headers with headers and packets with packets, then each pair is
compared field by field; so what was put in or left out does not make all that follows differ. The values that come of
it are in `overlaycodec.comparison.changes`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, overload

from overlaycodec.capture import Capture
from overlaycodec.codec.bytes_like import BytesLike
from overlaycodec.codec.catalog import DEFAULT, Catalog
from overlaycodec.packet.header import Header
from overlaycodec.packet.packet import Packet
from overlaycodec.protocols import Ethernet
from overlaycodec.schema.keys import Key

if TYPE_CHECKING:
    import os

    from overlaycodec.comparison.changes import CaptureDiff, PacketDiff

__all__ = ["diff"]


@overload
def diff(
    a: Packet | Header | BytesLike,
    b: Packet | Header | BytesLike,
    *,
    ignore: Iterable[str] = (),
    first: type[Header] | Key = Ethernet,
    catalog: Catalog = DEFAULT,
) -> PacketDiff: ...
@overload
def diff(
    a: Capture | str | os.PathLike[str],
    b: Capture | str | os.PathLike[str],
    *,
    ignore: Iterable[str] = (),
    catalog: Catalog = DEFAULT,
) -> CaptureDiff: ...
def diff(
    a: Packet | Header | BytesLike | Capture | str | os.PathLike[str],
    b: Packet | Header | BytesLike | Capture | str | os.PathLike[str],
    *,
    ignore: Iterable[str] = (),
    first: type[Header] | Key = Ethernet,
    catalog: Catalog = DEFAULT,
) -> PacketDiff | CaptureDiff:
    """What differs between two packets (octets are decoded lax, from `first` on) or two captures (open, or by path).

    The result is empty, and false, where nothing differs: for octets, where they are the same. `ignore` names what is
    not looked at: a field wherever it stands (`ttl`), a header (`vlan`), a path or the end of one (`inner.ipv4.ttl`,
    `outer.udp`), `payload`, `trailers`, and of a capture's records `time`, `comments`, `interface` and the other fields
    of `Record`.

    Packets of captures are paired by their octets, time stamps and what in them stays the same on the way; one that was
    lost or put in leaves the others paired. Those that stand in another order are told as taken out and put in.

    Raises: EncodeError for a packet whose AUTO fields cannot be derived; CaptureError and OSError as reading does.
    """
    from overlaycodec.comparison.ignore_patterns import Ignored

    ignored = Ignored(ignore)
    if isinstance(a, Packet | Header | bytes | bytearray | memoryview):
        from overlaycodec.comparison.packets import packet_diff, packet_of

        if not isinstance(b, Packet | Header | bytes | bytearray | memoryview):
            raise TypeError(f"a packet is compared with a packet, not with {type(b).__name__}")
        return packet_diff(packet_of(a, first, catalog), packet_of(b, first, catalog), ignored, catalog)
    from overlaycodec.comparison.captures import capture_diff

    if isinstance(b, Packet | Header | bytes | bytearray | memoryview):
        raise TypeError(f"a capture is compared with a capture, not with {type(b).__name__}")
    return capture_diff(a, b, ignored, catalog)
