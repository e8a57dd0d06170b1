"""What to read of each header of a stack: worked out once, for all packets that have these headers.

Strategy: a node stands for all stacks after which the same is to be done, whatever follows: they end with the same
header, in which the same columns are read, and differ in nothing that decides about columns of later headers. So there
are about as many nodes as headers in their scopes, and not as many as stacks.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from overlaycodec.codec.catalog import Catalog
from overlaycodec.columnar.column import Column
from overlaycodec.columnar.decode.batch import ROW
from overlaycodec.columnar.decode.bit_fields import SPARE, BitField
from overlaycodec.packet.header import Header
from overlaycodec.packet.paths import Scope, names_of, scope_in, scopes_of
from overlaycodec.schema.keys import PreviousHeader
from overlaycodec.schema.keyspaces import IP_PROTOCOL, LINK_TYPE, TCP_PORT, UDP_PORT
from overlaycodec.schema.layout import Field, Layout, Run
from overlaycodec.schema.plans import Presence, UnparsedSize

if TYPE_CHECKING:
    from overlaycodec.pipelines.automaton import State
    from overlaycodec.pipelines.pipeline import AnyPipeline

__all__ = ["Fixed", "Node", "Plan", "deciding_of"]

_TAKEN = (16, 32, 64)
"""Sizes of row parts that NumPy takes quickly."""
_RANKS = {LINK_TYPE: 0, IP_PROTOCOL: 3, TCP_PORT: 4, UDP_PORT: 4}
"""How far from the outside the headers of some key spaces are, in their scope; network headers: 2, all others: 1."""


@lru_cache(maxsize=1024)
def deciding_of(layout: Layout, asked: frozenset[str]) -> frozenset[str]:
    """The deciding fields of the layout, and those of the `asked` ones that it has."""
    return layout.deciding | (asked & layout.by_name.keys())


def _status_fields(layout: Layout) -> frozenset[str]:
    """The fields that the status of a checksum needs."""
    names = {"src", "dst"} if layout.layer == "network" else set()
    if layout.coverage is not None:
        names.add(layout.coverage.field.name)
    if layout.more_fragments is not None:
        names.add(layout.more_fragments)
    names.update(field.route.left for field in layout.fields if field.route is not None)
    return frozenset(names)


@lru_cache(maxsize=1024)
def _bit_fields_of(run: Run) -> dict[str, BitField]:
    return {field.name: BitField(field, run.bit_of(field.name)) for field in run.fields}


class Fixed:
    """What is read of a run of fixed fields."""

    __slots__ = ("checks", "octets", "presence", "reads", "row", "writes")

    def __init__(self, run: Run, deciding: frozenset[str], columns: list[tuple[Field, str]]) -> None:
        self.octets = run.octets
        self.row = np.dtype(f"V{next((size for size in _TAKEN if size >= run.octets + SPARE), ROW)}")
        """The run, and what may be read together with it, in a size that is taken quickly."""
        self.presence = run.presence
        bit_fields = _bit_fields_of(run)
        self.checks = [bit_field for bit_field in bit_fields.values() if bit_field.const is not None]
        self.reads = [bit_field for name, bit_field in bit_fields.items() if name in deciding]
        """The deciding fields."""
        self.writes = [(bit_fields[field.name], field, column) for field, column in columns if field.name in bit_fields]
        """The requested fields, and the name of the column of each."""


class Node:
    """Stacks after which the same is to be done: how their last header is read, and what is done when it was read."""

    parts: list[tuple[Fixed | Field, Presence | None]]
    """The parts of the header, and when each is present."""
    variable: list[tuple[Column, Field]]
    """Columns of fields of variable size, and the field; for a remainder, the option list that it is of."""

    __slots__ = (
        "_next", "deciding", "follows", "layout", "more_fragments", "one_by_one", "parts", "plan", "present",
        "rank", "restarts", "settled", "stack", "state", "statuses", "takes_all", "types_from", "variable",
    )  # fmt: skip

    def __init__(self, plan: Plan, stack: tuple[type[Header], ...], state: State | None = None) -> None:
        self.plan = plan
        self.stack = stack
        """One of the stacks."""
        self.state = state
        """The state of the pipeline after these headers; None without a pipeline."""
        self._next: dict[type[Header], Node] = {}
        self.settled = bool(stack) and not plan.follows_all and all(column.settled(stack) for column in plan.columns)
        """Whether nothing after these headers is requested."""
        self.one_by_one = False
        """Whether the scalar decoder takes these packets."""
        if state is not None:
            self.settled = bool(stack) and not state.expected
            assert plan.pipeline is not None
            self.one_by_one = bool(stack) and plan.pipeline.needs_steps(stack, state)
        self.rank = (0, 0, False)
        """In which order nodes are best read: few can follow what has a greater rank. For performance only."""
        if not stack:
            return
        self.layout: Layout = plan.catalog.layout(stack[-1])
        layout = self.layout
        wanted = [column for column in plan.columns if column.depth_in(stack) == len(stack) - 1]
        self.statuses = [column.name for column in wanted if column.status]
        """Columns of the status of the header's checksum."""
        wanted = [column for column in wanted if not column.status]
        self.deciding = deciding_of(layout, plan.asked)
        if plan.statuses:
            self.deciding |= _status_fields(layout)
        columns = [(column.field, column.name) for column in wanted if column.field is not None]
        self.parts = _parts_of(layout, self.deciding, columns)
        self.types_from = {column.name: column.types_from for column in wanted if column.types_from}
        """Columns of a field that is a type or a length: the least value that is a type."""
        self.variable = []
        self.present: list[str] = []
        """The presences of the columns whose field every such header has."""
        in_runs = {field.name for part in layout.parts if isinstance(part, Run) for field in part.fields}
        for column in wanted:
            assert column.field is not None
            if column.field.name not in in_runs:
                size = column.field.size
                name = size.of if isinstance(size, UnparsedSize) else column.field.name
                self.variable.append((column, layout.by_name[name]))
            elif column.field.presence is None and column.presence not in self.present:
                self.present.append(column.presence)
        scopes = scopes_of(stack)
        last = scopes[-1]
        opens = last.start == len(stack) - 1 > 0 and "quoted" not in last.prefix
        self.rank = (len(scopes), *_rank_of(layout))
        self.restarts = [column.name for column in plan.columns if column.scope == "innermost" and opens]
        """Columns of the innermost scope, which starts again with this header."""
        self.takes_all = layout.takes_rest and layout.next.selector is None and layout.next.carried is None
        """Whether the header reaches to the end of its region."""
        self.follows = not layout.next.closed and not layout.takes_rest and (state is None or bool(state.expected))
        """Whether something can follow."""
        self.more_fragments = layout.more_fragments if plan.statuses else None
        """The flag that means that not all of the content is here, where that is needed."""

    @classmethod
    def of_element(cls, layout: Layout, kind: str | None, column: Column) -> Node:
        """What is read of an element of an option list for a column of one of its fields."""
        node = cls.__new__(cls)
        node.layout = layout
        node.takes_all = False
        field = layout.by_name.get(column.rest[1][0])
        node.variable = [] if field is None else [(column, field)]
        asked = frozenset() if kind is None else frozenset({kind})
        node.parts = _parts_of(layout, deciding_of(layout, asked), [] if field is None else [(field, column.name)])
        return node

    @classmethod
    def of_list(cls, layout: Layout, kind: str | None) -> Node:
        """What is read of an element of an option list to find its end."""
        node = cls.__new__(cls)
        node.layout = layout
        node.takes_all = False
        node.variable = []
        node.parts = _parts_of(layout, deciding_of(layout, frozenset() if kind is None else frozenset({kind})), [])
        return node

    def wants(self, field: Field) -> bool:
        """Whether a column is of this field of variable size, or of its remainder."""
        return any(other is field for _, other in self.variable)

    def after(self, cls: type[Header]) -> Node:
        """The stack with one more header."""
        node = self._next.get(cls)
        if node is None:
            state = None if self.state is None else self.state.after(cls)
            node = self._next[cls] = self.plan.node((*self.stack, cls), state)
        return node


