"""What a catalog says when it is asked: at which keys a header is found, and what is found at a key.

The numbers of known protocols are those of IEEE's and IANA's registries; the others belong to spaces of this file.
"""

from __future__ import annotations

from typing import Annotated, Final

import pytest

import overlaycodec as oc
from overlaycodec import Bits, Catalog, Header, KeySpace
from overlaycodec.schema.keys import MinOctets, Peek, PreviousHeader
from overlaycodec.schema.keyspaces import CISCO_HDLC_PROTOCOL, IP_PROTOCOL, LOOPBACK_FAMILY, SNAP_PROTOCOL

TOP: Final = KeySpace("top", 8)
BELOW: Final = KeySpace("below", 8, parent=TOP)
LOWEST: Final = KeySpace("lowest", 8, parent=BELOW)
APART: Final = KeySpace("apart", 8)


class One(Header, spec="in-house", path="one", keys=(TOP(1), TOP(11), LOWEST(7))):
    """Found at two values of one space, and at one of another."""

    number: Annotated[int, Bits(8)] = 0


class Two(Header, spec="in-house", path="two", keys=(BELOW(1), TOP(2))):
    """Found where another is, in the space above."""

    number: Annotated[int, Bits(8)] = 0


class Three(Header, spec="in-house", path="three", keys=(LOWEST(3).when(PreviousHeader("flag", 1), MinOctets(2)),)):
    """Found behind a flag."""

    number: Annotated[int, Bits(8)] = 0


class Four(Header, spec="in-house", path="four", keys=(BELOW.any(), LOWEST(3).as_fallback())):
    """Found at all other values, and after what has conditions."""

    number: Annotated[int, Bits(8)] = 0


class Five(Header, spec="in-house", path="five", keys=(APART(5).when(PreviousHeader("clear", 0), Peek(0, 8, 1)),)):
    """Found where a flag is not set."""

    number: Annotated[int, Bits(8)] = 0


class Unbound(Header, spec="in-house", path="unbound"):
    """Found nowhere."""

    number: Annotated[int, Bits(8)] = 0


ALL: Final = (One, Two, Three, Four, Five, Unbound)
CATALOG: Final = Catalog(ALL)


@pytest.mark.parametrize(
    ("space", "value", "found"),
    [
        (TOP, 1, [One]),
        (TOP, 2, [Two]),
        (TOP, 7, []),
        (TOP, None, []),
        (BELOW, 1, [Two]),  # what the space itself binds comes first
        (BELOW, 2, [Two]),
        (BELOW, 11, [One]),
        (BELOW, 7, []),
        (BELOW, None, [Four]),
        (LOWEST, 7, [One]),
        (LOWEST, 1, [Two]),
        (LOWEST, 11, [One]),  # two spaces above
        (LOWEST, 3, [Three, Four]),
        (LOWEST, None, [Four]),
        (APART, 5, [Five]),
        (APART, 1, []),
        (APART, None, []),
    ],
)
def test_what_is_found_at_a_value(space: KeySpace, value: int | None, found: list[type[Header]]) -> None:
    assert [cls for _, cls in CATALOG.candidates(space, value)] == found


def test_which_values_are_bound() -> None:
    values = {space: CATALOG.values(space) for space in (TOP, BELOW, LOWEST, APART, KeySpace("none"))}
    assert list(values.values()) == [{1, 2, 11}, {1, 2, 11}, {1, 2, 3, 7, 11}, {5}, frozenset()]


KEYS: Final[dict[KeySpace, dict[type[Header], int]]] = {
    TOP: {One: 1, Two: 2},
    BELOW: {One: 1, Two: 1},
    LOWEST: {One: 7, Two: 1, Three: 3, Four: 3},
    APART: {Five: 5},
}
"""The first value at which each header is found."""


