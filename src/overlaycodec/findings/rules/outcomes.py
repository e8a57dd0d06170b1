"""What several tables of rules have in common: the headers of VXLAN, and what receivers often do."""

from __future__ import annotations

from typing import Final

from overlaycodec.findings.model import Reaction, Severity
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

LINUX_DROPS: Final = Reaction(Severity.DROP, "Linux drops it")
LINUX_TAKES: Final = Reaction(Severity.VIOLATION, "Linux takes it")
LINUX_ALLOWS: Final = Reaction(Severity.NOTE, "Linux takes it")
OVS_DROPS: Final = Reaction(Severity.DROP, "Open vSwitch drops it")
OVS_TAKES: Final = Reaction(Severity.VIOLATION, "Open vSwitch takes it")
OVS_ALLOWS: Final = Reaction(Severity.NOTE, "Open vSwitch takes it")
OVS_OVERLOOKS: Final = Reaction(Severity.VIOLATION, "Open vSwitch does not look")
