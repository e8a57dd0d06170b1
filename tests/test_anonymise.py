"""Packets with other addresses: what changes, what stays, and that nothing else is different."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from typing import Any, Final

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

import overlaycodec as oc
from overlaycodec.cli.commands import overlaycodec
from overlaycodec.schema.record import WireStruct

pytest.importorskip("cryptography")

from overlaycodec.anonymise import Anonymiser
from overlaycodec.anonymise.prefix_cipher import PrefixCipher

CAPTURES: Final = sorted((Path(__file__).parent / "captures").glob("*.pcap"))
KEY: Final = bytes.fromhex("152217 8d33a4cf8013 0a5b1649907d10 d8988f83797965 27 62574c2d2a842202")
"""The key of the sample program of Crypto-PAn 1.0."""
SECRET: Final = Anonymiser(KEY)
MASKS: Final = ("mask", "subnet_mask")


@pytest.mark.parametrize(
    ("address", "other"),
    [
        ("128.11.68.132", "135.242.180.132"),
        ("129.118.74.4", "134.136.186.123"),
        ("130.132.252.244", "133.68.164.234"),
        ("141.223.7.43", "141.167.8.160"),
    ],
)
def test_the_cipher_is_crypto_pan(address: str, other: str) -> None:
    """The first lines of the sample trace of Crypto-PAn 1.0, and what its program makes of them."""
    assert IPv4Address(PrefixCipher(KEY, 32).of(int(IPv4Address(address)))) == IPv4Address(other)


def common(a: int, b: int, bits: int) -> int:
    return bits - (a ^ b).bit_length()


@given(st.integers(0, 2**32 - 1), st.integers(0, 31), st.integers(0, 2**31 - 1))
def test_prefixes_of_ipv4_are_kept(first: int, same: int, rest: int) -> None:
    second = first ^ (1 << 31 - same) ^ (rest & (1 << 31 - same) - 1)
    assert common(first, second, 32) == same
    assert common(int(SECRET.ipv4(first)), int(SECRET.ipv4(second)), 32) == same


@given(st.integers(0, 2**128 - 1), st.integers(0, 127), st.integers(0, 2**127 - 1))
def test_prefixes_of_ipv6_are_kept(first: int, same: int, rest: int) -> None:
    second = first ^ (1 << 127 - same) ^ (rest & (1 << 127 - same) - 1)
    if not any(one >> 32 in (0xFFFF, 0x64FF9B << 64) for one in (first, second)):
        assert common(int(SECRET.ipv6(first)), int(SECRET.ipv6(second)), 128) == same


@given(st.binary(min_size=6, max_size=6))
def test_the_kind_of_a_mac_address_is_kept(octets: bytes) -> None:
    other = bytes(SECRET.mac(oc.MACAddress(octets)))
    assert other[0] & 3 == octets[0] & 3
    assert (other == octets) or not octets[0] & 1 or octets[:3] == b"\x33\x33\xff"


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",
        "127.0.0.1",
        "127.255.0.9",
        "224.0.0.251",
        "239.255.255.250",
        "255.255.255.255",
        "::",
        "::1",
        "ff02::1",
    ],
)
def test_special_addresses_stay(address: str) -> None:
    given_ = ip_address(address)
    other = SECRET.ipv4(given_) if isinstance(given_, IPv4Address) else SECRET.ipv6(given_)
    assert other == given_


def test_addresses_that_belong_together() -> None:
    """The solicited-node group and its MAC address (RFC 2464 section 7); IPv4 in IPv6."""
    group = SECRET.ipv6("ff02::1:ff12:3456")
    assert group != IPv6Address("ff02::1:ff12:3456")
    assert group.packed[:13] == IPv6Address("ff02::1:ff12:3456").packed[:13]
    assert bytes(SECRET.mac("33:33:ff:12:34:56")) == b"\x33\x33" + group.packed[-4:]
    assert SECRET.ipv6("::ffff:192.0.2.1").packed[-4:] == SECRET.ipv4("192.0.2.1").packed
    assert (
        SECRET.ipv6("64:ff9b::192.0.2.1").packed
        == IPv6Address("64:ff9b::").packed[:12] + SECRET.ipv4("192.0.2.1").packed
    )
    assert SECRET.ipv6("fe80::1").packed[:8] == IPv6Address("fe80::").packed[:8]
    assert SECRET.ipv4("169.254.3.4").packed[:2] == b"\xa9\xfe"


def addresses(record: Any, path: str) -> Iterator[tuple[str, Any]]:
    """All values of the types of addresses, wherever they are."""
    for field in record.__layout__.fields:
        value = getattr(record, field.name)
        if isinstance(value, tuple):
            for number, element in enumerate(value):
                if isinstance(element, WireStruct):
                    yield from addresses(element, f"{path}.{field.name}[{number}]")
        elif isinstance(value, IPv4Address | IPv6Address | oc.MACAddress) and field.name not in MASKS:
            yield f"{path}.{field.name}", value


def stays(value: IPv4Address | IPv6Address | oc.MACAddress) -> bool:
    """Whether an address is one of those that stay, as the documentation lists them."""
    if isinstance(value, oc.MACAddress):
        octets = bytes(value)
        return (bool(octets[0] & 1) and octets[:3] != b"\x33\x33\xff") or octets == bytes(6)
    if isinstance(value, IPv4Address):
        return value.packed[0] in (127, *range(224, 256)) or not int(value)
    solicited = value.packed[:13] == _SOLICITED
    return (value.is_multicast and not solicited) or value.is_loopback or value.is_unspecified


_SOLICITED: Final = IPv6Address("ff02::1:ff00:0").packed[:13]


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.stem)
def test_every_address_of_a_capture_becomes_another(path: Path) -> None:
    """The same headers, checksums that are as right or wrong as before, and consistent addresses."""
    table: dict[Any, Any] = {}
    with oc.open_capture(path) as capture:
        records = list(capture)
    for record in records:
        before = record.decode(lax=True)
        data = oc.encode(SECRET.packet(before))
        assert len(data) == len(record.data)
        after = oc.decode(data, first=oc.LINK_TYPE(record.link_type), wire_length=record.wire_length, lax=True)
        assert after.names[: len(before.names)] == before.names
        assert before.fault or len(after.names) == len(before.names)  # zeros can be another header than what was faulty
        if before.fault is None and not before.missing:
            assert after.payload == before.payload
            assert oc.checksums(after) == oc.checksums(before)
        for old, new, name in zip(before.headers, after.headers, before.names, strict=False):
            pairs = zip(addresses(old, name), addresses(new, name), strict=True)
            for (where, address), (_, other) in pairs:
                assert (address == other) == stays(address), where
                assert table.setdefault(address, other) == other
    assert len(set(table.values())) == len(table)


def test_addresses_in_options_and_messages() -> None:
    """DHCP's hardware address and client identifier, routes of IPv6, and an Ethernet FCS."""
    mac = oc.MACAddress("02:00:00:00:00:01")
    other = bytes(SECRET.mac(mac))
    identifier = oc.DHCPOption(code=61, data=b"\1" + bytes(mac))
    dhcp = oc.DHCP(op=1, chaddr=bytes(mac) + bytes(10), options=(identifier,))
    route = oc.IPv6Routing(routing_type=0, segments_left=1, data=bytes(4) + IPv6Address("2001:db8::5").packed)
    for packet in (
        oc.Ethernet(dst="ff:ff:ff:ff:ff:ff", src=mac)
        / oc.IPv4(src="0.0.0.0", dst="255.255.255.255")
        / oc.UDP(src_port=68, dst_port=67)
        / dhcp
        / oc.FCS(),
        oc.Ethernet(dst="02:00:00:00:00:02", src=mac)
        / oc.IPv6(src="2001:db8::1", dst="2001:db8::2")
        / route
        / oc.UDP(src_port=1, dst_port=2)
        / b"content",
    ):
        fcs_octets = 4 if packet.fcs else 0
        data = oc.encode(SECRET.packet(packet))
        after = oc.decode(data, fcs_octets=fcs_octets)
        assert set(oc.checksums(after).values()) == {oc.ChecksumStatus.VALID}
        assert bytes(mac) not in data
        assert IPv6Address("2001:db8::").packed[:4] not in data
        assert bytes(after[oc.Ethernet].src) == other
        if oc.DHCP in after:
            assert after[oc.DHCP].chaddr == other + bytes(10)
            assert b"\1" + other in data
        else:
            assert after[oc.IPv6Routing].data[4:] == SECRET.ipv6("2001:db8::5").packed


