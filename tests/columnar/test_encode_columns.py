"""`encode_columns` writes what the scalar encoder writes, octet for octet; and it refuses what that refuses."""

from __future__ import annotations

import io
import random
from binascii import crc32
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Annotated, Any, Final, NamedTuple

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import overlaycodec as oc
from overlaycodec.codec.packet_encoder import resolved
from overlaycodec.columnar.encode import driver as writing
from overlaycodec.schema.layout import Field, Layout
from overlaycodec.schema.record import WireStruct
from tests.laws import common as laws
from tests.tools import stacks

COUNT: Final = 9
EAGER: Final = oc.DEFAULT.with_max_headers(oc.DEFAULT.max_headers)
"""A catalog of its own: tests that count on the stack encoders of `DEFAULT` find them as they are."""
CAPTURES: Final = stacks.captures(stacks.CAPTURES)
FRAME: Final = (
    oc.Ethernet(dst="52:54:00:00:00:02", src="52:54:00:00:00:01")
    / oc.IPv4(src="10.0.0.1", dst="10.0.0.2")
    / oc.UDP(src_port=49152)
    / oc.VXLAN(vni=100)
    / oc.Ethernet(dst="02:00:00:00:00:02", src="02:00:00:00:00:01")
    / oc.IPv4(src="192.168.0.1", dst="192.168.0.2")
    / oc.UDP(src_port=1000, dst_port=2000)
    / b"hello"
)


# --- the same octets --------------------------------------------------------------------------------------------------


class Place(NamedTuple):
    """A field of a packet."""

    path: str
    layout: Layout
    field: Field
    value: Any  # Any: a field's own type


def fields_of(record: WireStruct, path: str) -> Iterator[Place]:
    """Each field of a record and of the elements of its rows."""
    for field in record.__layout__.fields:
        value = getattr(record, field.name)
        yield Place(f"{path}.{field.name}", record.__layout__, field, value)
        if field.kind == "items" and isinstance(value, tuple):
            for number, element in enumerate(value):
                yield from fields_of(element, f"{path}.{field.name}[{number}]")


def values_for(field: Field, value: Any, source: random.Random) -> list[Any] | None:
    """As many values of a field's own kind; None for those that are not drawn here."""
    bits = field.bits or 0
    few = source.random() < 0.3

    def number() -> int:
        most = (1 << bits) - 1
        # sizes, offsets and positions decide most where they are small
        return source.choice((0, most, source.getrandbits(bits), source.randrange(32) & most))

    if field.kind == "bool":
        drawn: list[Any] = [source.random() < 0.5 for _ in range(COUNT)]
    elif field.kind == "int":
        drawn = [number() for _ in range(COUNT)]
    elif field.kind == "mac":
        drawn = [oc.MACAddress(source.getrandbits(48)) for _ in range(COUNT)]
    elif field.kind == "ipv4" or isinstance(value, IPv4Address):
        drawn = [IPv4Address(source.getrandbits(32)) for _ in range(COUNT)]
    elif field.kind == "ipv6":
        drawn = [IPv6Address(source.getrandbits(128)) for _ in range(COUNT)]
    elif isinstance(value, bytes):
        sizes = [len(value)] * COUNT if bits or few else [len(value) + source.randrange(3) * 4 for _ in range(COUNT)]
        drawn = [source.randbytes(size) for size in sizes]
    elif field.kind == "items" and isinstance(value, tuple):
        drawn = [value[: source.randrange(len(value) + 1)] for _ in range(COUNT)]
    else:
        return None
    if few:
        drawn = [drawn[0] if source.random() < 0.6 else one for one in drawn]
    if field.optional and source.random() < 0.5:
        drawn = [None if source.random() < 0.3 else one for one in drawn]
    return drawn


def places_in(packet: oc.Packet) -> list[Place]:
    """Each field of a packet."""
    named = zip(packet.names, packet.headers, strict=True)
    return [place for name, header in named for place in fields_of(header, name)]


def decides(place: Place) -> bool:
    """Whether a fact of another field names this one, which is no size: it says what is there, or what is summed."""
    layout, name = place.layout, place.field.name
    facts = (fact for field in layout.cls.__declaration__ if field.name != name for fact in field.facts.values())
    values = (value for fact in facts for value in msgspec.structs.astuple(fact))
    return name not in layout.sized_by and any(
        name in value if isinstance(value, tuple) else name == value for value in values
    )


