"""Packets of many stacks, few of each, have the values that the scalar decoder gives; so do headers to the very end."""

from __future__ import annotations

import itertools
import random
from typing import Annotated, Final

import overlaycodec as oc
from tests.columnar.test_columns import SOME, check

LINK = oc.Ethernet(dst="02:00:00:00:00:02", src="02:00:00:00:00:01")
IPV4 = oc.IPv4(src="192.0.2.1", dst="192.0.2.2")
IPV6 = oc.IPv6(src="2001:db8::1", dst="2001:db8::2")
NETWORKS: Final[tuple[oc.Packet | oc.Header, ...]] = (
    IPV4,
    oc.IPv4(src="192.0.2.1", dst="192.0.2.2", options=(oc.IPv4RouterAlertOption(),)),
    IPV6,
    IPV6 / oc.IPv6HopByHop(),
)
TUNNELS: Final[tuple[oc.Packet | oc.Header, ...]] = (
    oc.UDP(src_port=50000) / oc.VXLAN(vni=1),
    oc.UDP(src_port=50000) / oc.Geneve(vni=2),
    oc.GRE(),
    oc.GRE(key=5),
)


def _headers(part: oc.Packet | oc.Header) -> tuple[oc.Header, ...]:
    return tuple(part.headers) if isinstance(part, oc.Packet) else (part,)


def frames() -> list[oc.Record]:
    """Frames of 256 stacks, each whole and cut somewhere, in random order."""
    source = random.Random(1)
    records = []
    for tags, network, tunnel, inside in itertools.product(range(4), NETWORKS, TUNNELS, range(4)):
        outside: oc.Packet | oc.Header = LINK
        for number in range(tags):
            outside = outside / oc.VLANTag(vid=source.randrange(1, 4095), pcp=number)
        packet = oc.Packet((*_headers(outside), *_headers(network), *_headers(tunnel), LINK))
        if inside & 1:
            packet = packet / oc.VLANTag(vid=source.randrange(1, 4095))
        packet = packet / (IPV6 if inside & 2 else IPV4) / oc.TCP(src_port=source.randrange(1 << 16), dst_port=50001)
        data = oc.encode(packet)
        records += [oc.Record(data), oc.Record(data[: source.randrange(len(data))], wire_length=len(data))]
    source.shuffle(records)
    return records


def test_groups_that_come_to_a_header_on_different_ways() -> None:
    records = frames()
    names = [
        "payload", "fault", "vlan.vid", "vlan[1].vid", "vlan[2].pcp", "inner.vlan.vid", "innermost.vlan.vid",
        "outer.ipv4.src", "inner.ipv4.dst", "ipv4[1].src", "ipv6[1].dst", "inner.tcp.src_port", "tcp.dst_port",
        "innermost.ethernet.ethertype", "gre.key", "geneve.vni", "innermost.ipv6.src",
    ]  # fmt: skip
    assert check(records, names) == 0
    for name in names[2:]:  # alone, as few stacks as possible differ
        assert check(records[:200], [name]) == 0
    assert check(records[:300], [*SOME, "inner.tcp.checksum.verdict", "innermost.ipv4.checksum.verdict"]) == 0


def test_names_of_headers_are_found_in_all_stacks() -> None:
    names = oc.column_names(frames())
    assert {"vlan[2].vid", "inner.vlan.vid", "gre.key", "ipv6_hop_by_hop.options", "inner.ipv6.src"} <= {*names}
    assert not {"vlan[3].vid", "inner.vlan[1].vid", "inner.ipv6_hop_by_hop.options"} & {*names}


def test_stacks_of_which_some_have_more_headers_than_are_followed() -> None:
    for most in (1, 3, 5, 8):
        check(frames()[:200], ["fault", "payload", "vlan.vid", "inner.ipv4.dst"], oc.DEFAULT.with_max_headers(most))


class Cell(oc.Element, spec="in-house"):
    """Two octets."""

    kind: Annotated[int, oc.Bits(8), "Kind"]
    value: Annotated[int, oc.Bits(8), "Value"] = 0


class Cells(oc.Header, spec="in-house", keys=(oc.UDP_PORT(9992),)):
    """Cells to the end, and a length that may end before."""

    length: Annotated[int, oc.Bits(16), oc.LengthField(), "Octets of all"] = oc.AUTO
    cells: Annotated[tuple[Cell, ...], oc.Rest(), oc.Elements(), "Cells"] = ()
    cells_rest: Annotated[bytes, oc.Unparsed("cells"), "What is no cell"] = oc.AUTO


def test_a_length_that_ends_before_what_takes_all_octets() -> None:
    records = [
        oc.Record(oc.encode(LINK / IPV4 / oc.UDP(src_port=1, dst_port=9992) / (length.to_bytes(2, "big") + rest)))
        for length, rest in itertools.product(range(12), [bytes(range(octets)) for octets in range(10)])
    ]
    names = ["payload", "fault", "cells.length", "cells.cells", "cells.cells[1].value", "cells.cells_rest"]
    check(records, names, oc.DEFAULT.with_header(Cells))
