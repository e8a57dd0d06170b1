"""Many addresses -> text, with NumPy: what `str` gives for each address.

Strategy: the characters of an address stand in a row of fixed size, in which unused places are 0; the text is what is
left without these. A MAC address is written as `MACAddress` does it, an IPv6 address as RFC 5952 section 4 says.
"""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv6Address
from itertools import pairwise
from typing import Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from overlaycodec.capture.bulk.arrays import Ints, Values

__all__ = ["OCTETS", "Addresses", "octets_of", "text_octets_of", "texts_of"]

Addresses: TypeAlias = Literal["text", "number", "binary"]
"""How addresses are given to other libraries."""
OCTETS: Final = {"mac": 6, "ipv4": 4, "ipv6": 16}
"""The octets of an address, by its kind."""
_AT_ONCE: Final = 1 << 16
_COLON, _DOT = ord(":"), ord(".")
_MIXED: Final = "." in str(IPv6Address("::ffff:1.2.3.4"))
"""Whether an IPv4 address in an IPv6 address is written as one, as Python does from 3.13 on (RFC 5952 section 5)."""
_MAPPED: Final = np.frombuffer(b"::ffff:", np.uint8)

_Characters: TypeAlias = NDArray[np.uint8]


def _padded(texts: list[str], width: int) -> _Characters:
    return np.frombuffer("".join(text.ljust(width, "\0") for text in texts).encode(), np.uint8).reshape(-1, width)


_DECIMAL: Final = _padded([f"{octet}." for octet in range(256)], 4)
_HEXADECIMAL: Final = _padded([f"{octet:02x}:" for octet in range(256)], 3)
_DIGITS: Final = np.frombuffer(b"0123456789abcdef", np.uint8)


def octets_of(values: Values, kind: str) -> NDArray[np.uint8]:
    """The octets of addresses, a row for each; `values` as a column holds them."""
    if kind == "ipv6":
        return np.ascontiguousarray(values).view(np.uint8).reshape(-1, 16)
    size = values.dtype.itemsize
    words = values.astype(values.dtype.newbyteorder(">"))
    return words.view(np.uint8).reshape(len(values), size)[:, size - OCTETS[kind] :]


def text_octets_of(values: Values, kind: str) -> tuple[NDArray[np.uint8], Ints]:
    """The texts of addresses, one after another in ASCII, and where each ends; the first item is 0."""
    pieces, lengths = [np.empty(0, np.uint8)], [np.zeros(1, np.int64)]
    for start in range(0, len(values), _AT_ONCE):
        rows = _ROWS[kind](octets_of(values[start : start + _AT_ONCE], kind))
        used = rows != 0
        pieces.append(rows[used])
        lengths.append(np.count_nonzero(used, axis=1))
    return np.concatenate(pieces), np.cumsum(np.concatenate(lengths))


def texts_of(values: Values, kind: str) -> list[str]:
    """The same as a list."""
    octets, ends = text_octets_of(values, kind)
    text, places = octets.tobytes().decode("ascii"), ends.tolist()
    return [text[start:stop] for start, stop in pairwise(places)]


def _mac(octets: NDArray[np.uint8]) -> _Characters:
    rows = _HEXADECIMAL[octets].reshape(len(octets), 18)
    rows[:, -1] = 0
    return rows


def _ipv4(octets: NDArray[np.uint8]) -> _Characters:
    rows = _DECIMAL[octets]
    last = rows[:, -1]
    last[last == _DOT] = 0
    return rows.reshape(len(octets), 16)


def _ipv6(octets: NDArray[np.uint8]) -> _Characters:
    """Hexadecimal digits without leading zeros; the longest run of zero groups, the first of several, is `::`."""
    groups = octets.view(">u2").astype(np.uint16)
    rows = np.empty((*groups.shape, 5), np.uint8)
    for place, shift in enumerate((12, 8, 4, 0)):
        above = groups >> np.uint16(shift)
        rows[:, :, place] = _DIGITS[above & np.uint16(15)]
        if shift:
            rows[:, :, place] *= above != 0
    rows[:, :, 4] = _COLON
    rows[:, 7, 4] = 0
    zeros = np.zeros((len(groups), 9), np.uint8)
    """How many groups are 0, from each one on."""
    for place in range(7, -1, -1):
        zeros[:, place] = (zeros[:, place + 1] + 1) * (groups[:, place] == 0)
    first, count = zeros.argmax(axis=1), zeros.max(axis=1)
    runs = np.flatnonzero(count > 1)  # RFC 5952 section 4.2.2: one group is not shortened
    places = np.arange(8)
    start, stop = first[runs, None], (first + count)[runs, None]
    some = rows[runs]
    some[(places >= start) & (places < stop)] = 0
    some[np.arange(len(runs)), first[runs], 0] = _COLON
    some[first[runs] == 0, 0, 1] = _COLON
    rows[runs] = some
    rows = rows.reshape(len(groups), 40)
    if _MIXED:
        mapped = np.flatnonzero((groups[:, :5] == 0).all(axis=1) & (groups[:, 5] == 0xFFFF))
        rows[mapped] = 0
        rows[mapped, : len(_MAPPED)] = _MAPPED
        rows[mapped, len(_MAPPED) : len(_MAPPED) + 16] = _ipv4(octets[mapped, 12:])
    return rows


_ROWS: Final[dict[str, Callable[[NDArray[np.uint8]], _Characters]]] = {"mac": _mac, "ipv4": _ipv4, "ipv6": _ipv6}
