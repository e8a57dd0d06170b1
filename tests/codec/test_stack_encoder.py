"""Encoders of whole stacks: with them and without them, encoding gives the same octets, or the same error."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import overlaycodec as oc
from overlaycodec import Catalog, EncodeError, Packet, strategies
from overlaycodec.codec.code_cache import STACK_USES
from overlaycodec.codec.packet_encoder import encode_packet
from overlaycodec.codec.stack_encoder import stack_encoder_of, stackable
from overlaycodec.protocols import HEADERS
from overlaycodec.schema.keyspaces import IEEE802_LENGTH
from tests.tools.internals import code_of

CATALOG = Catalog(HEADERS)
MAC = "02:00:00:00:00:01"
OUTER = (oc.Ethernet(dst=MAC, src=MAC), oc.IPv4(src="10.0.0.1", dst="10.0.0.2", identification=7, dscp=46))
INNER = (
    oc.Ethernet(dst=MAC, src=MAC),
    oc.VLANTag(vid=7, pcp=3),
    oc.IPv4(src="192.168.0.1", dst="192.168.0.2", dont_fragment=True),
    oc.TCP(src_port=1000, dst_port=2000, sequence=1 << 31, ack=True, psh=True, urg=True),
)
OUTER6 = (oc.Ethernet(dst=MAC, src=MAC), oc.IPv6(src="2001:db8::1", dst="2001:db8::2", flow_label=0x12345))
STACKS: dict[str, Packet] = {
    "vxlan": Packet((*OUTER, oc.UDP(src_port=49152), oc.VXLAN(vni=0xFFFFFF), *INNER)),
    "vxlan over ipv6": Packet((*OUTER6, oc.UDP(src_port=49152), oc.VXLAN(vni=1), *INNER)),
    "geneve": Packet((*OUTER, oc.UDP(src_port=49152), oc.Geneve(vni=1), *INNER)),
    "geneve, ipv6 within": Packet(
        (*OUTER, oc.UDP(src_port=49152), oc.Geneve(vni=1), *OUTER6, oc.UDP(src_port=1, dst_port=2))
    ),
    "udp": Packet((*OUTER, oc.UDP(src_port=1, dst_port=2))),
    "ip in ip": Packet((*OUTER, oc.IPv6(src="2001:db8::1", dst="2001:db8::2"), oc.UDP(src_port=1, dst_port=2))),
    "icmp": Packet((*OUTER, oc.ICMP(code=0), oc.ICMPEcho(identifier=1, sequence=2))),
}


def unchecked(header: Any, **changes: object) -> Any:  # Any: msgspec's own way, past the checks
    return msgspec.structs.replace(header, **changes)


def slowly(packet: Packet, catalog: Catalog = CATALOG) -> bytes:
    """What the writers write, header after header."""
    return encode_packet(packet, catalog, octets=[])


def at_once(packet: Packet, catalog: Catalog = CATALOG) -> bytes | None:
    """What the encoder of the stack writes; None where it leaves the packet to the writers."""
    classes = tuple(map(type, packet.headers))
    assert stackable(classes) == len(classes)
    return stack_encoder_of(classes, len(classes), catalog)(packet.headers, packet.payload)


@pytest.mark.parametrize("name", STACKS)
@pytest.mark.parametrize("payload", [b"", b"odd", b"even", bytes(1000), b"\xff" * 1001])
def test_whole_stacks(name: str, payload: bytes) -> None:
    packet = STACKS[name] / payload
    assert at_once(packet) == slowly(packet)
    decoded = CATALOG.decode(slowly(packet))
    assert at_once(decoded) == slowly(packet)


@settings(max_examples=60)
@given(strategies.packets(), st.data())
def test_any_packet(packet: Packet, draw: st.DataObject) -> None:
    """Drawn packets hold AUTO here and there; decoded ones hold none."""
    for given_ in (packet, oc.resolve(packet)):
        classes = tuple(map(type, given_.headers))
        start = stackable(classes)
        if start and not given_.trailers:
            content = slowly(Packet(given_.headers[start:], given_.payload)) if start < len(classes) else given_.payload
            found = stack_encoder_of(classes, start, CATALOG)(given_.headers, content)
            assert found is None or found == slowly(given_)


def test_a_sum_of_zero_and_none_at_all() -> None:
    """UDP writes a computed 0 as 0xFFFF; other sums of 0 stay 0."""
    for end in range(0x10000):
        packet = Packet((oc.IPv4(src="0.0.0.0", dst="0.0.0.0"), oc.UDP(src_port=0, dst_port=0)), end.to_bytes(2, "big"))
        octets = FOUR(packet.headers, packet.payload)
        assert octets is not None
        if octets[26:28] == b"\xff\xff":
            break
    else:
        pytest.fail("no such payload")
    assert octets == slowly(packet)


FOUR = stack_encoder_of((oc.IPv4, oc.UDP), 2, CATALOG)


@pytest.mark.parametrize(
    "packet",
    [
        Packet((*OUTER, oc.UDP(src_port=1))) / b"x",  # a key that nothing tells
        Packet((*OUTER, oc.UDP(src_port=1, dst_port=2))) / bytes(65536),
        Packet((oc.Ethernet(dst=MAC, src=MAC), oc.UDP(src_port=1, dst_port=2))) / b"x",  # no addresses to sum
        Packet((unchecked(OUTER[0], dst="text"), OUTER[1], oc.UDP(src_port=1, dst_port=2))),
        Packet((OUTER[0], unchecked(OUTER[1], ttl=256), oc.UDP(src_port=1, dst_port=2))),
    ],
)  # fmt: skip
def test_errors_are_those_of_the_writers(packet: Packet) -> None:
    catalog = Catalog(HEADERS)
    with pytest.raises((EncodeError, TypeError)) as slow:
        slowly(packet)
    for _ in range(STACK_USES + 2):
        with pytest.raises((EncodeError, TypeError)) as quick:
            catalog.encode(packet)
        assert str(quick.value) == str(slow.value)


def test_a_function_is_made_when_a_stack_came_often() -> None:
    catalog = Catalog(HEADERS)
    packet = STACKS["vxlan"] / b"payload"
    classes = tuple(map(type, packet.headers))
    for _ in range(STACK_USES):
        assert catalog.encode(packet) == slowly(packet)
    start, write = code_of(catalog).stack_encoders[classes]
    assert start == len(classes)
    assert write(packet.headers, packet.payload) == slowly(packet)


def test_what_is_not_plain_goes_inside() -> None:
    """A header with a stack end is left to its writer, and so is all within it; what is outside is written at once."""
    catalog = Catalog(HEADERS)
    packet = Packet((*OUTER, oc.UDP(src_port=1), oc.MPLS(label=16, ttl=3), *INNER)) / b"payload"
    classes = tuple(map(type, packet.headers))
    assert stackable(classes) == 3
    for _ in range(STACK_USES + 2):
        assert catalog.encode(packet) == slowly(packet)
    assert code_of(catalog).stack_encoders[classes][0] == 3


def test_stacks_are_bounded() -> None:
    catalog = Catalog(HEADERS)
    for tags in range(1, 301):
        catalog.encode(Packet((OUTER[0], *(oc.VLANTag(vid=1, ethertype=0x8100),) * tags)))
    assert len(code_of(catalog).stack_encoders) <= 256


def test_a_checksum_covers_what_a_length_says() -> None:
    packet = Packet((*OUTER, oc.UDP(src_port=1, dst_port=2, length=12))) / b"more than twelve"
    assert at_once(packet) is None
    for _ in range(STACK_USES + 2):
        assert oc.encode(packet) == slowly(packet)


class Odd(oc.Header, keys=(oc.UDP_PORT(7),), carries=oc.ETHERTYPE(0x6558)):
    """A header of five octets: words of what follows are out of step with its own."""

    number: Annotated[int, oc.Bits(24)]
    checksum: Annotated[int, oc.Bits(16), oc.Checksum()] = oc.AUTO


def test_headers_of_odd_size_are_summed_in_step() -> None:
    catalog = Catalog(HEADERS).with_header(Odd)
    packet = Packet((*OUTER, oc.UDP(src_port=1), Odd(number=1), *INNER)) / b"payload"
    for _ in range(STACK_USES + 2):
        assert catalog.encode(packet) == slowly(packet, catalog)


def test_pieces_of_a_frame() -> None:
    packet = Packet((*OUTER, oc.STTSegment(src_port=1), oc.STT(context_id=1), *INNER)) / b"payload"
    for octets in (packet, oc.resolve(packet), oc.resolve(packet).replace(oc.STTSegment, checksum=oc.AUTO)):
        for _ in range(STACK_USES + 2):
            assert oc.encode(octets) == slowly(octets)


def test_a_flag_without_what_it_promises_is_an_error_however_often_the_stack_came() -> None:
    link = oc.Ethernet(dst="02:00:00:00:00:02", src="02:00:00:00:00:01")
    header = oc.ERSPANv3(session_id=1, frame_type=1, platform_present=False, platform_id=None, platform_info=None)
    plain = link / header
    for _ in range(2_000):
        oc.encode(plain)
    with pytest.raises(oc.UnresolvedError, match=r"erspan_v3\.platform_id has no value"):
        oc.encode(plain.replace(oc.ERSPANv3, platform_present=True))


class Unnumbered(oc.Header):
    """A header that sums addresses, and has no number among the protocols of IP."""

    checksum: Annotated[int, oc.Bits(16), oc.Checksum(pseudo=True)] = oc.AUTO
    more: Annotated[int, oc.Bits(16)] = 0


def test_a_protocol_without_a_number_sums_none() -> None:
    catalog = Catalog((*HEADERS, Unnumbered))
    packet = Packet((OUTER[0], OUTER[1].replace(protocol=200), Unnumbered())) / b"data"
    for _ in range(STACK_USES + 2):
        assert catalog.encode(packet) == slowly(packet, catalog)


class Either(oc.Header, keys=(oc.ETHERTYPE(0x88B5), IEEE802_LENGTH(0))):
    """A header that stands behind a type or behind a length."""

    number: Annotated[int, oc.Bits(16)] = 0


def test_what_stands_behind_a_type_or_a_length() -> None:
    catalog = Catalog(HEADERS).with_header(Either)
    packet = Packet((OUTER[0], oc.VLANTag(vid=1), Either())) / b"data"
    for _ in range(STACK_USES + 2):
        assert catalog.encode(packet) == slowly(packet, catalog)


class Beyond(oc.Header, keys=(oc.UDP_PORT(7),)):
    """A length that counts all but the first two octets."""

    length: Annotated[int, oc.Bits(16), oc.LengthField(bias=2)] = oc.AUTO
    more: Annotated[int, oc.Bits(16)] = 0


def test_a_length_that_leaves_some_octets_out() -> None:
    catalog = Catalog(HEADERS).with_header(Beyond)
    packet = Packet((*OUTER, oc.UDP(src_port=1), Beyond())) / b"data"
    for _ in range(STACK_USES + 2):
        assert catalog.encode(packet)[42:].hex() == "0006" + "0000" + "64617461"
