"""Trailers that are declared like headers: what capture devices put at the end of frames.

>>> from overlaycodec import DEFAULT, trailers
>>> catalog = DEFAULT.with_trailer(trailers.Metamako)
"""

from overlaycodec.trailers.record import DeclaredTrailer, TrailerElement, TrailerRecord, add_trailer
from overlaycodec.trailers.timestamps import Arista7150, Exablaze, Metamako, MetamakoExtension

__all__ = [
    "Arista7150",
    "DeclaredTrailer",
    "Exablaze",
    "Metamako",
    "MetamakoExtension",
    "TrailerElement",
    "TrailerRecord",
    "add_trailer",
]
