"""The notebook of the docs, run by Jupyter, exported as HTML, and looked at in a headless Chromium: `make notebook`."""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest

ROOT: Final = Path(__file__).parent.parent.parent
NOTEBOOK: Final = ROOT / "docs" / "notebooks" / "first-look.ipynb"
BUILD: Final = ROOT / "build" / "notebook"
VIEWS: Final = {"light": (1100, 1250), "dark": (1100, 1250), "narrow": (390, 1250)}
PICTURES: Final = {**VIEWS, "plot": (1100, 1190)}

pytestmark = pytest.mark.notebook

# Asked in the page: what has the colour of what is lit, when a row and when an octet has the focus or the pointer.
QUESTIONS: Final = """
<script>
window.addEventListener("load", () => {
  const answers = {};
  const page = [...document.querySelectorAll(".overlaycodec")].find(one => one.querySelector("[data-bits]"));
  const colour = element => getComputedStyle(element).backgroundColor;
  const row = path => page.querySelector(`[data-path="${path}"]`);
  const lit = () => [...page.querySelectorAll(".octets span[tabindex]")]
    .filter(one => colour(one) === colour(document.activeElement)).map(one => one.textContent).join(" ");
  const vni = row("vxlan.vni");
  vni.focus();
  answers.byRow = lit();
  answers.focused = document.activeElement === vni;
  const octet = page.querySelector(".octets span." + vni.classList[0]);
  octet.focus();
  answers.byOctet = colour(vni) === colour(octet) && colour(octet) !== colour(row("vxlan.reserved2"));
  const details = page.querySelector("details");
  details.querySelector("summary").click();
  answers.closed = !details.open && !row("ethernet.dst").checkVisibility();
  details.querySelector("summary").click();
  answers.background = colour(page);
  const text = [...document.querySelectorAll(".overlaycodec :is(td, th, summary, p, b):not([class])")]
    .filter(one => !one.closest("[class]:is(.faint,.note,.warn,.bad,.good)"));
  answers.colours = [...new Set(text.map(one => getComputedStyle(one).color))];
  answers.overflow = [...document.querySelectorAll(".overlaycodec")].filter(one =>
    one.getBoundingClientRect().right > document.documentElement.clientWidth + 1).length;
  answers.pages = document.querySelectorAll(".overlaycodec").length;
  answers.ids = new Set([...document.querySelectorAll(".overlaycodec")].map(one => one.id)).size;
  answers.diagrams = document.querySelectorAll(".overlaycodec svg").length;
  answers.scripts = document.querySelectorAll(".overlaycodec script").length;
  const out = document.createElement("pre");
  out.id = "answers";
  out.textContent = JSON.stringify(answers);
  document.body.append(out);
});
</script>
"""

# A picture shows the top of the page: the outer headers are closed, and a field has the focus.
PICTURED: Final = """
<script>
window.addEventListener("load", () => {
  for (const one of [...document.querySelectorAll(".overlaycodec details")].slice(0, 3)) one.open = false;
  document.querySelector('[data-path="vxlan.vni"]').focus({preventScroll: true});
});
</script>
"""


# The picture of the plot shows the page from the filter on.
FROM_THE_FILTER: Final = """
<script>
window.addEventListener("load", () => {
  const cells = [...document.querySelectorAll(".jp-Cell")];
  const filter = cells.findIndex(cell => cell.textContent.includes("A filter says which packets"));
  for (const cell of cells.slice(0, filter)) cell.remove();
});
</script>
"""


def chromium(*arguments: str) -> str:
    """What Chromium writes to its standard output."""
    program = shutil.which("chromium")
    assert program, "install the package chromium"
    command = [program, "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout


@pytest.fixture(scope="module")
def executed() -> dict[str, Any]:  # Any: JSON
    """The notebook with its outputs."""
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(NOTEBOOK, as_version=4)
    # the kernel of this interpreter, with the package that is under test
    environment = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT / "src"), environment]))
    try:
        NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(NOTEBOOK.parent)}}).execute()
    finally:
        if environment is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = environment
    BUILD.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, BUILD / "first-look.ipynb")
    run: dict[str, Any] = json.loads((BUILD / "first-look.ipynb").read_text())
    return run


