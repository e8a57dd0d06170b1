"""A header whose class is imported when it is first needed.

Strategy: a catalog has to know the keys of a header before it meets one, and nothing else of it. `LateHeader` holds the
keys and the name of the class. The index of the protocols is a list of these.
"""

from __future__ import annotations

from importlib import import_module

import msgspec

from overlaycodec.packet.header import Header
from overlaycodec.schema.keys import Key

__all__ = ["LateHeader"]


class LateHeader(msgspec.Struct, frozen=True):
    """The place of a header's class, its name in paths, and the keys at which it is found."""

    module: str
    name: str
    path: str
    keys: tuple[Key, ...] = ()

    def load(self) -> type[Header]:
        """The class. Its module is imported the first time."""
        cls: type[Header] = getattr(import_module(self.module), self.name)
        return cls
