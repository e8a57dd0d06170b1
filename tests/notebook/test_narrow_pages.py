"""The index of the site on a telephone: an entry of the length that Sphinx writes, in Chromium at a width of 390 px."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest

from tests.notebook.test_first_look import chromium

STYLE: Final = Path(__file__).parent.parent.parent / "docs" / "static" / "narrow.css"
ENTRY: Final = (
    "<td style='width: 33%; vertical-align: top;'><ul><li>minimum_reassembled_octets_of_a_datagram</li></ul></td>"
)
INDEX: Final = f"<table style='width: 100%' class='indextable genindextable'><tr>{ENTRY}{ENTRY}</tr></table>"

pytestmark = pytest.mark.notebook


def test_the_index_is_no_wider_than_a_telephone(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text(
        f"<!doctype html><meta charset='utf-8'><style>body {{ font: 16px monospace }}{STYLE.read_text()}</style>{INDEX}"
    )
    frame = tmp_path / "frame.html"  # Chromium makes no window as narrow as that, but a frame
    frame.write_text(
        "<!doctype html><iframe src='index.html' width='390' onload='document.title = "
        'this.contentDocument.documentElement.scrollWidth + " of " + this.clientWidth\'></iframe>'
    )
    page = chromium("--allow-file-access-from-files", "--virtual-time-budget=5000", "--dump-dom", frame.as_uri())
    found = re.search(r"<title>(\d+) of (\d+)</title>", page)
    assert found
    assert int(found[1]) <= int(found[2]) == 390
