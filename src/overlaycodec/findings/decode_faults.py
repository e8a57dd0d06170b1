"""Faults of decoding as findings: what cannot be decoded, and which receiver rejects it."""

from __future__ import annotations

from typing import Final

from overlaycodec.codec.catalog import Catalog
from overlaycodec.errors import DecodeError, FieldValueError, LengthFieldError, NestingError, TruncatedError
from overlaycodec.findings.model import Finding, Reaction, Receiver, Severity
from overlaycodec.findings.rules.outcomes import LINUX_DROPS, LINUX_TAGS, OVS_DROPS
from overlaycodec.packet.packet import Packet
from overlaycodec.packet.paths import SCOPES
from overlaycodec.protocols import Ethernet
from overlaycodec.schema.layout import Layout

__all__ = ["fault_finding"]

_DROPS: Final[dict[Receiver, Reaction]] = {
    "linux": LINUX_DROPS,
    "ovs": OVS_DROPS,
}
_LINUX_NEEDS: Final[dict[str, int]] = {"ipv4": 20, "ipv6": 40, "vlan": 4}
"""Octets of an inner header that Linux needs before it decapsulates."""


def fault_finding(fault: DecodeError, receiver: Receiver, packet: Packet, catalog: Catalog) -> Finding | None:
    """The finding for a fault; None where the cause is the capture or the decoder."""
    truncated = packet.missing > 0
    if isinstance(fault, NestingError) or (truncated and isinstance(fault, TruncatedError) and not fault.claim):
        return None
    scope, header, field = _split(fault.path)
    layout = next((cls.__layout__ for cls in catalog.headers if cls.__layout__.name == header), None)
    rule = f"{header.replace('_', '-')}-{_KINDS[type(fault)]}"
    does = _DROPS.get(receiver)
    severity, words = (Severity.DROP, "") if does is None else (does.severity, does.words)
    if scope.endswith("inner") and _stops_endpoint(fault, header, receiver, packet):
        scope = scope.removesuffix("inner").removesuffix(".")
    source = "the declaration" if layout is None or not layout.spec else layout.spec
    return Finding(
        severity,
        fault.path,
        fault.bits,
        fault.reason,
        words,
        source,
        _demand(fault, layout, field),
        rule,
        scope,
    )


_KINDS: Final[dict[type[DecodeError], str]] = {
    TruncatedError: "short",
    LengthFieldError: "length",
    FieldValueError: "value",
}


def _split(path: str) -> tuple[str, str, str]:
    """The scope of a path, the header in it, and the field."""
    # from the end: a path can begin with many scopes, and no field has parts whose name is that of a scope
    stop = max((at + len(kind) for kind in SCOPES if (at := path.rfind(f"{kind}.")) >= 0), default=-1)
    header, _, field = path[stop + 1 :].partition(".")
    return path[: max(stop, 0)], header.partition("[")[0], field


def _stops_endpoint(fault: DecodeError, header: str, receiver: Receiver, packet: Packet) -> bool:
    """Whether it is the tunnel's endpoint that drops the packet, before the frame inside is received."""
    if not isinstance(fault, TruncatedError) or fault.claim:
        return False
    if header == "ethernet":
        return True
    frame = packet.headers[-1]
    if receiver != "linux" or not isinstance(frame, Ethernet):  # Linux does not look past tags
        return False
    if header == "vlan" and frame.ethertype not in LINUX_TAGS:
        return False
    return fault.available < _LINUX_NEEDS.get(header, 0)


def _demand(fault: DecodeError, layout: Layout | None, field: str) -> str:
    if isinstance(fault, LengthFieldError):
        return f"it is {fault.minimum} or more"
    if isinstance(fault, FieldValueError):
        return f"it is {fault.expected}"
    if isinstance(fault, TruncatedError) and fault.claim:
        return "it counts octets that are there"
    least = "" if layout is None or field else f" {layout.minimum_octets} octets or more"
    return f"it has{least}" if least else "it is complete"
