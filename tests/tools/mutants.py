"""Mutation testing: changes one thing in a module at a time and asks whether some test notices.

python -m tests.tools.mutants                        a sample of all modules
python -m tests.tools.mutants reader writer          of these
python -m tests.tools.mutants --sample 0 checksum    all mutants, no sample

A large part of this library is source text in strings, from which codecs are generated: operators and numbers within
those strings are changed too. Each mutant is run in a process of its own, forked when all but the library is loaded.
What survives must stand in the table of docs/maintaining/mutants.md, with the reason; all else is reported, and the
command fails.
"""

from __future__ import annotations

import argparse
import ast
import importlib.abc
import importlib.machinery
import importlib.util
import io
import os
import random
import re
import resource
import signal
import sys
import tokenize
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any, Final, NamedTuple

ROOT: Final = Path(__file__).resolve().parents[2]
SOURCE: Final = ROOT / "src" / "overlaycodec"
TABLE: Final = ROOT / "docs" / "maintaining" / "mutants.md"
SAMPLE: Final = 20
PATIENCE: Final = 60
"""Seconds of work after which a mutant is one that does not end."""
MEMORY: Final = 3 << 30

QUIET: Final = ("-W", "ignore::pytest.PytestAssertRewriteWarning")  # Hypothesis is loaded before pytest looks for it

VECTORS: Final = tuple(
    f"tests/vectors/test_vectors.py::test_{name}"
    for name in (
        "decoding_gives_the_stack_and_the_fields",
        "decoding_gives_the_fault",
        "encoding_gives_the_octets_back",
        "encoding_in_one_go_gives_the_octets_back",
    )
)
AGREEMENT: Final = (
    "tests/laws/test_agreement.py::test_values_and_octets_agree",
    "tests/laws/test_agreement.py::test_faults_agree",
)
DECLARING: Final = (
    "tests/schema/test_declarations.py",
    "tests/schema/test_arguments.py",
    "tests/schema/test_vocabulary.py",
    "tests/schema/test_own_protocol.py",
)
ONE_HEADER: Final = (
    "tests/test_errors.py",
    "tests/schema/test_declarations.py",
    "tests/schema/test_vocabulary.py",
    "tests/codec/test_packet_decoder.py",
    "tests/codec/test_stack_decoder.py",
    "tests/codec/test_stack_encoder.py",
    *VECTORS,
    *AGREEMENT,
)
WALKING: Final = (
    "tests/test_errors.py",
    "tests/schema/test_vocabulary.py",
    "tests/test_stacks.py",
    "tests/test_peers_bugs.py",
    "tests/schema/test_declarations.py",
    "tests/codec/test_packet_decoder.py",
    "tests/codec/test_stack_decoder.py",
    *VECTORS,
)
SUMS: Final = (
    "tests/editing/test_checksums.py",
    "tests/schema/test_vocabulary.py",
    "tests/vlan/test_vlan.py",
    "tests/editing/test_fill.py",
    *VECTORS,
)
GUESSED: Final = (
    "tests/codec/test_stack_decoder.py",
    "tests/codec/test_stack_shape.py",
    "tests/vectors/test_vectors.py::test_a_guess_gives_the_same",
    "tests/vectors/test_vectors.py::test_most_vectors_are_guessed",
    "tests/codec/test_packet_decoder.py",
)
AT_ONCE: Final = (
    "tests/codec/test_stack_encoder.py",
    "tests/codec/test_stack_shape.py",
    "tests/vectors/test_vectors.py::test_encoding_in_one_go_gives_the_octets_back",
)
TESTS: Final[dict[str, Sequence[str]]] = {
    "schema.fields": (*DECLARING, *VECTORS),
    "schema.record": (*DECLARING, *VECTORS),
    "schema.planning": (*DECLARING, *VECTORS),
    "schema.arguments": DECLARING,
    "schema.validation": (*DECLARING, *VECTORS),
    "schema.plans": (*ONE_HEADER, *SUMS),
    "schema.layout": (
        *DECLARING,
        "tests/codec/test_options.py",
        "tests/editing/test_checksums.py",
        *VECTORS,
        *AGREEMENT,
    ),
    "codec.struct_plan": ONE_HEADER,
    "codec.header_decoder": ONE_HEADER,
    "codec.option_lists": ONE_HEADER,
    "codec.emitters": ONE_HEADER,
    "codec.header_encoder": (*ONE_HEADER, "tests/editing/test_checksums.py"),
    "codec.encode_fields": (*ONE_HEADER, "tests/editing/test_checksums.py"),
    "codec.encode_lengths": (*ONE_HEADER, "tests/editing/test_checksums.py"),
    "codec.packet_encoder": (*WALKING, "tests/codec/test_stack_encoder.py", "tests/editing/test_checksums.py"),
    "codec.pseudo_header": SUMS,
    "codec.decode_step": WALKING,
    "codec.decode_state": WALKING,
    "codec.packet_decoder": (
        *WALKING,
        "tests/laws/test_limits.py",
        "tests/editing/test_checksums.py",
        "tests/codec/test_options.py",
    ),
    "codec.catalog": (*WALKING, "tests/laws/test_limits.py", "tests/codec/test_options.py"),
    "codec.code_cache": (*WALKING, "tests/codec/test_stack_encoder.py"),
    "codec.stack_shape": (*GUESSED, *AT_ONCE),
    "codec.stack_decoder": GUESSED,
    "codec.stack_cache": GUESSED,
    "codec.stack_encoder": (*AT_ONCE, "tests/editing/test_checksums.py"),
    "checksum": SUMS,
    "editing.checksum_status": SUMS,
    "editing.fill": SUMS,
}
"""The tests of each module: quick ones, and those first that notice most."""


