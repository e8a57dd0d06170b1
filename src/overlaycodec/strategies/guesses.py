"""Packets whose guesses a decoder believes: where several signs fail, the fields that they test get common values."""

from __future__ import annotations

from typing import Any

from hypothesis import reject

from overlaycodec.codec.catalog import Catalog
from overlaycodec.codec.packet_encoder import resolve
from overlaycodec.editing.refused_guesses import RefusedGuess, refused_guesses
from overlaycodec.packet.packet import Packet
from overlaycodec.schema.keys import Peek, Pieces
from overlaycodec.schema.layout import Layout
from overlaycodec.schema.signs import Pattern

__all__ = ["believed"]


def believed(packet: Packet, catalog: Catalog) -> tuple[Packet, Packet]:
    """The packet, changed so that no guess at its headers is refused, and the same one resolved.

    Raises: EncodeError, as `resolve` does.
    """
    complete = resolve(packet, catalog=catalog)
    refused = _refused(complete, catalog)
    if refused:
        headers = list(packet.headers)
        for guess in refused:
            header = headers[guess.place]
            values = _common_values(header.__layout__)
            headers[guess.place] = header.replace(**(values | _last_piece(complete, guess)))
        packet = packet.__replace__(headers=tuple(headers))
        complete = resolve(packet, catalog=catalog)
        if _refused(complete, catalog):
            reject()
    return packet, complete


def _refused(complete: Packet, catalog: Catalog) -> list[RefusedGuess]:
    """The refused guesses at headers that the packet has."""
    headers = complete.headers
    return [
        guess
        for guess in refused_guesses(complete, catalog=catalog)
        if guess.place < len(headers) and type(headers[guess.place]) is guess.header
    ]


def _common_values(layout: Layout) -> dict[str, Any]:  # Any: each field has its own type
    """The fields that the first alternatives of the header's patterns test, with the values that these ask for.

    Without the fields that decide whether the selector is a key: they were drawn for what follows.
    """
    decides = {guard.field for guard in (*layout.next.guards, layout.next.content) if guard is not None}
    plan = layout.corroboration
    patterns = () if plan is None else [sign for sign in plan.signs if isinstance(sign, Pattern)]
    asked = [condition for pattern in patterns for condition in pattern.alternatives[0] if isinstance(condition, Peek)]
    values: dict[str, Any] = {}  # Any: as above
    for peek in asked:
        for field in layout.fields:
            bit = layout.fixed_bit_of(field.name)
            if (
                bit is not None
                and (bit, field.bits) == (peek.bit, peek.count)
                and field.const is None
                and field.name not in decides
            ):
                if field.kind == "int":
                    values[field.name] = peek.value
                elif field.kind == "bool":
                    values[field.name] = bool(peek.value)
    return values


def _last_piece(complete: Packet, guess: RefusedGuess) -> dict[str, Any]:  # Any: as above
    """The length that makes the header that of the last piece of a frame, where it is one of several pieces."""
    layout = guess.header.__layout__
    plan, extent = layout.corroboration, layout.extent
    if plan is None or extent is None or extent.unless is None or layout.next.selector is None:
        return {}
    if not any(isinstance(asked, Pieces) for asked in plan.common):
        return {}
    header = complete.headers[guess.place]
    offset = getattr(header, extent.unless)
    return {extent.field.name: offset + len(complete.payload)} if offset else {}
