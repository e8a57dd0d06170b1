"""What Linux gives and takes on packet sockets and TAP devices: a frame, and beside it what is left to do with it."""

from __future__ import annotations

import struct
from typing import Final

from overlaycodec.codec.catalog import DEFAULT, Catalog, check_catalog
from overlaycodec.codec.packet_decoder import decode, decode_header
from overlaycodec.codec.packet_encoder import encode
from overlaycodec.editing.checksum_status import ChecksumStatus, checksums
from overlaycodec.errors import EncodeError
from overlaycodec.offload.checksum import finish_checksum
from overlaycodec.offload.coalescing import Coalesced
from overlaycodec.offload.segmentation import segment
from overlaycodec.offload.transport import CHECKSUM_OFFSETS, transport_frame
from overlaycodec.packet.header import Header
from overlaycodec.packet.offsets import octets_in
from overlaycodec.protocols import TCP, Ethernet, IPv4, IPv6, VirtioNet, VirtioNetV1
from overlaycodec.reassembly import fragment
from overlaycodec.values.argument_checks import text_of
from overlaycodec.values.bytes_like import BytesLike, bytes_of

__all__ = ["from_kernel", "kernel_writes", "to_kernel"]

_AUXDATA: Final = struct.Struct("=IIIHHHH")
"""struct tpacket_auxdata: status, length, captured length, offsets of the link and the network layer, tag, its type."""
_CHECKSUM_NOT_READY, _TAG_VALID, _TYPE_VALID = 0x08, 0x10, 0x40
_DEFAULT_TYPE: Final = 0x8100
_ADDRESSES: Final = 12

_Types = VirtioNet.GSOType
_SEGMENTED: Final = {_Types.TCPV4, _Types.TCPV6, _Types.UDP_L4}
_TYPE_OF: Final[dict[tuple[type[Header], type[Header]], int]] = {
    (IPv4, TCP): _Types.TCPV4,
    (IPv6, TCP): _Types.TCPV6,
}


def from_kernel(
    data: BytesLike,
    *,
    header: type[VirtioNet] | type[VirtioNetV1] | None = VirtioNet,
    auxdata: BytesLike | None = None,
    catalog: Catalog = DEFAULT,
) -> tuple[bytes, ...]:
    """The frames that a card would have put on the wire: with finished checksums, in segments, with their VLAN tag.

    `data` is what was read from a packet socket with PACKET_VNET_HDR, or from a TAP device with IFF_VNET_HDR: the
    header and a frame. With `header=None`, `data` is a frame alone. `auxdata` is the control message that
    PACKET_AUXDATA adds: the kernel takes the outermost VLAN tag out of the frame and puts it there. Without the header,
    it also says whether a checksum is left to the card, but not which one, nor the size of segments. Then a checksum
    that is only the sum of its pseudo-header is finished, and a frame that is too long is not divided.

    Raises: DecodeError for fewer octets than the header has; ValueError for other control messages; EncodeError,
    MissingHeaderError for a frame that cannot be cut as the header says.

    Spec: VIRTIO 1.2 section 5.1.6; packet(7).
    """
    if header is not None:
        _check_header(header)
    check_catalog(catalog)
    octets = bytes_of(data)
    status, tci, tag_type = 0, 0, _DEFAULT_TYPE
    if auxdata is not None:
        beside = bytes_of(auxdata)
        if len(beside) < _AUXDATA.size:
            raise ValueError(f"auxdata has {len(beside)} octets, not {_AUXDATA.size} (struct tpacket_auxdata)")
        status, _, _, _, _, tci, given = _AUXDATA.unpack_from(beside)
        tag_type = given if status & _TYPE_VALID else _DEFAULT_TYPE
    if header is not None:
        virtio, size = decode_header(header, octets)
        frames = _finished(octets[size:], virtio, catalog)
    elif status & _CHECKSUM_NOT_READY:
        frames = (_without_partial(octets, catalog),)
    else:
        frames = (octets,)
    if not status & _TAG_VALID:
        return frames
    tag = struct.pack("!HH", tag_type, tci)
    return tuple(frame[:_ADDRESSES] + tag + frame[_ADDRESSES:] for frame in frames)


