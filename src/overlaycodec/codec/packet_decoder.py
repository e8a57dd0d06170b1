"""Octets -> a packet: decoding goes from step to step, each of which reads one header.

Strategy: a stack that came often is tried at once (see `stack_cache`); else each step reads a header and gives the next
step. Strict decoding raises the first fault; lax decoding gives what it could read, with the fault beside it, whatever
the octets.
"""

from __future__ import annotations

from typing import Any, TypeVar

from overlaycodec.codec.catalog import DEFAULT, Catalog, check_catalog
from overlaycodec.codec.decode_state import CAPTURED, DecodeState
from overlaycodec.codec.decode_step import Step
from overlaycodec.codec.header_decoder import Reader, reader_of
from overlaycodec.errors import DecodeError, NestingError, TruncatedError
from overlaycodec.packet.header import METACLASS, Header, check_header_class
from overlaycodec.packet.offsets import ends_of, octets_in
from overlaycodec.packet.packet import FCS, Packet, packet_of
from overlaycodec.packet.paths import names_of
from overlaycodec.protocols import Ethernet
from overlaycodec.schema.keys import Key
from overlaycodec.values.argument_checks import check_number
from overlaycodec.values.bytes_like import BytesLike, bytes_of

__all__ = ["begun", "check_nesting", "decode", "decode_header", "ended", "located"]

H = TypeVar("H", bound=Header)
_READER: Any = reader_of.__wrapped__  # type: ignore[attr-defined]  # what `kept_with_class` keeps readers by


def decode(
    data: BytesLike,
    *,
    first: type[Header] | Key = Ethernet,
    wire_length: int | None = None,
    fcs_octets: int = 0,
    lax: bool = False,
    catalog: Catalog = DEFAULT,
) -> Packet:
    """A packet from its octets.

    `first` is the class of the first header, or a key such as `LINK_TYPE(113)`; at an unknown key everything is
    payload. `wire_length` is the number of octets on the wire, if the capture truncated the packet: then missing octets
    are a fault only if a header needs them. The last `fcs_octets` octets on the wire are a frame check sequence, the
    last trailer (`packet.fcs`), even if only some of them were captured. With `lax`, no octets raise an error: `fault`
    of the result is the error at which decoding stopped, and the rest is payload.

    Raises: DecodeError at the first fault, unless lax; TypeError for data that is not bytes-like and for arguments of
    other types; ValueError for negative numbers.
    """
    octets = data if type(data) is bytes else bytes_of(data)
    end = len(octets)
    try:
        stacks = catalog._code.stack_cache
    except AttributeError:
        check_catalog(catalog)
        raise
    expected, read = stacks.entry
    complete = wire_length is None or (wire_length.__class__ is int and 0 <= wire_length <= end)
    if complete and (expected is first or expected == first) and fcs_octets == 0:
        found = read(octets, end)
        if type(found) is Packet:
            return found
        if found is not None:
            headers, step, pos = found
            if step is None:
                return packet_of(headers, octets[pos:end])
            packet = _decoded(step, octets, pos, end, DecodeState(headers), lax, catalog, first, 0)
            stacks.miss(first, packet.headers)
            return packet
    state, end, missing = begun(octets, wire_length, fcs_octets)
    packet = _decoded(catalog._code.first_step(first), octets, 0, end, state, lax, catalog, first, missing)
    if not catalog.trailers:  # stack decoders read none
        stacks.miss(first, packet.headers)
    return packet


def _decoded(  # the state of one decode
    step: Step | None,
    data: bytes,
    pos: int,
    end: int,
    state: DecodeState,
    lax: bool,
    catalog: Catalog,
    first: object,
    missing: int,
) -> Packet:
    """The packet, whose headers before `pos` are decoded: goes on from step to step."""
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
                pos, end = check_nesting(step, data, pos, end, state)
        except DecodeError as error:
            fault, pos = located(error, pos, end, state, catalog, first)
    return ended(state, data[pos:end], fault, missing, catalog.trailers)


