"""Scopes, and the trailers behind each header, wherever a packet is cut, put together or changed.

A trailer belongs to the octets between two headers' ends, so what must come out is worked out by hand: a header's index
in the part is its index in the whole less that of the first header of the part.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import pytest

import overlaycodec as oc
from overlaycodec import UDP, VXLAN, Ethernet, Header, IPv4, Packet, Trailer

LINK: Final = Ethernet(dst="02:00:00:00:00:02", src="02:00:00:00:00:01")
NETWORK: Final = IPv4(src="10.0.0.1", dst="10.0.0.2", ihl=5, protocol=17, options=(), options_rest=b"")
TRANSPORT: Final = UDP(src_port=50000, dst_port=4789)
TUNNEL: Final = (LINK, NETWORK, TRANSPORT, VXLAN(vni=7))
ERROR: Final = (LINK, NETWORK, oc.ICMP(type=3, code=3), oc.ICMPUnreachable())

STACKS: Final[dict[str, tuple[tuple[Header, ...], tuple[int, ...]]]] = {
    # the headers, and where each scope begins: behind a tunnel header, behind an error, at IP in IP
    "no tunnel": ((LINK, NETWORK, TRANSPORT), (0,)),
    "one header": ((LINK,), (0,)),
    "a tunnel": ((*TUNNEL, LINK, NETWORK), (0, 4)),
    "a tunnel of one header": ((VXLAN(vni=7), LINK), (0, 1)),
    "a tunnel in a tunnel": ((*TUNNEL, *TUNNEL, LINK, NETWORK, TRANSPORT), (0, 4, 8)),
    "scopes of one header": ((VXLAN(vni=7), VXLAN(vni=8), VXLAN(vni=9), LINK), (0, 1, 2, 3)),
    "IP in IP": ((LINK, NETWORK, NETWORK, NETWORK, TRANSPORT), (0, 2, 3)),
    "an error": ((*ERROR, NETWORK, TRANSPORT), (0, 4)),
    "an error in a tunnel": ((*TUNNEL, *ERROR, NETWORK, TRANSPORT), (0, 4, 8)),
}
each_stack = pytest.mark.parametrize("name", STACKS)


def trailed(headers: tuple[Header, ...], *, fcs: bool) -> Packet:
    """A packet with a trailer behind each header, and with one that no header counts; innermost first."""
    trailers = [Trailer(index, bytes([index])) for index in range(len(headers) - 1, -1, -1)]
    return Packet(headers, b"payload", (*trailers, Trailer(-1, b"frame"), *([oc.FCS(data=b"1234")] if fcs else [])))


def places(packet: Packet) -> list[tuple[int, bytes]]:
    """The trailers that belong to headers."""
    return [(trailer.header, trailer.data) for trailer in packet.trailers if trailer.header >= 0]


def own(start: int, stop: int) -> list[tuple[int, bytes]]:
    """The trailers behind these headers, as a packet of them alone has them."""
    return [(index - start, bytes([index])) for index in range(stop - 1, start - 1, -1)]


@each_stack
@pytest.mark.parametrize("fcs", [False, True])
def test_each_scope_has_the_trailers_of_its_own_headers(name: str, fcs: bool) -> None:
    headers, starts = STACKS[name]
    packet = trailed(headers, fcs=fcs)
    bounds = list(zip(starts, (*starts[1:], len(headers)), strict=True))
    scopes = packet.scopes
    assert [scope.headers for scope in scopes] == [headers[start:stop] for start, stop in bounds]
    assert [places(scope) for scope in scopes] == [own(start, stop) for start, stop in bounds]
    assert [scope.payload for scope in scopes] == [b""] * (len(bounds) - 1) + [b"payload"]
    assert packet.outer == scopes[0]
    for scope in scopes[1:]:  # what belongs to the whole frame is in no part of it
        assert all(trailer.header >= 0 for trailer in scope.trailers)
        assert scope.fcs is None
    if len(scopes) == 1:
        assert packet.outer is packet.innermost is packet
        with pytest.raises(oc.MissingHeaderError):
            _ = packet.inner


@each_stack
def test_what_is_within_has_all_that_follows(name: str) -> None:
    headers, starts = STACKS[name]
    packet = trailed(headers, fcs=True)
    quoted = next((index for index, scope in enumerate(packet.names) if "quoted." in scope), None)
    if len(starts) > 1 and starts[1] != quoted:
        assert packet.inner.headers == headers[starts[1] :]
        assert (packet.inner.payload, packet.inner.fcs) == (b"payload", None)
        assert places(packet.inner) == own(starts[1], len(headers))
    else:
        with pytest.raises(oc.MissingHeaderError, match=r"inner packet"):
            _ = packet.inner
    if quoted is None:
        with pytest.raises(oc.MissingHeaderError, match=r"quoted packet"):
            _ = packet.quoted
        assert packet.innermost.headers == headers[starts[-1] :]
    else:
        assert packet.quoted.headers == headers[quoted:]
        assert places(packet.quoted) == own(quoted, len(headers))
        assert packet.innermost.headers == headers[starts[-2] : quoted]
        assert places(packet.innermost) == own(starts[-2], quoted)


@each_stack
def test_octets_that_are_missing_are_missing_from_each_end(name: str) -> None:
    """Of a frame of which 9 octets were not captured, 2 of them its FCS's, 7 are missing from what is within."""
    headers, starts = STACKS[name]
    if len(starts) == 1:
        return
    cut = Packet(headers, b"payload", (oc.FCS(data=b"12"),), missing=9)
    assert [scope.missing for scope in cut.scopes] == [0] * (len(starts) - 1) + [7]
    assert Packet(headers, b"payload", (), missing=9).scopes[-1].missing == 9
    assert cut.without_fcs().missing == 7


