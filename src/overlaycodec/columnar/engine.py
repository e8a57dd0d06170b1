"""Layouts -> the headers of many packets at once.

Strategy: packets are walked in groups of one shape, header by header, with the rules of the scalar steps: the same
reads in the same order, the same bounds, the same faults. The facts that are understood here are a closed list; a
packet that meets another one is given to the scalar decoder, whole. So the answers are its answers.
"""

from __future__ import annotations

from functools import lru_cache

import msgspec
import numpy as np

from overlaycodec.catalog import Binding
from overlaycodec.columnar.batch import ROW, Batch, Ints
from overlaycodec.columnar.extract import Values, field_of
from overlaycodec.columnar.names import Column
from overlaycodec.columnar.output import Output
from overlaycodec.columnar.selection import Tables, holding
from overlaycodec.columnar.shapes import OPEN, UNCUT, Group, Mask
from overlaycodec.columnar.variable import variable_of
from overlaycodec.keys import LINK_TYPE
from overlaycodec.layout import Field, Layout, Run
from overlaycodec.paths import scopes_of
from overlaycodec.pipeline import Catalog
from overlaycodec.schema import Header
from overlaycodec.wire import (
    Before,
    Bounds,
    Condition,
    Const,
    FragmentOffset,
    MoreFragments,
    Remainder,
    Rest,
    Selects,
    Sized,
    StackEnd,
    Unless,
    Via,
    When,
)

__all__ = ["Engine"]

FEWEST = 12
"""Fewer packets than these are read faster one by one."""


class _State(msgspec.Struct):
    """How far a header has been read, for a group that reads it alike."""

    group: Group
    start: int
    part: int = 0
    places: dict[int, tuple[int, int | None]] = {}
    """Where each part stands in the rows, and its octets if they are told by others (None: all that is left)."""

    def of(self, group: Group) -> _State:
        """The same, for a part of the group."""
        return _State(group, self.start, self.part, dict(self.places))


@lru_cache(maxsize=1024)
def _deciding(layout: Layout, asked: frozenset[str]) -> frozenset[str]:
    """The fields that decide how the header is read, or what follows it."""
    names = set(asked & layout.by_name.keys())
    for field in layout.fields:
        if any(fact in field for fact in (Bounds, Selects, FragmentOffset, MoreFragments, StackEnd)):
            names.add(field.name)
        condition = field.condition
        if isinstance(condition, When):
            names.update(condition.flags)
        elif condition is not None:
            names.add(condition.field)
        if sized := field.get(Sized):
            names.add(sized.field)
        if (bounds := field.get(Bounds)) and bounds.unless:
            names.add(bounds.unless)
        if selects := field.get(Selects):
            names.update(name for name in (selects.when, selects.only and selects.only[0]) if name)
            names.update([selects.unless[0]] if selects.unless else [])
    return frozenset(names)


def _row_of(field: Field) -> str | None:
    """The row whose remainder the field is."""
    remainder = field.get(Remainder)
    return None if remainder is None else remainder.of


