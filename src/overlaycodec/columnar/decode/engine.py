"""Layouts -> the headers of many packets at once.

Strategy: packets are decoded in groups of one shape, header by header, with the rules of the scalar decoder: the same
reads in the same order, the same bounds, the same faults. Small groups that come to the same header on different ways
become one. Some plans are not understood here; a packet that meets one
is given to the scalar decoder from its first octet. So the answers are those of the scalar decoder.
"""

from __future__ import annotations

import numpy as np

from overlaycodec.capture.bulk.arrays import Ints, Mask
from overlaycodec.codec.catalog import Binding
from overlaycodec.columnar.column_buffers import Part
from overlaycodec.columnar.decode.batch import Batch
from overlaycodec.columnar.decode.bit_fields import stored
from overlaycodec.columnar.decode.checksum_status import (
    BAD_CODE,
    address_sums,
    mark_incomplete,
    region_of,
    status_codes,
    with_other_addresses,
)
from overlaycodec.columnar.decode.dispatch import Tables, conditions_hold, doubtful
from overlaycodec.columnar.decode.group import Group, among, every, some
from overlaycodec.columnar.decode.length_bounds import end_after, end_by_length, end_by_option, jumbo_lengths
from overlaycodec.columnar.decode.list_walker import ListWalk, walkable
from overlaycodec.columnar.decode.payloads import Payloads
from overlaycodec.columnar.decode.plan import Node, Plan
from overlaycodec.columnar.decode.record_reader import PartReader
from overlaycodec.columnar.decode.variable_fields import variable_of
from overlaycodec.packet.header import Header
from overlaycodec.schema.corroboration import Corroboration
from overlaycodec.schema.keys import Key
from overlaycodec.schema.keyspaces import IP_PROTOCOL, LINK_TYPE
from overlaycodec.schema.layout import Field, Layout, Run

__all__ = ["Engine"]

_NONE = np.empty(0, np.int64)
_MANY = 1 << 12
"""Groups of so many packets stay as they are: to gather their rows again costs more than to read them alone."""