class Mutant(NamedTuple):
    """One change: what stands in the source from `start` to `stop`, and what stands there instead."""

    start: int
    stop: int
    text: str


# --- what is changed --------------------------------------------------------------------------------------------------

SWAPS: Final = {
    "<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "==", "is": "is not", "is not": "is",
    "in": "not in", "not in": "in", "+": "-", "-": "+", "*": "//", "//": "*", "%": "*", "<<": ">>", ">>": "<<",
    "&": "|", "|": "&", "^": "&", "and": "or", "or": "and", "+=": "-=", "-=": "+=",
}  # fmt: skip
_OPERATOR: Final = re.compile(
    r"(?<= )(<<|>>|<=|>=|==|!=|\+=|-=|//|is not|not in|is|in|and|or|[-+*%&|<>])(?= )|(?<![\w.{'\[])\d+(?![\w}\]'])"
)


_ASKED: Final = (ast.Name, ast.Call, ast.NamedExpr)
"""What is turned round where it is a condition; other conditions have operators that are changed."""


def mutants_of(text: str) -> list[Mutant]:
    """All mutants of a module, in the order of the source."""
    tree = ast.parse(text)
    lines = [0]
    for line in text.splitlines(keepends=True):
        lines.append(lines[-1] + len(line))
    passed_over = _passed_over(tree)
    found = {*_of_code(text, tree, lines, passed_over), *_of_strings(text, tree, lines, passed_over)}
    return sorted(found)


def _at(lines: list[int], line: int, column: int) -> int:
    return lines[line - 1] + column


def _passed_over(tree: ast.AST) -> set[int]:
    """The nodes that say nothing at run time: annotations, names for `import *`, what type checkers alone see."""
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
        elif isinstance(node, ast.Assert | ast.Import | ast.ImportFrom):
            silent.append(node)
    return {id(inner) for node in silent for inner in ast.walk(node)}


