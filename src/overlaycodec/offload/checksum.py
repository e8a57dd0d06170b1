"""A checksum that was left to the network card, finished."""

from __future__ import annotations

from overlaycodec.checksum import finished_at
from overlaycodec.errors import FieldRangeError
from overlaycodec.values.argument_checks import check_number
from overlaycodec.values.bytes_like import BytesLike, bytes_of

__all__ = ["finish_checksum"]


def finish_checksum(frame: BytesLike, start: int, offset: int, *, stop: int | None = None) -> bytes:
    """The frame with the checksum at octet `start + offset`, which covers the octets from `start` on, finished.

    The field must hold the sum that the checksum starts with: that of the pseudo-header for TCP and UDP, 0 for others.
    `start` and `offset` are `csum_start` and `csum_offset` of `VirtioNet`. The octets that are covered end at `stop`,
    by default at the end of the frame: the zeros of Ethernet's padding change no sum, but a frame check sequence does.
    For UDP (offset 6) a checksum of 0 is written as 0xFFFF (RFC 768).

    Raises: FieldRangeError for a checksum outside the octets that are covered.

    Spec: VIRTIO 1.2 section 5.1.6.2, RFC 1071.
    """
    octets = bytes_of(frame)
    stop = check_number("stop", len(octets) if stop is None else stop, 0, len(octets))
    start = check_number("start", start, 0)
    offset = check_number("offset", offset, 0)
    if start + offset + 2 > stop:
        raise FieldRangeError("start + offset", start + offset, 0, stop - 2, "the octets that are covered")
    return finished_at(octets, start, offset, stop)
