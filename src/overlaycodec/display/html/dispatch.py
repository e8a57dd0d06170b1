"""Which page a value has."""

from __future__ import annotations

from collections.abc import Container

from overlaycodec.display.html.packet import packet_page
from overlaycodec.packet.header import Header
from overlaycodec.packet.packet import Packet

__all__ = ["bundle_of", "html_of"]


def html_of(value: object) -> str | None:
    """The page of a value; None where it has none."""
    if isinstance(value, Packet):
        return packet_page(value)
    if isinstance(value, Header):
        return packet_page(Packet((value,)), findings=False)
    return None


def bundle_of(
    value: object, include: Container[str] | None = None, exclude: Container[str] | None = None
) -> dict[str, str]:
    """The page and the `repr` of a value by media type, as IPython asks for them; empty where it has no page."""
    wanted = {
        kind
        for kind in ("text/html", "text/plain")
        if (include is None or kind in include) and (exclude is None or kind not in exclude)
    }
    html = html_of(value) if "text/html" in wanted else None
    bundle = {} if html is None else {"text/html": html}
    return bundle | {"text/plain": repr(value)} if bundle and "text/plain" in wanted else bundle
