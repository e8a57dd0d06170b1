"""The law of linear cost: work grows no faster than the input, in whatever direction a sender makes that grow.

Strategy: work is counted, never timed. A unit is a line of Python that runs, anywhere; where the number of headers does
not grow, so are 16 octets of a bytes object that a function makes, since one call can copy all that follows at each
step. (Each header may copy what it carries: `max_headers` bounds that.) Each row of a table is a public function; it is
run on small and large members of each family of inputs, and the exponent between them is at most 1.1.
"""

from __future__ import annotations

import io
import math
import struct
import sys
from collections.abc import Callable
from contextlib import suppress
from types import FrameType, FunctionType
from typing import Annotated, Any, Final, NamedTuple

import pytest

import overlaycodec as oc
from overlaycodec import reassembly, telemetry, trailers, tunnel, vlan
from overlaycodec.codec import code_cache
from tests.tools.internals import set_code

MOST: Final = 1.1
DEEP: Final = oc.DEFAULT.with_max_headers(1 << 20)
OCTETS_OF_A_UNIT: Final = 16


class Work:
    """Counts the units of work that a function does."""

    def __init__(self, *, octets: bool) -> None:
        self.units = 0
        self._octets = octets
        self._seen: dict[int, bytes] = {}

    def of(self, function: Callable[[Any], object], given: Any) -> int:  # Any: what the function takes
        """The units of one call; a CodecError ends it."""
        before = sys.gettrace()
        sys.settrace(self._trace)
        try:
            with suppress(oc.CodecError):
                function(given)
        finally:
            sys.settrace(before)
        return self.units + sum(map(len, self._seen.values())) // OCTETS_OF_A_UNIT

    def _trace(self, frame: FrameType, event: str, arg: object) -> Any:  # Any: as `sys.settrace` has it
        self.units += 1
        # CPython 3.13.0 crashes where a comprehension of the frame shares variables with a function inside it
        if self._octets and not (sys.version_info[:2] == (3, 13) and frame.f_code.co_cellvars):
            for value in frame.f_locals.values():
                if type(value) is bytes:
                    self._seen[id(value)] = value  # kept, so that no other object has the same id
        return self._trace


@pytest.fixture(autouse=True)
def nothing_learnt(monkeypatch: pytest.MonkeyPatch) -> None:
    """New code, which learns no stacks: what other tests did, and when a stack is learnt, must not count."""
    monkeypatch.setattr(code_cache, "STACK_USES", 0)
    for catalog in (oc.DEFAULT, DEEP):
        code = code_cache.CodeCache(catalog)
        code.stack_cache.misses_left = 1 << 60
        set_code(catalog, code)


class Family(NamedTuple):
    """Inputs that grow in one direction."""

    make: Callable[[int], Any]  # Any: what the functions of the table take
    small: int
    large: int
    nests: bool = False
    """Whether the number of headers grows."""


def slope(function: Callable[[Any], object], family: Family) -> float:
    """The exponent with which the work grows between the two members of a family."""
    few, many = family.make(family.small), family.make(family.large)
    works = []
    for given in (few, many):
        for _ in range(2):  # what is generated on first use is not counted
            with suppress(oc.CodecError):
                function(given)
        works.append(Work(octets=not family.nests).of(function, given))
    return math.log(works[1] / works[0]) / math.log(family.large / family.small)


# --- packets ----------------------------------------------------------------------------------------------------------

LINK = oc.Ethernet(dst="02:00:00:00:00:02", src="02:00:00:00:00:01")
IP = oc.IPv4(src="192.0.2.1", dst="192.0.2.2")
IP6 = oc.IPv6(src="2001:db8::1", dst="2001:db8::2")
UDP = oc.UDP(src_port=49152, dst_port=9)
VXLAN = oc.VXLAN(vni=7)


class Sample(NamedTuple):
    """A packet, and its octets."""

    packet: oc.Packet
    octets: bytes


