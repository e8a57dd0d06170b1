"""What differs: told field by field at the right bits, and nothing where nothing does."""

from __future__ import annotations

import io
from collections.abc import Hashable, Iterator, Sequence
from functools import cache
from itertools import combinations, pairwise
from pathlib import Path
from random import Random
from typing import Annotated, Any, Final

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import overlaycodec as oc
from overlaycodec.comparison import captures
from overlaycodec.comparison.alignment import cheapest, common
from overlaycodec.comparison.changes import Added, Changed, RecordDiff, Removed, Replaced
from overlaycodec.comparison.ignore_patterns import Ignored
from tests.laws import common as laws

CAPTURES: Final = Path(__file__).parents[1] / "captures"
LINK: Final = oc.Ethernet(dst="02:00:00:00:00:02", src="02:00:00:00:00:01")
INNER: Final = (
    LINK.replace(dst="02:00:00:00:01:02")
    / oc.IPv4(src="192.168.0.1", dst="192.168.0.2")
    / oc.UDP(src_port=1000, dst_port=2000)
    / b"hello"
)
PACKET: Final = oc.resolve(
    LINK / oc.IPv4(src="10.0.0.1", dst="10.0.0.2") / oc.UDP(src_port=50000) / oc.VXLAN(vni=100) / INNER
)


# --- packets ---------------------------------------------------------------------------------------------------------


def test_fields_at_their_bits() -> None:
    """Positions counted by hand: Ethernet 14, IPv4 20 (TTL at 8), UDP 8, VXLAN 8 (VNI at 4), Ethernet 14."""
    other = PACKET.replace(oc.VXLAN, vni=5).replace_at("inner.ipv4.ttl", 63)
    assert list(oc.diff(PACKET, other)) == [
        Changed("vxlan.vni", (368, 391), 100, "vxlan.vni", (368, 391), 5, ("100", "5")),
        Changed("inner.ipv4.ttl", (576, 583), 64, "inner.ipv4.ttl", (576, 583), 63, ("64", "63")),
    ]
    assert str(oc.diff(PACKET, other)).splitlines() == [
        "vxlan.vni (bits 368-391): 100 → 5",
        "inner.ipv4.ttl (bits 576-583): 64 → 63",
    ]
    assert str(oc.diff(PACKET, PACKET)) == "no difference"
    assert not oc.diff(PACKET, PACKET)


def test_a_header_that_was_put_in_moves_what_follows() -> None:
    tagged = PACKET.insert(5, oc.VLANTag(vid=7, ethertype=0x0800)).replace((oc.Ethernet, 1), ethertype=0x8100)
    added, *others = reversed(list(oc.diff(PACKET, tagged)))
    assert added == Added("inner.vlan", (512, 543), oc.VLANTag(vid=7, ethertype=0x0800))
    assert [str(other) for other in others] == ["inner.ethernet.ethertype (bits 496-511): 0x0800 → 0x8100"]
    moved = oc.diff(PACKET, tagged.replace_at("inner.udp.dst_port", 9)).changes[-1]
    assert str(moved) == "inner.udp.dst_port (bits 688-703 → 720-735): 2000 → 9"
    assert oc.diff(tagged, PACKET).changes[-1] == Removed("inner.vlan", (512, 543), oc.VLANTag(vid=7, ethertype=0x0800))


def test_a_tunnel_around_is_what_was_added() -> None:
    assert [change.path for change in oc.diff(PACKET.inner, PACKET)] == ["ethernet", "ipv4", "udp", "vxlan"]
    assert all(isinstance(change, Removed) for change in oc.diff(PACKET, PACKET.inner))
    changed = oc.diff(PACKET, PACKET.inner.replace(oc.IPv4, ttl=1)).changes[-1]
    assert str(changed) == "inner.ipv4.ttl → ipv4.ttl (bits 576-583 → 176-183): 64 → 1"


def test_an_outer_tag_is_not_taken_for_the_inner_one() -> None:
    single = oc.resolve(LINK / oc.VLANTag(vid=10) / oc.IPv4(src="10.0.0.1", dst="10.0.0.2", protocol=253))
    double = oc.resolve(LINK / oc.VLANTag(vid=20) / oc.VLANTag(vid=10) / single[oc.IPv4])
    assert list(oc.diff(single, double)) == [Added("vlan", (112, 143), oc.VLANTag(vid=20, ethertype=0x8100))]


