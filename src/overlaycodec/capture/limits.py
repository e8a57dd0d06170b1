"""Bounds that keep a lying file, or a wrong record, from costing more than it should."""

from __future__ import annotations

from typing import Final

from overlaycodec.errors import FieldRangeError

__all__ = ["MAX_INTERFACES", "MAX_OCTETS", "check"]

MAX_OCTETS: Final = 1 << 26
"""The largest record, or pcapng block that is kept, of a capture: 64 MiB. Blocks that are skipped may be larger."""
MAX_INTERFACES: Final = 1 << 16
"""The most interfaces of one pcapng section; together, their descriptions take at most `MAX_OCTETS`."""


def check(index: int, field: str, value: int, maximum: int, unit: str = "") -> int:
    """The value of a field of the record with that index, if it is an integer from 0 to the maximum.

    Raises: FieldRangeError, TypeError.
    """
    if not isinstance(value, int):
        raise TypeError(f"records[{index}].{field} is {type(value).__name__}, not int")
    if not 0 <= value <= maximum:
        raise FieldRangeError(f"records[{index}].{field}", value, 0, maximum, unit)
    return value
