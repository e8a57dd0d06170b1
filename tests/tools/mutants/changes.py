"""The mutants of a module: one operator, number, condition, return, raise or call changed in each.

A large part of this library is source text in strings, from which codecs are generated: operators and numbers within
those strings are changed too.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

SWAPS: Final = {
    "<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "==", "is": "is not", "is not": "is",
    "in": "not in", "not in": "in", "+": "-", "-": "+", "*": "//", "//": "*", "%": "*", "<<": ">>", ">>": "<<",
    "&": "|", "|": "&", "^": "&", "and": "or", "or": "and", "+=": "-=", "-=": "+=",
}  # fmt: skip
_OPERATOR: Final = re.compile(
    r"(?<= )(<<|>>|<=|>=|==|!=|\+=|-=|//|is not|not in|is|in|and|or|[-+*%&|<>])(?= )|(?<![\w.{'\[])\d+(?![\w}\]'])"
)
_CONDITIONS: Final = (ast.Name, ast.Call, ast.NamedExpr)
"""What is negated where it is a condition; other conditions have operators that are changed."""
_FUNCTIONS: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)

_SHORT: Final = 60
"""Characters of an expression that is shown around a number."""


class Key(NamedTuple):
    """What a mutant is known by: it stays the same when code moves within its function, or lines are wrapped."""

    function: str
    """`module:function`; a class, or a name that is assigned at the top of a module, counts as a function."""
    before: str
    """The changed expression or statement, in one line. If the function has several, ` #2` follows the second."""
    after: str


class Mutant(NamedTuple):
    """One change: what stands in the source from `start` to `stop`, and what stands there instead."""

    start: int
    stop: int
    text: str
    key: Key

    def applied_to(self, text: str) -> str:
        """The source of the module with the change."""
        return text[: self.start] + self.text + text[self.stop :]


@dataclass(frozen=True)
class _Change:
    """A change, and the expression or statement that a reader needs to see to understand it."""

    start: int
    stop: int
    text: str
    shown: tuple[int, int]


def mutants_of(module: str, text: str) -> list[Mutant]:
    """All mutants of a module such as `codec.catalog`, in the order of its source."""
    source = _Module(text)
    changes = {(c.start, c.stop, c.text): c for c in (*_of_code(source), *_of_strings(source))}
    times = Counter[Key]()
    mutants = []
    for _, change in sorted(changes.items()):
        start, stop = change.shown
        before, after = text[start:stop], text[start : change.start] + change.text + text[change.stop : stop]
        function = ":".join(filter(None, (module, source.function_at(change.start))))
        key = Key(function, in_one_line(before), in_one_line(after))
        times[key] += 1
        if times[key] > 1:
            key = key._replace(before=f"{key.before} #{times[key]}")
        mutants.append(Mutant(change.start, change.stop, change.text, key))
    return mutants


def in_one_line(text: str) -> str:
    """Source text without its line breaks and without more than one space."""
    return " ".join(text.split())


class _Module:
    """A module's source with its syntax tree, and which nodes have no effect at run time."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tree = ast.parse(text)
        self._lines = text.splitlines(keepends=True)
        self._starts = [0]
        for line in self._lines:
            self._starts.append(self._starts[-1] + len(line))
        self.passed_over = _passed_over(self.tree)
        self._parents = {id(child): node for node in ast.walk(self.tree) for child in ast.iter_child_nodes(node)}
        self._functions = sorted(self._spans_of_functions(self.tree, ""))

    def span(self, node: Any) -> tuple[int, int]:
        """Where a node begins and ends in the text."""
        return self._offset(node.lineno, node.col_offset), self._offset(node.end_lineno, node.end_col_offset)

    def _offset(self, line: int, column: int) -> int:
        """The offset of a column, which the tree counts in octets of UTF-8."""
        return self._starts[line - 1] + len(self._lines[line - 1].encode()[:column].decode())

    def shown(self, node: ast.AST) -> tuple[int, int]:
        """Of a number or a truth value: the expression or assignment around it, if that is short."""
        parent = self._parents[id(node)]
        own = self.span(node)
        if not isinstance(parent, ast.expr | ast.keyword | ast.Assign | ast.AnnAssign):
            return own
        if isinstance(parent, ast.UnaryOp):
            return self.shown(parent)
        around = self.span(parent)
        return around if len(in_one_line(self.text[slice(*around)])) <= _SHORT else own

    def function_at(self, offset: int) -> str:
        """The dotted name of the innermost function or class around an offset."""
        return max((s for s in self._functions if s[0] <= offset < s[1]), default=(0, 0, ""))[2]

    def _spans_of_functions(self, node: ast.AST, outer: str) -> Iterator[tuple[int, int, str]]:
        for child in ast.iter_child_nodes(node):
            name = outer
            if isinstance(child, _FUNCTIONS):
                name = f"{outer}.{child.name}".lstrip(".")
                start = min(self.span(part)[0] for part in (child, *child.decorator_list))
                yield start, self.span(child)[1], name
            elif isinstance(node, ast.Module) and (assigned := _assigned(child)):
                yield *self.span(child), assigned
            yield from self._spans_of_functions(child, name)


