"""The project's vectors as cases."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec

import overlaycodec as oc
from overlaycodec.conformance import Case, Evidence
from overlaycodec.fuzz.decoders import decoder_of
from tests.tools.stacks import ROOT

FOLDER: Final = ROOT / "tests" / "vectors"
_CITED: Final = re.compile(
    r"(?:RFC \d+(?:,? (?:sections? [\d.]+\d|page \d+))?|draft-[a-z0-9-]+(?: sections? [\d.]+\d)?"
    r"|IEEE [\w.-]+ (?:clauses?|annex) [\w.]+\w|3GPP TS [\d.]+\d(?: section [\d.]+\d)?|LINKTYPE_\w+)"
)
# The families of the headers that a file of vectors is about, where it has another name.
FAMILIES: Final = {
    "cooked": ("link",),
    "geneve_options": ("geneve", "telemetry"),
    "gre": ("gre", "erspan"),
    "icmp": ("icmp", "icmpv6"),
    "ip": ("ipv4", "ipv6", "segment_routing"),
    "link": ("vlan", "llc", "lldp", "arp", "ethernet"),
    "multicast": ("igmp", "mld"),
    "ppp": ("ppp", "pppoe"),
    "ptp": ("ptp", "ptp_message"),
    "security": ("ah",),
    "stp": ("stp", "mstp"),
    "transport": ("tcp", "udp", "sctp"),
}
LATER: Final = frozenset(
    {
        "arista", "cisco_tags", "dsa", "fddi", "frame_relay", "gach", "icmp_extensions", "icmp_probe", "l2tpv3",
        "mpls_entropy", "nflog", "pktap", "ppp_authentication", "ppp_compression", "ppp_control", "radio", "socketcan",
    }
)  # fmt: skip
"""Files of vectors that are newer than version 1.0 of the suite; its cases do not change."""
_STATUS: Final = ("valid", "bad", "absent")
_PORTS: Final = {"geneve": 6081, "vxlan_gpe": 4790}
BY_NAME: Final = {header.__layout__.name: header for header in oc.DEFAULT.headers}


def name_in(path: str) -> str:
    """The name of a header, of its path."""
    return path.rpartition(".")[2].partition("[")[0]


def header_of(stack: list[str], path: str) -> str:
    """The path of the header that a path of a field is in."""
    return max((header for header in stack if path.startswith(header + ".")), key=len)


def spec_of(name: str, source: str = "") -> str:
    """The section that a source cites, or that of the header."""
    cited = [found for found in _CITED.findall(source) if "section" in found or "clause" in found or "page" in found]
    return cited[0] if cited else BY_NAME[name].__layout__.spec or "no specification"


def wrapped(vector: dict[str, Any]) -> tuple[int, str, list[str]] | None:
    """The link type, the octets, and what stands in front; a header that begins a vector gets a packet around it."""
    first = vector["first"]
    if "link_type" in first:
        return first["link_type"], vector["hex"], []
    from scapy.all import IP, TCP, UDP, Ether, Raw

    outside = Ether(dst="02:00:00:00:00:02", src="02:00:00:00:00:01")
    data = bytes.fromhex(vector["hex"])
    if first["header"] in _PORTS:
        packet = (
            outside / IP(src="192.0.2.1", dst="192.0.2.2") / UDP(sport=50000, dport=_PORTS[first["header"]]) / Raw(data)
        )
        return 1, bytes(packet).hex(), ["ethernet", "ipv4", "udp"]
    if first["header"] == "tcp":
        packet = outside / IP(src="192.0.2.1", dst="192.0.2.2", proto=6) / Raw(data)
        return 1, bytes(packet).hex(), ["ethernet", "ipv4"]
    assert TCP
    return None


def evidence_of(vector: dict[str, Any]) -> Evidence:
    """What the expectation rests on."""
    if "error" in vector:
        return "rule"
    source = vector["source"]
    if "tests/captures" in source:
        return "capture"
    return "encoder" if source.startswith(("built by scapy", "headers by scapy")) else "specification"


def cases() -> Iterator[Case]:
    """Those that need no bindings and no check sequence, which other decoders cannot be told of.

    A valid packet of which tshark or tcpdump complains may be refused: its headers are what a vector is about.
    """
    found = list(_cases())
    records = [case.record for case in found]
    complaints = [[reading.fault for reading in decoder_of(name).read(records)] for name in ("tshark", "tcpdump")]
    for case, *faults in zip(found, *complaints, strict=True):
        yield msgspec.structs.replace(
            case, may_be_refused=case.refused is None and any(fault is not None for fault in faults)
        )


def _cases() -> Iterator[Case]:
    for path in sorted(FOLDER.glob("*.json")):
        if path.stem in LATER:
            continue
        for vector in json.loads(path.read_text()):
            told = vector.get("stack") or "error" in vector
            if (
                told
                and "bindings" not in vector
                and "fcs_octets" not in vector
                and (found := wrapped(vector)) is not None
            ):
                yield _case(path, vector, *found)


def _about(file: str, stack: list[str], fields: dict[str, Any]) -> str:
    """The header of most of the values, among those that the file of the vector is about."""
    counts = Counter(header_of(stack, field) for field, value in fields.items() if value is not None)
    families = FAMILIES.get(file, (file,))
    chosen = [header for header in counts if BY_NAME[name_in(header)].__module__.rpartition(".")[2] in families]
    found = chosen or [*counts]
    return (
        name_in(max(found, key=lambda header: (counts[header], stack.index(header)))) if found else name_in(stack[-1])
    )


def _case(path: Path, vector: dict[str, Any], link_type: int, octets: str, front: list[str]) -> Case:
    refused = None
    if "error" in vector:
        stack = list(vector["lax"]["stack"])
        named = vector["error"]["path"]
        refused = named if named in BY_NAME else named.rpartition(".")[0]
        if refused not in stack:
            stack.append(refused)
        about = name_in(refused)
    else:
        stack = front + vector["stack"]
        about = _about(path.stem, stack, vector["fields"])
    return Case(
        name=f"{path.stem}/{vector['name']}",
        protocol=about,
        spec=spec_of(about, vector["source"]),
        evidence=evidence_of(vector),
        source=vector["source"],
        link_type=link_type,
        hex=octets,
        stack=tuple(stack),
        fields={path: value for path, value in vector.get("fields", {}).items() if value is not None},
        checksums={
            field.rpartition(".")[0]: status
            for field, status in vector.get("checksums", {}).items()
            if status in _STATUS
        },
        refused=refused,
        wire_length=vector.get("wire_length"),
    )
