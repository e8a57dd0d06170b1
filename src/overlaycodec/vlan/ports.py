"""What a VLAN-aware bridge does at its ports: it classifies a received frame to a VLAN, and tags a transmitted one.

Strategy: the terms are those of IEEE 802.1Q: PVID, member set, untagged set, acceptable frame types. An access port and
a trunk are two settings of these.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal, Self, get_args

import msgspec

from overlaycodec.errors import number_text
from overlaycodec.packet.packet import Packet
from overlaycodec.values.argument_checks import check_choice, check_flag, check_number, check_type
from overlaycodec.values.checked_keywords import CheckedKeywords
from overlaycodec.vlan.tags import C_TAG, pop, push, tags

__all__ = ["Classified", "Port"]

Accept = Literal["all", "tagged", "untagged"]
"""Acceptable frame types (IEEE 802.1Q clause 6.9)."""
VIDS: Final = range(1, 4095)
"""The valid VLANs: 0 marks a priority tag, 4095 is reserved (IEEE 802.1Q table 9-2)."""
ALL: Final = frozenset(VIDS)


class Classified(msgspec.Struct, frozen=True):
    """A frame inside the bridge: its VLAN and priority are separate values, not a tag."""

    vid: int
    frame: Packet
    pcp: int = 0
    dei: bool = False


class Port(CheckedKeywords, frozen=True, kw_only=True):
    """A port of a bridge. `Port.access` and `Port.trunk` make the usual ones.

    Raises: ValueError for VLANs outside 1..4094, priorities outside 0..7, TPIDs outside 0..65535 and an unknown value
    of `accept`; TypeError for values of other types.
    """

    pvid: int | None = None
    """The VLAN of untagged and priority-tagged frames; None: these are discarded."""
    members: frozenset[int] = ALL
    """The VLANs whose frames are received and transmitted here."""
    untagged: frozenset[int] = frozenset()
    """The VLANs whose frames are transmitted without a tag."""
    accept: Accept = "all"
    """Acceptable frame types. A priority-tagged frame counts as untagged."""
    tpid: int = C_TAG
    """The TPID of the port's tags. A frame with another TPID is untagged here."""
    priority: int = 0
    """The PCP of frames without a tag."""

    def __post_init__(self) -> None:
        for name in ("members", "untagged"):
            value = getattr(self, name)
            check_type(name, value, (frozenset, set), "a set of VLANs")
            msgspec.structs.force_setattr(self, name, frozenset(_vlan(name, vid) for vid in value))
        if self.pvid is not None:
            _vlan("pvid", self.pvid)
        check_choice("accept", self.accept, get_args(Accept))
        check_number("tpid", self.tpid, 0, 0xFFFF)
        check_number("priority", self.priority, 0, 7)

    @classmethod
    def access(cls, vid: int, *, tpid: int = C_TAG, priority: int = 0) -> Self:
        """A port of one VLAN to a station without VLANs: tagged frames are discarded, none are transmitted."""
        only = frozenset({_vlan("vid", vid)})
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

        `native_tagged`: frames of the native VLAN are also transmitted with a tag.
        """
        check_flag("native_tagged", native_tagged)
        check_type("allowed", allowed, Iterable, "VLANs")
        untagged = frozenset() if native is None or native_tagged else frozenset({native})
        return cls(
            pvid=native,
            members=frozenset(_vlan("allowed", vid) for vid in allowed),
            untagged=untagged,
            accept="tagged" if native is None else "all",
            tpid=tpid,
            priority=priority,
        )

    def ingress(self, packet: Packet) -> Classified | None:
        """The frame as the bridge receives it; None if the port discards it.

        Raises: MissingHeaderError for a packet that does not begin with a link header; TypeError for octets.

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
        """The packet as the port transmits it; None if the port discards it.

        Spec: IEEE 802.1Q clause 8.6.4 (egress filtering), 6.9.2 (tagging by the untagged set).
        """
        check_type("frame", frame, Classified, hint="ingress gives it")
        if frame.vid not in self.members:
            return None
        if frame.vid in self.untagged:
            return frame.frame
        return push(frame.frame, vid=frame.vid, pcp=frame.pcp, dei=frame.dei, tpid=self.tpid)


def _vlan(name: str, vid: object) -> int:
    """The number of a VLAN. Raises: TypeError, ValueError."""
    number = check_number(name, vid, 0)
    if number not in ALL:
        raise ValueError(f"{name}: {number_text(number)} is no VLAN: 1..4094")
    return number