def deciding(packet: oc.Packet) -> Iterator[dict[str, list[Any]]]:
    """For each number or flag of a packet that decides something, a column of all its small values."""
    for path, _, field, value in filter(decides, places_in(packet)):
        if field.kind == "bool":
            yield {path: [False, True]}
        elif field.kind == "int" and value is not None:
            yield {path: list(range(min(field.maximum, 24) + 1))}


def chosen(packet: oc.Packet, source: random.Random) -> dict[str, list[Any]]:
    """Some columns for a packet."""
    fields = places_in(packet)
    columns: dict[str, list[Any]] = {}
    for path, _, field, value in source.sample(fields, min(len(fields), source.randrange(1, 6))):
        if any(
            path.startswith((f"{other}.", f"{other}[")) or other.startswith((f"{path}.", f"{path}["))
            for other in columns
        ):
            continue
        if (values := values_for(field, value, source)) is not None:
            columns[path] = values
    if not columns or source.random() < 0.4:
        sizes = (
            [source.randrange(40) for _ in range(COUNT)] if source.random() < 0.7 else [source.randrange(40)] * COUNT
        )
        columns["payload"] = [source.randbytes(size) for size in sizes]
    return columns


def as_given(columns: dict[str, list[Any]], source: random.Random) -> dict[str, Any]:
    """The columns as lists, or as the arrays that reading in columns gives."""
    given: dict[str, Any] = {}
    for path, values in columns.items():
        given[path] = values
        if path == "payload" or source.random() < 0.4:
            continue
        absent = [value is None for value in values]
        there = next((value for value in values if value is not None), 0)
        plain = [there if value is None else value for value in values]
        if all(isinstance(value, bool) for value in plain):
            array = np.array(plain)
        elif all(isinstance(value, int | IPv4Address | oc.MACAddress) and int(value) < 1 << 64 for value in plain):
            array = np.array([int(value) for value in plain], np.uint64)
        elif all(isinstance(value, IPv6Address) for value in plain):
            array = np.array([np.void(value.packed) for value in plain if isinstance(value, IPv6Address)])
        else:
            continue
        given[path] = np.ma.MaskedArray(array, absent) if any(absent) else array
    return given


def one_by_one(packet: oc.Packet, columns: dict[str, list[Any]]) -> Iterator[oc.Packet]:
    """The packets that the columns make of one. Raises: EncodeError."""
    (count,) = {*map(len, columns.values())}
    for index in range(count):
        changed = packet
        for path, values in columns.items():
            changed = changed.replace_at(path, values[index])
        yield changed


class Met:
    """How often it came to what."""

    same = refused = 0


@pytest.mark.survey
@pytest.mark.parametrize("cls", laws.CLASSES, ids=laws.by_name)
def test_the_octets_are_those_of_the_scalar_encoder(cls: type[oc.Header], monkeypatch: pytest.MonkeyPatch) -> None:
    """For each header: stacks through it with what is derived left to be derived, any of their fields as columns.

    The writers of the single headers, the encoder of the stack and that of columns write the same.
    """
    monkeypatch.setattr("overlaycodec.codec.code_cache.STACK_USES", 1)
    met = Met()

    @laws.share(40, cls)
    @given(laws.packets(cls, resolved=False), st.integers(0, 1 << 32))
    def law(packet: oc.Packet, seed: int) -> None:
        source = random.Random(seed)
        for columns in (*(chosen(packet, source) for _ in range(4)), *deciding(packet)):
            arrays = as_given(columns, source)
            try:
                wanted = [resolved(changed, EAGER)[1] for changed in one_by_one(packet, columns)]
            except oc.EncodeError:
                with pytest.raises(oc.EncodeError):
                    list(map(EAGER.encode, one_by_one(packet, columns)))
                with pytest.raises(oc.EncodeError) as caught:
                    writing.frames_of(packet, arrays, EAGER, fewest=1)
                assert caught.value.path.startswith("packets[")
                met.refused += 1
                continue
            frames = writing.frames_of(packet, arrays, EAGER, fewest=1)
            for index, (changed, octets) in enumerate(zip(one_by_one(packet, columns), wanted, strict=True)):
                assert EAGER.encode(changed).hex() == octets.hex(), (changed, "the encoder of the stack")
                assert frames[index].hex() == octets.hex(), (packet, columns, index)
            met.same += 1

    law()
    assert met.same > 5


