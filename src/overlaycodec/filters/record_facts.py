"""What a capture says about a record beside its octets: one function for each fact, for filters and columns alike.

Strategy: names of interfaces and sections are known only while the record is read, since a later section has other
interfaces. So the functions take the capture that gives the record; it is None where no capture does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from overlaycodec.capture.reader import Capture
    from overlaycodec.capture.record import Record

__all__ = ["OF_THE_CAPTURE", "RECORD_FACTS"]

OF_THE_CAPTURE: Final = frozenset({"interface_name", "section"})
"""The facts that a record alone does not have."""


def _interface(record: Record, capture: Capture | None) -> int | None:
    in_pcap = capture is not None and capture.section is None  # pcap has no numbers of interfaces
    return None if in_pcap else record.interface


def _interface_name(record: Record, capture: Capture | None) -> str | None:
    interface = None if capture is None else capture.interface(record.interface)
    return None if interface is None else interface.name


RECORD_FACTS: Final[dict[str, Callable[[Record, Capture | None], int | str | None]]] = {
    "interface": _interface,
    "interface_name": _interface_name,
    "comment": lambda record, _: "\n".join(record.comments) if record.comments else None,
    "flags": lambda record, _: record.flags,
    "section": lambda _, capture: None if capture is None else capture.section,
}
"""By the name of the fact; each gives None where the record has no such fact."""
