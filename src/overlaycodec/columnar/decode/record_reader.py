"""The parts of a header or an element, read for many packets at once: the rules of the scalar decoder.

Strategy: a group is read part by part. It splits where a part is present in some packets only, and packets that end
with a fault are taken out.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import lru_cache

import numpy as np

from overlaycodec.capture.bulk.arrays import Ints, Mask, Values
from overlaycodec.columnar.decode.batch import ROW
from overlaycodec.columnar.decode.bit_fields import SPARE
from overlaycodec.columnar.decode.group import Group, among, every, some, taken
from overlaycodec.columnar.decode.plan import Fixed
from overlaycodec.schema.layout import Field, Run
from overlaycodec.schema.plans import CountSize, LengthSize, PadSize, Presence, RestSize

__all__ = ["PartReader", "octets_each"]


class PartReader(ABC):
    """Reads the parts of a record, by the layout of the group's node."""

    @abstractmethod
    def ended(self, group: Group, mask: Mask, name: str) -> None:
        """Notes that the packets of the mask end here, with the fault of this name."""

    @abstractmethod
    def not_understood(self, group: Group) -> None:
        """Notes packets that cannot be read in groups."""

    def listed(self, group: Group, field: Field) -> tuple[Group, Ints] | None:
        """The packets whose option list could be read, and its octets; None for a list that is not read here."""
        return None

    def read(self, group: Group, number: int, states: list[tuple[Group, int]]) -> Group | None:
        """Reads the parts of a record from part `number` on.

        None where no packet is left, or where the group split: `states` then takes both groups, and the part at which
        each goes on.
        """
        for index, (part, presence) in enumerate(group.node.parts[number:], number):
            if presence is not None:
                present = _present(presence, group)
                if not some(present):
                    continue
                if not every(present):
                    states += [(group.part(mask), index) for mask in (present, ~present)]
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
        """Ends the packets of the mask here, with the fault of this name; gives the others."""
        if not some(mask):
            return group
        self.ended(group, mask, name)
        return group.part(~mask)

    def _fixed(self, group: Group, fixed: Fixed) -> Group | None:
        if group.offset + fixed.octets + SPARE > ROW:
            if fixed.octets + SPARE > ROW:
                self.not_understood(group)
                return None
            group.move()
        if group.offset + fixed.octets > group.least:
            group = self._fault(group, group.offset + fixed.octets > group.left, "TruncatedError")
        rows, picked, offset = group.rows, group.picked, group.offset
        # To take the octets of picked rows costs as much as one field; each field is then much cheaper.
        if picked is not None and (fixed.reads or fixed.writes or fixed.checks):
            rows, offset = taken(rows, picked, offset, fixed.row)
            picked = None
        group.read.append((fixed, rows, picked, offset))
        for bit_field in fixed.checks:
            wrong = bit_field.read(rows, picked, offset, native=True) != bit_field.const
            group = self._fault(group, wrong, "FieldValueError")
            _, rows, picked, offset = group.read[-1]
        for bit_field in fixed.reads:
            group.values[bit_field.name] = bit_field.read(rows, picked, offset, native=True)
        if not fixed.writes:
            group.read.pop()
        group.offset += fixed.octets
        return group

    def _variable(self, group: Group, field: Field) -> Group | None:
        node = group.node
        if node.takes_all and isinstance(field.size, RestSize):
            if node.wants(field):
                base = group.base()
                group.values[field.name], group.values[f"{field.name} ends"] = base + group.offset, base + group.left
            if node.layout.extent is not None:  # its length field may end before what is taken
                group.skip(group.left - group.offset)
            return group
        octets = _octets_of(field, group)
        if octets is None:
            listed = self.listed(group, field)
            if listed is not None:
                group, octets = listed
                if not len(group):
                    return None
        if octets is None:
            self.not_understood(group)
            return None
        if isinstance(octets, int):
            if octets < 0:
                return self._fault(group, np.ones(len(group), np.bool_), "LengthFieldError")
            if octets and group.offset + octets > group.least:
                group = self._fault(group, group.offset + octets > group.left, "TruncatedError")
        else:
            negative = octets < 0
            beyond = (group.offset + octets > group.left) & (octets > 0)
            wrong = negative | beyond
            if some(wrong):
                self.ended(group, negative, "LengthFieldError")
                self.ended(group, beyond, "TruncatedError")
                group, octets = group.part(~wrong), octets[~wrong]
        if node.wants(field):
            group.values[field.name] = starts = group.base() + group.offset
            group.values[f"{field.name} ends"] = starts + octets
        if isinstance(octets, int):
            group.offset += octets
        elif len(group):
            group.skip(octets)
        return group


def _octets_of(field: Field, group: Group) -> int | Ints | None:
    """The size of a field of variable size; None where it is of a kind that is not read in groups."""
    start, size = group.start, field.size
    if isinstance(size, PadSize):
        return -(group.offset - start) % size.unit
    if isinstance(size, CountSize):
        each = octets_each(field)
        return None if each is None else np.maximum(group.values[size.field].astype(np.int64) + size.bias, 0) * each
    if not isinstance(size, LengthSize) or field.construct is not None:
        return None
    lengths = group.values.get(size.field)
    if lengths is None:
        return 0
    before: int | Ints = group.offset - start if size.from_start else 0
    if isinstance(before, int) and len(lengths) and every(lengths == lengths[0]):
        return int(lengths[0]) * size.unit + size.bias - before
    return lengths.astype(np.int64) * size.unit + (size.bias - before)


def _present(presence: Presence, group: Group) -> Mask:
    """Where the fields of this presence are there: `Presence.holds` for many packets."""
    nowhere: Mask = np.zeros(len(group), np.bool_)
    if presence.values is None:
        present = nowhere
        for flag in presence.fields:
            present = present | group.values.get(flag, nowhere)
        return present
    values: Values | None = group.values.get(presence.fields[0])
    if values is None:
        return ~nowhere if presence.negated else nowhere
    return among(values, presence.values, negated=presence.negated)


@lru_cache(maxsize=256)
def octets_each(field: Field) -> int | None:
    """The octets of each element of a list, where all have the same number and none of them can be wrong."""
    parts = field.element.__layout__.parts
    if field.typed()[1] or len(parts) != 1 or not isinstance(parts[0], Run) or parts[0].presence is not None:
        return None
    return None if any(inner.const is not None for inner in parts[0].fields) else parts[0].octets
