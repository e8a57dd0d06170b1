"""What stands out in a packet, and what a receiver does with it: `diagnose`.

Strategy: tables of rules, one for each family, and one walk over the headers; they are loaded when asked for.
"""

from __future__ import annotations

from overlaycodec.codec.bytes_like import BytesLike
from overlaycodec.codec.catalog import DEFAULT, Catalog
from overlaycodec.findings.model import Finding, Findings, Receiver, Severity
from overlaycodec.packet.header import Header
from overlaycodec.packet.packet import Packet
from overlaycodec.protocols import Ethernet
from overlaycodec.schema.keys import Key

__all__ = ["Finding", "Findings", "Receiver", "Severity", "diagnose"]


def diagnose(
    data: BytesLike | Packet,
    *,
    receiver: Receiver = "rfc",
    first: type[Header] | Key = Ethernet,
    wire_length: int | None = None,
    fcs_octets: int = 0,
    catalog: Catalog = DEFAULT,
) -> Findings:
    """What stands out in a packet, in the order of its bits: faults, broken rules, what is worth knowing.

    `receiver` is whose behaviour is given: "rfc", that of the specifications; "linux" and "ovs", what these do, as seen
    on live ones (Linux 6.1 and 6.18, Open vSwitch 3.1: `findings.model.PROVEN` has the parts and the month). The packet
    is taken to be meant for the receiver: addresses, ports and networks that it was not set up for are no findings.
    `finding.scope` is whose receiver it is: that of the tunnel outside ("") or of what is inside ("inner"). `first`,
    `wire_length` and `fcs_octets` are as in `decode`; a packet that was decoded already brings them along.

    Raises: EncodeError for a packet with AUTO that cannot be derived.
    """
    from overlaycodec.findings.diagnosis import findings_in

    return findings_in(data, receiver, first, wire_length, fcs_octets, catalog)
