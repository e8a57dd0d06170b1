"""Columns -> the octets of packets: a template writes packets of one shape, and the encoder all others, one by one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from overlaycodec.capture.bulk.arrays import ByteBuffer, Ints, Sums
from overlaycodec.capture.frames import Frames
from overlaycodec.codec.catalog import Catalog, check_catalog
from overlaycodec.codec.packet_encoder import encode
from overlaycodec.columnar.encode.column_input import InputColumn, Selection, input_column, payload_column
from overlaycodec.columnar.encode.pipeline_stack import check_fits, class_of, first_packet, stack_of
from overlaycodec.columnar.encode.shape_keys import groups_of, keys_of
from overlaycodec.columnar.encode.template import Template, VariablePayloads, template_of, variable_payload_possible
from overlaycodec.columnar.table import Table
from overlaycodec.errors import EncodeError, PathError
from overlaycodec.packet.header import Header
from overlaycodec.packet.packet import Packet
from overlaycodec.packet.paths import HeaderOrClass, find, read_at, replaced_at
from overlaycodec.pipelines.pipeline import AnyPipeline, check_pipeline
from overlaycodec.schema.keyspaces import LINK_TYPE
from overlaycodec.values.argument_checks import check_type
from overlaycodec.values.nearest_names import nearest

__all__ = ["frames_of"]

FEWEST = 12
"""Fewer packets than these are encoded faster one by one."""
_OCTETS = 1 << 20
"""Octets that are written at once: few enough to stay in the processor's caches."""
_PACKETS = 1 << 13
"""At most this many packets are written at once."""


def frames_of(
    template: Packet | Header | None,
    columns: Mapping[str, object] | Table,
    catalog: Catalog,
    pipeline: AnyPipeline | None = None,
    fewest: int = FEWEST,
) -> Frames:
    """See `overlaycodec.encode_columns`."""
    packet = Packet((template,)) if isinstance(template, Header) else template
    check_type("columns", columns, (Mapping, Table), "a mapping of names to values")
    check_catalog(catalog)
    if pipeline is not None:
        check_pipeline(pipeline)
        catalog = pipeline.catalog
    if packet is not None or pipeline is None:
        check_type("template", packet, Packet, "a packet, a header, or None with a pipeline")
        assert packet is not None
    headers: Sequence[HeaderOrClass]
    if packet is None:
        assert pipeline is not None
        headers = stack_of(pipeline)
    else:
        headers = packet.headers
    times: Ints | None = None
    inputs = []
    counts = {}
    for name in columns:
        values = columns[name]
        if name == "time_ns":
            times = _times_of(values)
            counts[name] = len(times)
        else:
            column = _input_column(headers, name, values)
            inputs.append(column)
            counts[name] = _count(column)
    if not counts:
        raise ValueError("no columns: nothing says how many packets there are")
    (first, count), *others = counts.items()
    for name, other in others:
        if other != count:
            raise ValueError(f"{first} has {count} values, {name} has {other}")
    _check_distinct(inputs)
    if packet is None:
        packet = first_packet(headers, inputs) if count else Packet()
    if pipeline is not None and count:
        check_fits(pipeline, packet, inputs)
    octets, starts = _ColumnsEncoder(packet, inputs, count, catalog, fewest).run()
    link_type = catalog.key_of(LINK_TYPE, class_of(headers[0])) if headers else None
    return Frames(octets, starts, times, link_type, None if packet.fcs is None else packet.fcs.octets)


def _input_column(headers: Sequence[HeaderOrClass], name: str, values: object) -> InputColumn:
    if name == "payload":
        return payload_column(values)
    target = find(headers, name)
    record: Any = headers[target.header]  # Any: a header or its class, then an element of one of its option lists
    for token in target.rest[:-1]:
        if isinstance(record, type):
            raise PathError(f"column {name!r}", "the stack of a pipeline: a template packet has options")
        record = read_at(record, (token,), name)
    wanted, number = target.rest[-1] if target.rest else ("", None)
    layout = record.__layout__ if hasattr(record, "__layout__") else None
    field = layout.by_name.get(wanted) if layout is not None else None
    if layout is None or field is None or number is not None:
        if not target.rest:
            raise PathError(f"column {name!r}", "the packet, where it is a header: name a field of it")
        near = nearest(wanted, layout.by_name) if layout is not None else ()
        start = name.rpartition(".")[0]
        raise PathError(f"column {name!r}", "the packet", tuple(f"{start}.{field}" for field in near))
    return input_column(name, target.header, target.rest, layout, field, values)


def _count(column: InputColumn) -> int:
    """The number of packets for which the column has a value."""
    if column.strings is not None:
        return len(column.strings.lengths)
    values = column.codes if column.numbers is None else column.numbers
    assert values is not None
    return len(values)


def _times_of(values: object) -> Ints:
    """Time stamps in nanoseconds."""
    if np.ma.is_masked(values):
        raise EncodeError("time_ns", None, "is masked somewhere: each packet has a time stamp, or none has")
    times = np.asarray(values)
    if times.dtype.kind == "M":
        times = times.astype("datetime64[ns]").astype(np.int64)
    if times.ndim != 1 or (times.dtype.kind not in "ui" and len(times)):
        raise TypeError(f"time_ns takes integers, nanoseconds since 1970, one a packet, not {times.dtype}")
    return times.astype(np.int64)


def _check_distinct(columns: Sequence[InputColumn]) -> None:
    """Raises: ValueError where two columns name the same field, or one names a part of another."""
    for number, column in enumerate(columns):
        for other in columns[:number]:
            shared = zip(column.rest, other.rest, strict=False)
            if column.header == other.header and all(
                one[0] == two[0] and (one[1] is None or two[1] is None or one[1] == two[1]) for one, two in shared
            ):
                raise ValueError(f"{other.name} and {column.name} are two columns for one field")