def of_headers(*headers: oc.Header, payload: bytes = b"octets", trailers: tuple[oc.Trailer, ...] = ()) -> Sample:
    octets = DEEP.encode(oc.Packet(headers, payload, trailers))
    return Sample(DEEP.decode(octets, lax=True), octets)


def of_octets(octets: bytes) -> Sample:
    return Sample(DEEP.decode(octets, lax=True), octets)


def raw_ip(total_length: int) -> bytes:
    """An IPv4 header with IPv4 in it, and a length field that is wrong, or 0."""
    return struct.pack(">BBHHHBBH4s4s", 0x45, 0, total_length, 0, 0, 64, 4, 0, b"\xc0\0\2\1", b"\xc0\0\2\2")


FRAME = bytes.fromhex("020000000002 020000000001 0800")
PACKETS: Final = {
    "payload": Family(lambda n: of_headers(LINK, IP, UDP, payload=bytes(n)), 4000, 32000),
    "padding": Family(lambda n: of_headers(LINK, IP, UDP, trailers=(oc.Trailer(1, bytes(n)),)), 4000, 32000),
    "chunks": Family(
        lambda n: of_headers(
            LINK,
            IP,
            oc.SCTP(
                src_port=1, dst_port=2, verification_tag=3, chunks=(oc.SCTPChunk(type=200, flags=0, value=b""),) * n
            ),
            payload=b"",
        ),
        100,
        800,
    ),
    "odd chunks": Family(lambda n: of_octets(sctp(b"\0\0\0\5x\0\0\0" * n)), 100, 800),
    "broken chunks": Family(lambda n: of_octets(sctp(b"\xc8\0\0\4" * n + b"\1\0\xff\xff" * n)), 50, 400),
    "source routes": Family(
        lambda n: of_octets(
            FRAME
            + struct.pack(">BBHHHBBH4s4s", 0x45, 0, 24 + 8 * n + 4, 0, 0, 64, 47, 0, b"\xc0\0\2\1", b"\xc0\0\2\2")
            + bytes.fromhex("40000800 00000000")
            + bytes.fromhex("0800 00 04 c0000201") * n
            + bytes(4)
        ),
        50,
        400,
    ),
    "true lengths": Family(lambda n: of_headers(LINK, *[IP] * n, UDP), 40, 160, nests=True),
    "zero lengths": Family(lambda n: of_octets(FRAME + raw_ip(0) * n), 40, 160, nests=True),
    "lying lengths": Family(lambda n: of_octets(FRAME + raw_ip(0xFFFF) * n), 40, 160, nests=True),
    "tunnels": Family(lambda n: of_headers(*[LINK, IP, UDP.replace(dst_port=4789), VXLAN] * n), 20, 80, nests=True),
    "GRE": Family(lambda n: of_headers(LINK, IP, *[oc.GRE(), IP] * n, UDP), 40, 160, nests=True),
    "tags": Family(lambda n: of_headers(LINK, *[oc.VLANTag(vid=1)] * n, IP, UDP), 40, 160, nests=True),
    "labels": Family(lambda n: of_headers(LINK, *[oc.MPLS(label=100)] * n, IP, UDP), 40, 160, nests=True),
    "extensions": Family(lambda n: of_headers(LINK, IP6, *[oc.IPv6DestinationOptions()] * n, UDP), 40, 160, nests=True),
    "trailers": Family(
        lambda n: of_headers(
            LINK, *[IP] * n, UDP, trailers=tuple(oc.Trailer(index, b"t") for index in range(n, 0, -1))
        ),
        40,
        160,
        nests=True,
    ),
    "quotations": Family(
        lambda n: of_octets(FRAME + (raw_ip(0)[:9] + b"\1" + raw_ip(0)[10:] + bytes.fromhex("0300000000000000")) * n),
        40,
        160,
        nests=True,
    ),
}


def sctp(chunks: bytes) -> bytes:
    """A frame with SCTP of these chunks."""
    body = struct.pack(">HHII", 1, 2, 3, 0) + chunks
    head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(body), 0, 0, 64, 132, 0, b"\xc0\0\2\1", b"\xc0\0\2\2")
    return FRAME + head + body


