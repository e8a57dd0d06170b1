"""A packet: headers in order, a payload, and the octets after the end of bounded headers.

Strategy: an immutable value. Equality and hash are those of headers, payload and trailers alone; a fault found while
decoding stands beside them. Nothing here reads or writes octets.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Self, TypeVar, overload

from overlaycodec.errors import DecodeError, MissingHeaderError, PathError, number_text
from overlaycodec.packet.checked_packet import CheckedPacket, check_packet, unchecked
from overlaycodec.packet.header import METACLASS, Header, check_header_class
from overlaycodec.packet.offsets import RecordSpans, octets_in
from overlaycodec.packet.paths import GRAMMAR, find, read_at, replaced_at, tokens_of
from overlaycodec.packet.stack_paths import STACKS, FlowKey, target_of
from overlaycodec.packet.trailer import FCS, Trailer, record_at
from overlaycodec.values import AUTO
from overlaycodec.values.argument_checks import check_number, check_type
from overlaycodec.values.for_people import ForPeople

__all__ = ["FCS", "FlowKey", "Packet", "Trailer", "check_packet", "packet_of"]

H = TypeVar("H", bound=Header)
D = TypeVar("D")


class Packet(ForPeople, CheckedPacket, frozen=True, eq=False, gc=False):
    """Headers, payload and trailers.

    The order of `trailers` is innermost first; an FCS is the last. `faults` has all faults that lax decoding found;
    `fault` is the one at which it stopped.

    Raises: TypeError for headers, a payload or trailers of other types; ValueError for a negative `missing`.
    """

    headers: tuple[Header, ...] = ()
    payload: bytes = b""
    trailers: tuple[Trailer, ...] = ()
    faults: tuple[DecodeError, ...] = ()
    fault: DecodeError | None = None
    missing: int = 0
    """Octets that were on the wire and were not captured."""

    # --- as a value ---------------------------------------------------------------------------------------------------

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Packet):
            return NotImplemented
        return self.headers == other.headers and self.payload == other.payload and self.trailers == other.trailers

    def __ne__(self, other: object) -> bool:  # a Struct has one of its own, by identity
        return not self == other

    def __hash__(self) -> int:
        return hash((self.headers, self.payload, self.trailers))

    def __repr__(self) -> str:
        """An expression that makes an equal packet. Faults are not in it."""
        if (len(self.headers) < 2 and not (self.headers and self.payload)) or self.missing or self._padded():
            return f"Packet({', '.join(f'{name}={value!r}' for name, value in self._kept().items() if value)})"
        parts = [repr(header) for header in self.headers]
        if self.payload:
            parts.append(repr(self.payload))
        parts += [repr(trailer) for trailer in self.trailers]
        return " / ".join(parts)

    def _padded(self) -> bool:
        """Whether there is a trailer other than an FCS: only the constructor takes those."""
        return len(self.trailers) > (self.fcs is not None)

    def __truediv__(self, other: Header | Packet | FCS | bytes) -> Packet:
        if type(type(other)) is METACLASS:
            header: Any = other  # Any: a header, as was just asked
            if not self.payload and not self.trailers:
                return packet_of(self.headers + (header,))  # noqa: RUF005 - a list in between costs as much again
            other = packet_of((header,))
        elif isinstance(other, (bytes, bytearray, memoryview)):
            return packet_of(self.headers, self.payload + bytes(other), self.trailers, (), None, self.missing)
        elif isinstance(other, FCS):
            if self.fcs is not None:
                raise ValueError("the packet has an FCS, and no second one")
            return self._with(trailers=(*self.trailers, other))
        elif not isinstance(other, Packet):
            return NotImplemented
        if self.payload or self.trailers:
            raise ValueError("nothing can follow a payload or a trailer: edit `headers` with `insert`")
        moved = tuple(trailer.moved(trailer.header + len(self.headers)) for trailer in other.trailers)
        return packet_of(self.headers + other.headers, other.payload, moved)

    def _kept(self) -> dict[str, Any]:  # Any: each attribute has its own type
        """What a changed copy keeps: what was found while decoding no longer holds for it."""
        return {"headers": self.headers, "payload": self.payload, "trailers": self.trailers, "missing": self.missing}

    def _with(
        self,
        headers: tuple[Header, ...] | None = None,
        payload: bytes | None = None,
        trailers: tuple[Trailer, ...] | None = None,
        faults: tuple[DecodeError, ...] = (),
    ) -> Self:
        """A changed copy, of parts that are known to be right."""
        headers = self.headers if headers is None else headers
        payload = self.payload if payload is None else payload
        trailers = self.trailers if trailers is None else trailers
        packet: Self = unchecked(type(self), headers, payload, trailers, faults, None, self.missing)
        return packet

    def __replace__(self, /, **changes: Any) -> Self:  # Any: as above
        """A copy with these attributes changed. Raises: TypeError, ValueError, as the constructor does."""
        return type(self)(**(self._kept() | changes))

    # --- headers ------------------------------------------------------------------------------------------------------

    @overload
    def __getitem__(self, key: type[H]) -> H: ...
    @overload
    def __getitem__(self, key: tuple[type[H], int]) -> H: ...
    @overload
    def __getitem__(self, key: str) -> Any: ...  # Any: a header, or a field's own type
    def __getitem__(self, key: type[H] | tuple[type[H], int] | str) -> Any:
        """The first header of a class, or the n-th, counted from 0; or what a path names, as `at` gives it.

        Raises: MissingHeaderError, PathError.
        """
        if isinstance(key, str):
            return self.at(key)
        if not isinstance(key, tuple):
            for header in self.headers:
                if type(header) is key:
                    return header
        return self.headers[self._index(key)]

    @overload
    def get(self, key: type[H]) -> H | None: ...
    @overload
    def get(self, key: type[H], default: D) -> H | D: ...
    @overload
    def get(self, key: str, default: object = None) -> Any: ...  # Any: as above
    def get(self, key: type[H] | str, default: object = None) -> Any:
        """The first header of a class, or the value of a path; `default` if the packet has none.

        Raises: PathError for text that is no path.
        """
        if isinstance(key, str):
            return self.at(key) if key in self else default
        for header in self.headers:
            if type(header) is key:
                return header
        check_header_class("the key", key, " or a path")
        return default

    def __contains__(self, key: type[Header] | str) -> bool:
        """Whether there is a header of the class, or what a path names. Raises: PathError for text that is no path."""
        if isinstance(key, str):
            if key not in ("payload", "fcs") and tokens_of(key) is None:
                raise PathError(f"path {key!r}", GRAMMAR)
            try:
                return self.at(key) is not None
            except PathError:
                return False
        return any(type(header) is key for header in self.headers)

    def __iter__(self) -> Iterator[Header]:
        return iter(self.headers)

    def __len__(self) -> int:
        return len(self.headers)

    def __bool__(self) -> bool:  # a packet that is all payload is a packet
        return True

    @property
    def names(self) -> list[str]:
        """The full path of each header."""
        return list(STACKS[tuple(map(type, self.headers))].names)

    def _index(self, key: type[Header] | tuple[type[Header], int] | str) -> int:
        """The position of a header: two positions may hold the same object. Raises: MissingHeaderError, PathError."""
        if isinstance(key, str):
            target = find(self.headers, key)
            if target.rest:
                raise PathError(f"header {key!r}", "the packet: the path names a field, which replace_at changes")
            return target.header
        cls, number = key if isinstance(key, tuple) and len(key) == 2 else (key, 0)
        check_header_class("the key", cls, ', one and a number (packet[IPv4, 1]) or a path ("inner.ipv4")')
        number = check_number("the number of a header", number, None)
        found = [index for index, header in enumerate(self.headers) if type(header) is cls]
        if not -len(found) <= number < len(found):
            which = f" [{number_text(number)}]" if number else ""
            raise MissingHeaderError(f"{cls.__name__}{which}", ", ".join(self.names))
        return found[number]

    def replace(
        self, key: type[Header] | tuple[type[Header], int] | str, /, **changes: Any
    ) -> Self:  # Any: a field's own type
        """A copy with fields of the first (or n-th) header of a class, or of the one that a path names, changed.

        Raises: MissingHeaderError, PathError; as its constructor does.
        """
        index = self._index(key)
        header = self.headers[index].replace(**changes)
        return self._with(headers=(*self.headers[:index], header, *self.headers[index + 1 :]))

    def insert(self, index: int, header: Header) -> Self:
        """A copy with a header put before the one at `index`. Raises: IndexError, TypeError."""
        check_type("index", index, int, "an int")
        check_type("header", header, Header)
        if not 0 <= index <= len(self.headers):
            raise IndexError(f"a header can stand at 0..{len(self.headers)}, not at {number_text(index)}")
        moved = tuple(t.moved(t.header + (t.header >= index)) for t in self.trailers)
        return self._with(headers=(*self.headers[:index], header, *self.headers[index:]), trailers=moved)

    def without(self, key: type[Header] | tuple[type[Header], int] | str) -> Self:
        """A copy without the first (or n-th) header of a class, or the one that a path names.

        A trailer of the removed header then belongs to the header before it.
        """
        index = self._index(key)
        moved = tuple(t.moved(t.header - (t.header >= index)) for t in self.trailers)
        return self._with(headers=self.headers[:index] + self.headers[index + 1 :], trailers=moved)

    # --- the frame check sequence -------------------------------------------------------------------------------------

    @property
    def fcs(self) -> FCS | None:
        """The frame check sequence, where the packet has one."""
        last = self.trailers[-1] if self.trailers else None
        return last if isinstance(last, FCS) else None

    def without_fcs(self) -> Self:
        """The packet without its frame check sequence, as a tunnel carries it."""
        fcs = self.fcs
        if fcs is None:
            return self
        missing = max(0, self.missing - fcs.missing)
        return type(self)(self.headers, self.payload, self.trailers[:-1], self.faults, self.fault, missing)

    # --- scopes -------------------------------------------------------------------------------------------------------

    def _tail(self, start: int) -> Self:
        if not start:
            return self
        headers, trailers, missing = self.headers[start:], self.trailers, self.missing
        if trailers:
            trailers = tuple(t.moved(t.header - start) for t in trailers if t.header >= start)
            missing = self.without_fcs().missing  # the FCS is that of the outermost frame
        tail: Self = unchecked(type(self), headers, self.payload, trailers, self.faults, self.fault, missing)
        return tail

    @property
    def inner(self) -> Self:
        """A packet with everything behind the first tunnel header. Raises: MissingHeaderError."""
        scopes = STACKS[tuple(map(type, self.headers))].scopes
        if len(scopes) < 2 or scopes[1].prefix != "inner":
            raise MissingHeaderError("inner packet", ", ".join(self.names))
        return self._tail(scopes[1].start)

    @property
    def quoted(self) -> Self:
        """The packet that an ICMP error quotes. Raises: MissingHeaderError."""
        scopes = STACKS[tuple(map(type, self.headers))].scopes
        scope = next((scope for scope in scopes if scope.prefix.endswith("quoted")), None)
        if scope is None:
            raise MissingHeaderError("quoted packet", ", ".join(self.names))
        return self._tail(scope.start)

    @property
    def scopes(self) -> tuple[Self, ...]:
        """Each scope's own headers, outermost first; the payload and its trailers belong to the last."""
        *outside, last = STACKS[tuple(map(type, self.headers))].scopes
        trailers: list[list[Trailer]] = [[] for _ in outside]
        for trailer in self.trailers:
            number = bisect_right(outside, trailer.header, key=attrgetter("start")) - 1
            if number >= 0 and trailer.header < outside[number].stop:
                trailers[number].append(trailer.moved(trailer.header - outside[number].start))
        parts = (
            type(self)(self.headers[scope.start : scope.stop], b"", tuple(own))
            for scope, own in zip(outside, trailers, strict=True)
        )
        return (*parts, self._tail(last.start))

    @property
    def outer(self) -> Self:
        """The outermost scope's own headers: everything, where there is no tunnel.

        Their lengths count content that this packet does not have; a checksum over it is unverifiable.
        """
        return self.scopes[0]

    @property
    def innermost(self) -> Self:
        """The last scope that is not quoted: everything, where there is no tunnel."""
        scopes = STACKS[tuple(map(type, self.headers))].scopes
        unquoted = [number for number, scope in enumerate(scopes) if "quoted" not in scope.prefix]
        return self.scopes[unquoted[-1]]

    @property
    def flow(self) -> FlowKey | None:
        """Addresses, protocol and ports of the outermost scope; None where it holds no IP header."""
        headers: Any = self.headers  # Any: headers of several classes, known by what they declare
        network, field, ports = STACKS[tuple(map(type, headers))].flow
        if network is None:
            return None
        protocol = 0 if field is None else getattr(headers[field[0]], field[1]) or 0
        src_port, dst_port = (None, None) if ports is None else (headers[ports].src_port, headers[ports].dst_port)
        return FlowKey(headers[network].src, headers[network].dst, protocol, src_port, dst_port)

    def _fcs(self) -> FCS:
        """The frame check sequence. Raises: MissingHeaderError."""
        if self.fcs is None:
            raise MissingHeaderError("fcs", ", ".join(self.names))
        return self.fcs

    # --- paths --------------------------------------------------------------------------------------------------------

    def at(self, path: str) -> Any:  # Any: a field's own type
        """The value that a path names: `inner.ipv4.src`, `vlan[1].vid`, `geneve.options[0].type`, `payload`, `fcs`.

        Raises: PathError.
        """
        try:
            index, name, rest = STACKS[tuple(map(type, self.headers))].targets[path]
        except TypeError:  # no text
            index, name, rest = target_of(self.headers, path)
        if name is not None:
            return getattr(self.headers[index], name)
        if path in ("payload", "fcs"):
            return self.payload if path == "payload" else self._fcs().data
        if index < 0:
            return read_at(record_at(self.trailers, rest, path)[1], rest[1:], path)
        return read_at(self.headers[index], rest, path)

    def replace_at(self, path: str, value: object) -> Self:
        """A copy of the packet in which the value of a path is changed.

        Raises: as `at` and the constructor do.
        """
        if path in ("payload", "fcs"):
            if not isinstance(value, bytes | bytearray | memoryview) and not (value is AUTO and path == "fcs"):
                raise TypeError(f"{path} takes bytes, not {type(value).__name__}")
            written: Any = value  # Any: octets, or AUTO
            octets = written if value is AUTO else bytes(written)
            if path == "payload":
                return self._with(payload=octets)
            return self._with(trailers=(*self.trailers[:-1], FCS(data=octets, octets=self._fcs().octets)))
        headers, (index, name, rest) = self.headers, target_of(self.headers, path)
        if name is not None:
            header = headers[index].replace(**{name: value})
        elif index < 0:
            at, record = record_at(self.trailers, rest, path)
            changed: Any = replaced_at(record, rest[1:], path, value) if rest[1:] else value
            check_type(path, changed, type(record))
            trailer = changed.trailer(self.trailers[at].header)
            return self._with(trailers=(*self.trailers[:at], trailer, *self.trailers[at + 1 :]))
        elif rest:
            header = replaced_at(headers[index], rest, path, value)
        elif isinstance(value, Header):
            header = value
        else:
            raise TypeError(f"{path} takes a header, not {type(value).__name__}")
        return self._with((*headers[:index], header, *headers[index + 1 :]))

    def span(self, path: str) -> tuple[int, int]:
        """The first and the last bit of what a path names, from the start of the packet.

        What is empty ends before it starts.

        Raises: PathError; UnresolvedError where a size is still AUTO.
        """
        target = None if path in ("payload", "fcs") else find(self.headers, path)
        before = self.headers if target is None else self.headers[: target.header]
        at = sum(map(octets_in, before)) * 8
        if target is None and path == "fcs":
            fcs = self._fcs()
            at += (len(self.payload) + sum(len(trailer.data) for trailer in self.trailers[:-1])) * 8
            return at, at + (fcs.octets - fcs.missing) * 8 - 1
        if target is None:
            return at, at + len(self.payload) * 8 - 1
        return RecordSpans(self.headers[target.header], at).of(target.rest, path)


if TYPE_CHECKING:
    packet_of = Packet
else:
    packet_of = unchecked.__get__(Packet)
    """The unchecked constructor, for what was just read; its arguments are those of `Packet`, by position."""
