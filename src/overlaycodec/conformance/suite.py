"""The suite: packets with what is known of them from outside, a JSON object on each line of a file.

`suite.jsonl` is written by a program from the project's vectors, captures of real stacks, packets of another encoder,
and rules of specifications; docs/conformance.md says how. `case.schema.json` describes a line.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final, Literal, TypeAlias

import msgspec

from overlaycodec.capture import Record
from overlaycodec.describe.plain import Plain

__all__ = ["EVIDENCE", "VERSION", "Case", "Evidence", "schema", "suite", "suite_text"]

VERSION: Final = "1.0"
"""The version of the suite: the first number changes where an expectation does, the second where cases are added."""

Evidence: TypeAlias = Literal["capture", "encoder", "specification", "rule"]
EVIDENCE: Final[Mapping[Evidence, str]] = {
    "capture": "octets of a real stack, values by another decoder",
    "encoder": "octets of another encoder, values by it and by another decoder",
    "specification": "octets laid out after the figure of a specification, values from it or by another decoder",
    "rule": "a rule of a specification that the octets break",
}
"""What the expectation of a case rests on; never on this library."""


class Case(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A packet, and what a decoder must read in it."""

    name: str
    """Unique in the suite: `vxlan/vni-0`."""
    protocol: str
    """The header that the case is about, as `overlaycodec headers` lists it."""
    spec: str
    """The section of the specification."""
    evidence: Evidence
    source: str
    """Where the octets and the values come from, or the rule that is broken."""
    link_type: int
    """The number of the link type, as in capture files."""
    hex: str
    """The octets."""
    stack: tuple[str, ...]
    """The path of each header up to the last one that `fields` or `refused` name."""
    fields: Mapping[str, Any] = {}  # Any: JSON
    """Values by path."""
    checksums: Mapping[str, str] = {}
    """The status of checksums, `valid`, `bad` or `absent`, by the path of their header."""
    refused: str | None = None
    """Of an invalid packet, the path of the header, or of the options of a header, that cannot be read as sound."""
    may_be_refused: bool = False
    """Whether a strict decoder may refuse the packet, for what stands in its headers or behind them."""
    wire_length: int | None = None
    """The octets on the wire, where the capture has less."""

    @property
    def record(self) -> Record:
        """The packet."""
        data = bytes.fromhex(self.hex)
        return Record(data, self.link_type, wire_length=len(data) if self.wire_length is None else self.wire_length)

    @property
    def facts(self) -> dict[str, Plain]:
        """All that is known: the fields, and the status of checksums by the path of their header and `verdict`."""
        return {**self.fields, **{f"{path}.verdict": status for path, status in self.checksums.items()}}


@cache
def suite() -> tuple[Case, ...]:
    """Every case of the suite."""
    lines = suite_text().splitlines()
    return tuple(msgspec.json.Decoder(Case).decode(line) for line in lines)


def suite_text() -> str:
    """The suite as JSON lines."""
    return _file("suite.jsonl")


def schema() -> str:
    """The JSON Schema of a case, and of a decoder's answer (`$defs/answer`)."""
    return _file("case.schema.json")


def _file(name: str) -> str:
    return files("overlaycodec.conformance").joinpath(name).read_text(encoding="utf-8")
