"""The inner hosts of a capture of VXLAN frames, grouped by tshark, scapy and pcaptoparquet, as their users write it."""

from __future__ import annotations

import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path

__all__ = ["PEERS", "Row"]

Row = tuple[str, int, int]
"""A host, and how many packets and octets it has sent."""


def _rows(packets: Counter[str], octets: Counter[str]) -> list[Row]:
    return [(host, count, octets[host]) for host, count in packets.items()]


def _tshark(path: Path) -> list[Row]:
    command = ["tshark", "-n", "-r", str(path), "-T", "fields", "-e", "ip.src", "-e", "frame.len"]
    packets: Counter[str] = Counter()
    octets: Counter[str] = Counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as program:
        assert program.stdout is not None
        for line in program.stdout:
            sources, length = line.split("\t")
            host = sources.rpartition(",")[2]  # the outer address, a comma, the inner one
            packets[host] += 1
            octets[host] += int(length)
    assert program.returncode == 0
    return _rows(packets, octets)


def _scapy(path: Path) -> list[Row]:
    from scapy.layers.inet import IP
    from scapy.layers.vxlan import VXLAN
    from scapy.utils import PcapReader

    packets: Counter[str] = Counter()
    octets: Counter[str] = Counter()
    with PcapReader(str(path)) as reader:
        for packet in reader:
            host = packet[VXLAN][IP].src
            packets[host] += 1
            octets[host] += packet.wirelen
    return _rows(packets, octets)


_HEADERS = 14 + 20 + 8 + 8 + 14 + 20
"""Octets of a frame before the content of its inner IPv4 packet: pcaptoparquet writes only the length of this."""


def _pcaptoparquet(path: Path) -> list[Row]:
    import polars as pl
    from pcaptoparquet import E2EPcap

    parquet = path.with_suffix(".parquet")
    E2EPcap(pcap_full_name=str(path)).export(outformat="parquet", output=str(parquet))
    scan = pl.scan_parquet(parquet).group_by(pl.col("ip_src").cast(pl.String))
    rows = scan.agg(pl.len(), pl.col("ip_len").sum() + _HEADERS * pl.len()).collect().rows()
    parquet.unlink()
    return rows


PEERS: dict[str, Callable[[Path], list[Row]]] = {"tshark": _tshark, "scapy": _scapy, "pcaptoparquet": _pcaptoparquet}
