"""From columns to octets: packets of one shape are written through a stencil, and what makes none one by one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from overlaycodec.capture.frames import Frames
from overlaycodec.codec.catalog import Catalog
from overlaycodec.codec.packet_encoder import encode
from overlaycodec.columnar.decode.batch import Ints
from overlaycodec.columnar.encode.column_input import Given, Which, given_of, payload_of
from overlaycodec.columnar.encode.shape_keys import groups_of, keys_of
from overlaycodec.columnar.encode.template import Ragged, Stencil, elastic, stencil_of
from overlaycodec.columnar.table import Table
from overlaycodec.errors import EncodeError, MissingHeaderError
from overlaycodec.packet.header import Header
from overlaycodec.packet.packet import Packet
from overlaycodec.packet.paths import find, read_at, replaced_at
from overlaycodec.schema.record import WireStruct

__all__ = ["frames_of"]

FEWEST = 12
"""Fewer packets than these are encoded faster one by one."""
_OCTETS = 1 << 20
"""Octets that are written at once: few enough to stay in the processor's caches."""
_PACKETS = 1 << 13


def frames_of(
    template: Packet | Header, columns: Mapping[str, object] | Table, catalog: Catalog, fewest: int = FEWEST
) -> Frames:
    """See `overlaycodec.encode_columns`."""
    packet = template if isinstance(template, Packet) else Packet((template,))
    times: NDArray[np.int64] | None = None
    givens = []
    counts = {}
    for name in columns:
        values = columns[name]
        if name == "time_ns":
            times = _times_of(values)
            counts[name] = len(times)
        else:
            given = _given(packet, name, values)
            givens.append(given)
            counts[name] = _count(given)
    if not counts:
        raise ValueError("no columns: nothing says how many packets there are")
    (first, count), *others = counts.items()
    for name, other in others:
        if other != count:
            raise ValueError(f"{first} has {count} values, {name} has {other}")
    _check_distinct(givens)
    octets, starts = _Writing(packet, givens, count, catalog, fewest).run()
    return Frames(octets, starts, times)


def _given(packet: Packet, name: str, values: object) -> Given:
    if name == "payload":
        return payload_of(values)
    place = find(packet.headers, name)
    record: Any = packet.headers[place.header]  # Any: a record, then one in a row of it
    for token in place.rest[:-1]:
        record = read_at(record, (token,), name)
    wanted, number = place.rest[-1] if place.rest else ("", None)
    field = record.__layout__.by_name.get(wanted) if isinstance(record, WireStruct) else None
    if field is None or number is not None:
        raise MissingHeaderError(f"column {name!r}", f"{', '.join(packet.names)}: name a field of one of these headers")
    return given_of(name, place.header, place.rest, record.__layout__, field, values)


def _count(given: Given) -> int:
    """How many packets the column has a value for."""
    if given.strings is not None:
        return len(given.strings.lengths)
    values = given.codes if given.numbers is None else given.numbers
    assert values is not None
    return len(values)


def _times_of(values: object) -> NDArray[np.int64]:
    """Time stamps in nanoseconds."""
    if np.ma.is_masked(values):
        raise EncodeError("time_ns", None, "is masked somewhere: each packet has a time stamp, or none has")
    times = np.asarray(values)
    if times.dtype.kind == "M":
        times = times.astype("datetime64[ns]").astype(np.int64)
    if times.ndim != 1 or (times.dtype.kind not in "ui" and len(times)):
        raise TypeError(f"time_ns takes integers, nanoseconds since 1970, one a packet, not {times.dtype}")
    return times.astype(np.int64)


def _check_distinct(givens: Sequence[Given]) -> None:
    """Raises: ValueError where two columns name the same field, or one names a part of another."""
    for number, given in enumerate(givens):
        for other in givens[:number]:
            shared = zip(given.rest, other.rest, strict=False)
            if given.header == other.header and all(
                one[0] == two[0] and (one[1] is None or two[1] is None or one[1] == two[1]) for one, two in shared
            ):
                raise ValueError(f"{other.name} and {given.name} are two columns for one field")


