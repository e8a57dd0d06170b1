"""The code cells of the notebooks of the docs run in order, where matplotlib is: in `make notebook`.

`make docs` runs them in Jupyter and shows the results.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import pytest

from overlaycodec import Capture

ROOT: Final = Path(__file__).parent.parent.parent
NOTEBOOKS: Final = sorted((ROOT / "docs" / "notebooks").glob("*.ipynb"))


@pytest.mark.notebook
@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_cells_of_a_notebook_run(notebook: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    monkeypatch.setenv("MPLBACKEND", "agg")  # draws without a display
    monkeypatch.chdir(notebook.parent)
    names: dict[str, Any] = {}  # Any: the names of the notebook
    for number, source in enumerate(sources):
        exec(compile(source, f"{notebook.name}, code cell {number}", "exec", dont_inherit=True), names)
    for value in names.values():  # a notebook leaves its captures open, as people do
        if isinstance(value, Capture):
            value.close()


def test_no_notebook_is_stored_with_results() -> None:
    """They would grow old; the site has those of its build."""
    for notebook in NOTEBOOKS:
        for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
            assert not cell.get("outputs"), notebook.name
            assert cell.get("execution_count") is None, notebook.name


def test_the_site_has_every_notebook() -> None:
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    for notebook in NOTEBOOKS:
        assert f"\nnotebooks/{notebook.stem}\n" in index, notebook.name
