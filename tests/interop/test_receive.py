"""Endpoints in Python accept what real receivers deliver, carry traffic, and tell a kernel the MTU of its path."""

from __future__ import annotations

import re
import socket
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any, Final

import pytest

import overlaycodec as oc
from overlaycodec import Ethernet, tunnel
from tests.interop.live import receivers
from tests.interop.live.linux_vxlan import DEVICE
from tests.interop.live.machine import PATIENCE
from tests.interop.live.pinging import answered, eventually, reach
from tests.interop.live.python_endpoint import (
    CONTAINER,
    INNER_MTU,
    KERNEL,
    UNDERLAY_MTU,
    BelievingPythonEndpoint,
    PythonEndpoint,
)
from tests.interop.live.underlay import HERE, PEER
from tests.interop.near_valid import near_valid
from tests.interop.tally import Tally
from tests.interop.test_findings import ASKED, Asked

Start = Callable[[Callable[[], Any]], Any]
COUNT: Final = 1_200
KINDS: Final[dict[str, Any]] = {"VXLAN": tunnel.VXLANTunnel, "Geneve": tunnel.GeneveTunnel}
UDP_TUNNELS: Final = [asked for asked in ASKED if type(asked.tunnel).__name__ in KINDS]
TRANSFER: Final = 1 << 20
OTHER: Final = "192.168.100.3"


@pytest.mark.parametrize("asked", UDP_TUNNELS, ids=lambda asked: f"{asked.kind.__name__}-ipv{asked.version}")
def test_the_endpoint_accepts_what_the_receiver_delivers(asked: Asked, started: Start, tally: Tally) -> None:
    receiver = started(asked.kind)
    packets = list(near_valid(asked.tunnel, asked.version, COUNT, seed=6040, from_anywhere=asked.from_anywhere))
    observed = receiver.deliver_each([packet.data for packet in packets])
    src, dst = (PEER.ipv4, HERE.ipv4) if asked.version == 4 else (PEER.ipv6, HERE.ipv6)
    endpoint = KINDS[type(asked.tunnel).__name__](
        vni=receiver.vni,
        src=src,
        dst=dst,
        link=Ethernet(dst=HERE.mac, src=PEER.mac),
        reception=tunnel.Reception(receiver=asked.name, oam="accept", any_network=asked.name == "ovs"),
    )
    table: Counter[tuple[bool, bool]] = Counter()
    reasons: Counter[str] = Counter()
    for packet, frame in zip(packets, observed, strict=True):
        got = endpoint.receive(packet.data)
        assert bool(got) is (frame is not None), (packet.label, str(got), packet.data.hex())
        table[bool(got), frame is not None] += 1
        if isinstance(got, tunnel.Refusal):
            reasons[got.rule] += 1
        elif got.frame != frame:  # Linux reads no mark behind a tag; Open vSwitch combines marks as RFC 3168 says
            assert got.tunnel.at(f"ipv{asked.version}.ecn"), packet.label
            assert asked.name == "ovs" or oc.vlan.tags(got.packet), packet.label
    assert table[True, True] > COUNT // 5
    assert len(reasons) > 5
    tally.add(asked.kind.__name__, "received", [oc.decode(packet.data, lax=True) for packet in packets])


NVGRE: Final = [
    Asked(receivers.OVSNVGREReceiver, "ovs", oc.GRE(key=receivers.NVGRE_KEY), 4),
    Asked(receivers.OVSNVGREReceiver, "ovs", oc.GRE(key=receivers.NVGRE_KEY), 6),
    Asked(receivers.LinuxNVGREReceiver, "linux", oc.GRE(key=receivers.NVGRE_KEY), 4, from_anywhere=False),
]


@pytest.mark.parametrize("asked", NVGRE, ids=lambda asked: f"{asked.kind.__name__}-ipv{asked.version}")
def test_the_endpoint_accepts_of_nvgre_what_the_receiver_delivers(asked: Asked, started: Start, tally: Tally) -> None:
    """Real receivers take GRE with checksums and sequence numbers too, which NVGRE forbids (RFC 7637 section 3.2)."""
    receiver = started(asked.kind)
    packets = list(near_valid(asked.tunnel, asked.version, COUNT, seed=7637, from_anywhere=asked.from_anywhere))
    observed = receiver.deliver_each([packet.data for packet in packets])
    src, dst = (PEER.ipv4, HERE.ipv4) if asked.version == 4 else (PEER.ipv6, HERE.ipv6)
    endpoint = tunnel.NVGRETunnel(
        vsid=receivers.NVGRE_KEY >> 8,
        src=src,
        dst=dst,
        link=Ethernet(dst=HERE.mac, src=PEER.mac),
        inner_tags="keep",
        reception=tunnel.Reception(receiver=asked.name),
    )
    table: Counter[tuple[bool, bool]] = Counter()
    reasons: Counter[str] = Counter()
    for packet, frame in zip(packets, observed, strict=True):
        got = endpoint.receive(packet.data)
        table[bool(got), frame is not None] += 1
        if isinstance(got, tunnel.Refusal):
            reasons[got.rule] += 1
            gre = oc.decode(packet.data, lax=True).get(oc.GRE)
            other = got.rule == "network" and gre is not None and (gre.checksum_present or gre.sequence_present)
            assert other or frame is None, (packet.label, str(got), packet.data.hex())
            continue
        assert frame is not None, (packet.label, packet.data.hex())
        if got.frame != frame:  # as above
            assert got.tunnel.at(f"ipv{asked.version}.ecn"), packet.label
            assert asked.name == "ovs" or oc.vlan.tags(got.packet), packet.label
    assert table[True, True] > COUNT // 5
    assert len(reasons) > 5
    tally.add(asked.kind.__name__, "received", [oc.decode(packet.data, lax=True) for packet in packets])


