"""The contestants of the contest of pipelines: an open decode, and pipelines that fit and that do not.

Whoever reads the whole frame reads every field of it.
"""

from __future__ import annotations

from typing import Final

from bench.peers.overlaycodec_ import frame_reader
from bench.report import OURS
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

__all__ = ["FIXED", "REFUSED", "SORTED_OUT", "contestants"]

FIXED: Final = "a fixed pipeline"
REFUSED: Final = "a frame refused by a pipeline"
SORTED_OUT: Final = "a frame refused after an open decode, no field read"

_FIXED = Pipeline(Ethernet, IPv4, UDP, VXLAN, Ethernet, IPv4, TCP)
_PATTERN = Pipeline(Ethernet, VLANTag[0:3], IPv4 | IPv6, UDP, VXLAN | Geneve) + Pipeline(
    Ethernet, VLANTag[0:3], IPv4 | IPv6, TCP | UDP
)
_OUTER = Pipeline(Ethernet, IPv4, UDP)
_OTHER = Pipeline(Ethernet, IPv4, UDP, Geneve)


def _sorted_out(data: bytes) -> bool:
    return Geneve not in decode(data)


def _refused(data: bytes) -> bool:
    try:
        _OTHER.decode(data)
    except FieldValueError:
        return True
    raise AssertionError("it fits")


def contestants() -> list[Contestant]:
    """Each reads the same frames of seven headers."""
    return [
        Contestant(OURS, frame_reader(decode)),
        Contestant(FIXED, frame_reader(_FIXED.decode)),
        Contestant("a pipeline with repetitions and alternatives", frame_reader(_PATTERN.decode)),
        Contestant("the outer three headers by a pipeline, no field read", _OUTER.decode),
        Contestant(SORTED_OUT, _sorted_out),
        Contestant(REFUSED, _refused),
    ]
