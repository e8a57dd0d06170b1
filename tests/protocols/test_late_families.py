"""Families that are imported when they are first met: what decoding, encoding and catalogs give is the same.

Each test runs in processes of their own, in which nothing has been met yet.
"""

from __future__ import annotations

import base64
import json
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest

import overlaycodec as oc
from overlaycodec.protocols import index
from tests.vectors.test_vectors import SPACES, VECTORS, catalog_of, decoded

SOURCES: Final = Path(oc.__file__).parents[1]
FILES: Final = sorted({name.partition("/")[0] for name in VECTORS})
LOADED: Final = """
import sys, pickle, base64, json
def loaded():
    prefix = "overlaycodec.protocols."
    names = {name[len(prefix):] for name in sys.modules if name.startswith(prefix)}
    return sorted(names - {"index", "numberings"})
"""
AT_ONCE: Final = ["ethernet"]
"""The family that decoding begins with where nothing else is said."""


def run(code: str, given: object = None) -> Any:  # Any: JSON
    """What the code prints, which reads `given` from its standard input."""
    code = f"import sys; sys.path.insert(0, {str(SOURCES)!r})\n{LOADED}\n{code}"
    done = subprocess.run(
        [sys.executable, "-c", code], input=json.dumps(given), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_importing_the_package_imports_what_decoding_begins_with() -> None:
    assert run("import overlaycodec; print(json.dumps(loaded()))") == AT_ONCE


def test_every_other_family_is_imported_by_asking_for_a_name_of_it() -> None:
    code = """
import overlaycodec as oc
from overlaycodec.protocols import index
for family, names in index.FAMILIES.items():
    assert getattr(oc, names[-1]).__name__ == names[-1]
    assert family in loaded()
print(json.dumps(loaded()))
"""
    assert run(code) == sorted(index.FAMILIES)


def test_a_packet_imports_the_families_of_its_headers_alone() -> None:
    """Also where a header with conditions could be there instead, as STT could be in place of TCP."""
    code = """
import overlaycodec as oc
frame = oc.Ethernet(dst="02:00:00:00:00:02", src="02:00:00:00:00:01")
ip = oc.IPv4(src="192.0.2.1", dst="192.0.2.2")
packet = frame / ip / oc.UDP(src_port=1) / oc.VXLAN(vni=1) / frame / ip / oc.TCP(src_port=1, dst_port=2) / b"data"
for _ in range(100):
    data = oc.encode(packet)
    again = oc.decode(data)
assert oc.encode(again) == data
oc.checksums(oc.fill(again))
for end in range(len(data)):
    oc.decode(data[:end], lax=True)
oc.DEFAULT.with_binding(oc.UDP_PORT(9), oc.VXLAN).decode(data)
repr(oc.DEFAULT), hash(oc.DEFAULT), oc.DEFAULT == oc.DEFAULT.with_max_headers(32), pickle.dumps(oc.DEFAULT)
print(json.dumps(loaded()))
"""
    assert run(code) == ["ethernet", "ipv4", "tcp", "udp", "vxlan"]


LABELS_ALONE: Final = {"mpls_entropy"}
"""Files in which each packet has labels that no value can be derived for."""


def given_of(file: str) -> list[tuple[str, dict[str, Any]]]:
    return [(name, vector) for name, vector in VECTORS.items() if name.startswith(file + "/")]


DECODE: Final = """
import overlaycodec as oc
from overlaycodec.protocols import numberings
from overlaycodec.schema import keyspaces
SPACES = vars(keyspaces) | vars(numberings)
def catalog_of(vector, catalog=oc.DEFAULT):
    for space, value, name in vector["bound"]:
        header = oc.DEFAULT.header_called(name)
        catalog = catalog.with_binding(SPACES[space.upper()](value), header)
    return catalog
def decoded(vector):
    first = vector["first"]
    first = oc.DEFAULT.header_called(first["header"]) if "header" in first else oc.LINK_TYPE(first["link_type"])
    return oc.decode(
        bytes.fromhex(vector["hex"]), first=first, wire_length=vector.get("wire_length"),
        fcs_octets=vector.get("fcs_octets", 0), catalog=catalog_of(vector), lax=True)
"""


@pytest.mark.survey
@pytest.mark.parametrize("file", FILES)
def test_a_new_process_decodes_the_same(file: str) -> None:
    given = [
        vector | {"bound": [list(binding.values()) for binding in vector.get("bindings", ())]}
        for _, vector in given_of(file)
    ]
    code = f"{DECODE}\nprint(json.dumps([[repr(decoded(v)), repr(decoded(v).fault)] for v in json.load(sys.stdin)]))"
    expected = [decoded(vector, lax=True) for _, vector in given_of(file)]
    assert run(code, given) == [[repr(packet), repr(packet.fault)] for packet in expected]


@pytest.mark.survey
@pytest.mark.parametrize("file", FILES)
def test_a_new_process_encodes_the_same(file: str) -> None:
    """Without having decoded anything. What can be derived is left open, so that every key is asked for."""
    packets, texts = [], []
    for _, vector in given_of(file):
        if not vector.get("bindings"):
            packet = oc.fill(decoded(vector, lax=True))
            opened = oc.Packet((*map(reopened, packet.headers[:-1]), *packet.headers[-1:]), packet.payload)
            packets.append(opened)
            texts.append(outcome(opened))
    code = """
import overlaycodec as oc
def outcome(packet):
    try:
        return oc.encode(packet).hex()
    except oc.EncodeError as error:
        return str(error)
packets = pickle.loads(base64.b64decode(json.load(sys.stdin)))
print(json.dumps([outcome(packet) for packet in packets]))
"""
    assert run(code, base64.b64encode(pickle.dumps(packets)).decode()) == texts
    can_be_encoded = any(set(text) <= set("0123456789abcdef") for text in texts)
    assert can_be_encoded != (file in LABELS_ALONE)


def outcome(packet: oc.Packet) -> str:
    try:
        return oc.encode(packet).hex()
    except oc.EncodeError as error:
        return str(error)


def reopened(header: oc.Header) -> oc.Header:
    """The header with AUTO in all fields that can be derived."""
    layout = header.__layout__
    derived = [field.name for field in layout.fields if layout.derived(field) and field.presence is None]
    return header.replace(**dict.fromkeys(derived, oc.AUTO))


def test_a_catalog_is_the_same_value_before_and_after() -> None:
    code = """
import overlaycodec as oc
before, parts, text = hash(oc.DEFAULT), pickle.dumps(oc.DEFAULT), repr(oc.DEFAULT)
early = oc.DEFAULT.with_binding(oc.UDP_PORT(9), oc.VXLAN)
few = loaded()
headers = oc.DEFAULT.headers
assert few == ["ethernet", "vxlan"] and len(loaded()) > len(few)
late = oc.Catalog(headers)
assert hash(oc.DEFAULT) == before == hash(late) and repr(oc.DEFAULT) == text
assert oc.DEFAULT == late == pickle.loads(parts) == oc.DEFAULT and late == oc.DEFAULT
assert late.with_binding(oc.UDP_PORT(9), oc.VXLAN) == early != late
assert late.bindings == oc.DEFAULT.bindings and late.headers == headers
assert len({oc.DEFAULT, late, pickle.loads(parts)}) == 1
assert oc.Catalog(headers[1:]) != oc.DEFAULT != oc.Catalog(headers[::-1])
assert oc.DEFAULT.with_header(oc.NSH).headers == headers
assert oc.DEFAULT.with_header(oc.NSH).bindings[0] == (oc.NSH.__layout__.keys[0], oc.NSH)
print("true")
"""
    assert run(code) is True


def test_threads_that_meet_a_family_at_once_decode_and_encode_the_same() -> None:
    names = [name for name, vector in VECTORS.items() if "error" not in vector and not vector.get("bindings")]
    given = [VECTORS[name] | {"bound": []} for name in names]
    code = f"""
{DECODE}
from threading import Barrier, Thread
sys.setswitchinterval(1e-6)
vectors = json.load(sys.stdin)
threads = 6
barrier = Barrier(threads)
found = [[] for _ in range(threads)]
def work(number):
    for vector in vectors:
        barrier.wait(60)
        try:
            packet = decoded(vector)
            found[number].append([repr(packet), oc.encode(packet).hex()])
        except Exception as error:
            found[number].append(repr(error))
running = [Thread(target=work, args=(number,)) for number in range(threads)]
for thread in running: thread.start()
for thread in running: thread.join()
print(json.dumps(found))
"""
    expected = [[repr(decoded(VECTORS[name])), VECTORS[name]["hex"]] for name in names]
    for found in run(code, given):
        assert found == expected


def test_the_key_of_a_header_is_found_whenever_it_was_imported() -> None:
    code = """
import overlaycodec as oc
before = oc.DEFAULT.key_of(oc.ETHERTYPE, oc.ARP)
frame = oc.Ethernet(dst="02:00:00:00:00:02", src="02:00:00:00:00:01")
oc.encode(frame / oc.IPv4(src="192.0.2.1", dst="192.0.2.2", protocol=1))  # the encoder of Ethernet is made here
assert "nsh" not in loaded() and "llc" not in loaded()
keys = [oc.DEFAULT.key_of(oc.ETHERTYPE, cls) for cls in (oc.NSH, oc.MPLS, oc.LLDP, oc.VXLAN, oc.VNTag)]
lengths = oc.encode(frame / oc.LLC(dsap=0x42, ssap=0x42, control=3) / b"abc").hex()
oc.encode(oc.GRE(protocol_type=0x88B5))  # the encoder of GRE
assert "erspan" not in loaded()
try:
    oc.encode(oc.GRE() / oc.ERSPAN(session_id=1) / frame.replace(ethertype=0x88B5))
except oc.EncodeError as error:
    flag = str(error)
assert oc.DEFAULT.key_of(oc.ETHERTYPE, oc.NSH) == keys[0] and oc.DEFAULT.key_of(oc.ETHERTYPE, oc.VXLAN) is None
print(json.dumps([before, keys, lengths[24:], flag]))
"""
    # the keys of IEEE's and IANA's lists; 6 octets behind the length; GRE's S flag is set, since ERSPAN asks for it
    flag = "gre.sequence has no value, though gre.sequence_present says that it is there"
    assert run(code) == [0x0806, [0x894F, 0x8847, 0x88CC, None, 0x8926], "0006" + "424203" + "616263", flag]


def test_the_bindings_of_the_vectors_are_in_spaces_that_are_known() -> None:
    bound = [binding["space"] for vector in VECTORS.values() for binding in vector.get("bindings", ())]
    assert set(bound) <= set(SPACES)
    assert catalog_of({}) is oc.DEFAULT
