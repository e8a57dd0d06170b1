"""A declared class as its fields with their facts, by name and in the order of the layout.

Strategy: facts are read here, and not the plans that the codec works by: a plan that is wrong shows as a difference. Of
the `Layout` only the structure is taken: which fields make up a run, and where they are.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from overlaycodec.schema.declaration import Declared
from overlaycodec.schema.facts import Condition, CountedBy, SizedBy, Unparsed, When
from overlaycodec.schema.layout import Layout, Run
from overlaycodec.schema.record import WireStruct

__all__ = ["Declaration", "DeclaredRun", "Part", "declaration_of"]


class DeclaredRun(NamedTuple):
    """Fields of fixed size that stand together, present or absent together."""

    fields: tuple[Declared, ...]
    octets: int

    @property
    def condition(self) -> Condition | None:
        """The fact that makes them present, where they are not always present."""
        return self.fields[0].condition


Part = DeclaredRun | Declared


class Declaration(NamedTuple):
    """The fields of a header or an element."""

    layout: Layout
    """For its structure."""
    name: str
    fields: dict[str, Declared]
    parts: tuple[Part, ...]

    def sized_by(self, name: str) -> list[Declared]:
        """The fields whose size, or number of elements, this field gives."""
        facts = ((field, field.get(SizedBy) or field.get(CountedBy)) for field in self.fields.values())
        return [field for field, fact in facts if fact is not None and fact.field == name]

    def present_by(self, name: str) -> list[Declared]:
        """The fields that are present if this flag is set."""
        facts = ((field, field.get(When)) for field in self.fields.values())
        return [field for field, when in facts if when is not None and when.values is None and name in when.fields]

    def unparsed_of(self, name: str) -> Declared | None:
        """The field that keeps what cannot be read of an option list."""
        return next((field for field in self.fields.values() if Unparsed in field and field[Unparsed].of == name), None)


@cache
def declaration_of(cls: type[WireStruct]) -> Declaration:
    """The declaration of a class."""
    fields = {field.name: field for field in cls.__declaration__}
    parts: list[Part] = []
    for part in cls.__layout__.parts:
        if isinstance(part, Run):
            parts.append(DeclaredRun(tuple(fields[field.name] for field in part.fields), part.octets))
        else:
            parts.append(fields[part.name])
    return Declaration(cls.__layout__, cls.__layout__.name, fields, tuple(parts))
