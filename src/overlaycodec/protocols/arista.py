"""Arista's time stamps between the addresses of a frame and its type."""

from typing import Annotated, Final, TypeAlias

from overlaycodec.packet.header import Header
from overlaycodec.protocols.ethernet import TYPE_OR_LENGTH
from overlaycodec.schema.facts import Bits, Const, ValueNames
from overlaycodec.schema.keys import Peek
from overlaycodec.schema.keyspaces import ETHERTYPE
from overlaycodec.values import AUTO

_SUBTYPE: TypeAlias = Annotated[int, Bits(16), Const(1), "1: time stamp"]
_SCALES: Final = ValueNames({0: "TAI", 1: "UTC"})
_SCALE: TypeAlias = Annotated[int, Bits(8), _SCALES, "Scale of the time"]
_HARDWARE: TypeAlias = Annotated[int, Bits(4), "Series of the switch: 0 R and R2, 1 R3"]
_NANOSECONDS: TypeAlias = Annotated[int, Bits(32), "Nanoseconds within the second"]
_TYPE: TypeAlias = Annotated[int, Bits(16), TYPE_OR_LENGTH, "Type of what follows; up to 1500, its octets"]
_KEY: Final = ETHERTYPE(0xD28B).when(Peek(0, 16, 1))


class AristaTimestamp(
    Header,
    spec="Arista: Overview of time stamps",
    path="arista_timestamp",
    keys=(_KEY.when(Peek(24, 4, 1)),),
):
    """When a switch received the frame, in 64 bits."""

    subtype: _SUBTYPE = 1
    timescale: _SCALE = 0
    format: Annotated[int, Bits(4), Const(1), "1: 64 bits"] = 1
    hardware: _HARDWARE = 0
    seconds: Annotated[int, Bits(32), "Seconds since 1970"]
    nanoseconds: _NANOSECONDS = 0
    ethertype: _TYPE = AUTO


class AristaTimestamp48(
    Header,
    spec="Arista: Overview of time stamps",
    path="arista_timestamp48",
    keys=(_KEY.when(Peek(24, 4, 2)),),
):
    """The same in 48 bits: the lowest 16 of the seconds."""

    subtype: _SUBTYPE = 1
    timescale: _SCALE = 0
    format: Annotated[int, Bits(4), Const(2), "2: 48 bits"] = 2
    hardware: _HARDWARE = 0
    seconds: Annotated[int, Bits(16), "Lowest 16 bits of the seconds since 1970"]
    nanoseconds: _NANOSECONDS = 0
    ethertype: _TYPE = AUTO
