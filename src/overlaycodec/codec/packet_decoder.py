"""Decoding and encoding whole packets.

Strategy: `decode` walks from step to step; `encode` writes from the inside out. Strict decoding raises the first
fault; lax decoding gives what it could read, with the fault beside it, whatever the octets.
"""

from __future__ import annotations

from copy import copy
from typing import Self, TypeVar

from overlaycodec.codec.catalog import AnyFieldView, Bindings, check_binding, option_of
from overlaycodec.codec.decode_state import CAPTURED, DecodeState
from overlaycodec.codec.decode_step import Step
from overlaycodec.codec.field_view import FieldView
from overlaycodec.codec.header_decoder import reader_of
from overlaycodec.codec.packet_encoder import emit, resolved
from overlaycodec.errors import (
    DecodeError,
    EncodeError,
    FieldValueError,
    NestingError,
    SchemaError,
    TruncatedError,
)
from overlaycodec.packet.header import Header
from overlaycodec.packet.offsets import ends_of, octets_in
from overlaycodec.packet.packet import Packet, Trailer
from overlaycodec.packet.paths import names_of
from overlaycodec.protocols import HEADERS, Ethernet
from overlaycodec.schema.keys import Key
from overlaycodec.schema.keyspaces import LINK_TYPE
from overlaycodec.schema.record import Element

__all__ = ["DEFAULT", "Catalog", "Octets", "Pipeline", "decode", "decode_header", "encode", "resolve"]

H = TypeVar("H", bound=Header)

Octets = bytes | bytearray | memoryview
"""What can be decoded; any other object with the buffer protocol (an mmap) too."""


def octets_of(data: Octets) -> bytes:
    """The data as bytes: a copy, unless it is bytes already. Raises: TypeError."""
    try:
        return memoryview(data).tobytes()
    except TypeError:
        raise TypeError(f"data must be bytes-like, not {type(data).__name__}") from None


class Catalog(Bindings):
    """Headers and the keys by which they are found; it decodes and encodes.

    >>> from overlaycodec import DEFAULT, UDP_PORT, VXLAN
    >>> aci = DEFAULT.with_binding(UDP_PORT(48879), VXLAN)
    """

    __slots__ = ()

    def with_header(self, *headers: type[Header]) -> Self:
        """A catalog with these headers too, found by the keys of their declarations, before what was there."""
        for header in headers:
            check_binding(LINK_TYPE(0), header)
        new = tuple((key, header) for header in headers for key in header.__layout__.keys)
        known = tuple(header for header in headers if header not in self.headers)
        catalog: Self = self._but(headers=known + self.headers, bindings=new + self.bindings)
        return catalog

    def with_binding(self, key: Key, header: type[Header]) -> Self:
        """A catalog in which `header` is found at `key`, before what was there. Raises: SchemaError."""
        check_binding(key, header)
        headers = self.headers if header in self.headers else (header, *self.headers)
        catalog: Self = self._but(headers=headers, bindings=((key, header), *self.bindings))
        return catalog

    def without_binding(self, key: Key) -> Self:
        """A catalog in which nothing is found at `key` (whatever its conditions)."""
        if not isinstance(key, Key):
            raise SchemaError(repr(key), None, "is no key: say UDP_PORT(4789)")
        left = tuple(b for b in self.bindings if (b[0].space, b[0].value) != (key.space, key.value))
        catalog: Self = self._but(bindings=left)
        return catalog

    def with_option(self, header: type[Header], *options: type[Element]) -> Self:
        """A catalog that knows these options of a header too: elements that begin with the constants they are known by.

        They take the place of those that begin alike. Without the catalog, such an option is read as one of any kind.

        Raises: SchemaError, where one is not laid out as the header's options are.
        """
        check_binding(LINK_TYPE(0), header)
        new = tuple(option_of(self.layout(header), option) for option in options)
        catalog: Self = self._but(options=(*new, *self.options))
        return catalog

    def with_view(self, *views: AnyFieldView) -> Self:
        """A catalog whose network reads these meanings into fields, before those that were there.

        They change nothing of what is decoded or encoded; `meanings` gives them, and the command line shows them.
        """
        for view in views:
            if not isinstance(view, FieldView):
                raise TypeError(f"{view!r} is no View")
        catalog: Self = self._but(views=(*views, *self.views))
        return catalog

    def with_max_headers(self, count: int) -> Self:
        """A catalog that follows at most `count` headers within headers."""
        catalog: Self = self._but(max_headers=count)
        return catalog

    def decode(
        self,
        data: Octets,
        *,
        first: type[Header] | Key = Ethernet,
        wire_length: int | None = None,
        fcs_octets: int = 0,
        lax: bool = False,
    ) -> Packet:
        """See `overlaycodec.decode`."""
        return decode(data, first=first, wire_length=wire_length, fcs_octets=fcs_octets, lax=lax, catalog=self)

    def encode(self, packet: Packet | Header) -> bytes:
        """See `overlaycodec.encode`."""
        return encode(packet, catalog=self)

    def first_step(self, first: type[Header] | Key) -> Step | None:
        """The step for a header class, or for what is found at a key."""
        step = self._steps.get(first)  # type: ignore[arg-type]  # a key is not found here, and that is all
        if step is not None:
            return step
        if isinstance(first, Key):
            if first.value is None:
                return self.otherwise(first.space)
            return self.table(first.space).get(first.value, self.otherwise(first.space))
        if first not in self.headers and not hasattr(first, "__layout__"):
            raise TypeError(f"the first header is a header class or a key, not {first!r}")
        return self.step(first)


