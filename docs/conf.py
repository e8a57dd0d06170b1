"""Sphinx's settings: `make docs`. Nothing is downloaded while building."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import overlaycodec
from overlaycodec.schema.record import WireStruct

project = "overlaycodec"
author = "The overlaycodec authors"
project_copyright = author
version = release = overlaycodec.__version__

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx_copybutton"]
exclude_patterns = ["man"]
source_suffix = {".md": "myst-nb", ".ipynb": "myst-nb"}

# Markdown
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 4
nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_timeout = 300
nb_merge_streams = True
highlight_language = "none"  # a code block without a language is a figure or what a program wrote

# Docstrings are plain text, in which backticks hold code.
default_role = "code"
autodoc_typehints = "signature"
autodoc_member_order = "bysource"
autodoc_class_signature = "separated"
autodoc_default_options = {"members": True, "show-inheritance": True}
autodoc_preserve_defaults = True
add_module_names = False
toc_object_entries_show_parents = "hide"

# Pages
html_theme = "furo"
html_title = "overlaycodec"
html_static_path = ["static"]
html_css_files = ["narrow.css"]
html_show_sourcelink = False
html_search_scorer = str(Path(__file__).parent / "scorer.js")
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
pygments_style = "friendly"
pygments_dark_style = "monokai"


def purpose_alone(app: object, what: str, name: str, value: object, options: object, lines: list[str]) -> None:
    """The help text of a header has a figure and a table; here its purpose is enough."""
    if isinstance(value, type) and issubclass(value, WireStruct) and hasattr(value, "__layout__"):
        lines[:] = [value.__layout__.purpose.splitlines()[0]]


def setup(app: Any) -> None:  # Any: Sphinx, which type checks of the tests do not need
    """Called by Sphinx."""
    app.connect("autodoc-process-docstring", purpose_alone)
