"""Every command with standard streams that are closed, full, not UTF-8 or without a reader, and without docstrings."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import pytest

import overlaycodec as oc
from tests.cli.every_command import NEEDED, WRITERS, commands, words_of
from tests.cli.test_cli import CAPTURES, INNER_VLAN
from tests.tools.capture_files import LITTLE
from tests.tools.program import COMMAND, environment, run

OTHER: Final = CAPTURES / "kernel-vxlan-gbp.pcap"
WORDS: Final = {name: words_of(name, command) for name, command in commands().items() if name not in NEEDED}
READERS: Final = [name for name, words in WORDS.items() if "FILE" in words]
STREAMS: Final = ("stdin", "stdout", "stderr")
SURVEY: Final = [pytest.mark.survey]
FULL: Final = os.strerror(errno.ENOSPC)
HOSTILE: Final = "é中\x1b[31m\u202e\U0001f4a9"
"""A comment with letters of few encodings, a control sequence, a change of direction, and a sign beyond 16 bits."""


def test_the_table_has_every_command() -> None:
    assert {"show", "headers", "diagram", "diagnose", "stats", "export", "diff", "decap", "encap"} < WORDS.keys()
    assert {name for name in WORDS if name.startswith("vlan ")} == {
        *("vlan push", "vlan pop", "vlan translate", "vlan normalise")
    }


class Outcome(NamedTuple):
    status: int
    stderr: str


def runs_of(target: str | Path = "-", file: str | Path = INNER_VLAN) -> dict[str, list[str]]:
    """The arguments of each command, with these files."""
    files = {"FILE": str(file), "OTHER": str(OTHER), "TARGET": str(target)}
    return {name: [files.get(word, word) for word in words] for name, words in WORDS.items()}


def outcomes(
    runs: dict[str, list[str]],
    tmp_path: Path,
    shell: str = "",
    python: Sequence[str] = (),
    stdout: int = subprocess.DEVNULL,
    environ: Mapping[str, str] = MappingProxyType({}),
) -> dict[str, Outcome]:
    """The outcome of each run, in one process; `shell` has redirections of its streams."""
    results = tmp_path / "results.json"
    done = subprocess.run(
        [
            *("sh", "-c", f'"$@" {shell}', "sh", sys.executable, *python, "-m", "tests.cli.every_command"),
            *(str(results), json.dumps(list(runs.values()))),
        ],
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.PIPE,
        env=environment(**environ),
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    statuses: list[Any] = json.loads(results.read_text())  # Any: a status, or a traceback
    for status in statuses:
        assert isinstance(status, int), status
    said = done.stderr.decode(errors="backslashreplace").split("\0")[1:] or [""] * len(statuses)
    return {name: Outcome(*pair) for name, *pair in zip(runs, statuses, said, strict=True)}


def trouble(name: str) -> int:
    """The exit status of a command for trouble: 1 of `diff` means that the captures differ."""
    return 2 if name == "diff" else 1


def usual(name: str) -> int:
    """The exit status where nothing is wrong: the captures differ."""
    return int(name == "diff")


@pytest.mark.survey
@pytest.mark.parametrize("closed", [set(streams) - {""} for streams in product(*(("", name) for name in STREAMS))])
@pytest.mark.parametrize("file", [INNER_VLAN, "-"], ids=["file", "stdin"])
def test_closed_streams(closed: set[str], file: Path | str, tmp_path: Path) -> None:
    """A command that needs none of them runs as always; another one gives a sentence and a status."""
    shell = " ".join(f"{STREAMS.index(name)}>&-" for name in closed)
    if file == "-" and "stdin" not in closed:
        shell += f" <{INNER_VLAN}"
        names = ["show"]  # the input is read once
    else:
        names = READERS if file == "-" else list(WORDS)
    runs = {name: words for name, words in runs_of(file=file).items() if name in names}
    for name, (status, said) in outcomes(runs, tmp_path, shell).items():
        sentences = {
            *(["overlaycodec: -: the standard input is closed"] if file == "-" and "stdin" in closed else []),
            *(["overlaycodec: the standard output: it is closed"] if "stdout" in closed else []),
        }
        lines = said.splitlines()
        if not sentences:
            assert status == usual(name), said
        else:
            assert status == trouble(name), (name, said)
        if "stderr" not in closed and sentences:
            assert lines, name
            assert set(lines) <= sentences, name
            assert len(lines) == len(set(lines))


def test_no_file_gets_the_number_of_a_closed_stream() -> None:
    """A library that writes to descriptor 2 would write into the file."""
    code = """
