"""Flags of a header as one number, beside the fields that hold them."""

from __future__ import annotations

from enum import IntFlag
from typing import Generic, TypeVar

__all__ = ["FlagFields"]

_F = TypeVar("_F", bound=IntFlag)


class FlagFields(Generic[_F]):
    """An attribute of a header class: the flags that are set, of those whose fields are named by an enumeration.

    A member is set where the field with its name, in lower case, is.
    """

    def __init__(self, flags: type[_F]) -> None:
        self._flags = flags
        self._fields = tuple((str(flag.name).lower(), flag) for flag in flags)

    def __get__(self, header: object, owner: object = None) -> _F:
        """The flags of a header; of the class, none."""
        found = self._flags(0)
        if header is not None:
            for name, flag in self._fields:
                if getattr(header, name):
                    found |= flag
        return found
