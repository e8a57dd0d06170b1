"""The figures, against those of the specifications: where each row's fields begin and end."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Final
from xml.etree import ElementTree

import pytest

import overlaycodec as oc
from overlaycodec import AUTO, Bits, Header, Octets, Reserved, SizedBy, Unparsed, When
from overlaycodec.describe.diagram import boxes_of, diagram_of, diagram_svg_of
from overlaycodec.schema.record import WireStruct
from tests.laws import common as laws

# The bits of each field, row by row, as the specification draws them; a row of 0 is of any size.
FIGURES: Final[dict[type[WireStruct], tuple[str, str]]] = {
    oc.IPv4: (
        "RFC 791 figure 4; RFC 2474 section 3 and RFC 3168 section 5 for the type of service",
        "4 4 6 2 16 / 16 1 1 1 13 / 8 8 16 / 32 / 32 / 0",
    ),
    oc.IPv6: (
        "RFC 8200 section 3; RFC 2474 and RFC 3168 for the traffic class",
        "4 6 2 20 / 16 8 8 / 32 / 32 / 32 / 32 / 32 / 32 / 32 / 32",
    ),
    oc.IPv6Fragment: ("RFC 8200 section 4.5", "8 8 13 2 1 / 32"),
    oc.UDP: ("RFC 768", "16 16 / 16 16"),
    oc.TCP: ("RFC 9293 figure 1", "16 16 / 32 / 32 / 4 4 1 1 1 1 1 1 1 1 16 / 16 16 / 0"),
    oc.VXLAN: ("RFC 7348 section 5", "4 1 3 24 / 24 8"),
    oc.VXLANGPE: ("draft-ietf-nvo3-vxlan-gpe-13 figure 2", "2 2 1 1 1 1 16 8 / 24 8"),
    oc.VXLANGBP: (
        "draft-smith-vxlan-group-policy-05 section 2.1",
        "1 3 1 3 1 1 2 1 3 16 / 24 8",
    ),
    oc.Geneve: ("RFC 8926 section 3.4", "2 6 1 1 6 16 / 24 8 / 0"),
    oc.GeneveOption: ("RFC 8926 section 3.5", "16 8 3 5 / 0"),
    oc.GRE: ("RFC 2890 section 2 with the flags of RFC 1701", "1 1 1 1 1 3 5 3 16 / 16 16 / 32 / 32 / 0"),
    oc.NSH: ("RFC 8300 figures 2 to 4", "2 1 1 6 6 4 4 8 / 24 8 / 0 / 0"),
    oc.NSHMetadata: ("RFC 8300 figure 6", "16 8 1 7 / 0 / 0"),
    oc.AuthenticationHeader: ("RFC 4302 figure 1", "8 8 16 / 32 / 32 / 0"),
    oc.SCTP: ("RFC 9260 section 3.1", "16 16 / 32 / 32 / 0"),
    oc.MPLS: ("RFC 3032 figure 1", "20 3 1 8"),
    oc.STT: (
        "draft-davie-stt-08 figure 4: the flags of section 4.1 from the least significant bit on",
        "8 4 1 1 1 1 8 8 / 16 3 1 12 / 32 / 32 / 16",
    ),
    oc.IGMPGroupRecord: ("RFC 3376 section 4.2.4", "8 8 16 / 32 / 0 / 0"),
    oc.ERSPANv3: (
        "draft-foschiano-erspan-03 sections 4.3 and 4.4",
        "4 12 3 2 1 10 / 32 / 16 1 5 6 1 2 1 / 6 26 / 32",
    ),
    oc.GTPU: ("3GPP TS 29.281 figure 5.1-1", "3 1 1 1 1 1 8 16 / 32 / 16 8 8"),
    oc.ITag: ("IEEE 802.1Q figure 9-3", "3 1 1 1 2 24"),
}


def rows_of(figure: str) -> str:
    """The bits of each field, row by row, read out of the drawing."""
    rows = []
    for line in figure.splitlines():
        drawn = line[:65]
        if drawn.startswith("~"):
            rows.append("0")
        elif drawn.startswith("|"):
            edges = [column for column, sign in enumerate(drawn) if sign == "|"]
            rows.append(" ".join(str((stop - start) // 2) for start, stop in pairwise(edges)))
    return " / ".join(rows)


@pytest.mark.parametrize("record", FIGURES, ids=lambda record: record.__name__)
def test_fields_stand_where_the_specification_draws_them(record: type[WireStruct]) -> None:
    source, rows = FIGURES[record]
    assert rows_of(diagram_of(record)) == rows, source


@pytest.mark.parametrize("cls", laws.CLASSES, ids=laws.by_name)
def test_every_header_has_a_figure(cls: type[Header]) -> None:
    """Each field has its bits in the boxes, no two overlap, and both drawings tell its name or its letter."""
    boxes = boxes_of(cls)
    for field in cls.__declaration__:
        mine = [box for box in boxes if box.field.name == field.name]
        if field.bits is not None:
            assert sum(box.bits for box in mine) == field.bits
        else:
            assert len(mine) == (Unparsed not in field)
    taken = [(box.row, column) for box in boxes for column in range(box.column, box.stop)]
    assert len(taken) == len(set(taken))
    figure = diagram_of(cls)
    assert max(len(line) for line in figure.splitlines() if line[:1] in "+|~") < 200
    named = (field for field in cls.__declaration__ if Unparsed not in field and Reserved not in field)
    assert all(field.name in figure for field in named)
    svg = ElementTree.fromstring(diagram_svg_of(cls))
    rectangles = svg.findall(".//{http://www.w3.org/2000/svg}rect")
    assert len(rectangles) == len(boxes)


class Odd(Header, spec="in-house"):
    """Fields that cross rows, and one that is there sometimes."""

    here: Annotated[bool, Bits(1), "H"] = AUTO
    flags: Annotated[int, Bits(7), "Other flags"] = 0
    address: Annotated[bytes, Octets(6)] = bytes(6)
    size: Annotated[int, Bits(8), "Octets of text"] = AUTO
    extra: Annotated[int | None, Bits(16), When("here"), "Only sometimes"] = AUTO
    text: Annotated[bytes, SizedBy("size")] = b""


def test_a_header_of_ones_own() -> None:
    assert (
        diagram_of(Odd)
        == """\
 0                   1                   2                   3
 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
|H|    flags    |                    address                    |
+-+-+-+-+-+-+-+-+                               +-+-+-+-+-+-+-+-+
|                                               |     size      |
+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
|             extra             |                                  if here
+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
~                      text  (size octets)                      ~
+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
H: here"""
    )
