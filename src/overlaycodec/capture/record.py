"""What a capture holds: records, the interfaces they were captured on, and how large they can be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from overlaycodec.codec.catalog import DEFAULT, Catalog
from overlaycodec.codec.packet_decoder import decode
from overlaycodec.errors import FieldRangeError
from overlaycodec.packet.packet import Packet
from overlaycodec.schema.keyspaces import LINK_TYPE
from overlaycodec.values import AUTO
from overlaycodec.values.argument_checks import check_type

if TYPE_CHECKING:
    from overlaycodec.pipelines.pipeline import AnyPipeline

__all__ = ["CHECKSUM_NOT_READY", "MAX_INTERFACES", "MAX_OCTETS", "Interface", "Record", "check_number"]

MAX_OCTETS: Final = 1 << 26
"""The largest record, or pcapng block that is kept, of a capture: 64 MiB. Blocks that are skipped may be larger."""
MAX_INTERFACES: Final = 1 << 16
"""The most interfaces of one pcapng section; together, their descriptions take at most `MAX_OCTETS`."""


CHECKSUM_NOT_READY: Final = 1 << 9
"""The bit of epb_flags (draft-ietf-opsawg-pcapng section 4.3.1)."""


class Record(msgspec.Struct, frozen=True, gc=False):  # holds no containers but strings: nothing for the collector
    """One captured packet: its octets, and the values that the file has for it.

    `link_type` is the number of the link type (`LINKTYPE_...`); `time_ns` nanoseconds since 1970 (UTC), None where the
    file has none; `wire_length` the octets the packet had on the wire, `len(data)` unless given. `interface` indexes
    the interfaces of the record's section (0 in pcap). `fcs_octets` counts the frame check sequence at the end of the
    packet on the wire; 0 means that there is none, None that the file does not say. `flags` is pcapng's epb_flags word
    without the bits of the FCS length.
    """

    data: bytes
    link_type: int = 1
    time_ns: int | None = None
    wire_length: int = AUTO
    interface: int = 0
    comments: tuple[str, ...] = ()
    fcs_octets: int | None = None
    flags: int | None = None

    def __post_init__(self) -> None:
        if self.wire_length is AUTO:
            check_type("data", self.data, (bytes, bytearray, memoryview), "bytes")
            msgspec.structs.force_setattr(self, "wire_length", len(self.data))

    @property
    def left_to_card(self) -> bool:
        """Whether the file says that the packet was captured before its network card finished a checksum (bit 9)."""
        return bool(self.flags and self.flags & CHECKSUM_NOT_READY)

    @property
    def comment(self) -> str | None:
        """The first comment, or None."""
        return self.comments[0] if self.comments else None

    def decode(self, *, lax: bool = False, catalog: Catalog = DEFAULT, pipeline: AnyPipeline | None = None) -> Packet:
        """The packet in the record, decoded by its link type; all of it is payload if the catalog does not know that.

        With a pipeline, which has its own catalog: what that decodes.

        Raises: DecodeError on the first fault, unless lax; so FieldValueError for what is not of the pipeline.
        """
        if pipeline is not None:
            from overlaycodec.pipelines.pipeline import check_pipeline

            check_pipeline(pipeline)
            return pipeline.decode(
                self.data,
                first=LINK_TYPE(self.link_type),
                wire_length=self.wire_length,
                fcs_octets=self.fcs_octets or 0,
                lax=lax,
            )
        return decode(
            self.data,
            first=LINK_TYPE(self.link_type),
            wire_length=self.wire_length,
            fcs_octets=self.fcs_octets or 0,
            lax=lax,
            catalog=catalog,
        )


class Interface(msgspec.Struct, frozen=True, kw_only=True):
    """The description of one interface in a capture; a pcap file has just one, without a name.

    `snap_length` 0 means no limit. A time stamp counts 1/`ticks_per_second` from `time_offset_ns` after 1970.
    """

    link_type: int
    snap_length: int = 0
    ticks_per_second: int = 1_000_000
    time_offset_ns: int = 0
    fcs_octets: int | None = None
    name: str | None = None
    description: str | None = None
    comments: tuple[str, ...] = ()


def check_number(index: int, field: str, value: int, maximum: int, unit: str = "", *, minimum: int = 0) -> int:
    """The value of a field of the record with that index, if it is an integer from the minimum to the maximum.

    Raises: FieldRangeError, TypeError.
    """
    if not isinstance(value, int):
        raise TypeError(f"records[{index}].{field} is {type(value).__name__}, not int")
    if not minimum <= value <= maximum:
        raise FieldRangeError(f"records[{index}].{field}", value, minimum, maximum, unit)
    return value
