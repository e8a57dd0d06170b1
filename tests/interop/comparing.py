"""What must hold of a packet that a live stack emitted."""

from __future__ import annotations

import overlaycodec as oc
from overlaycodec.packet.offsets import spans_of
from tests.laws import common as laws

GOOD = ("valid", "absent")
TPIDS = (0x8100, 0x88A8)
"""What the stacks at hand take for a VLAN tag; not the older 0x9100."""


def read(data: bytes, catalog: oc.Catalog = oc.DEFAULT) -> oc.Packet:
    """The packet, read strictly; its headers, each built again by its constructor, give the same octets."""
    packet = catalog.decode(data)
    again = laws.rebuilt_packet(packet)
    assert catalog.encode(again) == data
    assert again == packet
    outer = {path: str(verdict) for path, verdict in oc.checksums(packet).items() if not path.startswith("inner.")}
    wrong = {path: verdict for path, verdict in outer.items() if verdict not in GOOD}
    assert not wrong, f"{wrong} in {data.hex()}"
    return packet


def same(data: bytes, ours: oc.Packet, catalog: oc.Catalog = oc.DEFAULT) -> None:
    """What was emitted is, octet for octet, what we build."""
    octets = catalog.encode(ours)
    assert octets == data, differences(catalog.decode(octets, lax=True), catalog.decode(data, lax=True))


def marks(frame: oc.Packet, deepest: int = 8) -> tuple[int, int]:
    """DSCP of an inner frame, and the ECN that the stacks at hand give it outside.

    That is RFC 6040 in its normal mode, but CE goes out as ECT(0), as RFC 3168 had it. What stands behind more than
    `deepest` tags is not looked at.
    """
    network: oc.Header | None = None
    below = frame[oc.Ethernet].ethertype
    for depth, header in enumerate(frame.headers[1:]):
        if not (isinstance(header, oc.VLANTag) and below in TPIDS and depth < deepest):
            network = header
            break
        below = header.ethertype
    if not isinstance(network, oc.IPv4 | oc.IPv6):
        return 0, 0
    return network.dscp, 2 if network.ecn == 3 else network.ecn


def differences(ours: oc.Packet, theirs: oc.Packet) -> str:
    """The fields in which two packets differ, for people."""
    lines = [f"ours {ours.names}, theirs {theirs.names}"] if ours.names != theirs.names else []
    for name, mine, other in zip(ours.names, ours.headers, theirs.headers, strict=False):
        if type(mine) is type(other):
            for field, _, _ in spans_of(mine):
                pair = getattr(mine, field.name), getattr(other, field.name, None)
                if pair[0] != pair[1]:
                    lines.append(f"{name}.{field.name}: ours {pair[0]!r}, theirs {pair[1]!r}")
    if ours.payload != theirs.payload:
        lines.append(f"payload: ours {ours.payload.hex()}, theirs {theirs.payload.hex()}")
    return "\n".join(lines)
