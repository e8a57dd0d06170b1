"""Whether what is here can be released: python -m tests.tools.release_check [--tag v0.2.0]

Builds the distributions twice, and compares them bit for bit; looks at their contents; and compares the version of the
project, the package, the changelog and the tag. `make release-check` also asks twine about the metadata.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
BUILT: Final = ROOT / "build" / "release"
IN_SDIST: Final = (
    "LICENSE",
    "README.md",
    "CHANGELOG.md",
    "pyproject.toml",
    "Makefile",
    "tests/conftest.py",
    "docs/guide.md",
)


def main() -> int:
    """The exit status: 1 where something is wrong, after a line for each fault."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tag", help="the tag that is to be released, such as v0.2.0")
    tag = parser.parse_args().tag
    wrong = [*wrong_versions(versions(ROOT), (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), tag or None)]
    first, second = (build(BUILT / name) for name in ("first", "second"))
    wrong += wrong_builds(first, second)
    wrong += wrong_contents(first)
    for line in wrong:
        print(f"release-check: {line}", file=sys.stderr)
    if not wrong:
        print(f"{', '.join(path.name for path in first)}: the same twice, with all that belongs in them")
    return bool(wrong)


def versions(root: Path) -> dict[str, str]:
    """The version, by the file that states it."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    source = (root / "src" / "overlaycodec" / "__init__.py").read_text(encoding="utf-8")
    found = re.search(r'^__version__ = "(.+)"$', source, re.MULTILINE)
    return {"pyproject.toml": project["version"], "src/overlaycodec/__init__.py": found[1] if found else "nothing"}


def wrong_versions(stated: dict[str, str], changelog: str, tag: str | None) -> Iterator[str]:
    """What disagrees. Without a tag, a version that the changelog does not know is the one to come."""
    version = stated["pyproject.toml"]
    for file, other in stated.items():
        if other != version:
            yield f"{file} says version {other}, pyproject.toml {version}"
    sections = dict(re.findall(r"^## \[(.+?)\](.*)$", changelog, re.MULTILINE))
    pending = re.search(r"^## \[Unreleased\]\n(.*?)(?=^## \[|\Z)", changelog, re.MULTILINE | re.DOTALL)
    entries = bool(pending and re.search(r"^- ", pending[1], re.MULTILINE))
    if tag is not None and tag != f"v{version}":
        yield f"the tag is {tag}, the version {version}"
    if version in sections:
        if not re.fullmatch(r" - \d{4}-\d\d-\d\d", sections[version]):
            yield f"CHANGELOG.md: the section of {version} has no date"
        if entries:
            yield f"CHANGELOG.md has unreleased entries, and a section of {version}: raise the version"
    elif tag is not None:
        yield f"CHANGELOG.md has no section of {version}"
    elif not entries:
        yield f"CHANGELOG.md has neither a section of {version} nor unreleased entries"


def build(folder: Path) -> list[Path]:
    """The distributions, built from the sources into a folder, with the time of the last commit."""
    for old in folder.glob("*"):
        old.unlink()
    when = subprocess.run(["git", "log", "-1", "--format=%ct"], cwd=ROOT, capture_output=True, text=True, check=True)
    environment = os.environ | {"SOURCE_DATE_EPOCH": when.stdout.strip()}
    command = [sys.executable, "-m", "build", "--outdir", str(folder), str(ROOT)]
    subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=True)
    return sorted(folder.iterdir())


def wrong_builds(first: list[Path], second: list[Path]) -> Iterator[str]:
    """Which distributions differ between two builds."""
    if [path.name for path in first] != [path.name for path in second]:
        yield "two builds gave other files"
        return
    for one, other in zip(first, second, strict=True):
        if one.read_bytes() != other.read_bytes():
            yield f"{one.name} is not the same twice"


def wrong_contents(built: list[Path]) -> Iterator[str]:
    """What is missing from the distributions, and what does not belong in the wheel."""
    wheel = next(path for path in built if path.suffix == ".whl")
    source = next(path for path in built if path.name.endswith(".tar.gz"))
    sources = {str(path.relative_to(ROOT / "src")) for path in (ROOT / "src").rglob("*") if belongs(path)}
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if not name.endswith("/")}
    about = {name for name in names if re.match(r"overlaycodec-[^/]+\.(dist-info|data)/", name)}
    yield from (f"{wheel.name} lacks {name}" for name in sorted(sources - names))
    yield from (f"{wheel.name} has {name}, which is not in src/" for name in sorted(names - sources - about))
    for wanted in (".dist-info/licenses/LICENSE", ".data/data/share/man/man1/overlaycodec.1"):
        if not any(name.endswith(wanted) for name in about):
            yield f"{wheel.name} lacks {wanted}"
    with tarfile.open(source) as archive:
        held = {name.partition("/")[2] for name in archive.getnames()}
    yield from (f"{source.name} lacks {name}" for name in IN_SDIST if name not in held)


def belongs(path: Path) -> bool:
    """Whether a path in src/ is a file of the package."""
    return (
        path.is_file()
        and "__pycache__" not in path.parts
        and not any(part.endswith(".egg-info") for part in path.parts)
    )


if __name__ == "__main__":
    sys.exit(main())