def _every_span(sample: Sample) -> list[tuple[int, int]]:
    return [sample.packet.span("payload"), *(sample.packet.span(name) for name in sample.packet.names[-1:])]


def _last(sample: Sample) -> type[oc.Header]:
    return type(sample.packet.headers[-1])


def _changed(sample: Sample) -> oc.Packet:
    return sample.packet.replace(oc.Ethernet, src="02:00:00:00:00:07")


MAC = {"src": "02:00:00:00:00:08", "dst": "02:00:00:00:00:09"}
ENDPOINT = tunnel.VXLANTunnel(src="192.0.2.3", dst="192.0.2.4", link=LINK, vni=1)
STT_ENDPOINT = tunnel.STTTunnel(src="192.0.2.3", dst="192.0.2.4", link=LINK, context_id=1)
Row = Callable[[Sample], object]


def _stt(sample: Sample) -> oc.Packet:
    """The packet in an STT frame that no IP packet can hold."""
    return oc.Packet((LINK, IP, *STT_ENDPOINT.encapsulate(bytes(100)).headers[2:4]), sample.octets)


def _bounded(sample: Sample) -> oc.Packet:
    """The packet within `max_headers`: a header in n tunnels has a name of n words, and each fault is written."""
    return oc.decode(sample.octets, lax=True)


