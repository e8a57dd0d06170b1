"""Counters over captures: packets and octets by network, by tag, by host, by fault.

Strategy: tables come from a scan one after another; each column is grouped by NumPy and only the groups are counted in
Python. The columns follow from the names that occur and from the traits of their headers, so that a new tunnel is
counted without a change here. A capture of very many hosts costs bounded memory: the hosts with the fewest octets are
dropped, and the report shows it.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from ipaddress import IPv4Address, IPv6Address
from typing import Any, Final, Generic, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from overlaycodec.capture.bulk.arrays import Mask
from overlaycodec.codec.catalog import Catalog
from overlaycodec.columnar.column import RECORD_COLUMNS
from overlaycodec.columnar.table import Table
from overlaycodec.describe.traits import traits_of
from overlaycodec.packet.header import Header

__all__ = ["Count", "Network", "Plan", "Tally", "plan_of"]

K = TypeVar("K", bound=Hashable)

_IPV4_OCTETS: Final = 4

MOST: Final = 1 << 17
"""The most keys of a kind that are counted at once."""


class Count(msgspec.Struct):
    """Packets, and their octets on the wire."""

    packets: int = 0
    octets: int = 0

    def add(self, packets: int, octets: int) -> None:
        """Counts more of them."""
        self.packets += packets
        self.octets += octets


class Ranking(Generic[K]):
    """Counts by key."""

    def __init__(self) -> None:
        self._counts: dict[K, Count] = {}
        self.complete = True
        """Whether nothing was dropped; else counts are lower bounds."""

    def add(self, key: K, packets: int, octets: int) -> None:
        """Adds to the count of a key."""
        found = self._counts.get(key)
        if found is None:
            if len(self._counts) >= MOST:
                self._drop_least()
            found = self._counts[key] = Count()
        found.add(packets, octets)

    def _drop_least(self) -> None:
        self.complete = False
        self._counts = dict(self.items()[: MOST // 2])

    def items(self) -> list[tuple[K, Count]]:
        """The keys and their counts, most octets first."""
        return sorted(self._counts.items(), key=lambda item: item[1].octets, reverse=True)

    def merge(self, other: Ranking[K]) -> None:
        """Adds the counts of another ranking."""
        self.complete = self.complete and other.complete
        for key, counted in other.items():
            self.add(key, counted.packets, counted.octets)

    def __len__(self) -> int:
        return len(self._counts)


class Network(msgspec.Struct, frozen=True):
    """A tunnel or a tag, and its identifier: a VNI, a key, a VID; None where it has none."""

    kind: str
    number: int | None

    def __str__(self) -> str:
        return self.kind if self.number is None else f"{self.kind} {self.number}"


IP_IN_IP: Final = Network("ip in ip", None)


class Host(msgspec.Struct, frozen=True):
    """An address in its network."""

    network: Network | None
    number: int
    """The address; only those that are shown become text."""
    octets: int

    @property
    def address(self) -> str:
        """The address as text."""
        return str(IPv4Address(self.number) if self.octets == _IPV4_OCTETS else IPv6Address(self.number))


class Label(msgspec.Struct, frozen=True):
    """The columns of a tunnel or a tag."""

    kind: str
    there: str
    """A column that has a value wherever the header is."""
    number: str | None


class Scope(msgspec.Struct, frozen=True):
    """The columns of the addresses of one scope, and the tunnels that lead there."""

    prefix: str
    pairs: tuple[tuple[str, str], ...]
    tunnels: tuple[Label, ...]
    """The innermost first."""
    links: tuple[str, ...]
    """Columns that have a value where the scope has a link header."""


class Plan(msgspec.Struct, frozen=True):
    """The columns to read of a capture."""

    tunnels: tuple[Label, ...]
    tags: tuple[tuple[bool, Label], ...]
    """With each: whether it is inside a tunnel."""
    scopes: tuple[Scope, ...]
    """The innermost first."""

    @property
    def names(self) -> list[str]:
        """The columns that are needed."""
        labels = [*self.tunnels, *(label for _, label in self.tags)]
        columns = [column for label in labels for column in (label.there, label.number) if column]
        columns += [column for scope in self.scopes for pair in scope.pairs for column in (*pair, *scope.links)]
        return list(dict.fromkeys(["time_ns", "wire_length", "captured_length", "link_type", "fault", *columns]))


def plan_of(names: Iterable[str], catalog: Catalog) -> Plan:
    """The columns to read, by the names of the columns that occur."""
    headers = {cls.__layout__.name: cls for cls in catalog.headers}
    paths = dict.fromkeys(name.rpartition(".")[0] for name in names if "." in name and name not in RECORD_COLUMNS)
    tunnels: dict[str | None, list[Label]] = {}
    tags: list[tuple[bool, Label]] = []
    pairs: dict[str, list[tuple[str, str]]] = {}
    links: dict[str, list[str]] = {}
    for path in paths:
        prefix, _, last = path.rpartition(".")
        if "quoted" in prefix:
            continue
        cls = headers[last.partition("[")[0]]
        label = _label_of(cls, path if prefix else f"outer.{path}")
        if cls.__layout__.tunnel:
            tunnels.setdefault(prefix, []).append(label)
        elif label.number is not None:
            tags.append((bool(prefix), label))
        elif cls.__layout__.layer == "link":
            links.setdefault(prefix, []).append(label.there)
        elif cls.__layout__.layer == "network" and "[" not in last and _addressed(cls):
            at = path if prefix else f"outer.{path}"
            pairs.setdefault(prefix, []).append((f"{at}.src", f"{at}.dst"))
    scopes = tuple(
        Scope(
            prefix,
            tuple(pairs[prefix]),
            tuple(reversed(tunnels.get(_around(prefix), []))),
            tuple(links.get(prefix, ())),
        )
        for prefix in sorted(pairs, key=len, reverse=True)
    )
    return Plan(tuple(label for labels in tunnels.values() for label in labels), tuple(tags), scopes)


def _around(prefix: str) -> str | None:
    """The scope around a scope; None around the outermost."""
    return prefix.rpartition(".")[0] if prefix else None


def _addressed(cls: type[Header]) -> bool:
    by_name = cls.__layout__.by_name
    return all(name in by_name and by_name[name].kind in ("ipv4", "ipv6") for name in ("src", "dst"))


def _label_of(cls: type[Header], path: str) -> Label:
    fields = cls.__layout__.fields
    there = next(field for field in fields if not field.optional)
    identifiers = traits_of(cls).identifiers
    return Label(cls.__layout__.name, f"{path}.{there.name}", f"{path}.{identifiers[0].name}" if identifiers else None)


class Tally:
    """What was counted of a capture, or of several."""

    def __init__(self) -> None:
        self.all, self.captured = Count(), 0
        self.first_ns: int | None = None
        self.last_ns: int | None = None
        self.link_types: Ranking[int] = Ranking()
        self.faults: Ranking[str] = Ranking()
        self.tunnels: Ranking[Network] = Ranking()
        self.tags: dict[bool, Ranking[Network]] = {False: Ranking(), True: Ranking()}
        """Outside of tunnels, and inside."""
        self.sent: dict[bool, Ranking[Host]] = {False: Ranking(), True: Ranking()}
        self.received: dict[bool, Ranking[Host]] = {False: Ranking(), True: Ranking()}

    def merge(self, other: Tally) -> None:
        """Counts what was counted of another capture."""
        self.all.add(other.all.packets, other.all.octets)
        self.captured += other.captured
        self._span([stamp for stamp in (other.first_ns, other.last_ns) if stamp is not None])
        pairs: list[tuple[Ranking[Any], Ranking[Any]]] = [  # Any: each with its own keys
            (self.link_types, other.link_types), (self.faults, other.faults), (self.tunnels, other.tunnels),
        ]  # fmt: skip
        for inside in (False, True):
            pairs += [
                (self.tags[inside], other.tags[inside]),
                (self.sent[inside], other.sent[inside]),
                (self.received[inside], other.received[inside]),
            ]
        for mine, others in pairs:
            mine.merge(others)

    def add(self, table: Table, plan: Plan) -> None:
        """Counts the packets of a table."""
        octets = table["wire_length"].data
        self.all.add(len(table), int(octets.sum()))
        self.captured += int(table["captured_length"].sum()) if len(table) else 0
        stamps = table["time_ns"].compressed()
        self._span([stamps.min(), stamps.max()] if len(stamps) else [])
        everything = np.ones(len(table), np.bool_)
        rankings: list[tuple[str, Ranking[Any]]] = [("link_type", self.link_types), ("fault", self.faults)]
        for name, ranking in rankings:  # Any: each with its own keys
            for value, packets, total in _grouped(table, name, everything, octets):
                if value is not None:
                    ranking.add(value, packets, total)
        for label in plan.tunnels:
            self._networks(table, label, octets, self.tunnels)
        for inside, label in plan.tags:
            self._networks(table, label, octets, self.tags[inside])
        self._hosts(table, plan, octets)

    def _span(self, stamps: Iterable[int]) -> None:
        for stamp in map(int, stamps):
            self.first_ns = stamp if self.first_ns is None else min(self.first_ns, stamp)
            self.last_ns = stamp if self.last_ns is None else max(self.last_ns, stamp)

    def _networks(self, table: Table, label: Label, octets: NDArray[Any], ranking: Ranking[Network]) -> None:
        there = _there(table, label.there)
        for value, packets, total in _grouped(table, label.number, there, octets):
            ranking.add(Network(label.kind, value), packets, total)

    def _hosts(self, table: Table, plan: Plan, octets: NDArray[Any]) -> None:
        """Who sends and who receives: outside, and in the innermost scope that has addresses."""
        inner = np.zeros(len(table), np.bool_)
        for scope in plan.scopes:
            inside = scope.prefix != ""
            for src, dst in scope.pairs:
                there = _there(table, src)
                networks, codes = _networks_of(table, scope, there)
                if networks[-1] == IP_IN_IP:
                    bare = codes == len(networks) - 1
                    self.tunnels.add(IP_IN_IP, int(bare.sum()), int(octets[bare].sum()))
                mask = there & ~inner if inside else there
                if not mask.any():
                    continue
                for column, ranking in ((src, self.sent[inside]), (dst, self.received[inside])):
                    known, addresses = np.unique(table[column].data[mask], return_inverse=True)
                    size, numbers = known.dtype.itemsize, known.tolist()
                    if size != _IPV4_OCTETS:
                        numbers = [int.from_bytes(number, "big") for number in numbers]
                    pairs = codes[mask] * len(known) + addresses.reshape(-1)
                    for pair, packets, total in _counts(pairs, octets[mask]):
                        host = Host(networks[pair // len(known)], numbers[pair % len(known)], size)
                        ranking.add(host, packets, total)
                if inside:
                    inner |= there


def _there(table: Table, name: str) -> Mask:
    return ~np.ma.getmaskarray(table[name])


def _counts(values: NDArray[Any], octets: NDArray[Any]) -> Iterator[tuple[Any, int, int]]:  # Any: a column's own type
    """Each value, how many packets have it, and their octets."""
    known, codes = np.unique(values, return_inverse=True)
    codes = codes.reshape(-1)
    packets = np.bincount(codes, minlength=len(known)).tolist()
    totals = np.bincount(codes, weights=octets, minlength=len(known)).tolist()
    for value, count, total in zip(known.tolist(), packets, totals, strict=True):
        yield value, count, int(total)


def _grouped(table: Table, name: str | None, mask: Mask, octets: NDArray[Any]) -> Iterator[tuple[Any, int, int]]:
    """The packets of the mask by their value in a column; None where they have none."""
    there = mask & _there(table, name) if name is not None else np.zeros(len(table), np.bool_)
    if name is not None and there.any():
        yield from _counts(table[name].data[there], octets[there])
    if (without := mask & ~there).any():
        yield None, int(without.sum()), int(octets[without].sum())


def _networks_of(table: Table, scope: Scope, mask: Mask) -> tuple[list[Network | None], NDArray[np.int64]]:
    """The networks that lead to a scope, and which one each packet of the mask is of."""
    networks: list[Network | None] = [None]
    codes = np.zeros(len(table), np.int64)
    left = mask
    for label in scope.tunnels:
        there = left & _there(table, label.there)
        left = left & ~there
        known = there & _there(table, label.number) if label.number else np.zeros(len(table), np.bool_)
        if label.number and known.any():
            values, inverse = np.unique(table[label.number].data[known], return_inverse=True)
            codes[known] = len(networks) + inverse.reshape(-1)
            networks += [Network(label.kind, value) for value in values.tolist()]
        if (there & ~known).any():
            codes[there & ~known] = len(networks)
            networks.append(Network(label.kind, None))
    for link in scope.links:
        left = left & ~_there(table, link)
    if scope.prefix and left.any():
        codes[left] = len(networks)
        networks.append(IP_IN_IP)
    return networks, codes
