"""Time stamps as text, from integer nanoseconds: nothing is rounded."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final, Literal

from overlaycodec.capture import Interface

__all__ = ["Clock", "TimeChoice", "digits_of", "since_epoch", "utc"]

TimeChoice = Literal["relative", "delta", "utc", "epoch"]
_SECOND: Final = 1_000_000_000
_MICRO_DIGITS: Final = 6


def _split(time_ns: int, digits: int) -> tuple[str, str]:
    """Seconds, and their fraction with at least so many digits, 6 or 9."""
    sign = "-" if time_ns < 0 else ""
    seconds, fraction = divmod(abs(time_ns), _SECOND)
    text = f"{fraction:09}"
    if digits == _MICRO_DIGITS and text.endswith("000"):
        text = text[:_MICRO_DIGITS]
    return f"{sign}{seconds}", text


def since_epoch(time_ns: int, digits: int = 9) -> str:
    """Seconds since 1970."""
    return ".".join(_split(time_ns, digits))


def utc(time_ns: int, digits: int = 9) -> str:
    """Date and time of day; seconds since 1970 where the calendar ends."""
    try:
        moment = datetime.fromtimestamp(time_ns // _SECOND, UTC)
    except (ValueError, OverflowError, OSError):
        return since_epoch(time_ns, digits)
    _, fraction = _split(time_ns % _SECOND, digits)
    return f"{moment:%Y-%m-%d %H:%M:%S}.{fraction}"


def digits_of(interface: Interface | None) -> int:
    """How many digits after the point the clock of an interface has: 6 or 9."""
    return 9 if interface is None or 1_000_000 % interface.ticks_per_second else _MICRO_DIGITS


class Clock:
    """The time of one record after another, as text."""

    def __init__(self, choice: TimeChoice) -> None:
        self._choice = choice
        self._base: int | None = None

    def text(self, time_ns: int | None, interface: Interface | None) -> str:
        """The time of the next record, in as many digits as its interface counts; "-" where the file has none."""
        if time_ns is None:
            return "-"
        digits = digits_of(interface)
        if self._choice == "utc":
            return utc(time_ns, digits)
        if self._choice == "epoch":
            return since_epoch(time_ns, digits)
        base = time_ns if self._base is None else self._base
        if self._base is None or self._choice == "delta":
            self._base = time_ns
        return ".".join(_split(time_ns - base, digits))
