"""Tags of frames: what the stacks do to them, done to our packets."""

from __future__ import annotations

from itertools import takewhile

import overlaycodec as oc


def tags_of(frame: oc.Packet) -> list[oc.VLANTag]:
    """The tags, outermost first."""
    return [
        tag
        for tag in takewhile(lambda header: isinstance(header, oc.VLANTag), frame.headers[1:])
        if isinstance(tag, oc.VLANTag)
    ]


def push(frame: oc.Packet, tag: oc.VLANTag, tpid: int = 0x8100) -> oc.Packet:
    """The frame with one tag more outside."""
    below = frame[oc.Ethernet].ethertype
    return frame.insert(1, tag.replace(ethertype=below)).replace(oc.Ethernet, ethertype=tpid)


def pop(frame: oc.Packet) -> oc.Packet:
    """The frame with one tag less, where there is one."""
    tags = tags_of(frame)
    return frame.without(oc.VLANTag).replace(oc.Ethernet, ethertype=tags[0].ethertype) if tags else frame
