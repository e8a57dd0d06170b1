"""A received packet in the long way: who refuses it, in the order in which a receiver meets its headers."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address
from typing import Any, Final

import msgspec

from overlaycodec.codec.catalog import Catalog
from overlaycodec.codec.packet_decoder import decode
from overlaycodec.editing.checksum_status import ChecksumStatus, checksums
from overlaycodec.errors import DecodeError, MissingHeaderError
from overlaycodec.findings.model import Finding, Severity
from overlaycodec.packet.header import Header
from overlaycodec.packet.packet import Packet
from overlaycodec.packet.paths import names_of, scopes_of
from overlaycodec.protocols import STT, UDP, Ethernet, Geneve, IPv4, IPv6, STTSegment, VLANTag
from overlaycodec.reassembly import STTFrame
from overlaycodec.tunnel.decapsulation import Decapsulated, decapsulate, decapsulated
from overlaycodec.tunnel.inner_packet import Diffserv
from overlaycodec.tunnel.inner_tags import frame_tags, without_tags
from overlaycodec.tunnel.reception import InnerTags, Priorities, Received, Reception, Refusal
from overlaycodec.values import MACAddress
from overlaycodec.vlan.tags import Tag

__all__ = ["Examination", "examined", "examined_frame", "received"]

_SETTINGS: Final = "the endpoint"
"""What a refusal names as its source, where a setting asks for it and no document does."""
_REFUSED: Final = frozenset({"fragment", "vxlan-no-vni"})
"""Rules that `diagnose` need not call a drop: an endpoint cannot say whose frame it is."""
_OAM: Final = frozenset({"gpe-oam", "geneve-control"})
_WRONG_CHECKSUMS: Final = frozenset({"checksum-udp", "checksum-gre"})
_CRITICAL: Final = frozenset({"geneve-critical", "geneve-critical-clear"})
_TAGS: Final = {"gre": "RFC 7637 section 3.3"}
"""The section about tags of frames, by the tunnel header; RFC 7348 section 6.1 for all others."""


class Examination(msgspec.Struct, frozen=True, kw_only=True):
    """What the settings of an endpoint say of the packets that it receives."""

    header: type[Header]
    """The class of the tunnel header."""
    transport: type[Header]
    """The class of the header after IP."""
    own: tuple[IPv4Address | IPv6Address, ...]
    """The addresses of the endpoint."""
    remote: IPv4Address | IPv6Address
    own_mac: MACAddress | None
    vids: tuple[int, ...]
    """The VLANs of the outer tags; empty where the endpoint has none."""
    dst_port: int | None
    network: int
    zero_checksum: bool
    """Whether the UDP checksum may be absent over IPv6."""
    diffserv: Diffserv
    inner_tags: InnerTags
    priorities: Priorities | None
    reception: Reception


def examined(
    wanted: Examination,
    octets: bytes,
    packet: Packet,
    first: type[Header],
    catalog: Catalog,
    outside: tuple[Header, ...] = (),
) -> Received | Refusal:
    """The frame of a packet that begins with `first`, or why it is refused.

    `outside` are the headers around octets that begin with the tunnel header: a socket has removed them.
    """
    from overlaycodec.findings.diagnosis import findings_in
    from overlaycodec.findings.receiver_view import receiver_view

    receiver = wanted.reception.receiver
    view = receiver_view(octets, packet, receiver) if first is Ethernet else None
    seen = packet if view is None else decode(view.octets, lax=True, catalog=catalog)
    if not outside:
        for refusal in _misdirected(wanted, seen):
            return refusal
    for finding in findings_in(octets, receiver, first, None, 0, catalog):
        if not finding.scope and _refuses(wanted, finding, seen):
            values = {name: getattr(finding, name) for name in finding.__struct_fields__}
            return Refusal(**{**values, "severity": Severity.DROP})
    index = next((at for at, header in enumerate(seen.headers) if isinstance(header, wanted.header)), None)
    if index is None or scopes_of(seen.headers)[0].stop <= index:
        return _no_tunnel(wanted, seen)
    for refusal in () if outside else _unchecked(wanted, seen, catalog):
        return refusal
    try:
        if outside:
            trailers = tuple(trailer.moved(trailer.header + len(outside)) for trailer in seen.trailers)
            whole = Packet((*outside, *seen.headers), seen.payload, trailers)
            got = decapsulate(whole, diffserv=wanted.diffserv, lax=True, catalog=catalog)
            got = msgspec.structs.replace(got, tunnel=Packet(got.tunnel.headers[len(outside) :]))
        else:
            source = octets if view is None else view.octets
            got = decapsulate(source, first=first, diffserv=wanted.diffserv, lax=True, catalog=catalog)
    except DecodeError as error:
        return _refusal("segment", error.path, error.bits, error.reason, "the frame is complete")
    except MissingHeaderError:
        return _no_tunnel(wanted, seen)
    return _accepted(wanted, got, seen, index, outside)


def examined_frame(wanted: Examination, frame: STTFrame, catalog: Catalog) -> Received | Refusal:
    """The same for a frame that was reassembled from segments."""
    got = decapsulated(frame, diffserv=wanted.diffserv, catalog=catalog)
    outer = frame.tunnel.headers
    seen = Packet((*outer, *decode(got.frame, lax=True, catalog=catalog).headers))
    for refusal in _misdirected(wanted, seen):
        return refusal
    index = next(at for at, header in enumerate(outer) if isinstance(header, STT))
    return _accepted(wanted, got, seen, index, outer)


def _accepted(
    wanted: Examination, got: Decapsulated, seen: Packet, index: int, outside: tuple[Header, ...]
) -> Received | Refusal:
    """The frame, unless its network, its mark or its tags exclude it."""
    name = wanted.header.__layout__.name
    if got.vni is None or (got.vni != wanted.network and not wanted.reception.any_network):
        path = name if got.vni is None else f"{name}.{_NETWORKS.get(name, 'vni')}"
        found = "names no network" if got.vni is None else f"is of the network {got.vni}"
        return _refusal("network", path, seen.span(path), found, f"it is {wanted.network}")
    if got.ecn is not None and got.ecn.drop and (outside or wanted.reception.receiver == "rfc"):
        demand = "congestion was met, and the sender inside would not hear of it: the packet is dropped"
        found = "has CE outside and Not-ECT inside"
        return _refusal("ecn-lost", name, seen.span(name), found, demand, "RFC 6040 section 4.2")
    stack = frame_tags(seen, index + 1)
    if stack and wanted.inner_tags == "refuse":
        source = _TAGS.get(name, "RFC 7348 section 6.1")
        return _refusal("inner-tag", name, seen.span(name), "carries a frame with a VLAN tag", "it is dropped", source)
    outer = (*outside, *seen.headers[:index])
    network: Any = next((header for header in outer if isinstance(header, IPv4 | IPv6)), None)
    return received(wanted.inner_tags, wanted.priorities, got, stack, None if network is None else network.dscp)


def received(
    inner_tags: InnerTags, priorities: Priorities | None, got: Decapsulated, stack: tuple[Tag, ...], dscp: int | None
) -> Received:
    """What the endpoint gives for a frame with these tags, in a packet with this DSCP."""
    pcp = stack[0].pcp if stack else None
    if priorities is not None and dscp is not None:
        pcp = priorities.pcp[dscp]
    removed = stack if inner_tags == "strip" else ()
    frame = without_tags(got.frame, len(removed)) if removed else got.frame
    return Received(frame, got.vni, got.tunnel, got.first, got.ecn, got.missing, removed, pcp)


_NETWORKS: Final = {"gre": "key", "stt": "context_id"}
"""The field of the network, by the tunnel header; `vni` in all others."""


def _misdirected(wanted: Examination, packet: Packet) -> Iterator[Refusal]:
    """Why a packet is not for the endpoint, by the addresses and ports that can be decoded."""
    scope = scopes_of(packet.headers)[0] if packet.headers else None
    headers = () if scope is None else packet.headers[: scope.stop]
    names = names_of(headers)
    vids: tuple[int, ...] = ()
    for name, header in zip(names, headers, strict=True):
        if isinstance(header, VLANTag):
            vids += (header.vid,)
        elif isinstance(header, Ethernet):
            dst: Any = header.dst
            if wanted.own_mac is not None and dst != wanted.own_mac and not dst.is_multicast:
                yield _of_field("link-destination", packet, f"{name}.dst", f"is {dst}", f"it is {wanted.own_mac}")
        elif isinstance(header, IPv4 | IPv6):
            if vids and wanted.vids and vids != wanted.vids:
                found, asked = (" and ".join(map(str, each)) for each in (vids, wanted.vids))
                yield _of_field("link-tag", packet, "vlan.vid", f"is {found}", f"it is {asked}")
            if header.dst not in wanted.own:
                owns = " or ".join(map(str, wanted.own))
                yield _of_field("destination", packet, f"{name}.dst", f"is {header.dst}", f"it is {owns}")
            if not wanted.reception.any_source and header.src != wanted.remote:
                yield _of_field("source", packet, f"{name}.src", f"is {header.src}", f"it is {wanted.remote}")
        elif isinstance(header, wanted.transport):
            port = getattr(header, "dst_port", None)
            if port != wanted.dst_port:
                yield _of_field("port", packet, f"{name}.dst_port", f"is {port}", f"it is {wanted.dst_port}")
            return


def _no_tunnel(wanted: Examination, packet: Packet) -> Refusal:
    """Why a packet has no tunnel header of the endpoint."""
    scope = scopes_of(packet.headers)[0] if packet.headers else None
    names = names_of(packet.headers[: 0 if scope is None else scope.stop])
    is_there = ", ".join(names) or "nothing that can be decoded"
    last = names[-1] if names else ""
    bits = packet.span(last) if last else (0, None)
    asked = wanted.header.__layout__.name
    return _refusal("no-tunnel", last, bits, f"is the last of {is_there}", f"the packet has {asked}")


def _unchecked(wanted: Examination, packet: Packet, catalog: Catalog) -> Iterator[Refusal]:
    """A checksum that is absent, or that of STT, which `diagnose` does not judge."""
    checking = wanted.reception.checksum
    header: Any = packet.get(wanted.transport)  # Any: a header of any class
    path = f"{wanted.transport.__layout__.name}.checksum"
    if wanted.transport is UDP:
        if checking == "require" and header.checksum == 0:
            yield _of_field("checksum-absent", packet, path, "is 0", "it is computed")
        return
    if wanted.transport is not STTSegment or checking == "ignore":
        return
    if checksums(packet, catalog=catalog).get(path) is ChecksumStatus.BAD:
        found, source = f"is {header.checksum:#06x}, and wrong", STTSegment.__layout__.spec
        yield _of_field("checksum-stt", packet, path, found, "the receiver verifies it", source)


def _refuses(wanted: Examination, finding: Finding, packet: Packet) -> bool:
    """Whether the endpoint refuses a packet with this finding."""
    rule, drops = finding.rule, finding.severity is Severity.DROP
    settings = wanted.reception
    if rule in _WRONG_CHECKSUMS:
        return drops and settings.checksum != "ignore"
    if rule == "checksum-none":
        return (drops or settings.receiver == "rfc") and not wanted.zero_checksum
    if rule in _CRITICAL:
        return (drops or rule == "geneve-critical") and _is_unknown(finding, packet, settings.known_options)
    if rule in _OAM:
        return drops or settings.oam == "refuse"
    return drops or rule in _REFUSED


def _is_unknown(finding: Finding, packet: Packet, known: tuple[type[Any], ...]) -> bool:
    """Whether the option of the finding, or one of all critical ones, is of no known class."""
    header = packet.get(Geneve)
    flag = Geneve.__layout__.by_name["critical"].element_flag
    if header is None or flag is None:
        return True
    if finding.path.endswith("]"):
        return not isinstance(packet.at(finding.path), known)
    return any(flag.set_by(option) and not isinstance(option, known) for option in header.options)


def _of_field(rule: str, packet: Packet, path: str, found: str, demand: str, source: str = _SETTINGS) -> Refusal:
    return _refusal(rule, path, packet.span(path), found, demand, source)


def _refusal(
    rule: str, path: str, bits: tuple[int, int | None], found: str, demand: str, source: str = _SETTINGS
) -> Refusal:
    return Refusal(Severity.DROP, path, bits, found, "", source, demand, rule, "")
