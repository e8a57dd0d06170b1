"""What is to be done at a header of a stack: worked out once, for all packets that have these headers."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from overlaycodec.codec.catalog import Catalog
from overlaycodec.columnar.column import Column
from overlaycodec.columnar.decode.batch import ROW
from overlaycodec.columnar.decode.bit_fields import SPARE, Cut
from overlaycodec.packet.header import Header
from overlaycodec.packet.paths import scopes_of
from overlaycodec.schema.facts import (
    Condition,
    FinalDestination,
    FragmentOffset,
    LengthField,
    MoreFragments,
    Rest,
    Selects,
    SizedBy,
    StackEnd,
    Unparsed,
    When,
)
from overlaycodec.schema.layout import Field, Layout, Run

__all__ = ["Fixed", "Node", "Plan", "deciding_of"]

_TAKEN = (16, 32, 64)


@lru_cache(maxsize=1024)
def deciding_of(layout: Layout, asked: frozenset[str]) -> frozenset[str]:
    """The fields that decide how the header is read, or what follows it; `asked` are those that keys ask for."""
    names = set(asked & layout.by_name.keys())
    for field in layout.fields:
        if any(fact in field for fact in (LengthField, Selects, FragmentOffset, StackEnd)):
            names.add(field.name)
        condition = field.condition
        if isinstance(condition, When):
            names.update(condition.flags)
        elif condition is not None:
            names.add(condition.field)
        if sized := field.get(SizedBy):
            names.add(sized.field)
        if (bounds := field.get(LengthField)) and bounds.unless:
            names.add(bounds.unless)
        if selects := field.get(Selects):
            names.update(name for name in (selects.when, selects.only and selects.only[0]) if name)
            names.update([selects.unless[0]] if selects.unless else [])
    return frozenset(names)


def _judging(layout: Layout) -> frozenset[str]:
    """The fields that a verdict on a checksum needs."""
    names = {"src", "dst"} if layout.layer == "network" else set()
    if layout.checksum is not None:
        names.add(layout.checksum.name)
    for field in layout.fields:
        if MoreFragments in field:
            names.add(field.name)
        if route := field.get(FinalDestination):
            names.add(route.left)
    return frozenset(names)


@lru_cache(maxsize=1024)
def _cuts_of(run: Run) -> dict[str, Cut]:
    return {field.name: Cut(field, run.bit_of(field.name)) for field in run.fields}


class Fixed:
    """What is read of a run of fixed fields."""

    __slots__ = ("checks", "condition", "octets", "reads", "row", "writes")

    def __init__(self, run: Run, deciding: frozenset[str], columns: list[tuple[Field, str]]) -> None:
        self.octets = run.octets
        self.row = np.dtype(f"V{next((size for size in _TAKEN if size >= run.octets + SPARE), ROW)}")
        """The run, and what may be read together with it, in a size that is quickly taken."""
        self.condition = run.condition
        cuts = _cuts_of(run)
        self.checks = [cut for cut in cuts.values() if cut.const is not None]
        self.reads = [cut for name, cut in cuts.items() if name in deciding]
        """What is reckoned with."""
        self.writes = [(cuts[field.name], field, column) for field, column in columns if field.name in cuts]
        """What is asked for, and by which column."""


class Node:
    """A stack of headers, and what is to be done when its last one was read."""

    parts: list[tuple[Fixed | Field, Condition | None]]
    """What the header is made of, and what makes each present."""
    rows: list[tuple[Column, Field]]
    """Columns, and the field of another size that they are of, or whose remainder."""

    __slots__ = (
        "_next", "anew", "by_more", "deciding", "ends", "following", "layout", "more", "offsets", "parts", "plan",
        "present", "rows", "settled", "stack", "takes_all", "verdicts",
    )  # fmt: skip

    def __init__(self, plan: Plan, stack: tuple[type[Header], ...]) -> None:
        self.plan = plan
        self.stack = stack
        self._next: dict[type[Header], Node] = {}
        self.settled = bool(stack) and not plan.faults and all(column.settled(stack) for column in plan.columns)
        """Whether nothing behind these headers is asked for."""
        if not stack:
            return
        self.layout: Layout = plan.catalog.layout(stack[-1])
        layout = self.layout
        wanted = [column for column in plan.columns if column.depth_in(stack) == len(stack) - 1]
        self.verdicts = [column.name for column in wanted if column.verdict]
        """Columns of verdicts on the header's checksum."""
        wanted = [column for column in wanted if not column.verdict]
        self.deciding = deciding_of(layout, plan.asked)
        if plan.verdicts:
            self.deciding |= _judging(layout)
        columns = [(column.field, column.name) for column in wanted if column.field is not None]
        self.parts = _parts_of(layout, self.deciding, columns)
        self.rows = []
        self.present: list[str] = []
        """What the columns of the fields have in common that must be there."""
        in_runs = {field.name for part in layout.parts if isinstance(part, Run) for field in part.fields}
        for column in wanted:
            assert column.field is not None
            if column.field.name not in in_runs:
                remainder = column.field.get(Unparsed)
                name = column.field.name if remainder is None else remainder.of
                self.rows.append((column, layout.by_name[name]))
            elif column.field.condition is None and column.presence not in self.present:
                self.present.append(column.presence)
        last = scopes_of(stack)[-1]
        opens = last.start == len(stack) - 1 > 0 and "quoted" not in last.prefix
        self.anew = [column.name for column in plan.columns if column.scope == "innermost" and opens]
        """Columns of the innermost scope, which begins anew with this header."""
        self.takes_all = (
            layout.selector is None and layout.carries is None and any(Rest in field for field in layout.fields)
        )
        """Whether it reaches as far as there are octets."""
        self.following = not layout.closed and not any(Rest in field for field in layout.fields)
        """Whether something can follow."""
        selects = None if layout.selector is None else layout.selector[Selects]
        self.ends = [field.name for field in layout.fields if StackEnd in field]
        """The fields that tell the last of several headers of a kind."""
        self.by_more = bool(self.ends) or (
            selects is not None and any((selects.only, selects.unless, selects.when, selects.lengths))
        )
        """Whether more than the value of one field decides on what follows."""
        self.offsets = [field.name for field in layout.fields if FragmentOffset in field]
        """The fields that make what follows a later piece."""
        self.more = [field.name for field in layout.fields if MoreFragments in field and plan.verdicts]
        """Those that make it a piece of which not all is there, as far as that is asked for."""

    @classmethod
    def of_element(cls, layout: Layout, kind: str | None, column: Column) -> Node:
        """What is read of an element of a row for a column of a field of it."""
        node = cls.__new__(cls)
        node.layout = layout
        field = layout.by_name.get(column.rest[1][0])
        node.rows = [] if field is None else [(column, field)]
        asked = frozenset() if kind is None else frozenset({kind})
        node.parts = _parts_of(layout, deciding_of(layout, asked), [] if field is None else [(field, column.name)])
        return node

    def wants(self, field: Field) -> bool:
        """Whether a column is of this field, or of its remainder."""
        return any(row is field for _, row in self.rows)

    def after(self, cls: type[Header]) -> Node:
        """The stack with one more header."""
        node = self._next.get(cls)
        if node is None:
            node = self._next[cls] = Node(self.plan, (*self.stack, cls))
        return node


def _parts_of(
    layout: Layout, deciding: frozenset[str], columns: list[tuple[Field, str]]
) -> list[tuple[Fixed | Field, Condition | None]]:
    return [
        (Fixed(part, deciding, columns) if isinstance(part, Run) else part, part.condition)
        for part in layout.parts
        if isinstance(part, Run) or Unparsed not in part
    ]


class Plan:
    """What is asked for."""

    def __init__(self, columns: tuple[Column, ...], catalog: Catalog, asked: frozenset[str], *, faults: bool) -> None:
        self.columns = columns
        self.catalog = catalog
        self.asked = asked
        """The fields that keys ask for in the header before."""
        self.faults = faults
        self.verdicts = any(column.verdict for column in columns)
        self.root = Node(self, ())