def test_headers_are_paired_by_how_much_of_them_is_the_same() -> None:
    single = oc.resolve(LINK / oc.VLANTag(vid=10) / oc.IPv4(src="10.0.0.1", dst="10.0.0.2", protocol=253))
    double = oc.resolve(LINK / oc.VLANTag(vid=20) / oc.VLANTag(vid=10) / single[oc.IPv4].replace(ttl=1))
    assert [change.path for change in oc.diff(single, double)] == ["vlan", "ipv4.ttl"]


def test_elements_of_rows() -> None:
    def geneve(*types: int) -> oc.Packet:
        options = tuple(oc.GeneveOption(option_class=0xFF00, type=number, data=bytes(4)) for number in types)
        return oc.resolve(oc.Geneve(vni=1, options=options, protocol_type=0x6558) / b"")

    diff = oc.diff(geneve(1, 2, 3), geneve(1, 3))
    removed = [change for change in diff if isinstance(change, Removed)]
    assert [(change.path, change.bits) for change in removed] == [("geneve.options[1]", (128, 191))]
    assert [change.path for change in diff if isinstance(change, Changed)] == ["geneve.opt_len"]
    (changed,) = oc.diff(geneve(1, 2), geneve(1, 5))
    assert str(changed) == "geneve.options[1].type (bits 144-151): 2 → 5"


def test_absent_fields() -> None:
    without = oc.resolve(oc.GRE(protocol_type=0x6558) / b"")
    changed = {
        change.path: str(change) for change in oc.diff(without, oc.resolve(oc.GRE(key=7, protocol_type=0x6558) / b""))
    }
    assert changed["gre.key"] == "gre.key (bits 32-63): absent → 7"


def test_one_bit_is_a_bit() -> None:
    (changed,) = oc.diff(PACKET, PACKET.replace(oc.IPv4, dont_fragment=True))
    assert str(changed) == "ipv4.dont_fragment (bit 161): 0 → 1"


def test_octets() -> None:
    data = bytes(range(100))
    other = bytearray(data)
    other[3], other[5], other[90] = 0xAA, 0xBB, 0xCC
    first, second = oc.diff(oc.Packet((), data), oc.Packet((), bytes(other)))
    assert first == Replaced("payload", 3, (24, 47), data[3:6], (24, 47), bytes(other[3:6]))
    assert (second.path, second.bits) == ("payload", (720, 727))
    assert str(second) == "payload[90:91] (bits 720-727): 5a → cc"
    (gone,) = oc.diff(oc.Packet((), data), oc.Packet((), data[:10] + data[13:]))
    assert str(gone) == "payload[10:13] (bits 80-103 → 80-79): 0a0b0c → nothing"
    (shorter,) = oc.diff(oc.Packet((), b"aaaa"), oc.Packet((), b"aa"))
    assert str(shorter) == "payload[2:4] (bits 16-31 → 16-15): 6161 → nothing"
    (flood,) = oc.diff(oc.Packet((), bytes(1000)), oc.Packet((), bytes([1, 0, 0, 0, 0, 0, 0, 0]) * 125))
    assert isinstance(flood, Replaced)
    assert (flood.start, len(flood.before)) == (0, 993)


def test_trailers() -> None:
    data = oc.encode(PACKET)
    assert str(oc.diff(data, data + b"pad")) == "+ trailers[0] (bits 776-799): 706164"
    assert str(oc.diff(data + b"pad", data + b"pod")) == "trailers[0][1:2] (bits 784-791): 61 → 6f"
    assert [change.path for change in oc.diff(oc.decode(data[:93], wire_length=len(data)), data[:93])] == ["missing"]
    moved = oc.Packet(PACKET.headers, PACKET.payload, (oc.Trailer(0, b"x"),))
    assert str(oc.diff(moved, oc.Packet(PACKET.headers, PACKET.payload, (oc.Trailer(1, b"x"),)))) == (
        "trailers[0].header: ethernet → ipv4"
    )


