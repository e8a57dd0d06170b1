"""tshark selects the packets by a display filter that we select by the filter that it was made of."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Final

import pytest

import overlaycodec as oc
from overlaycodec.schema.layout import Field
from tests.interop.live.machine import environment, need
from tests.tools import capture_files as files
from tests.tools import stacks
from tests.tools.stacks import OPTIONS

CAPTURES: Final = stacks.captures(stacks.CAPTURES)
TSHARK: Final = (*OPTIONS, "-o", "tcp.relative_sequence_numbers:FALSE")
S_TAG: Final = 0x88A8
"""The type of tags that are another protocol to tshark."""
SHOWN_OTHERWISE: Final = {"ipv4.dst", "ethernet.ethertype", "vlan.ethertype"}
"""tshark shows the last hop of a source route as the destination; it has no type field where it goes on to LLC."""


def text_of(path: str, field: Field, value: object) -> str | None:
    """A filter for the present value of a field; None where it has none that is written."""
    if value is None or field.kind not in ("int", "bool", "mac", "ipv4", "ipv6"):
        return None
    return f"{path} == {str(value).lower() if isinstance(value, bool) else value}"


def comparisons(packet: oc.Packet) -> list[str]:
    """A filter for every field of the packet that Wireshark can be asked for."""
    found = []
    for name, header in zip(packet.names, packet.headers, strict=True):
        for field in header.__layout__.fields:
            bare = f"{header.__layout__.name}.{field.name}"
            text = text_of(f"{name}.{field.name}", field, getattr(header, field.name))
            if text is None or bare in SHOWN_OTHERWISE:
                continue
            try:
                oc.wireshark_filter(text, packet)
            except oc.FilterError:
                continue
            found.append(text)
    return found


def selected(path: Path, display: str) -> set[int]:
    """The numbers of the frames that tshark selects."""
    command = ["tshark", "-n", "-r", str(path), *TSHARK, "-Y", display, "-T", "fields", "-e", "frame.number"]
    run = subprocess.run(command, capture_output=True, text=True, env=environment(), check=False)
    assert run.returncode == 0, run.stderr
    return set(map(int, run.stdout.split()))


@pytest.mark.interop
@pytest.mark.parametrize("path", CAPTURES.values(), ids=lambda path: path.stem)
def test_tshark_selects_the_same_packets(path: Path) -> None:
    need("tshark")
    with oc.open_capture(path) as capture:
        records = list(capture)
    packets = {number: record.decode(lax=True) for number, record in enumerate(records, 1)}
    alike: dict[tuple[object, ...], list[int]] = {}
    for number, packet in packets.items():
        if packet.fault is None and packet.headers:
            kinds = ((type(header), getattr(header, "ethertype", None) == S_TAG) for header in packet.headers)
            alike.setdefault(tuple(kinds), []).append(number)
    for numbers in sorted(alike.values(), key=len)[-3:]:
        first = packets[numbers[0]]
        texts = comparisons(first)
        assert texts
        for text in (" and ".join(texts), f"not ({texts[-1]})"):
            ours = {number for number in numbers if oc.Filter(text).matches(packets[number], records[number - 1])}
            display = oc.wireshark_filter(text, first)
            theirs = selected(path, display) & set(numbers)
            if ours != theirs:
                wrong = [one for one in texts if numbers[0] not in selected(path, oc.wireshark_filter(one, first))]
                raise AssertionError(f"{display}: ours {sorted(ours)}, theirs {sorted(theirs)}; differs in {wrong}")


FACTS_OF_RECORDS: Final = [
    "interface_name == eth0", "interface_name", "interface_name != lo", "not interface_name in {eth0, lo}",
    "interface_name in {'with \"quotes\"', lo}", "interface == 1", "interface in 1..7", "comment", "not comment",
    "flags", "flags == 3", "flags != 3", "section == 0", "section >= 1",
]  # fmt: skip


@pytest.mark.interop
def test_tshark_selects_by_the_same_facts_of_records(tmp_path: Path) -> None:
    """In one section: tshark 4.0 looks up the names of a later section in the first one."""
    need("tshark")
    blocks, frame, comment, flags, name = files.LITTLE, bytes(12) + b"\x88\xb5" + bytes(46), 1, 2, 2
    path = tmp_path / "facts.pcapng"
    path.write_bytes(
        b"".join(
            [
                blocks.section(),
                *(blocks.interface((name, text)) for text in (b"eth0", b'with "quotes"', b"lo")),
                blocks.interface(),
                blocks.enhanced(frame, (flags, blocks.word(0x83))),
                blocks.enhanced(frame, (comment, b"one"), (comment, b"two"), interface=1),
                *(blocks.enhanced(frame, interface=number) for number in range(4)),
            ]
        )
    )
    for text in FACTS_OF_RECORDS:
        with oc.open_capture(path) as capture:
            wanted = oc.Filter(text)
            matched = enumerate((wanted.matches(one.decode(lax=True), one, capture) for one in capture), 1)
            ours = {number for number, matches in matched if matches}
        assert selected(path, oc.wireshark_filter(wanted)) == ours, text
    pcap = CAPTURES["kernel-vxlan-inner-vlan.pcap"]
    for text in ("interface_name", "interface", "comment", "flags", "section"):
        assert selected(pcap, oc.wireshark_filter(oc.Filter(text))) == set()
