"""Layouts -> the headers of many packets at once.

Strategy: packets are walked in groups of one shape, header by header, with the rules of the scalar steps: the same
reads in the same order, the same bounds, the same faults. The facts that are understood here are a closed list; a
packet that meets another one is given to the scalar decoder, whole. So the answers are its answers.
"""

from __future__ import annotations

import numpy as np

from overlaycodec.codec.catalog import Binding, Catalog
from overlaycodec.columnar.column import Column
from overlaycodec.columnar.column_buffers import Part
from overlaycodec.columnar.decode.batch import Batch, Ints
from overlaycodec.columnar.decode.bit_fields import stored
from overlaycodec.columnar.decode.checksum_verdicts import addresses_of, detours, incomplete, judged, reach_of
from overlaycodec.columnar.decode.dispatch import Tables, holding
from overlaycodec.columnar.decode.group import Group, Mask, every, some
from overlaycodec.columnar.decode.length_bounds import bound, framed
from overlaycodec.columnar.decode.plan import Plan
from overlaycodec.columnar.decode.record_reader import PartReader
from overlaycodec.columnar.decode.variable_fields import variable_of
from overlaycodec.packet.header import Header
from overlaycodec.schema.facts import Checksum, LengthField, Selects
from overlaycodec.schema.keys import PreviousHeader
from overlaycodec.schema.keyspaces import IP_PROTOCOL, LINK_TYPE
from overlaycodec.schema.layout import Field, Run

__all__ = ["Engine"]

_NONE = np.empty(0, np.int64)


