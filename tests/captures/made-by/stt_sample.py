"""STT frames built by hand, after draft-davie-stt: no stack that speaks STT was at hand.  Usage: stt_sample.py [outdir]"""

import os
import sys

from livelib import csum, eth, ip4, ipv4, pcap_write, struct, udp

OUT = sys.argv[1] if len(sys.argv) > 1 else "captures"
os.makedirs(OUT, exist_ok=True)
HERE, THERE = "10.77.0.1", "10.77.0.2"

inner = eth(
    "02:aa:00:00:00:01",
    "02:bb:00:00:00:02",
    0x800,
    ipv4("192.168.100.2", "192.168.100.1", 17, udp("192.168.100.2", "192.168.100.1", 1000, 2000, b"p" * 600)),
)


def stt(tag, context):
    """version, flags, L4 offset, reserved, MSS, tag, context id, padding; then the inner frame"""
    return struct.pack("!BBBBHHQH", 0, 0, 0, 0, 0, tag, context, 0) + inner


whole = stt(0, 0x1122334455667788)
split = stt(3 << 13 | 1 << 12 | 100, 0xABC)  # PCP 3, tag valid, VID 100


def segment(frame_id, offset, octets, checksum=None):
    """A TCP-shaped header and one segment of a frame; a right checksum, unless told otherwise"""
    sequence = len(whole) << 16 | offset
    head = struct.pack("!HHIIBBHHH", 50000, 7471, sequence, frame_id, 5 << 4, 0x10, 0, 0, 0)
    pseudo = ip4(THERE) + ip4(HERE) + struct.pack("!BBH", 0, 6, len(head) + len(octets))
    right = csum(pseudo + head + octets)
    value = right if checksum is None else checksum(right)
    body = head[:16] + struct.pack("!H", value) + head[18:] + octets
    return eth("02:00:00:00:00:0a", "02:00:00:00:00:0b", 0x800, ipv4(THERE, HERE, 6, body))


pcap_write(
    os.path.join(OUT, "python-stt-sample.pcap"),
    [
        segment(1, 0, whole),
        segment(1, 0, whole, lambda right: right + 1),
        segment(1, 0, whole, lambda right: 0),
        segment(9, 0, split[:300]),
        segment(9, 300, split[300:]),
        segment(10, 300, split[300:]),  # out of order
        segment(10, 0, split[:300]),
    ],
)
