"""Which page a value has."""

from __future__ import annotations

from collections.abc import Container

from overlaycodec.capture import Capture, Frames
from overlaycodec.comparison.changes import CaptureDiff, PacketDiff, RecordDiff
from overlaycodec.findings import Findings
from overlaycodec.notebook.differences import capture_diff_page, packet_diff_page, record_diff_page
from overlaycodec.notebook.findings import findings_page
from overlaycodec.notebook.header_class import class_page, pipeline_page
from overlaycodec.notebook.packet import packet_page
from overlaycodec.notebook.packets import capture_page, frames_page, table_page
from overlaycodec.packet.header import Header
from overlaycodec.packet.packet import Packet
from overlaycodec.pipelines.pipeline import Pipeline
from overlaycodec.schema.record import WireStruct

__all__ = ["bundle_of", "html_of"]


def html_of(value: object) -> str | None:
    """The page of a value; None where it has none."""
    match value:
        case Packet():
            return packet_page(value)
        case Header():
            return packet_page(Packet((value,)), findings=False)
        case type() if issubclass(value, WireStruct):
            return class_page(value)
        case Pipeline():
            return pipeline_page(tuple(dict.fromkeys(value.automaton.classes[1:])), repr(value))
        case Capture():
            return capture_page(value)
        case Frames():
            return frames_page(value)
        case Findings():
            return findings_page(value)
        case PacketDiff():
            return packet_diff_page(value)
        case RecordDiff():
            return record_diff_page(value)
        case CaptureDiff():
            return capture_diff_page(value)
    if isinstance(value, WireStruct):
        return None
    from overlaycodec.columnar.table import Table  # it loads NumPy, as the table did

    return table_page(value) if isinstance(value, Table) else None


def bundle_of(
    value: object, include: Container[str] | None = None, exclude: Container[str] | None = None
) -> dict[str, str]:
    """The page and the `repr` of a value by media type, as IPython asks for them; empty where it has no page."""

    def wanted(kind: str) -> bool:
        return (include is None or kind in include) and (exclude is None or kind not in exclude)

    html = html_of(value) if wanted("text/html") else None
    if html is None:
        return {}
    return {"text/html": html} | ({"text/plain": repr(value)} if wanted("text/plain") else {})
