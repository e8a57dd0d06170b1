"""What stands out in a packet, and what a receiver does with it: `diagnose`.

Strategy: tables of rules, one for each family, and one walk over the headers; they are loaded when asked for.
"""

from __future__ import annotations

from overlaycodec.codec.catalog import DEFAULT, Catalog
from overlaycodec.findings.model import Finding, Findings, Receiver, Severity
from overlaycodec.packet.header import Header
from overlaycodec.packet.packet import Packet
from overlaycodec.protocols import Ethernet
from overlaycodec.schema.keys import Key
from overlaycodec.values.bytes_like import BytesLike

__all__ = ["Finding", "Findings", "Receiver", "Severity", "diagnose"]


def diagnose(
    data: BytesLike | Packet,
    *,
    receiver: Receiver = "rfc",
    first: type[Header] | Key = Ethernet,
    wire_length: int | None = None,
    fcs_octets: int = 0,
    left_to_card: bool = False,
    catalog: Catalog = DEFAULT,
) -> Findings:
    """The findings of a packet in the order of its bits: faults, broken rules and notes.

    `receiver` selects the receiver: "rfc" follows the specifications; "linux" and "ovs" act as observed on real ones
    (Linux 6.1 and 6.18, Open vSwitch 3.1: `findings.model.PROVEN` has the parts and the month). The packet is assumed
    to be addressed to the receiver: addresses, ports and networks for which it is not configured are no findings.
    `finding.scope` names the receiver that acts: that of the outer packet ("") or of the inner packet ("inner").
    `first`, `wire_length` and `fcs_octets` are as in `decode`; a packet that was decoded already brings them along.
    `left_to_card` says that the packet was captured before its network card finished a checksum, as `checksums` has it.

    Raises: EncodeError for a packet with AUTO that cannot be derived.
    """
    from overlaycodec.findings.diagnosis import findings_in

    return findings_in(data, receiver, first, wire_length, fcs_octets, catalog, left_to_card=left_to_card)
