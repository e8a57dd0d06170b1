"""The laws of the codec, tried on every header of the default catalog: a new one is covered on arrival.

Nothing passes by keeping its input: before it is encoded, every decoded header is built again from its public fields.
"""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

import overlaycodec as oc
from overlaycodec import errors
from overlaycodec import strategies as overlay
from overlaycodec.capture import open_capture
from tests.laws import common as laws

ROOT: Final = Path(__file__).resolve().parents[2]
SHARED: Final = ROOT.parent / "shared" / "captures"
CAPTURES: Final = sorted(
    path
    for folder in (ROOT / "tests" / "captures", SHARED)
    for path in folder.rglob("*")
    if path.suffix in (".pcap", ".pcapng", ".gz", ".cap")
)
every_header = pytest.mark.parametrize("cls", laws.CLASSES, ids=laws.by_name)


# --- the two laws -----------------------------------------------------------------------------------------------------


@every_header
def test_a_packet_decodes_to_what_it_resolves_to(cls: type[oc.Header]) -> None:
    first = laws.first_of(cls)

    @laws.share(10, cls)
    @given(laws.packets(cls, resolved=False))
    def law(packet: oc.Packet) -> None:
        data = oc.encode(packet)
        decoded = oc.decode(data, first=first)
        assert list(map(type, decoded.headers)) == list(map(type, packet.headers))
        assert decoded == oc.resolve(packet)
        assert decoded.faults == ()
        assert oc.encode(laws.rebuilt_packet(decoded)) == data
        assert oc.decode(memoryview(bytearray(data)), first=first) == decoded

    law()


@every_header
def test_damaged_octets_encode_to_themselves(cls: type[oc.Header]) -> None:
    first = laws.first_of(cls)

    @laws.share(8, cls)
    @given(overlay.malformed_bytes(cls, first=first))
    def law(data: bytes) -> None:
        packet = oc.decode(data, first=first, lax=True)
        assert oc.encode(laws.rebuilt_packet(packet)) == data
        try:
            strict = oc.decode(data, first=first)
        except oc.DecodeError:
            return
        assert strict == packet

    law()


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_captured_octets_encode_to_themselves(path: Path) -> None:
    capture = open_capture(path.read_bytes())
    try:
        for number, record in enumerate(capture):
            packet = record.decode(lax=True)
            assert oc.encode(laws.rebuilt_packet(packet)) == record.data, f"record {number}: {packet!r}"
    except oc.CaptureError:
        assert path.is_relative_to(SHARED)  # some public captures are damaged on purpose; ours are whole


def test_there_are_captures() -> None:
    own = [path for path in CAPTURES if path.is_relative_to(ROOT)]
    records = sum(1 for path in own for _ in open_capture(path.read_bytes()))
    assert records > 400


# --- octets that are missing, and octets too many ---------------------------------------------------------------------


@pytest.mark.survey
@every_header
def test_every_truncation_is_told_with_its_numbers(cls: type[oc.Header]) -> None:
    first = laws.first_of(cls)
    told = 0

    @laws.share(40, cls)
    @given(overlay.packets(cls, first=first, reserved=True, max_headers=7))
    def law(packet: oc.Packet) -> None:
        nonlocal told
        data = oc.encode(packet)
        oracle = laws.Oracle(packet, len(data))
        whole = len(data) - len(packet.payload) + 64  # a payload of thousands of octets is cut at some of them
        for here in (*range(min(whole, len(data))), *range(whole, len(data), 97)):
            for wire_length in (None, len(data)):
                expected = oracle.shortage(here, known=wire_length is not None)
                fault = _fault(data[:here], first, wire_length)
                if expected is None:
                    assert fault is None, here
                elif isinstance(expected, laws.Short):
                    if fault is None and _refused(data[:here], first, wire_length):
                        continue  # with another sign that is wrong, a header that ends too early is not believed
                    assert isinstance(fault, oc.TruncatedError), (here, wire_length, expected)
                    found = laws.Short(fault.path, fault.bits[0], fault.needed, fault.available, fault.claim)
                    assert found == expected, (here, wire_length)
                    assert fault.needed > fault.available >= 0
                    assert fault.claim or fault.bounded_by
                    told += 1
                # every other time, for each of the two: lax decoding says the same and loses no octet
                if (here + (wire_length is None)) % 2:
                    lax = oc.decode(data[:here], first=first, wire_length=wire_length, lax=True)
                    assert oc.encode(laws.rebuilt_packet(lax)) == data[:here]
                    assert lax.missing == (0 if wire_length is None else len(data) - here)
                    assert fault is None or fault in lax.faults

    law()
    assert told > 50


def _refused(data: bytes, first: type[oc.Header], wire_length: int | None) -> bool:
    """Whether a guess was refused right behind the last header, by the shortage and another sign at least."""
    packet = oc.decode(data, first=first, wire_length=wire_length)
    refused = [guess for guess in oc.refused_guesses(packet, first=first) if guess.place == len(packet.headers)]
    return any(len(guess.signs) >= 2 for guess in refused)


def _fault(data: bytes, first: type[oc.Header], wire_length: int | None) -> oc.DecodeError | None:
    try:
        oc.decode(data, first=first, wire_length=wire_length)
    except oc.DecodeError as error:
        return error
    return None