import os
from overlaycodec.cli.standard_streams import standard_streams
with standard_streams():
    os.write(1, b"%d" % os.open(os.devnull, os.O_RDONLY))
"""
    words = ["sh", "-c", '"$@" <&- 2>&-', "sh", sys.executable, "-c", code]
    assert int(subprocess.run(words, stdout=subprocess.PIPE, env=environment(), check=True).stdout) > 2


@pytest.mark.survey
@pytest.mark.parametrize("name", WRITERS)
def test_a_target_needs_no_standard_stream(name: str, tmp_path: Path) -> None:
    usual, target = tmp_path / "usual.pcap", tmp_path / "target.pcap"
    run(*runs_of(usual)[name])
    done = subprocess.run(
        ["sh", "-c", '"$@" <&- >&- 2>&-', "sh", *COMMAND, *runs_of(target)[name]],
        env=environment(),
        timeout=60,
        check=False,
    )
    assert done.returncode == 0
    assert target.read_bytes() == usual.read_bytes()


def test_a_full_disk(tmp_path: Path) -> None:
    for name, found in outcomes(runs_of(), tmp_path, ">/dev/full").items():
        assert found == (trouble(name), f"overlaycodec: the standard output: {FULL}\n"), name


def test_a_full_disk_of_messages(tmp_path: Path) -> None:
    """A message that cannot be written changes no status."""
    for name, found in outcomes(runs_of(), tmp_path, "2>/dev/full").items():
        assert found.status == usual(name)
    runs = {name: words for name, words in runs_of(file=tmp_path / "absent.pcap").items() if name in READERS}
    for name, found in outcomes(runs, tmp_path, "2>/dev/full").items():
        assert found.status == trouble(name)


def test_help_and_version_on_a_full_disk(tmp_path: Path) -> None:
    runs = {name: [*name.split(), "--help"] for name in WORDS}
    runs |= {"version": ["--version"], "help": ["--help"], "vlan": ["vlan", "--help"]}
    for found in outcomes(runs, tmp_path, ">/dev/full").values():
        assert found == (1, f"overlaycodec: the standard output: {FULL}\n")


def test_a_message_is_not_lost_where_the_output_is(tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.pcap"
    damaged.write_bytes(INNER_VLAN.read_bytes()[:-1])
    for name, found in outcomes({"show": ["show", str(damaged)]}, tmp_path, ">/dev/full").items():
        assert found.status == trouble(name)
        damage, full = found.stderr.splitlines()
        assert damage.startswith(f"overlaycodec: {damaged}: ")
        assert full == f"overlaycodec: the standard output: {FULL}"


@pytest.fixture
def unread() -> Iterator[int]:
    """A pipe that nobody reads any more."""
    reader, writer = os.pipe()
    os.close(reader)
    yield writer
    os.close(writer)


def test_a_reader_that_is_gone(unread: int, tmp_path: Path) -> None:
    for name, found in outcomes(runs_of(), tmp_path, stdout=unread).items():
        assert found == (141, ""), name


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=SURVEY * (name not in ("decap", "headers"))) for name in WORDS]
)
def test_a_process_whose_reader_is_gone(name: str, unread: int) -> None:
    """Python says nothing either, when it flushes the stream at its end."""
    done = subprocess.run(
        [*COMMAND, *runs_of()[name]], stdout=unread, stderr=subprocess.PIPE, env=environment(), check=False, timeout=60
    )
    assert (done.returncode, done.stderr) == (141, b"")


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """A capture with hostile text as the name of its interface and the comment of its packet, and in its own name."""
    path = tmp_path / f"{HOSTILE.encode().hex()}-{os.fsdecode(bytes([0xFF, 10, 0xC3, 0xA9]))}.pcapng"
    text = HOSTILE.encode()
    path.write_bytes(
        LITTLE.section() + LITTLE.interface((2, text), (3, text)) + LITTLE.enhanced(bytes(12) + b"\x08\x06", (1, text))
    )
    return path


@pytest.mark.parametrize(
    "environ",
    [
        {"PYTHONIOENCODING": "ascii"},
        pytest.param({"PYTHONIOENCODING": "latin-1"}, marks=SURVEY),
        pytest.param({"PYTHONIOENCODING": "cp1252:surrogateescape"}, marks=SURVEY),
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"LC_ALL": "C"},
    ],
    ids=str,
)
def test_encodings_that_lack_letters(environ: dict[str, str], hostile: Path, tmp_path: Path) -> None:
    runs = runs_of(file=hostile)
    runs["show -v"] = ["show", "-v", "-x", str(hostile)]
    runs["show --json"] = ["show", "--json", str(hostile)]
    runs["absent"] = ["show", str(hostile) + "x"]
    runs["misuse"] = ["show", "--" + HOSTILE, str(hostile)]
    for name, found in outcomes(runs, tmp_path, environ=environ).items():
        status = {"absent": 1, "misuse": 2}.get(name, usual(name))
        assert found.status == status, (name, found.stderr)
        assert all(line.startswith("overlaycodec: ") for line in found.stderr.splitlines())
        assert "\x1b" not in found.stderr


def test_without_docstrings_commands_do_the_same(tmp_path: Path) -> None:
    files = {}
    for mode in ((), ("-OO",)):
        lines = tmp_path / f"out{len(mode)}"
        outcomes(runs_of(), tmp_path, f">{lines}", mode)
        files[mode] = lines.read_bytes()
    purposes = {header.__layout__.purpose.splitlines()[0] for header in oc.DEFAULT.headers}
    with_docstrings = files[()].decode(errors="replace")
    for purpose in purposes:
        with_docstrings = with_docstrings.replace(f"  {purpose}  ", "    ")
    assert with_docstrings == files["-OO",].decode(errors="replace")


# --- errors, and the names of files ----------------------------------------------------------------------------------


def test_misuse_is_one_line_with_the_prefix(tmp_path: Path) -> None:
    runs = {name: [*name.split(), "--no-such-option"] for name in WORDS}
    runs |= {f"without {name}": [*name.split(), "--"] for name in WORDS if name not in ("conformance", "headers")}
    runs |= {"no command": ["nothing"], "vlan": ["vlan", "nothing"], "option": ["--nothing"]}
    for name, (status, said) in outcomes(runs, tmp_path).items():
        assert status == 2, name
        assert said.startswith("overlaycodec: "), (name, said)
        assert said.count("\n") == 1


def test_an_absent_folder_has_the_name_that_the_user_gave(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    runs = {name: words for name, words in runs_of("absent/out.pcap").items() if name in WRITERS}
    for name, found in outcomes(runs, tmp_path).items():
        assert found == (1, f"overlaycodec: absent/out.pcap: {os.strerror(errno.ENOENT)}\n"), name


NAMES: Final = {
    "letters": b"a" * 250,
    "letters of three octets": "中".encode() * 83 + b"a",
    "letters of four octets": "\U0001f4a9".encode() * 62 + b"ab",
    "odd octets": bytes(range(128, 256)) + b"\xff" * 122,
}


@pytest.mark.survey
@pytest.mark.parametrize("stem", NAMES)
@pytest.mark.parametrize("name", WRITERS)
def test_a_name_of_255_octets(name: str, stem: str, tmp_path: Path) -> None:
    target = os.fsdecode(os.path.join(os.fsencode(tmp_path), NAMES[stem] + b".pcap"))
    assert len(os.fsencode(os.path.basename(target))) == 255
    done = run(*runs_of(target)[name])
    assert done.returncode == 0, done.stderr
    assert os.listdir(tmp_path) == [os.path.basename(target)]
    done = run(*runs_of(target + "x")[name])
    assert done.returncode != 0
    assert done.stderr.startswith(b"overlaycodec: ")
    assert done.stderr.count(b"\n") == 1


def test_the_copy_of_the_standard_input_on_a_full_disk() -> None:
    """A process that may write files of at most a kilobyte."""
    reason = os.strerror(errno.EFBIG)
    done = subprocess.run(
        ["sh", "-c", 'ulimit -f 1; exec "$@"', "sh", *COMMAND, "stats", "-"],
        input=INNER_VLAN.read_bytes() + bytes(5000),
        capture_output=True,
        env=environment(PYTHONDONTWRITEBYTECODE="1"),
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.decode() == f"overlaycodec: the copy of the standard input: {reason}\n"
