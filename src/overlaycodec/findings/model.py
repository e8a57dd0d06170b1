"""What a finding is, and what a rule is: a check of a header, what a specification says of it, what receivers do.

Strategy: a rule is a row of a table. Its check is the only code: it inspects a header and gives what it observes. What
that means for each receiver is data, so that the documentation and the tests read the same table.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from operator import attrgetter
from typing import Any, Final, Literal, Self, get_args

import msgspec

from overlaycodec.editing.checksum_status import ChecksumStatus
from overlaycodec.editing.network_headers import framed_network_of
from overlaycodec.errors import Bits, place_text
from overlaycodec.packet.header import Header
from overlaycodec.packet.packet import Packet
from overlaycodec.packet.paths import Scope
from overlaycodec.packet.stack_paths import STACKS, StackPaths
from overlaycodec.values.for_notebooks import ForNotebooks

__all__ = [
    "PROVEN",
    "RECEIVERS",
    "Check",
    "Context",
    "Finding",
    "Findings",
    "Observation",
    "Place",
    "Proof",
    "Reaction",
    "Receiver",
    "Rule",
    "Severity",
]

Receiver = Literal["rfc", "linux", "ovs"]
"""Whose behaviour: that of the specification, of Linux, of Open vSwitch's userspace datapath."""


RECEIVERS: Final[tuple[Receiver, ...]] = get_args(Receiver)


class Proof(msgspec.Struct, frozen=True):
    """The live stack on which the rules say what a receiver does, and when that was last seen."""

    stack: str
    """The receiver and its version: "Linux 6.18"."""
    parts: str
    """Which of its parts were asked."""
    month: str
    """Year and month of the last run of the tests with live stacks."""

    def __str__(self) -> str:
        return f"{self.stack} ({self.parts}), {self.month}"


PROVEN: Final[dict[Receiver, tuple[Proof, ...]]] = {
    "rfc": (),
    "linux": (
        Proof("Linux 6.18", "a host's IP layer, VXLAN over IPv4 and IPv6", "2026-11"),
        Proof("Linux 6.1", "Geneve and GRE over IPv4", "2026-11"),
    ),
    "ovs": (Proof("Open vSwitch 3.1", "VXLAN, Geneve and GRE over IPv4 and IPv6", "2026-11"),),
}
"""On which stacks the rules of each receiver were proven. Another version may do otherwise."""


class Severity(StrEnum):
    """The severity of a finding."""

    DROP = "drop"
    """The receiver drops the packet."""
    VIOLATION = "violation"
    """The sender broke a rule; the receiver takes the packet all the same."""
    NOTE = "note"
    """Allowed, and worth knowing."""

    def __repr__(self) -> str:
        return self.value


class Finding(msgspec.Struct, frozen=True):
    """A fault, a broken rule or a note: its position, its text, and the action of the receiver."""

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
    """Whose behaviour it is: that of the receiver of this scope: "" is the outermost, then "inner"."""

    def __str__(self) -> str:
        seen = f"{self.path} ({place_text(self.bits)}) {self.found}"
        return f"{self.severity}: {seen}{': ' if self.does else ''}{self.does}; {self.source} says {self.demand}"


class Findings(ForNotebooks, list[Finding]):
    """The findings of one packet, a list that notebooks show as a table."""


class Reaction(msgspec.Struct, frozen=True):
    """What one receiver does, as seen on a live one."""

    severity: Severity
    words: str


class Place(msgspec.Struct, frozen=True):
    """What is around a header in a stack of headers."""

    name: str
    """The full path of the header."""
    scopes: tuple[Scope, ...]
    scope: Scope
    inner_scope: Scope | None
    inner_network: int | None
    """The index of the IP header of the frame in the scope that the header opens."""

    @classmethod
    def of(cls, classes: Sequence[type[Header]], index: int) -> Self:
        """The place of header `index` among headers of these classes."""
        stack: StackPaths = STACKS[tuple(classes)]
        scopes = stack.scopes
        after = scopes[bisect_right(scopes, index + 1, key=attrgetter("start")) - 1]
        inner = after if after.start == index + 1 else None
        network = None if inner is None else framed_network_of(classes[inner.start : inner.stop])
        return cls(
            stack.names[index],
            scopes,
            scopes[bisect_right(scopes, index, key=attrgetter("start")) - 1],
            inner,
            None if inner is None or network is None else inner.start + network,
        )


