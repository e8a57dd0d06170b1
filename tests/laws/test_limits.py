"""The limits of identifiers, exhaustively where that can be, against octets put together here by plain shifts."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

import overlaycodec as oc
from overlaycodec.schema.layout import REQUIRED, Field
from tests.laws import common as laws

DST, SRC = bytes.fromhex("520000000002"), bytes.fromhex("520000000001")


# --- VLAN tags: every one there is ------------------------------------------------------------------------------------


def test_every_tag() -> None:
    for vid in range(4096):
        for pcp in range(8):
            for dei in (0, 1):
                octets = (pcp << 29 | dei << 28 | vid << 16 | 0x88B5).to_bytes(4, "big")
                tag = oc.VLANTag(pcp=pcp, dei=dei == 1, vid=vid, ethertype=0x88B5)
                assert oc.encode(tag) == octets
                decoded, count = oc.decode_header(oc.VLANTag, octets)
                assert (decoded.pcp, decoded.dei, decoded.vid, decoded.ethertype) == (pcp, dei == 1, vid, 0x88B5)
                assert (type(decoded.dei), count) == (bool, 4)


@pytest.mark.parametrize("tpid", [0x8100, 0x88A8, 0x9100, 0x9200])
def test_every_tag_in_a_frame(tpid: int) -> None:
    start = DST + SRC + tpid.to_bytes(2, "big")
    frame = oc.Packet((oc.Ethernet(dst=oc.MACAddress(DST), src=oc.MACAddress(SRC), ethertype=tpid),))
    for control in range(1 << 16):
        octets = start + control.to_bytes(2, "big") + b"\x88\xb5"
        packet = oc.decode(octets)
        tag = packet[oc.VLANTag]
        assert tag.pcp << 13 | tag.dei << 12 | tag.vid == control
        if control % 16 == tpid % 16:  # encoding the tag alone is tried on all of them above
            assert oc.encode(frame / tag) == octets


# --- network identifiers ----------------------------------------------------------------------------------------------


class Identifier(NamedTuple):
    """A field that tells tenants apart, and the header around it in octets."""

    cls: type[oc.Header]
    field: str
    bits: int
    octets: Callable[[int], bytes]
    others: Mapping[str, Any] = MappingProxyType({})

    def header(self, value: Any) -> oc.Header:
        """The header with this identifier."""
        return self.cls(**{**self.others, self.field: value})


IDENTIFIERS: Final = (
    Identifier(oc.VXLAN, "vni", 24, lambda vni: (0x08 << 56 | vni << 8).to_bytes(8, "big")),
    Identifier(oc.VXLANGBP, "vni", 24, lambda vni: (0x88 << 56 | vni << 8).to_bytes(8, "big")),
    Identifier(
        oc.VXLANGPE, "vni", 24, lambda vni: (0x0C << 56 | 3 << 32 | vni << 8).to_bytes(8, "big"), {"next_protocol": 3}
    ),
    Identifier(
        oc.Geneve, "vni", 24, lambda vni: (0x6558 << 32 | vni << 8).to_bytes(8, "big"), {"protocol_type": 0x6558}
    ),
    Identifier(oc.STT, "context_id", 64, lambda context: (context << 16).to_bytes(18, "big")),
    Identifier(
        oc.GRE, "key", 32, lambda key: (0x2000 << 48 | 0x6558 << 32 | key).to_bytes(8, "big"), {"protocol_type": 0x6558}
    ),
)
every_identifier = pytest.mark.parametrize("case", IDENTIFIERS, ids=[case.cls.__name__ for case in IDENTIFIERS])


def _agrees(case: Identifier, value: int) -> None:
    octets = case.octets(value)
    assert oc.encode(case.header(value)) == octets
    decoded, count = oc.decode_header(case.cls, octets)
    assert getattr(decoded, case.field) == value
    assert count == len(octets)
    assert oc.encode(laws.rebuilt(decoded)) == octets


@every_identifier
def test_identifiers_at_their_limits(case: Identifier) -> None:
    limits = {0, 1, (1 << case.bits) - 2, (1 << case.bits) - 1}
    for value in limits | {1 << bit for bit in range(case.bits)} | {(1 << bit) - 1 for bit in range(case.bits)}:
        _agrees(case, value)


@every_identifier
def test_identifiers_swept(case: Identifier) -> None:
    @given(st.integers(0, (1 << case.bits) - 1))
    def law(value: int) -> None:
        _agrees(case, value)

    law()


# --- what no field takes ----------------------------------------------------------------------------------------------


def _ways(header: oc.Header, field: str, value: object) -> Iterator[tuple[str, Callable[[], object]]]:
    """Every way to put a value into a field."""
    cls = type(header)
    values = {other.name: getattr(header, other.name) for other in cls.__layout__.fields} | {field: value}
    packet = oc.Packet((header,))
    yield "constructor", lambda: cls(**values)
    yield "replace", lambda: header.replace(**{field: value})
    yield "__replace__", lambda: header.__replace__(**{field: value})
    yield "packet.replace", lambda: packet.replace(cls, **{field: value})
    yield "packet.replace_at", lambda: packet.replace_at(f"{cls.__layout__.name}.{field}", value)
    replace: Any = getattr(copy, "replace", None)
    if replace is not None:  # from Python 3.13 on
        yield "copy.replace", lambda: replace(header, **{field: value})


def _refused(header: oc.Header, field: str, bits: int, *, optional: bool = False) -> None:
    for value in (1 << bits, (1 << bits) + 1, 1 << 80, -1, -(1 << 80)):
        for way, put in _ways(header, field, value):
            with pytest.raises(oc.FieldRangeError) as caught:
                put()
            error = caught.value
            assert (error.minimum, error.maximum, error.value) == (0, (1 << bits) - 1, value), way
            assert error.path == f"{type(header).__layout__.name}.{field}", way
    wrong: tuple[object, ...] = (True, False, "7", 1.0, b"7", (), [7])
    for bad in wrong if optional else (*wrong, None):
        for way, put in _ways(header, field, bad):
            with pytest.raises(TypeError) as refusal:
                put()
            assert f"{type(header).__layout__.name}.{field} takes" in str(refusal.value), way
    for good in (0, (1 << bits) - 1):
        for _, put in _ways(header, field, good):
            put()


@every_identifier
def test_identifiers_beyond_their_limits(case: Identifier) -> None:
    _refused(case.header(7), case.field, case.bits, optional=case.cls is oc.GRE)


@pytest.mark.parametrize(("field", "bits"), [("vid", 12), ("pcp", 3), ("ethertype", 16)])
def test_tags_beyond_their_limits(field: str, bits: int) -> None:
    _refused(oc.VLANTag(vid=7, ethertype=0x0800), field, bits)


def test_the_issues_own_limits() -> None:
    for wrong in (4096, -1):
        with pytest.raises(oc.FieldRangeError):
            oc.VLANTag(vid=wrong)
    for wrong in (1 << 24, -1):
        with pytest.raises(oc.FieldRangeError):
            oc.VXLAN(vni=wrong)
    message = r"^vxlan\.vni = 16777216 is not in 0\.\.16777215 \(24 bits\)$"
    with pytest.raises(oc.FieldRangeError, match=message):
        oc.VXLAN(vni=1 << 24)
    for flag in (0, 1, "yes", None, 1.0):
        for _, put in _ways(oc.VLANTag(vid=7, ethertype=0x0800), "dei", flag):
            with pytest.raises(TypeError, match=r"vlan\.dei takes a bool"):
                put()


# --- every number of every header -------------------------------------------------------------------------------------


def _plain(field: Field) -> object:
    """A value for a field without a default."""
    if field.kind in ("int", "bool"):
        return field.kind == "bool" or 0
    if field.kind == "items":
        return ()
    if field.kind == "bytes":
        return bytes((field.bits or 0) // 8)
    texts = {"mac": "00:00:00:00:00:00", "ipv4": "0.0.0.0", "ipv6": "::", "hardware": b"", "protocol": b""}
    return texts.get(field.kind, b"")


def plain(cls: type[oc.Header]) -> oc.Header:
    """A header with defaults, and simple values where there are none."""
    return cls(**{field.name: _plain(field) for field in cls.__layout__.fields if field.default is REQUIRED})


@pytest.mark.parametrize("cls", laws.CLASSES, ids=laws.by_name)
def test_every_number_of_every_header(cls: type[oc.Header]) -> None:
    header = plain(cls)
    numbers = [field for field in cls.__layout__.fields if field.kind == "int"]
    for field in numbers:
        assert field.bits is not None
        _refused(header, field.name, field.bits, optional=field.optional)
