"""The parts of a record, read for many packets at once: the rules of the scalar readers.

Strategy: a group is read part by part. It splits where a flag puts a part there or not; packets that end in a fault
leave it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from overlaycodec.columnar.decode.batch import ROW, Ints
from overlaycodec.columnar.decode.bit_fields import SPARE, Values
from overlaycodec.columnar.decode.group import Group, Mask, every, some, taken
from overlaycodec.columnar.decode.plan import Fixed
from overlaycodec.schema.facts import Condition, ConstructField, PadTo, Rest, SizedBy, Unless, When
from overlaycodec.schema.layout import Field

__all__ = ["PartReader"]


class PartReader(ABC):
    """Reads records of the layouts of groups' nodes."""

    @abstractmethod
    def ended(self, group: Group, mask: Mask, name: str) -> None:
        """Takes note that the packets of the mask end here, with a fault."""

    @abstractmethod
    def not_understood(self, group: Group) -> None:
        """Takes note of packets that cannot be read here."""

    def read(self, group: Group, number: int, states: list[tuple[Group, int]]) -> Group | None:
        """Reads the parts of a header from this one on; None where no packet is left, or they went on in two."""
        for at, (part, condition) in enumerate(group.node.parts[number:], number):
            if condition is not None:
                there = _present(condition, group)
                if not some(there):
                    continue
                if not every(there):
                    states += [(group.part(mask), at) for mask in (there, ~there)]
                    return None
            if isinstance(part, Fixed):
                read = self._fixed(group, part)
            else:
                read = self._variable(group, part)
            if read is None or not len(read):
                return None
            group = read
        return group

    def _fault(self, group: Group, mask: Mask, name: str) -> Group:
        """Ends the packets of the mask here, with a fault; gives the others."""
        if not some(mask):
            return group
        self.ended(group, mask, name)
        return group.part(~mask)

    def _fixed(self, group: Group, fixed: Fixed) -> Group | None:
        if group.at + fixed.octets + SPARE > ROW:
            if fixed.octets + SPARE > ROW:
                self.not_understood(group)
                return None
            group.move()
        if group.at + fixed.octets > group.least:
            group = self._fault(group, group.at + fixed.octets > group.left, "TruncatedError")
        rows, picked, at = group.rows, group.picked, group.at
        # Octets of picked rows are put together at the price of one field; each field is then much cheaper.
        if picked is not None and (fixed.reads or fixed.writes or fixed.checks):
            rows, at = taken(rows, picked, at, fixed.row)
            picked = None
        group.read.append((fixed, rows, picked, at))
        for cut in fixed.checks:
            wrong = cut.read(rows, picked, at, native=True) != cut.const
            group = self._fault(group, wrong, "FieldValueError")
            _, rows, picked, at = group.read[-1]
        for cut in fixed.reads:
            group.values[cut.name] = cut.read(rows, picked, at, native=True)
        if not fixed.writes:
            group.read.pop()
        group.at += fixed.octets
        return group

    def _variable(self, group: Group, field: Field) -> Group | None:
        node = group.node
        if Rest in field and node.layout.selector is None and node.layout.carries is None:
            if node.wants(field):
                base = group.base()
                group.values[field.name], group.values[f"{field.name} ends"] = base + group.at, base + group.left
            return group
        octets = _octets_of(field, group)
        if octets is None:
            self.not_understood(group)
            return None
        if isinstance(octets, int):
            if octets < 0:
                return self._fault(group, np.ones(len(group), np.bool_), "LengthFieldError")
            if octets and group.at + octets > group.least:
                group = self._fault(group, group.at + octets > group.left, "TruncatedError")
        else:
            negative = octets < 0
            beyond = (group.at + octets > group.left) & (octets > 0)
            wrong = negative | beyond
            if some(wrong):
                self.ended(group, negative, "LengthFieldError")
                self.ended(group, beyond, "TruncatedError")
                group, octets = group.part(~wrong), octets[~wrong]
        if node.wants(field):
            group.values[field.name] = starts = group.base() + group.at
            group.values[f"{field.name} ends"] = starts + octets
        if isinstance(octets, int):
            group.at += octets
        elif len(group):
            group.skip(octets)
        return group


def _octets_of(field: Field, group: Group) -> int | Ints | None:
    """The size of a field whose size is told; None where that is not understood here."""
    start = group.start
    if PadTo in field:
        pads = field[PadTo].unit
        return -(group.at - start) % pads
    sized = field.get(SizedBy)
    if sized is None or ConstructField in field:
        return None
    told = group.values.get(sized.field)
    if told is None:
        return 0
    before: int | Ints = group.at - start if sized.origin == "start" else 0
    if isinstance(before, int) and len(told) and every(told == told[0]):
        return int(told[0]) * sized.unit + sized.bias - before
    return told.astype(np.int64) * sized.unit + (sized.bias - before)


def _present(condition: Condition, group: Group) -> Mask:
    absent: Mask = np.zeros(len(group), np.bool_)
    if isinstance(condition, When):
        for flag in condition.flags:
            absent = absent | group.values.get(flag, absent)
        return absent
    values: Values | None = group.values.get(condition.field)
    among = absent if values is None else np.isin(values, condition.values)
    return ~among if isinstance(condition, Unless) else among  # type: ignore[redundant-expr]
