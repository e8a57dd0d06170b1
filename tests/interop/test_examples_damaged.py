"""Damaged frames and packets do not end the programs of examples/, and traffic goes on after them."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final, NamedTuple

import pytest

import overlaycodec as oc
from overlaycodec import fuzz
from tests.interop.live.laboratory import Laboratory
from tests.interop.live.machine import PATIENCE
from tests.interop.live.ports import PacketSocket
from tests.interop.test_examples import START, pings, reach

COUNT: Final = 400


class Entry(NamedTuple):
    """Where a program receives frames, where they are put in, and a ping whose packets come this way."""

    program: tuple[str, str]
    sender: tuple[str, str]
    ping: tuple[str, str]


ENTRIES: Final = {
    "vxlan_packet_endpoint": (
        Entry(("tep", "inside"), ("near", "eth0"), ("near", "192.168.100.1")),
        Entry(("tep", "under"), ("far", "under"), ("near", "192.168.100.1")),
    ),
    "vxlan_udp_endpoint": (
        Entry(("tep", "inside"), ("near", "eth0"), ("near", "192.168.42.1")),
        Entry(("tep", "under"), ("wire", "tep"), ("near", "192.168.42.1")),
    ),
    "vlan_switch": (
        Entry(("left", "red"), ("red", "eth0"), ("red", "10.0.0.2")),
        Entry(("left", "trunk"), ("right", "trunk"), ("red", "10.0.0.2")),
    ),
    "vlan_vni_gateway": (
        Entry(("gate", "trunk"), ("lan", "trunk"), ("blue", "10.20.0.2")),
        Entry(("gate", "under"), ("fabric", "under"), ("blue", "10.20.0.2")),
    ),
    "one_armed_router": (Entry(("router", "trunk"), ("lan", "trunk"), ("red", "10.20.0.2")),),
    "flannel_node": (
        Entry(("ours", "pods"), ("near", "eth0"), ("near", "10.244.1.7")),
        Entry(("ours", "under"), ("node", "under"), ("near", "10.244.1.7")),
    ),
}


def heard(lab: Laboratory, entry: Entry) -> bytes:
    """A packet of the ping, as the program receives it."""
    with lab.namespace(entry.program[0]) as namespace:
        listening = PacketSocket(namespace, entry.program[1])
    try:
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            pings(lab, *entry.ping, "-W 2")
            while (frame := listening.receive(0.1)) is not None:
                if oc.ICMPEcho in oc.decode(frame, lax=True):
                    return frame
    finally:
        listening.close()
    raise AssertionError(f"no ping came to {entry.program}")


@pytest.mark.parametrize("example", ENTRIES)
def test_traffic_goes_on_after_damaged_frames(example: str, started: Callable[[Callable[[], Any]], Any]) -> None:
    started(START[example])  # whether it can run here
    with Laboratory(example) as lab:
        for entry in ENTRIES[example]:
            reach(lab, *entry.ping)
            frame = heard(lab, entry)
            with lab.namespace(entry.sender[0]) as namespace:
                sender = PacketSocket(namespace, entry.sender[1])
            try:
                for case in fuzz.mutations(frame, seed=7, count=COUNT):
                    if 14 <= len(case.data) <= 1500:
                        sender.send(case.data)
            finally:
                sender.close()
            reach(lab, *entry.ping)
        for program in lab.programs:
            assert program.is_running, program.lines