def same(packet: oc.Packet, columns: dict[str, Any], fewest: int = 12) -> oc.Frames:
    """The frames of columns that are lists, each compared with what the scalar encoder writes."""
    frames = writing.frames_of(packet, columns, oc.DEFAULT, fewest=fewest)
    for index, octets in enumerate(frames):
        changed = packet
        for path, values in columns.items():
            changed = changed.replace_at(path, values[index])
        assert octets == oc.encode(changed), index
    return frames


# --- what real stacks wrote -------------------------------------------------------------------------------------------


def alike(path: Path) -> Iterator[list[oc.Record]]:
    """Records of a capture with the same headers, whole, their checksums right or left out alike."""
    groups: dict[tuple[Any, ...], list[oc.Record]] = {}
    with oc.open_capture(path) as capture:
        for record in capture:
            packet = record.decode(lax=True)
            verdicts = oc.checksums(packet)
            whole = not (packet.faults or packet.missing or packet.trailers)
            if whole and {*verdicts.values()} <= {oc.ChecksumStatus.VALID, oc.ChecksumStatus.ABSENT}:
                groups.setdefault((*map(type, packet.headers), *verdicts.items()), []).append(record)
    return (records for records in groups.values() if len(records) > 1)


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("kernel-vlan-bpf.pcap", 9),
        ("kernel-vxlan-v6.pcap", 2),
        ("linux-geneve-v6.pcap", 3),
        ("linux-geneve.pcap", 35),
        ("linux-gretap-nvgre.pcap", 4),
        ("linux-icmp-errors.pcap", 9),
        ("linux-icmpv6-errors.pcap", 6),
        ("linux-ipv4-options.pcap", 4),
        ("linux-tcp.pcap", 2),
        ("linux-vlan-devices.pcap", 41),
        ("ovs-dummy-geneve.pcap", 200),
    ],
)
def test_what_real_stacks_wrote_is_written_again(name: str, count: int) -> None:
    """The template has no lengths and checksums; the columns have all else: the octets are those of the capture."""
    done = 0
    for records in alike(CAPTURES[name]):
        template = records[0].decode()
        names = []
        for path, header in zip(template.names, template.headers, strict=True):
            layout = header.__layout__
            derived = {field.name for field in (layout.checksum, layout.length_field) if field is not None}
            derived = {derive for derive in derived if getattr(header, derive)}  # 0 is none, or none told
            names += [f"{path}.{field.name}" for field in layout.fields if field.name not in derived]
            for derive in derived:
                template = template.replace_at(f"{path}.{derive}", oc.AUTO)
        table = oc.columns(records, names)
        columns = {column: table[column] for column in names}
        columns["payload"] = [record.decode().payload for record in records]  # type: ignore[assignment]  # no array
        for fewest in (1, 12):
            frames = writing.frames_of(template, columns, oc.DEFAULT, fewest=fewest)
            assert list(frames) == [record.data for record in records]
        done += len(records)
    assert done == count


# --- many packets -----------------------------------------------------------------------------------------------------


def test_of_65536_ports_one_makes_the_checksum_0_and_it_goes_out_as_ffff() -> None:
    packet = FRAME.replace((oc.UDP, 1), dst_port=7)
    frames = oc.encode_columns(packet, {"inner.udp.src_port": np.arange(1 << 16, dtype="u2")})
    checksums = frames.rows[:, -7:-5].copy().view(">u2")[:, 0]
    assert not (checksums == 0).any()
    (at, *others) = np.flatnonzero(checksums == 0xFFFF).tolist()
    assert not others or 0 in (at, *others)  # every sum occurs once, that of no change twice
    assert frames[at] == oc.encode(packet.replace_at("inner.udp.src_port", at))
    assert len(set(checksums.tolist())) >= (1 << 16) - 2


