"""How a run of fixed fields becomes one `struct` format: which octets are one number, and which bits each field has.

Strategy: fields between two octet boundaries share a number; neighbours are joined where that makes a size that
`struct` has (1, 2, 4, 8) for less work. Decoder and encoder use the same plan, so they cannot disagree.
"""

from __future__ import annotations

from collections.abc import Callable, Container
from functools import cache

import msgspec

from overlaycodec.schema.layout import Field, Run

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
        """For an octet of several fields, their values by the octet: a look-up is quicker than shifts and masks."""
        if self.octets != 1 or len(self.fields) < 2:
            return None
        return _values_of_octets(tuple((field.kind, shift, field.maximum) for field, shift in self.fields))

    def seldom_varies(self, constant: Container[str] = ()) -> bool:
        """Whether the number seldom varies: it consists of flags, reserved bits and the `constant` fields."""
        fields = [field for field, _ in self.fields]
        if self.odd is not None or len(fields) == 1 or (self.octets == 1 and all(f.kind == "bool" for f in fields)):
            return False
        return all(field.kind == "bool" or field.reserved or field.name in constant for field in fields)

    def number_of(self, value: Callable[[Field], int]) -> int:
        """The number that holds these values."""
        return sum(value(field) << shift for field, shift in self.fields)

    def joined(self, name: Callable[[Field], str]) -> str:
        """The expression that joins the fields, each a local variable or a constant, into the number.

        Python multiplies and adds small numbers quicker than it shifts them.
        """
        terms = []
        for field, shift in self.fields:
            value = name(field)
            if value in ("0", "False"):
                continue
            if field.kind == "bool" and len(self.fields) > 1:
                terms.append(f"({1 << shift} if {value} else 0)")
            else:
                terms.append(f"{value} * {1 << shift}" if shift else value)
        return " + ".join(terms) or "0"


@cache
def _values_of_octets(parts: tuple[tuple[str, int, int], ...]) -> tuple[tuple[int, ...], ...]:
    return tuple(
        tuple(
            bool(octet >> shift & 1) if kind == "bool" else octet >> shift & maximum for kind, shift, maximum in parts
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
        if field.kind in ("int", "bool") and field.byte_order is None:
            group.append(field)
            bits += field.width
            if bits % 8 == 0:
                numeric.append(group)
                group, bits = [], 0
            continue
        # addresses and octets start on an octet boundary: `planning` refuses others
        items += _joined(numeric)
        numeric = []
        items.append(_alone(field))
    items += _joined(numeric)
    return ">" + "".join(item.code for item in items), tuple(items)


def _alone(field: Field) -> Item:
    octets = field.width // 8
    if field.kind == "ipv4":
        return Item("I", 4, ((field, 0),))
    return Item(f"{octets}s", octets, ((field, 0),), field.byte_order)


def _joined(groups: list[list[Field]]) -> list[Item]:
    """The cheapest way to join neighbouring groups."""
    sizes = [sum(field.width for field in group) // 8 for group in groups]

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
                rest, stops = best(stop)
                options.append((price + rest, (stop, *stops)))
        return min(options)

    items, start = [], 0
    for stop in best(0)[1]:
        fields = [field for group in groups[start:stop] for field in group]
        octets = sum(sizes[start:stop])
        shift, placed = octets * 8, []
        for field in fields:
            shift -= field.width
            placed.append((field, shift))
        code = _CODES.get(octets)
        items.append(Item(code or f"{octets}s", octets, tuple(placed), None if code else "big"))
        start = stop
    return items
