"""A packet in which the same header object is at several positions: each operation changes the position it names.

Two packets are compared throughout: one repeats header objects, the other has equal headers that are distinct objects.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import pytest

import overlaycodec as oc
from overlaycodec import IPv4, Packet, VLANTag, vlan
from overlaycodec.packet.packet import Trailer

ETHERNET: Final = oc.Ethernet(dst="02:00:00:00:00:02", src="02:00:00:00:00:01")
TAG: Final = VLANTag(vid=1)
NETWORK: Final = IPv4(src="10.0.0.1", dst="10.0.0.2")
TRANSPORT: Final = oc.UDP(src_port=49152, dst_port=4789)
REPEATED: Final = Packet(
    (ETHERNET, TAG, TAG, NETWORK, TRANSPORT, oc.VXLAN(vni=100), ETHERNET, TAG, TAG, NETWORK, TRANSPORT),
    b"payload",
    (Trailer(9, b"ip"), Trailer(2, b"tag")),
)
DISTINCT: Final = Packet(tuple(header.replace() for header in REPEATED), REPEATED.payload, REPEATED.trailers)

OPERATIONS: Final[dict[str, Callable[[Packet], object]]] = {
    "encode": oc.encode,
    "resolve": oc.resolve,
    "fill": lambda packet: oc.fill(oc.resolve(packet).replace_at("payload", b"longer than before"), selectors=True),
    "checksums": lambda packet: oc.checksums(oc.resolve(packet).replace((IPv4, 1), ttl=1)),
    "replace": lambda packet: packet.replace((IPv4, 1), ttl=1),
    "replace-last": lambda packet: packet.replace((VLANTag, -1), vid=2),
    "replace_at": lambda packet: packet.replace_at("inner.vlan[1].vid", 2),
    "insert": lambda packet: packet.insert(2, VLANTag(vid=2)),
    "without": lambda packet: packet.without((VLANTag, 1)),
    "without-last": lambda packet: packet.without((VLANTag, -1)),
    "spans": lambda packet: [oc.resolve(packet).span(name) for name in packet.names],
    "inner": lambda packet: packet.inner,
    "scopes": lambda packet: packet.scopes,
    "innermost": lambda packet: packet.innermost,
    "diff": lambda packet: oc.diff(packet, packet.replace((VLANTag, 1), vid=2)).changes,
    "diagnose": oc.diagnose,
    "decapsulate": oc.tunnel.decapsulate,
    "push": lambda packet: vlan.push(packet, vid=2, scope="inner", depth=1),
    "pop": lambda packet: vlan.pop(packet, depth=1),
    "retag": lambda packet: vlan.retag(packet, vid=2, tpid=0x88A8, scope="inner", depth=1),
    "translate": lambda packet: vlan.translate(packet, {1: 2}, depth=1),
    "normalise": vlan.normalise,
    "route": lambda packet: vlan.route(packet, vid=2, src="02:00:00:00:00:03", dst="02:00:00:00:00:04", scope="inner"),
}


def positions(packet: Packet, other: Packet) -> list[int]:
    """The positions at which two packets of the same number of headers differ."""
    pairs = zip(packet.headers, other.headers, strict=True)
    return [index for index, (header, changed) in enumerate(pairs) if header != changed]


def test_one_packet_repeats_objects_and_the_other_does_not() -> None:
    assert REPEATED == DISTINCT
    assert len({*map(id, REPEATED)}) == 5
    assert len({*map(id, DISTINCT)}) == len(DISTINCT) == 11


@pytest.mark.parametrize("name", OPERATIONS)
def test_it_makes_no_difference_that_an_object_is_repeated(name: str) -> None:
    operation = OPERATIONS[name]
    assert operation(REPEATED) == operation(DISTINCT)


@pytest.mark.parametrize(
    ("key", "position"),
    [(VLANTag, 1), ((VLANTag, 1), 2), ((VLANTag, 3), 8), ((VLANTag, -2), 7), ((IPv4, 0), 3), ((IPv4, 1), 9)],
)
@pytest.mark.parametrize("packet", [REPEATED, DISTINCT], ids=["repeated", "distinct"])
def test_the_header_that_was_named_is_the_one_that_changes(
    packet: Packet, key: type[oc.Header] | tuple[type[oc.Header], int], position: int
) -> None:
    cls = key[0] if isinstance(key, tuple) else key
    changes = {"vid": 2} if cls is VLANTag else {"ttl": 1}
    assert positions(packet, packet.replace(key, **changes)) == [position]
    left = packet.without(key)
    assert left.headers == packet.headers[:position] + packet.headers[position + 1 :]
    assert left.trailers == (Trailer(8, b"ip"), Trailer(2 - (position <= 2), b"tag"))


@pytest.mark.parametrize(
    ("path", "position"), [("vlan.vid", 1), ("vlan[1].vid", 2), ("inner.vlan.vid", 7), ("inner.vlan[1].vid", 8)]
)
def test_the_path_that_was_named_is_the_one_that_changes(path: str, position: int) -> None:
    assert positions(REPEATED, REPEATED.replace_at(path, 2)) == [position]


@pytest.mark.parametrize("number", [4, -5])
def test_a_position_that_is_not_there(number: int) -> None:
    for operation in (REPEATED.__getitem__, REPEATED.replace, REPEATED.without):
        with pytest.raises(oc.MissingHeaderError, match="VLANTag"):
            operation((VLANTag, number))