class Context:
    """A header, and what is around it."""

    __slots__ = ("all_valid", "header", "index", "packet", "place", "reads_to_end", "statuses", "trailing")

    def __init__(
        self,
        packet: Packet,
        index: int,
        place: Place,
        statuses: Mapping[str, ChecksumStatus],
        trailing: Mapping[int, int],
        *,
        reads_to_end: bool = False,
        all_valid: bool = False,
    ) -> None:
        self.packet = packet
        self.index = index
        self.place = place
        self.header: Any = packet.headers[index]  # Any: of the classes that the rule names
        self.statuses = statuses
        self.all_valid = all_valid
        """Whether no checksum of the packet is bad or partial."""
        self.trailing = trailing
        """How many octets the trailers of a header have, by its index; counted once for all headers."""
        self.reads_to_end = reads_to_end
        """Whether the receiver reads all octets, whatever the lengths of IP and UDP are."""

    @property
    def name(self) -> str:
        """The full path of the header."""
        return self.place.name

    @property
    def scopes(self) -> Sequence[Scope]:
        """The scopes of the packet."""
        return self.place.scopes

    @property
    def scope(self) -> Scope:
        """The scope that the header is in."""
        return self.place.scope

    @property
    def next(self) -> Header | None:
        """The header after this one."""
        headers = self.packet.headers
        return headers[self.index + 1] if self.index + 1 < len(headers) else None

    def outside(self, *classes: type[Header]) -> Any:  # Any: of one of the classes, or None
        """The nearest header before this one, in its scope, of one of the classes."""
        headers = self.packet.headers
        for index in range(self.index - 1, self.place.scope.start - 1, -1):
            if type(headers[index]) in classes:
                return headers[index]
        return None

    @property
    def inner_scope(self) -> Scope | None:
        """The scope that this header opens."""
        return self.place.inner_scope

    def inside(self, *classes: type[Header]) -> Any:  # Any: of one of the classes, or None
        """The first header of one of the classes in the scope that this header opens."""
        inner = self.place.inner_scope
        if inner is None:
            return None
        for header in self.packet.headers[inner.start : inner.stop]:
            if type(header) in classes:
                return header
        return None

    @property
    def inside_ip(self) -> Any:  # Any: IPv4 or IPv6, or None
        """The IP header that is the content of the frame in the scope that this header opens."""
        index = self.place.inner_network
        return None if index is None else self.packet.headers[index]

    def checksum_status(self, field: str) -> ChecksumStatus | None:
        """The status of a checksum of this header, if it has one."""
        return self.statuses.get(f"{self.name}.{field}")


class Observation(msgspec.Struct, frozen=True):
    """What a check found: the path of a field, from the header on, and what is there."""

    field: str
    found: str
    of_packet: bool = False
    """Whether the path begins at the packet: `fcs`."""


Check = Callable[[Context], Iterable[Observation]]


class Rule(msgspec.Struct, frozen=True):
    """What to check, and what it means."""

    name: str
    headers: tuple[type[Header], ...]
    check: Check
    source: str
    demand: str
    rfc: Severity
    linux: Reaction | None = None
    """None: nothing is known of it, or it has no receiver for this."""
    ovs: Reaction | None = None
    needs: tuple[type[Header], ...] = ()
    """Headers of which one must be in the packet for the check to find something; none: it may in any packet."""

    def finding(self, receiver: Receiver, path: str, bits: Bits, found: str, scope: str) -> Finding:
        """The finding of this rule for what its check found at a path."""
        does = {"rfc": None, "linux": self.linux, "ovs": self.ovs}[receiver]
        severity, words = (self.rfc, "") if does is None else (does.severity, does.words)
        return Finding(severity, path, bits, found, words, self.source, self.demand, self.name, scope)
