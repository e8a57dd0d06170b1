"""A packet as a tree: each header by its path, each field with its value and notes on it."""

from __future__ import annotations

from collections.abc import Iterator

from overlaycodec.display.model import HeaderView, PacketView, RegionView
from overlaycodec.display.spans import Line, Span

__all__ = ["tree_lines"]

_GUIDE = "│ "


def tree_lines(view: PacketView) -> Iterator[Line]:
    """The lines of the tree."""
    for header in view.headers:
        yield from _header_lines(header)
    for region in view.regions:
        yield from _header_lines(region) if isinstance(region, HeaderView) else (_region_line(region),)
    yield from ((fault,) for fault in view.faults)


def _header_lines(view: HeaderView) -> Iterator[Line]:
    guide = Span(_GUIDE * view.depth, "faint")
    spec = f"  {view.spec}" if view.spec else ""
    yield guide, Span(view.path, "header"), Span(f"  {view.octets} octets{spec}", "faint")
    width = max(len(field.leaf.path) for field in view.fields)
    for field in view.fields:
        yield (
            guide,
            Span(f"  {field.leaf.path:{width}}  ", "faint" if field.idle else "plain"),
            Span(field.value, "faint" if field.idle else "value"),
            *(span for note in field.notes for span in (Span("  "), note)),
        )


def _region_line(view: RegionView) -> Line:
    return (
        Span(_GUIDE * view.depth, "faint"),
        Span(view.title, "header"),
        Span(f"  {len(view.data)} octets  ", "faint"),
        Span(view.data[:24].hex(" ") + (" …" if len(view.data) > 24 else "")),
        *(span for note in view.notes for span in (Span("  "), note)),
    )
