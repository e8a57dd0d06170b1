"""Edits of a packet whose checksums follow by the difference (RFC 1624): the payload need not be known.

Strategy: this goes through the headers from the innermost one out, with the octets of the headers before and after the
edit. A checksum changes by the difference of what it covers, so one that was wrong stays wrong by as much. What did not
change, as a payload, cancels out and is never summed.
"""

from __future__ import annotations

from collections.abc import Mapping

from overlaycodec.checksum import crc32c, internet_checksum, internet_sum
from overlaycodec.codec.catalog import DEFAULT, Catalog, check_catalog
from overlaycodec.codec.packet_encoder import encode, resolve
from overlaycodec.codec.pseudo_header import pseudo_header
from overlaycodec.editing.incremental import with_fcs
from overlaycodec.errors import EncodeError
from overlaycodec.packet.offsets import is_fragment
from overlaycodec.packet.packet import Packet, check_packet
from overlaycodec.packet.paths import names_of
from overlaycodec.schema.keyspaces import IP_PROTOCOL
from overlaycodec.schema.plans import Coverage
from overlaycodec.values.argument_checks import check_type

__all__ = ["following", "rewrite"]


def rewrite(packet: Packet, changes: Mapping[str, object], *, catalog: Catalog = DEFAULT) -> Packet:
    """The packet with the values of these paths changed, and every checksum over them adapted by the difference.

    The checksums need no octets that are not here: `rewrite` works on the first fragment of a datagram, on a packet
    that the capture truncated, and on the packet that an ICMP error quotes (`quoted.ipv4.src`). Valid checksums stay
    valid, wrong ones stay wrong by as much, a checksum of 0 that means "none" stays 0, and one that is left to a
    network card (the sum of the pseudo-header alone) stays that. A checksum that is itself changed gets that value. The
    FCS of an Ethernet frame follows too. Any field of a header can change, and the payload, but not their sizes.

    A transport header of which octets are missing is payload, so its checksum does not follow.

    Raises: EncodeError for a change of size, and for SCTP's CRC-32C over octets that are not here; PathError and
    FieldRangeError, as `replace_at` does.

    Spec: RFC 1624 section 3, equation 3.
    """
    check_packet(packet)
    check_catalog(catalog)
    check_type("changes", changes, Mapping, "a dict of paths and values")
    before = after = resolve(packet, catalog=catalog)
    for path, value in changes.items():
        after = after.replace_at(path, value)
    return following(before, after, catalog)


def following(before: Packet, after: Packet, catalog: Catalog, *, strict: bool = True) -> Packet:
    """`after` with the checksums that it still has from `before` adapted to the other changes.

    `strict`: whether a checksum that cannot follow is an error; else it stays as it is.

    Raises: EncodeError where the two have other headers, or headers or a payload of other sizes.
    """
    if list(map(type, before.headers)) != list(map(type, after.headers)):
        raise EncodeError("packet", after, f"has other headers than before, which were {', '.join(before.names)}")
    names, headers = names_of(after.headers), list(after.headers)
    _check_size("payload", after, before.payload, after.payload)
    old = new = b""
    finished: tuple[bytes, bytes] | None = None
    behind = [0] * len(headers)
    for trailer in before.trailers:
        if trailer.header >= 0:
            behind[trailer.header] += len(trailer.data)
    missing = before.without_fcs().missing
    beyond, ends = missing, 0  # octets behind the content of the headers within: trailers, and what is missing
    for index in reversed(range(len(headers))):
        beyond, ends = beyond + ends, behind[index]
        header = before.headers[index]
        own, changed = encode(header, catalog=catalog), encode(headers[index], catalog=catalog)
        _check_size(names[index], headers[index], own, changed)
        old, new = own + old, changed + new
        finished = finished and (own + finished[0], changed + finished[1])
        coverage = header.__layout__.coverage
        value = None if coverage is None else getattr(header, coverage.field.name)
        if coverage is None or value is None or value != getattr(headers[index], coverage.field.name):
            continue
        change = _Change(before, after, index, coverage, old, new, len(own), beyond, catalog)
        if finished and not change.was_valid():
            change = _Change(before, after, index, coverage, *finished, len(own), beyond, catalog)
        adapted = change.checksum(value)
        if finished is None and change.is_partial(value):
            finished = change.finished()
        if adapted is None and strict:
            raise EncodeError(f"{names[index]}.{coverage.field.name}", header, "covers octets that are not here")
        if adapted not in (None, value):
            headers[index] = headers[index].replace(**{coverage.field.name: adapted})
            changed = encode(headers[index], catalog=catalog)
            new = changed + new[len(own) :]
            if finished and not change.is_partial(value):
                finished = finished[0], changed + finished[1][len(own) :]
    return with_fcs(before, after._with(headers=tuple(headers)), catalog)


