"""Hypothesis profiles, and a guard that the tests run against what they claim to run against."""

from __future__ import annotations

import os
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
    suppress_health_check=[HealthCheck.too_slow],
)
# For the further Python versions of a CI run: the same laws, fewer examples.
settings.register_profile("brief", settings.get_profile("ci"), max_examples=50)
settings.register_profile(
    "nightly",
    max_examples=5_000,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "dev"))


def pytest_report_header() -> list[str]:
    """Say which copy of the package is under test."""
    return [f"overlaycodec: {Path(overlaycodec.__file__).parent}"]


def pytest_sessionstart(session: pytest.Session) -> None:
    """Stop when the tests of the built wheel would import the source tree instead."""
    if os.environ.get("OVERLAYCODEC_TEST_WHEEL") and Path(overlaycodec.__file__).is_relative_to(
        session.config.rootpath / "src"
    ):
        pytest.exit("the source tree is imported, not the installed wheel", returncode=3)
