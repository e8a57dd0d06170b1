"""The base class of settings that are given by keyword: the error for an unknown keyword names the nearest field.

Strategy: msgspec's own constructor finds what is wrong; the names are compared after it has refused the call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from overlaycodec.values.nearest_names import suggestion_or_all

__all__ = ["CheckedKeywords"]

if TYPE_CHECKING:
    CheckedKeywords = msgspec.Struct
else:

    class _Checking(type(msgspec.Struct)):
        """Calls the constructor of the class, and says more of a keyword that it does not take."""

        def __call__(cls, *values, **named):
            try:
                return super().__call__(*values, **named)
            except TypeError:
                fields = cls.__struct_fields__
                for name in named:
                    if name not in fields:
                        near = suggestion_or_all(name, fields)
                        raise TypeError(f"{cls.__name__} has no field {name!r}{near}") from None
                raise

    class CheckedKeywords(msgspec.Struct, metaclass=_Checking, frozen=True):
        """The base class."""
