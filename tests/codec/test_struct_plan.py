"""Fields that share a number: of each run of each header, numbers that hold the bits of its fields in their order.

What is compared with is the bits of the values, written one after another as in the figures of the RFCs.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from struct import Struct
from typing import Any, Final

import pytest

import overlaycodec as oc
from overlaycodec.codec.struct_plan import Item, plan
from overlaycodec.schema.layout import Field, Run

RUNS: Final = {
    f"{cls.__name__} {number}": part
    for cls in oc.DEFAULT.headers
    for number, part in enumerate(cls.__layout__.parts)
    if isinstance(part, Run)
}
NUMBERS: Final = ("int", "bool")


def names_of(items: tuple[Item, ...]) -> list[str]:
    return [field.name for item in items for field, _ in item.fields]


@pytest.mark.parametrize("name", RUNS)
def test_items_are_the_fields_in_their_order(name: str) -> None:
    run = RUNS[name]
    format_, items = plan(run)
    assert names_of(items) == [field.name for field in run.fields]
    assert Struct(format_).size == run.octets == sum(item.octets for item in items)
    assert sum(field.width for item in items for field, _ in item.fields) == run.octets * 8


def joined(item: Item, values: dict[str, Any], constant: set[str]) -> int:
    """The number that the generated expression gives; of these fields, the values stand in it."""

    def text(field: Field) -> str:
        return repr(values[field.name]) if field.name in constant else field.name

    number: int = eval(item.joined(text), {}, values)
    return number


def holding(values: dict[str, Any]) -> Callable[[Field], Any]:
    """The function that gives the value of a field."""
    return lambda field: values[field.name]


def values_of(item: Item, chance: random.Random) -> dict[str, Any]:
    """A value for each field: mostly one of the least and the greatest."""
    return {
        field.name: chance.random() < 0.5
        if field.kind == "bool"
        else chance.choice([0, 0, 1, field.maximum, chance.randint(0, field.maximum)])
        for field, _ in item.fields
    }


@pytest.mark.parametrize("name", RUNS)
def test_a_number_holds_the_bits_of_its_fields(name: str) -> None:
    chance = random.Random(name)
    for item in plan(RUNS[name])[1]:
        fields = [field for field, _ in item.fields]
        if item.odd is not None or any(field.kind not in NUMBERS or field.byte_order for field in fields):
            continue
        for _ in range(20):
            values = values_of(item, chance)
            bits = "".join(f"{int(values[field.name]):0{field.width}b}" for field in fields)
            number = int(bits, 2)
            assert len(bits) == item.octets * 8
            assert item.number_of(holding(values)) == number
            for count in range(len(fields) + 1):
                constant = set(chance.sample([field.name for field in fields], count))
                assert joined(item, values, constant) == number, (values, constant)
            assert [number >> shift & field.maximum for field, shift in item.fields] == [
                values[field.name] for field in fields
            ]
            table = item.table()
            if table is not None:
                assert list(table[number]) == [values[field.name] for field in fields]
                assert [type(one) for one in table[number]] == [type(values[field.name]) for field in fields]
