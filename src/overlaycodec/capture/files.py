"""Several files as one source: lists of paths, URLs and splits, and patterns of names."""

from __future__ import annotations

import errno
import glob
import os
from typing import TYPE_CHECKING, TypeAlias

from overlaycodec.capture.split import Split
from overlaycodec.capture.urls import is_url, matching_urls

if TYPE_CHECKING:
    from typing_extensions import TypeIs

    File: TypeAlias = "str | os.PathLike[str] | Split"

__all__ = ["file_name", "files_in", "is_file"]


def files_in(source: object) -> list[File] | None:
    """The files of a list or a tuple of paths, URLs, patterns and splits, or of a pattern; None for other sources.

    A pattern is a name with `*`, `?` or `[` that no file has. Its files are in the order of their names.

    Raises: FileNotFoundError for a pattern that matches none; TypeError for a list of files and other things.
    """
    if isinstance(source, str | os.PathLike):
        return _matching(source) if _is_pattern(source) else None
    entries: list[object] = [*source] if isinstance(source, list | tuple) else []
    if not entries or not is_file(entries[0]):
        return None
    files: list[File] = []
    for number, file in enumerate(entries):
        if not isinstance(file, str | os.PathLike | Split):
            raise TypeError(f"source[{number}] is {type(file).__name__}, and source[0] a file: give files alone")
        files += _matching(file) if not isinstance(file, Split) and _is_pattern(file) else [file]
    return files


def is_file(source: object) -> TypeIs[File]:
    """Whether this is a path, a URL or a split."""
    return isinstance(source, str | os.PathLike | Split)


def file_name(file: File) -> str:
    """The name of a file in messages."""
    return file.path if isinstance(file, Split) else os.fspath(file)


def _is_pattern(path: str | os.PathLike[str]) -> bool:
    name = os.fspath(path)
    if is_url(name):
        return "*" in name  # a question mark begins the query of a URL
    return glob.has_magic(name) and not os.path.lexists(name)


def _matching(path: str | os.PathLike[str]) -> list[File]:
    name = os.fspath(path)
    found = matching_urls(name) if is_url(name) else sorted(glob.glob(name, recursive=True))
    if not found:
        raise FileNotFoundError(errno.ENOENT, "no file matches", name)
    return list(found)