def _rank_of(layout: Layout) -> tuple[int, bool]:
    """How far from the outside a header is in its scope, and whether none of its kind follows it."""
    spaces = {key.space for key in layout.keys}
    following = layout.next
    again = following.repeat is not None or following.space in spaces
    if layout.layer == "network":  # after all tags and labels
        return 2, not again
    return min((_RANKS.get(space, 1) for space in spaces), default=1), not again


def _parts_of(
    layout: Layout, deciding: frozenset[str], columns: list[tuple[Field, str]]
) -> list[tuple[Fixed | Field, Presence | None]]:
    return [
        (Fixed(part, deciding, columns) if isinstance(part, Run) else part, part.presence)
        for part in layout.parts
        if isinstance(part, Run) or not isinstance(part.size, UnparsedSize)
    ]


class Plan:
    """The requested columns, and what all nodes need to know of them."""

    def __init__(
        self,
        columns: tuple[Column, ...],
        catalog: Catalog,
        pipeline: AnyPipeline | None = None,
        *,
        named: bool = False,
    ) -> None:
        self.columns = tuple(column for column in columns if column.field is not None)
        self.catalog = catalog
        asked = (condition for key, _ in catalog.bindings for condition in key.conditions)
        self.asked = frozenset(condition.field for condition in asked if isinstance(condition, PreviousHeader))
        """The fields that conditions of keys test in the header before."""
        self.faults = any(column.name == "fault" for column in columns)
        self.payloads = any(column.name == "payload" for column in columns)
        self.follows_all = self.faults or self.payloads
        """Whether each packet is read to its last header."""
        self.statuses = any(column.status for column in columns)
        self.pipeline = pipeline
        self._named = named
        """Whether stacks whose last headers have different names are never the same."""
        self._nodes: dict[tuple[object, ...], Node] = {}
        self.root = Node(self, (), None if pipeline is None else pipeline.automaton.start)

    def node(self, stack: tuple[type[Header], ...], state: State | None) -> Node:
        """The node of this stack."""
        key = self._key_of(stack) if self.pipeline is None else (stack,)
        node = self._nodes.get(key)
        if node is None:
            node = self._nodes[key] = Node(self, stack, state)
        return node

    def _key_of(self, stack: tuple[type[Header], ...]) -> tuple[object, ...]:
        """What is the same for all stacks after which the same is to be done."""
        scopes = scopes_of(stack)
        last = scopes[-1]
        here = stack[last.start :]
        networked = any(cls.__layout__.layer == "network" for cls in here)
        key = (stack[-1], networked, len(here) == 1 < len(stack))
        if self._named:
            return *key, last.prefix, *sorted(names_of(here))
        named = {column.scope for column in self.columns} - {None, "innermost"}
        ahead = any(f"{scope}.".startswith(f"{last.prefix}." if last.prefix else "") for scope in named)
        counts = [self._count(column, stack, scopes) for column in self.columns]
        return *key, last.prefix if ahead else "quoted" in last.prefix, *counts

    def _count(self, column: Column, stack: tuple[type[Header], ...], scopes: list[Scope]) -> int | None:
        """How many headers that the column's path can name are in the stack; -1 for the one that it names at its end.

        None where it names no header that follows.
        """
        if column.depth_in(stack) == len(stack) - 1:
            return -1
        if column.settled(stack):
            return None
        scope = scope_in(scopes, column.scope)
        if scope is None:
            return 0
        count = sum(cls.__layout__.name == column.header for cls in stack[scope.start : scope.stop])
        return min(count, column.number + 1)
