"""`overlaycodec headers` and `overlaycodec diagram`: the declarations, listed and drawn."""

from __future__ import annotations

from overlaycodec.cli.packet_json import json_line
from overlaycodec.cli.parameters import elements_of, records
from overlaycodec.codec.catalog import DEFAULT
from overlaycodec.describe.diagram import diagram_of, diagram_svg_of
from overlaycodec.describe.facts import default_text, found_at, meanings_of, presence_of, size_of
from overlaycodec.describe.plain import Plain
from overlaycodec.display.output import Output
from overlaycodec.display.spans import Span
from overlaycodec.pipelines.pipeline import AnyPipeline
from overlaycodec.schema.record import WireStruct

__all__ = ["draw", "draw_stack", "list_headers"]


def draw(name: str, *, svg: bool, json: bool) -> str:
    """The figure of what is known by that name, or what is known about it as a JSON object."""
    record = records()[name]
    if json:
        return json_line(_document(record)) + "\n"
    return diagram_svg_of(record) if svg else diagram_of(record) + "\n"


def draw_stack(pipeline: AnyPipeline, *, svg: bool, json: bool) -> str:
    """The figure of the whole stack of a pipeline, or what is known about its headers as a JSON object."""
    if json:
        headers = dict.fromkeys(pipeline.automaton.classes[1:])
        return json_line({"pipeline": repr(pipeline), "headers": [_document(header) for header in headers]}) + "\n"
    return pipeline.diagram(svg=True) if svg else pipeline.diagram() + "\n"


def _fields(record: type[WireStruct]) -> list[Plain]:
    layout = record.__layout__
    return [
        {
            "name": field.name,
            "type": field.kind,
            "bits": field.bits,
            "size": size_of(field),
            "present": presence_of(field) or "always",
            "default": default_text(field),
            "what": field.doc,
            "says": list(meanings_of(layout, field)),
            "elements": [element.__name__ for element in field.elements],
        }
        for field in layout.fields
    ]


def _purpose(record: type[WireStruct]) -> str:
    """The first line of the docstring; "" where Python runs without docstrings."""
    return next(iter(record.__layout__.purpose.splitlines()), "")


def _document(record: type[WireStruct]) -> dict[str, Plain]:
    layout = record.__layout__
    return {
        "path": layout.name,
        "class": record.__name__,
        "what": _purpose(record),
        "specification": layout.spec,
        "octets": layout.minimum_octets,
        "fixed": layout.fixed,
        "tunnel": layout.tunnel,
        "found_at": [found_at(key) for key in layout.keys],
        "fields": _fields(record),
        "elements": {element.__name__: _fields(element) for element in elements_of(record)},
    }


def list_headers(output: Output, *, json: bool) -> None:
    """A line per header."""
    if json:
        for header in DEFAULT.headers:
            output.write(Span(json_line(_document(header))))
        return
    paths = max(len(header.__layout__.name) for header in DEFAULT.headers)
    names = max(len(header.__name__) for header in DEFAULT.headers)
    for header in DEFAULT.headers:
        layout = header.__layout__
        output.write(
            Span(f"{layout.name:{paths}}", "header"),
            Span(f"  {header.__name__:{names}}"),
            Span(f"  {layout.minimum_octets:>3}{' ' if layout.fixed else '+'}", "value"),
            Span(f"  {_purpose(header)}"),
            Span(f"  {layout.spec}", "faint"),
        )
