"""What `fill` makes of packets from outside: those that are right stay, those that were changed become right again."""

from __future__ import annotations

from typing import Any

import pytest

import overlaycodec as oc
from overlaycodec.schema import Header
from tests.test_vectors import DECODING, catalog_of, decoded


def right(name: str) -> bool:
    """Whether all checksums of the vector are known and none is wrong, and it is of whole packets."""
    vector = DECODING[name]
    verdicts = oc.checksums(decoded(vector), catalog=catalog_of(vector)).values()
    return "checksums" in vector and {str(verdict) for verdict in verdicts} <= {"valid", "absent"}


RIGHT = [name for name in DECODING if right(name)]


@pytest.mark.parametrize("name", RIGHT)
def test_what_is_right_stays(name: str) -> None:
    packet, catalog = decoded(DECODING[name]), catalog_of(DECODING[name])
    for selectors in (False, True):
        assert oc.fill(packet, selectors=selectors, catalog=catalog) == packet


def spoilt(header: Header, checked: bool) -> Any:  # Any: a header of the same class
    """The header with other lengths and another checksum, if it has one."""
    layout = header.__layout__
    derived = [*layout.sized_by, *([] if layout.bounds is None else [layout.bounds.name])]
    if checked and layout.checksum is not None:
        derived.append(layout.checksum.name)
    numbers: dict[str, Any] = {name: getattr(header, name) for name in derived}
    return header.replace(**{name: number ^ 1 for name, number in numbers.items() if number})


def whole(name: str) -> bool:
    """Whether every length and checksum counts what is here: not those of quotations, nor of a frame in segments."""
    layouts = [header.__layout__ for header in decoded(DECODING[name]).headers]
    pieces = [layout.bounds is not None and layout.bounds[oc.Bounds].pieces for layout in layouts]
    return not any(layout.quotes for layout in layouts) and not any(pieces)


@pytest.mark.parametrize("name", [name for name in RIGHT if whole(name)])
def test_what_was_changed_becomes_right_again(name: str) -> None:
    packet, catalog = decoded(DECODING[name]), catalog_of(DECODING[name])
    verdicts = oc.checksums(packet, catalog=catalog)
    checked = [verdicts.get(f"{path}.checksum") is oc.Verdict.VALID for path in packet.names]
    changed = oc.Packet(tuple(map(spoilt, packet.headers, checked)), packet.payload, packet.trailers)
    assert oc.fill(changed, catalog=catalog) == packet


def test_there_are_many() -> None:
    assert len(RIGHT) > 80