class Engine(PartReader):
    """Walks batches for some columns."""

    def __init__(self, columns: tuple[Column, ...], catalog: Catalog) -> None:
        self.catalog = catalog
        self._tables = Tables(catalog)
        asked = (condition for key, _ in catalog.bindings for condition in key.conditions)
        self._plan = Plan(
            tuple(column for column in columns if column.field is not None),
            catalog,
            frozenset(condition.field for condition in asked if isinstance(condition, PreviousHeader)),
            faults=any(column.name == "fault" for column in columns),
        )
        self.stacks: dict[tuple[type[Header], ...], None] = {}
        """The headers that were met, one behind another."""

    def run(self, batch: Batch, output: Part, fewest: int, index: Ints | None = None) -> tuple[Ints, Ints]:
        """Fills the output for the packets that can be walked in groups of `fewest` or more.

        `index`: where in the output the packets of the batch belong. Gives those of too small groups, and those that
        meet what is not understood, as numbers in the output.
        """
        self._output, self._fewest = output, fewest
        self._few: list[Ints | None] = []
        self._slow: list[Ints | None] = []
        self._ended: dict[str, list[Ints]] = {}
        self._work: list[Group] = []
        everything = np.arange(len(batch)) if index is None else index
        if (self._plan.columns or self._plan.faults) and len(batch):
            self._begin(batch, index)
        while self._work:
            self._header(self._work.pop())
        for name, places in self._ended.items():
            output.fault(np.concatenate(places), name)
        few, slow = ([everything if which is None else which for which in left] for left in (self._few, self._slow))
        return np.concatenate([_NONE, *few]), np.concatenate([_NONE, *slow])

    def _begin(self, batch: Batch, index: Ints | None) -> None:
        lengths = batch.lengths
        if batch.fcs.any():  # the check sequence is a trailer, as much of it as was captured
            stop = np.maximum(0, np.maximum(batch.wire, lengths) - batch.fcs)
            lengths = np.minimum(lengths, stop)
        group = Group.of(self._plan.root, batch.octets, index, batch.starts, lengths)
        if self._plan.verdicts:
            incomplete(group, batch.wire > batch.lengths)
        for candidates, mask in self._tables.by_key(group, batch.link_types, LINK_TYPE):
            self._choose(group, candidates, mask)

    # --- from one header to the next ------------------------------------------------------------------------------

    def _choose(self, group: Group, candidates: tuple[Binding, ...], mask: Mask | None = None) -> None:
        """Goes on with the first of the candidates whose conditions hold; where none does, the rest is payload."""
        for key, cls in candidates:
            if not key.conditions:
                self._push(cls, group, mask)
                return
            if mask is not None:
                group, mask = group.part(mask), None
            holds = holding(key.conditions, group)
            if every(holds):
                self._push(cls, group, None)
                return
            if some(holds):
                self._push(cls, group, holds)
                group = group.part(~holds)

    def _push(self, cls: type[Header], group: Group, mask: Mask | None) -> None:
        """Goes on with this header, for the packets of the mask, or for all."""
        if group.node.settled:
            return
        if len(group.node.stack) >= self.catalog.max_headers:
            self._slow.append(group.index if mask is None else group.part(mask).index)
            return
        layout = cls.__layout__
        if layout.jumbo is not None and group.zero is not None:
            mask = np.ones(len(group), np.bool_) if mask is None else mask
            self._slow.append(group.part(group.zero & mask).index)
            mask = mask & ~group.zero
        least = group.at + layout.parts[0].octets if isinstance(layout.parts[0], Run) else 0
        if least > group.least:  # some end here: found now, they are sorted out together with the others
            short = group.left < least
            if mask is not None:
                short &= mask
            if some(short):
                self.ended(group, short, "TruncatedError")
                mask = ~short if mask is None else mask ^ short
        following = group.following(group.node.after(cls), mask, least)
        if len(following) < self._fewest:
            self._few.append(following.index)
        else:
            self._work.append(following)

    # --- one header -----------------------------------------------------------------------------------------------

    def _header(self, group: Group) -> None:
        states = [(group, 0)]
        while states:
            group, number = states.pop()
            whole = self.read(group, number, states)
            if whole is not None:
                self._store(whole)
                self._beyond(whole)

    def ended(self, group: Group, mask: Mask, name: str) -> None:
        """Says that the packets of the mask end here, with a fault."""
        if self._plan.faults:
            self._ended.setdefault(name, []).append(group.places(mask))

    def not_understood(self, group: Group) -> None:
        """Gives packets to the scalar decoder."""
        self._slow.append(group.index)

    # --- what was asked for ---------------------------------------------------------------------------------------

    def _store(self, group: Group) -> None:
        node, output, index = group.node, self._output, group.index
        self.stacks[node.stack] = None
        for name in node.anew:
            output.clear(name, group.index)
        for presence in node.present:
            output.mark(presence, group.index)
        for fixed, rows, picked, at in group.read:
            put = output.write if fixed.condition is None else output.store
            for cut, field, name in fixed.writes:
                put(name, index, stored(field, cut.read(rows, picked, at, native=index is not None)))
        for column, field in node.rows:
            starts = group.values.get(field.name)
            if starts is not None:
                variable_of(column, field, group, starts, group.values[f"{field.name} ends"], output)
        group.read = []
        if node.rows:
            group.values = {name: values for name, values in group.values.items() if name in node.deciding}

    # --- how far what follows reaches, and what it is -------------------------------------------------------------

    def _beyond(self, group: Group) -> None:
        layout = group.node.layout
        early, left = None, group.left
        if layout.bounds is not None and layout.bounds.name in group.values:
            early = bound(group, layout.bounds[LengthField], group.values[layout.bounds.name])
        if self._plan.verdicts and not self._judge(group, left, early):
            return
        mask: Mask | None = None
        if early is not None:
            self.ended(group, early, "LengthFieldError")
            mask = ~early
        if self._plan.verdicts:
            away = detours(group)
            if away is not None and some(away):
                self._slow.append(group.part(away if mask is None else away & mask).index)
                mask = ~away if mask is None else mask & ~away
        if not group.node.following:
            return
        for name in group.node.more:
            incomplete(group, group.values[name])
        for name in group.node.offsets:
            offset = group.values[name]
            if some(offset):
                mask = offset == 0 if mask is None else mask & (offset == 0)
        self._select(group, mask)

    def _judge(self, group: Group, left: Ints, early: Mask | None) -> bool:
        """Stores verdicts on the header's checksum; False where it is not of a kind that is understood here."""
        node = group.node
        layout, checksum = node.layout, node.layout.checksum
        if node.verdicts and checksum is not None and checksum[Checksum].algorithm != "internet":
            self._slow.append(group.index)
            return False
        codes = judged(group, reach_of(group, left, early), self.catalog.key_of(IP_PROTOCOL, node.stack[-1]) or 0)
        if codes is not None:
            for name in node.verdicts:
                self._output.store(name, group.index, codes)
        if layout.quotes:
            incomplete(group)
        if layout.layer == "network":
            group.addresses = addresses_of(group)
        elif layout.layer != "extension":
            group.addresses = None
        return True

    def _select(self, group: Group, mask: Mask | None) -> None:
        node, layout = group.node, group.node.layout
        if mask is not None and (node.by_more or not some(mask)):
            group, mask = group.part(mask), None
            if not len(group):
                return
        if node.by_more:
            self._select_by_more(group)
        elif layout.selector is None:
            self._choose_carried(group, mask)
        else:
            self._choose_by_key(group, layout.selector, mask)

    def _select_by_more(self, group: Group) -> None:
        """The same where not just the value of one field decides."""
        layout = group.node.layout
        for end in group.node.ends:
            last = group.values[end]
            key = layout.keys[0]
            if not every(last):
                self._choose_some(group.part(~last), self._tables.at(key.space, key.value))
                group = group.part(last)
        if layout.selector is None:
            self._choose_carried(group, None)
            return
        selects, name = layout.selector[Selects], layout.selector.name
        if selects.only:
            group = group.part(np.isin(group.values[selects.only[0]], selects.only[1]))
        if selects.unless:
            group = group.part(~np.isin(group.values[selects.unless[0]], selects.unless[1]))
        if selects.when:
            when = group.values[selects.when]
            if not every(when):
                self._choose_carried(group.part(~when), None)
                group = group.part(when)
        mask: Mask | None = None
        if selects.lengths:
            limit, key = selects.lengths
            is_length = group.values[name] <= limit
            if some(is_length):
                inside = group.part(is_length)
                lengths = inside.values[name].astype(np.int64)
                framed(inside, lengths)
                self._choose_some(inside.part(lengths > 0), self._tables.at(key.space, key.value))
                mask = ~is_length
        if len(group):
            self._choose_by_key(group, layout.selector, mask)

    def _choose_by_key(self, group: Group, selector: Field, mask: Mask | None) -> None:
        values = group.values[selector.name]
        self._leave(group)
        for candidates, of in self._tables.by_key(group, values, selector[Selects].space, mask):
            self._choose(group, candidates, of)

    def _choose_carried(self, group: Group, mask: Mask | None) -> None:
        carries = group.node.layout.carries
        if carries is not None and len(group):
            self._leave(group)
            self._choose(group, self._tables.at(carries.space, carries.value), mask)

    def _leave(self, group: Group) -> None:
        """Forgets what no key can ask for."""
        asked = self._plan.asked
        group.values = {name: group.values[name] for name in asked & group.values.keys()}

    def _choose_some(self, group: Group, candidates: tuple[Binding, ...]) -> None:
        if len(group):
            self._leave(group)
            self._choose(group, candidates)
