"""A parser in Python that also writes what it read, and the bugs that can be planted in it, one at a time.

`read` gives notes on what was read, and the octets that it would write for them. Without a bug these are the octets
that were read, whatever they are, and `Refused` never comes with a part of them lost. With a bug one place is wrong.
"""

from __future__ import annotations

import struct
from typing import Final

__all__ = ["BUGS", "Refused", "read"]

BUGS: Final = {
    "rebuilt_third_tag": "what follows a third tag is written without two of the tags",
    "rebuilt_padding": "padding after the IPv4 packet is not written",
    "rebuilt_ihl": "an IHL below 5 is written as 5",
    "rebuilt_option_reserved": "the reserved bits of a Geneve option are written as 0",
    "rebuilt_option_length": "the length of a Geneve option is written in four bits",
    "rebuilt_vxlan_reserved": "the last octet of the VXLAN header is written as 0",
    "rebuilt_group_and_protocol": "a VXLAN header with both a group and a protocol is written in 11 octets",
    "rebuilt_inner_padding": "a UDP checksum is computed without the padding of the inner packet",
    "udp_cut": "the length of what is left is not looked at before the UDP header is read",
    "gtp_number": "the optional fields of GTP-U are not read for the flag of the N-PDU number alone",
    "gtp_extension_zero": "an extension of GTP-U with length 0 is read without end",
    "gtp_extension_8bit": "the length of an extension of GTP-U overflows at 256 octets",
    "nsh_length": "the highest bit of the length of NSH is lost",
    "nsh_metadata_padding": "the next metadata of NSH is looked for without the padding before it",
    "nsh_metadata_overrun": "metadata of NSH may go past the end of the header",
    "icmp_quote": "the IHL of a packet in an ICMP error is not compared with what is there",
    "routing_segments_left": "the segments left of SRv6 may be more than the segments",
    "routing_last_entry": "the last entry of SRv6 may be behind the end of the header",
    "option_pad1": "the option Pad1 of IPv6 is read as if it had a length",
    "option_overrun": "an option of IPv6 may go past the end of its header",
}
"""What is wrong with each bug."""

_STEPS: Final = 2000
_GENEVE: Final = 6081
_VXLAN: Final = (4789, 4790)
_GTP: Final = 2152


class Refused(Exception):
    """Octets that the parser refuses."""


class _Reading:
    """One packet that is read: what is left, what was noted, and what would be written."""

    def __init__(self, data: bytes, bug: str) -> None:
        self.data, self.bug = data, bug
        self.notes: list[object] = []
        self.written: list[bytes] = []
        self.steps = 0

    def need(self, at: int, octets: int, end: int) -> None:
        if octets < 0 or end - at < octets:
            raise Refused(f"{octets} octets at {at}")

    def step(self) -> None:
        self.steps += 1
        if self.steps > _STEPS:
            raise RecursionError("no end")

    def keep(self, at: int, end: int) -> None:
        self.written.append(self.data[at:end])


def read(data: bytes, bug: str = "") -> tuple[list[object], bytes]:
    """What is noted of a frame, and the octets that are written for it. Raises: Refused; with a bug, anything."""
    reading = _Reading(data, bug)
    _ethernet(reading, 0, len(data))
    return reading.notes, b"".join(reading.written)


def _ethernet(r: _Reading, at: int, end: int, depth: int = 0) -> None:
    r.need(at, 14, end)
    (kind,) = struct.unpack_from(">H", r.data, at + 12)
    r.keep(at, at + 14)
    at, tags = at + 14, 0
    while kind in (0x8100, 0x88A8):
        r.need(at, 4, end)
        tag, kind = struct.unpack_from(">HH", r.data, at)
        r.notes.append((tag & 0xFFF, tag >> 12 & 1, tag >> 13))
        r.keep(at, at + 4)
        at, tags = at + 4, tags + 1
    if tags > 2 and r.bug == "rebuilt_third_tag":
        del r.written[-2:]
    _content(r, kind, at, end, depth)


def _content(r: _Reading, kind: int, at: int, end: int, depth: int) -> None:
    r.notes.append(kind)
    if depth > 8:
        raise Refused("nested too deep")
    if kind == 0x0800:
        _ipv4(r, at, end, depth)
    elif kind == 0x86DD:
        _ipv6(r, at, end, depth)
    elif kind == 0x6558:
        _ethernet(r, at, end, depth)
    elif kind == 0x894F:
        _nsh(r, at, end, depth)
    else:
        r.keep(at, end)


