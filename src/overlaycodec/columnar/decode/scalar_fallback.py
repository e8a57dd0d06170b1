"""The scalar decoder's answers, put into columns: for what is not walked in groups."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from overlaycodec.codec.catalog import Catalog
from overlaycodec.codec.packet_decoder import decode
from overlaycodec.columnar.column import Column
from overlaycodec.columnar.column_buffers import CATEGORIES, Part, put
from overlaycodec.columnar.decode.batch import Batch, Ints
from overlaycodec.editing.checksums import checksums
from overlaycodec.errors import MissingHeaderError
from overlaycodec.packet.header import Header
from overlaycodec.packet.packet import Packet
from overlaycodec.packet.paths import names_of, read_at
from overlaycodec.schema.keyspaces import LINK_TYPE

__all__ = ["Scalar"]


class Scalar:
    """Reads packets one by one for some columns."""

    def __init__(self, columns: tuple[Column, ...], catalog: Catalog) -> None:
        self.catalog = catalog
        self.columns = tuple(column for column in columns if column.field is not None)
        self.faults = any(column.name == "fault" for column in columns)
        self.verdicts = any(column.verdict for column in columns)
        self._names = (["fault"] if self.faults else []) + [column.name for column in self.columns]
        self._depths: dict[tuple[type[Header], ...], list[int | None]] = {}

    @property
    def stacks(self) -> list[tuple[type[Header], ...]]:
        """The headers that were met, one behind another."""
        return list(self._depths)

    def run(self, batch: Batch, which: Ints, output: Part, index: Ints | None = None) -> None:
        """Fills the output for these packets, whatever was there before; `index`: where in it they belong."""
        if not len(which):
            return
        found: list[list[Any]] = [[] for _ in self._names]  # Any: what a column holds
        for number in which.tolist():
            packet = decode(
                batch.data(number),
                first=LINK_TYPE(int(batch.link_types[number])),
                wire_length=int(batch.wire[number]),
                fcs_octets=int(batch.fcs[number]),
                lax=True,
                catalog=self.catalog,
            )
            for values, value in zip(found, self._values(packet), strict=True):
                values.append(value)
        places = which if index is None else index[which]
        for name, values in zip(self._names, found, strict=True):
            output.clear(name, places)
            put(name, places, values, output)

    def _values(self, packet: Packet) -> Iterator[Any]:  # Any: as above
        if self.faults:
            yield None if packet.fault is None else CATEGORIES["fault"].index(type(packet.fault).__name__)
        verdicts = checksums(packet, catalog=self.catalog) if self.verdicts else {}
        stack = tuple(map(type, packet.headers))
        depths = self._depths.get(stack)
        if depths is None:
            depths = self._depths[stack] = [column.depth_in(stack) for column in self.columns]
        for column, depth in zip(self.columns, depths, strict=True):
            if depth is None:
                yield None
            elif column.verdict:
                found = verdicts.get(f"{names_of(packet.headers)[depth]}.{column.rest[0][0]}")
                yield None if found is None else CATEGORIES["verdict"].index(str(found))
            else:
                yield self._value(packet.headers[depth], column)

    def _value(self, header: Header, column: Column) -> Any:  # Any: as above
        try:
            value = read_at(header, column.rest, column.name)
        except MissingHeaderError:
            return None
        return scalar_of(value, column.dtype)


def scalar_of(value: Any, dtype: str) -> Any:  # Any: a field's own type, and what NumPy takes for it
    """A field's value as its column holds it."""
    if value is None or dtype in ("object", "bool"):
        return value
    return np.void(value.packed) if dtype == "V16" else int(value)