@every_header
def test_trailing_octets_stay_out_of_the_headers(cls: type[oc.Header]) -> None:
    first = laws.first_of(cls)

    @laws.share(20, cls)
    @given(laws.packets(cls), st.sampled_from([b"\0", b"\xff"]), st.integers(1, 40))
    def law(packet: oc.Packet, octet: bytes, count: int) -> None:
        # neither octet begins what MPLS, whose labels may end a frame, would take for IP
        junk = octet * count
        decoded = oc.decode(oc.encode(packet) + junk, first=first)
        if decoded.headers != packet.headers and _refused(oc.encode(packet) + junk, first, None):
            return  # with another sign that is wrong, IP before so many octets is not believed
        assert decoded.headers == packet.headers
        if laws.bounded(packet):
            assert decoded.payload == packet.payload
            assert decoded.trailers[-1].data.endswith(junk)
            inside = b"".join(trailer.data for trailer in decoded.trailers)
            assert inside == b"".join(trailer.data for trailer in packet.trailers) + junk
        else:
            assert decoded.payload == packet.payload + junk
            assert decoded.trailers == ()

    law()


# --- headers and errors as values -------------------------------------------------------------------------------------


@every_header
def test_headers_are_values(cls: type[oc.Header]) -> None:
    @laws.share(20, cls)
    @given(overlay.headers(cls), overlay.headers(cls))
    def law(header: oc.Header, other: oc.Header) -> None:
        for same in (
            laws.rebuilt(header),
            copy.copy(header),
            copy.deepcopy(header),
            *(pickle.loads(pickle.dumps(header, protocol)) for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1)),
            header.replace(),
            *_replaced(header),
        ):
            assert type(same) is cls
            assert same == header
            assert hash(same) == hash(header)
            assert repr(same) == repr(header)
        fields = [field.name for field in cls.__layout__.fields]
        assert (header == other) is all(getattr(header, name) == getattr(other, name) for name in fields)
        values: object = tuple(getattr(header, name) for name in fields)
        assert header != values
        assert oc.decode_header(cls, oc.encode(header)) == (header, len(oc.encode(header)))

        name = fields[0]
        edited = header.replace(**{name: getattr(other, name)})
        assert getattr(edited, name) == getattr(other, name)
        assert all(getattr(edited, left) == getattr(header, left) for left in fields[1:])
        with pytest.raises(AttributeError):
            setattr(header, name, getattr(other, name))
        with pytest.raises(TypeError, match="no field 'colour'"):
            header.replace(colour=1)

    law()


def _replaced(header: oc.Header) -> list[oc.Header]:
    """As `copy.replace` gives it, which came with Python 3.13."""
    replace: Callable[..., Any] | None = getattr(copy, "replace", None)
    return [header.__replace__()] if replace is None else [header.__replace__(), replace(header)]


@laws.share(2)
@given(overlay.packets(), overlay.packets())
def test_packets_are_values(packet: oc.Packet, other: oc.Packet) -> None:
    for same in (
        laws.rebuilt_packet(packet),
        copy.copy(packet),
        copy.deepcopy(packet),
        pickle.loads(pickle.dumps(packet)),
    ):
        assert same == packet
        assert hash(same) == hash(packet)
        assert not same != packet  # noqa: SIM202 - another method than `==`
    parts = ("headers", "payload", "trailers")
    assert (packet == other) is all(getattr(packet, part) == getattr(other, part) for part in parts)


ERRORS: Final = [
    oc.CodecError("refused"),
    oc.SchemaError("X", "field", "cannot stand"),
    oc.SchemaError("X", None, "cannot stand"),
    oc.DecodeError("is odd", "ipv4.ihl", (4, 7)),
    oc.TruncatedError(20, "ipv4", (112, None), 3, "the captured octets"),
    oc.TruncatedError(87, "ipv4.total_length", (128, 143), 46, claim=True),
    oc.LengthFieldError(4, "ipv4.ihl", (116, 119), 5),
    oc.FieldValueError(5, "ipv4.version", (112, 115), 4),
    oc.NestingError(32, "vlan", (1024, None)),
    oc.EncodeError("udp.length", 7, "is short"),
    oc.FieldRangeError("vlan.vid", 4096, 0, 4095, "12 bits"),
    oc.LengthOverflowError("geneve.opt_len", 256, 252, 4),
    oc.UnresolvedError("udp.dst_port", "is AUTO"),
    oc.PathError("column 'vxlan.vin'", "vxlan: vni"),
    oc.MissingHeaderError("VXLAN", "ethernet, ipv4"),
    oc.CaptureError("is damaged", 24),
    oc.FilterError("a filter ends after '=='", "vxlan.vni ==", 12),
]


def test_every_error_is_among_these() -> None:
    assert {type(error).__name__ for error in ERRORS} == set(errors.__all__)


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_errors_are_values(error: oc.CodecError) -> None:
    for same in (copy.copy(error), copy.deepcopy(error), pickle.loads(pickle.dumps(error))):
        assert type(same) is type(error)
        assert same == error
        assert hash(same) == hash(error)
        assert (str(same), repr(same), vars(same)) == (str(error), repr(error), vars(error))
    assert sum(error == other for other in ERRORS) == 1
    assert error != str(error)


@laws.share(2)
@given(overlay.malformed_bytes(oc.UDP))
def test_errors_that_are_met_are_values(data: bytes) -> None:
    packet = oc.decode(data, lax=True)
    for error in packet.faults:
        same = pickle.loads(pickle.dumps(error))
        assert same == error
        assert str(same) == str(error)
        assert hash(copy.deepcopy(error)) == hash(error)
    again = pickle.loads(pickle.dumps(packet))
    assert (again, again.faults, again.fault) == (packet, packet.faults, packet.fault)
