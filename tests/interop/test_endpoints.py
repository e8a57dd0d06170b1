"""What tunnel endpoints encapsulate, real receivers deliver; of marks on the way they make what `decapsulate` makes."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any, Final

import pytest

import overlaycodec as oc
from overlaycodec import GeneveOption, tunnel
from tests.interop import frames
from tests.interop.live import receivers
from tests.interop.live.receivers import Receiver
from tests.interop.live.underlay import HERE, PEER
from tests.interop.tally import Tally

Start = Callable[[type[Receiver]], Receiver]
Endpoint = Callable[..., tunnel.Tunnel]

LINK: Final = oc.Ethernet(dst=PEER.mac, src=HERE.mac)
V4: Final[dict[str, Any]] = {"src": HERE.ipv4, "dst": PEER.ipv4, "link": LINK}
V6: Final[dict[str, Any]] = {"src": HERE.ipv6, "dst": PEER.ipv6, "link": LINK}


def vxlan(**settings: Any) -> tunnel.Tunnel:
    return tunnel.VXLANTunnel(vni=Receiver.vni, **V4, **settings)


def vxlan_over_ipv6(**settings: Any) -> tunnel.Tunnel:
    return tunnel.VXLANTunnel(vni=Receiver.vni, **V6, **settings)


def gbp(**settings: Any) -> tunnel.Tunnel:
    return tunnel.VXLANGBPTunnel(vni=Receiver.vni, group_policy_id=7, **V4, **settings)


def geneve(**settings: Any) -> tunnel.Tunnel:
    options = (oc.AWSFlowCookieOption(flow_cookie=1), GeneveOption(option_class=0xFF01, type=1, data=bytes(8)))
    return tunnel.GeneveTunnel(vni=Receiver.vni, options=options, **V4, **settings)


def nvgre(**settings: Any) -> tunnel.Tunnel:
    return tunnel.NVGRETunnel(vsid=Receiver.vni, **V4, **settings)


PAIRS: Final[list[tuple[type[Receiver], Endpoint]]] = [
    (receivers.LinuxVXLANReceiver, vxlan),
    (receivers.LinuxVXLANOverIPv6Receiver, vxlan_over_ipv6),
    (receivers.LinuxVXLANGBPReceiver, gbp),
    (receivers.LinuxGeneveReceiver, geneve),
    (receivers.OVSVXLANReceiver, vxlan),
    (receivers.OVSGeneveReceiver, geneve),
    (receivers.OVSGREReceiver, nvgre),
]
each = pytest.mark.parametrize(
    ("kind", "endpoint"), PAIRS, ids=[f"{kind.__name__}-{endpoint.__name__}" for kind, endpoint in PAIRS]
)


def policies(random: Random) -> dict[str, Any]:
    return {
        "ttl": random.choice([1, 64, 255, "copy"]),
        "diffserv": random.choice(["pipe", "uniform"]),
        "dscp": random.randrange(64),
        "ecn": random.choice(["normal", "compatibility"]),
        "dont_fragment": random.choice(["set", "clear", "copy"]),
        "key": random.randbytes(4),
    }


@each
def test_what_is_encapsulated_is_delivered(
    kind: type[Receiver], endpoint: Endpoint, started: Start, tally: Tally
) -> None:
    random = Random(7348)
    made = frames.frames(seed=6935, count=1_000)
    if endpoint is nvgre:  # RFC 7637 section 3.3: it carries no frame with a VLAN tag
        made = [frame for frame in made if not oc.vlan.tags(frame)]
    octets = list(map(oc.encode, made))
    receiver = started(kind)
    sent = []
    for number, frame in enumerate(octets):
        settings = policies(random)
        if endpoint in (vxlan, gbp, geneve):
            settings["checksum"] = random.choice(["default", "compute", "zero"])
        sent.append(oc.encode(endpoint(**settings).encapsulate(frame, identification=number)))
    assert receiver.deliver(sent) == [kind.due(frame) for frame in octets]
    tally.add(f"{kind.__name__}, {endpoint.__name__} endpoint", "delivered", made)


def marked(version: int, inner: int, outer: int, endpoint: Endpoint) -> bytes:
    """A packet whose outer mark was changed on the way."""
    link = oc.Ethernet(dst="02:00:00:00:00:02", src="02:00:00:00:00:01")
    network: oc.Header = oc.IPv4(src="192.0.2.1", dst="192.0.2.2", dscp=11, ecn=inner)
    if version == 6:
        network = oc.IPv6(src="2001:db8::1", dst="2001:db8::2", dscp=11, ecn=inner)
    frame = link / network / oc.UDP(src_port=1, dst_port=9) / bytes(20)
    packet = endpoint().encapsulate(frame)
    return oc.encode(oc.fill(packet.replace(oc.IPv6 if endpoint is vxlan_over_ipv6 else oc.IPv4, ecn=outer)))


@each
def test_marks_are_combined_as_by_the_receiver(kind: type[Receiver], endpoint: Endpoint, started: Start) -> None:
    """RFC 6040 figure 4, all sixteen cells, IPv4 and IPv6 inside.

    But Open vSwitch 3.1 leaves ECT(0) inside where ECT(1) came outside, as RFC 3168 had it.
    """
    receiver = started(kind)
    sent: list[bytes] = []
    expected: list[bytes | None] = []
    for version in (4, 6):
        for inner in range(4):
            for outer in range(4):
                sent.append(marked(version, inner, outer, endpoint))
                inside = tunnel.decapsulate(sent[-1])
                if kind.__name__.startswith("OVS") and (inner, outer) == (2, 1):
                    inside = tunnel.decapsulate(marked(version, inner, inner, endpoint))
                assert inside.ecn is not None
                expected.append(None if inside.ecn.drop else inside.frame)
    assert receiver.deliver_each(sent) == expected
