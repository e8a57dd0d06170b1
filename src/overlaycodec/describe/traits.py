"""Layout -> what a header can give to a line: read from its declaration once for each class.

Strategy: what a field is for is told by its facts, or else by what it is called: specifications agree on few words, and
these lists hold them. There is no list of protocols.
"""

from __future__ import annotations

from functools import cache
from typing import Final, TypeAlias

import msgspec

from overlaycodec.packet.header import Header
from overlaycodec.schema.facts import FragmentOffset, MoreFragments, Selects, ValueNames
from overlaycodec.schema.layout import REQUIRED, Field, Layout
from overlaycodec.schema.values import AUTO

__all__ = ["PORTS", "Pair", "Traits", "traits_of"]

Pair: TypeAlias = tuple[str, str]

ENDPOINTS: Final[tuple[Pair, ...]] = (("src", "dst"), ("sender_protocol", "target_protocol"))
"""Fields that say from where and to where."""
PORTS: Final[Pair] = ("src_port", "dst_port")
IDENTIFIERS: Final = (
    "vni", "context_id", "key", "call_id", "vid", "label", "teid", "isid", "service_path", "session_id",
)  # fmt: skip
"""Fields that say which network, tenant or path a header stands for."""


class Traits(msgspec.Struct, frozen=True, eq=False):
    """What a header class can give to a line."""

    layout: Layout
    selector: Field | None
    selects: Selects | None
    endpoints: Pair | None
    ports: Pair | None
    identifiers: tuple[Field, ...]
    """At most one; it may be absent in a header."""
    words: tuple[Field, ...]
    """Fields that have words, the last first: a header begins with what is common and goes on to what is its own."""
    usual: tuple[tuple[Field, object], ...]
    """Fields with a value that they usually have."""
    flags: tuple[Field, ...]
    offset: Field | None
    """Which piece of something follows."""
    more: Field | None
    """Whether more pieces follow that one."""


@cache
def traits_of(cls: type[Header]) -> Traits:
    """The traits of a header class."""
    layout = cls.__layout__
    by_name, fields = layout.by_name, layout.fields
    identifiers = tuple(by_name[name] for name in IDENTIFIERS if name in by_name)[:1]
    return Traits(
        layout=layout,
        selector=layout.selector,
        selects=None if layout.selector is None else layout.selector.get(Selects),
        endpoints=next((pair for pair in ENDPOINTS if by_name.keys() >= set(pair)), None),
        ports=PORTS if by_name.keys() >= set(PORTS) else None,
        identifiers=identifiers,
        words=tuple(field for field in reversed(fields) if ValueNames in field),
        usual=tuple(
            (field, field.default)
            for field in fields
            if field.default not in (AUTO, REQUIRED) and Selects not in field and field not in identifiers
        ),
        flags=tuple(field for field in fields if field.kind == "bool"),
        offset=next((field for field in fields if FragmentOffset in field), None),
        more=next((field for field in fields if MoreFragments in field), None),
    )