@each_stack
@pytest.mark.parametrize(
    ("change", "moved"),
    [
        (lambda packet, at: packet.insert(at, TRANSPORT), lambda index, at: index + (index >= at)),
        (lambda packet, at: packet.without(packet.names[at]), lambda index, at: index - (index >= at)),
        (lambda packet, at: packet.replace_at(packet.names[at], TRANSPORT), lambda index, _: index),
    ],
    ids=["insert", "without", "replace"],
)
def test_trailers_stay_where_they_are_in_the_octets(
    name: str, change: Callable[[Packet, int], Packet], moved: Callable[[int, int], int]
) -> None:
    headers, _ = STACKS[name]
    packet = trailed(headers, fcs=True)
    for at in range(len(headers)):
        changed = change(packet, at)
        found = [(trailer.header, trailer.data) for trailer in changed.trailers]
        assert found == [
            (moved(trailer.header, at) if trailer.header >= 0 else -1, trailer.data) for trailer in packet.trailers
        ]
        assert (changed.payload, changed.fcs) == (packet.payload, packet.fcs)


@each_stack
def test_a_path_names_a_header_and_its_bits_in_each_scope(name: str) -> None:
    """Octets on the wire: Ethernet 14, IPv4 without options 20, UDP, VXLAN, and ICMP with its rest, 8, 8, 4 and 4."""
    octets: dict[object, int] = {Ethernet: 14, IPv4: 20, UDP: 8, VXLAN: 8, oc.ICMP: 4, oc.ICMPUnreachable: 4}
    headers, _ = STACKS[name]
    packet = trailed(headers, fcs=True)
    at = 0
    for path, header in zip(packet.names, packet.headers, strict=True):
        assert packet.at(path) is header
        assert path in packet
        assert packet.span(path) == (at, at + octets[type(header)] * 8 - 1)
        at += octets[type(header)] * 8
    assert packet.span("payload") == (at, at + 7 * 8 - 1)
    behind = at + (7 + sum(len(trailer.data) for trailer in packet.trailers[:-1])) * 8
    assert packet.span("fcs") == (behind, behind + 31)
