"""What ICMP errors say behind the packet that they quote: octets by scapy and by hand, read so by tshark."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

import overlaycodec as oc
from overlaycodec import icmp_errors

VECTORS: Final[dict[str, dict[str, Any]]] = {
    vector["name"]: vector
    for vector in json.loads((Path(__file__).parents[1] / "vectors" / "icmp_extensions.json").read_text())
}
ERROR: Final = bytes.fromhex(VECTORS["behind-time-exceeded"]["hex"])
STRUCTURE: Final = bytes.fromhex(VECTORS["mpls-stack"]["hex"])
LENGTH: Final = 14 + 20 + 5
"""Where the length of the quotation is in the frame."""


@pytest.mark.parametrize(
    ("error", "structure"), [("behind-time-exceeded", "mpls-stack"), ("behind-time-exceeded-v6", "three-objects")]
)
def test_they_have_paths(error: str, structure: str) -> None:
    found = icmp_errors.extensions(oc.decode(bytes.fromhex(VECTORS[error]["hex"])))
    assert found is not None
    assert oc.encode(found).hex() == VECTORS[structure]["hex"]
    for path, value in VECTORS[structure]["fields"].items():
        read = found.at(path)
        assert (read.hex() if isinstance(read, bytes) else read) == value, path
    assert oc.checksums(found) == {"icmp_extensions.checksum": "valid"}


def test_older_routers_tell_no_length() -> None:
    """RFC 4884 section 5.5: then they begin at octet 128, where the version and the checksum are right."""
    classic = bytearray(ERROR)
    classic[LENGTH] = 0
    found = icmp_errors.extensions(oc.decode(bytes(classic)))
    assert found is not None
    assert oc.encode(found) == STRUCTURE
    assert found.at("icmp_extensions.objects[0].labels[1].label") == 16
    assert icmp_errors.extensions(oc.decode(bytes(classic) + bytes(20))) == found  # padding of the link is none of it
    classic[-1] ^= 1
    assert icmp_errors.extensions(oc.decode(bytes(classic))) is None


@given(st.integers(0, len(STRUCTURE) * 8 - 1), st.integers(0, len(STRUCTURE)))
def test_damaged_they_are_what_they_were(bit: int, octets: int) -> None:
    damaged = bytearray(STRUCTURE)
    damaged[bit // 8] ^= 0x80 >> bit % 8
    packet = oc.decode(ERROR[: -len(STRUCTURE)] + damaged[:octets], lax=True)
    found = icmp_errors.extensions(packet)
    assert (b"" if found is None else oc.encode(found)) == damaged[:octets]
    assert oc.encode(packet) == ERROR[: -len(STRUCTURE)] + damaged[:octets]


def test_other_packets_have_none() -> None:
    assert icmp_errors.extensions(oc.decode(ERROR[: -len(STRUCTURE)], lax=True)) is None
    assert icmp_errors.extensions(oc.IPv4(src="192.0.2.1", dst="192.0.2.2") / oc.UDP(src_port=1, dst_port=2)) is None
    redirect = oc.ICMP() / oc.ICMPRedirect(gateway="192.0.2.1") / (bytes(128) + STRUCTURE)
    assert icmp_errors.extensions(redirect) is None
    with pytest.raises(TypeError, match="packet takes a Packet"):
        icmp_errors.extensions(ERROR)  # type: ignore[arg-type]


def test_an_error_with_a_structure() -> None:
    """The structure that scapy made, given as a header."""
    packet = oc.IPv4(src="192.0.2.1", dst="198.51.100.9") / oc.UDP(src_port=1, dst_port=2) / bytes(100)
    structure = oc.decode_header(oc.ICMPExtensions, STRUCTURE)[0].replace(checksum=oc.AUTO)
    message = icmp_errors.time_exceeded(oc.resolve(packet), src="203.0.113.1", extensions=structure)
    assert message is not None
    assert message.trailers[-1].data == STRUCTURE
    found = icmp_errors.extensions(message)
    assert found is not None
    assert found.headers[0] == oc.decode_header(oc.ICMPExtensions, STRUCTURE)[0]


def test_show_tells_what_they_say() -> None:
    file = StringIO()
    oc.decode(ERROR).show(file=file)
    (line,) = (line for line in file.getvalue().splitlines() if line.startswith("trailer after icmp_time_exceeded"))
    assert "valid" in line
    assert "icmp_mpls_stack: " in line
    assert "labels[0].label 24015" in line


def test_an_object_has_at_most_the_octets_that_its_length_counts() -> None:
    """RFC 4884 section 8: 16 bits count the object with its header of 4 octets, and objects are of whole words."""
    longest = icmp_errors.Extension(1, 1, bytes(65_528))
    assert longest.octets[:4] == bytes.fromhex("fffc0101")
    with pytest.raises(ValueError, match="at most 65528, not 65532"):
        icmp_errors.Extension(1, 1, bytes(65_532))