@pytest.mark.parametrize(
    ("ignore", "left"),
    [
        ([], ["vlan.vid", "ipv4.ttl", "inner.ipv4.ttl", "payload"]),
        (["ttl"], ["vlan.vid", "payload"]),
        (["outer.ipv4.ttl"], ["vlan.vid", "inner.ipv4.ttl", "payload"]),
        (["outer.ipv4"], ["vlan.vid", "inner.ipv4.ttl", "payload"]),
        (["inner"], ["vlan.vid", "ipv4.ttl", "payload"]),
        (["inner.ipv4.ttl", "payload"], ["vlan.vid", "ipv4.ttl"]),
        (["vlan", "ipv4"], ["payload"]),
        (["vlan[0]", "ipv4.dscp"], ["vlan.vid", "ipv4.ttl", "inner.ipv4.ttl", "payload"]),
    ],
)
def test_what_is_ignored(ignore: list[str], left: list[str]) -> None:
    tagged = oc.resolve(PACKET.insert(1, oc.VLANTag(vid=1, ethertype=0x0800)))
    other = tagged.replace(oc.VLANTag, vid=2).replace(oc.IPv4, ttl=1).replace_at("inner.ipv4.ttl", 1)
    other = other.replace_at("payload", b"HELLO")
    assert [change.path for change in oc.diff(tagged, other, ignore=ignore)] == left


@pytest.mark.parametrize(
    ("pattern", "near"),
    [
        ("geneve.vnii", ": did you mean geneve.vni?"),  # of the catalog, in neither packet
        ("genev.vni", ": did you mean geneve.vni?"),
        ("geneve.options[0].typ", ": did you mean geneve.options[0].type?"),
        ("ttll", ": did you mean ttl?"),
        ("outer.ttl", ": did you mean outer.ipv4.ttl?"),
        ("ttl[0]", ": did you mean ttl?"),
        ("payloda", ": did you mean payload?"),
        ("fcs.octts", ": did you mean fcs.octets?"),
        ("innermost.ipv4", ": did you mean inner.ipv4?"),
        ("inner.payload", ""),  # the payload and the time are of no scope
        ("xyzzyq", ""),
    ],
)
def test_a_path_that_no_packet_has_is_refused(pattern: str, near: str) -> None:
    with pytest.raises(oc.PathError) as caught:
        oc.diff(PACKET, PACKET, ignore=["ttl", pattern])
    assert str(caught.value) == f"no path {pattern!r} to ignore in the catalog{near}"
    with pytest.raises(oc.PathError, match="to ignore"):
        oc.diff(CAPTURES / "ovs-vxlan.pcap", CAPTURES / "ovs-vxlan.pcap", ignore=[pattern])


class Apart(oc.Header, spec="in-house"):
    """A header that no catalog has."""

    colour: Annotated[int, oc.Bits(8)] = 0


def test_a_path_that_some_packet_can_have_is_ignored() -> None:
    present = [
        "geneve.vni", "vlan", "vlan[3].vid", "outer.geneve", "inner.inner.ipv6", "quoted.tcp.sequence",
        "options[0].type", "options.type", "vlan.dei", "checksum", "trailers[2]", "trailers.header", "fcs.octets",
        "missing", "time", "comments", "interface", "link_type", "payload",
    ]  # fmt: skip
    assert not oc.diff(PACKET, PACKET, ignore=present)
    packet = PACKET.headers[0] / Apart()
    assert not oc.diff(packet, packet.replace(Apart, colour=1), ignore=["apart.colour"])
    with pytest.raises(oc.PathError, match=r"did you mean apart\.colour"):
        oc.diff(packet, packet, ignore=["apart.color"])


def test_wrong_arguments() -> None:
    with pytest.raises(ValueError, match="is no path"):
        oc.diff(PACKET, PACKET, ignore=["ipv4/ttl"])
    with pytest.raises(ValueError, match="is no path"):
        oc.diff(PACKET, PACKET, ignore=["outer"])
    with pytest.raises(TypeError, match="give a list"):
        oc.diff(PACKET, PACKET, ignore="ttl")
    with pytest.raises(TypeError, match="a packet is compared with a packet"):
        oc.diff(PACKET, "a.pcap")  # type: ignore[call-overload]
    with pytest.raises(TypeError, match="a capture is compared with a capture"):
        oc.diff("a.pcap", b"")  # type: ignore[call-overload]


