"""The tokens of a catalog for fuzzers that know no structure: the values that select headers, and constants.

Strategy: a key is what parsers compare with, so each bound value is a token, in as many octets as its key space has.
"""

from __future__ import annotations

from collections.abc import Iterator

from overlaycodec.codec.catalog import DEFAULT, Catalog
from overlaycodec.schema.layout import Layout

__all__ = ["dictionary"]


def dictionary(catalog: Catalog = DEFAULT) -> str:
    """A dictionary as libFuzzer (`-dict=`) and AFL++ (`-x`) read it: a named token per line.

    Spec: LLVM, "libFuzzer", section "Dictionaries".
    """
    tokens: dict[bytes, str] = {}
    for name, token in (*_keys(catalog), *_constants(catalog)):
        tokens.setdefault(token, name)
    return "".join(f'{name}="{_escaped(token)}"\n' for token, name in tokens.items())


def _keys(catalog: Catalog) -> Iterator[tuple[str, bytes]]:
    spaces = {header.__layout__.next.space for header in catalog.headers}  # that a field on the wire selects from
    # a space that has the values of another one comes after it
    for space in sorted(filter(None, spaces), key=lambda space: (space.parent is not None, space.name)):
        for value in sorted(catalog.values(space)):
            if value and space.bits >= 8:
                header = catalog.candidates(space, value)[0][1].__layout__.name
                yield f"{space.name}_{header}_{value:x}", value.to_bytes(-(-space.bits // 8), "big")


def _constants(catalog: Catalog) -> Iterator[tuple[str, bytes]]:
    """The octets that headers and options begin with."""
    for cls in catalog.headers:
        layout = catalog.layout(cls)
        yield from _prefix(layout)
        for field in layout.fields:
            for element in field.elements:
                yield from _prefix(element.__layout__)


def _prefix(layout: Layout) -> Iterator[tuple[str, bytes]]:
    if layout.constant_prefix:
        yield layout.name, layout.constant_prefix


def _escaped(token: bytes) -> str:
    return "".join(f"\\x{octet:02x}" for octet in token)
