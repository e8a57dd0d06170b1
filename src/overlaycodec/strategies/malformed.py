"""Octets of valid packets with rules broken: the rules come from the declarations, and each has a label.

Strategy: what a field must be is known from its plans: a constant, 0, a size, a flag, a checksum, the key of the next
header. A rule is chosen first and then broken, so that the label says what is wrong without another decoder. A field
that may have any value is no rule.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from hypothesis import strategies as st

from overlaycodec.codec.catalog import Catalog
from overlaycodec.codec.packet_encoder import encode
from overlaycodec.errors import CodecError
from overlaycodec.packet.header import Header
from overlaycodec.packet.offsets import octets_in, spans_of
from overlaycodec.packet.packet import Packet
from overlaycodec.schema.layout import Field, Layout
from overlaycodec.strategies.entropy import binary
from overlaycodec.values import AUTO

__all__ = ["DAMAGE", "MalformedBytes", "damaged"]

_JUNK: Final = 24
_MOST: Final = 3
"""How many rules are broken."""
DAMAGE: Final = binary(3 + 4 * _MOST, 3 + 4 * _MOST)
"""What decides which rules are broken, and where."""
_KINDS: Final = ("cut", "extend", "flip", "splice") + ("rule",) * 8
_WORD: Final = 4
_SHORTENED: Final = 8
"""Of so many packets, one has a header cut, and lengths that follow."""
_WEIGHT: Final = 3
"""How often rules that decide where something ends come, for each other one."""


class MalformedBytes(bytes):
    """Octets, with the broken rules in `label`: `inner.ipv4.ihl - 1: counts other octets than …`."""

    label: str = ""

    @classmethod
    def labelled(cls, data: bytes, label: str) -> MalformedBytes:
        """The octets with a label."""
        made = cls(data)
        made.label = label
        return made

    def __repr__(self) -> str:
        return f"MalformedBytes({bytes(self)!r}, label={self.label!r})"

    def __reduce__(self) -> tuple[Any, ...]:  # Any: what pickle asks for
        return MalformedBytes.labelled, (bytes(self), self.label)


class _Rule(NamedTuple):
    """A number that the packet must have just so."""

    path: str
    bit: int
    bits: int
    text: str
    """What is wrong where it is another."""


class _Part(NamedTuple):
    """A field and where it is, in bits from the start of the packet."""

    path: str
    start: int
    stop: int


def damaged(draw: st.DrawFn, choices: bytes, packet: Packet, data: bytes, catalog: Catalog) -> MalformedBytes:
    """The octets of the packet with one to three rules broken, all from the start of some header on.

    `choices` was drawn of `DAMAGE`; the simplest damage cuts at the last header.
    """
    count, *since_octets = choices[:3]
    if since_octets[0] % _SHORTENED == 0 and (shortened := _shortened(packet, choices, catalog)) is not None:
        return shortened
    starts, rules, parts = _positions(packet)
    # the later of two, so that more of the headers before it are still right
    since = max(starts[-1 - octet % len(starts)] for octet in since_octets)
    if rules:  # at the last header that has any, at the latest
        since = min(since, max(start for start in starts if start * 8 <= rules[-1].bit))
    after = [rule for rule in rules if rule.bit >= since * 8]
    kinds = _KINDS if after else _KINDS[:4]
    labels: list[str] = []
    for number in range(1 + count * _MOST // 256):
        choice = choices[3 + 4 * number : 7 + 4 * number]
        which, how = int.from_bytes(choice[1:3], "big"), choice[3]
        kind = kinds[choice[0] % len(kinds)]
        least = min(since, len(data))
        place = least + which % (len(data) - least + 1)
        if how & 1 and (edges := [part.start // 8 for part in parts if part.start >= least * 8]):
            place = max(edges[which % len(edges)] - (how >> 1 & 1), least)
        if kind == "rule":
            rule = after[which % len(after)]
            changed = _broken(draw, data, rule, how)
            if changed is not None:
                data, change = changed
                labels.append(f"{rule.path}{change}: {rule.text}")
        elif kind == "extend":
            junk = draw(binary(1, _JUNK))
            data += junk
            labels.append(f"{len(junk)} octets after the end")
        elif place < len(data):
            if kind == "cut":
                labels.append(f"cut {_at(parts, place * 8)}")
                data = data[:place]
            elif kind == "flip":
                bit = place * 8 + how % 8
                data = _written(data, bit, 1, None)
                labels.append(f"bit {bit} inverted {_at(parts, bit)}")
            else:
                stop = min(len(data), place + how % (_JUNK + 1))
                junk = draw(binary(0, _JUNK))
                if junk != data[place:stop]:
                    labels.append(f"{len(junk)} octets instead of {stop - place} {_at(parts, place * 8)}")
                    data = data[:place] + junk + data[stop:]
    return MalformedBytes.labelled(data, "; ".join(labels) or "no rule broken")


def _shortened(packet: Packet, choices: bytes, catalog: Catalog) -> MalformedBytes | None:
    """The packet with a header that is cut, and lengths and checksums before it that follow; None where none can be."""
    sizes = [octets_in(header) for header in packet.headers]
    which = choices[3] % len(sizes) if sizes else 0
    if which == 0 or not sizes[which]:
        return None
    octets = sizes[which] - 1 if choices[4] & 1 else choices[5] % sizes[which]
    content = encode(packet, catalog=catalog)[sum(sizes[:which]) :][:octets]
    try:
        data = encode(Packet(tuple(map(_opened, packet.headers[:which])), content), catalog=catalog)
    except CodecError:
        return None
    label = f"cut after {octets} octets of {packet.names[which]}, lengths before it follow"
    return MalformedBytes.labelled(data, label)


def _opened(header: Header) -> Header:
    """The header, with AUTO for the length and the checksum."""
    layout = header.__layout__
    fields = (layout.length_field, layout.checksum)
    return header.replace(**{field.name: AUTO for field in fields if field is not None})


def _positions(packet: Packet) -> tuple[list[int], list[_Rule], list[_Part]]:
    """The octets at which headers start, the rules of their fields, and where each field is.

    Rules about sizes, presence and the declared end come more often.
    """
    starts: list[int] = []
    rules: list[_Rule] = []
    parts: list[_Part] = []
    at = 0
    for index, (header, name) in enumerate(zip(packet.headers, packet.names, strict=True)):
        starts.append(at // 8)
        after = packet.names[index + 1] if index + 1 < len(packet.headers) else None
        for field, bit, bits in spans_of(header):
            path = f"{name}.{field.name}"
            parts.append(_Part(path, at + bit, at + bit + bits))
            if field.kind in ("int", "bool"):
                for text, weight in _texts(header, header.__layout__, field, after):
                    rules += [_Rule(path, at + bit, bits, text)] * weight
        at += octets_in(header) * 8
    parts.append(_Part("payload", at, at + len(packet.payload) * 8))
    return starts or [0], rules, parts


def _texts(header: Header, layout: Layout, field: Field, after: str | None) -> Iterator[tuple[str, int]]:
    """What the rules of a field are, by what is wrong where they are broken, and how often each one comes."""
    name = field.name
    if field.const is not None:
        yield f"is not {field.const}", 1
    elif field.reserved:
        if not getattr(header, name):
            yield "is not 0", 1
    elif field is layout.length_field:
        yield "counts other octets than there are", _WEIGHT
    elif name in layout.sized_by:
        yield f"is not the size of {', '.join(sized.name for sized in layout.sized_by[name])}", _WEIGHT
    elif name in layout.flag_of:
        yield f"is not whether {', '.join(flagged.name for flagged in layout.flag_of[name])} is there", _WEIGHT
    elif field is layout.checksum:
        yield "is not the checksum", 1
    elif field is layout.selector and after is not None:
        yield f"is not the key of {after}", 1
    elif layout.next.repeat is not None and name == layout.next.repeat.flag:
        yield f"is not whether no other {layout.name} follows", 1


def _at(parts: list[_Part], bit: int) -> str:
    """Where a bit is, in words."""
    for part in parts:
        if part.start <= bit < part.stop:
            if part.path == "payload":
                return "in the payload"
            return f"at {part.path}" if bit == part.start else f"within {part.path}"
    return "behind the payload"


def _broken(draw: st.DrawFn, data: bytes, rule: _Rule, how: int) -> tuple[bytes, str] | None:
    """The octets with a number at a limit, or next to what it was, and how it was changed; None where it is cut off."""
    below = len(data) * 8 - rule.bit - rule.bits
    if below < 0:
        return None
    most = (1 << rule.bits) - 1
    now = int.from_bytes(data, "big") >> below & most
    changes = {" = 0": 0, f" = {most}": most, " - 1": now - 1, " + 1": now + 1, " = 1": 1}
    if rule.bits > 1:
        changes |= {
            f" - {_WORD}": now - _WORD,
            f" + {_WORD}": now + _WORD,
            f" = {now ^ most - most // 2}": now ^ most - most // 2,
        }
    kept = {value: text for text, value in changes.items() if 0 <= value <= most and value != now}
    others = [*kept, None]
    other = others[how % len(others)]
    if other is None:
        other = draw(st.integers(0, most))
        if other == now:
            other ^= 1
    return _written(data, rule.bit, rule.bits, other), kept.get(other, f" = {other}")


def _written(data: bytes, bit: int, bits: int, value: int | None) -> bytes:
    """The octets with other bits; None inverts them."""
    below = len(data) * 8 - bit - bits
    mask = ((1 << bits) - 1) << below
    number = int.from_bytes(data, "big")
    number = number ^ mask if value is None else number & ~mask | value << below
    return number.to_bytes(len(data), "big")
