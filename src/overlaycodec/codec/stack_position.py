"""A position of a stack: its header, as a generated decoder reads it."""

from __future__ import annotations

from overlaycodec.codec.header_decoder import item_names
from overlaycodec.codec.stack_shape import constants_of, fields_after_run, run_of
from overlaycodec.codec.struct_plan import Item, plan
from overlaycodec.codegen import literal
from overlaycodec.packet.header import Header
from overlaycodec.schema.layout import Layout

__all__ = ["Position", "equal_text"]


class Position:
    """One position of the stack: its header, as the function reads it."""

    def __init__(self, number: int, offset: int, layout: Layout, selected: int | None) -> None:
        self.layout = layout
        self.offset = offset
        self.prefix = f"h{number}_"
        self.run = run_of(layout)
        _, self.items = plan(self.run)
        self.names = item_names(self.items, self.prefix)
        self.constants = constants_of(layout, selected)
        self.empty = {
            field.name: None if field.optional else () if field.kind == "items" else b""
            for field in fields_after_run(layout)
        }
        """The values of the fields after the run."""
        self.addresses: dict[str, str] = {}
        """The local variables of addresses, once they are more than octets."""

    def number(self, item: Item) -> int | None:
        """The item's number where all its fields are constant."""
        if item.odd is not None or any(field.name not in self.constants for field, _ in item.fields):
            return None
        return item.number_of(lambda field: self.constants[field.name])

    def assume_common(self, sample: Header) -> list[str]:
        """Takes as constant what seldom varies, as the sample has it; gives the tests that must hold for that."""
        tests = []
        for item, name in zip(self.items, self.names, strict=True):
            if self.number(item) is None and item.seldom_varies(self.constants):
                names = [field.name for field, _ in item.fields if field.name not in self.constants]
                self.constants |= {field: getattr(sample, field) for field in names}
                tests.append(f"{name} == {self.number(item)}")
        return tests

    @property
    def known(self) -> dict[str, object]:
        """The values that are known before any octet is read."""
        return {**self.empty, **self.constants}

    def text(self, name: str) -> str:
        """The expression for the value of a field."""
        known = self.known
        if name in known:
            return literal(known[name])
        return self.addresses.get(name, self.prefix + name)

    def is_item(self, name: str) -> bool:
        """Whether the field is an item of its own, known as soon as the octets were unpacked."""
        return f"{self.prefix}{name}" in self.names


def equal_text(local: str, value: int) -> str:
    """The test that a local variable has a value."""
    return f"not {local}" if value is False else f"{local} == {literal(value)}"
