"""Registered numbers, by which a guess tells a header from payload, are known to tshark too."""

from __future__ import annotations

import subprocess
from typing import Final

from overlaycodec.schema import registered
from tests.interop.live.machine import environment, need

UNNAMED: Final = {
    "eth.type": {
        *(0x22EB, 0x6559, 0x814C, 0x876B, 0x880B, 0x880C, 0x889A, 0x88BE, 0x88BF, 0x88CD, 0x88F5, 0x8940, 0x8951),
        *(0x9200, 0x9300, 0x9998, 0xB7EA),
    },
    "ip.proto": {253, 254},  # RFC 3692: for experiments
}
"""Numbers of IANA's lists, and of common use, that tshark 4.0 has no name for."""


def test_registered_numbers_are_known_to_tshark() -> None:
    need("tshark")
    done = subprocess.run(["tshark", "-G", "values"], check=True, capture_output=True, env=environment())
    text = done.stdout.decode(errors="replace")
    known: dict[str, set[int]] = {name: set(numbers) for name, numbers in UNNAMED.items()}
    for row in text.splitlines():
        columns = row.split("\t")
        if columns[0] == "V" and columns[1] in known:
            known[columns[1]].add(int(columns[2], 0))
    assert set(registered.ETHERTYPES) - known["eth.type"] == set()
    assert set(registered.IP_PROTOCOLS) - known["ip.proto"] == set()
