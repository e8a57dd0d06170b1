"""What tshark reads in ICMP errors: types, checksums, extensions."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pytest

import overlaycodec as oc
from overlaycodec import UDP, Ethernet, IPv4, IPv6, icmp_errors
from tests.interop.live import machine

LINK: Final = Ethernet(dst="02:00:00:00:00:02", src="02:00:00:00:00:01")
V4: Final = IPv4(src="192.0.2.1", dst="198.51.100.1", dont_fragment=True)
V6: Final = IPv6(src="2001:db8::1", dst="2001:db8:1::1")
LABELS: Final = icmp_errors.Extension(1, 1, bytes.fromhex("00064040 00065141"))
"""RFC 4950: the labels 100 and 101."""
SAID: Final[list[tuple[str, dict[str, Any], str, str]]] = [
    ("too_big", {"mtu": 1400}, "Destination unreachable (Fragmentation needed)", "Packet Too Big"),
    (
        "time_exceeded",
        {"extensions": [LABELS]},
        "Time-to-live exceeded (Time to live exceeded in transit)",
        "Time Exceeded (hop limit exceeded in transit)",
    ),
    (
        "time_exceeded",
        {"reassembly": True},
        "Time-to-live exceeded (Fragment reassembly time exceeded)",
        "Time Exceeded (fragment reassembly time exceeded)",
    ),
    (
        "unreachable",
        {"reason": "network"},
        "Destination unreachable (Network unreachable)",
        "Destination Unreachable (no route to destination)",
    ),
    (
        "unreachable",
        {"reason": "host", "extensions": [LABELS]},
        "Destination unreachable (Host unreachable)",
        "Destination Unreachable (Address unreachable)",
    ),
    (
        "unreachable",
        {"reason": "protocol"},
        "Destination unreachable (Protocol unreachable)",
        "Parameter Problem (unrecognized Next Header type encountered)",
    ),
    (
        "unreachable",
        {"reason": "port"},
        "Destination unreachable (Port unreachable)",
        "Destination Unreachable (Port unreachable)",
    ),
    (
        "unreachable",
        {"reason": "prohibited"},
        "Destination unreachable (Communication administratively filtered)",
        "Destination Unreachable (Administratively prohibited)",
    ),
]
FIELDS: Final = (
    "_ws.col.Info",
    "icmp.checksum.status",
    "icmpv6.checksum.status",
    "icmp.ext.checksum.status",
    "icmp.mpls.label",
)


@pytest.mark.parametrize("version", [4, 6])
def test_tshark_reads_what_was_meant(version: int, tmp_path: Path) -> None:
    packet = oc.encode(LINK / (V4 if version == 4 else V6) / UDP(src_port=1, dst_port=2) / bytes(1472))
    messages = [getattr(icmp_errors, kind)(packet, **arguments) for kind, arguments, _, _ in SAID]
    path = tmp_path / "errors.pcap"
    oc.write_capture(path, messages)
    try:
        machine.need("tshark")
    except machine.Unavailable as unavailable:
        pytest.skip(str(unavailable))
    # Wireshark looks for extensions after 128 octets of a longer packet only if it is told to
    words = ["-o", "icmp.favor_icmp_mpls:TRUE", "-T", "fields", *(word for name in FIELDS for word in ("-e", name))]
    text = machine.run("sh", "-c", f'tshark -r "{path}" "$@" 2>/dev/null', "tshark", *words)
    rows = [line.split("\t") for line in text.splitlines()]
    assert len(rows) == len(SAID)
    for (_, arguments, said, said6), (info, good, good6, extensions, labels) in zip(SAID, rows, strict=True):
        assert info == (said if version == 4 else said6)
        assert (good, good6) == (("1", "") if version == 4 else ("", "1"))
        if "extensions" in arguments:
            assert (extensions, labels) == ("1", "100,101")
