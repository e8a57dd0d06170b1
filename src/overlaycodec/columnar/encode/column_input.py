"""Input columns: the columns of a call, checked, each in one of three forms: numbers, octets, or any values.

Strategy: arrays of numbers are checked by their extremes. Everything else is checked value by value, with the checks
of the constructors, each different value once. An absent value is None, as in a header.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv6Address
from typing import Any

import msgspec
import numpy as np

from overlaycodec.capture.bulk.arrays import ByteBuffer, ByteMatrix, Ints, Mask, Sums, Values
from overlaycodec.columnar.ones_complement import folded, swapped
from overlaycodec.errors import EncodeError, FieldRangeError
from overlaycodec.packet.paths import Token
from overlaycodec.schema.constructors import check
from overlaycodec.schema.layout import ADDRESS_OCTETS, Field, Layout
from overlaycodec.values import MACAddress

__all__ = ["InputColumn", "OctetStrings", "Selection", "input_column", "payload_column"]

Selection = slice | Ints
"""Some packets: a range of them, or each by its index."""

_UNIT = 4
"""Octet strings of different lengths start at multiples of this, so that they can be summed in words of 32 bits."""
_SUMMED = 1 << 12
"""Packets whose octets are summed at once."""

_NUMBERS = ("int", "bool", "mac", "ipv4")
_STRINGS = ("bytes", "ipv6", "hardware", "protocol")


class OctetStrings(msgspec.Struct, frozen=True, eq=False):
    """Octets for each packet, one string after another; strings of different lengths start at multiples of 4."""

    data: ByteBuffer
    starts: Ints
    lengths: Ints
    common_length: int | None
    """The octets of each one, where all have the same length."""

    def value(self, index: int) -> bytes:
        """The octets of one packet."""
        start = int(self.starts[index])
        return self.data[start : start + int(self.lengths[index])].tobytes()

    def rows(self, which: Selection, octets: int) -> ByteMatrix:
        """The octets of these packets, all of which have this length."""
        if self.common_length is not None:
            return self.data.reshape(len(self.lengths), self.common_length)[which]
        rows: ByteMatrix = self.data[self.starts[which][:, None] + np.arange(octets)]
        return rows

    def sums(self) -> Sums:
        """The sum of the 16-bit words of each packet's octets, where they differ in length."""
        sums = np.empty(len(self.lengths), np.uint64)
        words = self.data.view("<u4")
        for first in range(0, len(sums), _SUMMED):
            starts = self.starts[first : first + _SUMMED] // _UNIT
            ends = starts - -self.lengths[first : first + _SUMMED] // _UNIT
            running = np.zeros(int(ends[-1] - starts[0]) + 1, np.uint64)
            np.cumsum(words[starts[0] : ends[-1]], dtype=np.uint64, out=running[1:])
            sums[first : first + _SUMMED] = running[ends - starts[0]] - running[starts - starts[0]]
        return swapped(folded(sums))


class InputColumn(msgspec.Struct, frozen=True, eq=False):
    """An input column: the header and the field that it sets, and its values in one of three forms."""

    name: str
    header: int
    """The index of the header; -1 for the payload."""
    rest: tuple[Token, ...]
    field: Field | None
    numbers: Values | None = None
    """Unsigned integers of any size, or flags."""
    strings: OctetStrings | None = None
    values: Sequence[object] = ()
    """The different values, where they are neither numbers nor octets."""
    codes: Ints | None = None
    """The index in `values` of each packet's value."""
    absent: Mask | None = None
    """Where a value is absent; None where no value is."""

    def value(self, index: int) -> object:
        """The value of one packet, as a constructor takes it."""
        if self.absent is not None and self.absent[index]:
            return None
        kind = "" if self.field is None else self.field.kind
        if self.strings is not None:
            octets = self.strings.value(index)
            return IPv6Address(octets) if kind == "ipv6" else octets
        if self.codes is not None:
            return self.values[int(self.codes[index])]
        assert self.numbers is not None
        if kind == "bool":
            return bool(self.numbers[index])
        number = int(self.numbers[index])
        return MACAddress(number) if kind == "mac" else IPv4Address(number) if kind == "ipv4" else number


def payload_column(values: object) -> InputColumn:
    """The column of payloads."""
    found, absent = _masked(values)
    if absent is not None:
        raise _missing_value("payload", absent)
    return InputColumn("payload", -1, (), None, strings=_strings_of("payload", None, None, found))


