"""The base class of headers."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, dataclass_transform

from overlaycodec.schema.keys import Key
from overlaycodec.schema.record import RecordMeta, WireStruct
from overlaycodec.schema.signs import Sign

if TYPE_CHECKING:
    from overlaycodec.packet.packet import Packet
    from overlaycodec.packet.trailer import FCS
    from overlaycodec.pipelines.pattern import Repeated

__all__ = ["METACLASS", "Header", "HeaderMeta", "check_header_class"]


@dataclass_transform(frozen_default=True, kw_only_default=True)
class HeaderMeta(RecordMeta):  # noqa: D101 - `__doc__` is that of the classes
    # What header classes can beside other declared classes: be repeated in a pipeline.
    __doc__ = RecordMeta.__doc__  # the text of `help()`, which each metaclass would replace by its own

    if TYPE_CHECKING:  # as a class has it; checkers would take that of its values

        def __hash__(cls) -> int: ...

    def __getitem__(cls, times: int | slice) -> Repeated:
        """This header several times in a row: `VLANTag[0:3]` is none to three. Raises: TypeError, ValueError."""
        from overlaycodec.pipelines.pattern import Repeated

        return Repeated.of(cls, times)


METACLASS: Any = HeaderMeta  # Any: compared with the class of any class, which is quicker than `isinstance`


class Header(WireStruct, metaclass=HeaderMeta, abstract=True):
    """The base of every header. Declare one with annotated fields; combine them with `/`."""

    __options__ = frozenset({"spec", "keys", "carries", "tunnel", "quotes", "closed", "unchecked", "layer", "signs"})

    if TYPE_CHECKING:

        def __init_subclass__(
            cls,
            *,
            abstract: bool = False,
            spec: str = "",
            path: str | None = None,
            keys: tuple[Key, ...] = (),
            carries: Key | None = None,
            tunnel: bool = False,
            quotes: bool = False,
            closed: bool = False,
            unchecked: bool = False,
            layer: Literal["link", "network", "extension", "shim", "metadata"] | None = None,
            signs: tuple[Sign, ...] = (),
        ) -> None:
            """What a class says of itself.

            `spec`: document and section. `path`: the name in paths, else the class's in lower case. `keys`: where it
            is found. `carries`: what follows whatever the fields say. `tunnel`: the next header opens an inner scope;
            `quotes`: a quoted one. `closed`: nothing follows. `unchecked`: over IPv4, the header outside leaves its
            checksum out where it may. `layer`: "network" for IP, which opens a scope within another IP; "extension"
            for what stands between; "link" for Ethernet, which opens one wherever it is not first; "shim" for what
            stays in the scope of the tunnel header before it; "metadata" for what a host puts before a frame, where
            this opens none. `signs`: what speaks for it where a key is a guess.
            """

    def __truediv__(self, other: Header | Packet | FCS | bytes) -> Packet:
        """A packet of this header and what follows it."""
        packet_of = _packet_maker()
        if type(type(other)) is METACLASS:
            return packet_of((self, other))  # type: ignore[arg-type]  # a header, as was just asked
        return packet_of((self,)) / other


@cache
def _packet_maker() -> Callable[[tuple[Header, ...]], Packet]:
    """What makes a packet of headers; its module is above this one: imported once, for speed."""
    from overlaycodec.packet.packet import packet_of

    return packet_of


def check_header_class(name: str, value: object, alternative: str = "") -> None:
    """Raises: TypeError for what is no declared class of headers; `alternative` names what else is taken."""
    if not (isinstance(value, type) and hasattr(value, "__layout__")):
        what = f"the class {value.__name__}" if isinstance(value, type) else type(value).__name__
        raise TypeError(f"{name} is a header class{alternative}, not {what}")
