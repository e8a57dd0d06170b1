"""What a finding is, and what a rule is: a place to look at, what a specification says of it, what receivers do.

Strategy: a rule is a row of a table. The one thing in it that is code looks at a header and tells what it sees; what
that means for each receiver is data beside it, so that the documentation and the tests read the same table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final, Literal, get_args

import msgspec

from overlaycodec.editing.checksums import ChecksumStatus
from overlaycodec.errors import Bits, place_text
from overlaycodec.packet.header import Header
from overlaycodec.packet.packet import Packet
from overlaycodec.packet.paths import Scope

__all__ = ["RECEIVERS", "Does", "Finding", "Look", "Receiver", "Rule", "Seen", "Severity", "Site"]

Receiver = Literal["rfc", "linux", "ovs"]
"""Who is asked: the specification, Linux, Open vSwitch's userspace datapath."""


RECEIVERS: Final[tuple[Receiver, ...]] = get_args(Receiver)


class Severity(StrEnum):
    """How much a finding matters."""

    DROP = "drop"
    """The receiver drops the packet."""
    VIOLATION = "violation"
    """The sender broke a rule; the receiver takes the packet all the same."""
    NOTE = "note"
    """Allowed, and worth knowing."""

    def __repr__(self) -> str:
        return self.value


class Finding(msgspec.Struct, frozen=True):
    """One thing that stands out in a packet: where, what, and what becomes of the packet."""

    severity: Severity
    path: str
    bits: Bits
    """First and last bit, counted from the start of the packet."""
    found: str
    """What is there: "is 0x000400"."""
    does: str
    """What the receiver that was asked does; empty for the specification, and where nothing is known of it."""
    source: str
    """Document and section."""
    demand: str
    """What the source says."""
    rule: str
    """The rule's name, which stays the same from version to version."""
    scope: str
    """Whose doing it is: that of the receiver who takes this scope off: "" is the outermost, then "inner"."""

    def __str__(self) -> str:
        seen = f"{self.path} ({place_text(self.bits)}) {self.found}"
        return f"{self.severity}: {seen}{': ' if self.does else ''}{self.does}; {self.source} says {self.demand}"


class Does(msgspec.Struct, frozen=True):
    """What one receiver does, seen on a live one."""

    severity: Severity
    words: str


class Site:
    """A header, and what is around it."""

    __slots__ = ("header", "index", "name", "packet", "read_on", "scope", "scopes", "verdicts")

    def __init__(
        self,
        packet: Packet,
        index: int,
        name: str,
        scopes: Sequence[Scope],
        verdicts: Mapping[str, ChecksumStatus],
        *,
        read_on: bool = False,
    ) -> None:
        self.packet = packet
        self.index = index
        self.name = name
        self.header: Any = packet.headers[index]  # Any: of the classes that the rule names
        self.scopes = scopes
        self.scope = next(scope for scope in reversed(scopes) if scope.start <= index)
        self.verdicts = verdicts
        self.read_on = read_on
        """Whether the receiver reads further than the packet goes."""

    @property
    def next(self) -> Header | None:
        """The header behind this one."""
        headers = self.packet.headers
        return headers[self.index + 1] if self.index + 1 < len(headers) else None

    def outside(self, *classes: type[Header]) -> Any:  # Any: of one of the classes, or None
        """The nearest header before this one, in its scope, of one of the classes."""
        for index in range(self.index - 1, self.scope.start - 1, -1):
            if isinstance(self.packet.headers[index], classes):
                return self.packet.headers[index]
        return None

    def inside(self, *classes: type[Header]) -> Any:  # Any: of one of the classes, or None
        """The first header of one of the classes in the scope that this header opens."""
        inner = next((scope for scope in self.scopes if scope.start == self.index + 1), None)
        if inner is None:
            return None
        found = (header for header in self.packet.headers[inner.start : inner.stop] if isinstance(header, classes))
        return next(found, None)

    def verdict(self, field: str) -> ChecksumStatus | None:
        """What is known of a checksum of this header."""
        return self.verdicts.get(f"{self.name}.{field}")


class Seen(msgspec.Struct, frozen=True):
    """Something that a rule found: the field, below the header, and what is there."""

    field: str
    found: str


Look = Callable[[Site], Iterator[Seen]]


class Rule(msgspec.Struct, frozen=True):
    """What to look at, and what it means."""

    name: str
    headers: tuple[type[Header], ...]
    look: Look
    source: str
    demand: str
    rfc: Severity
    linux: Does | None = None
    """None: nothing is known of it, or it has no receiver for this."""
    ovs: Does | None = None

    def finding(self, receiver: Receiver, path: str, bits: Bits, found: str, scope: str) -> Finding:
        """What it says of a place."""
        does = {"rfc": None, "linux": self.linux, "ovs": self.ovs}[receiver]
        severity, words = (self.rfc, "") if does is None else (does.severity, does.words)
        return Finding(severity, path, bits, found, words, self.source, self.demand, self.name, scope)
