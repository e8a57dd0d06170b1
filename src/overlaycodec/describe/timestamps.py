"""Time stamps as text, from integer nanoseconds: nothing is rounded."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

__all__ = ["since_epoch", "split_time", "utc"]

_SECOND: Final = 1_000_000_000
_MICRO_DIGITS: Final = 6


def split_time(time_ns: int, digits: int) -> tuple[str, str]:
    """Seconds, and their fraction with at least so many digits, 6 or 9."""
    sign = "-" if time_ns < 0 else ""
    seconds, fraction = divmod(abs(time_ns), _SECOND)
    text = f"{fraction:09}"
    if digits == _MICRO_DIGITS and text.endswith("000"):
        text = text[:_MICRO_DIGITS]
    return f"{sign}{seconds}", text


def since_epoch(time_ns: int, digits: int = 9) -> str:
    """Seconds since 1970."""
    return ".".join(split_time(time_ns, digits))


def utc(time_ns: int, digits: int = 9) -> str:
    """Date and time of day; seconds since 1970 where the calendar ends."""
    try:
        moment = datetime.fromtimestamp(time_ns // _SECOND, UTC)
    except (ValueError, OverflowError, OSError):
        return since_epoch(time_ns, digits)
    _, fraction = split_time(time_ns % _SECOND, digits)
    return f"{moment:%Y-%m-%d %H:%M:%S}.{fraction}"
