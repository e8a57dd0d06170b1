"""Live peers, started once, and what was compared with them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any, TypeVar

import pytest

from tests.interop.live.machine import Unavailable
from tests.interop.tally import COMPARED, Tally

P = TypeVar("P")


def pytest_itemcollected(item: pytest.Item) -> None:
    """All here is marked."""
    item.add_marker("interop")


@pytest.fixture(scope="session")
def started(request: pytest.FixtureRequest) -> Iterator[Callable[[Callable[[], P]], P]]:
    """Starts a peer on first use; it lives as long as the session. Skips, or fails, where it cannot run."""
    peers: dict[Callable[[], Any], Any] = {}  # Any: each kind of peer has its own type
    reasons: dict[Callable[[], Any], str] = {}
    with ExitStack() as stack:

        def start(kind: Callable[[], P]) -> P:
            if kind not in peers and kind not in reasons:
                try:
                    peer: Any = kind()
                except Unavailable as unavailable:
                    reasons[kind] = f"{getattr(kind, '__name__', kind)}: {unavailable}"
                else:
                    stack.callback(peer.close)
                    peers[kind] = peer
            if kind in reasons:
                if request.config.getoption("--require-interop"):
                    pytest.fail(reasons[kind])
                pytest.skip(reasons[kind])
            found: P = peers[kind]
            return found

        yield start


@pytest.fixture
def tally(request: pytest.FixtureRequest) -> Tally:
    """Where a test says what it compared."""
    return Tally(request.node.user_properties)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """A line for each peer and direction."""
    totals: dict[tuple[str, str], Counter[str]] = {}
    for report in terminalreporter.stats.get("passed", []):
        for name, value in report.user_properties:
            if name == COMPARED:
                peer, direction, packets, fields = value
                totals.setdefault((peer, direction), Counter()).update(packets=packets, fields=fields)
    if totals:
        terminalreporter.section("interop: packets and fields compared")
        for (peer, direction), total in sorted(totals.items()):
            terminalreporter.line(f"{peer:44} {direction:18} {total['packets']:7} {total['fields']:9}")
