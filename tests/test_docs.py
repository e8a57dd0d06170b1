"""Every example of the README, of docs/ and of the docstrings runs, and the generated page is up to date."""

from __future__ import annotations

import doctest
import importlib
import re
import runpy
import shlex
import shutil
import socket
import warnings
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any

import pytest

import overlaycodec

ROOT = Path(__file__).parent.parent
PAGES = sorted(
    [ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
    + [page for folder in ("docs", "docs/tutorial", "docs/maintaining") for page in ROOT.glob(f"{folder}/*.md")]
)
SOURCES = Path(overlaycodec.__file__).parent
MODULES = {
    ".".join(path.relative_to(SOURCES.parent).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(SOURCES.rglob("*.py"))
    if path.name != "__main__.py"
}


# tests/maintaining/test_found_bugs.py runs that page, each session with its peer.
@pytest.mark.parametrize("page", [page for page in PAGES if page.name != "found-bugs.md"], ids=lambda page: page.name)
def test_the_examples_of_a_page(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if page.stem == "scapy-and-dpkt":
        pytest.importorskip("dpkt")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the packages that scapy imports
            pytest.importorskip("scapy.all")
    monkeypatch.chdir(ROOT)
    result = doctest.testfile(str(page), module_relative=False, optionflags=doctest.FAIL_FAST)
    assert result.failed == 0


@pytest.mark.parametrize("name", [name for name, path in MODULES.items() if ">>> " in path.read_text(encoding="utf-8")])
def test_the_examples_of_a_module(name: str) -> None:
    found = doctest.testmod(importlib.import_module(name))
    assert found.attempted > 0
    assert found.failed == 0


def test_every_module_can_be_imported() -> None:
    assert len(MODULES) > 300
    for name in MODULES:
        importlib.import_module(name)


def test_pages_with_examples_have_some() -> None:
    parser = doctest.DocTestParser()
    counts = {page.name: len(parser.get_examples(page.read_text(encoding="utf-8"))) for page in PAGES}
    assert counts["README.md"] >= 25
    assert counts["guide.md"] >= 25
    assert counts["CONTRIBUTING.md"] >= 15


def test_the_checks_that_contributing_explains_are_there() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    table = text.partition("### What a failing check means")[2].partition("\n\n`make interop`")[0]
    tests = "".join(path.read_text(encoding="utf-8") for path in ROOT.glob("tests/**/*.py"))
    targets = (ROOT / "Makefile").read_text(encoding="utf-8")
    names = re.findall(r"`([\w.-]+)`", "\n".join(line.split("|")[1] for line in table.splitlines() if "|" in line))
    assert len(names) > 12
    for name in names:
        if name.endswith(".py"):
            assert list(ROOT.glob(f"tests/**/{name}")), name
        elif name.startswith("test_"):
            assert f"def {name}(" in tests, name
        else:
            assert f"\n{name}:" in targets or name == "SchemaError", name


def test_the_pages_of_headers_are_what_the_declarations_say() -> None:
    pages: dict[Path, str] = runpy.run_path(str(ROOT / "docs" / "generate.py"))["pages"]()
    for path, text in pages.items():
        assert text == path.read_text(encoding="utf-8"), f"{path.name}: run `make generate`"
    assert {path for path in pages if path.parent.name == "headers"} == set(ROOT.glob("docs/headers/*.md"))


def test_links_between_pages_lead_somewhere() -> None:
    for page in (*PAGES, *ROOT.glob("docs/headers/*.md")):
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


# --- the table of what people expect ----------------------------------------------------------------------------------

COMPARED = (ROOT / "docs" / "coming-from.md").read_text(encoding="utf-8")
ROWS = [re.split(r"(?<!\\)\|", line)[1:-1] for line in COMPARED.splitlines() if line.startswith("| ")][1:]
TRACE = ROOT / "tests" / "captures" / "kernel-vxlan-inner-vlan.pcap"


@pytest.mark.parametrize(
    ("words", "page"),
    [("add protocol", "declaring"), ("own header", "declaring"), ("vxlan endpoint offload", "offloads")],
)
def test_the_headings_of_a_page_have_the_words_that_people_search(words: str, page: str) -> None:
    """The search of the site puts pages first that have the words in headings."""
    text = (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8")
    headings = " ".join(re.findall(r"^#+ (.*)", text, re.MULTILINE)).lower()
    assert [word for word in words.split() if not re.search(rf"\b{word}", headings)] == []


def test_no_cell_of_ours_is_empty() -> None:
    assert len(ROWS) > 30
    for row in ROWS:
        assert len(row) == 5
        assert re.findall(r"`[^`]+`", row[-1]), row[0]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0].strip())
def test_the_examples_of_the_table_run(row: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copy(TRACE, tmp_path / "trace.pcap")
    monkeypatch.chdir(tmp_path)
    with ExitStack() as opened:
        capture = opened.enter_context(overlaycodec.open_capture("trace.pcap"))
        one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        opened.callback(one.close)
        opened.callback(other.close)
        names: dict[str, Any] = {  # Any: the names of the page
            "oc": overlaycodec,
            "strategies": overlaycodec.strategies,
            "reassembly": overlaycodec.reassembly,
            "Annotated": Annotated,
            "capture": capture,
            "packet": next(capture.packets()),
            "socket": one,
        }
        for text in re.findall(r"`([^`]+)`", row[-1].replace("\\|", "|")):
            if "overlaycodec " in text:
                run_command(text.rpartition("| ")[2])
            else:
                exec(compile(text + "\n", "cell", "single", dont_inherit=True), names)


def run_command(text: str) -> None:
    """Runs a command line, with the capture as its standard input; it must write something."""
    from click.testing import CliRunner

    from overlaycodec.cli.commands import overlaycodec as program

    for written in Path().glob("some.*"):
        written.unlink()
    before = set(Path().iterdir())
    found = CliRunner().invoke(program, shlex.split(text)[1:], input=Path("trace.pcap").read_bytes())
    assert found.exit_code == 0, found.output
    assert found.stdout or set(Path().iterdir()) > before
