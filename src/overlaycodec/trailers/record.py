"""The base of declared trailers: how one is read from the end of a frame, and written.

Strategy: a trailer is read from its last octet to its first, since only the end of the frame says where it is. In that
order it is laid out like a header, so the decoders, encoders, checks and strategies of headers serve it too: they see
its octets reversed. The schema turns the byte order of numbers round for such a class; here the octets of `bytes`
fields are turned back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import msgspec

from overlaycodec.codec.catalog import DEFAULT, Catalog
from overlaycodec.codec.header_decoder import reader_of
from overlaycodec.codec.packet_encoder import encode, resolve
from overlaycodec.describe.plain import Leaf, leaves_of
from overlaycodec.errors import DecodeError, SchemaError, TruncatedError
from overlaycodec.packet.header import Header
from overlaycodec.packet.offsets import octets_in
from overlaycodec.packet.packet import Packet, Trailer
from overlaycodec.schema.layout import Run
from overlaycodec.schema.record import Element, WireStruct, build, kept_with_class
from overlaycodec.trailers.place import free_octets, outermost_bound, with_last
from overlaycodec.values.argument_checks import check_type
from overlaycodec.values.bytes_like import BytesLike, bytes_of

__all__ = ["DeclaredTrailer", "TrailerElement", "TrailerRecord", "add_trailer"]


class TrailerElement(Element, abstract=True):
    """The base of what lists in trailers hold: declared like a trailer, from its last octet to its first."""

    __backwards__ = True


class DeclaredTrailer(Trailer, frozen=True, gc=False, kw_only=True):
    """The octets of a declared trailer, and what they are; `TrailerRecord.trailer` makes it."""

    record: Any  # Any: a TrailerRecord of any class


class TrailerRecord(Header, abstract=True):
    """The base of every trailer: declared like a header, but from the last octet of the frame to the first.

    The frame check sequence is not part of it. Numbers of several octets are in network byte order, if `ByteOrder` says
    nothing else. Fields that share an octet are declared as they are in it, the most significant one first. A field has
    whole octets or is within one; it is a number, a flag, bytes or a list of a `TrailerElement`.
    """

    __options__ = frozenset({"spec"})
    __backwards__ = True

    if TYPE_CHECKING:

        def __init_subclass__(cls, *, abstract: bool = False, spec: str = "", path: str | None = None) -> None: ...

    @classmethod
    def check_octets(cls) -> None:
        """Raises: SchemaError where a field has a part of an octet, and octets beside it."""
        _check_octets(cls)

    @classmethod
    def read(cls, data: BytesLike) -> tuple[Self, int]:
        """The trailer at the end of the octets, and its number of octets. Raises: DecodeError."""
        octets = bytes_of(data)
        try:
            record, taken = reader_of(cls)(octets[::-1], 0, len(octets))
        except TruncatedError as error:
            raise error.rebased(error.path, "the data") from None
        return _turned(record), taken

    def octets(self) -> bytes:
        """The octets in wire order, with every AUTO derived. Raises: EncodeError."""
        self.check_octets()
        return encode(_turned(self))[::-1]

    def trailer(self, header: int = -1) -> DeclaredTrailer:
        """The trailer, after the end of the header of this index, with every AUTO derived. Raises: EncodeError."""
        self.check_octets()
        resolved = resolve(_turned(self))
        return DeclaredTrailer(header, encode(resolved)[::-1], record=_turned(resolved.headers[0]))

    @classmethod
    def taken_from(cls, packet: Packet, *inwards: type[TrailerRecord]) -> Packet:
        """The packet in which the last octets that no header counts are this trailer, and those before it `inwards`.

        A trailer that does not fit there is left out. It is the same packet if none fits, or if octets of the packet
        were not captured.
        """
        waiting = [*inwards[::-1], cls]
        while waiting and (free := free_octets(packet)):  # once for each run of octets that no header counts
            header, backwards, at = outermost_bound(packet), free[::-1], 0
            found: list[DeclaredTrailer] = []
            while waiting and at < len(backwards):
                try:
                    record, end = reader_of(waiting.pop())(backwards, at, len(backwards))
                except DecodeError:
                    continue
                if end > at:  # a construct object may read nothing
                    found.append(DeclaredTrailer(header, backwards[at:end][::-1], record=_turned(record)))
                    at = end
            if found:
                packet = with_last(packet, found[::-1], at)
        return packet

    def wire_leaves(self) -> list[Leaf]:
        """Each field that is present, in wire order; its bits are counted from the first octet of the trailer."""
        last = octets_in(self) - 1
        found = []
        for leaf in leaves_of(self):
            first = last - leaf.bit // 8 - max(0, leaf.bits // 8 - 1)
            found.append(msgspec.structs.replace(leaf, bit=first * 8 + leaf.bit % 8))
        return sorted(found, key=lambda leaf: leaf.bit)


def add_trailer(packet: Packet, *records: TrailerRecord, catalog: Catalog = DEFAULT) -> Packet:
    """The packet with these trailers at its end, before a frame check sequence; the last one is at the end.

    Raises: EncodeError where a length or a field of a trailer cannot be derived; TypeError for other records.
    """
    check_type("packet", packet, Packet, "a Packet")
    for record in records:
        check_type("a trailer", record, TrailerRecord, "a TrailerRecord")
        header = outermost_bound(resolve(packet, catalog=catalog))
        inside = len(packet.trailers) - (packet.fcs is not None)
        trailers = (*packet.trailers[:inside], record.trailer(header), *packet.trailers[inside:])
        packet = msgspec.structs.replace(packet, trailers=trailers)
    return packet


def _turned(record: Any) -> Any:  # Any: a record of any class
    """The record with the octets of each `bytes` field in reverse order."""
    return build(type(record), *(_turned_value(getattr(record, field.name)) for field in record.__layout__.fields))


def _turned_value(value: object) -> object:
    if isinstance(value, bytes):
        return value[::-1]
    return tuple(map(_turned, value)) if isinstance(value, tuple) else value


@kept_with_class
def _check_octets(cls: type[WireStruct]) -> None:
    """See `TrailerRecord.check_octets`; for elements too."""
    for part in cls.__layout__.parts:
        if not isinstance(part, Run):
            for element in part.elements:
                _check_octets(element)
            continue
        for field in part.fields:
            bit, bits = part.bit_of(field.name), field.bits or 0
            if bits % 8 and bit // 8 != (bit + bits - 1) // 8:
                raise SchemaError(cls.__name__, field.name, "has whole octets or is within one: split it in two")
