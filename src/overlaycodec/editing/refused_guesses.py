"""Why octets were left as payload, or read as another header: the guesses that were refused.

Strategy: decoding keeps no record of it. The answer is worked out again from the packet when it is asked for.
"""

from __future__ import annotations

from typing import NamedTuple

from overlaycodec.codec.catalog import DEFAULT, Catalog
from overlaycodec.codec.packet_encoder import resolved_headers
from overlaycodec.guesses.corroboration import condition_holds, failing_signs
from overlaycodec.packet.header import Header
from overlaycodec.packet.packet import Packet
from overlaycodec.schema.keys import Key, PreviousHeader
from overlaycodec.schema.plans import ValueLength

__all__ = ["RefusedGuess", "refused_guesses"]


class RefusedGuess(NamedTuple):
    """A header that a key indicates, but that its signs show to be absent."""

    header: type[Header]
    key: Key
    place: int
    """Where it would be among the headers of the packet."""
    signs: tuple[str, ...]
    """The signs that fail."""

    def __str__(self) -> str:
        return f"no {self.header.__layout__.name} at {self.key.space!r} {self.key.value}: wrong {', '.join(self.signs)}"


def refused_guesses(
    packet: Packet, *, first: type[Header] | Key | None = None, catalog: Catalog = DEFAULT
) -> tuple[RefusedGuess, ...]:
    """The guesses that decoding refused, such as VXLAN for a DNS answer to port 4789, each with the signs that fail.

    `first` and `catalog` are what the packet was decoded with. Raises: EncodeError where a field cannot be derived.
    """
    headers, octets = resolved_headers(packet, catalog)
    after = {trailer.header: trailer.data for trailer in packet.trailers}
    regions = [*(content + after.get(index, b"") for index, content in enumerate(octets)), packet.payload]
    cut = packet.missing > 0 or bool(packet.faults)
    keys: list[Key | ValueLength | None] = [first if isinstance(first, Key) else None]
    keys += [header.__layout__.next.of(header) for header in headers]
    refused: list[RefusedGuess] = []
    for index, (key, data) in enumerate(zip(keys, regions, strict=True)):
        if isinstance(key, Key):
            before = headers[index - 1] if index else None
            refused += _refused_at(key, index, data, before, catalog, cut=cut)
    return tuple(refused)


def _refused_at(
    key: Key, index: int, data: bytes, before: Header | None, catalog: Catalog, *, cut: bool
) -> list[RefusedGuess]:
    """The guesses that are refused before a header is found at the key, or none is."""
    refused: list[RefusedGuess] = []
    for other, header in catalog.candidates(key.space, key.value) or catalog.candidates(key.space, None):
        if not all(
            getattr(before, asked.field, None) == asked.value
            if isinstance(asked, PreviousHeader)
            else condition_holds(asked, data, 0, len(data), catalog)
            for asked in other.conditions
        ):
            continue
        plan = header.__layout__.corroboration
        if not other.guess or plan is None:
            break
        failing = failing_signs(header.__layout__, catalog, data, 0, len(data), cut=cut)
        if not plan.refused(failing):
            break
        refused.append(RefusedGuess(header, key, index, tuple(sign.name for sign in failing)))
        if not other.conditions:
            break
    return refused