def _ipv4(r: _Reading, at: int, end: int, depth: int) -> None:
    r.need(at, 20, end)
    first, total, fragment = r.data[at], *struct.unpack_from(">HxxH", r.data, at + 2)
    header = max(20, (first & 15) * 4)
    r.need(at, header, end)
    stop = min(end, max(at + header, at + total))
    r.written.append(bytes([first & 0xF0 | (header // 4 if r.bug == "rebuilt_ihl" else first & 15)]))
    r.keep(at + 1, at + header)
    r.notes.append((first, total, fragment))
    protocol, addresses = r.data[at + 9], r.data[at + 12 : at + 20]
    if fragment & 0x1FFF:
        r.keep(at + header, stop)
    elif protocol == 17:
        _udp(r, at + header, stop, addresses, depth)
    elif protocol == 1:
        _icmp(r, at + header, stop)
    else:
        r.keep(at + header, stop)
    if r.bug != "rebuilt_padding":
        r.keep(stop, end)


def _ipv6(r: _Reading, at: int, end: int, depth: int) -> None:
    r.need(at, 40, end)
    length, following = struct.unpack_from(">HB", r.data, at + 4)
    addresses, stop = r.data[at + 8 : at + 40], min(end, at + 40 + length)
    r.keep(at, at + 40)
    at += 40
    while following in (0, 43, 60):
        r.need(at, 8, stop)
        octets = (r.data[at + 1] + 1) * 8
        r.need(at, octets, stop)
        if following == 43 and r.data[at + 2] == 4:
            _segments(r, at, at + octets)
        elif following != 43:
            _options(r, at + 2, at + octets)
        following = r.data[at]
        r.keep(at, at + octets)
        at += octets
    if following == 17:
        _udp(r, at, stop, addresses, depth)
    else:
        r.keep(at, stop)
    r.keep(stop, end)


def _segments(r: _Reading, at: int, end: int) -> None:
    """The list of SRv6 (RFC 8754)."""
    left, last = r.data[at + 3], r.data[at + 4]
    if r.bug != "routing_last_entry" and at + 8 + 16 * (last + 1) > end:
        raise Refused("the last entry is not there")
    segments = [struct.unpack_from(">16s", r.data[:end], at + 8 + 16 * number)[0] for number in range(last + 1)]
    if left > last and r.bug != "routing_segments_left":
        raise Refused("more segments left than there are")
    r.notes.append(segments[left])


def _options(r: _Reading, at: int, end: int) -> None:
    while at < end:
        if r.data[at] == 0 and r.bug != "option_pad1":
            at += 1
            continue
        r.need(at, 2, end)
        kind, octets = r.data[at : at + 2]
        if at + 2 + octets > end and r.bug != "option_overrun":
            raise Refused("an option past the end")
        r.notes.append((kind, r.data[at + 2 : at + 2 + octets]))
        at += 2 + octets


def _icmp(r: _Reading, at: int, end: int) -> None:
    r.need(at, 8, end)
    if r.data[at] in (3, 11, 12):
        r.need(at + 8, 20, end)
        header = (r.data[at + 8] & 15) * 4
        if r.bug != "icmp_quote":
            r.need(at + 8, header + 8, end)
        r.notes.append(struct.unpack_from(">HH", r.data[:end], at + 8 + header))
    r.keep(at, end)


def _checksum(octets: bytes) -> int:
    octets += bytes(len(octets) % 2)
    total = sum(struct.unpack(f">{len(octets) // 2}H", octets))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF or 0xFFFF


def _udp(r: _Reading, at: int, end: int, addresses: bytes, depth: int) -> None:
    if r.bug != "udp_cut":
        r.need(at, 8, end)
    source, port, length, checksum = struct.unpack_from(">HHHH", r.data[:end], at)
    stop = min(end, at + max(8, length))
    around = addresses + struct.pack(">HH", 17, length)
    header, content = r.data[at : at + 6], r.data[at + 8 : stop]
    right = checksum == _checksum(around + header + content)
    r.notes.append((source, port, length, right))
    if right:  # computed again for what is written, so that it may be changed in between
        if r.bug == "rebuilt_inner_padding" and port in (_GENEVE, *_VXLAN):
            content = _without_padding(content)
        checksum = _checksum(around + header + content)
    r.written.append(header + struct.pack(">H", checksum))
    at += 8
    if port in _VXLAN:
        _vxlan(r, at, stop, depth, generic=port == _VXLAN[1])
    elif port == _GENEVE:
        _geneve(r, at, stop, depth)
    elif port == _GTP:
        _gtp(r, at, stop, depth)
    else:
        r.keep(at, stop)
    r.keep(stop, end)


def _without_padding(content: bytes) -> bytes:
    """The octets up to the end of an IPv4 packet in the Ethernet frame after a header of 8 octets."""
    if len(content) >= 42 and content[20:22] == b"\x08\x00":
        return content[: max(42, 22 + int.from_bytes(content[24:26], "big"))]
    return content


def _vxlan(r: _Reading, at: int, end: int, depth: int, *, generic: bool) -> None:
    r.need(at, 8, end)
    header = r.data[at : at + 8]
    flags, number = header[0], header[4:7]
    r.notes.append((flags, number))
    if r.bug == "rebuilt_vxlan_reserved":
        header = header[:7] + b"\0"
    if r.bug == "rebuilt_group_and_protocol" and flags & 0x84 == 0x84:
        header = header[:4] + header[1:4] + header[4:]
    r.written.append(header)
    kinds = {1: 0x0800, 2: 0x86DD, 3: 0x6558, 4: 0x894F}
    kind = kinds.get(r.data[at + 3], 0) if generic and flags & 4 else 0x6558
    _content(r, kind, at + 8, end, depth + 1)


def _geneve(r: _Reading, at: int, end: int, depth: int) -> None:
    r.need(at, 8, end)
    stop = at + 8 + (r.data[at] & 63) * 4
    r.need(at, stop - at, end)
    kind = int.from_bytes(r.data[at + 2 : at + 4], "big")
    r.keep(at, at + 8)
    at += 8
    while at < stop:
        last = r.data[at + 3]
        octets = 4 + (last & 31) * 4
        r.need(at, octets, stop)
        r.notes.append(r.data[at : at + 3])
        if r.bug == "rebuilt_option_reserved":
            last &= 31
        if r.bug == "rebuilt_option_length":
            last &= 0xEF
        r.written.append(r.data[at : at + 3] + bytes([last]))
        r.keep(at + 4, at + octets)
        at += octets
    _content(r, kind, at, end, depth + 1)


def _gtp(r: _Reading, at: int, end: int, depth: int) -> None:
    """GTP-U (3GPP TS 29.281 section 5)."""
    r.need(at, 8, end)
    flags, kind = r.data[at], r.data[at + 1]
    start = at
    at += 8
    if flags & (6 if r.bug == "gtp_number" else 7):
        r.need(at, 4, end)
        following = r.data[at + 3] if flags & 4 else 0
        at += 4
        while following:
            r.step()
            r.need(at, 4, end)
            octets = r.data[at] * 4
            if r.bug == "gtp_extension_8bit":
                octets &= 0xFF
            if octets == 0 and r.bug not in ("gtp_extension_zero", "gtp_extension_8bit"):
                raise Refused("an extension of no length")
            r.need(at, octets, end)
            r.notes.append((following, octets))
            following = r.data[at + octets - 1] if octets else following
            at += octets
    r.keep(start, at)
    r.notes.append((kind, at - start))
    version = r.data[at] >> 4 if at < end and kind == 255 else 0
    _content(r, {4: 0x0800, 6: 0x86DD}.get(version, 0), at, end, depth + 1)


def _nsh(r: _Reading, at: int, end: int, depth: int) -> None:
    """NSH (RFC 8300)."""
    r.need(at, 8, end)
    first, kind, following = struct.unpack_from(">HBB", r.data, at)
    octets = (first & (31 if r.bug == "nsh_length" else 63)) * 4
    if octets < 8:
        raise Refused("a header without its fields")
    r.need(at, octets, end)
    stop, place = at + octets, at + 8
    while kind & 15 == 2 and place < stop:
        r.step()
        r.need(place, 4, stop)
        length = r.data[place + 3] & 127
        if place + 4 + length > stop and r.bug != "nsh_metadata_overrun":
            raise Refused("metadata past the end")
        r.notes.append((r.data[place : place + 3], r.data[place + 4 : place + 4 + length]))
        place += 4 + (length if r.bug == "nsh_metadata_padding" else -(-length // 4) * 4)
    r.keep(at, stop)
    _content(r, {1: 0x0800, 2: 0x86DD, 3: 0x6558}.get(following, 0), stop, end, depth)