def test_a_sum_of_ffff_is_told_from_0() -> None:
    """An IPv4 checksum of 0 (RFC 1624 section 3), where all that changes is 0."""
    packets = (oc.IPv4(src="10.0.0.1", dst=f"10.0.{n >> 8}.{n & 255}", protocol=99) for n in range(1 << 16))
    packet = next(packet for packet in packets if oc.encode(packet)[10:12] == bytes(2))
    frames = same(oc.Packet((packet,)), {"ipv4.identification": list(range(20))})
    assert frames[0][10:12] == bytes(2)


def test_more_packets_than_are_written_at_once_of_several_shapes_and_lengths() -> None:
    count = 20_000
    source = random.Random(5)
    geneve = (
        oc.Ethernet(dst="52:54:00:00:00:02", src="52:54:00:00:00:01")
        / oc.IPv6(src="fd00::1", dst="fd00::2")
        / oc.UDP(src_port=1)
        / oc.Geneve(vni=0, options=(oc.GeneveOption(option_class=1, type=1, data=bytes(8)),))
        / oc.Ethernet(dst="02:00:00:00:00:02", src="02:00:00:00:00:01")
        / oc.VLANTag(vid=7)
        / oc.IPv4(src="192.168.0.1", dst="192.168.0.2")
        / oc.TCP(src_port=1000, dst_port=2000)
    )
    columns: dict[str, list[Any]] = {
        "geneve.vni": [source.getrandbits(24) for _ in range(count)],
        "geneve.options[0].type": [source.getrandbits(8) for _ in range(count)],
        "inner.vlan.vid": [source.getrandbits(12) for _ in range(count)],
        "inner.ipv4.dst": [IPv4Address(source.getrandbits(32)) for _ in range(count)],
        "payload": [source.randbytes(source.randrange(60)) for _ in range(count)],
    }
    frames = oc.encode_columns(geneve, columns)
    assert len(frames) == count
    for index in {*range(0, count, 97), 8191, 8192, 8193, count - 1}:
        changed = geneve
        for path, values in columns.items():
            changed = changed.replace_at(path, values[index])
        assert frames[index] == oc.encode(changed)
        packet = oc.decode(frames[index])
        assert {str(verdict) for verdict in oc.checksums(packet).values()} == {"valid"}
        assert packet[oc.Geneve].critical == (columns["geneve.options[0].type"][index] >= 0x80)


class Words(oc.Header, spec="in-house", keys=(oc.UDP_PORT(9989),)):
    """What follows, counted in words."""

    words: Annotated[int, oc.Bits(16), oc.LengthField(unit=4, origin="end")] = oc.AUTO