def input_column(
    name: str, header: int, rest: tuple[Token, ...], layout: Layout, field: Field, values: object
) -> InputColumn:
    """The column of a field. Raises: FieldRangeError and EncodeError for a packet's value, TypeError, ValueError."""
    found, absent = _masked(values)
    if absent is not None and not field.optional:
        raise _missing_value(name, absent)
    if field.kind in _NUMBERS and (field.bits or 65) <= 64:
        return InputColumn(name, header, rest, field, numbers=_numbers_of(name, layout, field, found), absent=absent)
    if field.kind in _STRINGS:
        return InputColumn(name, header, rest, field, strings=_strings_of(name, layout, field, found), absent=absent)
    values, codes = _codes_of(name, layout, field, found)
    return InputColumn(name, header, rest, field, values=values, codes=codes, absent=absent)


def _missing_value(name: str, absent: Mask) -> EncodeError:
    return EncodeError(f"packets[{int(np.argmax(absent))}].{name}", None, "has no value: it is masked, or None")


def _masked(values: object) -> tuple[Any, Mask | None]:  # Any: an array, or a list
    """The values, and where they are absent: another value of the column is there instead."""
    absent = np.ma.getmaskarray(values) if isinstance(values, np.ma.MaskedArray) else None
    if isinstance(values, np.ma.MaskedArray):
        values = values.data
    if not isinstance(values, np.ndarray) or values.dtype.kind in "OU":
        if not isinstance(values, Iterable) or isinstance(values, str | bytes | bytearray | memoryview):
            raise TypeError(f"a column is an array or a sequence of values, not {type(values).__name__}")
        values = list(values)
        if not {*map(type, values)}.isdisjoint((type(None), type(np.ma.masked))):
            missing = np.fromiter((value is None or value is np.ma.masked for value in values), np.bool_, len(values))
            absent = missing if absent is None else absent | missing
    if absent is None or not absent.any():
        return values, None
    present = np.flatnonzero(~absent)
    if isinstance(values, list):
        some = values[present[0]] if len(present) else None
        return [some if missing else value for value, missing in zip(values, absent.tolist(), strict=True)], absent
    filled = values.copy()
    filled[absent] = values[present[0]] if len(present) else np.zeros(1, values.dtype)[0]
    return filled, absent


def _checked(name: str, index: int, layout: Layout, field: Field, value: object) -> Any:  # Any: a field's own type
    """The value as its field holds it; an error names the packet."""
    try:
        return check(layout, field, value)
    except EncodeError as error:
        raise error.rebased(error.path, f"packets[{index}].{name}") from None
    except TypeError as error:
        raise TypeError(f"packets[{index}]: {error}") from None


def _numbers_of(name: str, layout: Layout, field: Field, values: Any) -> Values:  # Any: as above
    if isinstance(values, list):
        return _numbers_of_list(name, layout, field, values)
    if values.ndim != 1:
        raise ValueError(f"{name} takes one value a packet, not an array of {values.ndim} dimensions")
    wanted = "b" if field.kind == "bool" else "ui"
    if values.dtype.kind not in wanted:
        raise TypeError(f"{name} takes {'flags' if wanted == 'b' else 'integers'}, not {values.dtype}")
    if field.kind != "bool" and len(values):
        bits = field.width
        maximum = (1 << bits) - 1
        if int(values.max()) > maximum or int(values.min()) < 0:
            index = int(np.argmax((values < 0) | (values > min(maximum, np.iinfo(values.dtype).max))))
            path = f"packets[{index}].{name}"
            raise FieldRangeError(path, int(values[index]), 0, maximum, f"{bits} bits" if bits != 1 else "1 bit")
    found: Values = values
    return found


def _numbers_of_list(name: str, layout: Layout, field: Field, values: list[Any]) -> Values:
    """Numbers from Python objects; addresses may be objects, text or numbers."""
    known: dict[Any, int] = {}
    numbers: Values = np.empty(len(values), np.bool_ if field.kind == "bool" else np.uint64)
    for index, value in enumerate(values):
        key = type(value), value
        number = known.get(key)
        if number is None:
            if value is None:
                number = 0
            elif field.kind in ("mac", "ipv4") and isinstance(value, int | np.integer) and not isinstance(value, bool):
                if not 0 <= value <= field.maximum:
                    path = f"packets[{index}].{name}"
                    raise FieldRangeError(path, int(value), 0, field.maximum, f"{field.bits} bits")
                number = int(value)
            else:
                plain = bool(value) if isinstance(value, np.bool_) else value
                number = int(_checked(name, index, layout, field, plain))
            known[key] = number
        numbers[index] = number
    return numbers


