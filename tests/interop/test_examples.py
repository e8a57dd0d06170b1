"""The programs of examples/ do what their docstrings say, in the namespaces that these make."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from typing import Any, Final

import pytest

from tests.interop.live import pinging
from tests.interop.live.laboratory import Laboratory
from tests.interop.live.machine import PATIENCE
from tests.interop.test_offloads import transfer
from tests.interop.test_pieces_tshark import TShark
from tests.tools.examples import ROOT

Start = Callable[[Callable[[], Any]], Any]
START: Final = {
    name: partial(Laboratory, name)
    for name in (
        "flannel_node",
        "geneve_service",
        "one_armed_router",
        "tenant_watcher",
        "vlan_switch",
        "vlan_vni_gateway",
        "vxlan_packet_endpoint",
        "vxlan_udp_endpoint",
    )
}


@pytest.fixture
def laboratory(started: Start) -> Callable[[str], Laboratory]:
    """The laboratory of an example."""
    return lambda example: started(START[example])


def pings(lab: Laboratory, name: str, address: str, words: str = "-W 60") -> tuple[bool, str]:
    """Whether one ping in a namespace is answered, and what is printed."""
    said = lab.says(f"ip netns exec {name} ping -n -c 1 {words} {address}")
    assert "1 packets transmitted" in said, said
    return "1 received" in said, said


def answered(lab: Laboratory, name: str, address: str, count: int, octets: int) -> int:
    """How many of so many pings with DF are answered."""
    with lab.namespace(name) as namespace:
        return pinging.answered(namespace, address, count, octets)


def reach(lab: Laboratory, name: str, address: str) -> None:
    """Waits until a ping is answered: by then the neighbours know each other."""
    with lab.namespace(name) as namespace:
        pinging.reach(namespace, address)


def test_vxlan_packet_endpoint(laboratory: Callable[[str], Laboratory]) -> None:
    lab = laboratory("vxlan_packet_endpoint")
    reach(lab, "near", "192.168.100.1")
    assert answered(lab, "near", "192.168.100.1", 500, 1422) == 500
    came, said = pings(lab, "near", "192.168.100.1", "-W 60 -M do -s 1472")
    assert not came
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
    assert answered(lab, "near", "192.168.42.1", 300, 1422) == 300
    assert received(lab, "two", "under") - before < 100  # not the pings, but what kernels send of their own
    with lab.namespace("near") as near, lab.namespace("two") as two:
        assert transfer(near, two, "192.168.42.3")
        assert transfer(two, near, "192.168.42.2")
    assert all(line.startswith(("ready", "learned")) for line in lab.programs[0].lines)


def received(lab: Laboratory, name: str, device: str) -> int:
    """How many packets a device has received."""
    return int(lab.shell(f"ip netns exec {name} cat /sys/class/net/{device}/statistics/rx_packets"))


def test_vlan_vni_gateway(laboratory: Callable[[str], Laboratory]) -> None:
    lab = laboratory("vlan_vni_gateway")
    with lab.watched("fabric", "under", "udp dst port 4789 and src host 10.77.0.2 and ip[1] = 0xa0") as first:
        reach(lab, "red", "10.10.0.2")
        # DSCP 40, VNI 10010, and the EtherType of the frame is IPv4 or ARP: no tag
        assert re.search(r"tos 0xa0.*vni 10010\n(IP|ARP)", first(), re.DOTALL)
    reach(lab, "blue", "10.20.0.2")
    for host, number in (("red", 10), ("blue", 20)):
        assert answered(lab, host, f"10.{number}.0.2", 200, 1422) == 200
    with lab.namespace("red") as red, lab.namespace("blue") as blue, lab.namespace("fabric") as fabric:
        assert transfer(blue, fabric, "10.20.0.2")
        assert transfer(fabric, red, "10.10.0.1")
    # the networks stay apart: blue has no way to what is in the network of red
    lab.shell("ip -n blue address add 10.10.0.3/24 dev eth0")
    assert not pings(lab, "blue", "10.10.0.2", "-W 1")[0]
    assert [program.lines for program in lab.programs] == [["ready"], ["ready"]]


def test_vlan_switch(laboratory: Callable[[str], Laboratory]) -> None:
    lab = laboratory("vlan_switch")
    with lab.watched("right", "trunk", "vlan 10 and icmp", "-e") as first:
        reach(lab, "red", "10.0.0.2")
        assert re.search(r"vlan 10, p 0, ethertype IPv4", first())
    assert answered(lab, "red", "10.0.0.2", 200, 1472) == 200
    assert not pings(lab, "red", "10.0.0.3", "-W 1")[0]
    before = received(lab, "blue", "eth0")
    with lab.namespace("red") as red, lab.namespace("rose") as rose:
        assert transfer(red, rose, "10.0.0.2")
        assert transfer(rose, red, "10.0.0.1")
    assert received(lab, "blue", "eth0") - before < 100  # nothing of VLAN 10
    assert [program.lines for program in lab.programs] == [["ready"], ["ready"]]


def counted(table: str) -> dict[tuple[str, str], int]:
    """The packets of each tenant, from the last table that the watcher printed."""
    rows = [line.split() for line in table.rpartition("flows\n")[2].splitlines() if line]
    return {(row[-5], row[-4]): int(row[-3]) for row in rows}


def test_tenant_watcher_with_a_pipe(laboratory: Callable[[str], Laboratory]) -> None:
    lab = laboratory("tenant_watcher")
    for vni in (7, 9):
        reach(lab, "one", f"10.{vni}.0.2")
    said = lab.says(
        "ip netns exec two timeout 120 tcpdump --immediate-mode -U -c 90 -w - -i under icmp or udp port 4789"
        " 2>/dev/null"
        f" | timeout 150 {sys.executable} -m examples.tenant_watcher - --every 0.01 & watcher=$!;"
        # until tcpdump has its packets: nothing says when it has begun
        " while kill -0 $watcher 2>/dev/null; do"
        " ip netns exec one ping -q -c 2 -i 0.01 10.7.0.2; ip netns exec one ping -q -c 1 10.9.0.2; done >/dev/null"
    )
    tenants = counted(said)
    assert sum(tenants.values()) == 90
    assert tenants["vxlan", "7"] > tenants["vxlan", "9"] > 0
    assert said.count("tunnel ") > 2  # it does not wait for the end


@pytest.mark.parametrize("name", ["kernel-vxlan-vni-limits", "ovs-vxlan", "ovs-geneve-options"])
def test_tenant_watcher_counts_as_tshark(name: str, started: Start) -> None:
    path = ROOT / "tests" / "captures" / f"{name}.pcap"
    expected: Counter[tuple[str, str]] = Counter()
    for vxlan, valid, geneve in started(TShark).reads(path, "vxlan.vni", "vxlan.flag_i", "geneve.vni"):
        if vxlan:
            expected["vxlan", vxlan.partition(",")[0] if valid.startswith(("1", "True")) else "-"] += 1
        elif geneve:
            expected["geneve", str(int(geneve.partition(",")[0], 16))] += 1
    command = [sys.executable, "-m", "examples.tenant_watcher", str(path)]
    said = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT, timeout=60).stdout
    found = counted(said)
    found.pop(("tunnel", "-"), None)
    assert found == expected


def test_one_armed_router(laboratory: Callable[[str], Laboratory]) -> None:
    lab = laboratory("one_armed_router")
    reach(lab, "red", "10.10.0.1")
    reach(lab, "red", "10.20.0.2")
    assert "ttl=63" in lab.shell("ip netns exec red ping -n -c 1 -W 60 10.20.0.2")
    assert answered(lab, "red", "10.20.0.2", 200, 1472) == 200
    for words, error in (
        ("-t 1 10.20.0.2", "From 10.10.0.1 icmp_seq=1 Time to live exceeded"),
        ("10.20.0.77", "From 10.10.0.1 icmp_seq=1 Destination Host Unreachable"),
        ("10.30.0.1", "From 10.10.0.1 icmp_seq=1 Destination Net Unreachable"),
    ):
        assert error in lab.says(f"ip netns exec red ping -n -c 1 -W 60 {words}")
    with lab.namespace("red") as red, lab.namespace("blue") as blue:
        assert transfer(red, blue, "10.20.0.2")
        assert transfer(blue, red, "10.10.0.2")
    assert [program.lines for program in lab.programs] == [["ready"], ["ready"]]


def test_flannel_node(laboratory: Callable[[str], Laboratory]) -> None:
    lab = laboratory("flannel_node")
    reach(lab, "near", "10.244.1.7")
    reach(lab, "far", "10.244.2.7")
    assert "ttl=62" in lab.shell("ip netns exec near ping -n -c 1 -W 60 10.244.1.7")
    assert "ttl=62" in lab.shell("ip netns exec far ping -n -c 1 -W 60 10.244.2.7")
    for name, address in (("near", "10.244.1.7"), ("far", "10.244.2.7")):
        assert answered(lab, name, address, 200, 1422) == 200
    with lab.namespace("near") as near, lab.namespace("far") as far:
        assert transfer(near, far, "10.244.1.7")
        assert transfer(far, near, "10.244.2.7")
    assert "Time to live exceeded" in lab.says("ip netns exec near ping -n -c 1 -t 1 -W 60 10.244.1.7")
    assert "Destination Net Unreachable" in lab.says("ip netns exec near ping -n -c 1 -W 60 10.9.9.9")


BALANCER, SERVICE = ("10.0.1.1", 6081), ("10.0.1.2", 6081)
# octets by hand from RFC 8926 and AWS's documentation: see gateway-load-balancer-options in tests/vectors/geneve.json
FROM_BALANCER: Final = bytes.fromhex(
    "0800080000000000 0108010211223344556677880108020299aabbccddeeff0001080301deadbeef"
    "45000021000100004011f977c0a80001c0a8000203e807d0000d2ef668656c6c6f"
)


def test_geneve_service(laboratory: Callable[[str], Laboratory]) -> None:
    lab = laboratory("geneve_service")
    assert lab.tried() == "True ('10.0.1.2', 60000)\n"
    with ExitStack() as stack:
        with lab.namespace("balancer") as balancer, balancer.entered():
            sender, receiver = (stack.enter_context(socket.socket(type=socket.SOCK_DGRAM)) for _ in range(2))
            health = stack.enter_context(socket.socket())
        sender.bind((BALANCER[0], 0))
        receiver.bind(BALANCER)
        receiver.settimeout(PATIENCE)
        port = bytes.fromhex("03e8 0017")
        sender.sendto(FROM_BALANCER.replace(bytes.fromhex("03e8 07d0"), port), SERVICE)
        sender.sendto(FROM_BALANCER, SERVICE)
        assert receiver.recvfrom(2048) == (FROM_BALANCER, (SERVICE[0], sender.getsockname()[1]))
        lab.programs[0].until(
            lambda line: re.fullmatch("denied .*192.168.0.2.* endpoint 1122334455667788 cookie deadbeef", line)
        )
        # another critical option than those that it knows
        unknown = bytes.fromhex("0240080000000000 ffff8001 00000000") + FROM_BALANCER[40:]
        sender.sendto(unknown, SERVICE)
        lab.programs[0].until(lambda line: "option" in line and line.endswith("from 10.0.1.1"))
        health.settimeout(PATIENCE)
        health.connect(SERVICE)
