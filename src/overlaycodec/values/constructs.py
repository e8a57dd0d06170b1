"""The way out to construct: fields that a `construct` object reads and builds, their values frozen.

Strategy: this module is the only one that loads construct for decoding and encoding; nothing imports it before a field
asks for it. What construct raises is foreign code's: all of it becomes this library's errors here.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from typing import Any

import construct

from overlaycodec.errors import DecodeError, EncodeError, TruncatedError

__all__ = ["FrozenMapping", "build_octets", "frozen", "parse_octets", "refusal"]

_LAZY = (construct.Lazy, construct.LazyStruct, construct.LazyArray, construct.LazyBound)
_PLAIN = (int, float, str, bytes, bool, type(None))


class FrozenMapping(Mapping[str, Any]):  # Any: construct's values have no common type
    """A construct Container that cannot change: members by item or by attribute; comparable and hashable."""

    __slots__ = ("_members",)

    def __init__(self, members: Mapping[str, Any]) -> None:
        self._members = {name: frozen(value) for name, value in members.items() if not name.startswith("_")}

    def __getitem__(self, name: str) -> Any:  # Any: construct's values have no common type
        return self._members[name]

    def __getattr__(self, name: str) -> Any:  # Any: construct's values have no common type
        if name.startswith("_") or name not in self._members:
            raise AttributeError(name)
        return self._members[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._members)

    def __len__(self) -> int:
        return len(self._members)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FrozenMapping) and self._members == other._members

    def __hash__(self) -> int:
        return hash(tuple(self._members.items()))

    def __reduce__(self) -> tuple[Any, ...]:  # Any: what pickle asks for
        return FrozenMapping, (self._members,)

    def __repr__(self) -> str:
        return f"FrozenMapping({self._members!r})"


def frozen(value: Any) -> Any:  # Any: construct's values have no common type
    """The value with containers made immutable. Raises: TypeError for a value that cannot be."""
    if isinstance(value, Mapping):
        return value if isinstance(value, FrozenMapping) else FrozenMapping(value)
    if isinstance(value, list | tuple):
        return tuple(frozen(member) for member in value)
    if isinstance(value, bytearray):
        return bytes(value)
    if isinstance(value, _PLAIN):
        return value
    try:
        hash(value)
    except TypeError:
        raise TypeError(f"a {type(value).__name__} cannot be frozen") from None
    if callable(value):
        raise TypeError(f"a {type(value).__name__} is not a value yet")
    return value


def _thawed(value: Any) -> Any:  # Any: construct's values have no common type
    if isinstance(value, FrozenMapping):
        return construct.Container((name, _thawed(member)) for name, member in value.items())
    if isinstance(value, tuple):
        return construct.ListContainer(_thawed(member) for member in value)
    return value


def refusal(candidate: object) -> str:
    """Why the object cannot stand in a field; empty where it can."""
    if not isinstance(candidate, construct.Construct):
        return f"{candidate!r} is not a construct object"
    if isinstance(candidate, _LAZY):
        return f"{type(candidate).__name__} reads later, from the stream: its value cannot be frozen"
    return ""


def parse_octets(
    via: construct.Construct, path: str, data: bytes, position: int, end: int, to_end: bool = False
) -> tuple[Any, int]:  # Any: construct's values have no common type
    """The frozen value at `position`, and where it ends; `to_end` asks that this be `end`.

    What would not be written back as it was is refused: nothing read is lost. Raises: DecodeError, TruncatedError.
    """
    stream = io.BytesIO(data[position:end])
    bits = (position * 8, None)
    try:
        value = frozen(via.parse_stream(stream))
    except construct.StreamError as error:
        available = end - position
        raise TruncatedError(available + 1, path, bits, available) from error
    except Exception as error:  # adapters and expressions are foreign code: whatever they raise is one kind of fault
        raise DecodeError(f"is not what the construct object reads: {_reason(error)}", path, bits) from error
    octets = stream.tell()
    if to_end and octets != end - position:
        raise DecodeError(f"leaves {end - position - octets} of its octets unread", path, bits)
    try:
        again = build_octets(via, path, value)
    except EncodeError as error:
        raise DecodeError(f"is read but cannot be written back: {error.reason}", path, bits) from error
    if again != data[position : position + octets]:
        raise DecodeError("is read but would be written back as other octets", path, bits)
    return value, position + octets


def _reason(error: Exception) -> str:
    """The message of construct, without the lines that give the position in its own objects."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__


def build_octets(via: construct.Construct, path: str, value: object) -> bytes:
    """The octets of a value. Raises: EncodeError."""
    try:
        octets: bytes = via.build(_thawed(value))
    except Exception as error:  # as above
        raise EncodeError(path, value, f"is not what the construct object builds: {_reason(error)}") from error
    return octets
