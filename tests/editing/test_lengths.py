"""Every form of a length field, in headers of our own: what `LengthField` says of it holds in each operation.

Strategy: the octets that a length counts are worked out here, as the docstring of `LengthField` tells it. `checksums`
has three ways to a verdict, and `fill` has two; each length is put through all of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Final, Literal, NamedTuple

import pytest

import overlaycodec as oc
from overlaycodec import Bits, LengthField, vlan
from overlaycodec.codec.code_cache import STACK_USES
from overlaycodec.editing.checksum_status import PARTS
from overlaycodec.editing.stack_plan import PLANS
from tests.editing.test_fill import Summed


class Form(NamedTuple):
    """A form of a length field."""

    unit: int = 1
    bias: int = 0
    origin: Literal["start", "end"] = "start"
    zero: Literal["length", "unbounded", "jumbo"] = "length"
    optional: bool = False


FORMS: Final = (
    Form(),
    Form(unit=4),
    Form(bias=2),
    Form(unit=2, bias=4, origin="end"),
    Form(origin="end"),
    Form(zero="unbounded"),
    Form(unit=4, bias=4, zero="unbounded"),
    Form(origin="end", zero="unbounded", optional=True),
    Form(zero="jumbo"),
    Form(unit=2, zero="jumbo"),
)
SIZE: Final = 4
"""Octets of the header."""
CONTENT: Final = 8
"""Octets behind it: a checksum and six more."""


def declared(form: Form, carries: int, tunnel: bool = False) -> Any:  # Any: a class with fields of its own
    class Bounded(oc.Header, spec="in-house", path="bounded", carries=oc.ETHERTYPE(carries), tunnel=tunnel):
        length: Annotated[int, Bits(16), LengthField(**form._asdict())] = oc.AUTO
        number: Annotated[int, Bits(16)] = 0

    return Bounded


CLASSES: Final = {form: declared(form, 0x88B6) for form in FORMS}
CATALOG: Final = oc.DEFAULT.with_header(Summed)


def counted(form: Form, value: int) -> int | None:
    """The octets from the header's start that the value counts; None where it gives no end."""
    if value == 0 and form.zero != "length":
        return None
    return form.unit * value + form.bias + (SIZE if form.origin == "end" else 0)


def ways_to_checksums(packet: oc.Packet) -> Iterator[dict[str, str]]:
    """The verdicts, by the rules for single headers, by those that a card asks for, and by the stack's function."""
    PARTS.clear()
    for way in ({}, {"left_to_card": True}, *({},) * (STACK_USES + 1)):
        found = oc.checksums(packet, catalog=CATALOG, **way)
        yield {path: str(status) for path, status in found.items()}


def ways_to_fill(packet: oc.Packet) -> Iterator[oc.Packet]:
    PLANS.clear()
    for selectors in (True, *(False,) * (STACK_USES + 1)):
        yield oc.fill(packet, catalog=CATALOG, selectors=selectors)


def made(form: Form, value: Any) -> oc.Packet:  # Any: a number or AUTO
    return oc.resolve(CLASSES[form](length=value) / Summed() / b"abcdef", catalog=CATALOG)


@pytest.mark.parametrize("form", FORMS, ids=str)
@pytest.mark.parametrize("missing", [0, 3])
def test_a_checksum_inside_is_judged_if_the_length_counts_what_is_here(form: Form, missing: int) -> None:
    for value in range(CONTENT + SIZE + 3):
        packet = made(form, value).__replace__(missing=missing)
        octets = counted(form, value)
        here = octets <= CONTENT + SIZE if octets is not None and octets >= SIZE else not missing
        for verdicts in ways_to_checksums(packet):
            assert verdicts == {"summed.checksum": "valid" if here else "unverifiable"}, value
        wrong = packet.replace(Summed, checksum=packet[Summed].checksum ^ 0x100)
        for verdicts in ways_to_checksums(wrong):
            assert verdicts == {"summed.checksum": "bad" if here else "unverifiable"}, value


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_a_length_is_filled_in_unless_0_means_something_else(form: Form) -> None:
    right = next(value for value in range(1, 99) if counted(form, value) == SIZE + CONTENT)
    for value in range(CONTENT + SIZE + 3):
        kept = form.optional or (value == 0 and form.zero == "unbounded")  # "jumbo": only where the IP header says so
        for filled in ways_to_fill(made(form, value)):
            assert filled == made(form, value if kept else right), value
        short = made(form, value).__replace__(missing=3)
        for filled in ways_to_fill(short):
            assert filled == short
        assert oc.fill(made(form, value), lengths=False, catalog=CATALOG) == made(form, value)


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_a_length_counts_a_tag_inside(form: Form) -> None:
    """A tag has four octets."""
    bounded = declared(form, 0x6558, tunnel=True)
    frame = oc.Ethernet(dst="02:00:00:00:00:02", src="02:00:00:00:00:01", ethertype=0x88B5) / b"...."
    for value in (0, 1, 5, 9):
        before = bounded(length=value) / frame
        after = vlan.push(before, vid=9, scope="inner")
        wanted = value if counted(form, value) is None else value + 4 // form.unit
        assert after[bounded].length == wanted
        assert vlan.pop(after, scope="inner") == before


class Unless(oc.Header, spec="in-house", path="unless", carries=oc.ETHERTYPE(0x88B6)):
    """Its length counts where an earlier field is 0."""

    other: Annotated[int, Bits(16)] = 0
    length: Annotated[int, Bits(16), LengthField(unless="other")] = oc.AUTO


@pytest.mark.parametrize(("other", "verdict"), [(0, "unverifiable"), (1, "valid")])
def test_a_length_that_does_not_apply_bounds_nothing(other: int, verdict: str) -> None:
    packet = oc.resolve(Unless(other=other, length=SIZE + CONTENT + 1) / Summed() / b"abcdef", catalog=CATALOG)
    for verdicts in ways_to_checksums(packet):
        assert verdicts == {"summed.checksum": verdict}
    wanted = SIZE + CONTENT + (1 if other else 0)
    for filled in ways_to_fill(packet):
        assert filled == packet.replace(Unless, length=wanted)


@pytest.mark.parametrize(("more", "missing", "verdict"), [(0, 0, "valid"), (1, 0, "unverifiable"), (0, 3, "valid")])
def test_the_length_of_a_jumbogram_tells_whether_its_content_is_here(more: int, missing: int, verdict: str) -> None:
    """RFC 2675 section 2: the option counts in place of the IPv6 length, which is 0."""
    option = oc.IPv6JumboPayloadOption()
    stack = oc.IPv6(src="::1", dst="::2") / oc.IPv6HopByHop(options=(option,)) / oc.TCP(src_port=1, dst_port=2)
    right = oc.resolve(stack / b"data")
    path = "ipv6_hop_by_hop.options[0].jumbo_payload_length"
    packet = right.replace_at(path, right.at(path) + more).__replace__(missing=missing)
    for verdicts in ways_to_checksums(packet):
        assert verdicts == {"tcp.checksum": verdict}
