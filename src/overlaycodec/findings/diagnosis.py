"""The walk over a packet's headers with the rules for each."""

from __future__ import annotations

from functools import lru_cache
from itertools import accumulate, takewhile
from typing import Final

from msgspec import structs

from overlaycodec.codec.catalog import Catalog, check_catalog
from overlaycodec.codec.packet_decoder import decode
from overlaycodec.codec.packet_encoder import encode
from overlaycodec.editing.checksum_status import ChecksumStatus, checksums, statuses_of
from overlaycodec.editing.refused_guesses import refused_guesses
from overlaycodec.editing.stack_plan import resolved_packet
from overlaycodec.findings.decode_faults import fault_finding
from overlaycodec.findings.model import RECEIVERS, Check, Context, Finding, Findings, Place, Receiver, Rule, Severity
from overlaycodec.findings.receiver_view import ReceiverView, receiver_view
from overlaycodec.findings.rules.extension import EXTENSION
from overlaycodec.findings.rules.inner import INNER
from overlaycodec.findings.rules.link import LINK
from overlaycodec.findings.rules.network import NETWORK
from overlaycodec.findings.rules.nvgre import NVGRE
from overlaycodec.findings.rules.tunnel import TUNNEL
from overlaycodec.packet.header import Header
from overlaycodec.packet.offsets import RecordSpans, octets_in
from overlaycodec.packet.packet import Packet
from overlaycodec.packet.paths import names_of, tokens_of
from overlaycodec.schema.keys import Key
from overlaycodec.schema.keyspaces import UDP_PORT
from overlaycodec.values.argument_checks import text_of
from overlaycodec.values.by_class import ByClass
from overlaycodec.values.bytes_like import BytesLike, bytes_of

__all__ = ["RULES", "findings_in"]

RULES: Final[tuple[Rule, ...]] = (*LINK, *NETWORK, *EXTENSION, *TUNNEL, *NVGRE, *INNER)
"""Every rule, beside the faults of decoding."""


_Walk = tuple[tuple[Place, tuple[tuple[Check, Rule], ...]], ...]


def _walk_of(classes: tuple[type[Header], ...]) -> _Walk:
    """The place of each header that somebody receives, and the rules for it: nobody receives what a header quotes."""
    rules = [rule for rule in RULES if not rule.needs or not {*rule.needs}.isdisjoint(classes)]
    places = (Place.of(classes, index) for index in range(len(classes)))
    received = takewhile(lambda place: "quoted" not in place.scope.prefix, places)
    return tuple(
        (place, tuple((rule.check, rule) for rule in rules if cls in rule.headers))
        for place, cls in zip(received, classes, strict=False)
    )


_RECEIVERS: Final = [*RECEIVERS]
_WALKS: Final = ByClass(_walk_of)


def findings_in(
    data: BytesLike | Packet,
    receiver: Receiver,
    first: type[Header] | Key,
    wire_length: int | None,
    fcs_octets: int,
    catalog: Catalog,
    *,
    left_to_card: bool = False,
) -> Findings:
    """See `overlaycodec.diagnose`."""
    if receiver not in _RECEIVERS:  # a list: what is given may have no hash
        raise ValueError(f"the receiver is {', '.join(RECEIVERS)}, not {text_of(receiver)}")
    check_catalog(catalog)
    if isinstance(data, Packet):
        packet, octets = resolved_packet(data, catalog)
        packet = packet._with(faults=data.faults)
        if packet.trailers:
            kept = tuple(trailer for trailer in packet.trailers if trailer.header > 0)
            octets = encode(packet._with(trailers=kept), catalog=catalog)
        if receiver != "rfc":
            packet, catalog = _as_received(packet, octets, catalog), _believing(catalog)
    else:
        octets = data if type(data) is bytes else bytes_of(data)
        catalog = catalog if receiver == "rfc" else _believing(catalog)
        packet = decode(octets, first=first, wire_length=wire_length, fcs_octets=fcs_octets, lax=True, catalog=catalog)
        octets = octets[: len(octets) - (0 if packet.fcs is None else len(packet.fcs.data))]
        wire_length = None if wire_length is None else max(0, wire_length - fcs_octets)
    framed = receiver != "rfc" and names_of(packet.headers[:1]) == ["ethernet"]
    view = receiver_view(octets, packet, receiver) if framed else None
    found = _found(packet, receiver, catalog, octets, left_to_card, reads_to_end=view is not None)
    if view is not None:
        again = decode(view.octets, wire_length=wire_length, lax=True, catalog=catalog)
        found = [_tolerated(finding, view) for finding in found if not _in_view(finding, view)]
        seen = _found(again, receiver, catalog, view.octets, left_to_card)
        found += [finding for finding in seen if _in_view(finding, view)]
    return Findings(sorted(found, key=lambda finding: finding.bits[0]))


