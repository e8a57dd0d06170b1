"""Every reader gives all packets before the place where a source fails, and then the error."""

from __future__ import annotations

import errno
import gzip
import io
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, Literal, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

import overlaycodec as oc
from overlaycodec import cli
from overlaycodec.capture.buffered_reader import BufferedReader
from tests.tools import readers
from tests.tools.capture_files import BIG, LITTLE, Blocks, pcap, record

Form = Literal["pcap", "pcapng"]
FORMS: Final[tuple[Form, ...]] = ("pcap", "pcapng")
INNER_VLAN: Final = Path(__file__).parents[1] / "captures" / "kernel-vxlan-inner-vlan.pcap"
TRAILER: Final = 8
"""Octets at the end of a gzip member: CRC and length."""


def content_of(form: Form, packets: list[bytes], *, order: Blocks = LITTLE) -> bytes:
    """A capture of these packets; in pcapng, every third one has a comment, which columns do not read in bulk."""
    if form == "pcap":
        return pcap(
            *(record(data, seconds, order=order.order) for seconds, data in enumerate(packets)), order=order.order
        )
    blocks = [
        order.enhanced(data, *([(1, b"note")] if ticks % 3 == 2 else []), ticks=ticks)
        for ticks, data in enumerate(packets)
    ]
    return b"".join([order.section(), order.interface(), *blocks])


class Packed(NamedTuple):
    """A packed capture, and where it is damaged."""

    data: bytes
    packets: int
    """How many the undamaged capture has."""
    complete: bool
    """Whether the damage is behind all packets."""


@st.composite
def damaged(draw: st.DrawFn) -> Packed:
    packets = draw(st.lists(st.binary(max_size=80) | st.just(bytes(300)), max_size=30))
    content = content_of(draw(st.sampled_from(FORMS)), packets, order=draw(st.sampled_from([LITTLE, BIG])))
    cuts = sorted(draw(st.lists(st.integers(0, len(content)), max_size=2)))
    members = [
        gzip.compress(content[start:end], draw(st.sampled_from([0, 1, 9])), mtime=0)
        for start, end in zip([0, *cuts], [*cuts, len(content)], strict=True)
    ]
    damage = draw(st.sampled_from(["cut", "trailer cut", "wrong trailer", "junk behind", "octet", "none"]))
    packed = bytearray(b"".join(members))
    if damage == "cut":
        del packed[draw(st.integers(0, len(packed))) :]
    elif damage == "trailer cut":
        del packed[-draw(st.integers(1, TRAILER)) :]
    elif damage == "wrong trailer":
        number = draw(st.integers(1, len(members)))
        packed[sum(map(len, members[:number])) - draw(st.integers(1, TRAILER))] ^= draw(st.integers(1, 255))
        return Packed(bytes(packed), len(packets), number == len(members))
    elif damage == "junk behind":
        packed += b"junk" + draw(st.binary(max_size=20))
    elif damage == "octet":
        packed[draw(st.integers(0, len(packed) - 1))] ^= draw(st.integers(1, 255))
    return Packed(bytes(packed), len(packets), damage not in ("cut", "octet"))


SIZES: Final = [(1 << 22, 1 << 18), (1 << 12, 1 << 8), (64, 64), (1 << 10, 7)]
"""Octets that are read at once for columns, and at first or unpacked."""


@given(damaged(), st.sampled_from(SIZES), st.data())
def test_readers_agree_on_damaged_packed_captures(packed: Packed, sizes: tuple[int, int], data: st.DataObject) -> None:
    most = data.draw(st.sampled_from([1, 5, 1 << 20]))
    makers: list[Callable[[], bytes | io.BytesIO | readers.FailingStream]] = [
        lambda: packed.data,
        lambda: io.BytesIO(packed.data),
        lambda: readers.FailingStream(packed.data, OSError(errno.EIO, "no more"), most),
    ]
    with readers.piece_sizes(content=sizes[0], chunk=sizes[1]):
        found = readers.check(data.draw(st.sampled_from(makers)))
    if packed.complete:
        assert len(found.rows) == packed.packets


@given(damaged(), st.integers(0, 400))
def test_readers_agree_on_streams_that_fail(packed: Packed, cut: int) -> None:
    """Of packed and of plain captures, whatever is raised."""
    content = packed.data if cut % 2 else content_of("pcapng" if cut % 4 else "pcap", [bytes(cut % 50)] * 9)
    for error in (OSError(errno.EIO, "no more"), EOFError("no end"), oc.CaptureError("damaged", 7)):
        found = readers.check(lambda error=error: readers.FailingStream(content[:cut], error))  # type: ignore[misc]
        if content is not packed.data:
            assert found.error == (type(error), str(error))