class _ColumnsEncoder:
    """One call: it groups the packets by shape, makes a template for each group, and writes all packets."""

    def __init__(
        self, packet: Packet, columns: Sequence[InputColumn], count: int, catalog: Catalog, fewest: int
    ) -> None:
        self._packet, self._columns, self._count, self._catalog, self._fewest = packet, columns, count, catalog, fewest
        payload = next((column.strings for column in columns if column.field is None), None)
        self._payload = None if payload is None or payload.common_length is not None else payload
        """The payloads, where they differ in length and templates can follow that."""
        self._sums: Sums | None = None

    def run(self) -> tuple[ByteBuffer, Ints]:
        """The octets of all packets, and where each packet starts; last, where the last one ends."""
        starts = np.zeros(self._count + 1, np.int64)
        if not self._count:
            return np.empty(0, np.uint8), starts
        packet = self._packet_of(0)
        keys = [key for column in self._columns for key in keys_of(column, packet.headers)]
        if self._payload is not None and not variable_payload_possible(packet):
            keys.append(self._payload.lengths)
            self._payload = None
        lengths = starts[1:]
        templates: list[tuple[Selection, Template]] = []
        encoded: dict[int, bytes] = {}
        for group in groups_of(keys, self._count):
            members = np.arange(group.start, group.stop) if isinstance(group, slice) else group
            first = int(members[0])
            if self._payload is not None:
                first = int(members[self._payload.lengths[members].argmax()])
            data, template = self._template(first) if len(members) >= self._fewest else (b"", None)
            if template is None:
                encoded |= {index: self._encoded(index) for index in members.tolist()}
            else:
                templates.append((group, template))
                lengths[group] = len(data) - (self._missing(group, first) if self._payload is not None else 0)
        for index, data in encoded.items():
            lengths[index] = len(data)
        np.cumsum(lengths, out=lengths)
        octets = np.empty(int(starts[-1]), np.uint8)
        for index, data in encoded.items():
            octets[starts[index] : starts[index + 1]] = np.frombuffer(data, np.uint8)
        for group, template in templates:
            for which in _blocks(group, len(template.octets)):
                self._write(template, which, octets, starts)
        return octets, starts

    def _write(self, template: Template, which: Selection, octets: ByteBuffer, starts: Ints) -> None:
        """Writes some packets of one shape into the octets of all packets."""
        size = len(template.octets)
        if self._payload is None:
            if isinstance(which, slice):
                span = octets[starts[which.start] : starts[which.stop]]
                template.fill(which, span.reshape(which.stop - which.start, size), None)
            elif size:
                rows = np.empty((len(which), size), np.uint8)
                template.fill(which, rows, None)
                everywhere: NDArray[Any] = np.ndarray(
                    (len(octets) - size + 1,), f"V{size}", buffer=octets.data, strides=(1,)
                )
                everywhere[starts[which]] = rows.view(f"V{size}")[:, 0]
            return
        first, last, head = starts[which], starts[1:][which], template.payload_start
        rows = np.empty((len(first), head), np.uint8)
        if self._sums is None:
            self._sums = self._payload.sums()
        template.fill(which, rows, VariablePayloads((size - last + first).astype(np.uint64), self._sums[which]))
        heads, payloads, out = rows.reshape(-1).data, self._payload.data.data, octets.data
        spans = zip(first.tolist(), last.tolist(), self._payload.starts[which].tolist(), strict=True)
        for number, (begin, end, start) in enumerate(spans):
            middle = begin + head
            out[begin:middle] = heads[number * head : (number + 1) * head]
            out[middle:end] = payloads[start : start + end - middle]

    def _missing(self, group: Selection, longest: int) -> Ints:
        """By how many octets the payloads are shorter than the longest one, which has this index."""
        assert self._payload is not None
        missing: Ints = self._payload.lengths[longest] - self._payload.lengths[group]
        return missing

    def _template(self, index: int) -> tuple[bytes, Template | None]:
        packet = self._packet_of(index)
        try:
            return template_of(packet, self._columns, self._catalog, variable_payload=self._payload is not None)
        except EncodeError as error:
            raise error.rebased(error.path, f"packets[{index}].{error.path}") from None

    def _encoded(self, index: int) -> bytes:
        packet = self._packet_of(index)
        try:
            return encode(packet, catalog=self._catalog)
        except EncodeError as error:
            raise error.rebased(error.path, f"packets[{index}].{error.path}") from None

    def _packet_of(self, index: int) -> Packet:
        """One packet: the caller's, with the values of the columns."""
        headers, payload = list(self._packet.headers), self._packet.payload
        for column in self._columns:
            value = column.value(index)
            if column.field is None:
                assert isinstance(value, bytes)
                payload = value
                continue
            try:
                headers[column.header] = replaced_at(headers[column.header], column.rest, column.name, value)
            except EncodeError as error:
                raise error.rebased(error.path, f"packets[{index}].{column.name}") from None
        return self._packet._with(headers=tuple(headers), payload=payload)


def _blocks(group: Selection, octets: int) -> Iterator[Selection]:
    """The packets in blocks that are written at once, each packet of so many octets."""
    step = max(1, min(_PACKETS, _OCTETS // max(1, octets)))
    if isinstance(group, slice):
        for start in range(group.start, group.stop, step):
            yield slice(start, min(start + step, group.stop))
    else:
        for start in range(0, len(group), step):
            yield group[start : start + step]
