"""Packets as plain data and JSON: exact both ways, and refusals that name the place."""

from __future__ import annotations

import json
from typing import Annotated, Any

import construct
import pytest
from hypothesis import given

import overlaycodec as oc
from tests.laws.common import by_name, packets, share
from tests.vectors.test_vectors import VECTORS, catalog_of, decoded

LINK = oc.Ethernet(dst="52:54:00:00:00:02", src="52:54:00:00:00:01")
NETWORK = oc.IPv4(src="10.0.0.1", dst="10.0.0.2")
FRAME = LINK / NETWORK.replace(protocol=253)
PACKET = LINK / NETWORK / oc.UDP(src_port=49152) / oc.VXLAN(vni=100) / LINK / NETWORK / oc.TCP(
    src_port=1, dst_port=2, options=(oc.TCPMSSOption(mss=1460),)
)  # fmt: skip


def same(packet: oc.Packet, catalog: oc.Catalog = oc.DEFAULT) -> bool:
    again = oc.from_json(packet.to_json(), catalog=catalog)
    return again == packet and again.missing == packet.missing and repr(again) == repr(packet)


@pytest.mark.parametrize("name", VECTORS)
def test_the_vectors_are_the_same_packets_afterwards(name: str) -> None:
    packet = decoded(VECTORS[name], lax=True)
    assert same(packet, catalog_of(VECTORS[name]))


@pytest.mark.survey
@pytest.mark.parametrize("cls", oc.DEFAULT.headers, ids=by_name)
def test_any_packet_is_the_same_afterwards(cls: type[oc.Header]) -> None:
    @share(10, cls)
    @given(packets(cls))
    def law(packet: oc.Packet) -> None:
        assert same(packet)

    law()


def test_what_is_to_be_derived_stays_so() -> None:
    document = PACKET.to_dict()
    assert document["headers"][1]["fields"]["checksum"] == "AUTO"
    assert same(PACKET)
    assert oc.encode(oc.from_dict(document)) == oc.encode(PACKET)


def test_trailers_the_fcs_and_what_is_missing_are_kept() -> None:
    data = oc.encode(FRAME / b"x") + bytes(20) + bytes.fromhex("01020304")
    packet = oc.decode(data, fcs_octets=4)
    assert packet.trailers
    assert packet.fcs is not None
    assert same(packet)
    assert same(FRAME / b"x" / oc.FCS())
    snapped = oc.decode(data[:57], wire_length=len(data), fcs_octets=4)
    assert snapped.missing
    assert same(snapped)


class Framed(oc.Header, spec="in-house", keys=(oc.UDP_PORT(9990),)):
    """A header with a field of construct."""

    name: Annotated[Any, oc.ConstructField(construct.Struct("text" / construct.PascalString(construct.Byte, "utf8")))]


def test_a_field_of_construct_is_kept_by_its_octets() -> None:
    catalog = oc.DEFAULT.with_header(Framed)
    packet = oc.decode(b"\x02hi", first=Framed, catalog=catalog)
    document = packet.to_dict()
    assert document["headers"][0]["fields"]["name"] == {"value": {"text": "hi"}, "octets": "026869"}
    assert same(packet, catalog)


def test_a_document_by_hand_needs_what_has_no_default_alone() -> None:
    text = '{"headers": [{"protocol": "VXLAN", "fields": {"vni": 5}}]}'
    assert oc.from_json(text) == oc.Packet((oc.VXLAN(vni=5),))
    assert oc.from_dict({}) == oc.Packet()


def test_json_is_ascii_on_one_line_unless_it_is_asked_to_be_indented() -> None:
    assert PACKET.to_json().isascii()
    assert "\n" not in PACKET.to_json()
    assert json.loads(PACKET.to_json(indent=2)) == PACKET.to_dict()


HEADER = {"protocol": "VXLAN", "fields": {"vni": 5}}


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ([], "the document: an object should be here, not list"),
        ({"headers": {}}, "headers: an array should be here, not dict"),
        ({"headers": [5]}, "headers[0]: an object should be here, not int"),
        ({"headers": [{}]}, "headers[0].protocol: the catalog has no header class None"),
        ({"headers": [{"protocol": "VXLAM"}]}, "did you mean 'VXLAN'?"),
        ({"headers": [HEADER, {"protocol": "VLANTag", "fields": {"vdi": 5}}]}, "headers[1].fields: VLANTag has no"),
        ({"headers": [{"protocol": "VXLAN", "fields": {"vni": "five"}}]}, "headers[0].fields.vni: 'five' is no value"),
        (
            {"headers": [{"protocol": "TCP", "fields": {"options": [{"class": "MSS"}]}}]},
            "options[0].class: 'MSS' is no",
        ),
        ({"payload": "abc"}, "payload: octets are hexadecimal digits"),
        ({"payload": 5}, "payload: octets are hexadecimal digits"),
        ({"missing": -1}, "missing: a number of octets is 0 or more"),
        ({"trailers": [{"header": "ipv9", "octets": ""}]}, "trailers[0].header: the packet has no header 'ipv9'"),
        ({"fcs": {"octets": "0102030405"}}, "fcs: an FCS of 4 octets has no 5 octets"),
        ({"payloda": ""}, "the document: there is no member 'payloda': did you mean 'payload'?"),
        ({"header": []}, "the document: there is no member 'header': did you mean 'headers'?"),
        ({"xyzzyq": 1}, "the document: there is no member 'xyzzyq': there are headers, payload, "),
        ({5: 1}, "the document: there is no member 5: there are headers, "),
        ({"headers": [HEADER | {"feilds": {}}]}, "headers[0]: there is no member 'feilds': did you mean 'fields'?"),
        ({"trailers": [{"octts": ""}]}, "trailers[0]: there is no member 'octts': did you mean 'octets'?"),
        ({"fcs": {"octets_on_wire": 4}}, "fcs: there is no member 'octets_on_wire'"),
    ],
)
def test_a_refusal_names_the_place(document: Any, reason: str) -> None:
    with pytest.raises(ValueError, match=r"should|has no|there is no|is no|are hexa|is 0 or more") as caught:
        oc.from_dict(document)
    assert reason in str(caught.value)


def test_values_out_of_range_are_refused_as_by_the_constructor() -> None:
    with pytest.raises(oc.FieldRangeError):
        oc.from_dict({"headers": [{"protocol": "VXLAN", "fields": {"vni": 1 << 24}}]})


def test_text_that_is_no_json_is_a_value_error() -> None:
    for text in ("", "{", "[" * 100_000):
        with pytest.raises(ValueError, match=r"Expecting|nests too deeply"):
            oc.from_json(text)
