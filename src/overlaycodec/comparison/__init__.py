"""What differs between two packets, or between two captures.

Strategy: first headers are paired with headers and packets with packets, then each pair is compared field by field. So
what was inserted or removed does not make all that follows differ. The results are values of the classes in
`overlaycodec.comparison.changes`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, overload

from overlaycodec.capture import Capture
from overlaycodec.codec.catalog import DEFAULT, Catalog
from overlaycodec.packet.header import Header
from overlaycodec.packet.packet import Packet
from overlaycodec.protocols import Ethernet
from overlaycodec.schema.keys import Key
from overlaycodec.values.bytes_like import BytesLike

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

    The result is empty, and false, if nothing differs: for octets, if they are the same. `ignore` names parts that are
    not compared: a field in any header (`ttl`), a header (`vlan`), a path or the end of one (`inner.ipv4.ttl`,
    `outer.udp`), `payload`, `trailers`, and of a capture's records `time`, `comments`, `interface` and the other fields
    of `Record`.

    Packets of captures are paired by their octets, by their time stamps and by fields that do not change in transit. A
    lost or inserted packet does not affect other pairs. Packets in another order are reported as removed and added.

    Raises: EncodeError for a packet whose AUTO fields cannot be derived; CaptureError and OSError as reading does;
    PathError for a path in `ignore` that no packet of the catalog can have, ValueError for text that is no path.
    """
    from overlaycodec.comparison.ignore_patterns import Ignored

    ignored = Ignored(ignore)
    if isinstance(a, Packet | Header | bytes | bytearray | memoryview):
        from overlaycodec.comparison.packets import packet_diff, packet_of

        if not isinstance(b, Packet | Header | bytes | bytearray | memoryview):
            raise TypeError(f"a packet is compared with a packet, not with {type(b).__name__}")
        packets = packet_of(a, first, catalog), packet_of(b, first, catalog)
        ignored.check_known(catalog, *packets)
        return packet_diff(*packets, ignored)
    from overlaycodec.comparison.captures import capture_diff

    if isinstance(b, Packet | Header | bytes | bytearray | memoryview):
        raise TypeError(f"a capture is compared with a capture, not with {type(b).__name__}")
    ignored.check_known(catalog)
    return capture_diff(a, b, ignored, catalog)
