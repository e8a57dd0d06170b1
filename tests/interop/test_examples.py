"""The programs of examples/ do what their docstrings say, in the namespaces that these make."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from functools import partial
from typing import Any, Final

import pytest

from tests.interop.live.laboratory import PATIENCE, Laboratory
from tests.interop.test_offloads import transfer

Start = Callable[[Callable[[], Any]], Any]
START: Final = {name: partial(Laboratory, name) for name in ("vxlan_packet_endpoint", "vxlan_udp_endpoint")}


@pytest.fixture
def laboratory(started: Start) -> Callable[[str], Laboratory]:
    """The laboratory of an example."""
    return lambda example: started(START[example])


def eventually(holds: Callable[[], object], what: str) -> None:
    """Waits until that is true, and fails where it does not become so."""
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, what
        time.sleep(0.05)


def pings(lab: Laboratory, name: str, address: str, count: int = 1, words: str = "") -> tuple[int, str]:
    """How many of the pings in a namespace were answered, and what was printed."""
    said = lab.says(f"ip netns exec {name} ping -n -q -i 0.005 -W 5 -c {count} {words} {address}")
    found = re.search(r"(\d+) received", said)
    assert found is not None, said
    return int(found[1]), said


def reach(lab: Laboratory, name: str, address: str) -> None:
    """Waits until a ping is answered: by then the neighbours know each other."""
    eventually(lambda: pings(lab, name, address)[0], f"{name} does not reach {address}")


def test_vxlan_packet_endpoint(laboratory: Callable[[str], Laboratory]) -> None:
    lab = laboratory("vxlan_packet_endpoint")
    reach(lab, "near", "192.168.100.1")
    answered, said = pings(lab, "near", "192.168.100.1", 500, "-M do -s 1422")
    assert answered == 500, said
    answered, said = pings(lab, "near", "192.168.100.1", 2, "-M do -s 1472")
    assert answered == 0
    assert re.search("errors|message too long", said), said
    assert "mtu 1450" in lab.shell("ip -n near route get 192.168.100.1")
    with lab.namespace("near") as near, lab.namespace("far") as far:
        assert transfer(near, far, "192.168.100.1")
        assert transfer(far, near, "192.168.100.2")
    assert lab.programs[0].lines == ["ready"]


def test_vxlan_udp_endpoint(laboratory: Callable[[str], Laboratory]) -> None:
    lab = laboratory("vxlan_udp_endpoint")
    reach(lab, "near", "192.168.42.1")
    reach(lab, "near", "192.168.42.3")
    macs = {
        host: lab.shell(f"ip netns exec {host} cat /sys/class/net/vxlan42/address").strip() for host in ("one", "two")
    }
    for host, address in (("one", "10.77.0.1"), ("two", "10.77.0.3")):
        lab.programs[0].until(f"learned {macs[host]} {address}".__eq__)
    before = received(lab, "two", "under")
    answered, said = pings(lab, "near", "192.168.42.1", 300, "-M do -s 1422")
    assert answered == 300, said
    assert received(lab, "two", "under") - before < 100  # not the pings, but what kernels send of their own
    with lab.namespace("near") as near, lab.namespace("two") as two:
        assert transfer(near, two, "192.168.42.3")
        assert transfer(two, near, "192.168.42.2")
    assert all(line.startswith(("ready", "learned")) for line in lab.programs[0].lines)


def received(lab: Laboratory, name: str, device: str) -> int:
    """How many packets a device has received."""
    return int(lab.shell(f"ip netns exec {name} cat /sys/class/net/{device}/statistics/rx_packets"))
