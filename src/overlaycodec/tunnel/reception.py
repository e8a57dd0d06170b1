"""What an endpoint does with the packets that it receives: its settings, and what it gives for a packet.

Strategy: values alone. A refusal is a finding, so that it says what is where and which document asks for it, whoever
refuses: a rule of `diagnose`, or a setting of the endpoint.
"""

from __future__ import annotations

from typing import Any, Final, Literal, get_args

import msgspec

from overlaycodec.findings.model import RECEIVERS, Finding, Receiver
from overlaycodec.schema.record import Element
from overlaycodec.tunnel.decapsulation import Decapsulated
from overlaycodec.values.argument_checks import check_choice, check_number, check_type, text_of
from overlaycodec.values.checked_keywords import CheckedKeywords
from overlaycodec.vlan.tags import Tag

__all__ = ["CLASS_SELECTORS", "InnerTags", "Priorities", "Received", "Reception", "Refusal"]

InnerTags = Literal["keep", "strip", "refuse"]
"""What an endpoint does with the VLAN tags of a frame, in both directions (RFC 7348 section 6.1)."""

_Checking = Literal["verify", "ignore", "require"]
_Accepting = Literal["refuse", "accept"]
_CHOICES: Final = {"checksum": get_args(_Checking), "oam": get_args(_Accepting), "receiver": RECEIVERS}
_PCPS, _DSCPS = 8, 64


class Priorities(msgspec.Struct, frozen=True):
    """How the priorities of VLAN tags and the classes of IP correspond, in both directions.

    Raises: TypeError, ValueError for tables of another length, and for values out of range.
    """

    dscp: tuple[int, ...]
    """The outer DSCP of a frame, by the PCP of its outermost tag: 8 values of 0..63."""
    pcp: tuple[int, ...]
    """The PCP of a received frame, by the outer DSCP: 64 values of 0..7."""

    def __post_init__(self) -> None:
        for name, size, limit in (("dscp", _PCPS, _DSCPS), ("pcp", _DSCPS, _PCPS)):
            values: Any = getattr(self, name)  # Any: they are what must be checked
            if not isinstance(values, tuple) or len(values) != size:
                raise ValueError(f"{name} is a tuple of {size} numbers, not {text_of(values)}")
            for number, value in enumerate(values):
                check_number(f"{name}[{number}]", value, 0, limit - 1)


CLASS_SELECTORS: Final = Priorities(
    dscp=tuple(pcp << 3 for pcp in range(_PCPS)), pcp=tuple(dscp >> 3 for dscp in range(_DSCPS))
)
"""PCP n is the class selector n, DSCP 8 n: the three bits that were the precedence (RFC 2474 section 4.2.2)."""


class Reception(CheckedKeywords, frozen=True, kw_only=True):
    """What an endpoint accepts. What `diagnose` says that the receiver drops is always refused.

    Raises: ValueError, TypeError for settings that do not exist.
    """

    receiver: Receiver = "rfc"
    """Whose rules apply, as for `diagnose`: those of the specifications, of Linux, or of Open vSwitch."""
    checksum: Literal["verify", "ignore", "require"] = "verify"
    """The outer checksum of UDP and GRE: whether a wrong one is refused (RFC 7348 section 4.1 allows both), or an
    absent one too. Over IPv6, `ipv6_zero_checksum` of the endpoint allows an absent one."""
    oam: Literal["refuse", "accept"] = "refuse"
    """OAM and control packets, which are not for tenants (Geneve's O flag: RFC 8926 section 3.4)."""
    known_options: tuple[type[Element], ...] = ()
    """The classes of the Geneve options that the user of the endpoint handles. Packets with other critical options are
    refused (RFC 8926 section 3.5)."""
    any_source: bool = True
    """Whether packets are accepted from every address, or only from the endpoint's `dst`."""
    any_network: bool = False
    """Whether frames of every network are accepted, or only those of the endpoint's own."""

    def __post_init__(self) -> None:
        for name, choices in _CHOICES.items():
            check_choice(name, getattr(self, name), choices)
        check_type("known_options", self.known_options, tuple, "a tuple of option classes")
        known: tuple[Any, ...] = self.known_options  # Any: they are what must be checked
        for number, option in enumerate(known):
            if not (isinstance(option, type) and issubclass(option, Element)):
                raise TypeError(f"known_options[{number}] is a class of options, not {text_of(option)}")
        for name in ("any_source", "any_network"):
            check_type(name, getattr(self, name), bool)


class Received(Decapsulated, frozen=True):
    """A frame that the endpoint accepts: what `decapsulate` gives, its tags and its priority; true as a condition."""

    tags: tuple[Tag, ...] = ()
    """The tags that were removed from the frame, outermost first."""
    pcp: int | None = None
    """The priority by the endpoint's `priorities`, or else that of the frame's tag; None without both."""

    def __bool__(self) -> Literal[True]:
        return True


class Refusal(Finding, frozen=True):
    """Why a receiver does not accept a packet; false as a condition.

    Its parts are those of a finding: `rule`, `path`, `bits`, `found`, `source`, `demand`.
    """

    def __bool__(self) -> Literal[False]:
        return False