def _strings_of(name: str, layout: Layout | None, field: Field | None, values: Any) -> OctetStrings:  # Any: as above
    size = None if field is None else field.octets
    if isinstance(values, list):
        if {*map(type, values)} <= {bytes} and (field is None or field.kind == "bytes"):
            strings = _joined(values)
        else:
            strings = _joined([_packed(name, index, layout, field, value) for index, value in enumerate(values)])
    else:
        rows = _matrix_of(name, field, values)
        count, octets = rows.shape
        data = np.ascontiguousarray(rows).reshape(-1)
        strings = OctetStrings(data, np.arange(count) * octets, np.full(count, octets), octets)
    if size is not None and len(strings.lengths) and (strings.lengths != size).any():
        index = int(np.argmax(strings.lengths != size))
        raise FieldRangeError(f"packets[{index}].{name}", int(strings.lengths[index]), size, size, "octets")
    return strings


def _packed(name: str, index: int, layout: Layout | None, field: Field | None, value: Any) -> bytes:
    if value is None:
        return b""
    if isinstance(value, np.void):
        return value.tobytes()
    if field is None or layout is None:
        if not isinstance(value, bytes | bytearray | memoryview):
            raise TypeError(f"packets[{index}]: {name} takes bytes, not {type(value).__name__}")
        return bytes(value)
    if field.kind == "ipv6" and isinstance(value, bytes):
        return value
    checked = _checked(name, index, layout, field, value)
    octets: bytes = checked if isinstance(checked, bytes) else checked.packed
    return octets


def _joined(strings: list[bytes]) -> OctetStrings:
    lengths = np.fromiter(map(len, strings), np.int64, len(strings))
    if len(strings) and (lengths == lengths[0]).all():
        common = int(lengths[0])
        return OctetStrings(
            np.frombuffer(b"".join(strings), np.uint8), np.arange(len(strings)) * common, lengths, common
        )
    padded = lengths + -lengths % _UNIT
    paddings = [bytes(octets) for octets in range(_UNIT)]
    parts = [part for string in strings for part in (string, paddings[-len(string) % _UNIT])]
    return OctetStrings(np.frombuffer(b"".join(parts), np.uint8), np.cumsum(padded) - padded, lengths, None)


def _matrix_of(name: str, field: Field | None, values: Values) -> ByteMatrix:
    """The octets of each packet as a row, from an array that holds octets."""
    if values.dtype == np.uint8 and values.ndim == 2:
        return values
    if values.dtype.kind == "V" and values.ndim == 1:
        return np.ascontiguousarray(values).view(np.uint8).reshape(len(values), values.dtype.itemsize)
    if values.dtype.kind in "ui" and values.ndim == 1 and field is not None and field.kind in ("hardware", "protocol"):
        octets = ADDRESS_OCTETS[field.kind]
        bad = (values < 0) | (values.astype(np.uint64) >> np.uint64(octets * 8) != 0)
        if bad.any():
            index = int(np.argmax(bad))
            path = f"packets[{index}].{name}"
            raise FieldRangeError(path, int(values[index]), 0, (1 << octets * 8) - 1, f"{octets * 8} bits")
        return values.astype(">u8").view(np.uint8).reshape(len(values), 8)[:, 8 - octets :]
    raise TypeError(
        f"{name} takes octets: an array of uint8 with a row a packet, or a sequence of bytes, not "
        f"{values.dtype} in {values.ndim} dimension{'s' if values.ndim != 1 else ''}"
    )


def _codes_of(  # Any: as above
    name: str, layout: Layout, field: Field, values: Any
) -> tuple[list[object], Ints]:
    """The different values, and the index of each packet's value."""
    different: list[object] = []
    known: dict[object, int] = {}
    codes = np.empty(len(values), np.int64)
    for index, value in enumerate(values.tolist() if isinstance(values, np.ndarray) else values):
        key = type(value), value
        try:
            code = known.get(key)
        except TypeError:  # it cannot be hashed: it is taken as different from all others
            key, code = (type(value), index), None
        if code is None:
            code = known[key] = len(different)
            different.append(None if value is None else _checked(name, index, layout, field, value))
        codes[index] = code
    return different, codes
