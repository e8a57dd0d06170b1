"""How much code a catalog keeps: which stacks are learnt and when, how many, and what is dropped for others.

Packets are the same with all of it and without; these are promises about time and memory.
"""

from __future__ import annotations

from typing import Any, Final

import pytest

import overlaycodec as oc
from overlaycodec import Catalog, Ethernet, Header, IPv4, Packet, VLANTag
from overlaycodec.codec import code_cache, stack_cache
from overlaycodec.codec.code_cache import STACK_USES
from overlaycodec.codec.stack_cache import MAX_STACKS, MISSES_TO_LEARN, StackCache
from overlaycodec.protocols import HEADERS
from tests.tools.internals import code_of

LINK: Final = Ethernet(dst="02:00:00:00:00:02", src="02:00:00:00:00:01")
NETWORK: Final = IPv4(src="10.0.0.1", dst="10.0.0.2")
INSIDE: Final = (NETWORK, oc.UDP(src_port=1, dst_port=2))


def tagged(tags: int, payload: bytes = b"") -> bytes:
    """A frame with so many tags: each number of them is another stack."""
    return oc.encode(Packet((LINK, *(VLANTag(vid=1),) * tags, *INSIDE), payload))


def cache_of(catalog: Catalog) -> StackCache:
    """The stacks that a catalog has learnt."""
    return code_of(catalog).stack_cache


def learn(catalog: Catalog, data: bytes, first: Any = Ethernet) -> Packet:
    """The packet, whose stack is learnt."""
    packet = catalog.decode(data, first=first, lax=True)
    cache_of(catalog).learn(first, packet.headers)
    return packet


def new() -> Catalog:
    """A catalog that learns nothing of itself."""
    catalog = Catalog(HEADERS)
    cache_of(catalog).misses_left = -1
    return catalog


# --- when a stack is learnt -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lax", [False, True])
def test_a_stack_is_learnt_from_one_in_so_many_packets(lax: bool) -> None:
    catalog = Catalog(HEADERS)
    for number in range(1, 3):
        for left in range(MISSES_TO_LEARN - 1, 0, -1):
            catalog.decode(tagged(number), lax=lax)
            assert len(cache_of(catalog).decoders) == number - 1
            assert cache_of(catalog).misses_left == left
        catalog.decode(tagged(number), lax=lax)
        assert len(cache_of(catalog).decoders) == number
        assert cache_of(catalog).misses_left == MISSES_TO_LEARN
        for _ in range(3):  # read at once: no packet that counts
            catalog.decode(tagged(number), lax=lax)
        assert cache_of(catalog).misses_left == MISSES_TO_LEARN


def test_it_takes_twice_as_many_each_time_that_there_are_too_many_stacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stack_cache, "MAX_STACKS", 2)
    catalog, cache = new(), None
    most = 1 << 16
    expected = MISSES_TO_LEARN
    for _ in range(12):
        for tags in range(3):
            learn(catalog, tagged(tags))
        cache = cache_of(catalog)
        expected = min(2 * expected, most)
        assert (cache.misses_to_learn, cache.misses_left) == (expected, expected)
        assert len(cache.decoders) == 1
        cache.decoders.clear()
    assert expected == most


def test_a_stack_that_is_known_is_not_made_again() -> None:
    catalog = new()
    packet = learn(catalog, tagged(1))
    learn(catalog, tagged(2))
    kept, entry = list(cache_of(catalog).decoders.values()), cache_of(catalog).entry
    cache_of(catalog).learn(Ethernet, packet.headers)
    assert list(cache_of(catalog).decoders.values()) == kept
    assert cache_of(catalog).entry is entry


def test_so_many_stacks_are_kept_and_no_more() -> None:
    catalog = new()
    patience = cache_of(catalog).misses_to_learn
    for tags in range(MAX_STACKS):
        learn(catalog, tagged(tags))
        assert len(cache_of(catalog).decoders) == tags + 1
        assert cache_of(catalog).misses_to_learn == patience
    learn(catalog, tagged(MAX_STACKS - 1))  # it is known: no further one
    assert len(cache_of(catalog).decoders) == MAX_STACKS
    learn(catalog, tagged(MAX_STACKS))
    assert len(cache_of(catalog).decoders) == 1


def test_stacks_behind_another_first_header_replace_those_before() -> None:
    catalog = new()
    for tags in range(3):
        learn(catalog, tagged(tags))
    learn(catalog, tagged(0)[14:], IPv4)
    assert cache_of(catalog).entry[0] is IPv4
    assert [[cls for cls, _ in stack] for stack in cache_of(catalog).decoders] == [[IPv4, oc.UDP]]
    learn(catalog, tagged(0)[14:], oc.LINK_TYPE(228))
    assert cache_of(catalog).entry[0] == oc.LINK_TYPE(228)
    assert len(cache_of(catalog).decoders) == 1


@pytest.mark.parametrize("most", range(1, 7))
def test_a_learnt_stack_leaves_room_for_one_header_more(most: int) -> None:
    """What follows it must be found out: whether the packet has more headers than the catalog follows."""
    catalog = Catalog(HEADERS).with_max_headers(most)
    learn(catalog, tagged(1))  # four headers
    lengths = [len(stack) for stack in cache_of(catalog).decoders]
    assert lengths == ([min(4, most - 1)] if most > 2 else [])


