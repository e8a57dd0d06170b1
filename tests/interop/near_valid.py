"""Packets to a tunnel endpoint that are valid but for one thing or two.

Strategy: a list of changes to a valid packet; each is drawn as it is and in pairs with others, from a seed. What is
derived (lengths, checksums) is derived after the change, unless the change is of that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from random import Random
from typing import Final, NamedTuple

import overlaycodec as oc
from overlaycodec import GRE, UDP, VXLAN, Ethernet, Geneve, GeneveOption, IPv4, IPv6, Packet, VLANTag
from tests.interop.live.underlay import to_peer

__all__ = ["NearValid", "near_valid"]


class NearValid(NamedTuple):
    """A packet and what is odd about it."""

    data: bytes
    label: str


class Draft:
    """A packet in the making: headers to edit, and what is done to the octets at last."""

    def __init__(self, packet: Packet, random: Random) -> None:
        self.packet = packet
        self.random = random
        self.cut: int | None = None
        self.behind = b""

    def set(self, path: str, value: object) -> None:
        """Changes a field, where it is there."""
        with suppress(oc.PathError):
            self.packet = self.packet.replace_at(path, value)

    def octets(self) -> bytes:
        """The octets of it all."""
        data = oc.encode(self.packet) + self.behind
        return data if self.cut is None else data[: max(14, len(data) - self.cut)]


Tunnel = VXLAN | Geneve | GRE
Change = Callable[[Draft], None]


_IN_PAIRS: Final = 0.6

# --- what a packet may have inside ------------------------------------------------------------------------------------


def _inside(random: Random) -> Packet:
    frame = Packet((Ethernet(dst="02:aa:00:00:00:02", src="02:bb:00:00:00:02"),))
    for _ in range(random.choice((0, 0, 0, 1, 2))):
        frame = frame / VLANTag(vid=random.randrange(1, 4095), pcp=random.randrange(8))
    network: Packet
    if random.random() < 0.65:
        network = IPv4(src="192.168.7.1", dst="192.168.7.2", ecn=random.randrange(4)) / UDP(src_port=9, dst_port=9)
    elif random.random() < 0.6:
        network = IPv6(src="fd00::1", dst="fd00::2", ecn=random.randrange(4)) / UDP(src_port=9, dst_port=9)
    else:
        kind = random.choice((0x88B5, 0x0806, 60, 1520))
        *first, last = frame.headers
        return Packet((*first, last.replace(ethertype=kind))) / random.randbytes(random.randrange(28, 80))
    return frame / network / random.randbytes(random.randrange(20, 60))


# --- what may be odd --------------------------------------------------------------------------------------------------


def _value(path: str, *values: object) -> Change:
    return lambda draft: draft.set(path, draft.random.choice(values))


def _number(path: str, stop: int) -> Change:
    return lambda draft: draft.set(path, draft.random.randrange(stop))


def _off_by(path: str, *steps: int) -> Change:
    """A derived number that is too small or too large."""

    def change(draft: Draft) -> None:
        resolved = oc.resolve(draft.packet)
        try:
            value = resolved.at(path)
        except oc.PathError:
            return
        draft.set(path, max(0, value + draft.random.choice(steps)))

    return change


def _wrong(path: str) -> Change:
    def change(draft: Draft) -> None:
        resolved = oc.resolve(draft.packet)
        with suppress(oc.PathError):
            if (value := resolved.at(path)) is not None:
                draft.set(path, value ^ 1 << draft.random.randrange(16))

    return change


def _checked(draft: Draft) -> None:
    """Computes the checksum that VXLAN leaves out."""
    draft.set("udp.checksum", 1)
    draft.packet = oc.fill(oc.resolve(draft.packet))


def _cut(draft: Draft) -> None:
    """Takes octets off the end, and says nothing of it in the lengths."""
    draft.cut = draft.random.randrange(1, 120)


def _shortened(draft: Draft) -> None:
    """Leaves a few octets of the frame inside, or of the tunnel header, with all lengths outside right."""
    packet = oc.resolve(draft.packet)
    index = next((n for n, header in enumerate(packet.headers) if isinstance(header, Tunnel)), None)
    if index is None:
        return
    tail = oc.encode(Packet(packet.headers[index:], packet.payload))
    keep = draft.random.randrange(0, min(len(tail), 70))
    draft.packet = oc.fill(Packet(packet.headers[:index]) / tail[:keep])


def _padded(draft: Draft) -> None:
    draft.behind = draft.random.choice((bytes, draft.random.randbytes))(draft.random.randrange(1, 9))


def _options(draft: Draft) -> None:
    kinds = (
        oc.IPv4Option(type=1),
        oc.IPv4RecordRouteOption(route=(oc.IPv4RouteAddress(address="0.0.0.0"),)),
        oc.IPv4LooseSourceRouteOption(route=(oc.IPv4RouteAddress(address="10.0.0.9"),)),
        oc.IPv4RouterAlertOption(),
    )
    draft.set("outer.ipv4.options", (draft.random.choice(kinds),))


def _lengths_of_0(draft: Draft) -> None:
    """What captures have of packets that a network card was to cut in segments (BIG TCP)."""
    for path in ("outer.ipv4.total_length", "outer.ipv6.payload_length", "udp.length"):
        draft.set(path, 0)


def _geneve_options(draft: Draft) -> None:
    random = draft.random
    row = tuple(
        GeneveOption(
            option_class=0xFFF0, type=random.choice((1, 2, 0x81)), data=bytes(4 * random.randrange(4))
        )
        for _ in range(random.randrange(1, 4))
    )  # fmt: skip
    draft.set("geneve.options", row)
    if random.random() < 0.3:
        draft.set("geneve.critical", random.random() < 0.5)


def _geneve_overrun(draft: Draft) -> None:
    """An option that says that it is longer than all options together."""
    draft.set("geneve.options_rest", bytes.fromhex("fff00103") + bytes(4))


_COMMON: Final[dict[str, Change]] = {
    "nothing": lambda draft: None,
    "outer.ipv4.dscp": _number("outer.ipv4.dscp", 64),
    "outer.ipv4.ecn": _number("outer.ipv4.ecn", 4),
    "outer.ipv4.ecn is CE": _value("outer.ipv4.ecn", 3),
    "outer.ipv4.reserved0": _value("outer.ipv4.reserved0", 1),
    "outer.ipv4.dont_fragment": _value("outer.ipv4.dont_fragment", True),
    "outer.ipv4.more_fragments": _value("outer.ipv4.more_fragments", True),
    "outer.ipv4.fragment_offset": _value("outer.ipv4.fragment_offset", 1, 185),
    "outer.ipv4.identification": _number("outer.ipv4.identification", 1 << 16),
    "outer.ipv4.ttl": _value("outer.ipv4.ttl", 0, 1, 255),
    "outer.ipv4.total_length": _off_by("outer.ipv4.total_length", -60, -30, -9, -1, 1, 8, 1000),
    "outer.ipv4.total_length is 0": _value("outer.ipv4.total_length", 0),
    "outer.ipv4.checksum": _wrong("outer.ipv4.checksum"),
    "outer.ipv4.version": _value("outer.ipv4.version", 0, 5, 6),
    "outer.ipv4.ihl": _value("outer.ipv4.ihl", 0, 4, 6, 15),
    "outer.ipv4.src": _value("outer.ipv4.src", "224.0.0.1", "127.0.0.1", "255.255.255.255", "0.0.0.0", "0.1.2.3"),
    "outer.ipv4.options": _options,
    "outer.ipv6.dscp": _number("outer.ipv6.dscp", 64),
    "outer.ipv6.ecn": _number("outer.ipv6.ecn", 4),
    "outer.ipv6.ecn is CE": _value("outer.ipv6.ecn", 3),
    "outer.ipv6.flow_label": _number("outer.ipv6.flow_label", 1 << 20),
    "outer.ipv6.payload_length": _off_by("outer.ipv6.payload_length", -60, -30, -9, -1, 1, 8, 1000),
    "outer.ipv6.version": _value("outer.ipv6.version", 0, 4, 5),
    "outer.ipv6.hop_limit": _value("outer.ipv6.hop_limit", 0, 1, 255),
    "outer.ipv6.src": _value("outer.ipv6.src", "ff02::1", "::1"),
    "udp.src_port": _value("udp.src_port", 0, 1, 4789, 49151, 65535),
    "udp.length": _off_by("udp.length", -60, -30, -9, -1, 1, 8, 1000),
    "udp.length is short": _value("udp.length", 0, 1, 7, 8),
    "udp.length is 0, and that of IP": _lengths_of_0,
    "udp.checksum": _wrong("udp.checksum"),
    "udp.checksum is none": _value("udp.checksum", 0),
    "udp.checksum is right": _checked,
    "cut": _cut,
    "shortened": _shortened,
    "padded": _padded,
    "inner.ethernet.src": _value("inner.ethernet.src", "03:bb:00:00:00:02", "ff:ff:ff:ff:ff:ff", "00:00:00:00:00:00"),
    "inner.vlan.vid": _value("inner.vlan.vid", 0, 1, 2, 3, 4095),
    "inner.ipv4.version": _value("inner.ipv4.version", 0, 6),
    "inner.ipv4.checksum": _wrong("inner.ipv4.checksum"),
    "inner.ipv4.total_length": _off_by("inner.ipv4.total_length", -20, -1, 1, 500),
    "inner.udp.checksum": _wrong("inner.udp.checksum"),
}
_OF_TUNNEL: Final[dict[type[Tunnel], dict[str, Change]]] = {
    VXLAN: {
        "vxlan.reserved_flags0": _value("vxlan.reserved_flags0", 1, 2, 4, 8),
        "vxlan.reserved_flags1": _value("vxlan.reserved_flags1", 1, 2, 3, 4, 5),
        "vxlan.reserved1": lambda draft: draft.set("vxlan.reserved1", 1 << draft.random.randrange(24)),
        "vxlan.reserved2": lambda draft: draft.set("vxlan.reserved2", 1 << draft.random.randrange(8)),
        "vxlan.vni_valid": _value("vxlan.vni_valid", False),
    },
    Geneve: {
        "geneve.version": _value("geneve.version", 1, 2, 3),
        "geneve.opt_len": _value("geneve.opt_len", 45, 63),
        "geneve.control": _value("geneve.control", True),
        "geneve.critical": _value("geneve.critical", True),
        "geneve.reserved1": _number("geneve.reserved1", 64),
        "geneve.reserved2": _number("geneve.reserved2", 256),
        "geneve.protocol_type": _value("geneve.protocol_type", 0, 0x0800, 0x86DD, 0x1234, 0x0806),
        "geneve.options": _geneve_options,
        "geneve.options overrun": _geneve_overrun,
    },
    GRE: {
        "gre.version": _value("gre.version", 1, 2, 7),
        "gre.reserved0": _value("gre.reserved0", 1, 8, 16),
        "gre.strict_source_route": _value("gre.strict_source_route", True),
        "gre.recursion": _value("gre.recursion", 1, 7),
        "gre.routing": _value("gre.routing", (oc.GRESourceRoute(address_family=0),)),
        "gre.protocol_type": _value("gre.protocol_type", 0, 0x0800, 0x1234),
        "gre.sequence": _value("gre.sequence", 0, 1 << 31),
        "gre.checksum": _wrong("gre.checksum"),
        "gre.reserved1": _value("gre.reserved1", 1, 1 << 15),
    },
}


def near_valid(
    tunnel: Tunnel, version: int, count: int, seed: int, *, from_anywhere: bool = True
) -> Iterator[NearValid]:
    """So many packets to the peer, over IPv4 or IPv6: each change in turn, most together with another one.

    `from_anywhere`: whether the outer source address may be another one than ours.
    """
    left_out = [f"outer.ipv{10 - version}."]
    if not from_anywhere:
        left_out.append(f"outer.ipv{version}.src")
    if isinstance(tunnel, GRE):
        left_out.append("udp.")
    changes = {
        label: change
        for label, change in (_COMMON | _OF_TUNNEL[type(tunnel)]).items()
        if not label.startswith(tuple(left_out))
    }  # fmt: skip
    labels = list(changes)
    random = Random(seed)
    for number in range(count):
        chosen = [labels[number % len(labels)]]
        if random.random() < _IN_PAIRS:
            chosen.append(random.choice(labels))
        if isinstance(tunnel, GRE):
            packet = to_peer(version=version) / tunnel / _inside(random)
        else:
            port = random.randrange(49152, 65536)
            packet = to_peer(version=version) / UDP(src_port=port) / tunnel / _inside(random)
        draft = Draft(packet, random)
        for label in chosen:
            changes[label](draft)
        yield NearValid(draft.octets(), " + ".join(chosen))