LARGE: Final = 6_000
"""Packets of 1000 octets: more than columns read at once."""


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("place", ["middle", "trailer"])
def test_of_a_large_packed_capture_no_packet_is_lost(form: Form, place: str) -> None:
    content = content_of(form, [bytes([number % 251]) * 1000 for number in range(LARGE)])
    packed = gzip.compress(content, 1)
    found = readers.check(lambda: packed[: len(packed) // 2 if place == "middle" else -4])
    assert found.error is not None
    assert found.error[1].startswith("the gzip data is truncated")
    assert len(found.rows) == LARGE if place == "trailer" else LARGE // 3 < len(found.rows) < LARGE


def test_a_window_gives_the_octets_before_an_error_and_raises_it_again() -> None:
    def pieces() -> Iterator[bytes]:
        yield b"abc"
        yield b"de"
        raise oc.CaptureError("damaged", 5)

    stream = BufferedReader(pieces())
    buffer = bytearray(9)
    assert stream.read_into(memoryview(buffer)) == 5
    assert stream.read_into(memoryview(buffer)) == 0
    stream.unread(bytes(buffer[1:5]))
    assert (stream.octet, stream.has(4), stream.available) == (1, True, 4)
    for _ in range(2):
        with pytest.raises(oc.CaptureError, match="damaged"):
            stream.has(5)
        assert stream.buffer[stream.at :] == b"bcde"


def test_records_that_fail_are_read_as_far_as_they_go() -> None:
    """Records that come from elsewhere, such as from another capture or a network."""

    def records() -> Iterator[oc.Record]:
        yield from [oc.Record(b"data")] * 9
        raise ConnectionError

    rows: list[int] = []
    with pytest.raises(ConnectionError):
        rows.extend(len(table) for table in oc.iter_columns(records(), ["fault"]))
    assert sum(rows) == 9


# --- the commands -----------------------------------------------------------------------------------------------------


PACKETS: Final = 9


@pytest.fixture(params=["pcap", "pcapng"])
def cut(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A packed capture without the end of its trailer."""
    stream = io.BytesIO()
    with oc.open_capture(INNER_VLAN) as capture:
        assert oc.write_capture(stream, capture, format=request.param) == PACKETS
    path = tmp_path / f"cut.{request.param}.gz"
    path.write_bytes(gzip.compress(stream.getvalue())[:-4])
    return path


def run(capsys: pytest.CaptureFixture[str], *words: str | Path, status: int = 1) -> str:
    """The standard output of a command that complains of the damage."""
    assert cli.main([*map(str, words)]) == status
    found = capsys.readouterr()
    assert "truncated" in found.err
    assert found.err.count("truncated") == 1
    return found.out + found.err


@pytest.mark.parametrize("names", [("-f", "vxlan.vni"), ()])
def test_export(names: tuple[str, ...], cut: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = run(capsys, "export", *names, cut, tmp_path / "out.jsonl")
    assert f"the {PACKETS} packets before that are in {tmp_path}" in text
    lines = (tmp_path / "out.jsonl").read_text().splitlines()
    assert [json.loads(line)["vxlan.vni"] for line in lines] == [100] * PACKETS


def test_stats(cut: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert f"  packets     {PACKETS}\n" in run(capsys, "stats", cut)


def test_show(cut: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "show", cut).count("vxlan 100") == PACKETS


def test_diagnose(cut: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert f"{PACKETS} packets: " in run(capsys, "diagnose", cut)


@pytest.mark.parametrize(
    "words",
    [
        ("decap", "IN", "OUT"),
        ("encap", "--vni", "1", "--src", "10.0.0.1", "--dst", "10.0.0.2", "IN", "OUT"),
        ("vlan", "push", "--vid", "7", "IN", "OUT"),
    ],
    ids=lambda words: words[0],
)
def test_rewriting(words: tuple[str, ...], cut: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "out.pcapng"
    text = run(capsys, *({"IN": cut, "OUT": target}.get(word, word) for word in words))
    assert f"{PACKETS} packets read, {PACKETS} written" in text
    with oc.open_capture(target) as capture:
        assert len(list(capture)) == PACKETS


@pytest.mark.parametrize("names", [("-f", "vxlan.vni"), ()])
@pytest.mark.parametrize("command", ["export", "stats"])
def test_a_standard_input_that_fails(
    command: str, names: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stream = readers.FailingStream(INNER_VLAN.read_bytes()[:500], OSError(errno.EIO, os.strerror(errno.EIO)))
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BufferedReader(stream)))
    words = ["export", *names, "--format", "jsonl", "-", "-"] if command == "export" else ["stats", "--json", "-"]
    assert cli.main(words) == 1
    said = capsys.readouterr()
    assert said.err.startswith(f"overlaycodec: -: {os.strerror(errno.EIO)}")
    lines = [json.loads(line) for line in said.out.splitlines()]
    if command == "export":
        assert [line["vxlan.vni"] for line in lines] == [100] * 3
    else:
        assert [line["packets"] for line in lines] == [3]


def test_diff(cut: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with oc.open_capture(INNER_VLAN) as capture:
        records = list(capture)
    longer = tmp_path / "longer.pcap"
    oc.write_capture(longer, [*records, *(oc.Record(number.to_bytes(2, "big") * 30) for number in range(5000))])
    for pair in ((cut, longer), (longer, cut), (cut, cut)):
        text = run(capsys, "diff", *pair, status=2)
        assert "5000" not in text
        assert f"{PACKETS} the same" in text
