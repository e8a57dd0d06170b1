"""What the rules of several families have in common: headers of one kind, and what receivers do with many a packet."""

from __future__ import annotations

from typing import Final

from overlaycodec.findings.model import Does, Severity
from overlaycodec.protocols import VXLAN, VXLANGBP, VXLANGPE, VXLANRCO

__all__ = [
    "LINUX_ALLOWS",
    "LINUX_DROPS",
    "LINUX_TAKES",
    "OVS_ALLOWS",
    "OVS_DROPS",
    "OVS_OVERLOOKS",
    "OVS_TAKES",
    "VXLANS",
]

VXLANS: Final = (VXLAN, VXLANGBP, VXLANGPE, VXLANRCO)

LINUX_DROPS: Final = Does(Severity.DROP, "Linux drops it")
LINUX_TAKES: Final = Does(Severity.VIOLATION, "Linux takes it")
LINUX_ALLOWS: Final = Does(Severity.NOTE, "Linux takes it")
OVS_DROPS: Final = Does(Severity.DROP, "Open vSwitch drops it")
OVS_TAKES: Final = Does(Severity.VIOLATION, "Open vSwitch takes it")
OVS_ALLOWS: Final = Does(Severity.NOTE, "Open vSwitch takes it")
OVS_OVERLOOKS: Final = Does(Severity.VIOLATION, "Open vSwitch does not look")