def test_one_header_alone_is_no_stack_and_two_are() -> None:
    catalog = new()
    learn(catalog, oc.encode(LINK.replace(ethertype=0x88B5) / b"..."))
    assert cache_of(catalog).decoders == {}
    assert cache_of(catalog).entry[0] is None
    assert cache_of(catalog).entry[1](b"", 0) is None
    learn(catalog, oc.encode(LINK / VLANTag(vid=1, ethertype=0x88B5) / b"..."))
    assert [len(stack) for stack in cache_of(catalog).decoders] == [2]


# --- which of those is tried ------------------------------------------------------------------------------------------


PLAIN: Final = new()
FRAMES: Final = [
    *(tagged(tags) for tags in range(4)),
    oc.encode(LINK / oc.IPv6(src="2001:db8::1", dst="2001:db8::2") / INSIDE[1]),
    oc.encode(LINK / NETWORK / oc.UDP(src_port=1) / oc.VXLAN(vni=1) / LINK / NETWORK / INSIDE[1]),
    oc.encode(LINK / NETWORK / oc.UDP(src_port=1) / oc.VXLAN(vni=1) / LINK / VLANTag(vid=1) / NETWORK / INSIDE[1]),
    oc.encode(LINK / NETWORK / oc.GRE() / LINK / NETWORK / INSIDE[1]),
    oc.encode(LINK / NETWORK.replace(protocol=99)),
    oc.encode(LINK / VLANTag(vid=1, ethertype=0x88B5)),
]


@pytest.mark.parametrize("turn", range(len(FRAMES)))
@pytest.mark.parametrize("kept", [2, 3, len(FRAMES)])
def test_each_learnt_stack_is_read_at_once_whatever_the_order(turn: int, kept: int) -> None:
    """Without one octet behind its headers, and with some: what decides must not need octets that are not there."""
    catalog = new()
    frames = (FRAMES[turn:] + FRAMES[:turn])[:kept]
    packets = [learn(catalog, data) for data in frames]
    assert len(cache_of(catalog).decoders) == len({tuple(map(type, packet.headers)) for packet in packets})
    read = cache_of(catalog).entry[1]
    for data, packet in zip(frames, packets, strict=True):
        found = read(data, len(data))
        headers = found.headers if isinstance(found, Packet) else () if found is None else found[0]
        assert headers == packet.headers[: len(headers)]
        assert len(headers) == len(packet.headers), "another stack, or none, was tried"
    for data in FRAMES:
        for octets in (b"", data[:1], data[:13], data[:14], data[:-1]):
            assert catalog.decode(octets, lax=True) == PLAIN.decode(octets, lax=True)


def test_octets_that_are_always_the_same_are_known_to_the_choice() -> None:
    """EtherTypes, IP's version and protocol, and UDP's port lie where IEEE 802.3 and RFC 791, 768 and 7348 say."""
    catalog = new()
    learn(catalog, FRAMES[5])
    (decoder,) = cache_of(catalog).decoders.values()
    link, inner = {12: 0x08, 13: 0x00, 14: 0x45, 23: 17, 36: 4789 >> 8, 37: 4789 & 255}, {62: 0x08, 63: 0x00, 64: 0x45}
    assert {**link, **inner, 73: 17}.items() <= decoder.constants.items()
    assert decoder.octets == len(FRAMES[5])
    for data in FRAMES:
        other = new()
        learn(other, data)
        for one in cache_of(other).decoders.values():
            assert all(data[offset] == value for offset, value in one.constants.items())
            assert {12: data[12], 13: data[13]}.items() <= one.constants.items()


# --- what is generated for one header, and to write stacks ------------------------------------------------------------


def classes_of(number: int) -> list[type[Header]]:
    """So many headers that are no more than octets."""
    return list(oc.DEFAULT.headers[:number])


def test_the_functions_of_so_many_classes_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(code_cache, "MAX_CLASSES", 3)
    code = code_of(Catalog(HEADERS))
    expected = [1, 2, 3, 1, 2, 3, 1]
    for make, kept in ((code.decode_step, code.decode_steps), (code.header_encoder, code.header_encoders)):
        sizes = []
        for cls in classes_of(7):
            made = make(cls)
            sizes.append(len(kept))
            assert make(cls) is made
        assert sizes == expected


def test_the_encoders_of_so_many_stacks_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(code_cache, "MAX_STACKS", 3)
    catalog = Catalog(HEADERS)
    sizes = []
    for tags in range(7):
        catalog.encode(Packet((LINK, *(VLANTag(vid=1),) * tags, *INSIDE)))
        sizes.append(len(code_of(catalog).stack_encoders))
    assert sizes == [1, 2, 3, 1, 2, 3, 1]


def test_a_stack_is_written_at_once_after_so_many_packets() -> None:
    catalog = Catalog(HEADERS)
    packet = Packet((LINK, *INSIDE), b"data")
    classes = tuple(map(type, packet.headers))
    counting = None
    for number in range(STACK_USES + 3):
        octets = catalog.encode(packet)
        _, encoder = code_of(catalog).stack_encoders[classes]
        counting = counting or encoder
        assert (encoder is counting) is (number + 1 < STACK_USES)
        assert octets == oc.encode(packet)


@pytest.mark.parametrize("headers", [(NETWORK.replace(protocol=99),), (NETWORK, oc.UDP(src_port=1, dst_port=2))])
def test_two_headers_are_a_stack_to_write_and_one_is_none(headers: tuple[Header, ...]) -> None:
    catalog = Catalog(HEADERS)
    packet = Packet(headers, b"data")
    for _ in range(2 * STACK_USES):
        catalog.encode(packet)
    _, encoder = code_of(catalog).stack_encoders[tuple(map(type, headers))]
    assert (encoder.__name__ == "count") is (len(headers) < 2)
