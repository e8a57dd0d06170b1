"""Plain values -> Lua."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

__all__ = ["Lua", "lua_text"]

Lua: TypeAlias = "bool | int | str | Sequence[Lua] | Mapping[str, Lua] | Mapping[int, str] | None"
"""What has a literal in Lua here; a None in a mapping is left out."""

_INDENT = "  "
_WIDTH = 240


def lua_text(value: Lua, depth: int = 0) -> str:
    """The literal: a table on one line where it fits, otherwise one entry a line.

    >>> lua_text({"name": "vni", "bits": 24, "names": {0: "overlay"}})
    '{ name = "vni", bits = 24, names = { [0] = "overlay" } }'
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return '"' + "".join(map(_sign, value)) + '"'
    if isinstance(value, Sequence):
        entries = [lua_text(item, depth + 1) for item in value]
    elif value is None:
        return "nil"
    else:
        entries = [f"{_name(key)} = {lua_text(item, depth + 1)}" for key, item in value.items() if item is not None]
    if not entries:
        return "{}"
    line = "{ " + ", ".join(entries) + " }"
    if len(line) + len(_INDENT) * depth <= _WIDTH and "\n" not in line:
        return line
    inside = _INDENT * (depth + 1)
    return "{\n" + "".join(f"{inside}{entry},\n" for entry in entries) + _INDENT * depth + "}"


def _name(key: str | int) -> str:
    return key if isinstance(key, str) else f"[{key}]"


def _sign(sign: str) -> str:
    """A character of a text, as an escape where it is not plain ASCII: three digits for each octet of UTF-8."""
    if sign in '"\\':
        return "\\" + sign
    return sign if " " <= sign <= "~" else "".join(f"\\{octet:03}" for octet in sign.encode("utf-8", "replace"))