def to_kernel(
    frame: BytesLike | Coalesced,
    *,
    header: type[VirtioNet] | type[VirtioNetV1] = VirtioNet,
    catalog: Catalog = DEFAULT,
) -> bytes:
    """The octets to write to a packet socket with PACKET_VNET_HDR, or to a TAP device with IFF_VNET_HDR.

    A frame gets a header that leaves nothing to do. The header of a coalesced frame leaves the checksum and the
    division into segments to the kernel, if the next device needs them.

    Raises: EncodeError for a coalesced frame in a tunnel, which VIRTIO 1.2 cannot express: see `kernel_writes`.
    """
    (written,) = _written(frame, header, catalog, in_segments=False)
    return written


def kernel_writes(
    frame: BytesLike | Coalesced,
    *,
    header: type[VirtioNet] | type[VirtioNetV1] = VirtioNet,
    catalog: Catalog = DEFAULT,
) -> tuple[bytes, ...]:
    """What to write for a frame, whatever it is, one after another: what `to_kernel` gives, where it can be written.

    Of a coalesced frame in a tunnel, these are its segments, each with a header that leaves nothing to do: the kernel
    has no type of segmentation for it on packet sockets.

    Raises: as `to_kernel` and `segment` do.
    """
    return _written(frame, header, catalog, in_segments=True)


def _written(
    frame: BytesLike | Coalesced,
    header: type[VirtioNet] | type[VirtioNetV1],
    catalog: Catalog,
    *,
    in_segments: bool,
) -> tuple[bytes, ...]:
    _check_header(header)
    check_catalog(catalog)
    idle = encode(header())
    if not isinstance(frame, Coalesced):
        return (idle + bytes_of(frame),)
    if frame.count == 1:
        return (idle + frame.frame,)
    found = transport_frame(frame.frame, Ethernet, None, catalog)
    networks: list[type[Header]] = [type(one) for one in found.headers if one.__layout__.layer == "network"]
    if len(networks) != 1 or any(one.__layout__.tunnel for one in found.headers):
        if not in_segments:
            raise EncodeError(found.packet.names[0], frame, "is in a tunnel: write its segments (kernel_writes)")
        parts = segment(frame.frame, frame.size, fixed=frame.fixed, catalog=catalog)
        return tuple(idle + part for part in parts)
    transport = found.transport
    offset = CHECKSUM_OFFSETS[type(transport)]
    at = found.start + offset
    virtio = header(
        needs_csum=True,
        ecn=isinstance(transport, TCP) and transport.cwr,
        gso_type=_TYPE_OF.get((networks[0], type(transport)), _Types.UDP_L4),
        hdr_len=found.start + octets_in(transport),
        gso_size=frame.size,
        csum_start=found.start,
        csum_offset=offset,
    )
    partial = found.pseudo_sum(catalog).to_bytes(2, "big")
    return (encode(virtio) + frame.frame[:at] + partial + frame.frame[at + 2 :],)


def _check_header(header: object) -> None:
    """Raises: TypeError for another class."""
    if header not in (VirtioNet, VirtioNetV1):
        raise TypeError(f"header is VirtioNet or VirtioNetV1, not {text_of(header)}")


def _finished(frame: bytes, virtio: VirtioNet | VirtioNetV1, catalog: Catalog) -> tuple[bytes, ...]:
    """The frames that a card makes of one, by the header before it."""
    if virtio.gso_type in _SEGMENTED:
        start = virtio.csum_start if virtio.needs_csum else None
        return segment(frame, virtio.gso_size, start=start, catalog=catalog)
    if virtio.needs_csum:
        frame = finish_checksum(frame, virtio.csum_start, virtio.csum_offset)
    if virtio.gso_type == _Types.UDP:
        packet = decode(frame, catalog=catalog)
        network = packet[IPv4] if IPv4 in packet else packet[IPv6]
        pieces = fragment(packet, mtu=octets_in(network) + virtio.gso_size, catalog=catalog)
        return tuple(encode(piece, catalog=catalog) for piece in pieces)
    if virtio.gso_type:
        raise EncodeError(f"{virtio.__layout__.name}.gso_type", virtio.gso_type, "is no type of segmentation we know")
    return (frame,)


def _without_partial(frame: bytes, catalog: Catalog) -> bytes:
    """The frame with the innermost checksum that is left to the card finished."""
    packet = decode(frame, lax=True, catalog=catalog)
    statuses = checksums(packet, catalog=catalog)
    partial = [path for path, status in statuses.items() if status is ChecksumStatus.PARTIAL]
    if not partial:
        return frame
    start = packet.span(partial[-1].rpartition(".")[0])[0] // 8
    offset = packet.span(partial[-1])[0] // 8 - start
    stop = len(frame) - sum(len(trailer.data) for trailer in packet.trailers)
    return finish_checksum(frame, start, offset, stop=stop)
