"""What `make release-check` refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tools.release_check import ROOT, versions, wrong_builds, wrong_versions

AGREED = {"pyproject.toml": "0.2.0", "src/overlaycodec/__init__.py": "0.2.0"}
UNRELEASED = "## [Unreleased]\n\n### Added\n\n- A header.\n"
RELEASED = "## [Unreleased]\n\n## [0.2.0] - 2026-11-30\n\n### Added\n\n- A header.\n"


@pytest.mark.parametrize(
    ("changelog", "tag"),
    [(UNRELEASED, None), (RELEASED, None), (RELEASED, "v0.2.0")],
    ids=["to come", "done", "tagged"],
)
def test_versions_that_agree(changelog: str, tag: str | None) -> None:
    assert list(wrong_versions(AGREED, changelog, tag)) == []


@pytest.mark.parametrize(
    ("stated", "changelog", "tag", "says"),
    [
        (AGREED | {"src/overlaycodec/__init__.py": "0.1.0"}, UNRELEASED, None, "says version 0.1.0"),
        (AGREED, RELEASED, "v0.3.0", "the tag is v0.3.0"),
        (AGREED, UNRELEASED, "v0.2.0", "has no section of 0.2.0"),
        (AGREED, RELEASED.replace(" - 2026-11-30", ""), None, "has no date"),
        (AGREED, UNRELEASED + RELEASED.partition("\n\n")[2], None, "raise the version"),
        (AGREED, "## [0.1.0] - 2026-01-01\n", None, "neither"),
    ],
)
def test_versions_that_disagree(stated: dict[str, str], changelog: str, tag: str | None, says: str) -> None:
    (wrong,) = wrong_versions(stated, changelog, tag)
    assert says in wrong


def test_builds_that_differ(tmp_path: Path) -> None:
    paths = [tmp_path / name / "overlaycodec.whl" for name in ("first", "second")]
    for path in paths:
        path.parent.mkdir()
        path.write_bytes(b"the same")
    assert list(wrong_builds(paths[:1], paths[1:])) == []
    paths[1].write_bytes(b"another")
    assert list(wrong_builds(paths[:1], paths[1:])) == ["overlaycodec.whl is not the same twice"]


def test_the_version_is_the_same_everywhere() -> None:
    assert len(set(versions(ROOT).values())) == 1
