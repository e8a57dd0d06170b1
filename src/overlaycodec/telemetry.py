"""The metadata that each node of a path added to a packet: the stack of INT-MD, hop by hop.

Strategy: a bitmap in the header gives what every node adds, and the stack is octets. One table of what each bit means
serves decoding and encoding.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, TypeVar

import msgspec

from overlaycodec.errors import EncodeError, FieldRangeError, LengthFieldError, TruncatedError
from overlaycodec.protocols import INTMD, INTMDOption
from overlaycodec.values import AUTO

__all__ = ["INTHop", "hops", "with_hops"]

R = TypeVar("R", INTMD, INTMDOption)

_WORD: Final = 4


class INTHop(msgspec.Struct, frozen=True, kw_only=True):
    """The values that one node added; None if the instructions request none. All ones: the node does not know it.

    Spec: INT dataplane specification 2.1, section 5.8.
    """

    node_id: int | None = None
    ingress_interface: int | None = None
    egress_interface: int | None = None
    hop_latency: int | None = None
    queue_id: int | None = None
    queue_occupancy: int | None = None
    ingress_timestamp: int | None = None
    egress_timestamp: int | None = None
    ingress_interface_level2: int | None = None
    egress_interface_level2: int | None = None
    egress_utilization: int | None = None
    buffer_id: int | None = None
    buffer_occupancy: int | None = None
    reserved: tuple[int, ...] = ()
    """The words of bits that the specification reserves, 9 to 14."""
    domain_specific: bytes = b""
    """What the domain's instructions request; of the source, its own metadata too."""
    checksum_complement: int | None = None


_FIELDS: Final[dict[int, tuple[tuple[str, int], ...]]] = {
    0: (("node_id", 32),),
    1: (("ingress_interface", 16), ("egress_interface", 16)),
    2: (("hop_latency", 32),),
    3: (("queue_id", 8), ("queue_occupancy", 24)),
    4: (("ingress_timestamp", 64),),
    5: (("egress_timestamp", 64),),
    6: (("ingress_interface_level2", 32), ("egress_interface_level2", 32)),
    7: (("egress_utilization", 32),),
    8: (("buffer_id", 8), ("buffer_occupancy", 24)),
    **dict.fromkeys(range(9, 15), (("reserved", 32),)),
    15: (("checksum_complement", 32),),
}
"""By the bit of the instructions, counted from the first: names and sizes of what a node adds."""
_COMPLEMENT: Final = 15


def hops(record: INTMD | INTMDOption) -> tuple[INTHop, ...]:
    """The values that the nodes added, the last node first, in the order of the packet.

    Raises: LengthFieldError where `hop_ml` is too small for the instructions; TruncatedError for a stack of less.
    """
    requested = _requested(record)
    name = record.__layout__.name
    least = -(-sum(bits for bit in requested for _, bits in _FIELDS[bit]) // 32)
    if record.hop_ml < max(least, 1 if record.stack else 0):
        first = record.__layout__.fixed_bit_of("hop_ml") or 0
        raise LengthFieldError(record.hop_ml, f"{name}.hop_ml", (first, first + 4), max(least, 1))
    size, octets = record.hop_ml * _WORD, len(record.stack)
    if 0 < octets < size:
        raise TruncatedError(size, f"{name}.stack", (0, None), octets)
    # the source is last: what it alone added follows what every node adds
    starts = range(0, octets - size + 1, size) if octets else range(0)
    stops = [*starts[1:], octets]
    return tuple(_hop(record.stack[start:stop], requested) for start, stop in zip(starts, stops, strict=bool(starts)))


def with_hops(record: R, found: Sequence[INTHop]) -> R:
    """The record with this stack, the last node first; its length is derived again.

    Values that a hop does not have are all ones. Each hop has the size that `hop_ml` gives; only the source, the
    last of them, may have more.

    Raises: FieldRangeError for a number that does not fit, EncodeError for a hop of another size.
    """
    requested = _requested(record)
    given: Any = found  # Any: it is what must be checked
    for hop in given if isinstance(given, Sequence) else (given,):
        if not isinstance(hop, INTHop):
            raise TypeError(f"found takes a sequence of INTHop values, not {type(hop).__name__}")
    octets = [_octets(record, hop, requested) for hop in found]
    size = record.hop_ml * _WORD
    for number, part in enumerate(octets):
        if len(part) % _WORD or len(part) < size or (len(part) > size and number + 1 < len(octets)):
            raise EncodeError(
                f"{record.__layout__.name}.stack", found[number], f"has a hop of {len(part)} octets, not {size}"
            )
    return record.replace(stack=b"".join(octets), length=AUTO)


def _requested(record: INTMD | INTMDOption) -> list[int]:
    if not isinstance(record, INTMD | INTMDOption):
        raise TypeError(f"record takes INTMD or INTMDOption, not {type(record).__name__}")
    return [bit for bit in _FIELDS if record.instructions >> (15 - bit) & 1]


def _hop(octets: bytes, requested: Sequence[int]) -> INTHop:
    values: dict[str, int] = {}
    reserved: list[int] = []
    at = 0
    end = len(octets) - (_WORD if _COMPLEMENT in requested else 0)
    for bit in requested:
        if bit == _COMPLEMENT:
            values["checksum_complement"] = int.from_bytes(octets[end:], "big")
            continue
        for name, bits in _FIELDS[bit]:
            number = int.from_bytes(octets[at : at + bits // 8], "big")
            at += bits // 8
            if name == "reserved":
                reserved.append(number)
            else:
                values[name] = number
    return INTHop(**values, reserved=tuple(reserved), domain_specific=octets[at:end])


def _octets(record: INTMD | INTMDOption, hop: INTHop, requested: Sequence[int]) -> bytes:
    reserved = iter(hop.reserved)
    parts = []
    for bit in requested:
        if bit == _COMPLEMENT:
            parts.append(hop.domain_specific)
        for name, bits in _FIELDS[bit]:
            value = next(reserved, None) if name == "reserved" else getattr(hop, name)
            most = (1 << bits) - 1
            if value is not None and type(value) is not int:
                raise TypeError(f"{record.__layout__.name}.stack.{name} takes an int, not {type(value).__name__}")
            if value is not None and not 0 <= value <= most:
                raise FieldRangeError(f"{record.__layout__.name}.stack.{name}", value, 0, most, f"{bits} bits")
            parts.append((most if value is None else value).to_bytes(bits // 8, "big"))
    if _COMPLEMENT not in requested:
        parts.append(hop.domain_specific)
    return b"".join(parts)
