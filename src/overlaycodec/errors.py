"""Every error of the library.

Strategy: one tree under `CodecError`; errors name the fault, not the layer, and carry where it is (a path and a range
of bits), how much was needed, how much was there and what imposed the bound. They compare by value and pickle, so that
they can be stored, sent between processes and asserted in tests.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address
from typing import Any, Final

__all__ = [
    "CaptureError",
    "CodecError",
    "DecodeError",
    "EncodeError",
    "FieldRangeError",
    "FieldValueError",
    "FilterError",
    "LengthFieldError",
    "LengthOverflowError",
    "MissingHeaderError",
    "NestingError",
    "PathError",
    "SchemaError",
    "TruncatedError",
    "UnresolvedError",
]

Bits = tuple[int, int | None]
"""First and last bit, counted from the start of the data; the last is None where the end is not known."""


_READABLE: Final = 1 << 128


def _octets(count: int) -> str:
    return f"{count} octet" if count == 1 else f"{count} octets"


def number_text(value: object) -> str:
    """A value as text; of a number that is too long to read, its size: Python refuses to print the longest ones."""
    if isinstance(value, int) and not -_READABLE < value < _READABLE:
        return f"a {'negative ' if value < 0 else ''}number of {value.bit_length()} bits"
    return str(value)


def _repr(value: object) -> str:
    return f"<{number_text(value)}>" if isinstance(value, int) and abs(value) >= _READABLE else repr(value)


def place_text(bits: Bits) -> str:
    """Where that is, in words: "bits 344-367"."""
    first, last = bits
    if last is None:
        return f"from bit {first}"
    return f"bit {first}" if first == last else f"bits {first}-{last}"


class CodecError(Exception):
    """The base class of all errors of this library."""

    def _state(self) -> tuple[Any, ...]:  # the constructor's arguments, whatever they are in a subclass
        return self.args

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CodecError) and type(other) is type(self) and self._state() == other._state()

    def __hash__(self) -> int:
        return hash((type(self), *map(_repr, self._state())))

    def __reduce__(self) -> tuple[Any, ...]:  # Any: what pickle asks for
        return type(self), self._state()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(map(_repr, self._state()))})"


class SchemaError(CodecError):
    """A wrong declaration; raised when the class is created."""

    def __init__(self, header: str, field: str | None, reason: str) -> None:
        self.header, self.field, self.reason = header, field, reason
        super().__init__(f"{header}.{number_text(field)}: {reason}" if field else f"{header}: {reason}")

    def _state(self) -> tuple[Any, ...]:
        return self.header, self.field, self.reason


class DecodeError(CodecError):
    """Octets that cannot be decoded as the header or field at this position."""

    def __init__(self, reason: str, path: str, bits: Bits) -> None:
        self.reason, self.path, self.bits = reason, path, bits
        super().__init__(f"{path} ({place_text(bits)}) {reason}" if path else reason)

    def _state(self) -> tuple[Any, ...]:
        return self.reason, self.path, self.bits

    def rebased(self, path: str, bounded_by: str) -> DecodeError:
        """The same fault under its full path; `bounded_by` is taken where the error has a bound of unknown origin."""
        state = self._state()
        return type(self)(state[0], path, *state[2:])


class TruncatedError(DecodeError):
    """Octets are missing.

    `needed` and `available` count octets from the first bit of `bits`. If the path is a length field, they are its
    value and the number of available octets.
    """

    def __init__(
        self, needed: int, path: str, bits: Bits, available: int, bounded_by: str = "", claim: bool = False
    ) -> None:
        self.needed, self.available, self.bounded_by, self.claim = needed, available, bounded_by, claim
        if claim:
            are = "is" if available == 1 else "are"
            reason = f"says {_octets(needed)}, {available} {are} there"
        else:
            reason = f"needs {_octets(needed)}, has {available}"
            if bounded_by:
                reason += f"; bounded by {bounded_by}"
        super().__init__(reason, path, bits)

    def _state(self) -> tuple[Any, ...]:
        return self.needed, self.path, self.bits, self.available, self.bounded_by, self.claim

    def rebased(self, path: str, bounded_by: str) -> TruncatedError:
        """The same fault under its full path, with its bound where it names none itself."""
        return TruncatedError(self.needed, path, self.bits, self.available, self.bounded_by or bounded_by, self.claim)


class LengthFieldError(DecodeError):
    """A length field below the minimum of its format."""

    def __init__(self, value: int, path: str, bits: Bits, minimum: int) -> None:
        self.value, self.minimum = value, minimum
        super().__init__(f"is {value}, its minimum is {minimum}", path, bits)

    def _state(self) -> tuple[Any, ...]:
        return self.value, self.path, self.bits, self.minimum


class FieldValueError(DecodeError):
    """A value on which the layout depends is not one whose layout is known."""

    def __init__(self, actual: object, path: str, bits: Bits, expected: object) -> None:
        self.actual, self.expected = actual, expected
        super().__init__(f"is {actual}, expected {expected}", path, bits)

    def _state(self) -> tuple[Any, ...]:
        return self.actual, self.path, self.bits, self.expected


class NestingError(DecodeError):
    """More nested headers than the decoder follows."""

    def __init__(self, maximum: int, path: str, bits: Bits) -> None:
        self.maximum = maximum
        super().__init__(f"would be header {maximum + 1}; at most {maximum} are followed", path, bits)

    def _state(self) -> tuple[Any, ...]:
        return self.maximum, self.path, self.bits


class EncodeError(CodecError):
    """A value that cannot be written."""

    def __init__(self, path: str, value: object, reason: str) -> None:
        self.path, self.value, self.reason = path, value, reason
        super().__init__(f"{path} {reason}")

    def _state(self) -> tuple[Any, ...]:
        return self.path, self.value, self.reason

    def rebased(self, name: str, path: str) -> EncodeError:
        """The same error of a record whose path does not begin with its own `name` but with `path`."""
        if not self.path.startswith(name):
            return self
        return type(self)(path + self.path[len(name) :], *self._state()[1:])


class FieldRangeError(EncodeError):
    """A value outside its field; raised when the header is made, replaced or edited."""

    def __init__(self, path: str, value: object, minimum: int, maximum: int, unit: str = "") -> None:
        self.minimum, self.maximum, self.unit = minimum, maximum, unit
        if minimum == maximum:
            reason = f"has {number_text(value)} {unit}, not {minimum}"
        else:
            kinds: tuple[type[Any], ...] = (IPv4Address, IPv6Address)  # Any: an int, or an address of an int
            kind = next((kind for kind in kinds if isinstance(value, kind)), int)
            reason = f"= {number_text(value)} is not in {kind(minimum)}..{kind(maximum)}" + (
                f" ({unit})" if unit else ""
            )
        super().__init__(path, value, reason)

    def _state(self) -> tuple[Any, ...]:
        return self.path, self.value, self.minimum, self.maximum, self.unit


class LengthOverflowError(EncodeError):
    """More octets than the length field before them can count, or a number of octets that it cannot express."""

    def __init__(self, path: str, value: int, maximum: int, unit: int = 1) -> None:
        self.maximum, self.unit = maximum, unit
        reason = f"would count {_octets(value)}; at most {maximum}"
        if unit != 1:
            reason += f", in steps of {unit}"
        super().__init__(path, value, reason)

    def _state(self) -> tuple[Any, ...]:
        return self.path, self.value, self.maximum, self.unit


class UnresolvedError(EncodeError):
    """AUTO was used as a value, or its value cannot be derived."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, None, reason)

    def _state(self) -> tuple[Any, ...]:
        return self.path, self.reason