def _check_size(path: str, value: object, before: bytes, after: bytes) -> None:
    if len(before) != len(after):
        raise EncodeError(path, value, f"has {len(after)} octets, and had {len(before)}")


class _Change:
    """What changed under one checksum."""

    def __init__(
        self,
        before: Packet,
        after: Packet,
        index: int,
        coverage: Coverage,
        old: bytes,
        new: bytes,
        size: int,
        beyond: int,
        catalog: Catalog,
    ) -> None:
        self._before, self._index, self._coverage = before, index, coverage
        self._header = before.headers[index]
        self._protocol = catalog.key_of(IP_PROTOCOL, type(self._header)) or 0
        self._heads, self._whole = (old, new), old + before.payload
        octets = len(self._whole) + beyond
        self._octets = self._header.__layout__.covered_octets(self._header, size, octets)
        if before.payload != after.payload:
            old, new = self._whole, new + after.payload
        self._old, self._new = old[: self._octets], new[: self._octets]
        self._addresses = [
            pseudo_header(packet.headers, index) if coverage.pseudo else None for packet in (before, after)
        ]

    def checksum(self, value: int) -> int | None:
        """What the checksum becomes; None where it cannot follow."""
        addresses = [sum(pair) if pair is not None else 0 for pair in self._addresses]
        if self._coverage.absent_in(self._header):
            return value
        if self._old == self._new and addresses[0] == addresses[1]:
            return value
        if self._coverage.algorithm != "internet":
            return self._crc(value)
        if self.is_partial(value):
            return internet_sum(b"", self._start(1))
        removed = internet_sum(self._old, addresses[0])
        checksum = 0xFFFF ^ internet_sum(self._new, addresses[1] + (0xFFFF ^ value) + (0xFFFF ^ removed))
        return checksum or (0xFFFF if self._coverage.zero_absent else 0)

    def was_valid(self) -> bool:
        """Whether the checksum was right before, if all octets that it covers are here."""
        here = self._whole[: self._octets]
        return len(here) == self._octets and internet_sum(here, self._start(0)) == 0xFFFF

    def is_partial(self, value: int) -> bool:
        """Whether the checksum is left to a network card: it is the sum of the pseudo-header alone."""
        if self._addresses[0] is None or value != internet_sum(b"", self._start(0)) or self.was_valid():
            return False
        return not any(map(is_fragment, self._before.headers[: self._index]))

    def finished(self) -> tuple[bytes, bytes]:
        """The octets before and after, with the checksum that the card writes: a checksum outside may be over those.

        Both lack the sum of a payload that did not change: it cancels out.
        """
        at, found = self._coverage.octet, []
        for number, (head, octets) in enumerate(zip(self._heads, (self._old, self._new), strict=True)):
            checksum = internet_checksum(octets[:at] + bytes(2) + octets[at + 2 :], self._start(number))
            found.append(head[:at] + checksum.to_bytes(2, "big") + head[at + 2 :])
        return found[0], found[1]

    def _start(self, number: int) -> int:
        """The sum that the checksum starts with: before (0) or after (1)."""
        addresses = self._addresses[number]
        return 0 if addresses is None else sum(addresses) + self._octets + self._protocol

    def _crc(self, value: int) -> int | None:
        """A CRC-32C after the change."""
        outside = self._before.headers[: self._index]
        if len(self._whole) < self._octets or any(h.__layout__.quotes or is_fragment(h) for h in outside):
            return None
        at, rest = self._coverage.octet, self._whole[len(self._old) : self._octets]
        for octets in (self._old, self._new):
            crc = crc32c(octets[:at] + bytes(4) + octets[at + 4 :] + rest)
            value ^= int.from_bytes(crc.to_bytes(4, "little"), "big")
        return value
