"""VLAN devices and the VLAN-filtering bridge of Linux do what the functions and the ports of `vlan` do."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import NamedTuple

import msgspec
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
    "ip link add bridge0 type bridge vlan_filtering 1 vlan_default_pvid 0 mcast_snooping 0 vlan_protocol {protocol}",
    "ip link set vec0 master bridge0",
    "ip link add e0 type veth peer name e1",
    "ip link set e0 master bridge0",
    *(f"ip link set {device} up" for device in ("bridge0", "e0", "e1")),
    "bridge vlan add dev vec0 vid {outside}",
    "bridge vlan add dev e0 vid {inside}",
]


class Ends(NamedTuple):
    """The ports of the bridge, as it is told of them and in the words of IEEE 802.1Q."""

    outside: tuple[str, vlan.Port]
    inside: tuple[str, vlan.Port]

    def of(self, direction: str, tpid: int) -> tuple[vlan.Port, vlan.Port]:
        ports = [msgspec.structs.replace(port, tpid=tpid) for _, port in (self.inside, self.outside)]
        return (ports[0], ports[1]) if direction == "emitted" else (ports[1], ports[0])


ONLY = frozenset({55})
ENDS = {
    # An access port of Linux takes frames that are tagged with its own VLAN.
    "access": Ends(
        ("55", vlan.Port.trunk([55])), ("55 pvid untagged", vlan.Port(pvid=55, members=ONLY, untagged=ONLY))
    ),
    "trunks": Ends(("1-4094", vlan.Port.trunk()), ("1-4094", vlan.Port.trunk())),
}


@pytest.mark.parametrize("ends", ENDS)
@pytest.mark.parametrize("direction", ["emitted", "delivered"])
@pytest.mark.parametrize(("protocol", "tpid"), [("802.1Q", 0x8100), ("802.1ad", 0x88A8)])
def test_bridge(protocol: str, tpid: int, direction: str, ends: str, kernel: UserModeLinux, tally: Tally) -> None:
    one, other = ENDS[ends].of(direction, tpid)
    made: list[tuple[oc.Packet, oc.Packet | None]] = []
    for number, frame in enumerate(frames.frames(55, 800)):
        flooded = frame.replace(oc.Ethernet, dst="02:77:00:00:00:01")
        vid = (None, 55, 0, None, 56, 4095)[number % 6]
        dei = number % 5 == 0
        packet = flooded if vid is None else vlan.push(flooded, vid=vid, pcp=number // 6 % 8, dei=dei, tpid=tpid)
        classified = one.ingress(packet)
        made.append((packet, None if classified is None else other.egress(classified)))
    assert {due is None for _, due in made} == {True, False}

    def wrapped(fence: bytes) -> bytes:
        return fence if one.pvid else oc.encode(vlan.push(oc.decode(fence), vid=55, tpid=tpid))

    (outside, _), (inside, _) = ENDS[ends]
    commands = [command.format(protocol=protocol, outside=outside, inside=inside) for command in BRIDGE]
    with devices(kernel, *commands, tied="e1", ends=["bridge0", "e0"]):
        ways = (kernel.inside, kernel.underlay) if direction == "emitted" else (kernel.underlay, kernel.inside)
        check(Passage(*ways, wrapped=wrapped), made, tally, f"bridge, {ends}, {protocol}", direction)
