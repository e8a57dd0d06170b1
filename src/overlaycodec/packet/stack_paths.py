"""What paths, scopes and flows are in a stack of headers: found once for the classes of its headers.

Strategy: all of this depends on the classes alone, and packets have few stacks. The table of stacks is bounded, and so
is that of the paths of each.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from ipaddress import IPv4Address, IPv6Address
from typing import Final

import msgspec

from overlaycodec.packet.header import Header
from overlaycodec.packet.paths import Scope, Token, find, names_of, scopes_of, tokens_of
from overlaycodec.schema.keyspaces import IP_PROTOCOL
from overlaycodec.values.by_class import ByClass

__all__ = ["STACKS", "FlowKey", "StackPaths", "target_of"]


class FlowKey(msgspec.Struct, frozen=True, gc=False):
    """The key that identifies a flow; the ports are None if the protocol has none."""

    src: IPv4Address | IPv6Address
    dst: IPv4Address | IPv6Address
    protocol: int
    src_port: int | None
    dst_port: int | None


class StackPaths:
    """The scopes of a stack, the names of its headers, and where paths lead in it."""

    def __init__(self, classes: tuple[type[Header], ...]) -> None:
        self.classes = classes
        self.scopes: tuple[Scope, ...] = tuple(scopes_of(classes))
        self.targets = ByClass(self._target)
        """By the path: the index of a header; the field, where the path names one and nothing in it; its tokens."""

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The full path of each header."""
        return tuple(names_of(self.classes))

    def _target(self, path: str) -> tuple[int, str | None, tuple[Token, ...]]:
        """What a path names. Raises: PathError."""
        if path in ("payload", "fcs"):
            return -1, None, ()
        if (tokens := tokens_of(path)) and tokens[0] == ("trailer", None) and len(tokens) > 1:
            return -1, None, tokens[1:]
        found = find(self.classes, path)
        name, number = found.rest[0] if len(found.rest) == 1 else ("", None)
        known = number is None and name in self.classes[found.header].__layout__.by_name
        return found.header, name if known else None, found.rest

    @cached_property
    def flow(self) -> tuple[int | None, tuple[int, str] | None, int | None]:
        """The indices of the IP header, of the header with the protocol (and its field) and of that with the ports."""
        network: int | None = None
        protocol: tuple[int, str] | None = None
        for index in range(self.scopes[0].start, self.scopes[0].stop):
            layout = self.classes[index].__layout__
            if layout.layer == "network":
                network = index
            if layout.selector is not None and layout.next.space is IP_PROTOCOL:
                protocol = index, layout.selector.name
            elif network is not None and layout.layer is None:
                ports = "src_port" in layout.by_name and "dst_port" in layout.by_name
                return network, protocol, index if ports else None
        return network, protocol, None


STACKS: Final = ByClass(StackPaths)
"""By the classes of the headers: `STACKS[tuple(map(type, headers))]`."""


def target_of(headers: Sequence[Header], path: str) -> tuple[int, str | None, tuple[Token, ...]]:
    """What a path names among the headers, as `StackPaths.targets` has it. Raises: PathError."""
    try:
        target: tuple[int, str | None, tuple[Token, ...]] = STACKS[tuple(map(type, headers))].targets[path]
    except TypeError:  # no text
        find(headers, path)
        raise
    return target