HEADERS: Final = st.sampled_from(laws.CLASSES)


@given(HEADERS, st.data())
def test_one_edit_is_one_change_at_the_bits_that_differ(cls: type[oc.Header], data: st.DataObject) -> None:
    packet = data.draw(laws.packets(cls))
    path, value = data.draw(_edits(packet))
    edited = packet.replace_at(path, value)
    assume(_is_encoded(edited))
    changes = list(oc.diff(packet, edited))
    assert [(change.path, getattr(change, "after", None)) for change in changes] == [(path, value)]
    (changed,) = changes
    assert isinstance(changed, Changed)
    assert changed.bits == packet.span(path) == changed.new_bits
    before, after = (int.from_bytes(oc.encode(side), "big") for side in (packet, edited))
    size = len(oc.encode(packet)) * 8
    first, last = packet.span(path)
    assert before != after
    assert (before ^ after) >> (size - 1 - last) << (size - 1 - last) == before ^ after
    assert (before ^ after) >> (size - first) == 0


def _is_encoded(packet: oc.Packet) -> bool:
    """Whether what the edit says of other fields, that they are there or not, is so."""
    try:
        oc.encode(packet)
    except oc.UnresolvedError:
        return False
    return True


@st.composite
def _edits(draw: st.DrawFn, packet: oc.Packet) -> tuple[str, int]:
    """A number of fixed place in some header of the packet, and another value for it."""
    names = packet.names
    index = draw(st.integers(0, len(names) - 1))
    header = packet.headers[index]
    fields = [
        field
        for field in header.__layout__.fields
        if field.kind == "int" and field.bits and getattr(header, field.name) is not None
    ]
    assume(fields)
    field = draw(st.sampled_from(fields))
    value = draw(st.integers(0, (1 << (field.bits or 0)) - 1))
    assume(value != getattr(header, field.name))
    return f"{names[index]}.{field.name}", value


@given(st.binary(max_size=200), st.binary(max_size=200), st.integers(0, 200))
def test_octets_differ_where_octets_do(data: bytes, other: bytes, at: int) -> None:
    """Over any octets: no difference is told exactly where there is none."""
    good = oc.encode(PACKET)
    damaged = good[:at] + data + good[at + len(data) :]
    for a, b in ((data, other), (good, damaged), (damaged, damaged), (damaged, other)):
        diff = oc.diff(a, b)
        assert bool(diff) == (a != b)
        assert bool(oc.diff(b, a)) == (a != b)
        assert str(diff)


# --- captures --------------------------------------------------------------------------------------------------------


def records_of(name: str) -> list[oc.Record]:
    with oc.open_capture(CAPTURES / name) as capture:
        return list(capture)


def capture_of(records: Sequence[oc.Record]) -> oc.Capture:
    stream = io.BytesIO()
    oc.write_capture(stream, records)
    return oc.open_capture(stream.getvalue())


def told(
    a: Sequence[oc.Record], b: Sequence[oc.Record], *ignore: str
) -> list[tuple[int | None, int | None, list[str]]]:
    diff = oc.diff(capture_of(a), capture_of(b), ignore=ignore)
    return [(found.number, found.new_number, [change.path for change in found.changes]) for found in diff]


RECORDS: Final = records_of("kernel-vxlan-v4.pcap")


@pytest.mark.parametrize("count", [0, 1, 2047, 2048, 2049, 5000])
def test_packets_before_the_damage_are_compared(count: int) -> None:
    """What the other capture has behind the damage is not taken for missing."""
    whole = [oc.Record(number.to_bytes(2, "big") * 10, time_ns=number) for number in range(6000)]

    def damaged(last: list[oc.Record]) -> Iterator[oc.Record]:
        yield from whole[:count]
        yield from last
        raise oc.CaptureError("damaged", 7)

    unlike = oc.Record(b"unlike", time_ns=count)
    for last, differing in (([], 0), ([unlike], 1)):
        for sides in ((damaged(last), iter(whole)), (iter(whole), damaged(last)), (damaged(last), damaged(last))):
            found: list[RecordDiff] = []
            with pytest.raises(oc.CaptureError, match="damaged"):
                found.extend(captures.record_diffs(*sides, Ignored(()), oc.DEFAULT))
            assert [each.number for each in found[:count]] == list(range(1, count + 1))
            assert not any(found[:count])
            assert len(found) == count + differing