OF_PACKETS: Final[dict[str, Row]] = {
    "decode": lambda s: oc.decode(s.octets, catalog=DEEP),
    "decode, lax": lambda s: oc.decode(s.octets, lax=True, catalog=DEEP),
    "decode, truncated": lambda s: oc.decode(s.octets[:-1], lax=True, wire_length=len(s.octets), catalog=DEEP),
    "decode, max_headers": lambda s: oc.decode(s.octets, lax=True),
    "decode_header": lambda s: oc.decode_header(_last(s), s.octets[s.packet.span(s.packet.names[-1])[0] // 8 :]),
    "encode": lambda s: oc.encode(s.packet, catalog=DEEP),
    "resolve": lambda s: oc.resolve(s.packet, catalog=DEEP),
    "fill": lambda s: oc.fill(s.packet, selectors=True, catalog=DEEP),
    "checksums": lambda s: oc.checksums(s.packet, catalog=DEEP),
    "refused_guesses": lambda s: oc.refused_guesses(s.packet, catalog=DEEP),
    "diagnose": lambda s: oc.diagnose(s.packet, catalog=DEEP),
    "diagnose, linux": lambda s: oc.diagnose(s.octets, receiver="linux", catalog=DEEP),
    "diagnose, ovs": lambda s: oc.diagnose(s.octets, receiver="ovs", catalog=DEEP),
    "diff": lambda s: oc.diff(s.packet, _changed(s), catalog=DEEP),
    "diff, other": lambda s: oc.diff(s.packet, s.packet.without(_last(s)), ignore=["ttl"], catalog=DEEP),
    "Catalog.decode": lambda s: DEEP.decode(s.octets, lax=True),
    "Catalog.encode": lambda s: DEEP.encode(s.packet),
    "Packet.names": lambda s: s.packet.names,
    "Packet.scopes": lambda s: s.packet.scopes,
    "Packet.inner": lambda s: s.packet.inner,
    "Packet.outer": lambda s: s.packet.outer,
    "Packet.innermost": lambda s: s.packet.innermost,
    "Packet.quoted": lambda s: s.packet.quoted,
    "Packet.flow": lambda s: s.packet.flow,
    "Packet.get": lambda s: s.packet.get(oc.TCP),
    "Packet.at": lambda s: s.packet.at("innermost.udp.src_port"),
    "rewrite": lambda s: oc.rewrite(s.packet, {"innermost.udp.src_port": 8}, catalog=DEEP),
    "Packet.replace_at": lambda s: s.packet.replace_at("innermost.udp.src_port", 8),
    "Packet.span": _every_span,
    "Packet.replace": lambda s: s.packet.replace(oc.Ethernet, src="02:00:00:00:00:07"),
    "Packet.insert": lambda s: s.packet.insert(1, oc.VLANTag(vid=1)),
    "Packet.without": lambda s: s.packet.without(oc.Ethernet),
    "vlan.tags": lambda s: vlan.tags(s.packet),
    "vlan.push": lambda s: vlan.push(s.packet, vid=1, scope="inner"),
    "vlan.pop": lambda s: vlan.pop(s.packet),
    "vlan.retag": lambda s: vlan.retag(s.packet, vid=1),
    "vlan.translate": lambda s: vlan.translate(s.packet, {1: 2}),
    "vlan.normalise": lambda s: vlan.normalise(s.packet),
    "vlan.route": lambda s: vlan.route(s.packet, vid=1, **MAC),
    "tunnel.decapsulate": lambda s: tunnel.decapsulate(s.octets, lax=True, catalog=DEEP),
    "tunnel.decapsulate_all": lambda s: tunnel.decapsulate_all(s.octets, lax=True),  # decodes up to max_headers times
    "tunnel.flow_hash": lambda s: tunnel.flow_hash(s.packet),
    "tunnel.flow_octets": lambda s: tunnel.flow_octets(s.packet),
    "tunnel.flow_port": lambda s: tunnel.flow_port(s.packet),
    "tunnel.overhead_octets": lambda s: tunnel.overhead_octets(s.packet),
    "VXLANTunnel.encapsulate": lambda s: ENDPOINT.encapsulate(s.packet, catalog=DEEP),
    "reassembly.fragment": lambda s: reassembly.fragment(s.packet, mtu=100, identification=1, catalog=DEEP),
    "reassembly.segment_stt": lambda s: reassembly.segment_stt(_stt(s), mtu=200, catalog=DEEP),
    "tunnel.decapsulated": lambda s: tunnel.decapsulated(tunnel.STTFrame(s.octets, STT_ENDPOINT.encapsulate(b""))),
    "FragmentReassembler.feed": lambda s: reassembly.FragmentReassembler(catalog=DEEP).feed(s.packet),
    "STTReassembler.feed": lambda s: reassembly.STTReassembler(catalog=DEEP).feed(s.packet),
    "Packet.fcs": lambda s: s.packet.fcs,
    "Packet.without_fcs": lambda s: s.packet.without_fcs(),
    "Packet.show": lambda s: _bounded(s).show(file=io.StringIO()),
    "Packet.summary": lambda s: _bounded(s).summary(),
    "Packet.hexdump": lambda s: _bounded(s).hexdump(file=io.StringIO()),
    "Packet.to_dict": lambda s: s.packet.to_dict(),
    "Packet.to_json": lambda s: s.packet.to_json(),
    "from_dict": lambda s: oc.from_dict(s.packet.to_dict(), catalog=DEEP),
    "from_json": lambda s: oc.from_json(s.packet.to_json(), catalog=DEEP),
    "decode_hex": lambda s: oc.decode_hex(s.octets.hex(), lax=True, catalog=DEEP),
    "wireshark_filter": lambda s: oc.wireshark_filter("ethernet.src", s.packet, catalog=DEEP),
    "repr": lambda s: repr(s.packet),
    "hash": lambda s: hash(s.packet),
    "==": lambda s: s.packet == _changed(s),
}


@pytest.mark.survey
@pytest.mark.parametrize("family", PACKETS)
def test_the_work_for_a_packet_is_linear(family: str) -> None:
    found = {name: slope(row, PACKETS[family]) for name, row in OF_PACKETS.items()}
    assert {name: round(value, 2) for name, value in found.items() if value > MOST} == {}


SHORT_DATAGRAMS: Final = Family(
    lambda n: of_headers(
        *[LINK, IP, UDP.replace(dst_port=4789), VXLAN] * n,
        trailers=tuple(oc.Trailer(4 * index + 2, b"t") for index in reversed(range(n))),
    ),
    200,
    800,  # of fewer, the rest of the work hides what the trailers cost
    nests=True,
)
"""Each datagram ends before the IP packet that it is in does."""


@pytest.mark.parametrize("row", ["decode, lax", "diagnose"])
def test_the_work_for_datagrams_with_trailers_is_linear(row: str) -> None:
    assert slope(OF_PACKETS[row], SHORT_DATAGRAMS) <= MOST


class Port(trailers.TrailerRecord, spec="made up"):
    """One octet at the end of a frame."""

    port: Annotated[int, oc.Bits(8)]


def test_the_work_for_declared_trailers_is_linear() -> None:
    octets = FRAME[:-2] + bytes.fromhex("88b5") + bytes(8000)
    family = Family(lambda n: (oc.DEFAULT.with_trailer(*[Port] * n), octets[: 14 + 4 * n]), 100, 400)
    assert slope(lambda given: given[0].decode(given[1]), family) <= MOST


# --- sequences of packets ---------------------------------------------------------------------------------------------


def datagrams(count: int) -> list[oc.Packet]:
    """The fragments of one datagram, the last of them first."""
    packet = LINK / IP.replace(identification=1) / UDP / bytes(8 * count)
    return list(reassembly.fragment(oc.resolve(packet), mtu=28))[::-1]


def segments(count: int) -> list[oc.Packet]:
    frame = LINK / IP / UDP / bytes(100 * count)
    endpoint = tunnel.STTTunnel(src="192.0.2.3", dst="192.0.2.4", link=LINK, context_id=1)
    return list(endpoint.segments(frame, frame_id=1, mtu=200))[::-1]


def fed(feed: Callable[[oc.Packet], object], packets: list[oc.Packet]) -> list[object]:
    return list(map(feed, packets))


def unrelated(count: int) -> list[oc.Packet]:
    """First fragments of as many datagrams."""
    return [
        oc.resolve(LINK / IP.replace(identification=number, more_fragments=True, protocol=17) / bytes(8))
        for number in range(count)
    ]


FEEDS: Final = {
    "fragments": (Family(datagrams, 60, 240), lambda p: fed(reassembly.FragmentReassembler().feed, p)),
    "datagrams": (
        Family(unrelated, 60, 240),
        lambda p: fed(lambda packet: reassembly.FragmentReassembler(max_pending=16).feed(packet, time_ns=0), p),
    ),
    "segments": (Family(segments, 30, 120), lambda p: fed(reassembly.STTReassembler().feed, p)),
    "fragment": (
        Family(lambda n: oc.resolve(LINK / IP / UDP / bytes(8 * n)), 60, 240),
        lambda p: reassembly.fragment(p, mtu=28),
    ),
    "overlaps": (
        Family(lambda n: datagrams(n) * 2, 60, 240),
        lambda p: fed(reassembly.FragmentReassembler(overlap="last").feed, p),
    ),
}


@pytest.mark.parametrize("name", FEEDS)
def test_the_work_for_fragments_is_linear(name: str) -> None:
    family, function = FEEDS[name]
    assert slope(function, family) <= MOST


# --- captures ---------------------------------------------------------------------------------------------------------


def block(kind: int, body: bytes) -> bytes:
    body += bytes(-len(body) % 4)
    size = struct.pack("<I", len(body) + 12)
    return struct.pack("<I", kind) + size + body + size


DATA: Final = oc.encode(LINK / IP / UDP / b"octets")
SECTION: Final = block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))
INTERFACE: Final = block(1, struct.pack("<HHI", 1, 0, 0) + struct.pack("<HH4sI", 2, 3, b"eth\0", 0))
SIMPLE: Final = block(3, struct.pack("<I", len(DATA)) + DATA)
OTHER: Final = block(5, b"")


