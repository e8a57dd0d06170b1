"""Generated functions: their source is registered with linecache, so that tracebacks and debuggers show it.

Strategy: source is made from declarations alone, never from input, and only when it is first used.
"""

from __future__ import annotations

import linecache
from typing import Any

__all__ = ["Source"]


class Source:
    """Lines of one function, and the objects that it names."""

    def __init__(self, name: str, signature: str) -> None:
        self.name = name
        self.lines = [f"def {name}({signature}):"]
        self.names: dict[str, Any] = {}  # Any: whatever the function calls
        self._depth = 1

    def add(self, *lines: str) -> None:
        """Lines at the present depth."""
        self.lines += ["    " * self._depth + line for line in lines]

    def indent(self) -> None:
        """One block deeper."""
        self._depth += 1

    def dedent(self) -> None:
        """Back out of a block."""
        self._depth -= 1

    def bind(self, hint: str, value: Any) -> str:  # Any: whatever the function calls
        """A name under which the function finds `value`."""
        name = hint
        number = 0
        while name in self.names and self.names[name] is not value:
            number += 1
            name = f"{hint}_{number}"
        self.names[name] = value
        return name

    def compile(self, module: str) -> Any:  # Any: a function whose type only the caller knows
        """The function."""
        text = "\n".join(self.lines) + "\n"
        filename = f"<overlaycodec {module} {self.name}>"
        linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
        namespace = dict(self.names)
        exec(compile(text, filename, "exec"), namespace)
        return namespace[self.name]