class PathError(CodecError, KeyError):
    """A path or a column does not exist: its header, scope or field is not there, or it is no valid name.

    `near` has the nearest existing names, at most three.
    """

    def __init__(self, wanted: str, present: str, near: tuple[str, ...] = ()) -> None:
        self.wanted, self.present, self.near = wanted, present, near
        suggestion = f": did you mean {' or '.join(near)}?" if near else ""
        super().__init__(f"no {wanted} in {present or 'an empty packet'}{suggestion}")

    def _state(self) -> tuple[Any, ...]:
        return self.wanted, self.present, self.near

    def __str__(self) -> str:  # KeyError would show the repr
        return str(self.args[0])


class MissingHeaderError(PathError):
    """The packet has no such header or scope."""


class FilterError(CodecError, ValueError):
    """A text that is no filter, or that names something that no packet of the catalog can have.

    `position` is the index of the character in the text at which it is wrong.
    """

    def __init__(self, reason: str, text: str, position: int) -> None:
        self.reason, self.text, self.position = reason, text, position
        shown = text if len(text) <= 80 else f"{text[max(0, position - 40) : position + 40]}"
        super().__init__(f"filter {shown!r}: {reason} (character {position + 1})")

    def _state(self) -> tuple[Any, ...]:
        return self.reason, self.text, self.position


class CaptureError(CodecError):
    """A capture file is damaged, or cannot hold a packet; `octet` counts from the start of the (unpacked) file.

    `file` is its name where several files were read at once, else empty.

    `table` is the table of the packets before the damage, where `oc.columns` raised the error; None elsewhere.
    """

    table: Any = None  # Any: a `Table`, which is of a layer above

    def __init__(self, reason: str, octet: int, file: str = "") -> None:
        self.reason, self.octet, self.file = reason, octet, file
        super().__init__(f"{file}: {reason} (at octet {octet})" if file else f"{reason} (at octet {octet})")

    def _state(self) -> tuple[Any, ...]:
        return self.reason, self.octet, self.file
