"""Hypothesis profiles, and a guard that the tests run against what they claim to run against."""

from __future__ import annotations

import gc
import importlib
import os
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

import overlaycodec

# A shared machine stalls now and then: a slow example is no failure, so no profile has a deadline.
settings.register_profile("dev", max_examples=50, deadline=None)
settings.register_profile(
    "ci",
    max_examples=200,
    deadline=None,
    derandomize=True,  # a red CI run is red again when it is run again
    print_blob=True,
    # A guess is drawn until it is believed: of some headers, most draws are not.
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
# For the further Python versions of a CI run: the same laws, fewer examples.
settings.register_profile("brief", settings.get_profile("ci"), max_examples=50)
# For mutants, each of which has the tests to itself: those of one example are as good as many there. And for Pyodide.
settings.register_profile("few", settings.get_profile("ci"), max_examples=5, database=None)
settings.register_profile(
    "nightly",
    max_examples=5_000,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)


def _draw_no_constants_of_the_sources() -> None:
    """Let examples be the same whatever else was imported: on which worker, in which order, with which other tests.

    Hypothesis sometimes draws constants that stand in the loaded modules of the source tree, though not in those of a
    wheel. It has no setting for this; releases before 6.131 do not do so.
    """
    try:
        providers = importlib.import_module("hypothesis.internal.conjecture.providers")
    except ImportError:
        return
    none = getattr(providers, "_local_constants", None)
    if none is not None and hasattr(providers, "_get_local_constants"):
        setattr(providers, "_get_local_constants", lambda: none)  # noqa: B010 - a name that stubs may not have


_draw_no_constants_of_the_sources()
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "dev"))


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options of these tests."""
    parser.addoption(
        "--require-interop",
        action="store_true",
        help="run the tests against live stacks, and fail where a stack cannot run here",
    )


def _interop(config: pytest.Config) -> bool:
    """Whether the tests against live stacks are asked for."""
    return bool(config.getoption("--require-interop")) or "interop" in config.getoption("markexpr")


def _left_out(config: pytest.Config) -> set[str]:
    """The marks of tests that are run only where they are asked for."""
    left_out = set() if _interop(config) else {"interop"}
    return left_out | {mark for mark in ("notebook", "engines", "peers") if mark not in config.getoption("markexpr")}


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Say which copy of the package is under test, and what is left out."""
    lines = [f"overlaycodec: {Path(overlaycodec.__file__).parent}"]
    if not _interop(config):
        lines.append(
            "interop: left out; `make interop` runs the tests against live stacks (docs/maintaining/interop.md)"
        )
    return lines


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Do not even import the tests against live stacks, unless they are asked for: all there is marked."""
    folder = Path(__file__).parent / "interop"
    named = any(folder in (Path(argument).absolute(), *Path(argument).absolute().parents) for argument in config.args)
    return True if collection_path == folder and not _interop(config) and not named else None


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Look for no garbage while all that is made stays: that would be a third of collecting.

    What stays is not frozen: Hypothesis asks the garbage collector who refers to a generator of random numbers.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what needs a machine of one's own, unless it is asked for."""
    marks = _left_out(config)
    left_out = {item for item in items if not marks.isdisjoint(mark.name for mark in item.iter_markers())}
    if left_out:
        config.hook.pytest_deselected(items=[item for item in items if item in left_out])
        items[:] = [item for item in items if item not in left_out]


def pytest_sessionstart(session: pytest.Session) -> None:
    """Stop when the tests of the built wheel would import the source tree instead."""
    if os.environ.get("OVERLAYCODEC_TEST_WHEEL") and Path(overlaycodec.__file__).is_relative_to(
        session.config.rootpath / "src"
    ):
        pytest.exit("the source tree is imported, not the installed wheel", returncode=3)
