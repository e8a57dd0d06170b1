"""A packet -> its octets: header after header, from the innermost one out, so that lengths and checksums are known.

Strategy: a stack that came often has one encoder (see `stack_encoder`). Where that gives nothing, the encoder of each
header gives its octets, or the error.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

from overlaycodec.checksum import frame_check_sequence
from overlaycodec.codec.catalog import DEFAULT, Catalog, check_catalog
from overlaycodec.codec.encode_state import EncodeState
from overlaycodec.codec.stack_encoder import StackEncoder
from overlaycodec.errors import EncodeError, UnresolvedError
from overlaycodec.packet.header import Header
from overlaycodec.packet.packet import FCS, Packet, Trailer, check_packet
from overlaycodec.packet.paths import names_of
from overlaycodec.values import AUTO

__all__ = ["encode", "encode_packet", "encoded_stack", "resolve", "resolved", "resolved_headers", "trailing_octets"]


def encode(packet: Packet | Header, *, catalog: Catalog = DEFAULT) -> bytes:
    """The octets of a packet or a header: values are written as they are, right or wrong; AUTO is derived.

    Raises: EncodeError where something cannot be derived or does not fit.
    """
    return encode_packet(_packet_of(packet), catalog)


def resolve(packet: Packet | Header, *, catalog: Catalog = DEFAULT) -> Packet:
    """The packet with every AUTO derived, as `encode` derives it; decoding what `encode` gives returns the same packet.

    Raises: EncodeError, as `encode` does.
    """
    return resolved(_packet_of(packet), catalog)[0]


def _packet_of(packet: Packet | Header) -> Packet:
    if isinstance(packet, Packet):
        return packet
    if isinstance(packet, Header):
        return Packet((packet,))
    raise TypeError(f"a packet or a header can be encoded, not {type(packet).__name__}")


def _encoded_stack(encoder: StackEncoder, headers: Sequence[Header], content: bytes) -> bytes | None:
    """The octets by the encoder of a stack; None where the encoders of the headers give them, or the error."""
    try:
        return encoder(headers, content)
    except (EncodeError, struct.error, TypeError, AttributeError, OverflowError):
        return None


def encoded_stack(classes: tuple[type[Header], ...], packet: Packet, catalog: Catalog) -> bytes | None:
    """The octets of a packet without trailers by the encoder of its stack; None where that gives none."""
    code = catalog._code
    start, encoder = code.stack_encoders.get(classes) or code.stack_encoder(classes)
    return _encoded_stack(encoder, packet.headers, packet.payload) if start == len(classes) else None


def trailing_octets(trailers: Sequence[Trailer]) -> dict[int, bytes]:
    """The octets after the end of each header that has trailers, by its index."""
    found: dict[int, list[bytes]] = {}
    for trailer in trailers:
        if trailer.header >= 0:
            found.setdefault(trailer.header, []).append(trailer.data)
    return {header: b"".join(parts) for header, parts in found.items()}


def encode_packet(
    packet: Packet,
    catalog: Catalog,
    out: list[Header] | None = None,
    octets: list[bytes] | None = None,
    *,
    omits: bool = True,
) -> bytes:
    """The octets of a packet.

    `out` takes the resolved headers, `octets` those of each header with its content; both the innermost one first.
    `omits`: whether a checksum that is AUTO is left out where the header inside wants that.

    Raises: EncodeError, under the full path.
    """
    try:
        code = catalog._code
        headers = packet.headers
    except AttributeError:
        check_catalog(catalog)
        check_packet(packet)
        raise
    content = packet.payload
    trailers = packet.trailers
    start, stack_encoder = -1, None
    if out is None and octets is None and omits and not trailers:
        classes = tuple(map(type, headers))
        start, stack_encoder = code.stack_encoders.get(classes) or code.stack_encoder(classes)
        if start == len(headers):
            found = _encoded_stack(stack_encoder, headers, content)
            if found is not None:
                return found
            stack_encoder = None
    state = EncodeState(headers, omits)
    encoders = code.header_encoders
    after = trailing_octets(trailers) if trailers else {}
    index = len(headers)
    try:
        while index:
            if index == start and stack_encoder is not None:
                found = _encoded_stack(stack_encoder, headers, content)
                if found is not None:
                    return found
            index -= 1
            header = headers[index]
            cls = header.__class__
            state.index = index
            encoder = encoders.get(cls) or code.header_encoder(cls)
            content = encoder(header, content, state, out) + content
            state.following = cls
            if octets is not None:
                octets.append(content)
            if index in after:
                content += after[index]
    except EncodeError as error:
        raise error.rebased(headers[index].__layout__.name, names_of(headers)[index]) from None
    except (struct.error, TypeError, AttributeError, OverflowError) as error:
        # only a value that bypassed the constructor's checks comes here: the check says what is wrong with it
        headers[index].replace()
        raise EncodeError(names_of(headers)[index], headers[index], f"cannot be written: {error}") from error
    for number, trailer in enumerate(trailers, 1):
        if not 0 <= trailer.header < len(headers):
            if trailer.header != -1:
                raise EncodeError("trailers", trailer.header, f"names header {trailer.header}, of {len(headers)}")
            if isinstance(trailer, FCS):
                if number < len(trailers):
                    raise EncodeError("trailers", trailers, "have an FCS before others: it is the last")
                if trailer.data is AUTO:
                    return content + _derived_fcs(headers, trailer, content)
            content += trailer.data
    return content


def _derived_fcs(headers: Sequence[Header], fcs: FCS, frame: bytes) -> bytes:
    """The frame check sequence of a frame. Raises: UnresolvedError where it is not that of Ethernet."""
    if not fcs.is_crc(headers):
        raise UnresolvedError("fcs", "is AUTO: only the 4 octets after a packet that begins with Ethernet are derived")
    return frame_check_sequence(frame)


def resolved(packet: Packet, catalog: Catalog, *, omits: bool = True) -> tuple[Packet, bytes]:
    """The packet with every AUTO derived, and its octets; `omits` as for `encode_packet`. Raises: EncodeError."""
    headers: list[Header] = []
    octets = encode_packet(packet, catalog, headers, omits=omits)
    trailers, fcs = packet.trailers, packet.fcs
    if fcs is not None and fcs.data is AUTO:
        trailers = (*trailers[:-1], FCS(data=octets[-fcs.octets :]))
    return packet.__replace__(headers=tuple(reversed(headers)), trailers=trailers), octets


def resolved_headers(packet: Packet, catalog: Catalog) -> tuple[list[Header], list[bytes]]:
    """The headers, resolved, and the octets of each with its content, without its own trailer.

    Raises: EncodeError.
    """
    headers: list[Header] = []
    octets: list[bytes] = []
    encode_packet(packet, catalog, headers, octets)
    headers.reverse()
    octets.reverse()
    return headers, octets
