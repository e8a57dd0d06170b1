"""Lines of a header's encoder that derive the length of a jumbogram, which an element of its option list holds.

Strategy: the element's octets do not depend on the number, so the list is encoded with a 0, and then again.
"""

from __future__ import annotations

from typing import Any

from overlaycodec.codec.encode_lengths import octets_text
from overlaycodec.codegen import Source
from overlaycodec.errors import UnresolvedError
from overlaycodec.schema.layout import Layout
from overlaycodec.schema.plans import OptionField
from overlaycodec.values import AUTO

__all__ = ["add_jumbo_length", "add_jumbo_octets"]


def add_jumbo_length(source: Source, layout: Layout) -> None:
    """Before the options are encoded: 0 for a length that is AUTO."""
    for field in layout.fields:
        if field.jumbo_length:
            source.names["unresolved"] = _unresolved
            source.add(f"if v_{field.name} is AUTO: unresolved({layout.name + '.' + field.name!r})")
    if (jumbo := layout.jumbo) is not None:
        local = f"v_{jumbo.options}"
        source.names |= {"JUMBO": jumbo, "is_open": _is_open}
        source.add(f"jumbo = is_open(JUMBO, {local})", f"if jumbo: {local} = JUMBO.with_value({local}, 0)")


def add_jumbo_octets(source: Source, layout: Layout) -> None:
    """After all fields of variable size: the length, of the header and what follows."""
    if (jumbo := layout.jumbo) is not None:
        local, octets = f"v_{jumbo.options}", f"e_{jumbo.options}"
        source.add(
            "if jumbo:",
            f"    {local} = JUMBO.with_value({local}, {octets_text(layout.parts)} + len(content))",
            f"    {local}, {octets} = elements_{jumbo.options}({local}, out is not None)",
        )


def _is_open(jumbo: OptionField, options: tuple[Any, ...]) -> bool:  # Any: elements of any class
    return jumbo.value_in(options) is AUTO


def _unresolved(path: str) -> None:
    raise UnresolvedError(path, "is AUTO, but no packet follows: give it a value")
