"""Which header comes next, by the keys of a catalog, for those who read packets header by header.

Strategy: the conditions of keys and the signs of guesses are interpreted, on the octets that follow; the decoders have
code made of them.
"""

from __future__ import annotations

from collections.abc import Sequence

from overlaycodec.codec.catalog import Catalog
from overlaycodec.guesses.corroboration import condition_holds, is_believed
from overlaycodec.packet.header import Header
from overlaycodec.pipelines.links import Links
from overlaycodec.schema.keys import Key, PreviousHeader
from overlaycodec.schema.plans import ValueLength

__all__ = ["chosen_after", "found_at"]


def chosen_after(
    catalog: Catalog, links: Links, headers: Sequence[Header], expected: Sequence[type[Header]], ahead: bytes
) -> type[Header] | None:
    """The header after some others: what the catalog finds, else what the pattern says; None for a payload."""
    last = headers[-1]
    following = last.__layout__.next.of(last, headers[:-1])
    if isinstance(following, ValueLength):
        found = found_at(catalog, following.key, headers, ahead) if following.octets else None
    else:
        found = None if following is None else found_at(catalog, following, headers, ahead)
    return links.decided(expected, last) if found is None else found


def found_at(catalog: Catalog, key: Key, headers: Sequence[Header], ahead: bytes) -> type[Header] | None:
    """What the catalog finds at a key, after some headers and with these octets ahead; None: nothing."""
    candidates = catalog.candidates(key.space, key.value) or catalog.candidates(key.space, None)
    for own, cls in candidates:
        holds = _conditions_hold(catalog, own, headers, ahead)
        if holds and (not own.guess or _is_believed(catalog, cls, headers, ahead)):
            return cls
        if not own.conditions:
            break  # those after it are never asked
    return None


def _conditions_hold(catalog: Catalog, key: Key, headers: Sequence[Header], ahead: bytes) -> bool:
    return all(
        bool(headers) and getattr(headers[-1], asked.field, None) == asked.value
        if isinstance(asked, PreviousHeader)
        else condition_holds(asked, ahead, 0, len(ahead), catalog)
        for asked in key.conditions
    )


def _is_believed(catalog: Catalog, cls: type[Header], headers: Sequence[Header], ahead: bytes) -> bool:
    layout = cls.__layout__
    few = layout.corroboration is not None and len(ahead) < layout.corroboration.octets
    if few and all(header.__layout__.extent is None for header in headers):
        return True  # the octets may go on
    return is_believed(layout, catalog, ahead, 0, len(ahead), cut=False)