class _Writing:
    """One call: packets are told apart by shape, their stencils made, and then all are written."""

    def __init__(self, packet: Packet, givens: Sequence[Given], count: int, catalog: Catalog, fewest: int) -> None:
        self._packet, self._givens, self._count, self._catalog, self._fewest = packet, givens, count, catalog, fewest
        payload = next((given.strings for given in givens if given.field is None), None)
        self._payload = None if payload is None or payload.even is not None else payload
        """The payloads, if they differ in length and that is a matter of lengths and checksums alone."""
        self._sums: NDArray[np.uint64] | None = None

    def run(self) -> tuple[NDArray[np.uint8], Ints]:
        """The octets of all packets, and where each begins."""
        starts = np.zeros(self._count + 1, np.int64)
        if not self._count:
            return np.empty(0, np.uint8), starts
        packet = self._packet_of(0)
        keys = [key for given in self._givens for key in keys_of(given, packet.headers)]
        if self._payload is not None and not elastic(packet):
            keys.append(self._payload.lengths)
            self._payload = None
        lengths = starts[1:]
        stencils: list[tuple[Which, Stencil]] = []
        alone: dict[int, bytes] = {}
        for group in groups_of(keys, self._count):
            members = np.arange(group.start, group.stop) if isinstance(group, slice) else group
            first = int(members[0])
            if self._payload is not None:
                first = int(members[self._payload.lengths[members].argmax()])
            data, stencil = self._stencil(first) if len(members) >= self._fewest else (b"", None)
            if stencil is None:
                alone |= {index: self._encoded(index) for index in members.tolist()}
            else:
                stencils.append((group, stencil))
                lengths[group] = len(data) - (self._short(group, first) if self._payload is not None else 0)
        for index, data in alone.items():
            lengths[index] = len(data)
        np.cumsum(lengths, out=lengths)
        octets = np.empty(int(starts[-1]), np.uint8)
        for index, data in alone.items():
            octets[starts[index] : starts[index + 1]] = np.frombuffer(data, np.uint8)
        for group, stencil in stencils:
            for which in _pieces(group, len(stencil.octets)):
                self._write(stencil, which, octets, starts)
        return octets, starts

    def _write(self, stencil: Stencil, which: Which, octets: NDArray[np.uint8], starts: Ints) -> None:
        """Writes some packets of one shape to their places."""
        size = len(stencil.octets)
        if self._payload is None:
            if isinstance(which, slice):
                span = octets[starts[which.start] : starts[which.stop]]
                stencil.fill(which, span.reshape(which.stop - which.start, size), None)
            elif size:
                rows = np.empty((len(which), size), np.uint8)
                stencil.fill(which, rows, None)
                everywhere: NDArray[Any] = np.ndarray(
                    (len(octets) - size + 1,), f"V{size}", buffer=octets.data, strides=(1,)
                )
                everywhere[starts[which]] = rows.view(f"V{size}")[:, 0]
            return
        begins, ends, head = starts[which], starts[1:][which], stencil.head
        rows = np.empty((len(begins), head), np.uint8)
        if self._sums is None:
            self._sums = self._payload.sums()
        stencil.fill(which, rows, Ragged((size - ends + begins).astype(np.uint64), self._sums[which]))
        heads, payloads, whole = rows.reshape(-1).data, self._payload.data.data, octets.data
        places = zip(begins.tolist(), ends.tolist(), self._payload.starts[which].tolist(), strict=True)
        for number, (begin, end, start) in enumerate(places):
            behind = begin + head
            whole[begin:behind] = heads[number * head : (number + 1) * head]
            whole[behind:end] = payloads[start : start + end - behind]

    def _short(self, group: Which, first: int) -> Ints:
        """How many octets the payloads have less than the longest."""
        assert self._payload is not None
        short: Ints = self._payload.lengths[first] - self._payload.lengths[group]
        return short

    def _stencil(self, index: int) -> tuple[bytes, Stencil | None]:
        packet = self._packet_of(index)
        try:
            return stencil_of(packet, self._givens, self._catalog, ragged=self._payload is not None)
        except EncodeError as error:
            raise error.rebased(error.path, f"packets[{index}].{error.path}") from None

    def _encoded(self, index: int) -> bytes:
        packet = self._packet_of(index)
        try:
            return encode(packet, catalog=self._catalog)
        except EncodeError as error:
            raise error.rebased(error.path, f"packets[{index}].{error.path}") from None

    def _packet_of(self, index: int) -> Packet:
        """One packet, as the template and the columns have it."""
        headers, payload = list(self._packet.headers), self._packet.payload
        for given in self._givens:
            value = given.value(index)
            if given.field is None:
                assert isinstance(value, bytes)
                payload = value
                continue
            try:
                headers[given.header] = replaced_at(headers[given.header], given.rest, given.name, value)
            except EncodeError as error:
                raise error.rebased(error.path, f"packets[{index}].{given.name}") from None
        return self._packet._with(headers=tuple(headers), payload=payload)


def _pieces(group: Which, octets: int) -> Iterator[Which]:
    """Some packets after another."""
    step = max(1, min(_PACKETS, _OCTETS // max(1, octets)))
    if isinstance(group, slice):
        for start in range(group.start, group.stop, step):
            yield slice(start, min(start + step, group.stop))
    else:
        for start in range(0, len(group), step):
            yield group[start : start + step]
