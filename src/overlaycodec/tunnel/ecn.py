"""Congestion marks across a tunnel: what its ends write, by RFC 6040, which RFC 9601 extends to tunnels with a shim."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, Literal

import msgspec

__all__ = ["ECNAlarm", "ECNMode", "ECNOutcome", "egress_ecn", "ingress_ecn"]

NOT_ECT, ECT_1, ECT_0, CE = range(4)
"""The codepoints of RFC 3168 section 5."""

ECNMode = Literal["normal", "compatibility"]
"""How the tunnel's start marks the outer header: as the inner one, or as not capable of ECN (RFC 6040 section 4.1)."""


class ECNAlarm(StrEnum):
    """What RFC 6040 section 4.2 says of a combination that is in no use."""

    NONE = ""
    LOG = "!"
    """Possibly dangerous: may be logged."""
    ALARM = "!!!"
    """Always potentially dangerous: should be logged, may raise an alarm."""


class ECNOutcome(msgspec.Struct, frozen=True):
    """What the end of the tunnel does with an inner packet, by its mark and the outer one."""

    ecn: int | None
    """The mark that goes on; None where the packet must be dropped."""
    alarm: ECNAlarm = ECNAlarm.NONE

    @property
    def drop(self) -> bool:
        """Whether the packet must be dropped: its flow would not hear of the congestion."""
        return self.ecn is None


def ingress_ecn(inner: int, mode: ECNMode = "normal") -> int:
    """The outer mark for an inner one.

    Spec: RFC 6040 figure 3.
    """
    return inner if mode == "normal" else NOT_ECT


_ALARM: Final = ECNAlarm.ALARM
_EGRESS: Final = {
    (inner, outer): ECNOutcome(CE if outer == CE else inner) for inner in range(4) for outer in range(4)
} | {
    (NOT_ECT, ECT_0): ECNOutcome(NOT_ECT, _ALARM),
    (NOT_ECT, ECT_1): ECNOutcome(NOT_ECT, _ALARM),
    (NOT_ECT, CE): ECNOutcome(None, _ALARM),
    (ECT_0, ECT_1): ECNOutcome(ECT_1),
    (ECT_1, ECT_0): ECNOutcome(ECT_1, ECNAlarm.LOG),
    (CE, ECT_1): ECNOutcome(CE, _ALARM),
}  # fmt: skip


def egress_ecn(inner: int, outer: int) -> ECNOutcome:
    """What becomes of the inner mark where the tunnel ends.

    Spec: RFC 6040 figure 4.
    """
    return _EGRESS[inner, outer]
