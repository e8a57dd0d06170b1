"""Columns by the scalar decoder: for packets that are not read in groups."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from overlaycodec.capture.bulk.arrays import Ints
from overlaycodec.codec.catalog import Catalog
from overlaycodec.codec.packet_decoder import decode
from overlaycodec.columnar.column import Column
from overlaycodec.columnar.column_buffers import CATEGORIES, Part, put
from overlaycodec.columnar.decode.batch import Batch
from overlaycodec.editing.checksum_status import checksums
from overlaycodec.packet.header import Header
from overlaycodec.packet.packet import Packet
from overlaycodec.packet.paths import names_of
from overlaycodec.schema.keyspaces import LINK_TYPE

if TYPE_CHECKING:
    from overlaycodec.pipelines.pipeline import AnyPipeline

__all__ = ["ScalarFallback", "scalar_of"]


class ScalarFallback:
    """Decodes packets one by one for some columns."""

    def __init__(self, columns: tuple[Column, ...], catalog: Catalog, pipeline: AnyPipeline | None = None) -> None:
        self.catalog = catalog
        self._decode: Callable[..., Packet] = partial(decode, catalog=catalog) if pipeline is None else pipeline.decode
        self.columns = tuple(column for column in columns if column.field is not None)
        self.faults = any(column.name == "fault" for column in columns)
        self.statuses = any(column.status for column in columns)
        self.payloads = any(column.name == "payload" for column in columns)
        asked = (("fault", self.faults), ("payload", self.payloads))
        self._names = [name for name, is_asked in asked if is_asked] + [column.name for column in self.columns]
        self._places: dict[tuple[type[Header], ...], list[_Place]] = {}

    @property
    def stacks(self) -> list[tuple[type[Header], ...]]:
        """The stacks of headers that were met."""
        return list(self._places)

    def run(
        self, batch: Batch, which: Ints, output: Part, index: Ints | None = None, *, all_of_them: bool = False
    ) -> None:
        """Fills the output for these packets, whatever it held before.

        `index`: the index in the output of each packet of the batch; None where these are the same. `all_of_them`:
        these are all packets of the output, in their order.
        """
        if not len(which):
            return
        found: list[list[Any]] = [[] for _ in self._names]  # Any: what a column holds
        fits: list[bool] = []
        for number in which.tolist():
            packet = self._decode(
                batch.data(number),
                first=LINK_TYPE(int(batch.link_types[number])),
                wire_length=int(batch.wire[number]),
                fcs_octets=int(batch.fcs[number]),
                lax=True,
            )
            fits.append(packet.fault is None)
            left = batch.left_to_card is not None and bool(batch.left_to_card[number])
            for values, value in zip(found, self._values(packet, left), strict=True):
                values.append(value)
        targets = which if index is None else index[which]
        output.fits[targets] = fits
        for name, values in zip(self._names, found, strict=True):
            if not all_of_them:
                output.clear(name, targets)
            put(name, None if all_of_them else targets, values, output)

    def _values(self, packet: Packet, left_to_card: bool) -> Iterator[Any]:  # Any: as above
        if self.faults:
            yield None if packet.fault is None else CATEGORIES["fault"].index(type(packet.fault).__name__)
        if self.payloads:
            yield packet.payload
        statuses = checksums(packet, left_to_card=left_to_card, catalog=self.catalog) if self.statuses else {}
        stack = tuple(map(type, packet.headers))
        places = self._places.get(stack)
        if places is None:
            places = self._places[stack] = [_place_of(column, stack) for column in self.columns]
        headers = packet.headers
        for column, (depth, field, checksum) in zip(self.columns, places, strict=True):
            if field and depth is not None:
                yield scalar_of(getattr(headers[depth], field), column.dtype)
            elif column.in_trailer:
                yield scalar_of(column.value_at_end(packet), column.dtype)
            elif depth is None:
                yield None
            elif column.status:
                found = statuses.get(checksum)
                yield None if found is None else CATEGORIES["status"].index(str(found))
            else:
                yield scalar_of(column.value_in(headers[depth]), column.dtype)


class _Place(NamedTuple):
    """Where the value of a column is, in packets of one stack."""

    depth: int | None
    """Of which header it is."""
    field: str
    """The field that it is; empty where it is found in another way."""
    checksum: str
    """The name of the checksum that it is the status of."""


def _place_of(column: Column, stack: tuple[type[Header], ...]) -> _Place:
    depth = column.depth_in(stack)
    if depth is None or column.in_trailer:
        return _Place(depth, "", "")
    (name, number), *deeper = column.rest
    if column.status:
        return _Place(depth, "", f"{names_of(stack)[depth]}.{name}")
    plain = number is None and not deeper and not column.types_from and name in stack[depth].__layout__.by_name
    return _Place(depth, name if plain else "", "")


def scalar_of(value: Any, dtype: str) -> Any:  # Any: a field's own type, and what NumPy takes for it
    """The value of a field, as its column holds it."""
    if value is None or dtype in ("object", "bool"):
        return value
    return np.void(value.packed) if dtype == "V16" else int(value)
