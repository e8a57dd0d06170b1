"""Octets -> the packet of a pipeline, by its pattern and the steps of a catalog.

Strategy: the stacks that came often have decoders of their own, as in `overlaycodec.decode`; each of them knows how its
stack ends for this pattern, so that such a packet costs no more than there. Any other packet goes from step to step,
and from state to state. Where a header does not fit, the packet ends after the last header with which the pattern could
end, and is read again up to there: so no header beyond it leaves a trace, and the cost stays linear.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from overlaycodec.codec.catalog import Catalog
from overlaycodec.codec.decode_state import DecodeState
from overlaycodec.codec.decode_step import Step
from overlaycodec.codec.packet_decoder import begun, check_nesting, ended, located
from overlaycodec.codec.stack_cache import StackCache
from overlaycodec.codec.stack_decoder import Complete, Ending, GoesOn, Refused
from overlaycodec.codec.stack_shape import run_of
from overlaycodec.errors import DecodeError, FieldValueError
from overlaycodec.packet.header import Header
from overlaycodec.packet.packet import Packet
from overlaycodec.packet.paths import names_of
from overlaycodec.pipelines.automaton import Automaton, State
from overlaycodec.pipelines.links import Links
from overlaycodec.schema.keys import Key

__all__ = ["Reading"]

First = type[Header] | Key

PAYLOAD: Final = "payload"


class _Place(NamedTuple):
    """A place between two headers: the state there, and with how many headers the pattern could last have ended."""

    state: State
    accepted: int


class _Misfit(NamedTuple):
    """What does not fit, after so many headers, and where it starts."""

    met: str
    after: int
    pos: int
    state: State
    accepted: int


class Reading:
    """Decodes the packets of one pipeline."""

    def __init__(self, automaton: Automaton, catalog: Catalog, links: Links, *, payload: bool) -> None:
        longest = automaton.longest_stack()
        least = catalog.max_headers if longest is None else max(catalog.max_headers, longest + 1)
        self.catalog = catalog if least == catalog.max_headers else catalog.with_max_headers(least)
        self._code = self.catalog._code
        self._trailers = self.catalog.trailers
        self.stacks = StackCache(self._code, self._ending)
        self._automaton = automaton
        self._links = links
        self._payload = payload
        self._refusals: dict[tuple[object, ...], tuple[str, str]] = {}

    def decode(self, octets: bytes, first: First, wire_length: int | None, fcs_octets: int, lax: bool) -> Packet:
        """The packet. Raises: DecodeError, unless lax."""
        end = len(octets)
        expected, read = self.stacks.entry
        complete = wire_length is None or (wire_length.__class__ is int and 0 <= wire_length <= end)
        if complete and (expected is first or expected == first) and fcs_octets == 0:
            found = read(octets, end)
            if found is None:
                pass
            elif type(found) is Packet:
                if self._payload or not found.payload:
                    return found
            elif type(found) is Refused:
                if not lax:
                    raise FieldValueError(*found.reason)  # type: ignore[misc]  # the arguments, made by `_ending`
            else:
                return self._gone_on(found, octets, first, lax)
        return self._from_start(octets, first, wire_length, fcs_octets, lax, learns=True)

    def _gone_on(self, found: Any, octets: bytes, first: First, lax: bool) -> Packet:  # Any: what a reader gives
        headers, step, pos, place = found
        state = DecodeState(headers)
        state.lax = lax
        walk = _Walk(self, octets, pos, len(octets), state, place, first)
        try:
            misfit = walk.run(step)
        except DecodeError:
            if not walk.unsure:
                raise
            return self._from_start(octets, first, None, 0, lax, learns=True)
        if misfit is not None or walk.fault is not None:
            return self._from_start(octets, first, None, 0, lax, learns=True)
        self._learn(first, walk)
        return self._ended(walk, octets, 0, lax)

    def _from_start(
        self, octets: bytes, first: First, wire_length: int | None, fcs_octets: int, lax: bool, *, learns: bool
    ) -> Packet:
        walk, missing = self._walk(octets, first, wire_length, fcs_octets, lax)
        try:
            misfit = walk.run(self._code.first_step(first))
        except DecodeError as error:
            if walk.unsure:  # the fault counts if the optional part in which it is is there: lax decoding goes on
                packet = self._from_start(octets, first, wire_length, fcs_octets, True, learns=False)
                if error not in packet.faults:
                    return packet
            raise
        if learns:
            self._learn(first, walk)
        if misfit is None:
            return self._ended(walk, octets, missing, lax)
        fault = None
        if misfit.accepted < 0:
            fault = self._refusal(walk.headers, misfit)
            if not lax:
                raise fault
        limit = misfit.after if misfit.accepted < 0 else misfit.accepted
        if limit != len(walk.headers) or not walk.clean:
            walk, missing = self._walk(octets, first, wire_length, fcs_octets, lax)
            walk.limit = limit
            if limit:
                walk.run(self._code.first_step(first))
        if fault is not None:
            walk.fail(fault)
        return self._ended(walk, octets, missing, lax)

    def _walk(
        self, octets: bytes, first: First, wire_length: int | None, fcs_octets: int, lax: bool
    ) -> tuple[_Walk, int]:
        state, end, missing = begun(octets, wire_length, fcs_octets)
        state.lax = lax
        return _Walk(self, octets, 0, end, state, _Place(self._automaton.start, -1), first), missing

    def _ended(self, walk: _Walk, octets: bytes, missing: int, lax: bool) -> Packet:
        payload = octets[walk.pos : walk.end]
        if payload and not self._payload and walk.fault is None:
            bits = walk.pos * 8, walk.end * 8 - 1
            count = "1 octet" if len(payload) == 1 else f"{len(payload)} octets"
            fault = FieldValueError(count, PAYLOAD, bits, "none")
            if not lax:
                raise fault
            walk.fail(fault)
        return ended(walk.headers, payload, walk.fault, missing, self._trailers)

    # --- what did not fit ---------------------------------------------------------------------------------------------

    def _refusal(self, headers: list[Header], misfit: _Misfit) -> FieldValueError:
        classes = tuple(map(type, headers[: misfit.after]))
        path, expected = self._refusal_at(classes, misfit.state)
        return FieldValueError(misfit.met, path, (misfit.pos * 8, None), expected)

    def _refusal_at(self, classes: tuple[type[Header], ...], state: State) -> tuple[str, str]:
        """The path and the expectation of an error after these headers."""
        found = self._refusals.get(classes)
        if found is None:
            if len(self._refusals) >= 256:
                self._refusals.clear()
            path = names_of([*classes, state.expected[0]])[-1]
            found = path, " or ".join(cls.__name__ for cls in state.expected)
            self._refusals[classes] = found
        return found

    # --- stacks that came often ---------------------------------------------------------------------------------------

    def _learn(self, first: First, walk: _Walk) -> None:
        headers = walk.headers
        if not self._trailers:  # stack decoders read none
            self.stacks.miss(first, headers if walk.decided is None else headers[: walk.decided])

    def _ending(self, classes: tuple[type[Header], ...]) -> Ending:
        """How a stack of option-free headers ends for the pattern."""
        state, accepted, pos = self._automaton.start, -1, 0
        for count, cls in enumerate(classes):
            following = state.after(cls)
            if following is None:
                if accepted > 0:
                    return Complete(accepted)
                path, expected = self._refusal_at(classes[:count], state)
                return Refused((cls.__name__, path, (pos * 8, None), expected))
            state = following
            if state.accepting:
                accepted = count + 1
            pos += run_of(cls.__layout__).octets
        return GoesOn(_Place(state, accepted)) if state.expected else Complete(len(classes))


class _Walk:
    """One way through the octets, from header to header."""

    def __init__(
        self, reading: Reading, octets: bytes, pos: int, end: int, headers: DecodeState, place: _Place, first: First
    ) -> None:
        self._reading = reading
        self._octets = octets
        self.pos, self.end = pos, end
        self.headers = headers
        self._place = place
        self._first = first
        self.fault: DecodeError | None = None
        self.limit = -1
        """With how many headers it ends; -1: where the pattern does."""
        self.decided: int | None = None
        """The index of the first header for which the pattern decided."""
        self.unsure = False
        """Whether a fault was found in an optional part, of which more could follow."""
        self.clean = True
        """Whether no header was read that does not fit, nor the start of one."""

    def fail(self, fault: DecodeError) -> None:
        """Ends the packet with a fault, in lax decoding."""
        self.fault = fault
        self.headers.add_fault(fault)

    def run(self, step: Step | None) -> _Misfit | None:
        """Goes on to the end of the pattern, or to what does not fit.

        Raises: DecodeError, where strict, in a header that fits.
        """
        octets, headers, reading = self._octets, self.headers, self._reading
        state, accepted = self._place
        most = reading.catalog.max_headers
        pos, end = self.pos, self.end
        while state.expected and (count := len(headers)) != self.limit:
            start = pos
            if step is not None:
                try:
                    if count == most:
                        pos, end = check_nesting(step, octets, pos, end, headers)
                        break
                    step, pos, end = step(octets, pos, end, headers)
                except DecodeError as error:
                    if count < most and not _fits(state, error, headers, count):
                        self.clean = False
                        met = _name_met(error, headers, count, reading.catalog)
                        return _Misfit(met, count, start, state, accepted)
                    self.unsure = accepted >= 0
                    wanted = _named(state, error) or self._first
                    self.fault, self.pos = located(error, pos, end, headers, reading.catalog, wanted)
                    self.end = end
                    return None
            if len(headers) == count:  # payload
                decided = reading._links.decided(state.expected, headers[-1]) if count else None
                if decided is None or count == most:
                    self.pos, self.end = pos, end
                    if state.accepting:
                        return None
                    return _Misfit(PAYLOAD, count, start, state, accepted)
                if self.decided is None:
                    self.decided = count
                step = reading._code.decode_step(decided)
                continue
            following = state.after(type(headers[-1]))
            if following is None:
                self.clean = False
                return _Misfit(type(headers[-1]).__name__, count, start, state, accepted)
            state = following
            if state.accepting:
                accepted = count + 1
        self.pos, self.end = pos, end
        return None


def _fits(state: State, error: DecodeError, headers: DecodeState, count: int) -> bool:
    """Whether the header in which a fault was found is one that can be here."""
    if len(headers) > count:
        return type(headers[-1]) in state.expected
    return _named(state, error) is not None


def _named(state: State, error: DecodeError) -> type[Header] | None:
    """The header that can be here and has the name in which a fault was found."""
    name = error.path.partition(".")[0]
    return next((cls for cls in state.expected if cls.__layout__.name == name), None)


def _name_met(error: DecodeError, headers: DecodeState, count: int, catalog: Catalog) -> str:
    if len(headers) > count:
        return type(headers[-1]).__name__
    name = error.path.partition(".")[0]
    cls = catalog.header_called(name)
    return name if cls is None else cls.__name__
