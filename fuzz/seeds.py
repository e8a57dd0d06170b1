"""Seeds from the captures of real stacks: one small input for each order of headers, and one capture of each kind."""

from __future__ import annotations

import gzip
import io
from typing import Final

import overlaycodec as oc
from fuzz.targets import CORPUS, FIRSTS, LINK_TYPES
from tests.tools import stacks

_LONGEST: Final = 400
DAMAGES: Final = {
    "cut": (0x01 | 0x04, 0xC0),
    "trailer": (0x02 | 0x04, 0xFE),
    "check": (0x02 | 0x08, 0xFC),
    "members": (0x03 | 0x08 | 0x10, 0x60),
    "junk": (0x02 | 0x0C, 0x10),
    "fails": (0x20 | 0x10 | 0x04, 0xA0),
}
"""How captures are packed and damaged, as the target for their readers takes it."""


def packets() -> dict[str, oc.Record]:
    """The shortest record for each order of headers in the captures, by a name of those headers."""
    found: dict[str, oc.Record] = {}
    for path in stacks.captures(stacks.CAPTURES).values():
        with oc.open_capture(path) as capture:
            for record in capture:
                packet = record.decode(lax=True)
                name = "-".join(header.__layout__.name for header in packet)
                if name and len(record.data) <= _LONGEST and len(record.data) < len(found.get(name, record).data) + 1:
                    found[name] = record
    return found


def seeds() -> dict[str, bytes]:
    """Every seed, by its path in the corpus."""
    chosen = packets()
    made = {}
    for name, record in chosen.items():
        first = next(iter(record.decode(lax=True)))
        made[f"decode/{name}"] = bytes([FIRSTS.index(type(first)), 0]) + record.data
    shortest = sorted(chosen.values(), key=lambda record: len(record.data))
    for link_type in sorted({record.link_type for record in shortest}):
        some = [record for record in shortest if record.link_type == link_type and len(record.data) <= 256]
        for number in range(0, len(some), 16):
            group = some[number : number + 16]
            lines = b"".join(bytes([len(record.data) - 1]) + record.data for record in group)
            made[f"columns/{link_type}-{number // 16}"] = bytes([LINK_TYPES.index(link_type)]) + lines
    for form in ("pcap", "pcapng"):
        written = io.BytesIO()
        oc.write_capture(written, [r for r in shortest if r.link_type == 1][:4], format=form)
        made[f"capture/{form}"] = b"\0" + written.getvalue()
        made[f"capture/{form}.gz"] = b"\0" + gzip.compress(written.getvalue(), mtime=0)
        for kind, how in DAMAGES.items():
            made[f"readers/{form}-{kind}"] = bytes(how) + written.getvalue()
    return made


def main() -> None:
    """Writes them; what else is in the corpus stays."""
    for name, octets in seeds().items():
        path = CORPUS / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(octets)


if __name__ == "__main__":
    main()
