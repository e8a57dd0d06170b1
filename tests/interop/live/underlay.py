"""The two hosts between which every tunnel of these tests runs, and packets from us to the peer."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import overlaycodec as oc


class Host(NamedTuple):
    """The addresses of a host, as text."""

    mac: str
    ipv4: str
    ipv6: str


PEER: Final = Host("02:00:00:00:00:0a", "10.77.0.1", "fd77::1")
"""The stack under test."""
HERE: Final = Host("02:00:00:00:00:0b", "10.77.0.2", "fd77::2")
"""The tests."""
GROUP: Final = Host("01:00:5e:01:01:01", "239.1.1.1", "")
"""A multicast group, with its address by RFC 1112."""


_PEER_MAC: Final = oc.MACAddress(PEER.mac).packed
_ARP: Final = b"\x08\x06"
_NETWORKS: Final = {b"\x08\x00": 23, b"\x86\xdd": 20}
"""Where the protocol of what is inside stands, by EtherType."""
_OF_TUNNELS: Final = frozenset({17, 44, 47})
"""UDP, the fragments of IPv6, GRE."""


def unasked(frame: bytes) -> bool:
    """Whether the peer sends this for itself, behind no tag: ARP, and all IP that is in no tunnel.

    So group memberships, neighbours of both kinds, and ICMP errors, which may be of a packet half a minute ago.
    """
    if frame[6:12] != _PEER_MAC:
        return False
    at = _NETWORKS.get(frame[12:14])
    return frame[12:14] == _ARP if at is None else frame[at] not in _OF_TUNNELS


def to_peer(*, version: int = 4, peer: Host = PEER, **fields: Any) -> oc.Packet:
    """Ethernet and IP from us to the peer, for a tunnel to stand behind; `fields` are IP's, each of its own type."""
    return between(HERE, peer, version, fields)


def from_peer(*, version: int = 4, to: Host = HERE, **fields: Any) -> oc.Packet:
    """Ethernet and IP from the peer to us."""
    return between(PEER, to, version, fields)


def between(sender: Host, receiver: Host, version: int, fields: dict[str, Any]) -> oc.Packet:
    """Ethernet and IP from one host to another."""
    link = oc.Ethernet(dst=receiver.mac, src=sender.mac)
    if version == 4:
        return link / oc.IPv4(src=sender.ipv4, dst=receiver.ipv4, **fields)
    return link / oc.IPv6(src=sender.ipv6, dst=receiver.ipv6, **fields)


def over_udp(
    tunnel: oc.Header,
    frame: bytes | oc.Packet,
    *,
    version: int = 4,
    peer: Host = PEER,
    dst_port: int = oc.AUTO,
    checked: bool | None = None,
) -> oc.Packet:
    """A tunnel over UDP from us to the peer; the UDP checksum computed, left out, or as the tunnel usually has it."""
    packet = to_peer(version=version, peer=peer) / oc.UDP(src_port=49152, dst_port=dst_port) / tunnel / frame
    return packet if checked is None else summed(packet, checked=checked)


def summed(packet: oc.Packet, *, checked: bool) -> oc.Packet:
    """The packet with its outer UDP checksum computed, or left out."""
    packet = packet.replace(oc.UDP, checksum=int(checked))
    return oc.fill(oc.resolve(packet), lengths=False) if checked else packet
