"""What several tables of rules have in common: IP by EtherType, the headers of VXLAN, what receivers often do."""

from __future__ import annotations

from typing import Final

from overlaycodec.findings.model import Reaction, Severity
from overlaycodec.packet.header import Header
from overlaycodec.protocols import VXLAN, VXLANGBP, VXLANGPE, VXLANRCO, IPv4, IPv6
from overlaycodec.schema.keyspaces import ETHERTYPE
from overlaycodec.schema.record import WireStruct

__all__ = [
    "LINUX_ALLOWS",
    "LINUX_DROPS",
    "LINUX_TAGS",
    "LINUX_TAKES",
    "OVS_ALLOWS",
    "OVS_DROPS",
    "OVS_OVERLOOKS",
    "OVS_TAKES",
    "VXLANS",
    "ip_of",
    "number_in",
]

VXLANS: Final = (VXLAN, VXLANGBP, VXLANGPE, VXLANRCO)

LINUX_TAGS: Final = (0x8100, 0x88A8)
"""The TPIDs of the tags that Linux takes out of a frame that it receives; it looks at no other tag."""
LINUX_DROPS: Final = Reaction(Severity.DROP, "Linux drops it")
LINUX_TAKES: Final = Reaction(Severity.VIOLATION, "Linux takes it")
LINUX_ALLOWS: Final = Reaction(Severity.NOTE, "Linux takes it")
OVS_DROPS: Final = Reaction(Severity.DROP, "Open vSwitch drops it")
OVS_TAKES: Final = Reaction(Severity.VIOLATION, "Open vSwitch takes it")
OVS_ALLOWS: Final = Reaction(Severity.NOTE, "Open vSwitch takes it")
OVS_OVERLOOKS: Final = Reaction(Severity.VIOLATION, "Open vSwitch does not look")

_IP: Final[dict[int | None, type[Header]]] = {
    key.value: cls for cls in (IPv4, IPv6) for key in cls.__layout__.keys if key.space is ETHERTYPE
}


def ip_of(ethertype: int) -> type[Header] | None:
    """The IP header that an EtherType announces; None for another EtherType."""
    return _IP.get(ethertype)


def number_in(octets: bytes, cls: type[WireStruct], name: str) -> int | None:
    """The number that a field has in octets, whether they are a valid record of the class or not.

    The field has the same offset in every record of the class. None: the octets end before it does.
    """
    layout = cls.__layout__
    first = layout.fixed_bit_of(name)
    assert first is not None
    end = first + layout.by_name[name].width
    if end > len(octets) * 8:
        return None
    return int.from_bytes(octets[first // 8 : -(-end // 8)], "big") >> -end % 8 & layout.by_name[name].maximum
