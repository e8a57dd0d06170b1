"""Time stamps of records on lines, one after another."""

from __future__ import annotations

from typing import Final, Literal

from overlaycodec.capture import Interface
from overlaycodec.describe.timestamps import since_epoch, split_time, utc

__all__ = ["Clock", "TimeChoice", "digits_of", "since_epoch", "utc"]

TimeChoice = Literal["relative", "delta", "utc", "epoch"]
_MICRO_DIGITS: Final = 6


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
        return ".".join(split_time(time_ns - base, digits))
