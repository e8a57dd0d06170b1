"""The walk over a packet's headers with the rules for each."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from typing import Final

from msgspec import structs

from overlaycodec.codec.bytes_like import BytesLike, bytes_of
from overlaycodec.codec.catalog import Catalog, check_catalog
from overlaycodec.codec.packet_decoder import decode
from overlaycodec.codec.packet_encoder import encode, resolve
from overlaycodec.editing.checksum_status import checksums
from overlaycodec.editing.refused_guesses import refused_guesses
from overlaycodec.findings.decode_faults import fault_finding
from overlaycodec.findings.model import RECEIVERS, Context, Finding, Findings, Receiver, Rule, Severity
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
from overlaycodec.packet.paths import names_of, scopes_of, tokens_of
from overlaycodec.schema.keys import Key
from overlaycodec.schema.keyspaces import UDP_PORT
from overlaycodec.values.argument_checks import text_of

__all__ = ["RULES", "findings_in"]

RULES: Final[tuple[Rule, ...]] = (*LINK, *NETWORK, *EXTENSION, *TUNNEL, *NVGRE, *INNER)
"""Every rule, beside the faults of decoding."""


@lru_cache(maxsize=256)
def _rules_for(cls: type[Header]) -> tuple[Rule, ...]:
    return tuple(rule for rule in RULES if cls in rule.headers)


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
    if receiver not in [*RECEIVERS]:  # a list: what is given may have no hash
        raise ValueError(f"the receiver is {', '.join(RECEIVERS)}, not {text_of(receiver)}")
    check_catalog(catalog)
    if isinstance(data, Packet):
        packet = resolve(data, catalog=catalog)._with(faults=data.faults)
        kept = tuple(trailer for trailer in packet.trailers if trailer.header > 0)
        octets = encode(packet._with(trailers=kept), catalog=catalog)
        if receiver != "rfc":
            packet, catalog = _as_received(packet, octets, catalog), _believing(catalog)
    else:
        octets = bytes_of(data)
        catalog = catalog if receiver == "rfc" else _believing(catalog)
        packet = decode(octets, first=first, wire_length=wire_length, fcs_octets=fcs_octets, lax=True, catalog=catalog)
        octets = octets[: len(octets) - (0 if packet.fcs is None else len(packet.fcs.data))]
        wire_length = None if wire_length is None else max(0, wire_length - fcs_octets)
    view = receiver_view(octets, packet, receiver) if names_of(packet.headers[:1]) == ["ethernet"] else None
    found = _found(packet, receiver, catalog, left_to_card, reads_to_end=view is not None)
    if view is not None:
        again = decode(view.octets, wire_length=wire_length, lax=True, catalog=catalog)
        found = [_tolerated(finding, view) for finding in found if not _in_view(finding, view)]
        found += [finding for finding in _found(again, receiver, catalog, left_to_card) if _in_view(finding, view)]
    return Findings(sorted(found, key=lambda finding: finding.bits[0]))


@lru_cache(maxsize=32)
def _believing(catalog: Catalog) -> Catalog:
    """The catalog of a receiver: the packet is meant for it, so that the port of its tunnel is no guess to it."""
    for key, header in catalog.bindings:
        if key.guess and key.space is UDP_PORT:
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
    packet: Packet, receiver: Receiver, catalog: Catalog, left_to_card: bool, *, reads_to_end: bool = False
) -> list[Finding]:
    read = (fault_finding(fault, receiver, packet, catalog) for fault in packet.faults)
    found = [finding for finding in read if finding is not None]
    statuses = checksums(packet, left_to_card=left_to_card, catalog=catalog)
    names, scopes = names_of(packet.headers), scopes_of(packet.headers)
    trailing: Counter[int] = Counter()
    for trailer in packet.trailers:
        trailing[trailer.header] += len(trailer.data)
    bit = 0
    for index, header in enumerate(packet.headers):
        context = Context(packet, index, names[index], scopes, statuses, trailing, reads_to_end=reads_to_end)
        spans = RecordSpans(header, bit)
        bit += octets_in(header) * 8
        if "quoted" in context.scope.prefix:
            break  # nobody receives what an ICMP error quotes
        for rule in _rules_for(type(header)):
            for observed in rule.check(context):
                path = f"{context.name}.{observed.field}" if observed.field else context.name
                if observed.of_packet:
                    path, bits = observed.field, packet.span(observed.field)
                else:
                    tokens = (tokens_of(observed.field) or ()) if observed.field else ()
                    bits = spans.of(tokens, path)
                found.append(rule.finding(receiver, path, bits, observed.found, context.scope.prefix))
    return found