def ordinary(interface: int = 0, options: bytes = b"", data: bytes = DATA) -> bytes:
    head = struct.pack("<IIIII", interface, 0, 1, len(data), len(data))
    return block(6, head + data + bytes(-len(data) % 4) + options)


COMMENT: Final = struct.pack("<HH4s", 1, 4, b"note")
COMMENTED: Final = ordinary(options=COMMENT + bytes(4))
CAPTURES: Final = {
    "ordinary": Family(lambda n: SECTION + INTERFACE + ordinary() * n, 100, 400),
    "commented": Family(lambda n: SECTION + INTERFACE + COMMENTED * n, 100, 400),
    "alternating": Family(lambda n: SECTION + INTERFACE + (ordinary() + COMMENTED) * n, 60, 240),
    "runs": Family(lambda n: SECTION + INTERFACE + (ordinary() * 49 + COMMENTED) * n, 4, 16),
    "interfaces first": Family(lambda n: SECTION + INTERFACE * n + b"".join(map(ordinary, range(n))), 60, 240),
    "interfaces between": Family(
        lambda n: SECTION + b"".join(INTERFACE + ordinary(number) for number in range(n)), 60, 240
    ),
    "sections": Family(lambda n: (SECTION + INTERFACE + ordinary()) * n, 60, 240),
    "simple": Family(lambda n: SECTION + INTERFACE + SIMPLE * n, 100, 400),
    "skipped": Family(lambda n: SECTION + INTERFACE + (OTHER + ordinary()) * n, 60, 240),
    "comments": Family(lambda n: SECTION + INTERFACE + ordinary(options=COMMENT * n), 100, 400),
    "octets": Family(lambda n: SECTION + INTERFACE + ordinary(data=DATA + bytes(n)), 4000, 32000),
}
CaptureRow = Callable[[bytes], object]


