"""VLAN devices and the VLAN-filtering bridge of Linux do what the functions and the ports of `vlan` do."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

import pytest

import overlaycodec as oc
from overlaycodec import vlan
from tests.interop import comparing, frames
from tests.interop.live.passage import Passage
from tests.interop.live.uml import UserModeLinux
from tests.interop.tally import Tally

Edit = Callable[[oc.Packet], oc.Packet]


@pytest.fixture
def kernel(started: Callable[[Callable[[], UserModeLinux]], UserModeLinux]) -> UserModeLinux:
    return started(UserModeLinux)


@contextmanager
def devices(kernel: UserModeLinux, *commands: str, tied: str, ends: Sequence[str]) -> Iterator[UserModeLinux]:
    """Devices made by these commands, one of them tied to the port inside; `ends` are those to remove."""
    try:
        kernel.run(*commands)
        kernel.tie(tied)
        yield kernel
    finally:
        kernel.run(*(f"ip link del {end} 2>/dev/null || true" for end in ends))


def check(
    passage: Passage, made: Sequence[tuple[oc.Packet, oc.Packet | None]], tally: Tally, name: str, direction: str
) -> None:
    """Each first becomes the second, or does not come out."""
    out = passage.through([oc.encode(frame) for frame, _ in made])
    assert out == [() if due is None else (oc.encode(due),) for _, due in made]
    tally.add(f"user-mode Linux, {name}", direction, [comparing.read(data) for data, *_ in filter(None, out)])


# --- devices ----------------------------------------------------------------------------------------------------------


def c_tag(vid: int, pcp: int = 0) -> Edit:
    return partial(vlan.push, vid=vid, pcp=pcp)


def s_tag(vid: int) -> Edit:
    return partial(vlan.push, vid=vid, tpid=0x88A8)


DEVICES = {
    "802.1Q 100": (["link add link vec0 name v type vlan id 100 egress-qos-map 0:3"], "v", [c_tag(100, 3)]),
    "802.1Q 4094": (["link add link vec0 name v type vlan id 4094"], "v", [c_tag(4094)]),
    "802.1Q 1": (["link add link vec0 name v type vlan id 1"], "v", [c_tag(1)]),
    "802.1ad 200": (["link add link vec0 name v type vlan proto 802.1ad id 200"], "v", [s_tag(200)]),
    "802.1ad 200 and 802.1Q 300": (
        ["link add link vec0 name v type vlan proto 802.1ad id 200", "link set v up",
         "link add link v name w type vlan id 300"], "w", [c_tag(300), s_tag(200)],
    ),
}  # fmt: skip
each = pytest.mark.parametrize("name", DEVICES)


@contextmanager
def vlan_device(kernel: UserModeLinux, name: str) -> Iterator[UserModeLinux]:
    commands, device, _ = DEVICES[name]
    words = [f"ip {command}" for command in [*commands, f"link set {device} up"]]
    with devices(kernel, *words, tied=device, ends=["v"]):
        yield kernel


def tagged(frame: oc.Packet, name: str) -> oc.Packet:
    """With the tags of these devices."""
    for edit in DEVICES[name][2]:
        frame = edit(frame)
    return frame


@each
def test_devices_push(name: str, kernel: UserModeLinux, tally: Tally) -> None:
    made = [(frame, tagged(frame, name)) for frame in frames.frames(len(name), 400)]
    with vlan_device(kernel, name):
        check(Passage(kernel.inside, kernel.underlay), made, tally, name, "emitted")


@each
def test_devices_pop(name: str, kernel: UserModeLinux, tally: Tally) -> None:
    made = [(tagged(frame, name), frame) for frame in frames.frames(len(name) + 1, 400)]
    # Priority and DEI do not matter to who gets the frame.
    made = [
        (frame.replace(oc.VLANTag, pcp=number % 8, dei=number % 3 == 0), due)
        for number, (frame, due) in enumerate(made)
    ]
    with vlan_device(kernel, name):
        passage = Passage(
            kernel.underlay, kernel.inside, wrapped=lambda fence: oc.encode(tagged(oc.decode(fence), name))
        )
        check(passage, made, tally, name, "delivered")


def test_other_tags_are_not_for_a_device(kernel: UserModeLinux) -> None:
    name = "802.1Q 100"
    others = [
        vlan.push(frame, vid=vid, pcp=number % 8, tpid=tpid)
        for number, frame in enumerate(frames.frames(4095, 200))
        for vid, tpid in (((101, 0x8100), (0, 0x8100), (4095, 0x8100), (100, 0x88A8), (100, 0x9100))[number % 5],)
    ]
    with vlan_device(kernel, name):
        passage = Passage(
            kernel.underlay, kernel.inside, wrapped=lambda fence: oc.encode(tagged(oc.decode(fence), name))
        )
        assert passage.through(list(map(oc.encode, others))) == [()] * 200


# --- bridge -----------------------------------------------------------------------------------------------------------

BRIDGE = [
    "ip link add bridge0 type bridge vlan_filtering 1 vlan_default_pvid 0 mcast_snooping 0 {protocol}",
    "ip link set vec0 master bridge0",
    "ip link add e0 type veth peer name e1",
    "ip link set e0 master bridge0",
    *(f"ip link set {device} up" for device in ("bridge0", "e0", "e1")),
    "bridge vlan add dev vec0 vid 55",
    "bridge vlan add dev e0 vid 55 pvid untagged",
]
"""A trunk, and an access port, both in VLAN 55."""


@contextmanager
def bridge(kernel: UserModeLinux, protocol: str) -> Iterator[UserModeLinux]:
    commands = [command.format(protocol=f"vlan_protocol {protocol}") for command in BRIDGE]
    with devices(kernel, *commands, tied="e1", ends=["bridge0", "e0"]):
        yield kernel


@pytest.mark.parametrize("direction", ["emitted", "delivered"])
@pytest.mark.parametrize(("protocol", "tpid"), [("802.1Q", 0x8100), ("802.1ad", 0x88A8)])
def test_bridge(protocol: str, tpid: int, direction: str, kernel: UserModeLinux, tally: Tally) -> None:
    # The access port takes frames that are tagged with its own VLAN.
    access = vlan.Port(pvid=55, members=frozenset({55}), untagged=frozenset({55}), tpid=tpid)
    trunk = vlan.Port.trunk([55], tpid=tpid)
    one, other = (access, trunk) if direction == "emitted" else (trunk, access)
    made: list[tuple[oc.Packet, oc.Packet | None]] = []
    for number, frame in enumerate(frames.frames(55, 800)):
        flooded = frame.replace(oc.Ethernet, dst="02:77:00:00:00:01")
        vid = (None, 55, 0, None, 56, 4095)[number % 6]
        dei = number % 5 == 0
        packet = flooded if vid is None else vlan.push(flooded, vid=vid, pcp=number // 6 % 8, dei=dei, tpid=tpid)
        classified = one.ingress(packet)
        made.append((packet, None if classified is None else other.egress(classified)))
    assert {due is None for _, due in made} == {True, False}
    with bridge(kernel, protocol):
        if direction == "emitted":
            passage = Passage(kernel.inside, kernel.underlay)
        else:
            passage = Passage(
                kernel.underlay,
                kernel.inside,
                wrapped=lambda fence: oc.encode(vlan.push(oc.decode(fence), vid=55, tpid=tpid)),
            )
        check(passage, made, tally, f"bridge, {protocol}", direction)
