"""The site's reference has every public name once; headers and options have pages of their own."""

from __future__ import annotations

import re
from collections import Counter

import overlaycodec as oc
from overlaycodec import errors, protocols
from tests.tools.public_api import PAGE

REFERENCE = PAGE.parent.parent / "reference"


def test_every_public_name_is_in_the_reference_once() -> None:
    listed: Counter[str] = Counter()
    for page in REFERENCE.glob("*.md"):
        listed.update(
            re.findall(r"^\.\. auto(?:class|data|exception|function):: (\w+)$", page.read_text("utf-8"), re.MULTILINE)
        )
    assert {name: count for name, count in listed.items() if count > 1} == {}
    assert set(listed) == set(oc.__all__) - set(protocols.__all__)


def test_every_documented_submodule_is_in_the_reference() -> None:
    modules = [name for name in dir(oc) if not name.startswith("_") and name not in oc.__all__]
    for name in modules:
        assert f".. automodule:: overlaycodec.{name}\n" in (REFERENCE / f"{name}.md").read_text("utf-8")


def test_every_error_is_explained_once() -> None:
    page = (REFERENCE.parent / "errors.md").read_text("utf-8")
    explained = re.findall(r"^\| `(\w+Error)` \|", page, re.MULTILINE)
    assert sorted(explained) == sorted({*errors.__all__} - {"CodecError"})


def test_every_page_of_the_reference_is_reached() -> None:
    index = (REFERENCE / "index.md").read_text("utf-8")
    assert {page.stem for page in REFERENCE.glob("*.md")} - {"index"} == set(
        re.findall(r"^[a-z_]+$", index, re.MULTILINE)
    )