def _assigned(node: ast.AST) -> str:
    """The name that a statement assigns."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return next((target.id for target in targets if isinstance(target, ast.Name)), "")


def _passed_over(tree: ast.AST) -> set[int]:
    """The nodes without effect at run time: annotations, names for `import *`, what only type checkers see.

    So are assertions of the library about itself, `assert` and the `strict=True` of `zip`, and the comments that are
    written into generated source.
    """
    silent: list[ast.AST] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.AnnAssign | ast.arg) and node.annotation is not None:
            silent.append(node.annotation)
        elif isinstance(node, ast.FunctionDef) and node.returns is not None:
            silent.append(node.returns)
        elif isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == "__all__" for t in node.targets):
            silent.append(node)
        elif isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            silent += [node.test, *node.body]
        elif isinstance(node, ast.Assert | ast.Import | ast.ImportFrom) or _is_strict_zip(node) or _is_comment(node):
            silent.append(node)
    return {id(inner) for node in silent for inner in ast.walk(node)}


def _is_strict_zip(node: ast.AST) -> bool:
    return isinstance(node, ast.keyword) and node.arg == "strict" and _is_constant(node.value, True)


def _is_comment(node: ast.AST) -> bool:
    """Whether it is a call such as `source.comment("what follows")`."""
    call = node.value if isinstance(node, ast.Expr) else None
    return isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "comment"


def _of_code(source: _Module) -> Iterator[_Change]:
    in_strings = {id(n) for node in ast.walk(source.tree) if isinstance(node, ast.JoinedStr) for n in ast.walk(node)}
    for node in ast.walk(source.tree):
        if id(node) in source.passed_over or id(node) in in_strings or not hasattr(node, "lineno"):
            continue
        start, stop = source.span(node)
        for first, second in _pairs(node):
            left, right = source.span(first), source.span(second)
            operands = source.text[left[0] : right[1]]
            shown = (start, stop) if "(" in operands or ")" in operands else (left[0], right[1])
            yield from _operator(source.text, left[1], right[0], shown)
        if isinstance(node, ast.Constant) and type(node.value) is int:
            yield _Change(start, stop, str(node.value + 1), source.shown(node))
        elif isinstance(node, ast.Constant) and type(node.value) is bool:
            yield _Change(start, stop, str(not node.value), source.shown(node))
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub):
            yield _Change(start, source.span(node.operand)[0], "", source.shown(node))
        elif isinstance(node, ast.If | ast.IfExp | ast.While) and _is_condition(node.test, source.passed_over):
            test = source.span(node.test)
            shown = (start, test[1]) if isinstance(node, ast.If | ast.While) else (start, stop)
            yield _Change(*test, f"not ({source.text[slice(*test)]})", shown)
        elif isinstance(node, ast.Return) and node.value is not None and not _is_like_none(node.value):
            yield _Change(start, stop, "return None", (start, stop))
        elif isinstance(node, ast.Raise) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)):
            yield _Change(start, stop, "pass", (start, stop))
        elif isinstance(node, ast.AugAssign):
            between = source.span(node.target)[1], source.span(node.value)[0]
            yield from _operator(source.text, *between, (start, stop))
        elif isinstance(node, ast.Continue | ast.Break):
            yield _Change(start, stop, "break" if isinstance(node, ast.Continue) else "continue", (start, stop))


def _is_condition(test: ast.AST, passed_over: set[int]) -> bool:
    return isinstance(test, _CONDITIONS) and id(test) not in passed_over


def _is_like_none(node: ast.AST) -> bool:
    """Whether to return None instead is no change, or the same one as to return the other truth value."""
    return any(_is_constant(node, value) for value in (None, False, True))


def _is_constant(node: ast.AST, value: bool | None) -> bool:
    return isinstance(node, ast.Constant) and node.value is value


def _pairs(node: ast.AST) -> Iterator[tuple[ast.AST, ast.AST]]:
    """The operands left and right of each operator."""
    if isinstance(node, ast.BinOp):
        yield node.left, node.right
    elif isinstance(node, ast.BoolOp):
        yield from zip(node.values, node.values[1:], strict=False)
    elif isinstance(node, ast.Compare):
        yield from zip([node.left, *node.comparators], node.comparators, strict=False)


def _operator(text: str, start: int, stop: int, shown: tuple[int, int]) -> Iterator[_Change]:
    """The mutant of the operator between two operands, which may be in parentheses."""
    found = re.search(r"[^\s()\\]+(?: (?:not|in)\b)?", text[start:stop])
    if found and found.group() in SWAPS:
        yield _Change(start + found.start(), start + found.end(), SWAPS[found.group()], shown)


def _of_strings(source: _Module) -> Iterator[_Change]:
    """Operators and numbers in the strings that are source text: those that `Source.add` and its like are given."""
    if "Source(" not in source.text:
        return
    silent = set(source.passed_over)
    for node in ast.walk(source.tree):  # docstrings, and the messages of errors
        if isinstance(node, ast.Raise) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
            silent |= {id(inner) for inner in ast.walk(node)}
        if isinstance(node, ast.JoinedStr):
            silent |= {id(inner) for inner in ast.walk(node) if inner is not node}
    for node in ast.walk(source.tree):
        is_string = isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and type(node.value) is str)
        if not is_string or id(node) in silent:
            continue
        start, stop = source.span(node)
        literal = source.text[start:stop]
        depths = _depths(literal)
        for found in _OPERATOR.finditer(literal):
            if depths[found.start()] == 0:
                word = found.group()
                changed = str(int(word) + 1) if word.isdigit() else SWAPS[word]
                yield _Change(start + found.start(), start + found.end(), changed, (start, stop))


def _depths(string: str) -> Sequence[int]:
    """For each character of a string, whether it stands in a field of it."""
    depth, depths = 0, []
    for character in string:
        depth += character == "{"
        depths.append(depth)
        depth -= character == "}"
    return depths
