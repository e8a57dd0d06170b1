"""Live peers, started once, and what was compared with them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any, TypeVar

import pytest

from tests.interop.live.machine import Unavailable
from tests.interop.tally import COMPARED, VERSION, Tally

P = TypeVar("P")


def pytest_itemcollected(item: pytest.Item) -> None:
    """All here is marked."""
    item.add_marker("interop")


class Peers:
    """The peers of a session, by what starts them."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._running: dict[Callable[[], Any], Any] = {}  # Any: each kind of peer has its own type
        self._missing: dict[Callable[[], Any], Unavailable] = {}

    def __call__(self, kind: Callable[[], P]) -> P:
        """The peer, started on first use. Raises: Unavailable."""
        if kind in self._missing:
            raise self._missing[kind]
        if kind not in self._running:
            try:
                peer: Any = kind()
            except Unavailable as unavailable:
                self._missing[kind] = unavailable
                raise
            self._stack.callback(peer.close)
            self._running[kind] = peer
        found: P = self._running[kind]
        return found


@pytest.fixture(scope="session")
def peers() -> Iterator[Peers]:
    with ExitStack() as stack:
        yield Peers(stack)


@pytest.fixture
def started(request: pytest.FixtureRequest, peers: Peers) -> Callable[[Callable[[], P]], P]:
    """Starts a peer, which lives as long as the session; where it cannot run here, the test is skipped or fails."""

    def start(kind: Callable[[], P]) -> P:
        try:
            peer: Any = peers(kind)
        except Unavailable as unavailable:
            if request.config.getoption("--require-interop"):
                pytest.fail(str(unavailable))
            pytest.skip(str(unavailable))
        request.node.user_properties.append((VERSION, peer.version))
        found: P = peer
        return found

    return start


@pytest.fixture
def tally(request: pytest.FixtureRequest) -> Tally:
    """Where a test says what it compared."""
    return Tally(request.node.user_properties)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """A line for each peer and direction."""
    totals: dict[tuple[str, str], Counter[str]] = {}
    versions: set[str] = set()
    for report in terminalreporter.stats.get("passed", []):
        for name, value in report.user_properties:
            if name == VERSION:
                versions.add(value)
            elif name == COMPARED:
                peer, direction, packets, fields = value
                totals.setdefault((peer, direction), Counter()).update(packets=packets, fields=fields)
    if totals:
        terminalreporter.section("interop")
        terminalreporter.line("; ".join(sorted(versions)))
        row = "{:40} {:10} {:>8} {:>10}".format
        terminalreporter.line(row("peer", "", "packets", "fields"))
        for (peer, direction), total in sorted(totals.items()):
            terminalreporter.line(row(peer, direction, total["packets"], total["fields"]))
        whole: Counter[str] = sum(totals.values(), Counter())
        terminalreporter.line(row("all", "", whole["packets"], whole["fields"]))