def test_a_header_that_was_cut_off_is_no_payload() -> None:
    """DHCP of which the capture has a part: its addresses are in what was not decoded."""
    mac = oc.MACAddress("02:00:00:00:00:01")
    outside = oc.Ethernet(dst="ff:ff:ff:ff:ff:ff", src=mac) / oc.IPv4(src="0.0.0.0", dst="255.255.255.255")
    whole = oc.encode(outside / oc.UDP(src_port=68, dst_port=67) / oc.DHCP(op=1, chaddr=bytes(mac) + bytes(10)))
    for captured in range(len(whole) - 20, 14 + 20 + 8 + 28, -1):
        packet = oc.decode(whole[:captured], wire_length=len(whole), lax=True)
        assert bytes(mac) not in oc.encode(SECRET.packet(packet))


def test_the_key() -> None:
    assert Anonymiser(KEY).ipv4("192.0.2.1") == SECRET.ipv4("192.0.2.1")
    assert Anonymiser(bytes(32)).ipv4("192.0.2.1") != SECRET.ipv4("192.0.2.1")
    with pytest.raises(ValueError, match="31 octets, not 32"):
        Anonymiser(KEY[1:])


# --- the command -----------------------------------------------------------------------------------------------------


def test_the_command(tmp_path: Path) -> None:
    """What the file says beside its packets can hold addresses: it is left out."""
    source, target, key = tmp_path / "in.pcapng", tmp_path / "out.pcapng", tmp_path / "key"
    key.write_text(KEY.hex() + "\n")
    with oc.open_capture(CAPTURES[0]) as capture:
        records = [oc.Record(r.data, r.link_type, r.time_ns, comments=("of 10.0.0.1",)) for r in capture]
    oc.write_capture(source, records)
    arguments = ["anonymise", str(source), str(target), "--key-file", str(key), "--payload", "zero"]
    assert CliRunner().invoke(overlaycodec, arguments).exit_code == 0
    with oc.open_capture(target) as capture:
        found = list(capture)
    assert [record.time_ns for record in found] == [record.time_ns for record in records]
    assert {record.comments for record in found} == {()}
    for before, after in zip(records, found, strict=True):
        expected = SECRET.packet(before.decode(lax=True), payload=False)
        assert after.data == oc.encode(expected)
        assert not any(expected.payload)
    key.write_text("00")
    assert "64 hexadecimal digits" in CliRunner().invoke(overlaycodec, arguments).output
