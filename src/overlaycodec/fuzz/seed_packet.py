"""A packet to make others of: its octets, and where its headers, options and fields are."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from overlaycodec.capture import Record
from overlaycodec.codec.catalog import Catalog, check_catalog
from overlaycodec.codec.packet_decoder import decode
from overlaycodec.codec.packet_encoder import encode
from overlaycodec.fuzz.checksum_fix import following_all, with_right_checksums
from overlaycodec.fuzz.layers import Stack
from overlaycodec.fuzz.mutation import FIXES, Fix, Mutation, applied
from overlaycodec.fuzz.sites import Site, records_of
from overlaycodec.packet.header import Header
from overlaycodec.packet.packet import Packet
from overlaycodec.schema.keys import Key
from overlaycodec.schema.keyspaces import LINK_TYPE
from overlaycodec.values.argument_checks import text_of
from overlaycodec.values.bytes_like import BytesLike, bytes_of

__all__ = ["SeedPacket"]


class SeedPacket:
    """A packet that is decoded as far as possible. Raises: ValueError for one without octets, and for another fix."""

    def __init__(
        self, data: BytesLike | Packet | Record, *, fix: Fix, first: type[Header] | Key, catalog: Catalog
    ) -> None:
        check_catalog(catalog)
        if fix not in [*FIXES]:  # a list: what is given may have no hash
            raise ValueError(f"fix is {', '.join(FIXES)}, not {text_of(fix)}")
        octets: BytesLike
        if isinstance(data, Record):
            octets, first = data.data, LINK_TYPE(data.link_type)
        elif isinstance(data, Packet):
            octets, first = encode(data, catalog=catalog), type(data.headers[0]) if data.headers else first
        else:
            octets = data
        self.data: bytes = bytes_of(octets)
        if not self.data:
            raise ValueError("the seed packet has no octets: nothing can be mutated")
        self.fix: Fix = fix
        self.first, self.catalog = first, catalog
        self.packet: Packet = decode(self.data, first=first, lax=True, catalog=catalog)
        self.records = records_of(self.packet, self.data)
        """Every header, and every option in it."""
        self._lengths = fix in ("lengths", "both")
        self._verifying = following_all(catalog) if fix in ("checksums", "both") else None

    @cached_property
    def sites(self) -> list[Site]:
        """Every field."""
        return [site for record in self.records for site in record.fields]

    @cached_property
    def stack(self) -> Stack:
        """The headers, to be put into another order."""
        return Stack(self.packet, self.data, self.records, self.catalog)

    def mutated(self, chosen: Sequence[Mutation]) -> tuple[bytes, ...]:
        """The packets after these mutations, and after what is to follow them."""
        if chosen[0].packets:
            return chosen[0].packets
        octets = applied(self.data, chosen, lengths=self._lengths)
        if self._verifying is not None:
            octets = with_right_checksums(octets, self.first, self._verifying, _kept(chosen))
        return (octets,)


def _kept(chosen: Sequence[Mutation]) -> list[int]:
    """The octets of the result at which checksums begin that are mutations themselves."""
    octets = [mutation.bits[0] // 8 for mutation in chosen if mutation.kind == "checksum" and mutation.bits is not None]
    pieces = next((mutation.pieces for mutation in chosen if mutation.pieces is not None), None)
    if pieces is None or not octets:
        return octets
    kept, at = [], 0
    for piece in pieces:
        if isinstance(piece, bytes):
            at += len(piece)
        else:
            kept += [octet - piece[0] + at for octet in octets if piece[0] <= octet < piece[1]]
            at += piece[1] - piece[0]
    return kept
