"""VLANs with Open vSwitch: its flows and ports make of frames what the functions of `vlan` make of packets."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple

import pytest

import overlaycodec as oc
from overlaycodec import vlan
from tests.interop import comparing, frames
from tests.interop.live.ovs import PreparedSwitch
from tests.interop.live.passage import Passage
from tests.interop.tally import Tally
from tests.interop.test_ovs_tunnels import FENCES

MOST_TAGS: Final = 2
"""Open vSwitch keeps so many tags: where more are pushed, those that were there are lost."""


class Switch(PreparedSwitch):
    """A switch with three hosts."""

    def _prepare(self) -> None:
        self.hosts = {name: self.switch.host(name) for name in ("h1", "h2", "h3")}

    def passage(self, entry: str, exit_: str, wrapped: Callable[[bytes], bytes] = bytes) -> Passage:
        return Passage(self.hosts[entry], self.hosts[exit_], wrapped=wrapped)


@pytest.fixture
def peer(started: Callable[[Callable[[], Switch]], Switch]) -> Switch:
    return started(Switch)


def check(passage: Passage, made: Sequence[tuple[oc.Packet, oc.Packet | None]], tally: Tally, name: str) -> None:
    """Each first becomes the second, or does not come out."""
    out = passage.through([oc.encode(frame) for frame, _ in made])
    assert out == [() if due is None else (oc.encode(due),) for _, due in made]
    tally.add(f"Open vSwitch, VLAN, {name}", "emitted", [comparing.read(data) for data, *_ in filter(None, out)])


# --- flows ------------------------------------------------------------------------------------------------------------


class Action(NamedTuple):
    """What flows do with frames of at most so many tags, and what becomes of a frame."""

    flows: tuple[str, ...]
    becomes: Callable[[oc.Packet], oc.Packet]
    most_tags: int = 3


def pop(frame: oc.Packet) -> oc.Packet:
    return vlan.pop(frame) if vlan.tags(frame) else frame


def rewrite(frame: oc.Packet) -> oc.Packet:
    """To VID 4095 with priority 7.

    The bit that is DEI on the wire says in Open vSwitch that there is a tag: a tag that it writes has DEI clear.
    """
    tags = vlan.tags(frame)
    if not tags or (tags[0].vid, tags[0].pcp) == (4095, 7):
        return frame
    return vlan.retag(frame, vid=4095, pcp=7, dei=False)


_C_TAG: Final = "push_vlan:0x8100,set_field:4196->vlan_vid,set_field:3->vlan_pcp"
_S_TAG: Final = "push_vlan:0x88a8,set_field:4296->vlan_vid,set_field:1->vlan_pcp"
_TAGGED: Final = "vlan_tci=0x1000/0x1000"
_ON: Final = "priority=1,actions=output:h2"

ACTIONS: Final = {
    "nothing": Action((_ON,), lambda frame: frame),
    "push 0x8100": Action(
        (f"priority=1,actions={_C_TAG},output:h2",), lambda frame: vlan.push(frame, vid=100, pcp=3), MOST_TAGS - 1
    ),
    "push 0x88a8": Action(
        (f"priority=1,actions={_S_TAG},output:h2",),
        lambda frame: vlan.push(frame, vid=200, pcp=1, tpid=0x88A8),
        MOST_TAGS - 1,
    ),
    "push two": Action(
        (f"priority=1,actions={_C_TAG},{_S_TAG},output:h2",),
        lambda frame: vlan.push(vlan.push(frame, vid=100, pcp=3), vid=200, pcp=1, tpid=0x88A8),
        MOST_TAGS - 2,
    ),
    "pop": Action((f"priority=3,{_TAGGED},actions=pop_vlan,output:h2", _ON), pop),
    "pop two": Action(
        (
            f"priority=3,{_TAGGED},actions=pop_vlan,goto_table:1",
            _ON,
            f"priority=3,table=1,{_TAGGED},actions=pop_vlan,output:h2",
            "priority=1,table=1,actions=output:h2",
        ),
        lambda frame: pop(pop(frame)),
    ),
    "rewrite": Action(
        (f"priority=3,{_TAGGED},actions=set_field:8191->vlan_vid,set_field:7->vlan_pcp,output:h2", _ON), rewrite
    ),
    "translate": Action(
        (
            "priority=3,dl_vlan=4094,actions=set_field:4097->vlan_vid,output:h2",
            "priority=3,dl_vlan=1,actions=set_field:8190->vlan_vid,output:h2",
            _ON,
        ),
        lambda frame: vlan.translate(without_dei(frame), {4094: 1, 1: 4094}),
    ),
}


def without_dei(frame: oc.Packet) -> oc.Packet:
    """Where one of these VLANs is written, DEI is clear."""
    tags = vlan.tags(frame)
    return vlan.retag(frame, dei=False) if tags and tags[0].vid in (1, 4094) else frame


@pytest.mark.parametrize("name", ACTIONS)
def test_flows(name: str, peer: Switch, tally: Tally) -> None:
    action = ACTIONS[name]
    peer.switch.flows(*action.flows, f"priority=9,dl_dst={FENCES},actions=output:h2")
    made = [frame for frame in frames.frames(len(name), 1_000) if len(vlan.tags(frame)) <= action.most_tags]
    check(peer.passage("h1", "h2"), [(frame, action.becomes(frame)) for frame in made], tally, name)


ROUTER, NEXT_HOP = "02:00:00:00:00:aa", "02:00:00:00:00:bb"


@pytest.mark.parametrize("out_vid", [8, None])
@pytest.mark.parametrize("in_vid", [7, None])
def test_a_router_on_one_port(in_vid: int | None, out_vid: int | None, peer: Switch, tally: Tally) -> None:
    """TTL and checksum as by `vlan.route`; what has run out is not sent on."""
    match = f"dl_vlan={in_vid}" if in_vid else "vlan_tci=0/0x1000"
    tag = {
        (True, True): "set_field:4104->vlan_vid,",
        (True, False): "pop_vlan,",
        (False, True): "push_vlan:0x8100,set_field:4104->vlan_vid,",
        (False, False): "",
    }[in_vid is not None, out_vid is not None]
    peer.switch.flows(
        *(
            f"{version},{match},actions=set_field:{ROUTER}->eth_src,set_field:{NEXT_HOP}->eth_dst,dec_ttl,{tag}output:h2"
            for version in ("ip", "ipv6")
        ),
        f"priority=40000,dl_dst={FENCES},actions=output:h2",
    )
    made: list[tuple[oc.Packet, oc.Packet | None]] = []
    for number, frame in enumerate(untagged(1624, 1_500)):
        if oc.IPv4 not in frame.outer and oc.IPv6 not in frame.outer:
            continue
        network, hops = (oc.IPv4, "ttl") if isinstance(frame.headers[1], oc.IPv4) else (oc.IPv6, "hop_limit")
        packet = oc.fill(frame.replace(network, **{hops: 1})) if number % 10 == 0 else frame
        if in_vid is not None:
            packet = vlan.push(packet, vid=in_vid, pcp=number % 8)
        made.append((packet, vlan.route(packet, vid=out_vid, src=ROUTER, dst=NEXT_HOP)))
    assert {due is None for _, due in made} == {True, False}
    check(peer.passage("h1", "h2"), made, tally, "routed")


# --- ports with a VLAN mode -------------------------------------------------------------------------------------------


def untagged(seed: int, count: int) -> list[oc.Packet]:
    """Frames without a tag, to nobody whom the switch knows."""
    made = (frame.replace(oc.Ethernet, dst="02:77:00:00:00:01") for frame in frames.frames(seed, count))
    return [frame for frame in made if not vlan.tags(frame)]


class Mode(NamedTuple):
    """A port's settings, and what it is in the words of IEEE 802.1Q; `fence` is a tag that may pass."""

    settings: tuple[str, ...]
    port: vlan.Port
    fence: int | None


