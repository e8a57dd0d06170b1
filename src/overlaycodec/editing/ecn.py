"""Congestion marks across a tunnel, by RFC 6040, which RFC 9601 extends to tunnels with a shim header."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, Literal, get_args

import msgspec

from overlaycodec.values.argument_checks import check_choice, check_number

__all__ = ["EGRESS", "ECNAlarm", "ECNMode", "ECNOutcome", "egress_ecn", "ingress_ecn"]

NOT_ECT, ECT_1, ECT_0, CE = range(4)
"""The codepoints of RFC 3168 section 5."""

ECNMode = Literal["normal", "compatibility"]
"""How the ingress marks the outer header: as the inner one, or as not capable of ECN (RFC 6040 section 4.1)."""


class ECNAlarm(StrEnum):
    """How RFC 6040 section 4.2 rates a combination that is currently unused."""

    NONE = ""
    LOG = "!"
    """Possibly dangerous: may be logged."""
    ALARM = "!!!"
    """Always potentially dangerous: should be logged, may raise an alarm."""


class ECNOutcome(msgspec.Struct, frozen=True):
    """The action of the egress for an inner packet, determined by the inner and the outer mark."""

    ecn: int | None
    """The mark to forward; None where the packet must be dropped."""
    alarm: ECNAlarm = ECNAlarm.NONE

    @property
    def drop(self) -> bool:
        """Whether the packet must be dropped, because its flow would not be notified of the congestion."""
        return self.ecn is None


def ingress_ecn(inner: int, mode: ECNMode = "normal") -> int:
    """The outer mark for an inner one.

    Spec: RFC 6040 figure 3.
    """
    check_choice("mode", mode, get_args(ECNMode))
    check_number("inner", inner, 0, 3)
    return inner if mode == "normal" else NOT_ECT


_ALARM: Final = ECNAlarm.ALARM
EGRESS: Final = {
    (inner, outer): ECNOutcome(CE if outer == CE else inner) for inner in range(4) for outer in range(4)
} | {
    (NOT_ECT, ECT_0): ECNOutcome(NOT_ECT, _ALARM),
    (NOT_ECT, ECT_1): ECNOutcome(NOT_ECT, _ALARM),
    (NOT_ECT, CE): ECNOutcome(None, _ALARM),
    (ECT_0, ECT_1): ECNOutcome(ECT_1),
    (ECT_1, ECT_0): ECNOutcome(ECT_1, ECNAlarm.LOG),
    (CE, ECT_1): ECNOutcome(CE, _ALARM),
}  # fmt: skip
"""By the inner and the outer mark, RFC 6040 figure 4."""


def egress_ecn(inner: int, outer: int) -> ECNOutcome:
    """The mark that the egress forwards, by the inner and the outer one.

    Spec: RFC 6040 figure 4.
    """
    return EGRESS[check_number("inner", inner, 0, 3), check_number("outer", outer, 0, 3)]
