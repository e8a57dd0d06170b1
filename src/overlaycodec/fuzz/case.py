"""A mutated packet: its octets, how it came to be, and what receivers do with it."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from overlaycodec.capture import Record
from overlaycodec.codec.catalog import Catalog
from overlaycodec.codec.packet_decoder import decode
from overlaycodec.describe.plain import Plain
from overlaycodec.findings import Finding, Receiver, Severity, diagnose
from overlaycodec.findings.model import RECEIVERS
from overlaycodec.fuzz.mutation import Fix, Kind, Mutation
from overlaycodec.interchange.documents import to_dict
from overlaycodec.packet.header import Header
from overlaycodec.packet.offsets import is_fragment, octets_in
from overlaycodec.packet.packet import Packet
from overlaycodec.schema.keys import Key
from overlaycodec.schema.keyspaces import LINK_TYPE

__all__ = ["Case", "Verdict"]

Verdict = Literal["drop", "violation", "note", "none"]
"""The severity of a receiver's most severe finding; "none": no rule applies to the packet."""

_ETHERNET: Final = 1


class Case(msgspec.Struct, frozen=True, gc=False):
    """A mutated packet; a mutation to fragments gives several packets."""

    packets: tuple[bytes, ...]
    mutations: tuple[Mutation, ...]
    number: int
    """The number of the case: with `seed` and the seed packet, it gives the same octets again."""
    seed: int
    fix: Fix
    first: type[Header] | Key
    """What the packet begins with, as `decode` takes it."""
    catalog: Catalog
    source: int = 0
    """The number of the seed packet in its capture, from 1 on; 0 where it is of none."""

    def __repr__(self) -> str:
        return f"<Case {self.number}: {self.label}>"

    @property
    def data(self) -> bytes:
        """The octets; if there are several packets, those of the first."""
        return self.packets[0]

    @property
    def label(self) -> str:
        """The change, such as `inner.ipv4.ihl - 1`; several mutations are separated by semicolons."""
        return "; ".join([mutation.label for mutation in self.mutations])

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The kind of each mutation."""
        return tuple(mutation.kind for mutation in self.mutations)

    @property
    def paths(self) -> tuple[str, ...]:
        """What each mutation changed."""
        return tuple(mutation.path for mutation in self.mutations)

    @property
    def packet(self) -> Packet:
        """The (first) packet, decoded as far as possible; `packet.faults` says what is wrong."""
        return decode(self.data, first=self.first, lax=True, catalog=self.catalog)

    def findings(self, receiver: Receiver) -> list[Finding]:
        """What a receiver finds in each of the packets: "rfc", "linux" or "ovs"; computed when asked for.

        For fragments, these are the findings up to the end of the fragment header: the rest of the packet is in other
        fragments.
        """
        found = []
        for data in self.packets:
            packet = decode(data, first=self.first, lax=True, catalog=self.catalog)
            bits = len(data) * 8 if len(self.mutations[0].packets) == 0 else _bits_of_fragment(packet)
            findings = diagnose(data, receiver=receiver, first=self.first, catalog=self.catalog)
            found += [finding for finding in findings if finding.bits[0] <= bits]
        return found

    def verdict(self, receiver: Receiver) -> Verdict:
        """The verdict of a receiver on the packets: the severity of its most severe finding."""
        found = {finding.severity for finding in self.findings(receiver)}
        severity = next((severity for severity in Severity if severity in found), None)
        return "none" if severity is None else severity.value

    @property
    def verdicts(self) -> dict[Receiver, Verdict]:
        """The verdict of each receiver: a strict one by the specifications, Linux, Open vSwitch."""
        return {receiver: self.verdict(receiver) for receiver in RECEIVERS}

    @property
    def link_type(self) -> int:
        """The link type of a capture that holds the packets."""
        if isinstance(self.first, Key):
            return self.first.value if self.first.space == LINK_TYPE and self.first.value is not None else _ETHERNET
        found = self.catalog.key_of(LINK_TYPE, self.first)
        return _ETHERNET if found is None else found

    @property
    def records(self) -> tuple[Record, ...]:
        """The packets as records of a capture; in pcapng, each has the label as a comment."""
        return tuple(Record(data, self.link_type, comments=(self.label,)) for data in self.packets)

    def document(self, *, fields: bool = True, verdicts: bool = True) -> dict[str, Plain]:
        """The case as plain data that JSON can hold; with the fields of its packets and the verdicts, or without."""
        document: dict[str, Plain] = {
            "number": self.number,
            "seed": self.seed,
            "source": self.source,
            "fix": self.fix,
            "label": self.label,
            "mutations": [
                {"kind": mutation.kind, "path": mutation.path, "label": mutation.label} for mutation in self.mutations
            ],
            "link_type": self.link_type,
            "packets": [data.hex() for data in self.packets],
        }
        if verdicts:
            document["verdicts"] = {str(receiver): verdict for receiver, verdict in self.verdicts.items()}
        if fields:
            document["fields"] = [
                to_dict(decode(data, first=self.first, lax=True, catalog=self.catalog)) for data in self.packets
            ]
        return document


def _bits_of_fragment(packet: Packet) -> int:
    """How many bits a fragment takes up to the end of the header that makes it one."""
    last = max((index for index, header in enumerate(packet.headers) if is_fragment(header)), default=len(packet) - 1)
    return sum(map(octets_in, packet.headers[: last + 1])) * 8 - 1