@pytest.mark.parametrize("space", KEYS)
@pytest.mark.parametrize("cls", ALL)
def test_by_which_value_a_header_is_found(space: KeySpace, cls: type[Header]) -> None:
    """Not by any other value: `any()` is no number that an encoder could write."""
    assert CATALOG.key_of(space, cls) == KEYS[space].get(cls)
    assert CATALOG.keys_by_class(space)[cls] == KEYS[space].get(cls)
    assert CATALOG.finds(space, cls) is (cls in KEYS[space] or (space is BELOW and cls is Four))
    assert CATALOG.key_of(space, cls) == CATALOG.key_of(space, cls)  # as it was kept
    assert Catalog().key_of(space, cls) is None
    assert not Catalog().finds(space, cls)


def test_a_declared_key_comes_before_one_that_was_bound() -> None:
    bound = CATALOG.with_binding(TOP(99), One).with_binding(TOP(98), Unbound).with_binding(LOWEST(97), Unbound)
    assert (bound.key_of(TOP, One), bound.key_of(TOP, Unbound), bound.key_of(BELOW, Unbound)) == (1, 98, 98)
    assert bound.key_of(LOWEST, Unbound) == 97
    assert bound.finds(TOP, Unbound)
    without = bound.without_binding(TOP(98))
    assert (without.key_of(TOP, Unbound), without.key_of(LOWEST, Unbound)) == (None, 97)


def test_which_flags_of_the_header_before_are_asked_to_be_set() -> None:
    asked = {space: CATALOG.flags_asked(space) for space in (TOP, BELOW, LOWEST, APART)}
    assert asked == {TOP: frozenset(), BELOW: frozenset(), LOWEST: {"flag"}, APART: frozenset()}
    key = TOP(9).when(PreviousHeader("other", 1))
    assert CATALOG.with_binding(key, Unbound).flags_asked(TOP) == {"other"}


def test_headers_by_their_names() -> None:
    for cls in ALL:
        assert CATALOG.header_called(cls.__name__.lower()) is cls
        assert CATALOG.class_called(cls.__name__) is cls
        assert CATALOG.header_called(cls.__name__) is None
        assert CATALOG.class_called(cls.__name__.lower()) is None
    assert oc.DEFAULT.header_called("vxlan") is oc.DEFAULT.class_called("VXLAN") is oc.VXLAN
    assert CATALOG.header_called("vxlan") is None


@pytest.mark.parametrize(
    ("space", "value", "cls"),
    [
        # IEEE 802 numbers; IANA: protocol numbers, ports; RFC 1042: SNAP has EtherTypes; Cisco's HDLC too
        (oc.ETHERTYPE, 0x0800, oc.IPv4),
        (oc.ETHERTYPE, 0x86DD, oc.IPv6),
        (oc.ETHERTYPE, 0x0806, oc.ARP),
        (oc.ETHERTYPE, 0x8100, oc.VLANTag),
        (oc.ETHERTYPE, 0x8847, oc.MPLS),
        (oc.ETHERTYPE, 0x894F, oc.NSH),
        (oc.ETHERTYPE, 0x88CC, oc.LLDP),
        (oc.ETHERTYPE, 0x6558, oc.Ethernet),
        (SNAP_PROTOCOL, 0x0800, oc.IPv4),
        (CISCO_HDLC_PROTOCOL, 0x86DD, oc.IPv6),
        (LOOPBACK_FAMILY, 2, oc.IPv4),
        (IP_PROTOCOL, 4, oc.IPv4),
        (IP_PROTOCOL, 6, oc.TCP),
        (IP_PROTOCOL, 17, oc.UDP),
        (IP_PROTOCOL, 41, oc.IPv6),
        (IP_PROTOCOL, 47, oc.GRE),
        (oc.UDP_PORT, 4789, oc.VXLAN),
        (oc.UDP_PORT, 4790, oc.VXLANGPE),
        (oc.UDP_PORT, 6081, oc.Geneve),
        (oc.UDP_PORT, 2152, oc.GTPU),
    ],
)
def test_registered_numbers(space: KeySpace, value: int, cls: type[Header]) -> None:
    assert cls in [found for _, found in oc.DEFAULT.candidates(space, value)]
    assert value in oc.DEFAULT.values(space)
    assert oc.DEFAULT.finds(space, cls)
    assert oc.DEFAULT.key_of(space, cls) == value
