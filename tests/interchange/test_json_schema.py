"""The JSON Schema of documents: another validator takes what we write, and refuses what `from_dict` refuses."""

from __future__ import annotations

import copy
import functools
import json
from pathlib import Path
from typing import Annotated, Any, Final

import construct
import pytest
from hypothesis import given
from hypothesis import strategies as st

import overlaycodec as oc
from tests.laws.common import by_name, packets, share
from tests.vectors.test_vectors import VECTORS, catalog_of, decoded

fastjsonschema = pytest.importorskip("fastjsonschema", reason="of the group test")

CAPTURES: Final = sorted(Path("tests/captures").glob("*.pcap"))
LINK: Final = oc.Ethernet(dst="52:54:00:00:00:02", src="52:54:00:00:00:01")


@functools.cache
def validator_of(catalog: oc.Catalog) -> Any:
    """A function of another package, made from the schema: this takes a second or more."""
    return fastjsonschema.compile(oc.json_schema(catalog))


def check(document: Any) -> None:
    """Raises an error of that package unless the document is valid by the schema of the default catalog."""
    validator_of(oc.DEFAULT)(document)


def document_of(packet: oc.Packet) -> Any:
    return json.loads(packet.to_json())


def is_valid(document: Any, validate: Any = check) -> bool:
    try:
        validate(document)
    except fastjsonschema.JsonSchemaValueException:
        return False
    return True


def is_read(document: Any) -> bool:
    try:
        oc.from_dict(document)
    except (ValueError, oc.EncodeError):
        return False
    return True


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.name)
def test_documents_of_captures_are_valid(path: Path) -> None:
    with oc.open_capture(path) as capture:
        for packet in capture.packets(lax=True):
            check(document_of(packet))


@pytest.mark.survey
@pytest.mark.parametrize("name", VECTORS)
def test_documents_of_vectors_are_valid(name: str) -> None:
    validator_of(catalog_of(VECTORS[name]))(document_of(decoded(VECTORS[name], lax=True)))


@pytest.mark.survey
@pytest.mark.parametrize("cls", oc.DEFAULT.headers, ids=by_name)
def test_documents_of_any_packet_are_valid(cls: type[oc.Header]) -> None:
    @share(10, cls)
    @given(packets(cls))
    def law(packet: oc.Packet) -> None:
        check(document_of(packet))

    law()


def test_what_is_not_resolved_is_valid() -> None:
    packet = LINK / oc.IPv4(src="10.0.0.1", dst="10.0.0.2") / oc.UDP(src_port=1) / oc.VXLAN(vni=100)
    check(document_of(packet / LINK / b"x" / oc.FCS()))
    check({"headers": [{"protocol": "VXLAN", "fields": {"vni": 5}}]})
    check({"headers": [{"protocol": "IPv4", "fields": {"src": "10.0.0.1", "dst": "10.0.0.2"}}]})
    check({})


@pytest.mark.parametrize("options", [[], ["-v", "-x", "--verify"]])
def test_lines_of_the_command_line_are_valid(options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    from overlaycodec.cli import main

    assert main(["show", "--json", *options, "tests/captures/linux-geneve-options.pcap"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(lines) > 5
    with oc.open_capture("tests/captures/linux-geneve-options.pcap") as capture:
        packets = list(capture.packets(lax=True))
    for line, packet in zip(lines, packets, strict=True):
        check(line)
        assert oc.from_dict(line) == packet


@pytest.mark.parametrize(
    "document",
    [
        {"payloda": ""},
        {"headers": [{"protocol": "VXLAN", "fields": {"vni": 5}, "feilds": {}}]},
        {"trailers": [{"octts": ""}]},
        {"fcs": {"octts": ""}},
    ],
)
def test_unknown_members_are_refused_by_both(document: dict[str, Any]) -> None:
    assert not is_valid(document)
    assert not is_read(document)


DOCUMENTS: Final = [
    document_of(decoded(VECTORS[name], lax=True)) for name in VECTORS if catalog_of(VECTORS[name]) == oc.DEFAULT
]
WRONG: Final = st.sampled_from([None, "AUTO", "zz", "0", -1, 1 << 130, 1.5, [], [None], {}, {"class": "None"}])


def test_the_schema_refuses_what_is_not_read() -> None:
    """A document with one value changed: where the schema takes it, `from_dict` does, and the other way round."""

    @given(st.data())
    def law(data: st.DataObject) -> None:
        document = copy.deepcopy(data.draw(st.sampled_from(DOCUMENTS)))
        holder = data.draw(st.sampled_from([*document["headers"], document]))
        if holder.get("fields"):
            holder = holder["fields"]
        key = data.draw(st.sampled_from(sorted(holder)))
        if key in ("path", "fault", "faults", "fields", "protocol", "headers"):  # not read, or others depend on it
            return
        holder[key] = data.draw(WRONG)
        assert is_valid(document) == is_read(document), (key, holder[key])

    law()


@pytest.mark.parametrize(
    "header",
    [
        {},
        {"protocol": "VXLAM"},
        {"protocol": "VXLAN"},
        {"protocol": "VXLAN", "fields": {}},
        {"protocol": "VXLAN", "fields": {"vni": 1 << 24}},
        {"protocol": "VXLAN", "fields": {"vni": None}},
        {"protocol": "VXLAN", "fields": {"vni": "AUTO"}},
        {"protocol": "VXLAN", "fields": {"vni": 5, "vin": 5}},
        {"protocol": "TCP", "fields": {"src_port": 1, "dst_port": 2, "options": [{"class": "MSS"}]}},
        {"protocol": "IPv4", "fields": {"src": "10.0.0.256", "dst": "10.0.0.2"}},
        {"protocol": "Ethernet", "fields": {"src": "52:54", "dst": "52:54:00:00:00:01"}},
    ],
)
def test_wrong_headers_are_refused_by_both(header: dict[str, Any]) -> None:
    document = {"headers": [header]}
    assert not is_valid(document)
    assert not is_read(document)


class Tagged(oc.Header, spec="in-house", keys=(oc.UDP_PORT(9990),)):
    """A header with a field of construct."""

    name: Annotated[Any, oc.ConstructField(construct.PascalString(construct.Byte, "utf8"))]


def test_the_schema_is_that_of_the_catalog() -> None:
    catalog = oc.DEFAULT.with_header(Tagged)
    document = document_of(oc.decode(b"\x02hi", first=Tagged, catalog=catalog))
    assert is_valid(document, validator_of(catalog))
    assert not is_valid(document)
    with pytest.raises(TypeError, match="catalog"):
        oc.json_schema("linux")  # type: ignore[arg-type]  # that is the point


def test_the_schema_tells_ranges_and_meanings() -> None:
    definitions: Any = oc.json_schema()["definitions"]
    vni = definitions["VXLAN"]["properties"]["fields"]["properties"]["vni"]
    assert vni["maximum"] == 0xFFFFFF  # RFC 7348 section 5: 24 bits
    assert definitions["VXLAN"]["properties"]["fields"]["required"] == ["vni"]
    assert {cls.__name__ for cls in oc.DEFAULT.headers} <= set(definitions)
    published = json.loads(Path("docs/packet.schema.json").read_text(encoding="utf-8"))
    assert published == oc.json_schema()