@pytest.mark.parametrize("sizes", [[0] * 30, [5] * 30, [*range(29), 1400], [1] + [0] * 29])
def test_payloads_of_any_length_under_what_can_bear_them_and_what_cannot(sizes: list[int]) -> None:
    payloads = [bytes(range(1, 1 + size % 251)) * (size // 251 + 1) for size in sizes]
    same(FRAME, {"payload": payloads})
    same(FRAME.replace((oc.UDP, 1), length=20), {"payload": payloads})  # a checksum over what a length says
    trailed = oc.Packet(FRAME.headers, b"", (oc.Trailer(6, b"pad"),))
    same(trailed, {"payload": payloads, "inner.udp.dst_port": list(range(30))})
    quoting = oc.IPv4(src="10.0.0.1", dst="10.0.0.2") / oc.ICMP(type=3) / oc.ICMPUnreachable()
    same(quoting, {"payload": payloads})
    words = oc.UDP(src_port=1, dst_port=9989, checksum=0) / Words()
    same(words, {"payload": [payload[: len(payload) // 4 * 4] for payload in payloads]})
    llc = oc.Ethernet(dst="02:00:00:00:00:02", src="02:00:00:00:00:01") / oc.LLC(dsap=0x42, ssap=0x42, control=3)
    same(llc, {"payload": payloads, "llc.ssap": list(range(30))})
    sctp = oc.IPv4(src="10.0.0.1", dst="10.0.0.2") / oc.SCTP(src_port=1, dst_port=2, verification_tag=3)
    same(sctp, {"payload": payloads, "sctp.src_port": list(range(30))})


class Ended(oc.Element, spec="in-house"):
    """A kind; kind 255 ends the row."""

    kind: Annotated[int, oc.Bits(8)]


class Kinds(oc.Header, spec="in-house", keys=(oc.UDP_PORT(9990),)):
    """Words of elements, of which one ends the row and is not zero."""

    words: Annotated[int, oc.Bits(8)] = oc.AUTO
    counts: Annotated[int, oc.Bits(24), oc.ByteOrder("little")] = 0
    elements: Annotated[tuple[Ended, ...], oc.SizedBy("words", unit=4), oc.Elements("kind", end=255)] = ()
    elements_rest: Annotated[bytes, oc.Unparsed("elements")] = oc.AUTO


def test_what_one_field_decides_of_others() -> None:
    """Each column changes more than its own bits, in some of the packets."""
    numbers = list(range(40))
    udp = oc.Packet(FRAME.headers, bytes(range(60)))
    same(udp, {"inner.udp.length": numbers})  # how far a checksum reaches
    same(udp, {"inner.udp.length": [50 + number % 2 for number in numbers], "inner.udp.src_port": numbers})
    routed = oc.IPv6(src="fd00::1", dst="fd00::2") / oc.IPv6SegmentRouting(
        segments_left=1, segments=(oc.SRv6Segment(address="fd00::3"), oc.SRv6Segment(address="fd00::2"))
    )
    same(
        routed / oc.UDP(src_port=1, dst_port=2),
        {
            "ipv6_segment_routing.segments_left": [number % 3 for number in numbers],
            "ipv6_segment_routing.segments[0].address": [IPv6Address(number) for number in numbers],
            "ipv6.dst": [IPv6Address(number * 3 << 64) for number in numbers],
        },
    )
    datagram = oc.UDP(src_port=1, dst_port=2)
    hops = (oc.IPv4RouteAddress(address="10.0.0.3"), oc.IPv4RouteAddress(address="10.0.0.4"))
    for option in (oc.IPv4LooseSourceRouteOption(route=hops), oc.IPv4StrictSourceRouteOption(route=hops)):
        # RFC 791 section 3.1: the way is gone where the pointer is greater than the length, here 11
        way = oc.IPv4(src="10.0.0.1", dst="10.0.0.2", options=(option,)) / datagram
        frames = same(way, {"ipv4.options[0].pointer": [4, 8, 12, 16, 255] * 20})
        to = [oc.resolve(oc.IPv4(src="10.0.0.1", dst=dst) / datagram)[oc.UDP] for dst in ("10.0.0.4", "10.0.0.2")]
        assert [oc.decode(octets, first=oc.IPv4)[oc.UDP] for octets in frames] == [*to[:1] * 2, *to[1:] * 3] * 20
        routes = [hops[: number % 3] for number in numbers]
        same(way, {"ipv4.options[0].pointer": [8] * 20 + numbers[:20], "ipv4.options[0].route": routes}, fewest=1)
    gateways = tuple(oc.IPv4RouteAddress(address=f"10.0.0.{number}") for number in (7, 9))
    option = oc.IPv4LooseSourceRouteOption(route=gateways)
    source_routed = oc.IPv4(src="10.0.0.1", dst="10.0.0.2", options=(option,)) / oc.UDP(src_port=1, dst_port=2)
    same(  # up to 8, the pointer points to an address: the last one is summed; from 12 on, the route is completed
        source_routed,
        {
            "ipv4.options[0].pointer": [4 * (number % 5) for number in numbers],
            "ipv4.options[0].route[1].address": [IPv4Address(number) for number in numbers],
        },
    )
    stt = oc.IPv4(src="10.0.0.1", dst="10.0.0.2") / oc.STTSegment(src_port=1, total_length=90) / b"piece"
    same(stt, {"stt_segment.segment_offset": numbers, "stt_segment.frame_id": numbers})
    with pytest.raises(oc.UnresolvedError, match=r"packets\[1\]\.stt_segment\.total_length cannot be derived"):
        oc.encode_columns(stt.replace(oc.STTSegment, total_length=oc.AUTO), {"stt_segment.segment_offset": numbers})
    kinds = oc.Packet((Kinds(elements=(Ended(kind=1), Ended(kind=2))),))
    kind = {"kinds.elements[1].kind": [255 if number % 3 else 4 for number in numbers], "kinds.counts": numbers}
    assert {octets[4:].hex() for octets in same(kinds, kind)} == {"0104ff00", "01ff0000"}


def test_payloads_as_rows_of_an_array() -> None:
    rows = np.random.default_rng(1).integers(0, 256, (40, 31), np.uint8)
    frames = oc.encode_columns(FRAME, {"payload": rows[:, ::-1], "vxlan.vni": np.arange(40)})
    for index, row in enumerate(rows):
        assert frames[index] == oc.encode(
            FRAME.replace_at("payload", row[::-1].tobytes()).replace_at("vxlan.vni", index)
        )


def test_addresses_in_every_form() -> None:
    wanted = list(oc.encode_columns(FRAME, {"inner.ipv4.src": np.array([1, 2**32 - 1], "u4")}))
    assert list(oc.encode_columns(FRAME, {"inner.ipv4.src": ["0.0.0.1", IPv4Address("255.255.255.255")]})) == wanted
    assert list(oc.encode_columns(FRAME, {"inner.ipv4.src": [1, np.uint32(2**32 - 1)]})) == wanted
    link = oc.Ethernet(dst="02:00:00:00:00:02", src="02:00:00:00:00:01")
    octets = b"\x02\0\0\0\0\x07"
    macs: list[Any] = [["02:00:00:00:00:07"], [oc.MACAddress(octets)], [0x020000000007], np.array([0x020000000007])]
    for given_ in macs:
        assert (
            oc.encode_columns(link / oc.VLANTag(vid=1, ethertype=0x88B5), {"ethernet.src": given_})[0][6:12] == octets
        )
    ipv6 = oc.IPv6(src="::", dst="::2", next_header=59)
    address = IPv6Address("fd00::1")
    rows = np.frombuffer(address.packed, np.uint8).reshape(1, 16)
    ipv6s: list[Any] = [["fd00::1"], [address], [address.packed], np.array([np.void(address.packed)]), rows]
    for forms in ipv6s:
        assert oc.encode_columns(ipv6, {"ipv6.src": forms})[0][8:24] == address.packed
    arp = oc.ARP(
        sender_hardware="02:00:00:00:00:01",
        sender_protocol="10.0.0.1",
        target_hardware=bytes(6),
        target_protocol="10.0.0.2",
    )
    for forms in (["10.0.0.9"], [IPv4Address("10.0.0.9")], [b"\x0a\0\0\x09"], np.array([0x0A000009])):
        assert oc.encode_columns(arp, {"arp.target_protocol": forms})[0][24:28].hex() == "0a000009"


def test_a_table_that_was_read_is_a_set_of_columns() -> None:
    with oc.open_capture(CAPTURES["ovs-dummy-geneve.pcap"]) as capture:
        records = list(capture)
    table = oc.columns(records, ["time_ns", "geneve.vni", "outer.ipv4.src", "udp.src_port"])
    frames = oc.encode_columns(records[0].decode(), table)
    assert frames.time_ns is not None
    assert frames.time_ns.tolist() == [record.time_ns for record in records]
    again = [oc.decode(octets) for octets in frames]
    assert [packet[oc.Geneve].vni for packet in again] == table["geneve.vni"].tolist()


# --- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("columns", "error", "text"),
    [
        ({"vxlan.vni": np.array([1, 1 << 24, 1 << 25])}, oc.FieldRangeError, r"packets\[1\]\.vxlan\.vni = 16777216 is"),
        ({"vxlan.vni": [1, -1]}, oc.FieldRangeError, r"packets\[1\]\.vxlan\.vni = -1 is not in 0\.\.16777215"),
        ({"vxlan.vni": np.array([3, -1], "i1")}, oc.FieldRangeError, r"packets\[1\]\.vxlan\.vni = -1"),
        ({"inner.ipv4.src": [1 << 32]}, oc.FieldRangeError, r"packets\[0\]\.inner\.ipv4\.src = 4294967296"),
        ({"inner.ipv4.src": ["10.0.0.1", "10.0.0"]}, oc.EncodeError, r"packets\[1\]\.inner\.ipv4\.src takes no such"),
        ({"vxlan.vni": [1, None]}, oc.EncodeError, r"packets\[1\]\.vxlan\.vni has no value"),
        ({"vxlan.vni": np.ma.masked_equal([7, 8, 9], 9)}, oc.EncodeError, r"packets\[2\]\.vxlan\.vni has no value"),
        ({"geneve.vni": [1]}, oc.PathError, r"no geneve\.vni in ethernet, ipv4"),
        ({"vxlan.vnj": [1]}, oc.PathError, r"mean vxlan\.vni"),
        ({"vxlan": [1]}, oc.PathError, r"name a field"),
        ({"wire_length": [1]}, oc.PathError, r"wire_length"),
        ({"ipv4.options[0].kind": [1]}, oc.PathError, r"no member 0"),
        ({"vxlan.vni": [1], "outer.vxlan.vni": [1]}, ValueError, r"two columns for one field"),
        ({"vxlan.vni": [1], "udp.src_port": [1, 2]}, ValueError, r"vxlan\.vni has 1 values, udp\.src_port has 2"),
        ({}, ValueError, r"no columns"),
        ({"vxlan.vni": np.zeros((2, 2), int)}, ValueError, r"one value a packet"),
        ({"vxlan.vni": np.array([1.0])}, TypeError, r"takes integers, not float64"),
        ({"vxlan.vni": [1.0]}, TypeError, r"packets\[0\]: vxlan\.vni takes an int"),
        ({"vxlan.vni": 5}, TypeError, r"a column is an array or a sequence"),
        ({"vxlan.vni": "12"}, TypeError, r"a column is an array or a sequence"),
        ({"vxlan.vni_valid": [1]}, TypeError, r"takes a bool"),
        ({"vxlan.vni_valid": np.array([1])}, TypeError, r"takes flags, not int64"),
        ({"payload": ["a"]}, TypeError, r"packets\[0\]: payload takes bytes"),
        ({"payload": np.array([b"a\0"])}, TypeError, r"takes octets"),
        ({"payload": [b"", None]}, oc.EncodeError, r"packets\[1\]\.payload has no value"),
        ({"time_ns": [1.5]}, TypeError, r"time_ns takes integers"),
        ({"payload": [bytes(65536)]}, oc.LengthOverflowError, r"packets\[0\]\.inner\.udp\.length would count 65544"),
        ({"payload": [bytes(n) for n in [*range(40), 65500]]}, oc.LengthOverflowError, r"packets\[40\]\.udp\.length"),
    ],
)  # fmt: skip
def test_what_cannot_be_written_is_refused_with_column_and_packet(
    columns: dict[str, Any], error: type[Exception], text: str
) -> None:
    with pytest.raises(error, match=text):
        oc.encode_columns(FRAME, columns)


# --- frames, and files of them ----------------------------------------------------------------------------------------


def test_frames_are_a_sequence_of_octets() -> None:
    frames = oc.encode_columns(FRAME, {"vxlan.vni": range(3)})
    assert (len(frames), repr(frames)) == (3, f"<Frames: 3 packets, {3 * len(oc.encode(FRAME))} octets>")
    assert [oc.decode(octets)[oc.VXLAN].vni for octets in frames] == [0, 1, 2]
    assert frames[-1] == list(frames)[2]
    with pytest.raises(IndexError):
        frames[3]
    assert frames.rows.shape == (3, len(oc.encode(FRAME)))
    assert np.shares_memory(frames.rows, frames.octets)
    none = oc.encode_columns(FRAME, {"vxlan.vni": [], "payload": [], "time_ns": []})
    assert (list(none), none.rows.size) == ([], 0)
    with pytest.raises(ValueError, match="96 to 98 octets"):
        oc.encode_columns(FRAME, {"payload": [b"abcd", b"abcdef"]}).rows  # noqa: B018 - a property that raises


@pytest.mark.parametrize("form", ["pcap", "pcapng"])
@pytest.mark.parametrize("lengths", ["even", "ragged"])
@pytest.mark.parametrize("timed", ["stamps", "one", "none"])
def test_a_capture_of_frames_is_that_of_their_records(form: Any, lengths: str, timed: str, tmp_path: Path) -> None:
    count = 20_000
    payloads = [b"%d" % (number if lengths == "ragged" else 7) for number in range(count)]
    columns: dict[str, Any] = {"payload": payloads}
    if timed == "stamps":
        columns["time_ns"] = np.arange(count) * 1_000_000_007 + (1 << 40)
    frames = oc.encode_columns(FRAME, columns)
    stamp = 1_700_000_000_123_456_789 if timed == "one" else None
    times = [stamp] * count if frames.time_ns is None else frames.time_ns.tolist()
    records = [oc.Record(octets, 1, time) for octets, time in zip(frames, times, strict=True)]
    assert oc.write_capture(tmp_path / f"frames.{form}", frames, time_ns=stamp) == count
    oc.write_capture(tmp_path / f"records.{form}", records)
    assert (tmp_path / f"frames.{form}").read_bytes() == (tmp_path / f"records.{form}").read_bytes()
    assert (tmp_path / f"frames.{form}").stat().st_size > count * 100


def test_frames_without_a_packet_and_those_that_no_file_can_hold(tmp_path: Path) -> None:
    none = oc.encode_columns(FRAME, {"vxlan.vni": []})
    for form in ("pcap", "pcapng"):
        assert oc.write_capture(tmp_path / f"none.{form}", none, link_type=101) == 0
        with oc.open_capture(tmp_path / f"none.{form}") as capture:
            assert list(capture) == []
            assert capture.interfaces[0].link_type == 101
    late = oc.encode_columns(FRAME, {"vxlan.vni": [1, 2], "time_ns": [0, (1 << 32) * 10**9]})
    with pytest.raises(oc.FieldRangeError, match=r"records\[1\]\.time_ns"):
        oc.write_capture(tmp_path / "late.pcap", late)
    assert not (tmp_path / "late.pcap").exists()
    early = oc.encode_columns(FRAME, {"vxlan.vni": [1, 2], "time_ns": [5, -1]})
    with pytest.raises(oc.FieldRangeError, match=r"records\[1\]\.time_ns = -1"):
        oc.write_capture(tmp_path / "early.pcap", early)
    errors: list[oc.EncodeError] = []
    assert oc.write_capture(tmp_path / "early.pcap", early, on_error=errors.append) == 1
    assert [error.path for error in errors] == ["records[1].time_ns"]


def test_frames_have_a_link_type_and_check_sequences() -> None:
    base = oc.Ethernet(dst="02:00:00:00:00:02", src="02:00:00:00:00:01")
    template = base / oc.IPv4(src="10.0.0.1", dst="10.0.0.2") / oc.UDP(src_port=1, dst_port=2) / b"x"
    frames = oc.encode_columns(template / oc.FCS(), {"ipv4.ttl": range(1, 101)})
    assert all(crc32(frame[:-4]).to_bytes(4, "little") == frame[-4:] for frame in frames)
    for form in ("pcap", "pcapng"):
        stream = io.BytesIO()
        oc.write_capture(stream, frames, format=form)
        read = list(oc.open_capture(stream.getvalue()))
        assert {(record.link_type, record.fcs_octets) for record in read} == {(1, 4)}
        assert {str(oc.checksums(record.decode())["fcs"]) for record in read} == {"valid"}
    stream = io.BytesIO()
    oc.write_capture(stream, oc.encode_columns(oc.Packet(template.headers[1:], b"x"), {"ipv4.ttl": [1, 2]}))
    assert [record.link_type for record in oc.open_capture(stream.getvalue())] == [101, 101]
    with pytest.raises(oc.EncodeError, match="link_type is not known"):
        oc.write_capture(io.BytesIO(), oc.encode_columns(oc.VXLAN(vni=1) / b"x", {"vxlan.vni": [1, 2]}))


def test_times_of_frames_before_1970() -> None:
    frames = oc.encode_columns(
        oc.Ethernet(dst="02:00:00:00:00:02", src="02:00:00:00:00:01", ethertype=0x88B5),
        {"time_ns": [-5, 7], "ethernet.ethertype": [0x88B5] * 2},
    )
    stream = io.BytesIO()
    oc.write_capture(stream, frames, format="pcapng")
    assert [record.time_ns for record in oc.open_capture(stream.getvalue())] == [-5, 7]
