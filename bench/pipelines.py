"""The contestants of the contest of pipelines: an open decode, and pipelines that fit and that do not."""

from __future__ import annotations

from bench.timing import Contestant
from overlaycodec import (
    TCP,
    UDP,
    VXLAN,
    Ethernet,
    FieldValueError,
    Geneve,
    IPv4,
    IPv6,
    Pipeline,
    VLANTag,
    decode,
)

__all__ = ["contestants"]

_FIXED = Pipeline(Ethernet, IPv4, UDP, VXLAN, Ethernet, IPv4, TCP)
_PATTERN = Pipeline(Ethernet, VLANTag[0:3], IPv4 | IPv6, UDP, VXLAN | Geneve) + Pipeline(
    Ethernet, VLANTag[0:3], IPv4 | IPv6, TCP | UDP
)
_OUTER = Pipeline(Ethernet, IPv4, UDP)
_OTHER = Pipeline(Ethernet, IPv4, UDP, Geneve)


def _refused(data: bytes) -> bool:
    try:
        _OTHER.decode(data)
    except FieldValueError:
        return True
    raise AssertionError("it fits")


def contestants() -> list[Contestant]:
    """Each reads the same frames of seven headers."""
    return [
        Contestant("overlaycodec", decode),
        Contestant("a fixed pipeline", _FIXED.decode),
        Contestant("a pipeline with repetitions and alternatives", _PATTERN.decode),
        Contestant("a pipeline of the outer three headers", _OUTER.decode),
        Contestant("a pipeline that refuses the frame", _refused),
    ]
