"""What both ends of a tunnel ask: where in a packet something is, and whether a setting is one that there is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from overlaycodec.errors import EncodeError
from overlaycodec.packet.header import Header
from overlaycodec.packet.packet import Packet
from overlaycodec.packet.paths import scopes_of

__all__ = ["Diffserv", "check_choice", "check_whole", "inner_start"]

Diffserv = Literal["pipe", "uniform"]
"""RFC 2983: whether the DSCP of the frame and that of the outer header are two, or one."""


def check_choice(name: str, value: object, choices: tuple[str, ...]) -> None:
    """Raises: ValueError for a word that is none of these."""
    if value not in choices:
        raise ValueError(f"{name} is {', '.join(map(repr, choices))}, not {value!r}")


def check_whole(frame: Packet) -> None:
    """Raises: EncodeError for a frame of which octets are missing."""
    if frame.missing:
        path = frame.names[0] if frame.headers else "payload"
        raise EncodeError(path, frame, f"lacks {frame.missing} octets that were not captured")


def inner_start(headers: Sequence[Header]) -> int:
    """The index of the first header in the outermost tunnel; their number where none could be read; 0 without one."""
    scopes = scopes_of(headers)
    if len(scopes) > 1:
        return scopes[1].start if scopes[1].prefix == "inner" else 0
    return len(headers) if any(header.__layout__.tunnel for header in headers) else 0
