"""Layout -> what a header can give to a line of text: worked out once for each class.

Strategy: what a field is for follows from the layout, or else from its name: specifications agree on few names, and
these lists hold them. There is no list of protocols.
"""

from __future__ import annotations

from functools import cache
from typing import Final, TypeAlias

import msgspec

from overlaycodec.packet.header import Header
from overlaycodec.schema.layout import REQUIRED, Field, Layout
from overlaycodec.values import AUTO

__all__ = ["PORTS", "Pair", "Traits", "traits_of"]

Pair: TypeAlias = tuple[str, str]

ENDPOINTS: Final[tuple[Pair, ...]] = (("src", "dst"), ("sender_protocol", "target_protocol"))
"""Fields that hold the source and the destination."""
PORTS: Final[Pair] = ("src_port", "dst_port")
IDENTIFIERS: Final = (
    "vni", "context_id", "key", "call_id", "vid", "label", "teid", "isid", "service_path", "session_id",
)  # fmt: skip
"""Fields that identify a network, a tenant or a path."""


class Traits(msgspec.Struct, frozen=True, eq=False):
    """What a header class can give to a line."""

    layout: Layout
    endpoints: Pair | None
    ports: Pair | None
    identifiers: tuple[Field, ...]
    """At most one; it may be absent in a header."""
    words: tuple[Field, ...]
    """Fields with display names, the last one first: the first fields of a header are those that others have too.
    Options of a header that selects nothing can say what the message is, as DHCP's do."""
    usual: tuple[tuple[Field, object], ...]
    """Fields with a default, and that default."""
    flags: tuple[Field, ...]


@cache
def traits_of(cls: type[Header]) -> Traits:
    """The traits of a header class."""
    layout = cls.__layout__
    by_name, fields = layout.by_name, layout.fields
    identifiers = tuple(by_name[name] for name in IDENTIFIERS if name in by_name)[:1]
    return Traits(
        layout=layout,
        endpoints=next((pair for pair in ENDPOINTS if by_name.keys() >= set(pair)), None),
        ports=PORTS if by_name.keys() >= set(PORTS) else None,
        identifiers=identifiers,
        words=tuple(
            field for field in reversed(fields) if field.value_names or (field.kind == "items" and not layout.selector)
        ),
        usual=tuple(
            (field, field.default)
            for field in fields
            if field.default not in (AUTO, REQUIRED) and field not in (layout.selector, *identifiers)
        ),
        flags=tuple(field for field in fields if field.kind == "bool"),
    )
