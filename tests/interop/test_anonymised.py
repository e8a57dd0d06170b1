"""tshark finds no address in an anonymised capture that was in the original one."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Final, TypeVar
from xml.etree import ElementTree

import msgspec
import pytest

import overlaycodec as oc
from overlaycodec.anonymise import Anonymiser
from tests.interop.decoders.tshark import OPTIONS
from tests.interop.live.machine import environment, need
from tests.interop.tally import Tally
from tests.tools.stacks import CAPTURES, captures, tshark_version

P = TypeVar("P")
Start = Callable[[Callable[[], P]], P]
FILES: Final = captures(CAPTURES)
SECRET: Final = Anonymiser(bytes(range(32)))
NO_ADDRESS: Final = {"dhcp.cookie", "dhcp.option.subnet_mask", "rip.netmask"}
"""Fields of the type of an address that hold none."""
SOLICITED: Final = IPv6Address("ff02::1:ff00:0").packed[:13]


class TShark:
    """The program, and its fields of the types of addresses."""

    def __init__(self) -> None:
        need("tshark")
        self.version = f"tshark {tshark_version()}"
        lines = self._run("-G", "fields").splitlines()
        fields = (line.split("\t") for line in lines if line.startswith("F\t"))
        self.types = {field[2]: field[3] for field in fields if field[3] in ("FT_IPv4", "FT_IPv6", "FT_ETHER")}

    def _run(self, *arguments: str) -> str:
        done = subprocess.run(["tshark", *arguments], capture_output=True, text=True, check=True, env=environment())
        return done.stdout

    def addresses(self, path: Path) -> list[list[tuple[str, str]]]:
        """The addresses of each packet, with the names of their fields."""
        root = ElementTree.fromstring(self._run("-n", "-r", str(path), "-T", "pdml", *OPTIONS))
        found = (
            [(field.get("name", ""), field.get("show", "")) for field in p.iter("field")] for p in root.iter("packet")
        )
        return [[(name, text) for name, text in packet if name in self.types] for packet in found]

    def close(self) -> None:
        """Nothing runs between two files."""

    def stays(self, name: str, text: str) -> bool:
        """Whether an address is one of those that stay."""
        if self.types[name] == "FT_IPv4":
            first = IPv4Address(text).packed[0]
            return first == 127 or first >= 224 or not int(IPv4Address(text))
        if self.types[name] == "FT_IPv6":
            address = IPv6Address(text.partition("/")[0])
            group = address.is_multicast and address.packed[:13] != SOLICITED
            return group or address.is_loopback or address.is_unspecified
        octets = bytes.fromhex(text.replace(":", ""))
        return bool(octets[0] & 1) or not any(octets)


@pytest.mark.parametrize("name", FILES)
def test_no_address_is_left(name: str, started: Start[TShark], tally: Tally, tmp_path: Path) -> None:
    tshark = started(TShark)
    before, after = tmp_path / "before.pcapng", tmp_path / "after.pcapng"
    whole = []
    with oc.open_capture(FILES[name]) as capture:
        for record in capture:
            packet = record.decode(lax=True)
            if packet.fault is None:  # what follows a fault becomes zeros, which tshark reads otherwise
                whole.append((record, oc.encode(SECRET.packet(packet))))
    oc.write_capture(before, [record for record, _ in whole])
    oc.write_capture(after, [msgspec.structs.replace(record, data=data) for record, data in whole])
    compared = 0
    for old, new in zip(tshark.addresses(before), tshark.addresses(after), strict=True):
        assert [field for field, _ in old] == [field for field, _ in new]
        for (field, address), (_, other) in zip(old, new, strict=True):
            assert address != other or field in NO_ADDRESS or tshark.stays(field, address), (field, address)
            compared += 1
    tally.count("tshark, anonymised captures", "delivered", len(whole), compared)
