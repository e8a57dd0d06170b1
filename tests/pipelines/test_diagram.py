"""The figure of a whole stack: the figures of the specifications, in order, and what is said of alternatives."""

from __future__ import annotations

import json
import re
from inspect import signature
from itertools import combinations
from typing import Annotated, Any, Final
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

import overlaycodec as oc
from overlaycodec import ARP, UDP, VXLAN, Ethernet, IPv4, IPv6, Pipeline, VLANTag
from overlaycodec.cli.commands import overlaycodec
from overlaycodec.pipelines.pipeline import AnyPipeline
from tests.describe.test_diagram import FIGURES, rows_of

SVG: Final = "{http://www.w3.org/2000/svg}"
TAG: Final = "3 1 12 16"
"""IEEE 802.1Q clause 9.6, and the EtherType that follows."""
TEXT: Final = "eth/vlan{0,3}/ip/udp/vxlan/eth"
TUNNEL: Final = Pipeline(Ethernet, VLANTag[0:3], IPv4 | IPv6, UDP, VXLAN, Ethernet)
NESTED: Final = Pipeline(Ethernet, ARP | Pipeline(VLANTag[2], IPv4 | IPv6, payload=False)[0:1])


class Fixed(oc.Header, spec="in-house"):
    """Six octets without a key."""

    number: Annotated[int, oc.Bits(48)]


def lines_of(pipeline: AnyPipeline) -> list[str]:
    """The lines of text above the figures, with what is at their left; the letters below figures are no such lines."""
    drawn = pipeline.diagram().splitlines()[2:]
    return [line for line in drawn if re.match(r"[: ]*[a-zA-Z0-9]", line) and not re.search(r"\w: \w+$", line)]


def test_a_stack_is_the_figures_of_its_headers() -> None:
    fixed = Pipeline(IPv6, UDP, VXLAN, payload=False)
    figure = fixed.diagram()
    assert rows_of(figure) == " / ".join(FIGURES[header][1] for header in (IPv6, UDP, VXLAN))
    assert lines_of(fixed) == ["IPv6, octets 0 to 39", "UDP, octets 40 to 47", "VXLAN, octets 48 to 55"]
    assert figure.count("0 1 2 3 4 5 6 7 8 9") == 1 + 2, "one ruler"
    assert max(map(len, figure.splitlines())) == 65


def test_alternatives_repetitions_and_the_payload_are_told() -> None:
    assert lines_of(TUNNEL) == [
        "  Ethernet, octets 0 to 13",
        "  VLANTag, 0 to 3 times, from octet 14",
        ": one of these:",
        ": IPv4",
        ": or IPv6",
        "  UDP",
        "  VXLAN",
        "  Ethernet",
        "  payload, or nothing",
    ]
    figure = TUNNEL.diagram().splitlines()
    inside = [line[2:] for line in figure if line.startswith(": ")]
    assert rows_of("\n".join(inside)) == f"{FIGURES[IPv4][1]} / {FIGURES[IPv6][1]}"
    outside = "\n".join(line[2:] for line in figure if not line.startswith(":"))
    ends = "32 / 16 16 / 32 / 16"  # two addresses of 48 bits and a type: IEEE 802.3 clause 3.1.1
    assert rows_of(outside) == f"{ends} / {TAG} / {FIGURES[UDP][1]} / {FIGURES[VXLAN][1]} / {ends} / 0"
    assert [line for line in figure if "payload  " in line] == [f"  ~{'payload':^63}~"]


def test_groups_are_within_each_other() -> None:
    assert lines_of(NESTED) == [
        "      Ethernet, octets 0 to 13",
        ":     one of these:",
        ":     ARP, from octet 14",
        ": :   or optional:",
        ": :   VLANTag, 2 times",
        ": : : one of these:",
        ": : : IPv4",
        ": : : or IPv6",
        "      payload, or nothing",
    ]


