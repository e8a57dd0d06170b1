"""Values by paths -> a packet of a pipeline."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any, Final

from overlaycodec.errors import PathError
from overlaycodec.packet.header import Header
from overlaycodec.packet.packet import Packet
from overlaycodec.packet.paths import GRAMMAR, names_of, tokens_of
from overlaycodec.pipelines.automaton import Automaton, State

__all__ = ["built", "stacks_of"]

_MOST_STACKS: Final = 20_000
"""How many stacks are tried before the search for one is given up."""

Stack = tuple[type[Header], ...]


def stacks_of(automaton: Automaton, most: int) -> Iterator[Stack]:
    """The stacks that fit, of at most so many headers, those of few headers first."""
    work: deque[tuple[State, Stack]] = deque([(automaton.start, ())])
    for _ in range(_MOST_STACKS):
        if not work:
            return
        state, stack = work.popleft()
        if state.accepting:
            yield stack
        if len(stack) < most:
            for cls in state.expected:
                following = state.after(cls)
                assert following is not None
                work.append((following, (*stack, cls)))


def built(
    automaton: Automaton, most: int, values: Mapping[str, object], headers: Mapping[str, object], payload: bytes
) -> Packet:
    """See `Pipeline.build`."""
    given = dict(values)
    _flatten("", headers, given)
    for path in given:
        if tokens_of(path) is None:
            raise PathError(f"path {path!r}", GRAMMAR)
    best: tuple[int, list[str]] = (-1, [])
    for stack in stacks_of(automaton, most):
        names = names_of(stack)
        found = {path: name for path in given if (name := _header_of(path, names)) is not None}
        if len(found) == len(given):
            return Packet(
                tuple(_header(cls, name, given, found) for cls, name in zip(stack, names, strict=True)), payload
            )
        if len(found) > best[0]:
            best = len(found), [path for path in given if path not in found]
    raise PathError(", ".join(best[1]), "any stack of the pipeline")


def _flatten(prefix: str, values: Mapping[str, Any], into: dict[str, object]) -> None:  # Any: a field's own type
    for name, value in values.items():
        path = prefix + name
        if isinstance(value, Mapping):
            if not value:
                into.setdefault(path, {})
            _flatten(path + ".", value, into)
        else:
            into[path] = value


def _header_of(path: str, names: list[str]) -> str | None:
    """The header that a path is in, of those with these names; `outer.` and `[0]` can be written."""
    path = path.removeprefix("outer.").replace("[0]", "")
    return next((name for name in names if path == name or path.startswith(name + ".")), None)


def _header(cls: type[Header], name: str, given: dict[str, object], found: dict[str, str]) -> Header:
    fields: dict[str, object] = {}
    header: object = None
    for path, owner in found.items():
        if owner == name:
            field = path.removeprefix("outer.").replace("[0]", "")[len(name) + 1 :]
            if field:
                fields[field] = given[path]
            elif isinstance(given[path], Header):
                header = given[path]
            elif given[path] != {}:
                raise TypeError(f"{name} takes the header {cls.__name__} or its fields, not {given[path]!r}")
    if header is None:
        return cls(**fields)
    if type(header) is not cls:
        raise TypeError(f"{name} takes the header {cls.__name__}, not {header!r}")
    return header.replace(**fields) if fields else header
