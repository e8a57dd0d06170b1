"""VLAN tags with Open vSwitch: what it pushes, pops and rewrites is what our packets become by the same edit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from typing import Final, NamedTuple

import pytest

import overlaycodec as oc
from tests.interop import comparing, frames
from tests.interop.live.ovs import OpenVSwitch
from tests.interop.live.passage import Passage
from tests.interop.tally import Tally
from tests.interop.test_ovs_tunnels import FENCES
from tests.interop.vlans import pop, push, tags_of

MOST_TAGS: Final = 2
"""Open vSwitch keeps so many tags: where more are pushed, those that were there are lost."""


class Switch:
    """A switch with three hosts."""

    def __init__(self) -> None:
        with ExitStack() as stack:
            self.switch = stack.enter_context(OpenVSwitch())
            self.hosts = {name: self.switch.host(name) for name in ("h1", "h2", "h3")}
            self._stack = stack.pop_all()

    @property
    def version(self) -> str:
        return self.switch.version

    def passage(self, entry: str, exit_: str, wrapped: Callable[[bytes], bytes] = bytes) -> Passage:
        return Passage(self.hosts[entry], self.hosts[exit_], wrapped=wrapped)

    def close(self) -> None:
        self._stack.close()


@pytest.fixture
def peer(started: Callable[[Callable[[], Switch]], Switch]) -> Switch:
    return started(Switch)


class Action(NamedTuple):
    """What flows do, and what becomes of a frame; None where the switch cannot do it."""

    flows: tuple[str, ...]
    becomes: Callable[[oc.Packet], oc.Packet | None]


def pushed(*tags: tuple[oc.VLANTag, int]) -> Callable[[oc.Packet], oc.Packet | None]:
    def becomes(frame: oc.Packet) -> oc.Packet | None:
        for tag, tpid in tags:
            if len(tags_of(frame)) >= MOST_TAGS:
                return None
            frame = push(frame, tag, tpid)
        return frame

    return becomes


def rewritten(frame: oc.Packet) -> oc.Packet:
    """To VID 4095 with priority 7.

    The bit that is DEI on the wire says in Open vSwitch that there is a tag: a tag that it writes has DEI clear.
    """
    tag = frame.get(oc.VLANTag) if tags_of(frame) else None
    if tag is None or (tag.vid, tag.pcp) == (4095, 7):
        return frame
    return frame.replace(oc.VLANTag, vid=4095, pcp=7, dei=False)


TAG: Final = oc.VLANTag(vid=100, pcp=3)
S_TAG: Final = oc.VLANTag(vid=200, pcp=1)
_100: Final = "set_field:4196->vlan_vid,set_field:3->vlan_pcp"
_200: Final = "set_field:4296->vlan_vid,set_field:1->vlan_pcp"

_TAGGED: Final = "vlan_tci=0x1000/0x1000"

ACTIONS: Final = {
    "nothing": Action(("priority=1,actions=output:h2",), lambda frame: frame),
    "push 0x8100": Action((f"priority=1,actions=push_vlan:0x8100,{_100},output:h2",), pushed((TAG, 0x8100))),
    "push 0x88a8": Action((f"priority=1,actions=push_vlan:0x88a8,{_200},output:h2",), pushed((S_TAG, 0x88A8))),
    "push two": Action(
        (f"priority=1,actions=push_vlan:0x8100,{_100},push_vlan:0x88a8,{_200},output:h2",),
        pushed((TAG, 0x8100), (S_TAG, 0x88A8)),
    ),
    "pop": Action((f"priority=3,{_TAGGED},actions=pop_vlan,output:h2", "priority=1,actions=output:h2"), pop),
    "pop two": Action(
        (
            f"priority=3,{_TAGGED},actions=pop_vlan,goto_table:1",
            "priority=1,actions=output:h2",
            f"priority=3,table=1,{_TAGGED},actions=pop_vlan,output:h2",
            "priority=1,table=1,actions=output:h2",
        ),
        lambda frame: pop(pop(frame)),
    ),
    "rewrite": Action(
        (
            f"priority=3,{_TAGGED},actions=set_field:8191->vlan_vid,set_field:7->vlan_pcp,output:h2",
            "priority=1,actions=output:h2",
        ),
        rewritten,
    ),
}


@pytest.mark.parametrize("name", ACTIONS)
def test_flows(name: str, peer: Switch, tally: Tally) -> None:
    action = ACTIONS[name]
    peer.switch.flows(*action.flows, f"priority=9,dl_dst={FENCES},actions=output:h2")
    due = [(frame, action.becomes(frame)) for frame in frames.frames(len(name), 1_000)]
    made = [(oc.encode(frame), oc.encode(edited)) for frame, edited in due if edited is not None]
    out = peer.passage("h1", "h2").through([frame for frame, _ in made])
    assert out == [(edited,) for _, edited in made]
    tally.add(f"Open vSwitch, VLAN, {name}", "emitted", [comparing.read(data) for data, *_ in out])


# --- ports with a VLAN mode -------------------------------------------------------------------------------------------


@pytest.fixture
def ports(peer: Switch) -> Iterator[Switch]:
    """An access port in VLAN 100, a trunk of 100 and 200, and a port that puts an S-tag 200 around what comes."""
    vsctl = peer.switch.vsctl
    vsctl("set", "port", "h1", "tag=100", "vlan_mode=access")
    vsctl("set", "port", "h2", "trunks=100,200", "vlan_mode=trunk")
    vsctl("set", "port", "h3", "vlan_mode=dot1q-tunnel", "tag=200", "other_config:qinq-ethtype=802.1ad")
    peer.switch.flows("actions=NORMAL")
    yield peer
    for name in peer.hosts:
        vsctl("clear", "port", name, "tag", "trunks", "vlan_mode", "other_config")


def unicast(seed: int, tags: int) -> list[oc.Packet]:
    """Frames with so many tags, to nobody whom the switch knows."""
    made = (frame.replace(oc.Ethernet, dst="02:77:00:00:00:01") for frame in frames.frames(seed, 1_500))
    return [frame for frame in made if len(tags_of(frame)) == tags]


def vlan(frame: bytes, vid: int) -> bytes:
    return oc.encode(push(oc.decode(frame), oc.VLANTag(vid=vid)))


def check(passage: Passage, made: Sequence[tuple[oc.Packet, oc.Packet | None]], tally: Tally, name: str) -> None:
    """Each first becomes the second, or does not come out."""
    out = passage.through([oc.encode(frame) for frame, _ in made])
    assert out == [() if due is None else (oc.encode(due),) for _, due in made]
    tally.add(f"Open vSwitch, VLAN, {name}", "emitted", [comparing.read(data) for data, *_ in filter(None, out)])


def test_an_access_port_takes_untagged_frames_and_its_own(ports: Switch, tally: Tally) -> None:
    made: list[tuple[oc.Packet, oc.Packet | None]] = [
        (frame, push(frame, oc.VLANTag(vid=100))) for frame in unicast(1, 0)
    ]
    for number, frame in enumerate(unicast(2, 0)):
        vid, pcp = (0, 100, 101, 4095)[number % 4], number % 8
        tagged = push(frame, oc.VLANTag(vid=vid, pcp=pcp))
        # A priority tag is in the port's VLAN and gives its priority; a tag of another VLAN does not belong here.
        made.append((tagged, push(frame, oc.VLANTag(vid=100, pcp=pcp)) if vid == 0 else None))
    check(ports.passage("h1", "h2"), made, tally, "access to trunk")


def test_a_trunk_takes_tagged_frames_of_its_vlans(ports: Switch, tally: Tally) -> None:
    made: list[tuple[oc.Packet, oc.Packet | None]] = []
    for number, frame in enumerate(unicast(3, 0)):
        vid = (100, 200, 300)[number % 3]
        made.append((push(frame, oc.VLANTag(vid=vid, pcp=number % 8)), frame if vid == 100 else None))
    check(ports.passage("h2", "h1", lambda fence: vlan(fence, 100)), made, tally, "trunk to access")


def test_a_tunnel_port_puts_a_service_tag_around(ports: Switch, tally: Tally) -> None:
    made: list[tuple[oc.Packet, oc.Packet | None]] = []
    for frame in [*unicast(4, 0), *unicast(5, 1)]:
        tag = frame.get(oc.VLANTag) if tags_of(frame) else None
        kept = pop(frame) if tag is not None and (tag.vid, tag.pcp) == (0, 0) else frame  # a tag that says nothing
        made.append((frame, push(kept, oc.VLANTag(vid=200), 0x88A8)))
    check(ports.passage("h3", "h2"), made, tally, "802.1Q tunnel to trunk")
