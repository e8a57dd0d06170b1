"""Headers with many fixed octets: WireGuard's handshakes, behind tags, some of them cut off."""

from __future__ import annotations

import random
from struct import pack

import numpy as np

import overlaycodec as oc

_NAMES = ("udp.src_port", "wireguard_response.sender", "wireguard_response.mac2", "fault")


def _frame(source: random.Random) -> bytes:
    """A handshake response (WireGuard (2020) section 5.4.3) after up to three tags, cut off or not."""
    message = pack("<BBH", 2, 0, 0) + source.randbytes(88)
    datagram = pack(">HHHH", source.randrange(50000, 60000), 51820, 8 + len(message), 0) + message
    tags = b"".join(b"\x81\x00" + pack(">H", source.randrange(1, 4095)) for _ in range(source.randrange(4)))
    packet = pack(">BBHIBBH8s", 0x45, 0, 20 + len(datagram), 0, 64, 17, 0, source.randbytes(8)) + datagram
    data = bytes(12) + tags + b"\x08\x00" + packet + source.randbytes(source.randrange(9))
    return data[: source.randrange(14, len(data))] if source.random() < 0.3 else data


def test_wide_headers_have_the_values_of_the_packets() -> None:
    source = random.Random(1)
    frames = [_frame(source) for _ in range(2000)]
    table = oc.columns(frames, _NAMES)
    assert int(table["wireguard_response.sender"].count()) > 1000
    for number, data in enumerate(frames):
        packet = oc.decode(data, lax=True)
        for name in _NAMES[:-1]:
            try:
                value = packet.at(name)
            except oc.MissingHeaderError:
                value = None
            cell = table[name][number]
            assert (None if cell is np.ma.masked else cell) == value, (name, number)
        fault = None if packet.fault is None else type(packet.fault).__name__
        cell = table["fault"][number]
        assert (None if cell is np.ma.masked else str(cell)) == fault, number
