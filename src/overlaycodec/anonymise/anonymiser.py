"""Packets with other addresses.

Strategy: every field that holds an address, in every scope and option, gets another one of the same length, so no
octet moves. Checksums and FCS follow by the difference (RFC 1624): one that was wrong stays wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address
from typing import Any, Final

from overlaycodec.anonymise.in_octets import OCTETS, Kind, addresses_in
from overlaycodec.anonymise.prefix_cipher import KEY_OCTETS, PrefixCipher, Special
from overlaycodec.checksum import adjusted_fcs, crc32c, internet_sum
from overlaycodec.codec.catalog import DEFAULT, Catalog
from overlaycodec.codec.packet_encoder import encode, resolve
from overlaycodec.codec.pseudo_header import pseudo_header
from overlaycodec.editing.checksum_status import ChecksumStatus, checksums
from overlaycodec.packet.header import Header
from overlaycodec.packet.offsets import octets_in
from overlaycodec.packet.packet import FCS, Packet
from overlaycodec.packet.paths import names_of
from overlaycodec.schema.record import WireStruct
from overlaycodec.values import MACAddress
from overlaycodec.values.argument_checks import check_type

__all__ = ["Anonymiser"]

_CACHED: Final = 1 << 16
"""How many addresses of each kind are remembered."""


def _ipv4(text: str, length: int, *, whole: bool = True) -> Special:
    return Special(int(IPv4Address(text)), length, whole)


def _ipv6(text: str, length: int, *, whole: bool = True) -> Special:
    return Special(int(IPv6Address(text)), length, whole)


_SOLICITED: Final = _ipv6("ff02::1:ff00:0", 104, whole=False)
_SPECIAL_IPV4: Final = (
    _ipv4("0.0.0.0", 32),
    _ipv4("127.0.0.0", 8),
    _ipv4("169.254.0.0", 16, whole=False),
    _ipv4("224.0.0.0", 3),
)
_SPECIAL_IPV6: Final = (
    _ipv6("::", 128),
    _ipv6("::1", 128),
    _ipv6("fe80::", 64, whole=False),
    _ipv6("ff00::", 8),
    _ipv6("::ffff:0:0", 96, whole=False),
    _ipv6("64:ff9b::", 96, whole=False),
)
_WITH_IPV4: Final = tuple(special.value >> 32 for special in _SPECIAL_IPV6[-2:])
"""The first 96 bits of IPv6 addresses that end with an IPv4 address (RFC 4291, RFC 6052)."""
_MASKS: Final = frozenset({"mask", "subnet_mask"})
"""Fields of the type of an address that have none."""


class Anonymiser:
    """Gives other addresses, always the same by the same key of 32 octets: prefix-preserving, and one to one.

    These stay: unspecified, loopback and multicast addresses and IPv4's from 224.0.0.0 on; the first 16 and 64 bits of
    link-local ones; the prefix of solicited-node addresses; group bit and local bit of a MAC address, and group
    addresses. Where an IPv6 address ends with an IPv4 one (::ffff:0:0/96, 64:ff9b::/96), that is what changes.
    """

    def __init__(self, key: bytes) -> None:
        check_type("key", key, bytes)
        if len(key) != KEY_OCTETS:
            raise ValueError(f"the key has {len(key)} octets, not {KEY_OCTETS}")
        ipv4 = PrefixCipher(key, 32, _SPECIAL_IPV4)
        ipv6 = PrefixCipher(key, 128, _SPECIAL_IPV6)
        solicited = PrefixCipher(key, 128, (_SOLICITED,))
        mac = PrefixCipher(key, 48, (Special(0, 48),), domain=48)

        @lru_cache(_CACHED)
        def of_ipv4(number: int) -> int:
            return ipv4.of(number)

        @lru_cache(_CACHED)
        def of_ipv6(number: int) -> int:
            if number >> 24 == _SOLICITED.value >> 24:
                return solicited.of(number)
            if number >> 32 in _WITH_IPV4:
                return number >> 32 << 32 | of_ipv4(number & 0xFFFF_FFFF)
            return ipv6.of(number)

        @lru_cache(_CACHED)
        def of_mac(number: int) -> int:
            if number >> 40 & 1:
                if number >> 24 == 0x3333FF:  # the group of solicited-node addresses
                    return number >> 24 << 24 | of_ipv6(_SOLICITED.value | number & 0xFF_FFFF) & 0xFF_FFFF
                return number
            return number & 0x0300_0000_0000 | mac.of(number) & ~0x0300_0000_0000

        self._of: dict[Kind, Callable[[int], int]] = {"ipv4": of_ipv4, "ipv6": of_ipv6, "mac": of_mac}

    def ipv4(self, address: IPv4Address | str | int) -> IPv4Address:
        """Another IPv4 address."""
        return IPv4Address(self._of["ipv4"](int(IPv4Address(address))))

    def ipv6(self, address: IPv6Address | str | int) -> IPv6Address:
        """Another IPv6 address."""
        return IPv6Address(self._of["ipv6"](int(IPv6Address(address))))

    def mac(self, address: MACAddress | str) -> MACAddress:
        """Another MAC address."""
        number = self._of["mac"](int.from_bytes(bytes(MACAddress(address)), "big"))
        return MACAddress(number.to_bytes(OCTETS["mac"], "big"))

    def packet(self, packet: Packet, *, catalog: Catalog = DEFAULT, payload: bool = True) -> Packet:
        """The packet with other addresses in all its headers, also of the packets inside and of quoted ones.

        Checksums and an Ethernet frame's FCS follow by the difference. Payload, in which an application may send
        addresses, stays; without `payload`, where decoding stopped with a fault, and where the capture truncated the
        packet, it becomes zeros: it can begin with a part of a header.

        Raises: EncodeError where a field that is AUTO cannot be derived.
        """
        check_type("packet", packet, Packet)
        before = resolve(packet, catalog=catalog)
        headers = tuple(map(self._record, before.headers))
        keep = payload and packet.fault is None and not packet.without_fcs().missing
        after = before.__replace__(headers=headers, payload=before.payload if keep else bytes(len(before.payload)))
        return _with_fcs(before, _followed(before, after, catalog), catalog)

    def _record(self, record: Any) -> Any:  # Any: a header or an element, of which each has its own fields
        changes = {}
        for field in record.__layout__.fields:
            value = getattr(record, field.name)
            other = value
            if isinstance(value, tuple):
                other = tuple(self._record(one) if isinstance(one, WireStruct) else one for one in value)
            elif field.name not in _MASKS:
                other = self._value(record, field.name, value)
            if other != value:
                changes[field.name] = other
        return record.replace(**changes) if changes else record

    def _value(self, record: Any, name: str, value: object) -> object:  # Any: as above
        if isinstance(value, MACAddress):
            return self.mac(value)
        if isinstance(value, IPv4Address):
            return self.ipv4(value)
        if isinstance(value, IPv6Address):
            return self.ipv6(value)
        if not isinstance(value, bytes):
            return value
        octets = bytearray(value)
        for kind, at in addresses_in(record, name, value):
            stop = at + OCTETS[kind]
            octets[at:stop] = self._of[kind](int.from_bytes(value[at:stop], "big")).to_bytes(OCTETS[kind], "big")
        return bytes(octets)


def _followed(before: Packet, after: Packet, catalog: Catalog) -> Packet:
    """`after` with the checksums of `before` by the difference; no header has another length."""
    old, new = (encode(packet.without_fcs(), catalog=catalog) for packet in (before, after))
    statuses = checksums(before, catalog=catalog)
    headers, names = list(after.headers), names_of(before.headers)
    ends = [0]
    for header in before.headers:
        ends.append(ends[-1] + octets_in(header))
    for index in reversed(range(len(headers))):
        was, header, start = before.headers[index], headers[index], ends[index]
        coverage = was.__layout__.coverage
        if coverage is None:
            continue
        name = coverage.field.name
        value = getattr(was, name)
        if value is None or coverage.absent_in(was):
            continue
        size = octets_in(was)
        covered = [
            octets[start : start + was.__layout__.covered_octets(was, size, len(octets) - start)]
            for octets in (old, new)
        ]
        if coverage.algorithm == "internet":
            pseudo = [_pseudo(found, index) if coverage.pseudo else 0 for found in (before.headers, headers)]
            partial = statuses.get(f"{names[index]}.{name}") == ChecksumStatus.PARTIAL
            checksum = _adjusted(value, covered, pseudo, partial=partial)
            checksum = checksum or (0xFFFF if coverage.zero_absent else 0)
        else:
            checksum = value ^ crc32c(covered[0]) ^ crc32c(covered[1])
        if checksum != value:
            headers[index] = header.replace(**{name: checksum})
            new = new[:start] + encode(headers[index]) + new[start + size :]
    return after.__replace__(headers=tuple(headers))


def _adjusted(value: int, covered: Sequence[bytes], pseudo: Sequence[int], *, partial: bool) -> int:
    """A checksum by what it covers before and after; a partial one is the sum of the pseudo-header alone."""
    if partial:
        return internet_sum(b"", value + (0xFFFF ^ internet_sum(b"", pseudo[0])) + pseudo[1])
    sums = [internet_sum(octets, start) for octets, start in zip(covered, pseudo, strict=True)]
    if sums[0] == sums[1]:
        return value
    return 0xFFFF ^ internet_sum(b"", (0xFFFF ^ value) + (0xFFFF ^ sums[0]) + sums[1])


def _pseudo(headers: Sequence[Header], index: int) -> int:
    """The sum of the addresses of the pseudo-header."""
    found = pseudo_header(headers, index)
    return 0 if found is None else sum(found)


def _with_fcs(before: Packet, after: Packet, catalog: Catalog) -> Packet:
    fcs = before.fcs
    if fcs is None or not fcs.is_crc(before.headers):
        return after
    old, new = (encode(packet.without_fcs(), catalog=catalog) for packet in (before, after))
    return after.__replace__(trailers=(*after.trailers[:-1], FCS(data=adjusted_fcs(fcs.data, old, new))))
