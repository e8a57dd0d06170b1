"""Mutations of how many octets there are: cut at each field, less or more payload, octets after the end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from overlaycodec.fuzz.layers import Stack
from overlaycodec.fuzz.mutation import Mutation
from overlaycodec.fuzz.sites import RecordSite

__all__ = ["octet_mutations"]

_MORE: Final = (1, 4, 64, 1500, 9000)
_AFTER: Final = (1, 4, 46)


def octet_mutations(stack: Stack, records: Iterable[RecordSite]) -> Iterator[Mutation]:
    """Every mutation of how many octets there are."""
    seen = {len(stack.data)}
    for at, path, label in _cuts(stack, records):
        if at not in seen:
            seen.add(at)
            yield stack.resized("truncate", path, label, ((0, at),), at, 0)
    yield from _payloads(stack)


def _cuts(stack: Stack, records: Iterable[RecordSite]) -> Iterator[tuple[int, str, str]]:
    """Where the packet is cut: before each field, and after the first octet of each."""
    sites = [site for record in records for site in record.fields]
    for site in sites:
        if site.bit % 8 == 0:
            yield site.bit // 8, site.path, f"truncated before {site.path}"
    for site in sites:
        if site.bits > 8:
            yield site.bit // 8 + 1, site.path, f"truncated within {site.path}"
    for header, name in zip(stack.headers, stack.names, strict=True):
        yield header.stop - 1, name, f"truncated before the last octet of {name}"
    yield stack.content, "payload", "truncated before payload"
    for octets in (1, (stack.payload_end - stack.content) // 2, stack.payload_end - stack.content - 1):
        if 0 < octets < stack.payload_end - stack.content:
            yield stack.content + octets, "payload", f"truncated after {octets} octets of payload"
    yield stack.payload_end, "payload", "truncated after payload"


def _payloads(stack: Stack) -> Iterator[Mutation]:
    """More payload and none, which lengths can follow, and octets after the end of the packet, which they cannot."""
    end, total = stack.payload_end, len(stack.data)
    for octets in _MORE:
        added = bytes(number & 0xFF for number in range(octets))
        label = f"{octets} octet{'s' * (octets > 1)} of payload added"
        yield stack.resized("extend", "payload", label, ((0, end), added, (end, total)), end, octets)
    for octets in _AFTER:
        label = f"{octets} octet{'s' * (octets > 1)} after the end"
        yield Mutation("extend", "payload", label, pieces=((0, total), bytes(octets)))
    if stack.content < end and (end < total or stack.headers):
        pieces = ((0, stack.content), (end, total))
        yield stack.resized("extend", "payload", "payload removed", pieces, end, stack.content - end)
