"""The values that a comparison gives; each prints as a line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, Final, TypeAlias

import msgspec

from overlaycodec.capture import Record
from overlaycodec.packet.header import Header
from overlaycodec.schema.record import Element
from overlaycodec.values.for_notebooks import ForNotebooks

__all__ = ["Added", "CaptureDiff", "Change", "Changed", "PacketDiff", "RecordDiff", "Removed", "Replaced", "summary_of"]

Bits: TypeAlias = tuple[int, int]
"""First and last bit, from the start of the packet; an empty range ends before it starts."""
_SHOWN: Final = 32


def _at(bits: Bits | None, new_bits: Bits | None = None) -> str:
    spans = dict.fromkeys(span for span in (bits, new_bits) if span is not None)
    if not spans:
        return ""
    one = all(first == last for first, last in spans)
    texts = [f"{first}" if one else f"{first}-{last}" for first, last in spans]
    return f" ({'bit' if one else 'bits'} {' → '.join(texts)})"


def _text(octets: bytes) -> str:
    if not octets:
        return "nothing"
    return octets.hex() if len(octets) <= _SHOWN else f"{octets[:_SHOWN].hex()}… ({len(octets)} octets)"


def _value_text(value: Header | Element | bytes) -> str:
    return _text(value) if isinstance(value, bytes) else repr(value)


class _Unpaired(msgspec.Struct, frozen=True):
    """What only one of the packets has."""

    path: str
    bits: Bits
    value: Header | Element | bytes

    sign: ClassVar[str]

    def __str__(self) -> str:
        return f"{self.sign} {self.path}{_at(self.bits)}: {_value_text(self.value)}"


class Removed(_Unpaired, frozen=True):
    """A header, an element of an option list or a trailer that only the first packet has."""

    sign: ClassVar[str] = "-"

    @property
    def texts(self) -> tuple[str, str]:
        """What the first packet has, and what the second has, as text."""
        return _value_text(self.value), ""


class Added(_Unpaired, frozen=True):
    """A header, an element of an option list or a trailer that only the second packet has."""

    sign: ClassVar[str] = "+"

    @property
    def texts(self) -> tuple[str, str]:
        """What the first packet has, and what the second has, as text."""
        return "", _value_text(self.value)


class Changed(msgspec.Struct, frozen=True):
    """A field with another value; bits are None on the side where it is absent, and for the fields of a record."""

    path: str
    bits: Bits | None
    before: Any  # Any: a field's own type
    new_path: str
    new_bits: Bits | None
    after: Any
    texts: tuple[str, str]
    """The values as text."""

    def __str__(self) -> str:
        path = self.path if self.path == self.new_path else f"{self.path} → {self.new_path}"
        before, after = self.texts
        return f"{path}{_at(self.bits, self.new_bits)}: {before} → {after}"


class Replaced(msgspec.Struct, frozen=True):
    """Octets of the payload or of a trailer, from octet `start` of it on, that other octets replace."""

    path: str
    start: int
    bits: Bits
    before: bytes
    new_bits: Bits
    after: bytes

    @property
    def texts(self) -> tuple[str, str]:
        """What the first packet has, and what the second has, as text."""
        return _text(self.before), _text(self.after)

    def __str__(self) -> str:
        where = f"{self.path}[{self.start}:{self.start + len(self.before)}]"
        return f"{where}{_at(self.bits, self.new_bits)}: {' → '.join(self.texts)}"


Change: TypeAlias = Added | Removed | Changed | Replaced


class PacketDiff(ForNotebooks, msgspec.Struct, frozen=True):
    """What differs between two packets, in the order of the octets; false where nothing does."""

    changes: tuple[Change, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.changes)

    def __len__(self) -> int:
        return len(self.changes)

    def __iter__(self) -> Iterator[Change]:
        return iter(self.changes)

    def __str__(self) -> str:
        return "\n".join(map(str, self.changes)) or "no difference"


class RecordDiff(ForNotebooks, msgspec.Struct, frozen=True):
    """A packet of two captures, or of one alone. Numbers count from 1; they and the record are None where it is not."""

    number: int | None
    before: Record | None
    new_number: int | None
    after: Record | None
    changes: tuple[Change, ...] = ()

    @property
    def removed(self) -> bool:
        """Whether the first capture alone has it."""
        return self.after is None

    @property
    def added(self) -> bool:
        """Whether the second capture alone has it."""
        return self.before is None

    def __bool__(self) -> bool:
        """Whether there is a difference."""
        return bool(self.changes) or self.before is None or self.after is None

    def __str__(self) -> str:
        if self.after is None:
            return f"- packet {self.number}"
        if self.before is None:
            return f"+ packet {self.new_number}"
        numbers = self.number if self.number == self.new_number else f"{self.number} → {self.new_number}"
        return "\n    ".join([f"packet {numbers}", *map(str, self.changes)])


class CaptureDiff(ForNotebooks, msgspec.Struct, frozen=True):
    """What differs between two captures: the packets that do, and how many do not. False where nothing does."""

    records: tuple[RecordDiff, ...]
    same: int

    def __bool__(self) -> bool:
        return bool(self.records)

    def __len__(self) -> int:
        return len(self.records)

    def __iter__(self) -> Iterator[RecordDiff]:
        return iter(self.records)

    def __str__(self) -> str:
        return "\n".join([*map(str, self.records), self.summary])

    @property
    def summary(self) -> str:
        """The counts in a sentence."""
        removed, added = sum(record.removed for record in self.records), sum(record.added for record in self.records)
        changed = len(self.records) - removed - added
        return summary_of(removed, added, changed, self.same)


def summary_of(removed: int, added: int, changed: int, same: int) -> str:
    """The counts in a sentence."""
    return f"{removed} removed, {added} added, {changed} changed, {same} the same"