DEFAULT = Catalog(HEADERS)
"""The catalog that is used where none is named."""


def decode(
    data: Octets,
    *,
    first: type[Header] | Key = Ethernet,
    wire_length: int | None = None,
    fcs_octets: int = 0,
    lax: bool = False,
    catalog: Catalog = DEFAULT,
) -> Packet:
    """A packet from its octets.

    `first` is the class of the first header, or a key such as `LINK_TYPE(113)`; at an unknown key everything is
    payload. `wire_length` is how many octets there were before a capture cut the rest off: what is then missing is a
    fault only where a header needs it. `fcs_octets` at the end of the wire are a frame check sequence: a trailer.
    `lax` never raises for any octets: `fault` of the result says why it stopped, and the rest is payload.

    Raises: DecodeError at the first fault, unless lax; TypeError for data that is not bytes-like.
    """
    octets = data if type(data) is bytes else octets_of(data)
    end = len(octets)
    cache = catalog._stack_cache
    expected, read = cache.entry
    if (expected is first or expected == first) and (wire_length is None or wire_length <= end) and not fcs_octets:
        found = read(octets, end)
        if found is not None:
            if isinstance(found, Packet):
                return found
            headers, step, pos = found
            if step is None:
                return Packet(headers, octets[pos:end])
            packet = _stepped(step, octets, pos, end, DecodeState(headers), lax, catalog, first, 0)
            cache.miss(first, packet.headers)
            return packet
    state = DecodeState()
    missing = 0
    if wire_length is not None and wire_length > end:
        missing = wire_length - end
        state.wire_end = wire_length
    if fcs_octets:
        end = _without_fcs(octets, end, fcs_octets, state)
    packet = _stepped(catalog.first_step(first), octets, 0, end, state, lax, catalog, first, missing)
    cache.miss(first, packet.headers)
    return packet


def _stepped(  # the state of one decode
    step: Step | None,
    data: bytes,
    pos: int,
    end: int,
    state: DecodeState,
    lax: bool,
    catalog: Bindings,
    first: object,
    missing: int,
) -> Packet:
    """Goes from step to step, from the header at `pos` on."""
    fault: DecodeError | None = None
    if lax:
        state.lax = True
    if step is not None:
        try:
            for _ in range(catalog.max_headers - len(state)):
                step, pos, end = step(data, pos, end, state)
                if step is None:
                    break
            else:
                pos, end = _beyond(step, data, pos, end, state)
        except DecodeError as error:
            fault, pos = _fault(error, pos, end, state, catalog, first)
    trailers = state.trailers
    if trailers and not state:
        trailers = tuple(Trailer(-1, trailer.data) for trailer in trailers)
    return Packet(tuple(state), data[pos:end], trailers, state.faults, fault, missing)


def _without_fcs(data: bytes, end: int, octets: int, state: DecodeState) -> int:
    """Where the frame ends before its check sequence, as much of which as was captured becomes a trailer."""
    stop = max(0, (state.wire_end or end) - octets)
    if state.wire_end is not None:
        state.wire_end = stop if stop > end else None
    if stop < end:
        state.trailers = (Trailer(0, data[stop:end]),)
        return stop
    return end


def _beyond(step: Step, data: bytes, pos: int, end: int, state: DecodeState) -> tuple[int, int]:
    """Looks for one header more than are followed. Raises: NestingError, where there is one."""
    count, trial = len(state), copy(state)
    try:
        step(data, pos, end, trial)
    except DecodeError:
        pass  # there is a header, or the start of one
    else:
        if len(trial) == count:
            return pos, end
    state.fault_pos = pos
    raise NestingError(count, state[-1].__layout__.name, (pos * 8, None))


