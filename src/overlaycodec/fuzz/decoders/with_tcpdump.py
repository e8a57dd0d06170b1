"""tcpdump as a decoder: what its text says."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from overlaycodec.capture import Record
from overlaycodec.describe.plain import plain_of
from overlaycodec.fuzz.decoders.decoder import program_output, readings_of
from overlaycodec.fuzz.decoders.reading import HeaderReading, Reading
from overlaycodec.fuzz.decoders.tcpdump_text import OPTIONS, VERDICT, said_in, texts_of

__all__ = ["DECODER", "TCPDump"]

_FAULT: Final = re.compile(
    r"\[\|[^\]\n]*\]|bad-len|bad-hlen|bad opt|truncated|invalid|\(invalid\)|length \d+ < \d+|wrong length"
)
"""What tcpdump writes where it gives up."""


def reading_in(text: str) -> Reading:
    """What the text of one packet says."""
    headers = []
    for classes, values in said_in(text):
        kinds = [cls.__layout__.name for cls in classes]
        fields = {name: value for name, value in values.items() if name not in (VERDICT, "options")}
        fields = {name: plain_of(value) for name, value in fields.items()} | _options(values)
        others = dict.fromkeys(kinds[1:], fields)
        headers.append(HeaderReading(kinds[0], fields, values.get(VERDICT), others))
    found = _FAULT.search(text)
    return Reading(tuple(headers), None if found is None else found.group())


def _options(values: Mapping[str, Any]) -> dict[str, Any]:  # Any: numbers
    """Geneve's options, of which it shows class, type and length."""
    found: dict[str, Any] = {}  # Any: as above
    for number, (option_class, kind, octets) in enumerate(values.get("options", ())):
        found |= {
            f"options[{number}].option_class": option_class,
            f"options[{number}].type": kind,
            f"options[{number}].length": octets // 4,
        }
    return found


class TCPDump:
    """tcpdump, which must be installed."""

    name: str = "tcpdump"
    tells_faults: bool = True

    def read(self, records: Sequence[Record]) -> list[Reading]:
        """What it prints of each packet."""
        return readings_of(records, self._read)

    def _read(self, path: str, records: Sequence[Record]) -> list[Reading]:
        try:
            return [reading_in(text) for text in texts_of(program_output(["tcpdump", *OPTIONS, "-r", path]))]
        except ValueError as error:
            if "unknown data link type" in str(error):
                return [Reading()] * len(records)
            raise


DECODER: Final = TCPDump