@pytest.fixture(scope="module")
def exported(executed: dict[str, Any]) -> dict[str, str]:
    """The notebook as nbconvert exports it, by theme."""
    assert executed["cells"]
    pages = {}
    for theme in ("light", "dark"):
        command = [sys.executable, "-m", "nbconvert", "--to", "html", "--theme", theme, "--log-level", "ERROR"]
        subprocess.run([*command, "first-look.ipynb"], cwd=BUILD, check=True, timeout=120)
        # MathJax and RequireJS are of the template, and come from the network
        text = (BUILD / "first-look.html").read_text()
        pages[theme] = re.sub(r'<script[^>]*src="https?:[^>]*></script>', "", text)
    return pages


def page_for(exported: dict[str, str], view: str, script: str) -> str:
    return exported["dark" if view == "dark" else "light"].replace("</body>", f"{script}</body>")


def test_the_committed_notebook_has_no_outputs() -> None:
    cells = json.loads(NOTEBOOK.read_text())["cells"]
    assert not [cell for cell in cells if cell.get("outputs") or cell.get("execution_count")]


def test_each_cell_shows_its_value(executed: dict[str, Any]) -> None:
    outputs = [output for cell in executed["cells"] for output in cell.get("outputs", [])]
    assert not [output for output in outputs if output["output_type"] in ("error", "stream")]
    pages = [output["data"]["text/html"] for output in outputs if "text/html" in output.get("data", {})]
    ours = ["".join(page) for page in pages if 'class="overlaycodec"' in "".join(page)]
    assert len(ours) == 6
    for page, start in zip(ours, ("pcap capture", "packet", "header class", "4 ", "2 ", "table"), strict=True):
        assert f'aria-label="{start}' in page or start in ("4 ", "2 ")
    plain = ["".join(output.get("data", {}).get("text/plain", "")) for output in outputs]
    assert "[100, 100, 200, 200, 1, 1]" in plain  # what tshark shows in records 1 to 4, 8 and 9
    assert len([output for output in outputs if "image/png" in output.get("data", {})]) == 1


@pytest.mark.parametrize("view", VIEWS)
def test_fields_and_octets_light_each_other(exported: dict[str, str], view: str) -> None:
    path = BUILD / f"{view}.html"
    path.write_text(page_for(exported, view, QUESTIONS))
    width, height = VIEWS[view]
    dom = chromium(f"--window-size={width},{height}", "--virtual-time-budget=5000", "--dump-dom", path.as_uri())
    found = re.search(r'<pre id="answers">(.*?)</pre>', dom)
    assert found, dom[-500:]
    answers = json.loads(html.unescape(found[1]))
    assert answers["focused"]
    assert answers["byRow"] == "00 00 64"
    assert answers["byOctet"]
    assert answers["closed"]
    assert answers["background"] == ("rgb(20, 24, 29)" if view == "dark" else "rgb(255, 255, 255)")
    assert answers["colours"] == ["rgb(230, 237, 243)" if view == "dark" else "rgb(31, 35, 40)"]
    assert answers["overflow"] == 0
    assert answers["pages"] == answers["ids"] == 6
    assert answers["diagrams"] == 1
    assert answers["scripts"] == 0


@pytest.mark.parametrize("view", PICTURES)
def test_pictures_can_be_taken(exported: dict[str, str], view: str) -> None:
    """They are in build/notebook, for people to look at; those of the docs are made of them."""
    path, picture = BUILD / f"{view}-picture.html", BUILD / f"{view}.png"
    path.write_text(page_for(exported, view, FROM_THE_FILTER if view == "plot" else PICTURED))
    width, height = PICTURES[view]
    chromium(f"--window-size={width},{height}", "--virtual-time-budget=5000", f"--screenshot={picture}", path.as_uri())
    assert picture.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
