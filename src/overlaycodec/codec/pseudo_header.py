"""The pseudo-header that transport checksums cover: the addresses of the network header outside."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from overlaycodec.packet.header import Header
from overlaycodec.packet.offsets import octets_in

__all__ = ["final_destination", "pseudo_header"]


def pseudo_header(headers: Sequence[Header], index: int) -> tuple[int, int] | None:
    """The addresses of the IP header outside header `index`, as numbers; None where there is none.

    With a routing header in between, or a source route, the second is the final destination. With a home address
    option in between, the first is the home address.

    Spec: RFC 768, RFC 9293 section 3.1, RFC 8200 section 8.1, RFC 791 section 3.1, RFC 6275 section 11.3.1.
    """
    source: int | None = None
    final: int | None = None
    for outside in range(index - 1, -1, -1):
        header: Any = headers[outside]  # Any: headers of several classes, known by what they declare
        layer = header.__layout__.layer
        if layer not in ("network", "extension"):
            return None
        # of several routes, the innermost is completed last
        if final is None and (path := final_destination(header)) is not None:
            final = _address(header, path)
        if source is None and (sources := header.__layout__.sources) is not None:
            other = sources.value_in(getattr(header, sources.options))
            source = None if other is None else int(other)
        if layer == "network":
            return int(header.src) if source is None else source, int(header.dst) if final is None else final
    return None


def final_destination(header: Any) -> tuple[tuple[str, int], ...] | None:  # Any: a header, known by what it declares
    """Where a header keeps the last address of a route that is not completed; None where there is no such route.

    The path of fields that leads there, each with the index of the element, or the octet, in it.
    """
    layout = header.__layout__
    if layout.routes is None:
        return None
    if layout.by_name[layout.routes].route is not None:
        own = _last_address(header)
        return None if own is None else (own,)
    for number, element in enumerate(getattr(header, layout.routes)):
        if (inside := _last_address(element)) is not None:
            return (layout.routes, number), inside
    return None


def _last_address(record: Any) -> tuple[str, int] | None:  # Any: as above
    for field in record.__layout__.fields:
        if (route := field.route) is None:
            continue
        index, left = route.at.get(getattr(record, route.type)), getattr(record, route.left)
        data = getattr(record, field.name)
        if index is None or not left:
            continue
        if route.begins is not None and left >= route.begins + sum(map(octets_in, data)):
            continue  # the route is completed
        index = index if index >= 0 else len(data) + index
        if 0 <= index <= len(data) - (1 if isinstance(data, tuple) else 16):
            return field.name, index
    return None


def _address(record: Any, path: tuple[tuple[str, int], ...]) -> int:  # Any: as above
    for name, index in path:
        data = getattr(record, name)
        if not isinstance(data, tuple):
            return int.from_bytes(data[index : index + 16], "big")
        record = data[index]
    return int(getattr(record, record.__layout__.fields[0].name))
