"""How a run of fixed fields becomes one `struct` format: which octets are one number, and what is cut out of it.

Strategy: fields between two octet boundaries share a number; neighbours are joined where that makes a size that
`struct` has (1, 2, 4, 8) for less work. Reader and writer use the same plan, so they cannot disagree.
"""

from __future__ import annotations

from functools import cache

import msgspec

from overlaycodec.layout import Field, Run
from overlaycodec.wire import ByteOrder

__all__ = ["Item", "plan"]

_CODES = {1: "B", 2: "H", 4: "I", 8: "Q"}
_ITEM_COST, _SHIFT_COST, _ODD_COST, _TABLE_COST = 0.4, 1.0, 6.0, 2.0


class Item(msgspec.Struct, frozen=True):
    """One item of a struct format, and the fields that it holds: each with how far it is shifted."""

    code: str
    octets: int
    fields: tuple[tuple[Field, int], ...]
    odd: str | None = None
    """The byte order in which octets become a number outside `struct`; None where that is not needed."""

    def table(self) -> tuple[tuple[int, ...], ...] | None:
        """For an octet of several fields, their values by the octet: quicker to look up than to cut out."""
        if self.octets != 1 or len(self.fields) < 3:
            return None
        return tuple(
            tuple(
                bool(octet >> shift & 1) if field.kind == "bool" else octet >> shift & field.maximum
                for field, shift in self.fields
            )
            for octet in range(256)
        )


def plan(run: Run) -> tuple[str, tuple[Item, ...]]:
    """The format and its items.

    >>> from overlaycodec.protocols import VXLAN
    >>> run = VXLAN.__layout__.parts[0]
    >>> plan(run)[0]
    '>II'
    """
    items: list[Item] = []
    group: list[Field] = []
    numeric: list[list[Field]] = []
    bits = 0
    for field in run.fields:
        if field.kind in ("int", "bool") and ByteOrder not in field:
            group.append(field)
            bits += field.bits or 0
            if bits % 8 == 0:
                numeric.append(group)
                group, bits = [], 0
            continue
        # an address or octets in the middle of an octet cannot happen: the runs before it were closed on one
        items += _joined(numeric)
        numeric = []
        items.append(_whole(field))
    items += _joined(numeric)
    return ">" + "".join(item.code for item in items), tuple(items)


def _whole(field: Field) -> Item:
    octets = (field.bits or 0) // 8
    if field.kind == "ipv4":
        return Item("I", 4, ((field, 0),))
    order = field.get(ByteOrder)
    return Item(f"{octets}s", octets, ((field, 0),), order.order if order else None)


def _joined(groups: list[list[Field]]) -> list[Item]:
    """The cheapest way to join neighbouring groups."""
    sizes = [sum(field.bits or 0 for field in group) // 8 for group in groups]

    def cost(start: int, stop: int) -> float | None:
        octets = sum(sizes[start:stop])
        fields = sum(len(group) for group in groups[start:stop])
        if octets > 8 and stop - start > 1:
            return None
        shifts = 0.0 if fields == 1 else _SHIFT_COST * (2 * fields - 2)
        if octets == 1 and fields > 2:
            shifts = _TABLE_COST
        return _ITEM_COST + shifts + (0.0 if octets in _CODES else _ODD_COST)

    @cache
    def best(start: int) -> tuple[float, tuple[int, ...]]:
        if start == len(groups):
            return 0.0, ()
        options = []
        for stop in range(start + 1, len(groups) + 1):
            price = cost(start, stop)
            if price is not None:
                rest, cuts = best(stop)
                options.append((price + rest, (stop, *cuts)))
        return min(options)

    items, start = [], 0
    for stop in best(0)[1]:
        fields = [field for group in groups[start:stop] for field in group]
        octets = sum(sizes[start:stop])
        shift, placed = octets * 8, []
        for field in fields:
            shift -= field.bits or 0
            placed.append((field, shift))
        code = _CODES.get(octets)
        items.append(Item(code or f"{octets}s", octets, tuple(placed), None if code else "big"))
        start = stop
    return items