# --- traffic --------------------------------------------------------------------------------------------------------


def pings(live: PythonEndpoint, address: str, count: int, octets: int, *words: str) -> str:
    """What ping says in the container."""
    return live.container.run(
        "sh", "-c", f"ping -n -q -c {count} -i 0.002 -W 2 -s {octets} {' '.join(words)} {address} 2>&1 || true"
    )


def loss(text: str) -> str:
    found = re.search(r"([\d.]+)% packet loss", text)
    assert found is not None, text
    return found[1]


NOT_OURS: Final = {"no-tunnel", "destination", "link-destination"}
"""Refusals of what a kernel says for itself, whenever it likes."""


def test_a_thousand_pings_at_full_mtu_and_none_is_lost(started: Start) -> None:
    live = started(PythonEndpoint)
    for address, count, octets in ((KERNEL[0], 1000, 1422), (KERNEL[1], 200, 1402)):
        reach(live.container, address)
        assert answered(live.container, address, count, octets) == count
    assert {refusal.rule for refusal in live.refusals} <= NOT_OURS
    assert not live.messages


def transferred(live: PythonEndpoint, octets: int, address: str = KERNEL[0]) -> int:
    """How many octets of a TCP connection from the container arrive at an address of the kernel's device."""
    arrived: list[int] = []
    with live.kernel.namespace.entered():
        listening = socket.create_server((address, 0))
    listening.settimeout(PATIENCE)

    def take() -> None:
        connection, _ = listening.accept()
        connection.settimeout(PATIENCE)
        with connection:
            while part := connection.recv(1 << 16):
                arrived.append(len(part))

    thread = threading.Thread(target=take, daemon=True)
    thread.start()
    with live.container.entered():
        sending = socket.socket()
    with sending:
        sending.settimeout(PATIENCE)
        sending.connect((address, listening.getsockname()[1]))
        sending.sendall(bytes(octets))
    thread.join(PATIENCE)
    listening.close()
    return sum(arrived)


def test_tcp_is_carried(started: Start) -> None:
    assert transferred(started(PythonEndpoint), TRANSFER) == TRANSFER


@pytest.mark.parametrize("family", [0, 1], ids=["IPv4", "IPv6"])
def test_a_kernel_learns_the_mtu_of_its_path(family: int, started: Start) -> None:
    """1500 octets outside leave 1450 for IP inside; until it knows, the kernel sends 1500."""
    live = started(BelievingPythonEndpoint)
    peer = KERNEL[family]
    full = 1500 - (28, 48)[family]
    reach(live.container, peer)
    assert "mtu" not in live.container.run("ip", "route", "get", peer)
    said = pings(live, peer, 2, full, "-M", "do")
    assert loss(said) == "100", said
    eventually(lambda: re.search(r"\bmtu 1450\b", live.container.run("ip", "route", "get", peer)), "no MTU was learnt")
    assert live.messages
    assert answered(live.container, peer, 20, full - 50) == 20
    # in fragments, by what the kernel has learned
    assert answered(live.container, peer, 20, full, may_fragment=True) == 20


def test_tcp_finds_its_way_below_the_mtu_that_it_believes_in(started: Start) -> None:
    live = started(BelievingPythonEndpoint)
    # an address of whose path the container knows nothing yet, and which offers segments for 1500 octets
    live.kernel.namespace.ip(f"address add {OTHER}/24 dev {DEVICE}", f"link set {DEVICE} mtu {UNDERLAY_MTU}")
    live.messages.clear()
    try:
        assert transferred(live, TRANSFER, OTHER) == TRANSFER
    finally:
        live.kernel.namespace.ip(f"link set {DEVICE} mtu {INNER_MTU}")
    assert CONTAINER[0] in {str(message.get("ipv4.dst")) for message in live.messages}
