"""What Apple's captures of several devices start with. All numbers little-endian."""

from typing import Annotated, Final, TypeAlias

from overlaycodec.packet.header import Header
from overlaycodec.protocols.numberings import DLT
from overlaycodec.schema.facts import Bits, ByteOrder, Octets, Selects, SizedBy
from overlaycodec.schema.keyspaces import LINK_TYPE
from overlaycodec.values import AUTO

_LITTLE: Final = ByteOrder("little")
_NUMBER: TypeAlias = Annotated[int, Bits(32), _LITTLE]


class PKTAP(Header, spec="LINKTYPE_PKTAP", layer="metadata", keys=(LINK_TYPE(258),)):
    """The device and the program of a packet, and what it begins with."""

    length: Annotated[_NUMBER, "Octets of the header"] = AUTO
    record_type: Annotated[_NUMBER, "1: a packet"] = 1
    link_type: Annotated[_NUMBER, Selects(DLT, only=("record_type", (1,))), "What the packet begins with"] = AUTO
    interface: Annotated[bytes, Octets(24), "Name of the device, zeros behind it"] = bytes(24)
    flags: Annotated[_NUMBER, "Flags; 1 in, 2 out"] = 0
    family: Annotated[_NUMBER, "Address family"] = 0
    link_header_length: Annotated[_NUMBER, "Octets of the link-layer header"] = 0
    link_trailer_length: Annotated[_NUMBER, "Octets of the link-layer trailer"] = 0
    process_id: Annotated[_NUMBER, "Process"] = 0
    command: Annotated[bytes, Octets(20), "Name of the program, zeros behind it"] = bytes(20)
    service_class: Annotated[_NUMBER, "Service class"] = 0
    interface_type: Annotated[int, Bits(16), _LITTLE, "Kind of device"] = 0
    interface_unit: Annotated[int, Bits(16), _LITTLE, "Number of the device among its kind"] = 0
    effective_process_id: Annotated[_NUMBER, "Process for which the packet was sent"] = 0
    effective_command: Annotated[bytes, Octets(20), "Name of that program"] = bytes(20)
    rest: Annotated[bytes, SizedBy("length", bias=-108), "What newer versions add"] = b""