@pytest.mark.parametrize(
    ("pipeline", "lines"),
    [
        (Pipeline(VLANTag[2], VLANTag), ["VLANTag, 2 times, from octet 0", "VLANTag, octets 8 to 11"]),
        (Pipeline(VLANTag[1:], IPv6), ["VLANTag, 1 or more times, from octet 0", "IPv6"]),
        (Pipeline(VLANTag, VLANTag | None), ["VLANTag, octets 0 to 3", "VLANTag, optional, from octet 4"]),
        (Pipeline(IPv4, UDP), ["IPv4, from octet 0", "UDP"]),
        (
            Pipeline(Ethernet, Pipeline(VLANTag, VLANTag) | Pipeline(oc.MPLS[2], IPv4)),
            [
                "Ethernet, octets 0 to 13",
                "one of these:",
                "in this order:",
                "VLANTag, octets 14 to 17",
                "VLANTag, octets 18 to 21",
                "or in this order:",
                "MPLS, 2 times, from octet 14",
                "IPv4, from octet 22",
            ],
        ),
        (
            Pipeline(Pipeline(VLANTag | oc.MPLS)[1:2], IPv4),
            ["1 to 2 times, each time one of these:", "VLANTag", "or MPLS", "IPv4"],
        ),
        (Pipeline(VLANTag | oc.MPLS, Fixed), None),
    ],
)
def test_where_headers_start_is_told_as_far_as_it_is_known(pipeline: AnyPipeline, lines: list[str] | None) -> None:
    found = [re.sub("^[: ]*", "", line) for line in lines_of(pipeline)]
    assert found == [*(lines or ["one of these:", "VLANTag, octets 0 to 3", "or MPLS, octets 0 to 3",
                                 "Fixed, octets 4 to 9"]), "payload, or nothing"]  # fmt: skip


@pytest.mark.parametrize("pipeline", [TUNNEL, NESTED, Pipeline(UDP, payload=False)], ids=repr)
def test_an_svg_has_the_same_boxes_and_none_over_another(pipeline: AnyPipeline) -> None:
    root = ElementTree.fromstring(pipeline.diagram(svg=True))
    _, _, width, height = map(float, root.attrib["viewBox"].split())
    boxes = []
    for box in root.iter(f"{SVG}rect"):
        x, y, wide, high = (float(box.attrib[name]) for name in ("x", "y", "width", "height"))
        boxes.append((x, y, x + wide, y + high))
        assert x > 0
        assert y > 24
        assert x + wide < width
        assert y + high < height
    for one, two in combinations(boxes, 2):
        assert one[2] <= two[0] or two[2] <= one[0] or one[3] <= two[1] or two[3] <= one[1]
    lines = [re.sub("^[: ]*", "", line) for line in lines_of(pipeline)]
    titles = [each.text for each in root.iter(f"{SVG}text")]
    assert [title for title in titles if title in lines] == lines
    text = pipeline.diagram()
    rows = re.sub("(?m)^[: ]*(?=[+|~])", "", text)
    assert len(boxes) >= len(rows_of(rows).replace("/", "").split())
    bars = {path.attrib["d"].partition(" ")[0] for path in root.iter(f"{SVG}path")}
    assert len(bars) == max(line.partition("|")[0].count(": ") for line in text.splitlines() if "|" in line)


def drawn(*args: str) -> tuple[str, str, int]:
    """What the command writes, what is on the standard error, and the exit status."""
    # click 8.1 mixes the two unless it is told not to; later versions cannot be told
    told: dict[str, Any] = {"mix_stderr": False} if "mix_stderr" in signature(CliRunner).parameters else {}
    result = CliRunner(**told).invoke(overlaycodec, ["diagram", *args])
    return result.stdout, " ".join(result.stderr.replace("│", "").split()), result.exit_code


def test_the_command_line_draws_a_stack() -> None:
    assert drawn("--pipeline", TEXT) == (TUNNEL.diagram() + "\n", "", 0)
    assert drawn("--svg", "--pipeline", TEXT)[0] == TUNNEL.diagram(svg=True)
    document = json.loads(drawn("--json", "--pipeline", TEXT)[0])
    assert document["pipeline"] == repr(TUNNEL)
    assert [header["path"] for header in document["headers"]] == ["ethernet", "vlan", "ipv4", "ipv6", "udp", "vxlan"]
    assert document["headers"][-1] == json.loads(drawn("--json", "vxlan")[0])


@pytest.mark.parametrize(
    ("args", "error"),
    [
        (["--pipeline", "eth/nothing"], "Invalid value for '--pipeline': 'eth/nothing': nothing (character 5)"),
        (["vxlan", "--pipeline", "eth"], "takes either a NAME or --pipeline"),
        (["--svg"], "takes either a NAME or --pipeline"),
        (["--svg", "--json", "--pipeline", "eth"], "--svg and --json exclude each other"),
    ],
)
def test_wrong_arguments_are_refused(args: list[str], error: str) -> None:
    out, found, status = drawn(*args)
    assert (out, status) == ("", 2)
    assert error in found