@lru_cache(maxsize=32)
def _believing(catalog: Catalog) -> Catalog:
    """The catalog of a receiver: the packet is meant for it, so that the port of its tunnel is no guess to it."""
    for key, header in reversed(catalog.bindings):  # the last one that is added is tried first
        if key.space is UDP_PORT:
            catalog = catalog.with_binding(structs.replace(key, guess=False), header)
    return catalog


def _as_received(packet: Packet, octets: bytes, catalog: Catalog) -> Packet:
    """The packet with the headers that its ports indicate, where decoding refused these."""
    if not packet.headers:
        return packet
    first = type(packet.headers[0])
    if not any(guess.key.space is UDP_PORT for guess in refused_guesses(packet, first=first, catalog=catalog)):
        return packet
    wire_length = len(octets) + packet.missing if packet.missing else None
    again = decode(octets, first=first, wire_length=wire_length, lax=True, catalog=_believing(catalog))
    ends = tuple(trailer for trailer in packet.trailers if trailer.header == 0)
    return again._with(trailers=(*again.trailers, *ends), faults=again.faults)


def _in_view(finding: Finding, view: ReceiverView) -> bool:
    """Whether a finding is one of the octets as the receiver reads them: what IP carries is told at its protocol."""
    return (finding.bits[0] >= view.bit and finding.path != "fcs") or (
        finding.rule == "gre-version" and not finding.scope
    )


def _tolerated(finding: Finding, view: ReceiverView) -> Finding:
    """The finding, less severe where its fault does not stop the receiver."""
    does = view.tolerated.get(finding.rule)
    if does is None or finding.scope:
        return finding
    return structs.replace(finding, severity=Severity.VIOLATION, does=does)


def _found(
    packet: Packet,
    receiver: Receiver,
    catalog: Catalog,
    octets: bytes,
    left_to_card: bool,
    *,
    reads_to_end: bool = False,
) -> list[Finding]:
    """The findings of a packet whose octets these are."""
    read = (fault_finding(fault, receiver, packet, catalog) for fault in packet.faults)
    found = [finding for finding in read if finding is not None]
    if packet.trailers or left_to_card:
        statuses = checksums(packet, left_to_card=left_to_card, catalog=catalog)
    else:
        statuses = statuses_of(packet, octets, catalog)
    found_statuses = statuses.values()
    all_valid = ChecksumStatus.BAD not in found_statuses and ChecksumStatus.PARTIAL not in found_statuses
    trailing: dict[int, int] = {}
    for trailer in packet.trailers:
        trailing[trailer.header] = trailing.get(trailer.header, 0) + len(trailer.data)
    walk: _Walk = _WALKS[tuple(map(type, packet.headers))]
    starts: list[int] = []  # of the headers, in octets: most packets have no finding
    for index, (place, rules) in enumerate(walk):
        context = Context(packet, index, place, statuses, trailing, reads_to_end=reads_to_end, all_valid=all_valid)
        spans = None
        for check, rule in rules:
            for observed in check(context):
                path = f"{place.name}.{observed.field}" if observed.field else place.name
                if observed.of_packet:
                    path, bits = observed.field, packet.span(observed.field)
                else:
                    tokens = (tokens_of(observed.field) or ()) if observed.field else ()
                    if spans is None:
                        starts = starts or list(accumulate(map(octets_in, packet.headers), initial=0))
                        spans = RecordSpans(context.header, starts[index] * 8)
                    bits = spans.of(tokens, path)
                found.append(rule.finding(receiver, path, bits, observed.found, place.scope.prefix))
    return found
