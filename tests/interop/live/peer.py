"""What all peers have in common."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Self


class Peer:
    """What runs until it is closed."""

    _stack: ExitStack
    """Ends it, and removes all that it left."""

    def close(self) -> None:
        """Ends it."""
        self._stack.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