def written(data: bytes, form: Any) -> int:  # Any: the name of a format
    with oc.open_capture(data) as capture:
        return oc.write_capture(io.BytesIO(), capture, format=form)


def interfaces(data: bytes) -> list[object]:
    with oc.open_capture(data) as capture:
        return [capture.interface(record.interface) for record in capture]


def sections(data: bytes) -> list[int | None]:
    with oc.open_capture(data) as capture:
        return [capture.section for _ in capture]


OF_CAPTURES: Final[dict[str, CaptureRow]] = {
    "open_capture": lambda data: list(oc.open_capture(data)),
    "Capture.packets": lambda data: list(oc.open_capture(data).packets(lax=True)),
    "Capture.records": lambda data: list(oc.open_capture(data).records(where="ipv4.ttl < 9 or comment")),
    "Capture.blocks": lambda data: list(oc.open_capture(data).blocks()),
    "Capture.again": lambda data: list(oc.open_capture(data).again()),
    "Capture.interfaces": lambda data: [len(oc.open_capture(data).interfaces), interfaces(data)],
    "Capture.section": sections,
    "Record.decode": lambda data: [record.decode(lax=True) for record in oc.open_capture(io.BytesIO(data))],
    "write_capture": lambda data: [written(data, form) for form in ("pcapng", "pcap")],
    "diff": lambda data: oc.diff(oc.open_capture(data), oc.open_capture(data)),
}
OF_COLUMNS: Final[dict[str, CaptureRow]] = {
    "columns": lambda data: oc.columns(data, ["time_ns", "ipv4.src", "ipv4.checksum.verdict", "fault"]),
    "columns of a stream": lambda data: oc.columns(io.BytesIO(data), ["time_ns", "udp.dst_port"]),
    "columns of records": lambda data: oc.columns(oc.open_capture(data), ["time_ns", "udp.dst_port"]),
    "all columns": oc.columns,
    "column_names": oc.column_names,
    "iter_columns": lambda data: list(oc.iter_columns(data, ["wire_length", "ipv4.ttl"])),
    "batches": lambda data: list(oc.batches(data, ["wire_length", "ipv4.ttl"])),
    "encode_columns": lambda data: list(
        oc.encode_columns(LINK / IP / UDP, {"ipv4.ttl": oc.columns(data, ["ipv4.ttl"])["ipv4.ttl"].filled(1)})
    ),
}


