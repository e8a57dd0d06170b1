"""Expressions that several code generators write: a plan in, the text of a Python expression out."""

from __future__ import annotations

from overlaycodec.codegen import literal
from overlaycodec.schema.plans import Presence

__all__ = ["presence_text"]


def presence_text(presence: Presence, prefix: str = "v_") -> str:
    """The expression that is true where the field is present; a field's local variable is its name after `prefix`."""
    if presence.values is None:
        return " or ".join(prefix + flag for flag in presence.fields)
    return f"{prefix}{presence.fields[0]} {'not in' if presence.negated else 'in'} {literal(tuple(presence.values))}"
