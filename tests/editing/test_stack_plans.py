"""What is found once for a stack gives what the rules for single headers give, in every packet of that stack.

Strategy: operations on a packet of a stack that did not come often go header by header; those of one that did use what
was generated for it. Each packet is put through both: before the tables are warm, and afterwards.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

import overlaycodec as oc
from overlaycodec import tunnel, vlan
from overlaycodec.codec.code_cache import STACK_USES
from overlaycodec.editing.checksum_status import PARTS
from overlaycodec.editing.stack_plan import PLANS, resolved_packet
from overlaycodec.packet.stack_paths import STACKS
from overlaycodec.values import AUTO
from overlaycodec.values.by_class import ByClass
from tests.tools.internals import code_of

_LINK, _INNER_LINK = (oc.Ethernet(dst=f"02:00:00:00:0{n}:02", src=f"02:00:00:00:0{n}:01") for n in (0, 1))
_FRAME = oc.encode(
    _LINK
    / oc.IPv4(src="10.0.0.1", dst="10.0.0.2", ecn=2)
    / oc.UDP(src_port=50000)
    / oc.VXLAN(vni=100)
    / _INNER_LINK
    / oc.IPv4(src="10.1.1.1", dst="10.1.1.2", ecn=1, dscp=10)
    / oc.TCP(src_port=40000, dst_port=50001, sequence=7, ack=True, window=512)
    / b"payload"
)
_OTHERWISE: dict[str, int] = {
    "ethernet.ethertype": 100,
    "udp.dst_port": 9,
    "ipv4.ihl": 6,
    "ipv4.total_length": 0,
    "ipv4.more_fragments": True,
    "ipv4.fragment_offset": 3,
    "ipv4.checksum": 0xFFFF,
    "ipv4.ecn": 3,
    "udp.length": 0,
    "udp.checksum": 1,
    "inner.ethernet.ethertype": 100,
    "inner.ipv4.total_length": 40,
    "inner.ipv4.more_fragments": True,
    "inner.ipv4.ecn": 0,
    "inner.ipv4.dscp": 1,
    "inner.tcp.checksum": 0,
    "inner.tcp.data_offset": 6,
}
"""Fields of the frame, each with another value that a rule treats in its own way."""
_OPERATIONS: list[Callable[[bytes], Any]] = [
    lambda data: oc.checksums(oc.decode(data, lax=True)),
    lambda data: oc.fill(oc.decode(data, lax=True)),
    lambda data: oc.fill(_longer(oc.decode(data, lax=True))),
    lambda data: oc.fill(oc.decode(data + b"\0", lax=True, wire_length=len(data) + 5)),
    lambda data: oc.fill(oc.decode(data, lax=True), selectors=True),
    lambda data: oc.fill(_longer(oc.decode(data, lax=True)), lengths=False),
    lambda data: oc.fill(_longer(oc.decode(data, lax=True)), checksums=False),
    lambda data: oc.fill(oc.decode(data, lax=True).replace(oc.IPv4, ttl=1), before=oc.decode(data, lax=True)),
    lambda data: oc.checksums(oc.decode(data, lax=True), left_to_card=True),
    lambda data: oc.checksums(oc.decode(data, lax=True, fcs_octets=4)),
    lambda data: oc.resolve(_opened(oc.decode(data, lax=True))),
    lambda data: oc.checksums(_opened(oc.decode(data, lax=True))),
    lambda data: _closed(oc.decode(data, lax=True)),
    lambda data: _closed(_opened(oc.decode(data, lax=True))),
    lambda data: _closed(_opened(oc.decode(data, lax=True)), omits=False),
    lambda data: _closed(oc.decode(data, lax=True) / oc.FCS()),
    tunnel.decapsulate,
    lambda data: tunnel.decapsulate(data, diffserv="uniform"),
    lambda data: vlan.push(oc.decode(data, lax=True), vid=5, scope="inner"),
    lambda data: vlan.route(oc.decode(data, lax=True), vid=5, src="02:00:00:00:00:01", dst="02:00:00:00:00:02"),
    oc.diagnose,
    lambda data: oc.diagnose(oc.decode(data, lax=True), receiver="linux"),
    lambda data: tunnel.flow_octets(oc.decode(data, lax=True)),
]


def _opened(packet: oc.Packet) -> oc.Packet:
    """The packet with AUTO for what is derived, where such a field is there."""
    headers = []
    for header in packet.headers:
        names = [field.name for field in header.__layout__.fields if header.__layout__.computed(field)]
        headers.append(header.replace(**{name: AUTO for name in names if getattr(header, name) is not None}))
    return oc.Packet(tuple(headers), packet.payload)


def _closed(packet: oc.Packet, **options: bool) -> Any:  # Any: what is told of the packet
    closed, octets = resolved_packet(packet, oc.DEFAULT, **options)
    return closed, closed.fault, closed.faults, closed.missing, octets


def _longer(packet: oc.Packet) -> oc.Packet:
    """The packet with more payload than its lengths count."""
    longer: oc.Packet = packet.replace_at("payload", packet.payload + b"more")
    return longer


def _told(operation: Callable[[bytes], Any], data: bytes) -> str:
    try:
        return repr(operation(data))
    except oc.CodecError as error:
        return f"{type(error).__name__}: {error}"


def _frames() -> list[bytes]:
    """The frame, and frames that differ from it in a field, or in a bit or two, or end early."""
    source = random.Random(18)
    packet = oc.decode(_FRAME)
    frames = [_FRAME, *(oc.encode(packet.replace_at(path, value)) for path, value in _OTHERWISE.items())]
    for _ in range(40):
        octets = bytearray(_FRAME)
        for _ in range(source.randrange(1, 3)):
            octets[source.randrange(len(octets))] ^= 1 << source.randrange(8)
        frames.append(bytes(octets[: source.choice((len(octets), len(octets), source.randrange(len(octets))))]))
    return frames


@pytest.mark.parametrize("number", range(len(_OPERATIONS)))
def test_a_stack_that_came_often_is_treated_as_one_that_did_not(number: int) -> None:
    operation = _OPERATIONS[number]
    frames = _frames()
    first = []
    for data in frames:
        for table in (PLANS, PARTS, STACKS, code_of(oc.DEFAULT).stack_encoders):
            table.clear()
        first.append(_told(operation, data))
    for _ in range(3 * STACK_USES):
        for data in (_FRAME, _FRAME[:40], b""):
            _told(operation, data)
    for data, told in zip(frames, first, strict=True):
        for _ in range(2):
            assert _told(operation, data) == told


def test_the_functions_are_there_for_a_stack_that_came_often() -> None:
    packet = oc.decode(_FRAME)
    for _ in range(3 * STACK_USES):
        oc.checksums(packet)
    classes = tuple(map(type, packet.headers))
    assert PLANS[classes].is_open is not None
    assert PLANS[classes].derive is not None
    assert PARTS[classes].of_stack is not None


def test_what_is_resolved_has_no_faults() -> None:
    """A fault is of the octets that were decoded; the packet is written as it is."""
    packet = oc.decode(_FRAME[:45], lax=True)
    assert packet.fault is not None
    for _ in range(3 * STACK_USES):
        closed, octets = resolved_packet(packet, oc.DEFAULT)
        assert (closed.fault, closed.faults, octets) == (None, (), _FRAME[:45])


def test_the_tables_are_bounded() -> None:
    for number in range(1100):
        headers = [_LINK if number >> bit & 1 else oc.VLANTag(vid=1) for bit in range(11)]
        assert len(oc.Packet(tuple(headers)).names) == 11
    assert len(STACKS) <= 1024
    table = ByClass(str)
    assert [table[number] for number in range(2000)] == [str(number) for number in range(2000)]
    assert len(table) <= 1024


@pytest.mark.parametrize("path", ["ipv4.ttl", "inner.ipv4.dst", "inner.tcp.window"])
def test_a_field_is_read_and_replaced_again_and_again(path: str) -> None:
    packet = oc.decode(_FRAME)
    value = packet.at(path)
    assert packet.replace_at(path, value) == packet
    other = oc.decode(oc.encode(vlan.push(packet, vid=3)))
    assert other.at(path) == value
    assert packet.at(path) == value


def test_a_replaced_value_is_checked() -> None:
    packet = oc.decode(_FRAME)
    for _ in range(2):
        with pytest.raises(oc.FieldRangeError, match=r"0\.\.255"):
            packet.replace_at("ipv4.ttl", 256)
        with pytest.raises(TypeError, match="takes an int"):
            packet.replace_at("ipv4.ttl", True)
        with pytest.raises(oc.PathError):
            packet.replace_at("ipv4.tll", 5)
    with pytest.raises(TypeError, match="has no field 'tll': did you mean 'ttl'"):
        packet[oc.IPv4].replace(ttl=7, tll=8)
