"""Runs the reproducers of docs/maintaining/found-bugs.md: `python tests/tools/found_bugs.py os-ken`.

It needs nothing but Python's library and the peer, so that it runs in the peer's own environment. A heading of the page
names a peer and its version; each reproducer below it is a Python session, or a shell session for programs. The exit
status is 0 if all bugs are there, 1 if one is not, and 77 if that version of the peer is not installed.
"""

from __future__ import annotations

import doctest
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

PAGE = Path(__file__).parents[2] / "docs" / "maintaining" / "found-bugs.md"
NOT_INSTALLED = 77


class Bug(NamedTuple):
    """A bug of the page."""

    peer: str
    """As pip or Debian calls it: `os-ken`."""
    version: str
    title: str
    kind: str
    """`other exception`, `wrong value`, `refuses valid`, `accepts invalid` or `does not end`."""
    language: str
    """`pycon` or `console`."""
    session: str


def setup() -> str:
    """The Python functions that the sessions use: the first block of the page."""
    found = re.search(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert found
    return found[1]


def bugs() -> Iterator[Bug]:
    """The bugs, as the page lists them."""
    for section in re.split(r"^## ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        peer, _, version = section.partition("\n")[0].rpartition(" ")
        for entry in re.split(r"^### ", section, flags=re.MULTILINE)[1:]:
            kind = re.search(r"^\*\*(.+?)\.\*\*", entry, re.MULTILINE)
            block = re.search(r"^```(pycon|console)\n(.*?)^```", entry, re.MULTILINE | re.DOTALL)
            assert kind, entry
            assert block, entry
            yield Bug(peer, version, entry.partition("\n")[0], kind[1], block[1], block[2])


def missing(peer: str, version: str) -> str | None:
    """Why a peer in Python cannot be asked; None if it is there, in this version."""
    try:
        installed = metadata.version(peer)
    except metadata.PackageNotFoundError:
        return f"{peer} is not installed"
    return None if installed == version else f"{peer} is {installed}, not {version}"


def python_difference(bug: Bug) -> str:
    """What a Python session prints otherwise; empty if the bug is there."""
    names: dict[str, object] = {}
    exec(setup(), names)
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    test = doctest.DocTestParser().get_doctest(bug.session, names, bug.title, str(PAGE), 0)
    report: list[str] = []
    doctest.DocTestRunner(optionflags=flags).run(test, out=report.append)
    return "".join(report)


def shell_difference(bug: Bug, folder: Path | None = None) -> str:
    """What a shell session, `$ command` and its output, prints otherwise; programs may be in the folder."""
    command, _, expected = bug.session.removeprefix("$ ").partition("\n")
    done = subprocess.run(command, shell=True, capture_output=True, text=True, timeout=60, cwd=folder, check=False)
    same = doctest.OutputChecker().check_output(expected, done.stdout, doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    return "" if same else f"{command}\nprints {done.stdout}{done.stderr}\nnot {expected}"


def main(peer: str) -> int:
    """Runs the bugs of one peer in Python, and prints those that are not there."""
    found = [bug for bug in bugs() if bug.peer == peer and bug.language == "pycon"]
    why = missing(peer, found[0].version) if found else f"no bug of {peer} in Python"
    if why:
        print(why)
        return NOT_INSTALLED
    different = [difference for difference in map(python_difference, found) if difference]
    print(*different, f"{len(found) - len(different)} of {len(found)} bugs of {peer} are there", sep="\n")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
