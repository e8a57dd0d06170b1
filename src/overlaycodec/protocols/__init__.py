"""The families of protocols, one module each: headers, and the elements of their option lists.

Strategy: `index`, which is written from the declarations, lists their names and the keys of the headers. A family is
imported when it is first met or one of its names is asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from overlaycodec.packet.header import Header
from overlaycodec.protocols import index

__all__: list[str] = []
__all__ += index.__all__

if TYPE_CHECKING:
    from overlaycodec.protocols.index import *  # noqa: F403 - the names in its `__all__`

    HEADERS: tuple[type[Header], ...]
    """Every header of the default catalog; all are imported."""
else:
    _FAMILY_OF = {name: family for family, names in index.FAMILIES.items() for name in names}

    def __getattr__(name):
        """A header or an element, imported with its family; `HEADERS`: all headers."""
        if name == "HEADERS":
            value = tuple(header.load() for header in index.HEADERS)
        elif name in _FAMILY_OF:
            value = getattr(import_module(f"{__name__}.{_FAMILY_OF[name]}"), name)
        else:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        globals()[name] = value
        return value

    def __dir__():
        return sorted({*globals(), *__all__, "HEADERS"})
