"""Frames, capture files and malformed octets; and what Hypothesis knows of headers once it is imported."""

from __future__ import annotations

import os
import pickle
import re
import struct
import subprocess
import sys
from collections import Counter
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Final

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st

import overlaycodec as oc
from overlaycodec import VXLAN
from overlaycodec import strategies as overlay
from overlaycodec.strategies.registration import register

UNFRAGMENTED: Final = {"ipv4.fragment_offset": 0, "ipv4.more_fragments": False}
ENTRY_POINT: Final = "overlaycodec.strategies.registration:register"
PYPROJECT: Final = Path(__file__).resolve().parents[2] / "pyproject.toml"
survey = settings(
    max_examples=150,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@given(overlay.frames(VXLAN, fixed={"vxlan.vni": 5}))
def test_frames_are_whole(data: bytes) -> None:
    packet = oc.decode(data)
    assert packet["vxlan.vni"] == 5
    assert oc.encode(packet) == data


# --- captures ---------------------------------------------------------------------------------------------------------


def test_captures_are_of_every_form_and_can_be_read() -> None:
    seen: Counter[str] = Counter()

    @survey
    @given(overlay.captures())
    def look(data: bytes) -> None:
        seen[data[:4].hex()] += 1
        with oc.open_capture(data) as capture:
            records = list(capture)
        seen["records"] += len(records)
        for record in records:
            seen["cut"] += record.wire_length > len(record.data)
            packet = record.decode(lax=True)
            assert record.wire_length > len(record.data) or packet.fault is None
        times = [record.time_ns or 0 for record in records]
        assert times == sorted(times)

    look()
    # draft-ietf-opsawg-pcap section 4: micro- and nanoseconds, each in both byte orders; -pcapng section 4.1: a section
    for magic in ("d4c3b2a1", "a1b2c3d4", "4d3cb2a1", "a1b23c4d", "0a0d0d0a"):
        assert seen[magic] >= 2, seen
    assert seen["records"] > 50, seen
    assert seen["cut"], seen


@given(overlay.captures(format="pcap", max_records=2, first=oc.IPv4, payload=b""))
def test_a_capture_is_as_asked(data: bytes) -> None:
    order = "<" if data[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
    assert struct.unpack_from(order + "HHiIII", data, 4)[-1] == 101  # LINKTYPE_RAW
    with oc.open_capture(data) as capture:
        assert len(list(capture)) <= 2


def test_a_capture_without_a_link_type_is_refused() -> None:
    with pytest.raises(ValueError, match="packets that begin with VXLAN have no link type"):
        overlay.captures(first=VXLAN)
    with pytest.raises(ValueError, match="format is 'pcapgn'"):
        overlay.captures(format="pcapgn")  # type: ignore[arg-type]


# --- malformed octets -------------------------------------------------------------------------------------------------


def test_malformed_octets_say_which_rule_is_broken() -> None:
    seen: Counter[str] = Counter()

    @survey
    @given(overlay.malformed_bytes(VXLAN))
    def look(data: overlay.MalformedBytes) -> None:
        assert data.label
        for label in data.label.split("; "):
            rule = re.sub(r".*: |\d+", "", label)
            seen[rule.partition(" at ")[0].partition(" within ")[0].strip()] += 1

    look()
    for rule in ("counts other octets than there are", "cut", "octets after the end"):
        assert seen[rule] >= 2, seen
    assert len(seen) >= 8, seen


@settings(max_examples=200, suppress_health_check=list(HealthCheck), deadline=None)
@given(overlay.malformed_bytes(stack=(oc.Ethernet, oc.IPv4, oc.UDP), payload=b"1234", fixed=UNFRAGMENTED))
def test_what_is_labelled_as_cut_or_false_is_a_fault(data: overlay.MalformedBytes) -> None:
    packet = oc.decode(data, lax=True)
    if data.label.startswith("cut ") and not data.label.endswith("behind the payload"):
        assert packet.faults
    if data.label == "ipv4.version = 0: is not 4":
        assert isinstance(packet.fault, oc.FieldValueError)
    if (
        data.label == "udp.length + 1: counts other octets than there are"
        and packet.payload == b"1234"
        and not packet.trailers
    ):
        assert isinstance(packet.fault or packet.faults[0], oc.TruncatedError)


@pytest.mark.survey
@pytest.mark.parametrize("value", [0, 0xFFFF])
def test_the_label_of_a_field_gives_its_new_value(value: int) -> None:
    label = f"udp.length = {value}: counts other octets than there are"
    data = find(
        overlay.malformed_bytes(stack=(oc.Ethernet, oc.IPv4, oc.UDP)),
        lambda data: data.label == label,
        settings=settings(max_examples=20_000, database=None, deadline=None, suppress_health_check=list(HealthCheck)),
    )
    ihl = data[14] & 15
    assert int.from_bytes(data[14 + 4 * ihl + 4 :][:2], "big") == value


def test_malformed_octets_are_octets() -> None:
    data = overlay.MalformedBytes.labelled(b"\1\2", "cut within udp.length")
    assert data == b"\1\2"
    assert repr(data) == r"MalformedBytes(b'\x01\x02', label='cut within udp.length')"
    copy = pickle.loads(pickle.dumps(data))
    assert (copy, copy.label) == (data, data.label)


# --- st.from_type -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module", autouse=True)
def registered() -> None:
    """What Hypothesis does where the package is installed."""
    register()


def test_from_type_knows_headers_packets_and_addresses() -> None:
    @given(st.from_type(VXLAN), st.from_type(oc.Packet), st.from_type(oc.MACAddress), st.from_type(oc.Geneve))
    def law(vxlan: VXLAN, packet: oc.Packet, mac: oc.MACAddress, geneve: oc.Geneve) -> None:
        assert type(vxlan) is VXLAN
        assert oc.decode(oc.encode(packet)) == packet
        assert isinstance(mac, oc.MACAddress)
        assert geneve.opt_len is not oc.AUTO

    law()


def test_hypothesis_finds_the_entry_point() -> None:
    name = ENTRY_POINT
    assert f'[project.entry-points.hypothesis]\noverlaycodec = "{name}"' in PYPROJECT.read_text()
    try:
        found = distribution("overlaycodec").entry_points.select(group="hypothesis")
    except PackageNotFoundError:
        return  # the sources alone are on the path
    for entry in found:  # none where the installed copy is older than these sources
        assert entry.value == name
        assert entry.load() is register


@pytest.mark.parametrize("imports", ["from overlaycodec import strategies", "import hypothesis"])
def test_an_installed_entry_point_works_whatever_is_imported_first(imports: str, tmp_path: Path) -> None:
    """Hypothesis runs the entry point at the end of its own import, which may be inside that of the strategies."""
    about = tmp_path / "installed-1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: installed\nVersion: 1\n")
    (about / "entry_points.txt").write_text(f"[hypothesis]\ninstalled = {ENTRY_POINT}\n")
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r}); {imports}; import overlaycodec as oc; "
        "from hypothesis import find, strategies as st; print(find(st.from_type(oc.VXLAN), lambda _: True))"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, env=environment)
    assert (run.stdout, run.stderr) == ("VXLAN(vni=0)\n", "")