class Engine:
    """Walks batches for some columns."""

    def __init__(self, columns: tuple[Column, ...], catalog: Catalog, *, fewest: int = FEWEST) -> None:
        self.catalog = catalog
        self._tables = Tables(catalog)
        self.fewest = fewest
        self.columns = tuple(column for column in columns if column.field is not None)
        self.faults = any(column.name == "fault" for column in columns)
        self.verdicts = any(column.verdict for column in columns)
        asked = (condition for key, _ in catalog.bindings for condition in key.conditions)
        self._asked = frozenset(condition.field for condition in asked if isinstance(condition, Before))
        self.stacks: dict[tuple[type[Header], ...], None] = {}
        """The headers that were met, one behind another."""
        self._wanted: dict[tuple[type[Header], ...], tuple[list[Column], list[Column]]] = {}
        self._settled: dict[tuple[type[Header], ...], bool] = {}

    def run(self, batch: Batch, output: Output) -> Ints:
        """Fills the output for the packets that can be walked in groups; gives those that cannot."""
        self._output = output
        self._slow: list[Ints] = []
        self._work: list[Group] = []
        if self.verdicts:
            return np.arange(len(batch))
        if (self.columns or self.faults) and len(batch):
            self._begin(batch)
        while self._work:
            self._header(self._work.pop())
        return np.concatenate(self._slow) if self._slow else np.empty(0, np.int64)

    def _begin(self, batch: Batch) -> None:
        lengths, cut = batch.lengths, np.where(batch.wire > batch.lengths, batch.wire, UNCUT)
        if batch.fcs.any():  # the check sequence is a trailer, as much of it as was captured
            stop = np.maximum(0, np.where(cut == UNCUT, lengths, cut) - batch.fcs)
            has = batch.fcs > 0
            cut = np.where(has & (cut != UNCUT), np.where(stop > lengths, stop, UNCUT), cut)
            lengths = np.where(has, np.minimum(lengths, stop), lengths)
        some_cut = bool((cut != UNCUT).any())
        group = Group(batch.octets, np.arange(len(batch)), batch.starts, lengths, cut if some_cut else None)
        for candidates, part in self._tables.by_key(group, batch.link_types, LINK_TYPE):
            self._choose(part, candidates)

    # --- from one header to the next ------------------------------------------------------------------------------

    def _choose(self, group: Group, candidates: tuple[Binding, ...]) -> None:
        """Goes on with the first of the candidates whose conditions hold; where none does, the rest is payload."""
        for key, cls in candidates:
            holds = holding(key.conditions, group)
            if holds.all():
                self._push(cls, group)
                return
            if holds.any():
                self._push(cls, group.part(holds))
                group = group.part(~holds)

    def _push(self, cls: type[Header], group: Group) -> None:
        if self._is_settled(group.stack):
            return
        layout = cls.__layout__
        unknown = layout.quotes or (layout.jumbo is not None and group.zero)
        if len(group) < self.fewest or unknown or len(group.stack) >= self.catalog.max_headers:
            self._slow.append(group.index)
            return
        following = group.copy()
        following.stack = (*group.stack, cls)
        following.before = {}
        self._work.append(following)

    def _is_settled(self, stack: tuple[type[Header], ...]) -> bool:
        """Whether nothing behind these headers is asked for."""
        settled = self._settled.get(stack)
        if settled is None:
            settled = not self.faults and bool(stack) and all(column.settled(stack) for column in self.columns)
            self._settled[stack] = settled
        return settled

    # --- one header -----------------------------------------------------------------------------------------------

    def _header(self, group: Group) -> None:
        layout: Layout = group.stack[-1].__layout__
        if group.at + 64 > ROW:
            group.move()
        states = [_State(group, group.at)]
        while states:
            state = states.pop()
            if self._read(layout, state, states):
                self._store(layout, state)
                self._beyond(layout, state)

    def _read(self, layout: Layout, state: _State, states: list[_State]) -> bool:
        """Reads the parts of a header; False where the group came to its end, or went on in parts."""
        while state.part < len(layout.parts):
            part = layout.parts[state.part]
            condition = part.condition
            if condition is not None:
                there = self._present(condition, state.group)
                if not there.any():
                    state.part += 1
                    continue
                if not there.all():
                    states += [state.of(state.group.part(mask)) for mask in (there, ~there)]
                    return False
            if isinstance(part, Run):
                if not self._run(layout, state, part):
                    return False
            elif Remainder not in part and not self._variable(layout, state, part, states):
                return False
            state.part += 1
        return True

    def _present(self, condition: Condition, group: Group) -> Mask:
        absent: Mask = np.zeros(len(group), np.bool_)
        if isinstance(condition, When):
            for flag in condition.flags:
                absent = absent | group.before.get(flag, absent)
            return absent
        values = group.before.get(condition.field)
        among = absent if values is None else np.isin(values, condition.values)
        return ~among if isinstance(condition, Unless) else among

    def _fault(self, group: Group, mask: Mask, name: str) -> Group:
        """Ends the packets of the mask here, with a fault; gives the others."""
        if mask.any():
            self._output.fault(group.index[mask], name)
            return group.part(~mask)
        return group

    def _run(self, layout: Layout, state: _State, run: Run) -> bool:
        group = state.group
        if group.at + run.octets > ROW:
            if group.at != state.start or run.octets > ROW:
                self._slow.append(group.index)
                return False
            group.move()
            state.start = 0
        at = group.at
        group = self._fault(group, at + run.octets > group.left, "TruncatedError")
        deciding = _deciding(layout, self._asked)
        for field in run.fields:
            const = field.get(Const)
            if (const is None and field.name not in deciding) or not len(group):
                continue
            values = field_of(group.rows, at * 8 + run.bit_of(field.name), field)
            if const is not None:
                wrong = values != const.value
                if wrong.any():
                    group, values = self._fault(group, wrong, "FieldValueError"), values[~wrong]
            if field.name in deciding:
                group.before[field.name] = values
        state.places[state.part] = at, run.octets
        state.group = group
        group.at = at + run.octets
        return len(group) > 0

    def _variable(self, layout: Layout, state: _State, field: Field, states: list[_State]) -> bool:
        group = state.group
        sized = field.get(Sized)
        if Rest in field and layout.selector is None and layout.carries is None:
            state.places[state.part] = group.at, None
            return True
        if sized is None or sized.origin == "start" or Via in field:
            self._slow.append(group.index)
            return False
        told = group.before.get(sized.field)
        octets = np.zeros(len(group), np.int64) if told is None else told.astype(np.int64) * sized.unit + sized.bias
        if (octets != octets[0]).any():
            states += [state.of(part) for _, part in group.by(octets)]
            return False
        count = int(octets[0])
        if told is None:
            count = 0
        if count < 0:
            self._fault(group, np.ones(len(group), np.bool_), "LengthFieldError")
            return False
        at = group.at
        group = self._fault(group, at + count > group.left, "TruncatedError") if count else group
        state.places[state.part] = at, count
        state.group = group
        group.at = at + count
        return len(group) > 0

    # --- what was asked for ---------------------------------------------------------------------------------------

    def _store(self, layout: Layout, state: _State) -> None:
        group = state.group
        self.stacks[group.stack] = None
        wanted, anew = self._wanted_of(group.stack)
        for column in anew:
            self._output.clear(column.name, group.index)
        for column in wanted:
            assert column.field is not None
            for number, part in enumerate(layout.parts):
                place = state.places.get(number)
                if isinstance(part, Run):
                    if place is not None and column.field in part.fields:
                        bit = place[0] * 8 + part.bit_of(column.field.name)
                        self._output.store(column.name, group.index, field_of(group.rows, bit, column.field))
                elif place is not None and part.name in (column.field.name, _row_of(column.field)):
                    variable_of(column, part, group, *place, self._output)

    def _wanted_of(self, stack: tuple[type[Header], ...]) -> tuple[list[Column], list[Column]]:
        """The columns that the last header of the stack fills, and those whose scope begins with it."""
        found = self._wanted.get(stack)
        if found is None:
            opens = scopes_of(stack)[-1].start == len(stack) - 1 > 0
            found = self._wanted[stack] = (
                [column for column in self.columns if column.depth_in(stack) == len(stack) - 1],
                [column for column in self.columns if column.scope == "innermost" and opens],
            )
        return found

    # --- how far what follows reaches, and what it is -------------------------------------------------------------

    def _beyond(self, layout: Layout, state: _State) -> None:
        group = state.group
        if layout.bounds is not None and layout.bounds.name in group.before:
            group = self._bound(layout.bounds[Bounds], group.before[layout.bounds.name], layout, state)
        if layout.closed or any(Rest in field for field in layout.fields):
            return
        for field in layout.fields:
            if FragmentOffset in field and len(group):
                group = group.part(group.before[field.name] == 0)
            if MoreFragments in field and len(group) and group.before[field.name].any():
                cut = np.full(len(group), UNCUT) if group.cut is None else group.cut
                group.cut = np.where(group.before[field.name], OPEN, cut)
        if len(group):
            self._select(layout, group)

    def _bound(self, bounds: Bounds, values: Values, layout: Layout, state: _State) -> Group:
        """Ends what follows where the length field says, as far as there is so much."""
        group, stop = state.group, state.group.at
        claim = (
            values.astype(np.int64) * bounds.unit + bounds.bias + (state.start if bounds.origin == "start" else stop)
        )
        told = np.ones(len(group), np.bool_)
        if bounds.unless:
            told &= group.before[bounds.unless] == 0
        if bounds.zero == "unbounded":
            group.zero = group.zero or bool((told & (values == 0)).any())
            told &= values != 0
        return self._reach(group, claim, told, stop, pieces=bounds.pieces)

    def _reach(self, group: Group, claim: Ints, told: Mask, stop: int, *, pieces: bool = False) -> Group:
        """Holds claimed ends, where they are told, against what is there and what was on the wire."""
        early = told & (claim < stop)
        if early.any():
            group = self._fault(group, early, "LengthFieldError")
            claim, told = claim[~early], told[~early]
        inside = told & (claim <= group.left)
        beyond = told & ~inside
        if group.cut is not None or (pieces and beyond.any()):
            cut = np.full(len(group), UNCUT) if group.cut is None else group.cut
            known = (cut != UNCUT) & (claim <= cut)
            cut = np.where(beyond & (known | pieces), claim, cut)
            group.cut = np.where(inside, UNCUT, cut)
        group.left = np.where(inside, claim, group.left)
        return group

    def _select(self, layout: Layout, group: Group) -> None:
        for field in layout.fields:
            if StackEnd in field:
                last = group.before[field.name]
                key = layout.keys[0]
                if not last.all():
                    self._choose(group.part(~last), self._tables.at(key.space, key.value))
                    group = group.part(last)
        carried = () if layout.carries is None else self._tables.at(layout.carries.space, layout.carries.value)
        if layout.selector is None or not len(group):
            self._choose_some(group, carried)
            return
        selects = layout.selector[Selects]
        if selects.only:
            group = group.part(np.isin(group.before[selects.only[0]], selects.only[1]))
        if selects.unless and len(group):
            group = group.part(~np.isin(group.before[selects.unless[0]], selects.unless[1]))
        if selects.when and len(group):
            when = group.before[selects.when]
            self._choose_some(group.part(~when), carried)
            group = group.part(when)
        if selects.lengths and len(group):
            limit, key = selects.lengths
            values = group.before[layout.selector.name]
            is_length = values <= limit
            if is_length.any():
                framed = group.part(is_length)
                lengths = framed.before[layout.selector.name].astype(np.int64)
                told = np.ones(len(framed), np.bool_)
                framed = self._reach(framed, lengths + framed.at, told, framed.at)
                self._choose_some(framed.part(lengths > 0), self._tables.at(key.space, key.value))
                group = group.part(~is_length)
        if len(group):
            for candidates, part in self._tables.by_key(group, group.before[layout.selector.name], selects.space):
                self._choose(part, candidates)

    def _choose_some(self, group: Group, candidates: tuple[Binding, ...]) -> None:
        if len(group):
            self._choose(group, candidates)
