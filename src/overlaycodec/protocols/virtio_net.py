"""The header that a host and its network card put before a frame, for what one of them leaves to the other."""

from enum import IntEnum
from typing import Annotated, Final, TypeAlias

from overlaycodec.packet.header import Header
from overlaycodec.schema.facts import Bits, ByteOrder, Reserved, ValueNames
from overlaycodec.schema.keyspaces import ETHERTYPE

_FRAME: Final = ETHERTYPE(0x6558)
_SPEC: Final = "VIRTIO 1.2 section 5.1.6"


_Bit: TypeAlias = Annotated[bool, Bits(1)]
_Little: TypeAlias = Annotated[int, Bits(16), ByteOrder("little")]


class VirtioNet(Header, spec=_SPEC, path="virtio_net", carries=_FRAME, layer="metadata"):
    """What is left to do with a frame: to finish a checksum, to cut segments; 10 octets, as Linux has it."""

    class GSOType(IntEnum):
        """Types of segmentation."""

        NONE = 0
        TCPV4 = 1
        UDP = 3
        TCPV6 = 4
        UDP_L4 = 5

    reserved1: Annotated[int, Reserved(5)] = 0
    rsc_info: Annotated[_Bit, "The segments were coalesced by the card"] = False
    data_valid: Annotated[_Bit, "The checksum was verified"] = False
    needs_csum: Annotated[_Bit, "The checksum is to be finished: see csum_start and csum_offset"] = False
    ecn: Annotated[_Bit, "The segments have ECN: CWR is set in the first one alone"] = False
    gso_type: Annotated[int, Bits(7), ValueNames(GSOType), "What the frame is to be cut into"] = 0
    hdr_len: Annotated[_Little, "Octets of the frame before its payload; a hint"] = 0
    gso_size: Annotated[_Little, "Octets of payload in each segment"] = 0
    csum_start: Annotated[_Little, "Octet of the frame at which the checksum starts to sum"] = 0
    csum_offset: Annotated[_Little, "Octets from there to the checksum"] = 0


class VirtioNetV1(Header, spec=_SPEC, path="virtio_net_v1", carries=_FRAME, layer="metadata"):
    """The same with a count of buffers; 12 octets, as all devices of VIRTIO 1 have it."""

    GSOType = VirtioNet.GSOType

    reserved1: Annotated[int, Reserved(5)] = 0
    rsc_info: Annotated[_Bit, "The segments were coalesced by the card"] = False
    data_valid: Annotated[_Bit, "The checksum was verified"] = False
    needs_csum: Annotated[_Bit, "The checksum is to be finished: see csum_start and csum_offset"] = False
    ecn: Annotated[_Bit, "The segments have ECN: CWR is set in the first one alone"] = False
    gso_type: Annotated[int, Bits(7), ValueNames(GSOType), "What the frame is to be cut into"] = 0
    hdr_len: Annotated[_Little, "Octets of the frame before its payload; a hint"] = 0
    gso_size: Annotated[_Little, "Octets of payload in each segment"] = 0
    csum_start: Annotated[_Little, "Octet of the frame at which the checksum starts to sum"] = 0
    csum_offset: Annotated[_Little, "Octets from there to the checksum"] = 0
    num_buffers: Annotated[_Little, "Buffers that hold the frame; 1 towards the host, 0 from it"] = 0
