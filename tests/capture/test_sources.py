"""Where captures come from: compressed files, URLs, lists and patterns; and files of other formats, which are named.

The first octets of other formats are of files that Wireshark's editcap 4.0, lz4 1.9 and zip 3.0 wrote.
"""

from __future__ import annotations

import bz2
import lzma
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import overlaycodec as oc
from tests.tools.capture_files import pcap, record

DATA = pcap(*(record(bytes([number % 251]) * 100, number) for number in range(20_000)))


def zstd() -> Any:
    """The module for zstd."""
    for name in ("compression.zstd", "backports.zstd"):
        try:
            return import_module(name)
        except ModuleNotFoundError:
            continue
    return pytest.skip("no module for zstd")


def compressed(kind: str, data: bytes) -> bytes:
    """Two members, as `cat` makes them of two files."""
    half = len(data) // 2
    if kind == "zstd":
        module = zstd()
        options = {module.CompressionParameter.checksum_flag: 1}
        return b"".join(module.compress(part, options=options) for part in (data[:half], data[half:]))
    compress = lzma.compress if kind == "xz" else bz2.compress
    return bytes(compress(data[:half]) + compress(data[half:]))


def read(source: Any) -> tuple[list[oc.Record], oc.CaptureError | None]:
    """The records before the damage, and the error."""
    records: list[oc.Record] = []
    try:
        with oc.open_capture(source) as capture:
            records.extend(capture)
    except oc.CaptureError as error:
        return records, error
    return records, None


@pytest.mark.parametrize("kind", ["xz", "bzip2", "zstd"])
def test_compressed_captures_are_known_by_their_first_octets(kind: str, tmp_path: Path) -> None:
    packed = compressed(kind, DATA)
    path = tmp_path / "named.pcap"
    path.write_bytes(packed)
    assert read(path) == read(packed) == read(DATA)
    for cut in (7, len(packed) // 3, len(packed) - 1):
        records, error = read(packed[:cut])
        assert error is not None
        assert "truncated" in error.reason or "octets" in error.reason
        assert records == read(DATA)[0][: len(records)]
    damaged = bytearray(packed)
    damaged[-len(packed) // 4] ^= 0xFF
    records, error = read(bytes(damaged))
    assert error is not None
    assert kind in error.reason
    assert records[:9_000] == read(DATA)[0][:9_000]  # the first member is whole; a checksum comes after what it covers


def test_skipped_frames_of_zstd_are_skipped() -> None:
    skipped = bytes.fromhex("502a4d18 03000000 010203")  # RFC 8878 section 3.1.2
    assert read(skipped + zstd().compress(DATA)) == read(DATA)


def test_zstd_without_its_module_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "compression.zstd", None)
    monkeypatch.setitem(__import__("sys").modules, "backports.zstd", None)
    with pytest.raises(ModuleNotFoundError, match=r"overlaycodec\[zstd\]"):
        oc.open_capture(bytes.fromhex("28b52ffd2000"))


@pytest.mark.parametrize(
    ("head", "named"),
    [
        ("736e6f6f70000000000000020000000400000061000000610000007c00000000", "a snoop file"),
        ("474d425500020100ea070b0000001600150025000e002702ea04000028000000", "a Network Monitor 2 file"),
        ("5452006400000000000000802f746d702f77697265736861726b2e5452433030", "a nettl file"),
        ("5452534e4946462064617461202020201a010012000000040000000000765d04", "a Sniffer file"),
        ("4f62736572766572506b7442756666657256657273696f6e3d31352e30300000", "an Observer file"),
        ("04224d186440a74201000086d4c3b2a1", "compressed with lz4"),
        ("02214c184201000000000000", "lz4, in its old format"),
        ("504b030414000000", "a zip archive"),
        ("00000000f1537765 0200 0070 0000 005a 0000" + "00" * 14, "an ERF file"),
    ],
)
def test_other_formats_are_named(head: str, named: str) -> None:
    with pytest.raises(oc.CaptureError, match=named) as caught:
        oc.open_capture(bytes.fromhex(head))
    assert caught.value.reason.startswith("neither pcap nor pcapng: it ")


def test_octets_that_nothing_is_known_of_are_shown() -> None:
    with pytest.raises(oc.CaptureError, match="it begins with 61 62 63 64"):
        oc.open_capture(b"abcdefgh" * 10)


class Store(BaseHTTPRequestHandler):
    """A store as S3 is one: parts of objects, by ranges."""

    def do_HEAD(self) -> None:
        self._head(200, len(DATA))

    def do_GET(self) -> None:
        first, _, last = self.headers.get("Range", "bytes=0-").removeprefix("bytes=").partition("-")
        part = DATA[int(first) : int(last or len(DATA) - 1) + 1]
        self._head(206, len(part), f"bytes {first}-{int(first) + len(part) - 1}/{len(DATA)}")
        self.wfile.write(part)

    def _head(self, status: int, octets: int, part: str = "") -> None:
        self.send_response(status)
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(octets))
        if part:
            self.send_header("Content-Range", part)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing."""


@contextmanager
def store() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Store) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/trace.pcap"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.filterwarnings("ignore")  # of the HTTP client
def test_captures_in_a_store() -> None:
    fsspec = pytest.importorskip("fsspec")
    pytest.importorskip("aiohttp")
    with store() as url:
        assert read(url) == read(DATA)
        assert read(fsspec.open(url)) == read(DATA)
        found = oc.splits(url, octets=1_200_000)
        assert len(found) == 2
        assert [record for split in found for record in split.records()] == read(DATA)[0]


def test_files_of_other_libraries() -> None:
    fsspec = pytest.importorskip("fsspec")
    memory = fsspec.filesystem("memory")
    for name in ("b.pcap", "a.pcap"):
        memory.pipe(f"/captures/{name}", DATA)
    assert read("memory://captures/a.pcap") == read(DATA)
    with memory.open("/captures/a.pcap") as file:
        assert read(file) == read(DATA)
    found = oc.splits("memory://captures/*.pcap")
    assert [split.path for split in found] == ["memory:///captures/a.pcap", "memory:///captures/b.pcap"]


def test_a_file_of_pyarrow(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    path = tmp_path / "some.pcap"
    path.write_bytes(DATA)
    for opened in (pyarrow.OSFile(str(path)), pyarrow.memory_map(str(path)), pyarrow.BufferReader(DATA)):
        with opened:
            assert read(opened) == read(DATA)


def test_a_url_without_fsspec_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "fsspec", None)
    with pytest.raises(ModuleNotFoundError, match=r"overlaycodec\[remote\]"):
        oc.open_capture("s3://bucket/trace.pcap")


def test_patterns_and_lists(tmp_path: Path) -> None:
    for name in ("b.pcap", "a.pcap", "[x].pcap"):
        (tmp_path / name).write_bytes(pcap(record(name.encode(), 1)))
    assert [Path(split.path).name for split in oc.splits(str(tmp_path / "?.pcap"))] == ["a.pcap", "b.pcap"]
    assert [Path(split.path).name for split in oc.splits([tmp_path / "b.pcap", tmp_path / "[x].pcap"])] == [
        "b.pcap",
        "[x].pcap",
    ]
    with pytest.raises(FileNotFoundError, match="no file matches"):
        oc.splits(str(tmp_path / "*.pcapng"))
    with pytest.raises(TypeError, match=r"source\[1\] is bytes"):
        oc.splits([tmp_path / "a.pcap", b"octets"])  # type: ignore[list-item]
