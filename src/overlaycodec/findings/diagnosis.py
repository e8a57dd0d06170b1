"""The walk over a packet's headers with the rules for each."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from msgspec import structs

from overlaycodec.codec.bytes_like import BytesLike
from overlaycodec.codec.catalog import Catalog
from overlaycodec.codec.packet_decoder import decode
from overlaycodec.codec.packet_encoder import encode, resolve
from overlaycodec.editing.checksums import checksums
from overlaycodec.findings.decode_faults import fault_finding
from overlaycodec.findings.model import RECEIVERS, Finding, Receiver, Rule, Severity, Site
from overlaycodec.findings.receiver_view import Reading, reading_of
from overlaycodec.findings.rules.inner import INSIDES
from overlaycodec.findings.rules.link import LINKS
from overlaycodec.findings.rules.network import NETWORKS
from overlaycodec.findings.rules.tunnel import TUNNELS
from overlaycodec.packet.header import Header
from overlaycodec.packet.packet import Packet
from overlaycodec.packet.paths import names_of, scopes_of
from overlaycodec.schema.keys import Key

__all__ = ["RULES", "findings_in"]

RULES: Final[tuple[Rule, ...]] = (*LINKS, *NETWORKS, *TUNNELS, *INSIDES)
"""Every rule that there is, beside what decoding finds."""


@lru_cache(maxsize=256)
def _rules_for(cls: type[Header]) -> tuple[Rule, ...]:
    return tuple(rule for rule in RULES if cls in rule.headers)


def findings_in(
    data: BytesLike | Packet, receiver: Receiver, first: type[Header] | Key, wire_length: int | None, catalog: Catalog
) -> list[Finding]:
    """See `overlaycodec.diagnose`."""
    if receiver not in RECEIVERS:
        raise ValueError(f"the receiver is {', '.join(RECEIVERS)}, not {receiver!r}")
    if isinstance(data, Packet):
        packet = data._with(headers=resolve(data, catalog=catalog).headers, faults=data.faults)
        kept = tuple(trailer for trailer in packet.trailers if trailer.header > 0)  # no frame check sequence
        octets = encode(packet._with(trailers=kept), catalog=catalog)
    else:
        octets = bytes(data)
        packet = decode(octets, first=first, wire_length=wire_length, lax=True, catalog=catalog)
    reading = reading_of(octets, packet, receiver) if packet.names[:1] == ["ethernet"] else None
    found = _found(packet, receiver, catalog, read_on=reading is not None)
    if reading is not None:
        again = decode(reading.octets, wire_length=wire_length, lax=True, catalog=catalog)
        found = [_forgiven(finding, reading) for finding in found if finding.bits[0] < reading.bit]
        found += [finding for finding in _found(again, receiver, catalog) if finding.bits[0] >= reading.bit]
    return sorted(found, key=lambda finding: finding.bits[0])


def _forgiven(finding: Finding, reading: Reading) -> Finding:
    does = reading.forgiven.get(finding.rule)
    if does is None or finding.scope:
        return finding
    return structs.replace(finding, severity=Severity.VIOLATION, does=does)


def _found(packet: Packet, receiver: Receiver, catalog: Catalog, *, read_on: bool = False) -> list[Finding]:
    read = (fault_finding(fault, receiver, packet, catalog) for fault in packet.faults)
    found = [finding for finding in read if finding is not None]
    verdicts = checksums(packet, catalog=catalog)
    names, scopes = names_of(packet.headers), scopes_of(packet.headers)
    for index, header in enumerate(packet.headers):
        site = Site(packet, index, names[index], scopes, verdicts, read_on=read_on)
        if "quoted" in site.scope.prefix:
            break  # nobody receives what an ICMP error quotes
        for rule in _rules_for(type(header)):
            for seen in rule.look(site):
                path = f"{site.name}.{seen.field}" if seen.field else site.name
                found.append(rule.finding(receiver, path, packet.span(path), seen.found, site.scope.prefix))
    return found