def _of_code(text: str, tree: ast.AST, lines: list[int], passed_over: set[int]) -> Iterator[Mutant]:
    inside = {id(inner) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for inner in ast.walk(node)}
    for node in ast.walk(tree):
        if id(node) in passed_over or id(node) in inside or not hasattr(node, "lineno"):
            continue
        start, stop = _span(node, lines)
        for first, second in _pairs(node):
            between = _span(first, lines)[1], _span(second, lines)[0]
            yield from _operator(text, *between)
        if isinstance(node, ast.Constant) and type(node.value) is int:
            yield Mutant(start, stop, str(node.value + 1))
        elif isinstance(node, ast.Constant) and type(node.value) is bool:
            yield Mutant(start, stop, str(not node.value))
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub):
            yield Mutant(start, _span(node.operand, lines)[0], "")
        elif isinstance(node, ast.If | ast.IfExp | ast.While) and _asks(node.test, passed_over):
            asked = _span(node.test, lines)
            yield Mutant(*asked, f"not ({text[slice(*asked)]})")
        elif isinstance(node, ast.Return) and node.value is not None and not _is_none(node.value):
            yield Mutant(start, stop, "return None")
        elif isinstance(node, ast.Raise) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)):
            yield Mutant(start, stop, "pass")
        elif isinstance(node, ast.AugAssign):
            yield from _operator(text, _span(node.target, lines)[1], _span(node.value, lines)[0])
        elif isinstance(node, ast.Continue | ast.Break):
            yield Mutant(start, stop, "break" if isinstance(node, ast.Continue) else "continue")


def _asks(test: ast.AST, passed_over: set[int]) -> bool:
    return isinstance(test, _ASKED) and id(test) not in passed_over


