"""Packets of the project's captures of real stacks as cases."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import overlaycodec as oc
from overlaycodec.conformance import Case
from tests.tools.conformance.vectors import BY_NAME, name_in, spec_of
from tests.tools.conformance.witnesses import witnessed
from tests.tools.stacks import CAPTURES, captures

_LONGEST: Final = 400
_A_KIND: Final = 8
"""How many packets of one capture with the same headers are taken."""

# Packets of which tshark does not say that they break a rule, or reads as what they are not.
NOT_VALID: Final = {
    "kernel-vxlan-gpe/6": "an NSH of length 0: RFC 8300 section 2.2 asks for 2 words or more",
    "linux-geneve/25": "Geneve of version 1: RFC 8926 section 3.4 has them dropped",
    "python-to-ovs-geneve/13": "Geneve of version 1: RFC 8926 section 3.4 has them dropped",
    "kernel-vxlan-rco/1": "remote checksum offload: the checksum inside is to be finished (draft-herbert-vxlan-rco-00)",
}


def records() -> Iterator[tuple[str, oc.Record]]:
    """Each packet once, by a name; of one capture and with the same headers, a few."""
    seen: set[bytes] = set()
    for name, path in captures(CAPTURES).items():
        kinds: dict[tuple[object, ...], int] = {}
        with oc.open_capture(path) as capture:
            for number, record in enumerate(capture, 1):
                kind = tuple(map(type, record.decode(lax=True).headers))
                taken = kinds.get(kind, 0)
                if record.data in seen or len(record.data) > _LONGEST or taken >= _A_KIND:
                    continue
                seen.add(record.data)
                kinds[kind] = taken + 1
                yield (
                    f"{name.partition('.')[0]}/{number}",
                    oc.Record(record.data, record.link_type, 0, record.wire_length),
                )


def about(stack: tuple[str, ...]) -> str:
    """The header that a packet is about: the innermost tunnel, else the innermost header."""
    names = [name_in(path) for path in stack]
    tunnels = [name for name in names if BY_NAME[name].__layout__.tunnel]
    return tunnels[-1] if tunnels else names[-1]


def cases(versions: str) -> Iterator[Case]:
    """Those that tshark has no complaint of."""
    found = list(records())
    for (name, record), said in zip(found, witnessed([record for _, record in found]), strict=True):
        if said.fault is not None or not said.fields or name in NOT_VALID:
            continue
        protocol = about(said.stack)
        file, _, number = name.partition("/")
        yield Case(
            name=f"captures/{name}",
            protocol=protocol,
            spec=spec_of(protocol),
            evidence="capture",
            source=f"tests/captures/{file}.pcap, record {number}; values by {versions}",
            link_type=record.link_type,
            hex=record.data.hex(),
            stack=said.stack,
            fields=said.fields,
            checksums=said.checksums,
            wire_length=record.wire_length if record.wire_length > len(record.data) else None,
        )
