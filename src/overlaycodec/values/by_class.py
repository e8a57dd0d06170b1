"""Bounded tables of answers, each found when it is first asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

__all__ = ["ByClass"]

_MAX_CLASSES: Final = 1024


class ByClass(dict[Any, Any]):  # Any: classes, None, names; an answer of any type
    """An answer for each class of a header, or several of them, found when it is first asked for.

    A header that is not imported yet has no class that could be a key. Generated code reads this like a dict.
    """

    __slots__ = ("_answer",)

    def __init__(self, answer: Callable[[Any], Any]) -> None:  # Any: as above
        super().__init__()
        self._answer = answer

    def __missing__(self, cls: Any) -> Any:  # Any: as above
        if len(self) >= _MAX_CLASSES:  # programs may declare any number
            self.clear()
        return self.setdefault(cls, self._answer(cls))
