"""Time stamps that capture devices put at the end of frames; no catalog reads them unless it is told to."""

from __future__ import annotations

from typing import Annotated, Final

from overlaycodec.schema.facts import Bits, Elements, Reserved, SizedBy, ValueNames, When
from overlaycodec.trailers.record import TrailerElement, TrailerRecord
from overlaycodec.values import AUTO
from overlaycodec.values.nearest_names import Named

__all__ = ["NAMED", "Arista7150", "Exablaze", "Metamako", "MetamakoExtension"]

_TAGS: Final = ValueNames(
    {0: "sequence number", 1: "sub-nanoseconds", 2: "CRC64 hash", 3: "egress sequence number", 31: "secondary"}
)
_SECONDARY: Final = (31,)


class MetamakoExtension(TrailerElement, spec="Metamako trailer extensions"):
    """One extension: words of data, and the octet that says what they are and how long."""

    length: Annotated[int, Bits(2), "Words of data before the last one"] = AUTO
    last: Annotated[int, Bits(1), "1: no extension is before this one"] = 1
    tag: Annotated[int, Bits(5), _TAGS, "What the data are"]
    more_length: Annotated[int | None, Bits(8), When("tag", values=_SECONDARY), "Further words, in units of 4"] = AUTO
    secondary_tag: Annotated[int | None, Bits(16), When("tag", values=_SECONDARY), "0: text"] = None
    data: Annotated[bytes, SizedBy("length", unit=4, bias=3), "The data; of secondary tags, the end"]
    more: Annotated[
        bytes | None, SizedBy("more_length", unit=16, bias=1), When("tag", values=_SECONDARY), "The data before those"
    ] = None


class Metamako(TrailerRecord, spec="Metamako, Arista 7130 MetaWatch trailer"):
    """When a Metamako device, or Arista's 7130 with MetaWatch, received the frame, and at which port."""

    port: Annotated[int, Bits(8), "Port of the device"] = 0
    device: Annotated[int, Bits(16), "Number of the device"] = 0
    reserved: Annotated[int, Reserved(2)] = 0
    block_type: Annotated[bool, Bits(1), "The start of the frame was block type 0x78, not 0x33 or 0x66"] = False
    degraded: Annotated[bool, Bits(1), "The clock of the time stamp was degraded"] = False
    reserved2: Annotated[int, Reserved(1)] = 0
    duplicate: Annotated[bool, Bits(1), "The frame is a duplicate"] = False
    has_extensions: Annotated[bool, Bits(1), "There are extensions"] = AUTO
    fcs_valid: Annotated[bool, Bits(1), "The original FCS was right"] = True
    nanoseconds: Annotated[int, Bits(32), "Nanoseconds within the second"] = 0
    seconds: Annotated[int, Bits(32), "Seconds since 1970"]
    extensions: Annotated[
        tuple[MetamakoExtension, ...] | None, Elements("last", end=1), When("has_extensions"), "The last one first"
    ] = None
    original_fcs: Annotated[int, Bits(32), "The FCS that the frame had"] = 0


class Exablaze(TrailerRecord, spec="Exablaze, Cisco Nexus 3550-F HPT trailer"):
    """When an Exablaze device, or Cisco's Nexus 3550-F HPT, received the frame, and at which port."""

    reserved: Annotated[int, Reserved(8)] = 0
    fraction: Annotated[int, Bits(40), "Fraction of the second, in units of 2**-40"] = 0
    seconds: Annotated[int, Bits(32), "Seconds since 1970"]
    port: Annotated[int, Bits(8), "Port of the device"] = 0
    device: Annotated[int, Bits(8), "Number of the device"] = 0
    original_fcs: Annotated[int, Bits(32), "The FCS that the frame had"] = 0


class Arista7150(TrailerRecord, spec="Arista: Timestamping on the 7150 series"):
    """When an Arista 7150 received the frame, in ticks of its clock of 350 MHz: 128 x `high` + `low`."""

    reserved: Annotated[int, Reserved(1)] = 0
    low: Annotated[int, Bits(7), "The lowest 7 of 31 bits"] = 0
    high: Annotated[int, Bits(24), "The highest 24 of 31 bits"] = 0


NAMED: Final[dict[str, type[TrailerRecord]]] = Named(
    {cls.__layout__.name: cls for cls in (Metamako, Exablaze, Arista7150)}
)
"""The trailers by the names that the command line takes."""
