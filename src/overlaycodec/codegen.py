"""Generated functions: their source can be read in tracebacks and debuggers for as long as the function lives.

Strategy: source is made from declarations alone, never from input, and only when it is first used. What a declaration
gives reaches the source as a literal (`literal`) or as part of a name (`identifier`), never as other text. Every
function has a file name of its own in `linecache`; the entry is removed after the function was freed.
"""

from __future__ import annotations

import keyword
import linecache
import re
import weakref
from collections import deque
from contextlib import suppress
from itertools import count
from typing import Any, Final

__all__ = ["Source", "identifier", "linear", "literal", "remove_freed"]

_COLUMNS: Final = 120
_NAME_LENGTH: Final = 120
_NOT_IN_NAMES: Final = re.compile(r"[^A-Za-z0-9_]")
_TOKEN: Final = re.compile(
    r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[(\[{]|[)\]}]|(?<=,)[ ]|[ ](?=(?:and|or|if|else|[+])[ ])"""
)
"""What decides where a line can be broken: string literals, brackets, and the blanks at which it can be."""
_ASSIGNMENT: Final = re.compile(r"( *(?:\w+ = )+)(.*)")

_numbers = count(1)


def identifier(text: str) -> str:
    """A name made from the text: what cannot be part of a name becomes `_`."""
    name = _NOT_IN_NAMES.sub("_", text)[:_NAME_LENGTH]
    return name if name.isidentifier() and not keyword.iskeyword(name) else f"_{name}"


def literal(value: object) -> str:
    """The text of a constant. Raises: TypeError for what is not a number, text, octets, None or a tuple of these."""
    if value is None or value is True or value is False:
        return repr(value)
    # of the base classes: a subclass, such as an enumeration, may have another `repr`
    if isinstance(value, int):
        return int.__repr__(value)
    if isinstance(value, str):
        return str.__repr__(value)
    if isinstance(value, bytes):
        return bytes.__repr__(value)
    if isinstance(value, tuple):
        return f"({', '.join(map(literal, value))}{',' if len(value) == 1 else ''})"
    raise TypeError(f"{value!r} cannot be a constant in generated code")


def linear(value: str, unit: int, bias: int) -> str:
    """The expression for `unit` x value + `bias`."""
    text = value if unit == 1 else f"{value} * {literal(unit)}"
    return f"{text} {'+' if bias > 0 else '-'} {literal(abs(bias))}" if bias else text


class Source:
    """Lines of one function, and the objects that it names."""

    def __init__(self, name: str, signature: str) -> None:
        self.name = identifier(name)
        self.lines: list[str] = _wrapped(f"def {self.name}({signature}):")
        self.names: dict[str, Any] = {}  # Any: whatever the function calls
        self._depth = 1

    def add(self, *lines: str) -> None:
        """Adds lines at the present depth; long ones are broken within brackets."""
        for line in lines:
            self.lines += _wrapped("    " * self._depth + line)

    def comment(self, *lines: str) -> None:
        """Adds comment lines, after an empty line unless a block starts here."""
        if not self.lines[-1].endswith(":"):
            self.lines.append("")
        self.lines += ["    " * self._depth + "# " + " ".join(line.split()) for line in lines]

    def indent(self) -> None:
        """Starts a block."""
        self._depth += 1

    def dedent(self) -> None:
        """Ends a block."""
        self._depth -= 1

    def bind(self, hint: str, value: Any) -> str:  # Any: whatever the function calls
        """A name, made from `hint`, under which the function finds `value`."""
        hint = name = identifier(hint)
        number = 0
        while name in self.names and self.names[name] is not value:
            number += 1
            name = f"{hint}_{number}"
        self.names[name] = value
        return name

    def compile(self, kind: str) -> Any:  # Any: a function whose type only the caller knows
        """The function."""
        text = "\n".join(self.lines) + "\n"
        filename = f"<overlaycodec {kind} {self.name} {next(_numbers)}>"
        namespace = dict(self.names)
        exec(compile(text, filename, "exec", dont_inherit=True), namespace)
        function = namespace[self.name]
        remove_freed()
        # without a time stamp: `linecache.checkcache` keeps the entry
        linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
        weakref.finalize(function, _freed.append, filename).atexit = False
        return function


_freed: deque[str] = deque()
"""The file names of functions that were freed since the last one was made.

The garbage collector may free a function while `linecache` walks through its entries, which then must not go: they are
removed when the next function is made.
"""


def remove_freed() -> None:
    """Removes the sources of functions that were freed; done whenever a function is made."""
    with suppress(IndexError):  # not `while _freed`: another thread may take the last name in between
        while True:
            linecache.cache.pop(_freed.popleft(), None)


def _wrapped(line: str) -> list[str]:
    """The line, broken within brackets so that no piece is longer than `_COLUMNS` where that can be done."""
    if len(line) <= _COLUMNS:
        return [line]
    if (assigned := _ASSIGNMENT.fullmatch(line)) is not None:
        line = f"{assigned[1]}({assigned[2]})"
    breaks, depth = [], 0
    for token in _TOKEN.finditer(line):
        text = token.group()
        if text in "([{":
            depth += 1
        elif text in ")]}":
            depth -= 1
        elif text == " " and depth:
            breaks.append(token.start())
    following = " " * (len(line) - len(line.lstrip()) + 8)
    lines, prefix, start, last = [], "", 0, 0
    for at in [*breaks, len(line)]:
        if last and len(prefix) + at - start > _COLUMNS:
            lines.append(prefix + line[start:last])
            prefix, start, last = following, last + 1, 0
        if at - start > 0:
            last = at
    return [*lines, prefix + line[start:]]
