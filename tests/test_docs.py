"""Every example of the README, of docs/ and of the docstrings runs, and the generated page is up to date."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import runpy
from pathlib import Path

import pytest

import overlaycodec

ROOT = Path(__file__).parent.parent
PAGES = sorted([ROOT / "README.md", *ROOT.glob("docs/*.md")])
MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(overlaycodec.__path__, "overlaycodec.")
    if not module.name.endswith("__main__")
)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_examples_of_a_page(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    result = doctest.testfile(str(page), module_relative=False, optionflags=doctest.FAIL_FAST)
    assert result.failed == 0


@pytest.mark.parametrize("name", ["overlaycodec", *MODULES])
def test_the_examples_of_a_module(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_pages_with_examples_have_some() -> None:
    parser = doctest.DocTestParser()
    counts = {page.name: len(parser.get_examples(page.read_text(encoding="utf-8"))) for page in PAGES}
    assert counts["README.md"] >= 25
    assert counts["guide.md"] >= 25


def test_the_pages_of_headers_are_what_the_declarations_say() -> None:
    pages: dict[Path, str] = runpy.run_path(str(ROOT / "docs" / "generate.py"))["pages"]()
    for path, text in pages.items():
        assert text == path.read_text(encoding="utf-8"), f"{path.name}: run `make generate`"
    assert {path for path in pages if path.parent.name == "headers"} == set(ROOT.glob("docs/headers/*.md"))


def test_links_between_pages_lead_somewhere() -> None:
    import re

    for page in (*PAGES, *ROOT.glob("docs/headers/*.md")):
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"
