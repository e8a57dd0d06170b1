"""The octets of a packet that follow its headers and its payload."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Self

import msgspec

from overlaycodec.errors import MissingHeaderError, number_text
from overlaycodec.packet.header import Header
from overlaycodec.packet.paths import Token
from overlaycodec.values import AUTO
from overlaycodec.values.argument_checks import check_number, check_type

__all__ = ["FCS", "Trailer", "record_at"]

_CRC_OCTETS: Final = 4


class Trailer(msgspec.Struct, frozen=True, gc=False):
    """Octets after the end of a bounded header, such as padding of the link."""

    header: int
    """The index of the header that imposed the bound; -1 where no header did."""
    data: bytes

    def __post_init__(self) -> None:
        if self.header.__class__ is not int or self.data.__class__ is not bytes:
            check_number("header", self.header, None)
            if self.data is AUTO and isinstance(self, FCS):
                return
            check_type("data", self.data, (bytes, bytearray, memoryview), "bytes")
            msgspec.structs.force_setattr(self, "data", bytes(self.data))

    @property
    def record(self) -> Any:  # Any: a header of its own
        """What the octets are, where a catalog declares it (see `overlaycodec.TrailerRecord`)."""
        return None

    def moved(self, header: int) -> Self:
        """The same octets after the end of another header."""
        return self if header == self.header else msgspec.structs.replace(self, header=header)


class FCS(Trailer, frozen=True, gc=False, repr_omit_defaults=True):
    """The frame check sequence: the last octets of a frame, and the last trailer of a packet.

    It belongs to no header and covers all octets before it. The FCS of Ethernet is a CRC-32 in 4 octets, which `encode`
    derives if `data` is AUTO. Other check sequences are octets with an unknown algorithm.

    Raises: ValueError for more octets than it has on the wire, and for a header.

    Spec: IEEE 802.3 clause 3.2.9.
    """

    header: int = -1
    data: bytes = AUTO
    octets: int = _CRC_OCTETS
    """How many octets it has on the wire; `data` has fewer where a capture truncated the packet."""

    def __post_init__(self) -> None:
        super().__post_init__()
        check_number("octets", self.octets, None)
        if self.header != -1:
            raise ValueError(f"an FCS follows no header: header is -1, not {number_text(self.header)}")
        if self.octets < 1:
            raise ValueError(f"an FCS has 1 octet or more, not {number_text(self.octets)}")
        if self.data is not AUTO and len(self.data) > self.octets:
            raise ValueError(f"an FCS of {number_text(self.octets)} octets has no {len(self.data)} octets")

    def moved(self, header: int) -> Self:
        """The FCS itself: it covers the frame, whatever its headers are."""
        return self

    @property
    def missing(self) -> int:
        """How many of its octets were not captured."""
        return 0 if self.data is AUTO else self.octets - len(self.data)

    def is_crc(self, headers: Sequence[Header]) -> bool:
        """Whether it is the CRC-32 of a frame with these headers, which begins with Ethernet."""
        return self.octets == _CRC_OCTETS and bool(headers) and headers[0].__layout__.layer == "link"


def record_at(trailers: Sequence[Trailer], tokens: tuple[Token, ...], path: str) -> tuple[int, Any]:  # Any: see above
    """Which of the declared trailers a path names, and its record. Raises: MissingHeaderError."""
    records = [(index, trailer.record) for index, trailer in enumerate(trailers) if trailer.record is not None]
    found = [(index, record) for index, record in records if record.__layout__.name == tokens[0][0]]
    if (number := tokens[0][1] or 0) >= len(found):
        raise MissingHeaderError(path, ", ".join(record.__layout__.name for _, record in records) or "the packet")
    return found[number]