ACCESS: Final = Mode(("vlan_mode=access", "tag=100"), vlan.Port.access(100), None)
TRUNK: Final = Mode(("vlan_mode=trunk", "trunks=100,200"), vlan.Port.trunk([100, 200]), 100)
NATIVE: Final = Mode(
    ("vlan_mode=native-untagged", "trunks=100,200", "tag=200"), vlan.Port.trunk([100, 200], native=200), 100
)
NATIVE_TAGGED: Final = Mode(
    ("vlan_mode=native-tagged", "trunks=100,200", "tag=200"),
    vlan.Port.trunk([100, 200], native=200, native_tagged=True),
    100,
)
MODES: Final = {"access": ACCESS, "trunk": TRUNK, "native": NATIVE, "native tagged": NATIVE_TAGGED}


@pytest.fixture
def normal(peer: Switch) -> Iterator[Switch]:
    """A switch that does by itself what its ports' settings say."""
    peer.switch.flows("actions=NORMAL")
    yield peer
    for name in peer.hosts:
        peer.switch.vsctl("clear", "port", name, "tag", "trunks", "vlan_mode", "other_config")


@pytest.mark.parametrize("out", MODES)
@pytest.mark.parametrize("into", MODES)
def test_ports(into: str, out: str, normal: Switch, tally: Tally) -> None:
    one, other = MODES[into], MODES[out]
    normal.switch.vsctl("set", "port", "h1", *one.settings, "--", "set", "port", "h2", *other.settings)
    made: list[tuple[oc.Packet, oc.Packet | None]] = []
    for number, frame in enumerate(untagged(ord(into[0]) + ord(out[-1]), 700)):
        vid = (None, 0, 100, 200, 300, 4095)[number % 6]
        packet = frame if vid is None else vlan.push(frame, vid=vid, pcp=number // 6 % 8)
        classified = one.port.ingress(packet)
        made.append((packet, None if classified is None else other.port.egress(classified)))
    assert {due is None for _, due in made} == {True, False}

    def wrapped(octets: bytes) -> bytes:
        return octets if one.fence is None else oc.encode(vlan.push(oc.decode(octets), vid=one.fence))

    check(normal.passage("h1", "h2", wrapped), made, tally, f"{into} to {out}")


def test_a_trunk_of_all_vlans_has_0_and_4095_too(normal: Switch, tally: Tally) -> None:
    """IEEE 802.1Q has no such VLANs: a trunk without a native VLAN would take neither."""
    for port in ("h1", "h2"):
        normal.switch.vsctl("set", "port", port, "vlan_mode=trunk")
    trunk = vlan.Port.trunk()
    made: list[tuple[oc.Packet, oc.Packet | None]] = []
    for number, frame in enumerate(untagged(4095, 700)):
        vid = (None, 1, 4094, 4095)[number % 4]
        packet = frame if vid is None else vlan.push(frame, vid=vid, pcp=number % 8)
        classified = trunk.ingress(packet)
        assert (classified is None) is (vid in (None, 4095))
        made.append((packet, packet if classified is None else trunk.egress(classified)))
    check(normal.passage("h1", "h2"), made, tally, "trunk of all")


def test_a_tunnel_port_puts_a_service_tag_around(normal: Switch, tally: Tally) -> None:
    settings = ("vlan_mode=dot1q-tunnel", "tag=200", "other_config:qinq-ethtype=802.1ad")
    normal.switch.vsctl("set", "port", "h3", *settings, "--", "set", "port", "h2", *TRUNK.settings)
    made: list[tuple[oc.Packet, oc.Packet | None]] = []
    for number, frame in enumerate(untagged(4, 1_500)):
        tagged = vlan.push(frame, vid=(0, 7, 200, 4095)[number // 2 % 4], pcp=number // 8 % 8) if number % 2 else frame
        tags = vlan.tags(tagged)
        kept = frame if tags and (tags[0].vid, tags[0].pcp) == (0, 0) else tagged  # a tag that says nothing goes
        made.append((tagged, vlan.push(kept, vid=200, tpid=0x88A8)))
    check(normal.passage("h3", "h2"), made, tally, "802.1Q tunnel to trunk")