class Engine(PartReader):
    """Decodes batches for some columns."""

    def __init__(self, plan: Plan, tables: Tables) -> None:
        self.catalog = plan.catalog
        self._plan, self._tables = plan, tables
        self._payloads = Payloads() if plan.payloads else None
        self.stacks: dict[tuple[type[Header], ...], None] = {}
        """Stacks of headers that were met: with `named`, such that all names of headers are in them."""

    def run(self, batch: Batch, output: Part, fewest: int, index: Ints | None = None) -> tuple[Ints, Ints]:
        """Fills the output for the packets that can be decoded in groups of `fewest` or more.

        `index`: the index in the output of each packet of the batch; None where these are the same. Gives the packets
        of groups that are too small, and those that cannot be decoded in groups, by their indexes in the output.
        """
        self._output, self._fewest = output, fewest
        self._few: list[Ints | None] = []
        self._slow: list[Ints | None] = []
        self._ended: dict[str, list[Ints]] = {}
        self._work: dict[tuple[Node, bool], list[Group]] = {}
        everything = np.arange(len(batch)) if index is None else index
        self._left_to_card: Mask | None = None
        if self._plan.statuses and batch.left_to_card is not None and some(batch.left_to_card):
            self._left_to_card = np.zeros(len(output), np.bool_)
            self._left_to_card[everything] = batch.left_to_card
        if self._payloads is not None:
            self._payloads.begin(len(output))
        pipeline = self._plan.pipeline
        if pipeline is not None and not pipeline.payload:  # what is left is not known here
            self._slow.append(everything)
        elif (self._plan.columns or self._plan.follows_all or pipeline is not None) and len(batch):
            self._begin(batch, index)
        while self._work:
            for group in self._next():
                self._header(group)
        for name, found in self._ended.items():
            output.fault(np.concatenate(found), name)
        few, slow = ([everything if which is None else which for which in found] for found in (self._few, self._slow))
        left = np.concatenate([_NONE, *few]), np.concatenate([_NONE, *slow])
        if self._payloads is not None:
            self._payloads.store(batch, output, everything, np.concatenate(left))
        return left

    def _begin(self, batch: Batch, index: Ints | None) -> None:
        lengths = batch.lengths
        if batch.fcs.any():  # the frame check sequence is a trailer, as far as it was captured
            stop = np.maximum(0, np.maximum(batch.wire, lengths) - batch.fcs)
            lengths = np.minimum(lengths, stop)
        group = Group.of(self._plan.root, batch.octets, index, batch.starts, lengths)
        if self._payloads is not None:
            self._payloads.note(group)
        if self._plan.statuses:
            mark_incomplete(group, batch.wire - batch.fcs > batch.lengths)
        for candidates, mask in self._tables.by_key(group, batch.link_types, LINK_TYPE):
            self._choose(group, candidates, mask)

    def _next(self) -> list[Group]:
        """The packets that are at the outermost header of all, in as few groups as is best."""
        work = self._work
        place = min(work, key=_rank) if len(work) > 1 else next(iter(work))
        groups = work.pop(place)
        small = [group for group in groups if len(group) < _MANY]
        if len(small) > 1:
            groups = [group for group in groups if len(group) >= _MANY]
            groups.append(Group.joined(small))
        enough = [group for group in groups if len(group) >= self._fewest]
        self._few += [group.index for group in groups if len(group) < self._fewest]
        return enough

    # --- from one header to the next ------------------------------------------------------------------------------

    def _choose(self, group: Group, candidates: tuple[Binding, ...], mask: Mask | None = None) -> None:
        """Goes on with the first of the candidates whose conditions hold; where none does, the rest is payload."""
        if group.node.settled:
            return
        for key, cls in candidates:
            plan = cls.__layout__.corroboration if key.guess else None
            if not key.conditions and plan is None:
                self._push(cls, group, mask)
                return
            if mask is not None:
                group, mask = group.part(mask), None
            holds = conditions_hold(key.conditions, group) if key.conditions else None
            if holds is None or every(holds):
                self._push(cls, group, None if plan is None else self._believed(plan, group))
                return
            if some(holds):
                if plan is None:
                    self._push(cls, group, holds)
                else:
                    found = group.part(holds)
                    self._push(cls, found, self._believed(plan, found))
                group = group.part(~holds)

    def _believed(self, plan: Corroboration, group: Group) -> Mask | None:
        """The packets that no guess refuses; None: all. The doubtful ones are given to the scalar decoder."""
        doubt = doubtful(plan, group)
        if doubt is None:
            return None
        self._slow.append(group.part(doubt).index)
        return ~doubt

    def _push(self, cls: type[Header], group: Group, mask: Mask | None) -> None:
        """Goes on with this header, for the packets of the mask, or for all."""
        if group.node.state is not None and group.node.state.after(cls) is None:
            return
        if group.headers >= self.catalog.max_headers:
            self._slow.append(group.index if mask is None else group.part(mask).index)
            return
        layout = cls.__layout__
        if group.zero is not None and self._is_open(group.node.layout, layout):
            mask = np.ones(len(group), np.bool_) if mask is None else mask
            self._slow.append(group.part(group.zero & mask).index)
            mask = mask & ~group.zero
        least = group.offset + layout.parts[0].octets if isinstance(layout.parts[0], Run) else 0
        if least > group.least:  # packets that end here are taken out in the same step as those of other keys
            short = group.left < least
            if mask is not None:
                short &= mask
            if some(short):
                self.ended(group, short, "TruncatedError")
                mask = ~short if mask is None else mask ^ short
        following = group.following(group.node.after(cls), mask, least)
        self._work.setdefault((following.node, following.addresses is None), []).append(following)

    def _is_open(self, before: Layout, layout: Layout) -> bool:
        """Whether the end of this header is not found here, where the length of the IP header outside is 0."""
        if layout.layer != "extension" and not (layout.extent and layout.extent.zero == "jumbo"):
            return False
        fragments = before.next.offset is not None or layout.next.offset is not None
        return self._plan.statuses or fragments or (layout.jumbo is not None and before.layer != "network")

    # --- one header -----------------------------------------------------------------------------------------------

    def _header(self, group: Group) -> None:
        states = [(group, 0)]
        while states:
            group, number = states.pop()
            complete = self.read(group, number, states)
            if complete is not None and complete.node.one_by_one:
                self._slow.append(complete.index)
            elif complete is not None:
                self._store(complete)
                self._go_on(complete)

    def ended(self, group: Group, mask: Mask, name: str) -> None:
        """Notes that the packets of the mask end here, with the fault of this name."""
        if group.node.state is not None:
            self._output.fits[group.index_of(mask)] = False
        if self._plan.faults:
            self._ended.setdefault(name, []).append(group.index_of(mask))

    def not_understood(self, group: Group) -> None:
        """Gives packets to the scalar decoder."""
        self._slow.append(group.index)

    def listed(self, group: Group, field: Field) -> tuple[Group, Ints] | None:
        """The packets whose option list could be read, and its octets; None for a list that is not read here."""
        if not walkable(field):
            return None
        walk = ListWalk(group, field)
        right = ~walk.slow
        if not every(right):
            self.not_understood(group.part(walk.slow))
        for name, mask in walk.faulty:
            self.ended(group, mask, name)
            right &= ~mask
        return (group, walk.octets) if every(right) else (group.part(right), walk.octets[right])

    # --- the requested columns ------------------------------------------------------------------------------------

    def _store(self, group: Group) -> None:
        node, output, index = group.node, self._output, group.index
        self.stacks[node.stack] = None
        if node.state is not None:
            output.fits[... if index is None else index] = node.state.accepting
        for name in node.restarts:
            output.clear(name, group.index)
        for presence in node.present:
            output.mark(presence, group.index)
        for fixed, rows, picked, offset in group.read:
            store = output.write if fixed.presence is None else output.store
            for bit_field, field, name in fixed.writes:
                values = stored(field, bit_field.read(rows, picked, offset, native=index is not None))
                store(name, index, values)
                if name in node.types_from and some(lengths := values < node.types_from[name]):
                    output.clear(name, group.index_of(lengths))
        for column, field in node.variable:
            starts = group.values.get(field.name)
            if starts is not None:
                variable_of(column, field, group, starts, group.values[f"{field.name} ends"], output)
        group.read = []
        if node.variable:
            group.values = {name: values for name, values in group.values.items() if name in node.deciding}

    # --- where the content ends, and what it begins with ----------------------------------------------------------

    def _go_on(self, group: Group) -> None:
        """Ends the content where the length field declares it, and goes on with what follows."""
        node, extent = group.node, group.node.layout.extent
        jumbo = jumbo_lengths(group) if node.layout.jumbo is not None and group.zero is not None else None
        if jumbo is not None and some(unknown := jumbo < 0):
            self._slow.append(group.part(unknown).index)
            group, jumbo = group.part(~unknown), jumbo[~unknown]
            if not len(group):
                return
        left = group.left
        early = None if jumbo is None else end_by_option(group, jumbo)
        if extent is not None and extent.field.name in group.values:
            early = end_by_length(group, extent, group.values[extent.field.name])
        if self._payloads is not None:
            self._payloads.note_after_header(group, left, early)
        if self._plan.statuses and not self._store_status(group, left, early):
            return
        mask: Mask | None = None
        if early is not None:
            self.ended(group, early, "LengthFieldError")
            mask = ~early
        if self._plan.statuses:
            routed = with_other_addresses(group)
            if routed is not None and some(routed):
                self._slow.append(group.part(routed if mask is None else routed & mask).index)
                mask = ~routed if mask is None else mask & ~routed
        if not node.follows:
            return
        if node.more_fragments is not None:
            mark_incomplete(group, group.values[node.more_fragments])
        if node.layout.next.offset is not None:
            offset = group.values[node.layout.next.offset]
            if some(offset):
                mask = offset == 0 if mask is None else mask & (offset == 0)
        self._select(group, mask)

    def _store_status(self, group: Group, left: Ints, early: Mask | None) -> bool:
        """Stores the status of the header's checksum; False where its algorithm is not understood here."""
        node = group.node
        layout, coverage = node.layout, node.layout.coverage
        if node.statuses and coverage is not None and coverage.algorithm != "internet":
            self._slow.append(group.index)
            return False
        protocol = self.catalog.key_of(IP_PROTOCOL, node.stack[-1]) or 0
        codes = status_codes(group, region_of(group, left, early), protocol)
        if codes is not None:
            for name in node.statuses:
                self._output.store(name, group.index, codes)
            bad = codes == BAD_CODE
            if not self._may_contain_checksums(node):
                unfinished = self._left_to_card
                bad &= False if unfinished is None else unfinished[... if group.index is None else group.index]
            if some(bad):  # it may be right once an inner checksum is finished, or be the one that is left to the card
                self._slow.append(group.part(bad).index)
        if layout.quotes:
            mark_incomplete(group)
        if layout.layer == "network":
            group.addresses = address_sums(group)
        elif layout.layer != "extension":
            group.addresses = None
        return True

    def _may_contain_checksums(self, node: Node) -> bool:
        """Whether the checksum of the header that was read last may cover a header with another one."""
        layout = node.layout
        if layout.coverage is None or layout.coverage.header_only:
            return False
        return layout.next.space is None or bool(self.catalog.values(layout.next.space))

    def _select(self, group: Group, mask: Mask | None) -> None:
        """Goes on with what follows the packets of the mask, or all: `NextHeader.of` for many packets."""
        following = group.node.layout.next
        if mask is not None and not (following.unconditional and some(mask)):
            group, mask = group.part(mask), None
            if not len(group):
                return
        if not following.unconditional:
            self._select_by_conditions(group)
        elif following.selector is None:
            self._choose_at(following.carried, group, mask)
        else:
            self._choose_by_selector(group, mask)

    def _select_by_conditions(self, group: Group) -> None:
        """The same where more than the value of the selector decides."""
        following = group.node.layout.next
        if following.repeat is not None:
            last = group.values[following.repeat.flag]
            if not every(last):
                self._choose_at(following.repeat.key, group.part(~last))
                group = group.part(last)
        if following.selector is None:
            self._choose_at(following.carried, group)
            return
        content = following.content
        if content is not None and not following.content_outside:
            holds = among(group.values[content.field], content.values, negated=content.negated)
            if not every(holds):
                others = group.part(~holds)
                for guard in following.guards:  # where all hold, a header follows that this one's content decides
                    others = others.part(among(others.values[guard.field], guard.values, negated=guard.negated))
                self._slow.append(others.index)
                group = group.part(holds)
        for guard in following.guards:
            holds = among(group.values[guard.field], guard.values, negated=guard.negated)
            if not every(holds):
                if guard.carried:
                    self._choose_at(following.carried, group.part(~holds))
                group = group.part(holds)
        mask: Mask | None = None
        if following.lengths is not None:
            values = group.values[following.selector.name]
            is_length = values <= following.lengths.limit
            if some(is_length):
                framed = group.part(is_length)
                lengths = values[is_length].astype(np.int64)
                end_after(framed, lengths)
                if self._payloads is not None:
                    self._payloads.note(framed)
                self._choose_at(following.lengths.key, framed.part(lengths > 0))
                mask = ~is_length
        if len(group):
            self._choose_by_selector(group, mask)

    def _choose_by_selector(self, group: Group, mask: Mask | None) -> None:
        """Goes on with what is found at the values of the selector."""
        following = group.node.layout.next
        assert following.selector is not None
        assert following.space is not None
        values = group.values[following.selector.name]
        self._keep_asked(group)
        for candidates, of in self._tables.by_key(group, values, following.space, mask):
            self._choose(group, candidates, of)

    def _choose_at(self, key: Key | None, group: Group, mask: Mask | None = None) -> None:
        """Goes on with what is found at one key, where there is one."""
        if key is not None and len(group):
            self._keep_asked(group)
            self._choose(group, self._tables.at(key.space, key.value), mask)

    def _keep_asked(self, group: Group) -> None:
        """Drops the values that no condition of a key tests."""
        asked = self._plan.asked
        group.values = {name: group.values[name] for name in asked & group.values.keys()}


def _rank(place: tuple[Node, bool]) -> tuple[int, int, bool]:
    return place[0].rank
