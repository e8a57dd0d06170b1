"""What a VLAN-aware bridge does at its ports: it classifies a received frame to a VLAN, and tags a transmitted one.

Strategy: the terms are those of IEEE 802.1Q: PVID, member set, untagged set, acceptable frame types. An access port and
a trunk are two settings of these.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal, Self

import msgspec

from overlaycodec.packet.packet import Packet
from overlaycodec.vlan.tags import C_TAG, pop, push, tags

__all__ = ["Classified", "Port"]

VIDS: Final = range(1, 4095)
"""The valid VLANs: 0 marks a priority tag, 4095 is reserved (IEEE 802.1Q table 9-2)."""
ALL: Final = frozenset(VIDS)


class Classified(msgspec.Struct, frozen=True):
    """A frame within the bridge, with its VLAN and priority outside of any tag."""

    vid: int
    frame: Packet
    pcp: int = 0
    dei: bool = False


class Port(msgspec.Struct, frozen=True, kw_only=True):
    """A port of a bridge. `Port.access` and `Port.trunk` make the usual ones.

    Raises: ValueError for VLANs outside 1..4094 and priorities outside 0..7.
    """

    pvid: int | None = None
    """The VLAN of untagged and priority-tagged frames; None: these are discarded."""
    members: frozenset[int] = ALL
    """The VLANs whose frames are received and transmitted here."""
    untagged: frozenset[int] = frozenset()
    """The VLANs whose frames are transmitted without a tag."""
    accept: Literal["all", "tagged", "untagged"] = "all"
    """Acceptable frame types. A priority-tagged frame counts as untagged."""
    tpid: int = C_TAG
    """The TPID of the port's tags. A frame with another TPID is untagged here."""
    priority: int = 0
    """The PCP of frames without a tag."""

    def __post_init__(self) -> None:
        named = self.members | self.untagged | (frozenset() if self.pvid is None else {self.pvid})
        wrong = sorted(named - ALL)
        if wrong:
            raise ValueError(f"{wrong[0]} is no VLAN: 1..4094")
        if not 0 <= self.priority <= 7:
            raise ValueError(f"priority = {self.priority} is not in 0..7")

    @classmethod
    def access(cls, vid: int, *, tpid: int = C_TAG, priority: int = 0) -> Self:
        """A port of one VLAN to a station without VLANs: tagged frames are discarded, none are transmitted."""
        only = frozenset({vid})
        return cls(pvid=vid, members=only, untagged=only, accept="untagged", tpid=tpid, priority=priority)

    @classmethod
    def trunk(
        cls,
        allowed: Iterable[int] = VIDS,
        *,
        native: int | None = None,
        native_tagged: bool = False,
        tpid: int = C_TAG,
        priority: int = 0,
    ) -> Self:
        """A port of many VLANs to another bridge: tagged, except for the native VLAN, if there is one.

        `native_tagged`: its frames are transmitted with a tag too.
        """
        untagged = frozenset() if native is None or native_tagged else frozenset({native})
        return cls(
            pvid=native,
            members=frozenset(allowed),
            untagged=untagged,
            accept="tagged" if native is None else "all",
            tpid=tpid,
            priority=priority,
        )

    def ingress(self, packet: Packet) -> Classified | None:
        """The frame as the bridge receives it; None where it is discarded.

        Raises: MissingHeaderError for a packet that does not begin with a link header.

        Spec: IEEE 802.1Q clause 6.9.1 (acceptable frame types, PVID), 8.6.2 (ingress filtering), table 9-2 (VID 4095).
        """
        stack = tags(packet)
        tag = stack[0] if stack and stack[0].tpid == self.tpid else None
        tagged = tag is not None and tag.vid != 0
        if self.accept == ("untagged" if tagged else "tagged"):
            return None
        vid = tag.vid if tag is not None and tagged else self.pvid
        if vid is None or vid not in self.members:
            return None
        if tag is None:
            return Classified(vid, packet, self.priority)
        return Classified(vid, pop(packet), tag.pcp, tag.dei)

    def egress(self, frame: Classified) -> Packet | None:
        """The packet as the port transmits it; None where it does not.

        Spec: IEEE 802.1Q clause 8.6.4 (egress filtering), 6.9.2 (tagging by the untagged set).
        """
        if frame.vid not in self.members:
            return None
        if frame.vid in self.untagged:
            return frame.frame
        return push(frame.frame, vid=frame.vid, pcp=frame.pcp, dei=frame.dei, tpid=self.tpid)