def begun(octets: bytes, wire_length: int | None, fcs_octets: int) -> tuple[DecodeState, int, int]:
    """The state before the first header, where the octets at hand end, and how many are missing after them.

    Raises: TypeError, ValueError for what is no number of octets.
    """
    state, end = DecodeState(), len(octets)
    missing = 0 if wire_length is None else max(0, check_number("wire_length", wire_length, 0) - end)
    if missing:
        state.wire_end = wire_length
    if check_number("fcs_octets", fcs_octets, None):
        end = _without_fcs(octets, end, fcs_octets, state)
    return state, end, missing


def ended(
    state: DecodeState, payload: bytes, fault: DecodeError | None, missing: int, declared: tuple[Any, ...]
) -> Packet:
    """The packet, whose last header is decoded; `declared`: the trailers of its catalog."""
    trailers = tuple(reversed(state.trailers)) if state.trailers else ()
    if trailers and not state:
        trailers = tuple(trailer.moved(-1) for trailer in trailers)
    faults = tuple(state.faults) if state.faults else ()
    packet = packet_of(tuple(state), payload, trailers, faults, fault, missing)
    return declared[0].taken_from(packet, *declared[1:]) if declared else packet


def _without_fcs(data: bytes, end: int, octets: int, state: DecodeState) -> int:
    """Where the frame ends without its check sequence, which becomes a trailer: as much of it as was captured."""
    stop = max(0, (state.wire_end or end) - octets)
    if state.wire_end is not None:
        state.wire_end = stop if stop > end else None
    state.trailers = [FCS(data=data[stop:end], octets=octets)]
    return min(stop, end)


def check_nesting(step: Step, data: bytes, pos: int, end: int, state: DecodeState) -> tuple[int, int]:
    """Where the payload starts and ends if no further header follows. Raises: NestingError, where one does."""
    count, trial = len(state), state.copied()
    try:
        step(data, pos, end, trial)
    except DecodeError:
        pass  # a further header follows, or the start of one
    else:
        if len(trial) == count:
            return pos, end
    state.fault_pos = pos
    raise NestingError(count, state[-1].__layout__.name, (pos * 8, None))


def located(
    error: DecodeError, pos: int, end: int, state: DecodeState, catalog: Catalog, first: object
) -> tuple[DecodeError, int]:
    """The fault under its full path, and where the payload then starts. Raises: the fault, where strict."""
    name, dot, field = error.path.partition(".")
    if state.fault_pos > pos or isinstance(error, NestingError):
        # the last header was read: its bound is wrong, or too many headers follow
        full, pos = names_of(state)[-1], state.fault_pos
    else:
        # the header could not be read: its name is the one that it would have had
        known = first if isinstance(first, type) and issubclass(first, Header) else None
        failed = known if known is not None and known.__layout__.name == name else catalog.header_called(name)
        full = name if failed is None else names_of([*state, failed])[-1]
    claim = isinstance(error, TruncatedError) and error.claim
    fault = error.rebased(full + dot + field, "" if claim else _bounding_field(state, end))
    if not state.lax:
        raise fault from None
    state.add_fault(fault)
    return fault, pos


def _bounding_field(state: DecodeState, end: int) -> str:
    """What imposes the bound at `end`, for people: the innermost length field that ends there."""
    if state.wire_end is not None:
        return state.truncated_by
    found, start = CAPTURED, 0
    for index, (name, header) in enumerate(zip(names_of(state), state, strict=True)):
        for field, stop in ends_of(state, index):
            if start + stop == end:
                bit = header.__layout__.fixed_bit_of(field.name)
                where = "" if bit is None else f" (bits {start * 8 + bit}-{start * 8 + bit + (field.bits or 1) - 1})"
                found = f"{name}.{field.name}{where}"
        start += octets_in(header)
    return found


def decode_header(cls: type[H], data: BytesLike) -> tuple[H, int]:
    """One header and its number of octets; the octets behind it are not read or compared with length fields.

    Raises: DecodeError.
    """
    octets = data if type(data) is bytes else bytes_of(data)
    try:
        read: Reader = cls.__layout__.products[_READER if type(cls) is METACLASS else None]
    except (AttributeError, KeyError):
        check_header_class("cls", cls)
        read = reader_of(cls)
    try:
        return read(octets, 0, len(octets))
    except TruncatedError as error:
        raise error.rebased(error.path, "the data") from None