def _fault(
    error: DecodeError, pos: int, end: int, state: DecodeState, catalog: Bindings, first: object
) -> tuple[DecodeError, int]:
    """The fault under its full path, and where the payload then starts. Raises: it, where strict."""
    name, dot, field = error.path.partition(".")
    if state.fault_pos > pos or isinstance(error, NestingError):
        # the last header was read: its bound is what is wrong, or that another one follows
        full, pos = names_of(state)[-1], state.fault_pos
    else:
        # the header that could not be read: the name that it would have had
        known = [first, *catalog.headers]
        classes = (cls for cls in known if isinstance(cls, type) and issubclass(cls, Header))
        failed = next((cls for cls in classes if cls.__layout__.name == name), None)
        full = name if failed is None else names_of([*state, failed])[-1]
    claim = isinstance(error, TruncatedError) and error.claim
    fault = error.rebased(full + dot + field, "" if claim else _bounder(state, end))
    if not state.lax:
        raise fault from None
    state.faults += (fault,)
    return fault, pos


def _bounder(state: DecodeState, end: int) -> str:
    """What imposes the present bound, in words: the innermost length field that ends there."""
    if state.wire_end is not None:
        return state.truncated_by
    found, at = CAPTURED, 0
    for name, header in zip(names_of(state), state, strict=True):
        octets = octets_in(header)
        for field, reach in ends_of(header):
            if at + reach == end:
                bit = header.__layout__.fixed_bit_of(field.name)
                where = "" if bit is None else f" (bits {at * 8 + bit}-{at * 8 + bit + (field.bits or 1) - 1})"
                found = f"{name}.{field.name}{where}"
        at += octets
    return found


def _packet_of(packet: Packet | Header) -> Packet:
    if isinstance(packet, Packet):
        return packet
    if isinstance(packet, Header):
        return Packet((packet,))
    raise TypeError(f"a packet or a header can be encoded, not {type(packet).__name__}")


def encode(packet: Packet | Header, *, catalog: Catalog = DEFAULT) -> bytes:
    """The octets of a packet, or of one header: each field as it stands, right or wrong; what is AUTO is derived.

    Raises: EncodeError where something cannot be derived or does not fit.
    """
    return emit(_packet_of(packet), catalog)


def resolve(packet: Packet | Header, *, catalog: Catalog = DEFAULT) -> Packet:
    """The packet with every AUTO derived, as `encode` writes it; decoding what `encode` wrote gives just that.

    Raises: EncodeError, as `encode` does.
    """
    return resolved(_packet_of(packet), catalog)[0]


def decode_header(cls: type[H], data: Octets) -> tuple[H, int]:
    """One header alone, and how many octets it took; what follows is left alone, and no bound is held against it.

    Raises: DecodeError.
    """
    octets = data if type(data) is bytes else octets_of(data)
    try:
        found: tuple[H, int] = reader_of(cls)(octets, 0, len(octets))
    except TruncatedError as error:
        raise error.rebased(error.path, "the data") from None
    return found


class Pipeline:
    """A fixed sequence of headers: decodes to exactly those, or says what it met instead.

    >>> from overlaycodec import Ethernet, IPv4, Pipeline, UDP, VXLAN
    >>> tunnelled = Pipeline(Ethernet, IPv4, UDP, VXLAN, Ethernet)
    """

    def __init__(self, *headers: type[Header], catalog: Catalog = DEFAULT) -> None:
        if not headers:
            raise ValueError("a pipeline has one header at least")
        self.headers = headers
        self.catalog = catalog.with_max_headers(len(headers))

    def __repr__(self) -> str:
        return f"Pipeline({', '.join(header.__name__ for header in self.headers)})"

    def decode(self, data: Octets, *, wire_length: int | None = None) -> Packet:
        """A packet of just these headers; what follows the last of them is payload.

        Raises: FieldValueError where another header, or none, was met; DecodeError as `overlaycodec.decode`.
        """
        octets = octets_of(data)
        state = DecodeState()
        pos, end = 0, len(octets)
        missing = max(0, (wire_length or 0) - end)
        if missing:
            state.wire_end = wire_length
        step: Step | None = self.catalog.first_step(self.headers[0])
        for number, expected in enumerate(self.headers):
            start = pos
            try:
                if step is not None:
                    step, pos, end = step(octets, pos, end, state)
            except DecodeError as error:
                _fault(error, pos, end, state, self.catalog, self.headers[0])
            if len(state) <= number or type(state[number]) is not expected:
                met = type(state[number]).__name__ if len(state) > number else "payload"
                name = names_of([*state[:number], expected])[-1]
                raise FieldValueError(met, name, (start * 8, None), expected.__name__)
        return Packet(tuple(state), octets[pos:end], state.trailers, state.faults, None, missing)

    def encode(self, packet: Packet) -> bytes:
        """The octets of a packet of just these headers. Raises: EncodeError."""
        if tuple(map(type, packet.headers)) != self.headers:
            raise EncodeError("packet", packet, f"is {', '.join(packet.names)}, not what {self!r} encodes")
        return encode(packet, catalog=self.catalog)
