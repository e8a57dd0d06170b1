"""AUTO: the value of a field that is derived."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from overlaycodec.errors import UnresolvedError

__all__ = ["AUTO"]

if TYPE_CHECKING:
    AUTO: Any  # it stands for a value of any field's type; Any is what lets it be a default of all of them
else:

    class Auto:
        """The value of a field that is derived when the packet is encoded."""

        __slots__ = ()

        def _unresolved(self, *_: object) -> NoReturn:
            raise UnresolvedError("AUTO", "has no value yet: encode or resolve the packet first")

        __bool__ = __int__ = __index__ = __float__ = __len__ = __iter__ = __getitem__ = _unresolved
        __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __floordiv__ = __mod__ = _unresolved
        __and__ = __rand__ = __or__ = __ror__ = __xor__ = __lshift__ = __rshift__ = __invert__ = __neg__ = _unresolved
        __lt__ = __le__ = __gt__ = __ge__ = _unresolved

        def __repr__(self) -> str:
            return "AUTO"

        def __reduce__(self) -> str:
            return "AUTO"  # a name in this module: pickling and copying give this very object

    AUTO = Auto()
