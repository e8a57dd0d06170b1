"""A capture of seven-header VXLAN frames into twenty columns: this library and its peers, each from the file."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from typing import Any, NamedTuple

from bench.peers.base import Taken

__all__ = ["COLUMNS", "PARSER", "Taker", "takers"]

COLUMNS = (
    "time_ns", "wire_length", "outer.ethernet.dst", "outer.ethernet.src", "outer.ipv4.src", "outer.ipv4.dst",
    "outer.ipv4.ttl", "outer.udp.src_port", "vxlan.vni", "inner.ethernet.dst", "inner.ethernet.src", "inner.ipv4.src",
    "inner.ipv4.dst", "inner.ipv4.ttl", "inner.ipv4.identification", "inner.tcp.src_port", "inner.tcp.dst_port",
    "inner.tcp.sequence", "inner.tcp.window", "fault",
)  # fmt: skip
PARSER = "gopacket, DecodingLayerParser"
_MODULO = 1 << 64


class Taker(NamedTuple):
    """Somebody who can do it."""

    name: str
    take: Callable[[Path, int], Taken]
    share: int
    """One packet in so many is theirs: slow ones get a shorter file."""


def _ours(path: Path, packets: int) -> Taken:
    import numpy as np

    import overlaycodec

    start = time.process_time()
    table = overlaycodec.columns(path, COLUMNS)
    seconds = time.process_time() - start
    sums = [int(table[name].filled(0).astype(np.uint64).sum(dtype=np.uint64)) for name in COLUMNS[:-1]]
    return Taken(seconds, len(table), [*sums, int(table["fault"].count())])


def _number(octets: bytes) -> int:
    return int.from_bytes(octets, "big")


def _summed(seconds: float, rows: list[tuple[Any, ...]]) -> Taken:  # Any: what a library gives for a value
    columns = list(zip(*rows, strict=True))
    return Taken(seconds, len(rows), [sum(map(_plain, column)) % _MODULO for column in columns])


def _plain(value: Any) -> int:  # Any: as above
    if isinstance(value, bytes):
        return _number(value)
    if isinstance(value, str) and not value.isdigit():
        return _number(bytes.fromhex(value.replace(":", "")) if ":" in value else bytes(map(int, value.split("."))))
    return int(value)


def _dpkt(path: Path, packets: int) -> Taken:
    import dpkt

    from bench.peers.dpkt_ import DpktVXLAN

    rows = []
    start = time.process_time()
    with path.open("rb") as file:
        for stamp, data in dpkt.pcap.Reader(file):
            ethernet = dpkt.ethernet.Ethernet(data)
            ip = ethernet.data
            udp = ip.data
            vxlan = DpktVXLAN(udp.data)
            inner = vxlan.data
            inner_ip = inner.data
            tcp = inner_ip.data
            rows.append((
                round(stamp * 1_000_000) * 1000, len(data), ethernet.dst, ethernet.src, ip.src, ip.dst, ip.ttl,
                udp.sport, vxlan.vni, inner.dst, inner.src, inner_ip.src, inner_ip.dst, inner_ip.ttl, inner_ip.id,
                tcp.sport, tcp.dport, tcp.seq, tcp.win, 0,
            ))  # fmt: skip
    return _summed(time.process_time() - start, rows)


def _scapy(path: Path, packets: int) -> Taken:
    from scapy.layers.inet import IP, TCP, UDP
    from scapy.layers.vxlan import VXLAN
    from scapy.utils import PcapReader

    rows = []
    start = time.process_time()
    with PcapReader(str(path)) as reader:
        for ethernet in reader:
            ip = ethernet[IP]
            vxlan = ip[VXLAN]
            inner = vxlan.payload
            inner_ip = inner.payload
            tcp = inner_ip[TCP]
            rows.append((
                ethernet.time * 1_000_000_000, ethernet.wirelen, ethernet.dst, ethernet.src, ip.src, ip.dst, ip.ttl,
                ip[UDP].sport, vxlan.vni, inner.dst, inner.src, inner_ip.src, inner_ip.dst, inner_ip.ttl, inner_ip.id,
                tcp.sport, tcp.dport, tcp.seq, tcp.window, 0,
            ))  # fmt: skip
    return _summed(time.process_time() - start, rows)


_TSHARK = ("frame.time_epoch", "frame.len", "eth.dst", "eth.src", "ip.src", "ip.dst", "ip.ttl", "udp.srcport",
           "vxlan.vni", "ip.id", "tcp.srcport", "tcp.dstport", "tcp.seq_raw", "tcp.window_size_value")  # fmt: skip


def _tshark(path: Path, packets: int) -> Taken:
    command = ["tshark", "-n", "-r", str(path), "-T", "fields", "-E", "separator=|"]
    for name in _TSHARK:
        command += ["-e", name]
    before = getrusage(RUSAGE_CHILDREN)
    text = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    after = getrusage(RUSAGE_CHILDREN)
    seconds = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return _summed(seconds, list(_tshark_rows(text.splitlines())))


def _tshark_rows(lines: Iterable[str]) -> Iterable[tuple[Any, ...]]:  # Any: text and numbers
    for line in lines:
        stamp, length, dst, src, ip_src, ip_dst, ttl, port, vni, identification, *numbers = line.split("|")
        outer = [value.split(",") for value in (dst, src, ip_src, ip_dst, ttl)]
        second, nanosecond = stamp.split(".")
        yield (
            int(second) * 1_000_000_000 + int(nanosecond), length, *(value[0] for value in outer), port, vni,
            *(value[1] for value in outer), int(identification.split(",")[1], 16), *numbers, 0,
        )  # fmt: skip


def _apart(name: str, path: Path, packets: int) -> Taken:
    """One of the libraries in a process of its own, as the programs are: what it leaves behind slows nobody down."""
    command = [sys.executable, "-m", "bench.peers.tables", name, str(path), str(packets)]
    found = json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout)
    return Taken(*found)


def takers(folder: Path, *, programs: bool) -> tuple[list[Taker], list[str]]:
    """Those that are there, this library first, and those that are not; the folder holds what is built.

    Without `programs`, libraries alone.
    """
    from bench.peers import gopacket_

    found, absent = [Taker("overlaycodec", _ours, 1)], []
    reason = gopacket_.ready(folder) if programs else "not asked"
    if reason is None:
        found.append(Taker(PARSER, gopacket_.by_parser, 1))
        found.append(Taker("gopacket, NewPacket", gopacket_.by_packet, 1))
    else:
        absent.append(f"gopacket ({reason})")
    peers: list[tuple[str, bool, Callable[[Path, int], Taken], int]] = [
        ("dpkt", find_spec("dpkt") is not None, partial(_apart, "dpkt"), 10),
        ("tshark", programs and shutil.which("tshark") is not None, _tshark, 20),
        ("scapy", find_spec("scapy") is not None, partial(_apart, "scapy"), 200),
    ]
    for name, there, take, share in peers:
        if there:
            found.append(Taker(name, take, share))
        else:
            absent.append(name)
    return found, absent


if __name__ == "__main__":
    _, library, capture, count = sys.argv
    print(json.dumps({"dpkt": _dpkt, "scapy": _scapy}[library](Path(capture), int(count))))
