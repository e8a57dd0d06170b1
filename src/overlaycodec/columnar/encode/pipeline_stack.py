"""A pipeline as the stack of a batch: its headers, the first packet of it, and whether the packets are of it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from overlaycodec.columnar.encode.column_input import InputColumn
from overlaycodec.errors import EncodeError, SchemaError
from overlaycodec.packet.header import Header
from overlaycodec.packet.packet import Packet
from overlaycodec.packet.paths import HeaderOrClass, names_of
from overlaycodec.pipelines.pipeline import AnyPipeline
from overlaycodec.schema.layout import REQUIRED

__all__ = ["check_fits", "class_of", "first_packet", "stack_of"]


def class_of(header: HeaderOrClass) -> type[Header]:
    """The class of a header; a class itself."""
    return header if isinstance(header, type) else type(header)


def stack_of(pipeline: AnyPipeline) -> tuple[type[Header], ...]:
    """The headers of a pipeline. Raises: ValueError, where they are not fixed."""
    try:
        return pipeline.headers
    except SchemaError:
        raise ValueError(
            f"{pipeline!r} has several stacks, and a batch has one: give a packet of the pipeline as the template, "
            "such as build() makes"
        ) from None


def first_packet(headers: Sequence[HeaderOrClass], columns: Sequence[InputColumn]) -> Packet:
    """The packet of a stack with the first values of the columns. Raises: TypeError, where a field has no value."""
    given: list[dict[str, object]] = [{} for _ in headers]
    payload: object = b""
    for column in columns:
        if column.field is None:
            payload = column.value(0)
        else:
            given[column.header][column.field.name] = column.value(0)
    made = []
    for header, name, values in zip(headers, names_of(headers), given, strict=True):
        layout = header.__layout__
        missing = [
            f"{name}.{field.name}" for field in layout.fields if field.default is REQUIRED and field.name not in values
        ]
        if missing:
            raise TypeError(f"no value for {', '.join(missing)}: name it in columns, or give a template")
        made.append(class_of(header)(**values))
    assert isinstance(payload, bytes)
    return Packet(tuple(made), payload)


def check_fits(pipeline: AnyPipeline, packet: Packet, columns: Sequence[InputColumn]) -> None:
    """Raises: EncodeError, where the packets are not of the pipeline."""
    payloads = next((column.strings for column in columns if column.field is None), None)
    if payloads is None:
        pipeline.check_encodable(packet)
        return
    pipeline.check_encodable(packet._with(payload=b""))
    if not pipeline.payload and payloads.lengths.any():
        index = int(np.argmax(payloads.lengths > 0))
        octets = payloads.value(index)
        raise EncodeError(f"packets[{index}].payload", octets, f"has {len(octets)} octets; {pipeline!r} has none")