@pytest.mark.survey
@pytest.mark.parametrize("family", CAPTURES)
def test_the_work_for_a_capture_is_linear(family: str) -> None:
    found = {name: slope(row, CAPTURES[family]) for name, row in OF_CAPTURES.items()}
    assert {name: round(value, 2) for name, value in found.items() if value > MOST} == {}


@pytest.mark.survey
@pytest.mark.parametrize("family", CAPTURES)
def test_the_work_for_columns_is_linear(family: str) -> None:
    found = {name: slope(row, CAPTURES[family]) for name, row in OF_COLUMNS.items()}
    assert {name: round(value, 2) for name, value in found.items() if value > MOST} == {}


@pytest.mark.parametrize("row", ["columns", "columns of a stream", "column_names", "iter_columns"])
def test_columns_of_records_that_alternate_are_not_cut_into_short_batches(row: str) -> None:
    alternating, commented = CAPTURES["alternating"].make(200), CAPTURES["commented"].make(400)
    OF_COLUMNS[row](alternating)
    works = [Work(octets=False).of(OF_COLUMNS[row], data) for data in (alternating, commented)]
    assert works[0] < 3 * works[1]


# --- telemetry --------------------------------------------------------------------------------------------------------

HOPS: Final = Family(lambda n: [telemetry.INTHop(node_id=number) for number in range(n)], 15, 60)
INT: Final = oc.INTMD(hop_ml=1, instructions=0x8000)
OF_HOPS: Final[dict[str, Callable[[list[telemetry.INTHop]], object]]] = {
    "telemetry.with_hops": lambda hops: telemetry.with_hops(INT, hops),
    "telemetry.hops": lambda hops: telemetry.hops(oc.resolve(telemetry.with_hops(INT, hops))[oc.INTMD]),
}


@pytest.mark.parametrize("name", OF_HOPS)
def test_the_work_for_telemetry_is_linear(name: str) -> None:
    assert slope(OF_HOPS[name], HOPS) <= MOST


# --- no public function without a row ---------------------------------------------------------------------------------

NO_ROW: Final = {
    "arrow_schema": "reads names, no packets",
    "scan_polars": "in the row of batches",
    "splits": "reads a part of a file at each place",
    "Capture.byte_order": "one word of the file",
    "Capture.close": "reads nothing",
    "Capture.format": "one word of the file",
    "Capture.interface": "in the row of Capture.interfaces",
    "Capture.octets": "the size of a file",
    "Capture.record_blocks": "in the rows of columns",
    "FragmentReassembler.drops": "counts by a few reasons",
    "FragmentReassembler.octets": "a number that is kept",
    "STTReassembler.drops": "counts by a few reasons",
    "STTReassembler.octets": "a number that is kept",
    "json_schema": "reads a catalog, no packets",
    "export_schema": "reads a declaration, no packets",
    "tunnel.egress_ecn": "takes two marks",
    "tunnel.group_mac": "takes an address",
    "tunnel.ingress_ecn": "takes a mark",
    "tunnel.segment_stt": "is reassembly.segment_stt",
}


def public_functions() -> set[str]:
    """The names of the public functions, and of the methods of what holds packets."""
    modules = {"": oc, "vlan.": vlan, "tunnel.": tunnel, "reassembly.": reassembly, "telemetry.": telemetry}
    found = {
        prefix + name
        for prefix, module in modules.items()
        for name in module.__all__
        if isinstance(getattr(module, name), FunctionType)
    }
    for cls in (oc.Packet, oc.Capture, reassembly.FragmentReassembler, reassembly.STTReassembler):
        members = ((name, getattr(cls, name)) for name in dir(cls) if name[0] != "_")
        found |= {f"{cls.__name__}.{name}" for name, value in members if isinstance(value, FunctionType | property)}
    return found


def test_every_public_function_has_a_row() -> None:
    rows = {name.partition(",")[0] for name in [*OF_PACKETS, *OF_CAPTURES, *OF_COLUMNS, *OF_HOPS]}
    assert public_functions() - rows - NO_ROW.keys() == set()
    assert NO_ROW.keys() - public_functions() == set()