def _is_none(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _span(node: Any, lines: list[int]) -> tuple[int, int]:
    return _at(lines, node.lineno, node.col_offset), _at(lines, node.end_lineno, node.end_col_offset)


def _pairs(node: ast.AST) -> Iterator[tuple[ast.AST, ast.AST]]:
    """What stands left and right of each operator."""
    if isinstance(node, ast.BinOp):
        yield node.left, node.right
    elif isinstance(node, ast.BoolOp):
        yield from zip(node.values, node.values[1:], strict=False)
    elif isinstance(node, ast.Compare):
        yield from zip([node.left, *node.comparators], node.comparators, strict=False)


def _operator(text: str, start: int, stop: int) -> Iterator[Mutant]:
    """The mutant of the operator between two operands, which may be in parentheses."""
    found = re.search(r"[^\s()\\]+(?: (?:not|in))?", text[start:stop])
    if found and found.group() in SWAPS:
        yield Mutant(start + found.start(), start + found.end(), SWAPS[found.group()])


def _of_strings(text: str, tree: ast.AST, lines: list[int], passed_over: set[int]) -> Iterator[Mutant]:
    """Operators and numbers in the strings that are source text: those that `Source.add` and its like are given."""
    if "Source(" not in text:
        return
    silent = {node.lineno for node in ast.walk(tree) if id(node) in passed_over and isinstance(node, ast.Constant)}
    for node in ast.walk(tree):  # docstrings, and what errors say
        if isinstance(node, ast.Raise) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
            silent |= {inner.lineno for inner in ast.walk(node) if isinstance(inner, ast.Constant)}
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type != tokenize.STRING or token.start[0] in silent:
            continue
        start = _at(lines, *token.start)
        depths = _depths(token.string)
        for found in _OPERATOR.finditer(token.string):
            if depths[found.start()] == 0:
                word = found.group()
                changed = str(int(word) + 1) if word.isdigit() else SWAPS[word]
                yield Mutant(start + found.start(), start + found.end(), changed)


def _depths(string: str) -> list[int]:
    """For each character of a string, whether it stands in a field of it."""
    depth, depths = 0, []
    for character in string:
        depth += character == "{"
        depths.append(depth)
        depth -= character == "}"
    return depths


# --- one mutant -------------------------------------------------------------------------------------------------------


class Changed(importlib.machinery.SourceFileLoader):
    """Loads a module in other words."""

    def __init__(self, name: str, path: Path, text: str) -> None:
        super().__init__(name, str(path))
        self.text = text

    def get_code(self, fullname: str) -> CodeType:
        return compile(self.text, self.path, "exec", dont_inherit=True)


class Finder(importlib.abc.MetaPathFinder):
    """Finds the one module that is changed."""

    def __init__(self, loader: Changed) -> None:
        self.loader = loader

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        return importlib.util.spec_from_loader(fullname, self.loader) if fullname == self.loader.name else None


def run(module: str, text: str, tests: Sequence[str]) -> str:
    """What the tests say of a module in other words: "killed", "survived" or "timed out"."""
    child = os.fork()
    if child == 0:
        _in_child(module, text, tests)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGXCPU:
        return "timed out"
    return "survived" if status == 0 else "killed"


def _in_child(module: str, text: str, tests: Sequence[str]) -> None:
    code = 1
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (PATIENCE, PATIENCE + 5))
        loader = Changed(f"overlaycodec.{module}", (SOURCE / module.replace(".", "/")).with_suffix(".py"), text)
        sys.meta_path.insert(0, Finder(loader))
        import pytest

        code = int(pytest.main(["-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *QUIET, *tests]))
    finally:
        os._exit(code)


# --- all of them ------------------------------------------------------------------------------------------------------


def explained() -> set[tuple[str, str, str]]:
    """Module, line and change of the survivors in the table."""
    rows = [line.split(" | ") for line in TABLE.read_text().splitlines()] if TABLE.exists() else []
    return {(row[0].strip("| `"), _code(row[1]), _code(row[2])) for row in rows if len(row) == 4}


def _code(cell: str) -> str:
    return _in_one_line(cell.strip().strip("`").replace("\\|", "|"))


def _in_one_line(text: str) -> str:
    return " ".join(text.split())


def shown(text: str, mutant: Mutant) -> tuple[str, str]:
    """The line of a mutant as it was and as it is, without what surrounds it; more lines are made one."""
    first = text.rfind("\n", 0, mutant.start) + 1
    last = text.find("\n", mutant.stop)
    changed = text[first : mutant.start] + mutant.text + text[mutant.stop : last]
    return _in_one_line(text[first:last]), _in_one_line(changed)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("modules", nargs="*", default=list(TESTS), metavar="MODULE", help=", ".join(TESTS))
    parser.add_argument("--sample", type=int, default=SAMPLE, help="mutants a module; 0 for all")
    parser.add_argument("--seed", default="1", help="which ones")
    parser.add_argument("--list", action="store_true", help="show the mutants, and run none")
    arguments = parser.parse_args()
    os.environ["HYPOTHESIS_PROFILE"] = "few"
    os.chdir(ROOT)
    for name in ("construct", "hypothesis.strategies", "msgspec", "numpy", "pytest"):
        importlib.import_module(name)
    known, total, left = explained(), Counter[str](), 0
    for module in arguments.modules:
        text = ((SOURCE / module.replace(".", "/")).with_suffix(".py")).read_text()
        everything = mutants_of(text)
        chosen = everything
        if arguments.sample and len(everything) > arguments.sample:
            chosen = sorted(random.Random(f"{module} {arguments.seed}").sample(everything, arguments.sample))
        if not arguments.list and (verdict := run(module, text, TESTS[module])) != "survived":
            print(f"{module}: its tests fail as it is ({verdict}): {' '.join(TESTS[module])}")
            return 2
        counts = Counter[str]()
        for mutant in chosen:
            before, after = shown(text, mutant)
            if arguments.list:
                print(f"{module}: {before}\n{' ' * len(module)}> {after}")
                continue
            changed = text[: mutant.start] + mutant.text + text[mutant.stop :]
            verdict = run(module, changed, TESTS[module])
            if verdict == "survived" and (module, before, after) in known:
                verdict = "explained"
            counts[verdict] += 1
            if verdict == "survived":
                line = text.count("\n", 0, mutant.start) + 1
                print(f"{module}.py:{line}\n  - {before}\n  + {after}", flush=True)
        total += counts
        left += counts["survived"]
        said = ", ".join(f"{count} {verdict}" for verdict, count in sorted(counts.items()))
        print(f"{module}: {len(chosen)} of {len(everything)} mutants: {said or 'not run'}", flush=True)
    print("in all:", ", ".join(f"{count} {verdict}" for verdict, count in sorted(total.items())))
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
