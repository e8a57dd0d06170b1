"""A field as it was declared: its type, its default and its facts.

Strategy: `schema` checks these and makes plans of them; `reference` and the description of facts read them too. No
other deriver does: it reads the plans of `Layout`.
"""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from overlaycodec.schema.facts import Condition, Fact, Unless, When
from overlaycodec.schema.layout import Kind

__all__ = ["Declared"]

_F = TypeVar("_F", bound=Fact)


class Declared(msgspec.Struct, frozen=True, eq=False):
    """One field as it was declared."""

    name: str
    kind: Kind
    optional: bool
    default: Any  # Any: a value of the field's own type, AUTO or REQUIRED
    bits: int | None
    facts: dict[type[Fact], Fact]
    doc: str = ""
    elements: tuple[Any, ...] = ()  # Any: Element classes, which are declared above this module

    def __getitem__(self, kind: type[_F]) -> _F:
        fact = self.facts[kind]
        assert isinstance(fact, kind)
        return fact

    def get(self, kind: type[_F]) -> _F | None:
        """The fact of this kind, if the field has one."""
        fact = self.facts.get(kind)
        return fact if isinstance(fact, kind) else None

    def __contains__(self, kind: type[Fact]) -> bool:
        return kind in self.facts

    @property
    def condition(self) -> Condition | None:
        """The fact that makes the field present, where it is not always present."""
        return self.get(When) or self.get(Unless)
