"""What both ends of a tunnel share: where the inner packet starts, and the checks of arguments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from overlaycodec.editing.stack_plan import PLANS
from overlaycodec.errors import EncodeError
from overlaycodec.packet.header import Header
from overlaycodec.packet.packet import Packet

__all__ = ["Diffserv", "check_complete", "inner_start"]

Diffserv = Literal["pipe", "uniform"]
"""RFC 2983: whether the DSCP of the frame is independent of the outer one (pipe), or the same (uniform)."""


def check_complete(frame: Packet) -> None:
    """Raises: EncodeError for a frame that was truncated by the capture."""
    if frame.missing:
        path = frame.names[0] if frame.headers else "payload"
        raise EncodeError(path, frame, f"lacks {frame.missing} octets that were not captured")


def inner_start(headers: Sequence[Header]) -> int:
    """The index of the first header in the outermost tunnel, or after the last header; 0 without a tunnel."""
    start: int = PLANS[tuple(map(type, headers))].tunnel_end
    return start
