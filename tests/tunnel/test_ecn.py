"""Congestion marks across tunnels: every cell of RFC 6040's two tables, as they stand in the text."""

from __future__ import annotations

from typing import Final

import pytest

from overlaycodec import tunnel

# RFC 6040 section 4.1, figure 3: the incoming header, then the outgoing outer one by mode.
FIGURE_3: Final = """
    |    Not-ECT      |   Not-ECT     |   Not-ECT     |
    |     ECT(0)      |   Not-ECT     |    ECT(0)     |
    |     ECT(1)      |   Not-ECT     |    ECT(1)     |
    |       CE        |   Not-ECT     |      CE       |
"""
# RFC 6040 section 4.2, figure 4: the inner header, then what goes on by the outer one.
FIGURE_4: Final = """
          |  Header | Not-ECT | ECT(0)     | ECT(1)     |     CE     |
          | Not-ECT | Not-ECT |Not-ECT(!!!)|Not-ECT(!!!)| <drop>(!!!)|
          |  ECT(0) |  ECT(0) | ECT(0)     | ECT(1)     |     CE     |
          |  ECT(1) |  ECT(1) | ECT(1) (!) | ECT(1)     |     CE     |
          |    CE   |      CE |     CE     |     CE(!!!)|     CE     |
"""
# RFC 3168 section 5, figure 1
CODEPOINT: Final = {"Not-ECT": 0b00, "ECT(1)": 0b01, "ECT(0)": 0b10, "CE": 0b11}


def rows(figure: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in figure.strip().splitlines()]


INGRESS: Final = [(row[0], row[1], row[2]) for row in rows(FIGURE_3)]
EGRESS: Final = [
    (row[0], outer, cell)
    for row in rows(FIGURE_4)[1:]
    for outer, cell in zip(rows(FIGURE_4)[0][1:], row[1:], strict=True)
]


@pytest.mark.parametrize(("inner", "compatibility", "normal"), INGRESS)
def test_ingress(inner: str, compatibility: str, normal: str) -> None:
    assert tunnel.ingress_ecn(CODEPOINT[inner], "compatibility") == CODEPOINT[compatibility]
    assert tunnel.ingress_ecn(CODEPOINT[inner], "normal") == CODEPOINT[normal]


@pytest.mark.parametrize(("inner", "outer", "cell"), EGRESS)
def test_egress(inner: str, outer: str, cell: str) -> None:
    alarm = "!!!" if "(!!!)" in cell else "!" if "(!)" in cell else ""
    mark = cell.replace("(!!!)", "").replace("(!)", "").strip()
    outcome = tunnel.egress_ecn(CODEPOINT[inner], CODEPOINT[outer])
    assert outcome.alarm == alarm
    assert outcome.drop is (mark == "<drop>")
    assert outcome.ecn == CODEPOINT.get(mark)


def test_all_cells_are_there() -> None:
    assert len(INGRESS) == 4
    assert len(EGRESS) == 16
