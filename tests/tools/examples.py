"""What the docstrings of examples/ say: the commands for the shell."""

from __future__ import annotations

import ast
import re
import textwrap
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
EXAMPLES: Final = ROOT / "examples"


def shell_of(example: str) -> dict[str, str]:
    """The blocks of commands in the docstring of an example, by the word before the colon: Namespaces, Run, Try."""
    docstring = ast.get_docstring(ast.parse((EXAMPLES / f"{example}.py").read_text(encoding="utf-8")))
    assert docstring is not None
    blocks = re.findall(r"^(Namespaces|Run|Try):(?:.|\n)*?\n\n((?: {4}.*\n)+)", f"{docstring}\n", re.MULTILINE)
    return {name: textwrap.dedent(block) for name, block in blocks}
