"""Where a frame begins behind a header that is no tunnel, or not the outermost one: sessions, tags, mirror headers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from overlaycodec.errors import MissingHeaderError
from overlaycodec.packet.header import Header
from overlaycodec.packet.paths import names_of
from overlaycodec.protocols import PPP, PPPCompressed, PPPFramed, PPPFramedCompressed

__all__ = ["session_end"]

_PPP: Final = (PPP, PPPCompressed, PPPFramed, PPPFramedCompressed)
"""They say what a session carries."""


def session_end(headers: Sequence[Header], through: str) -> int:
    """The index of the header after the one of this name, and after the rest of the session.

    The name is that of the first such header, with or without its scope. Headers of the same class that follow it, as
    a second VLAN tag does, and the PPP header of a session are taken off with it. A name with a number, "vlan[0]", is
    that of one header, and of nothing behind it.

    Raises: MissingHeaderError.
    """
    names = names_of(headers)
    scoped, numbered = "." in through, through.endswith("]")
    for index, name in enumerate(names):
        scope, _, own = name.rpartition(".")
        if "quoted" in scope.split("."):
            break
        found = name if scoped else own
        if numbered:
            if (found if found.endswith("]") else f"{found}[0]") == through:
                return index + 1
        elif found.partition("[")[0] == through:
            return _rest_of(headers, index)
    raise MissingHeaderError(through, ", ".join(names))


def _rest_of(headers: Sequence[Header], index: int) -> int:
    end = index + 1
    while end < len(headers) and type(headers[end]) is type(headers[index]):
        end += 1
    return end + 1 if end < len(headers) and isinstance(headers[end], _PPP) else end
