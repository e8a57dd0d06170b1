"""The scalar decoder's answers, put into columns: for what is not walked in groups."""

from __future__ import annotations

from typing import Any

import numpy as np

from overlaycodec.columnar.batch import Batch, Ints
from overlaycodec.columnar.names import Column
from overlaycodec.columnar.output import CATEGORIES, Output
from overlaycodec.errors import MissingHeaderError
from overlaycodec.keys import LINK_TYPE
from overlaycodec.packet import Packet
from overlaycodec.paths import names_of, read_at
from overlaycodec.pipeline import Catalog, decode
from overlaycodec.schema import Header
from overlaycodec.verify import checksums

__all__ = ["Scalar"]


class Scalar:
    """Reads packets one by one for some columns."""

    def __init__(self, columns: tuple[Column, ...], catalog: Catalog) -> None:
        self.catalog = catalog
        self.columns = tuple(column for column in columns if column.field is not None)
        self.faults = any(column.name == "fault" for column in columns)
        self.verdicts = any(column.verdict for column in columns)
        self._depths: dict[tuple[type[Header], ...], list[int | None]] = {}

    @property
    def stacks(self) -> list[tuple[type[Header], ...]]:
        """The headers that were met, one behind another."""
        return list(self._depths)

    def run(self, batch: Batch, which: Ints, output: Output) -> None:
        """Fills the output for these packets, whatever was there before."""
        for index in which.tolist():
            packet = decode(
                batch.data(index),
                first=LINK_TYPE(int(batch.link_types[index])),
                wire_length=int(batch.wire[index]),
                fcs_octets=int(batch.fcs[index]),
                lax=True,
                catalog=self.catalog,
            )
            self._packet(packet, slice(index, index + 1), output)

    def _packet(self, packet: Packet, at: slice, output: Output) -> None:
        if self.faults:
            if packet.fault is None:
                output.clear("fault", at)
            else:
                output.store("fault", at, CATEGORIES["fault"].index(type(packet.fault).__name__))
        verdicts = checksums(packet, catalog=self.catalog) if self.verdicts else {}
        stack = tuple(map(type, packet.headers))
        depths = self._depths.get(stack)
        if depths is None:
            depths = self._depths[stack] = [column.depth_in(stack) for column in self.columns]
        for column, depth in zip(self.columns, depths, strict=True):
            value: Any = None  # Any: a field's own type
            if depth is not None and column.verdict:
                found = verdicts.get(f"{names_of(packet.headers)[depth]}.{column.rest[0][0]}")
                value = None if found is None else CATEGORIES["verdict"].index(str(found))
            elif depth is not None:
                value = self._value(packet.headers[depth], column)
            if value is None:
                output.clear(column.name, at)
            elif column.dtype == "object":
                output.values[column.name][at.start] = value
                output.absent[column.name][at.start] = False
            else:
                output.store(column.name, at, value)

    def _value(self, header: Header, column: Column) -> Any:  # Any: as above
        try:
            value = read_at(header, column.rest, column.name)
        except MissingHeaderError:
            return None
        return value if column.verdict else scalar_of(value, column.dtype)


def scalar_of(value: Any, dtype: str) -> Any:  # Any: a field's own type, and what NumPy takes for it
    """A field's value as its column holds it."""
    if value is None or dtype in ("object", "bool"):
        return value
    return np.void(value.packed) if dtype == "V16" else int(value)