def test_lost_and_extra_packets_shift_nothing() -> None:
    assert told(RECORDS, RECORDS) == []
    for lost in range(len(RECORDS)):
        rest = RECORDS[:lost] + RECORDS[lost + 1 :]
        assert told(RECORDS, rest) == [(lost + 1, None, [])]
        assert told(rest, RECORDS) == [(None, lost + 1, [])]
    extra = [*RECORDS[:3], RECORDS[0], *RECORDS[3:]]
    assert told(RECORDS, extra) == [(None, 4, [])]


@pytest.mark.parametrize("shift", [0, 5_000_000], ids=["the same times", "other times"])
def test_packets_that_changed_on_the_way_are_paired(shift: int) -> None:
    """TTL lowered, tagged, and another VNI; the second was lost."""
    changed = []
    for record in RECORDS:
        packet = record.decode().replace(oc.IPv4, ttl=1).replace(oc.VXLAN, vni=9)
        packet = packet.insert(1, oc.VLANTag(vid=3, ethertype=0x0800)).replace(oc.Ethernet, ethertype=0x8100)
        assert record.time_ns is not None
        changed.append(oc.Record(oc.encode(packet), time_ns=record.time_ns + shift))
    del changed[1]
    paths = ["ethernet.ethertype", "ipv4.ttl", "vlan", "vxlan.vni"]
    found = told(RECORDS, changed, "time")
    assert [(number, new, sorted(paths)) for number, new, paths in found] == [
        (1, 1, paths),
        (2, None, []),
        *((number, number - 1, paths) for number in range(3, len(RECORDS) + 1)),
    ]


def test_of_two_packets_that_are_alike_the_time_tells_which_was_lost() -> None:
    twice = [oc.Record(RECORDS[0].data, time_ns=time) for time in (1, 2)]
    assert told(twice, twice[1:]) == [(1, None, [])]
    assert told(twice, twice[:1]) == [(2, None, [])]


def test_times_pair_what_has_nothing_else_in_common() -> None:
    a = [oc.Record(b"%d" % number * 20, time_ns=number) for number in range(1, 9)]
    b = [oc.Record(b"%d" % number * 15 + b"other", time_ns=number) for number in range(1, 9) if number != 4]
    assert [(number, new) for number, new, _ in told(a, b)] == [
        (1, 1), (2, 2), (3, 3), (4, None), (5, 4), (6, 5), (7, 6), (8, 7),
    ]  # fmt: skip


def test_what_a_capture_says_of_a_packet() -> None:
    seen = oc.Record(RECORDS[1].data, time_ns=5, comments=("seen",), interface=1)
    other = [RECORDS[0], seen, *RECORDS[2:]]
    diff = oc.diff(capture_of(RECORDS), capture_of(other))
    assert [change.path for change in diff.records[0].changes] == ["time_ns", "interface", "comments"]
    assert (diff.same, len(diff)) == (len(RECORDS) - 1, 1)
    assert told(RECORDS, other, "time", "interface", "comments") == []
    assert str(diff).splitlines()[-1] == f"0 removed, 0 added, 1 changed, {len(RECORDS) - 1} the same"


def test_how_long_a_packet_was_is_told_where_its_octets_do_not() -> None:
    cut = oc.Record(RECORDS[0].data, time_ns=RECORDS[0].time_ns, wire_length=2000)
    assert told(RECORDS[:1], [cut]) == [(1, 1, ["wire_length", "missing"])]


def test_by_path_and_over_formats(tmp_path: Path) -> None:
    name = CAPTURES / "ovs-vxlan.pcap"
    with oc.open_capture(name) as capture:
        oc.write_capture(tmp_path / "same.pcapng.gz", capture)
    assert not oc.diff(name, tmp_path / "same.pcapng.gz")
    assert oc.diff(str(name), CAPTURES / "linux-tcp.pcap")
    with pytest.raises(OSError, match="no such"):
        oc.diff(name, tmp_path / "no such.pcap")


