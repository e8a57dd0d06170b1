"""No change of the public interface goes unseen: it is written down, and compared with the sources."""

from __future__ import annotations

from tests.tools import public_api


def test_the_public_interface_is_written_down() -> None:
    """`make generate` writes the file; docs/maintaining/versions.md says what a change of it means."""
    assert public_api.PAGE.read_text(encoding="utf-8") == public_api.page()
