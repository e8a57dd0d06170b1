"""Pipelines as text, for command lines: `eth/vlan*/ip/udp/vxlan/eth`.

Parts are separated by `/` and alternatives by `|`; `?` makes a part optional, `*` and `+` repeat it, `{2}` and `{0,3}`
count it; parentheses group. Names are those of headers in paths, and `eth` and `ip` for short.
"""

from __future__ import annotations

import re
from typing import Final

from overlaycodec.codec.catalog import Catalog
from overlaycodec.pipelines.pattern import AnyOf, InOrder, Part, Repeated
from overlaycodec.values.nearest_names import nearest

__all__ = ["pattern_of"]

_TOKEN: Final = re.compile(r"\s*([a-z_][a-z0-9_]*|\{\s*\d{1,3}\s*(?:,\s*\d{0,3}\s*)?\}|[/|()?*+])")
_SHORT: Final = {"eth": ("ethernet",), "ip": ("ipv4", "ipv6")}
_DEEPEST: Final = 16
"""How many parentheses can be within each other."""


def pattern_of(text: str, catalog: Catalog) -> InOrder:
    """The pattern that the text describes. Raises: ValueError, which says where the text is wrong."""
    reader = _Reader(text, catalog)
    pattern = reader.sequence(0)
    if reader.token:
        raise reader.error("the end, or / and a header")
    return pattern


class _Reader:
    def __init__(self, text: str, catalog: Catalog) -> None:
        self._text, self._catalog = text, catalog
        self._start = self._end = 0
        self.token = ""
        self._advance()

    def error(self, wanted: str) -> ValueError:
        """An error at the present token."""
        return ValueError(f"{self._text!r}: {self.token or 'the end'} (character {self._start + 1}) is not {wanted}")

    def _advance(self) -> None:
        rest = self._text[self._end :].lstrip()
        self._start = len(self._text) - len(rest)
        match = _TOKEN.match(self._text, self._start)
        if rest and match is None:
            self.token = rest[0]
            raise self.error("part of a pipeline")
        self.token = match[1] if match is not None else ""
        self._end = self._start + len(self.token)

    def sequence(self, depth: int) -> InOrder:
        """Parts with `/` between them."""
        parts = [self._alternatives(depth)]
        while self.token == "/":
            self._advance()
            parts.append(self._alternatives(depth))
        return InOrder.of(tuple(parts))

    def _alternatives(self, depth: int) -> Part:
        options = [self._part(depth)]
        while self.token == "|":
            self._advance()
            options.append(self._part(depth))
        return options[0] if len(options) == 1 else AnyOf.of(*options)

    def _part(self, depth: int) -> Part:
        part: Part
        if self.token == "(" and depth < _DEEPEST:
            self._advance()
            part = self.sequence(depth + 1)
            if self.token != ")":
                raise self.error("a closing parenthesis")
        elif self.token[:1].isalpha():
            part = self._header()
        else:
            raise self.error("the name of a header, such as vxlan")
        self._advance()
        if self.token == "?":
            part = self._repeated(part, 0, 1)
        elif self.token in ("*", "+"):
            part = self._repeated(part, int(self.token == "+"), None)
        elif self.token.startswith("{"):
            least, comma, most = self.token[1:-1].partition(",")
            part = self._repeated(part, int(least), (int(most) if most.strip() else None) if comma else int(least))
        return part

    def _repeated(self, part: Part, least: int, most: int | None) -> Part:
        try:
            repeated = Repeated.of(part, slice(least, most))
        except ValueError:
            raise self.error("a count from {0,1} to {255}") from None
        self._advance()
        return repeated

    def _header(self) -> Part:
        found = []
        for name in _SHORT.get(self.token, (self.token,)):
            cls = self._catalog.header_called(name)
            if cls is None:
                names = [known.__layout__.name for known in self._catalog.headers]
                near = nearest(self.token, [*names, *_SHORT])
                hint = f": did you mean {' or '.join(near)}?" if near else ", such as vxlan"
                raise self.error(f"the name of a header{hint}")
            found.append(cls)
        return found[0] if len(found) == 1 else AnyOf.of(*found)
