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


def to_peer(*, version: int = 4, peer: Host = PEER, **fields: Any) -> oc.Packet:
    """Ethernet and IP from us to the peer, for a tunnel to stand behind; `fields` are IP's, each of its own type."""
    link = oc.Ethernet(dst=peer.mac, src=HERE.mac)
    if version == 4:
        return link / oc.IPv4(src=HERE.ipv4, dst=peer.ipv4, **fields)
    return link / oc.IPv6(src=HERE.ipv6, dst=peer.ipv6, **fields)


def over_udp(tunnel: oc.Header, frame: bytes | oc.Packet, *, version: int = 4, **fields: Any) -> oc.Packet:
    """A tunnel over UDP from us to the peer; `fields` are the UDP header's."""
    return to_peer(version=version) / oc.UDP(**{"src_port": 49152, **fields}) / tunnel / frame