@given(st.randoms(use_true_random=False), st.integers(2, 40), st.booleans())
def test_long_captures_in_small_windows(random: Random, window: int, retimed: bool) -> None:
    """What is lost, put in and changed is told as just that, though no window sees it all."""
    base = [oc.Record(oc.encode(INNER.replace(oc.IPv4, identification=n)), time_ns=n * 1000) for n in range(120)]
    lost = set(random.sample(range(120), random.randrange(8)))
    edited = set(random.sample(range(120), random.randrange(8))) - lost
    other = []
    for number, record in enumerate(base):
        if number in lost:
            continue
        data = record.data
        if number in edited:
            data = oc.encode(record.decode().replace(oc.IPv4, ttl=1))
        other.append(oc.Record(data, time_ns=number * 1000 + 7 * retimed))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(captures, "WINDOW", max(window, len(lost) + 1))
        found = oc.diff(capture_of(base), capture_of(other), ignore=["time"])
    assert {record.number for record in found if record.removed} == {number + 1 for number in lost}
    assert {record.number for record in found if record.changes} == {number + 1 for number in edited}
    assert not any(record.added for record in found)
    assert found.same == 120 - len(lost) - len(edited)


def test_a_loss_that_is_longer_than_the_window(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(captures, "WINDOW", 16)
    base = [oc.Record(oc.encode(INNER.replace(oc.IPv4, identification=n)), time_ns=n * 1000) for n in range(200)]
    rest = base[:20] + base[150:]
    diff = oc.diff(capture_of(base), capture_of(rest))
    assert [record.number for record in diff if record.removed] == list(range(21, 151))
    assert (len(diff), diff.same) == (130, 70)


# --- alignment -------------------------------------------------------------------------------------------------------


@given(st.lists(st.integers(0, 6), max_size=9), st.lists(st.integers(0, 6), max_size=9))
def test_common_members_are_common_and_in_order(a: list[int], b: list[int]) -> None:
    pairs = common(a, b)
    assert all(a[i] == b[j] for i, j in pairs)
    for (i, j), (k, m) in pairwise(pairs):
        assert i < k
        assert j < m
    if len(set(a)) == len(a) and len(set(b)) == len(b):
        assert len(pairs) == longest(tuple(a), tuple(b))
    assert bool(pairs) == bool(set(a) & set(b))


def test_what_is_unique_comes_first() -> None:
    assert len(common("xpxqxr", "pxqxr")) == 5


@cache
def longest(a: tuple[Hashable, ...], b: tuple[Hashable, ...]) -> int:
    if not a or not b:
        return 0
    if a[0] == b[0]:
        return 1 + longest(a[1:], b[1:])
    return max(longest(a[1:], b), longest(a, b[1:]))


def test_nothing_in_common_costs_nothing() -> None:
    same: list[Any] = [None] * 3000
    assert common(same, same) == []
    assert len(common([1] * 3000, [1] * 2000)) == 2000
    assert len(common([1, 2] * 1500, [2, 1] * 1500)) > 1000


@given(st.integers(0, 4), st.integers(0, 4), st.data())
def test_weighed_pairs_cost_the_least(a: int, b: int, data: st.DataObject) -> None:
    costs = {(i, j): data.draw(st.none() | st.integers(0, 30)) for i in range(a) for j in range(b)}

    def total(pairs: Sequence[tuple[int, int]]) -> int:
        return sum(costs[pair] or 0 for pair in pairs) + 10 * (a + b - 2 * len(pairs))

    ways = [
        list(zip(left, right, strict=True))
        for count in range(min(a, b) + 1)
        for left in combinations(range(a), count)
        for right in combinations(range(b), count)
    ]
    least = min(total(way) for way in ways if all(costs[pair] is not None for pair in way))
    pairs = cheapest(a, b, lambda i, j: costs[i, j], 10)
    assert all(costs[pair] is not None for pair in pairs)
    assert total(pairs) == least
