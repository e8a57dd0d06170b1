"""Known differences between another decoder and us: when one occurs, who is right, and by which text.

Strategy: an entry is a condition, as narrow as the reason for it. `Parting` says at which header another decoder goes
another way, so that nothing from there on is compared; `Value` says of one field that it is shown otherwise. An entry
that explains nothing in any capture or in the corpus is an error, and so is a difference that no entry explains.
`docs/maintaining/oracles.md` is written from the tables.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Literal, NamedTuple

import overlaycodec as oc
from overlaycodec.packet.header import Header
from overlaycodec.packet.offsets import octets_in
from overlaycodec.packet.paths import scopes_of
from tests.interop.decoders.compare import Difference

Right = Literal["overlaycodec", "tshark", "tcpdump", "both", "neither"]


class Parting(NamedTuple):
    """From the first header on for which `at` holds, the decoder reads something else."""

    what: str
    right: Right
    why: str
    at: Callable[[oc.Packet, int], bool]


class Value(NamedTuple):
    """Some fields are shown otherwise, where `when` holds."""

    what: str
    right: Right
    why: str
    fields: tuple[str, ...]
    when: Callable[[Difference], bool]


Entry = Parting | Value


def here(packet: oc.Packet, number: int) -> Header | None:
    """The header of that number, if there is one."""
    return packet.headers[number] if 0 <= number < len(packet.headers) else None


def behind(packet: oc.Packet, number: int) -> Header | None:
    """The header before."""
    return here(packet, number - 1)


def follows(
    before: type[Header] | tuple[type[Header], ...], cls: type[Header] | tuple[type[Header], ...]
) -> Callable[[oc.Packet, int], bool]:
    """A header of some class right behind one of another."""
    return lambda packet, number: isinstance(behind(packet, number), before) and isinstance(here(packet, number), cls)


def refused(packet: oc.Packet, number: int) -> bool:
    """Whether a guess by a port was refused there; what is read instead is payload, or TCP for STT."""
    ports = isinstance(behind(packet, number), oc.UDP) or isinstance(here(packet, number), oc.TCP)
    return ports and any(guess.place == number for guess in oc.refused_guesses(packet))


def home_addresses(packet: oc.Packet, number: int) -> int:
    """How many home address options stand between a header and the IP header outside it."""
    found = 0
    for header in packet.headers[:number][::-1]:
        if header.__layout__.layer not in ("network", "extension"):
            break
        if isinstance(header, oc.IPv6DestinationOptions):
            found += sum(isinstance(option, oc.IPv6HomeAddressOption) for option in header.options)
        if header.__layout__.layer == "network":
            break
    return found


def quoted(packet: oc.Packet, number: int) -> bool:
    """Whether a header stands in a packet that an ICMP error quotes."""
    return any(scope.start <= number < scope.stop and "quoted" in scope.prefix for scope in scopes_of(packet.headers))


def octets_behind(packet: oc.Packet, number: int) -> int:
    """How many octets stand behind a header, trailers included."""
    inside = sum(octets_in(header) for header in packet.headers[number + 1 :])
    return inside + len(packet.payload) + sum(len(trailer.data) for trailer in packet.trailers)


def network_of(packet: oc.Packet, number: int) -> type[Header] | None:
    """The class of the IP header outside another header."""
    outside = (header for header in packet.headers[:number][::-1] if header.__layout__.layer == "network")
    return next((type(header) for header in outside), None)


class Account:
    """Which differences the entries explain, and which entries explained something."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.entries = entries
        self.explained: dict[str, int] = {entry.what: 0 for entry in self.entries}

    def unexplained(self, differences: Iterable[Difference]) -> list[Difference]:
        """Those of one packet that no entry explains."""
        left = list(differences)
        for entry in self.entries:
            if not left:
                break
            if isinstance(entry, Parting):
                packet = left[0].packet
                at = next((n for n in range(len(packet.headers) + 1) if entry.at(packet, n)), None)
                kept = left if at is None else [one for one in left if one.header < at]
            else:
                kept = [one for one in left if one.name not in entry.fields or not entry.when(one)]
            self.explained[entry.what] += len(left) - len(kept)
            left = kept
        return left
