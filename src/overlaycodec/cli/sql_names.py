"""The columns that a query in SQL names, and what is said where it names others."""

from __future__ import annotations

import json
import re
from typing import Any, Final

from overlaycodec.codec.catalog import Catalog
from overlaycodec.columnar.column import RECORD_COLUMNS, columns_of
from overlaycodec.errors import PathError

__all__ = ["asks_for_all", "hint_for", "names_in"]

_QUOTED: Final = re.compile(r'"((?:[^"]|"")*)"')
_WORD: Final = re.compile(r"[A-Za-z_]\w*")
_STRING: Final = re.compile(r"'(?:[^']|'')*'" + "|" + _QUOTED.pattern)
_PATH: Final = re.compile(r"[A-Za-z_]\w*(?:\[\d+\])?(?:\.[A-Za-z_]\w*(?:\[\d+\])?)+")
_REFERENCED: Final = re.compile(r'Referenced (?:column|table) "([^"]*)"')


def asks_for_all(connection: Any, query: str) -> bool:  # Any: a connection of DuckDB, which may not be installed
    """Whether a query has `*`, or the whole row, in it, or is one of which this cannot be known."""
    ((text,),) = connection.execute("select json_serialize_sql(?)", [query]).fetchall()
    parsed = json.loads(text)
    if parsed.get("error"):
        return bool(parsed.get("error_type") != "parser")
    return _has_star(parsed)


def _has_star(node: Any) -> bool:  # Any: what JSON has
    if isinstance(node, list):
        return any(map(_has_star, node))
    if not isinstance(node, dict):
        return False
    whole = node.get("class") == "COLUMN_REF" and node.get("column_names") == ["packets"]
    return whole or node.get("class") == "STAR" or any(map(_has_star, node.values()))


def names_in(query: str, catalog: Catalog) -> list[str]:
    """The columns that are named: in quotes, and those of the record as words. Some can be named for another reason."""
    found = [name.replace('""', '"').lower() for name in _QUOTED.findall(query)]
    found += [word for word in map(str.lower, _WORD.findall(query)) if word in RECORD_COLUMNS]
    return [name for name in dict.fromkeys(found) if _problem_of(name, catalog) is None]


def hint_for(message: str, query: str, catalog: Catalog) -> str | None:
    """What is wrong with a query, after this message: a path without quotes, or a column that there is not."""
    for path in _PATH.findall(_STRING.sub("", query)):
        if _problem_of(path, catalog) is None:
            return f'the column {path} has to be in double quotes: "{path}"'
    referenced = _REFERENCED.search(message)
    problem = None if referenced is None else _problem_of(referenced[1], catalog)
    return None if problem is None else str(problem)


def _problem_of(name: str, catalog: Catalog) -> PathError | None:
    try:
        columns_of([name], catalog)
    except PathError as error:
        return error
    return None
