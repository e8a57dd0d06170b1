"""Push, pop and rewrite tags.

Strategy: the TPID of a tag is in the header before it, so each function changes two headers and no others. Lengths and
checksums of tunnels outside, and the FCS, are updated by the difference (see `editing.incremental`), so `pop` after
`push` gives the same packet.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from overlaycodec.editing.incremental import follow_outside
from overlaycodec.errors import MissingHeaderError, number_text
from overlaycodec.packet.header import Header
from overlaycodec.packet.packet import Packet, check_packet
from overlaycodec.packet.paths import Scope, scopes_of
from overlaycodec.protocols import LLC, STT, VXLANRCO, VLANTag
from overlaycodec.schema.keyspaces import ETHERTYPE
from overlaycodec.schema.plans import ValueLength
from overlaycodec.values import AUTO
from overlaycodec.values.argument_checks import check_number, check_text, check_type

__all__ = ["Tag", "normalise", "pop", "push", "retag", "tags", "translate"]

C_TAG, S_TAG = 0x8100, 0x88A8
"""The TPIDs of IEEE 802.1Q table 9-1: of customer and of service tags."""


class Tag(msgspec.Struct, frozen=True):
    """A tag, with the TPID from the header before it."""

    vid: int
    pcp: int = 0
    dei: bool = False
    tpid: int = C_TAG


def tags(packet: Packet, *, scope: str = "outer") -> tuple[Tag, ...]:
    """The tags after the scope's link header, outermost first.

    `scope` as in paths: "outer", "inner", "inner.inner", ..., "innermost".

    A TPID that is AUTO is given as `encode` derives it: 0x8100.

    Raises: MissingHeaderError without such a scope, or where it does not begin with a link header; TypeError for
    octets: decode them first.
    """
    start, count = stack_of(packet, scope)
    found = []
    for index in range(start, start + count):
        previous: Any = packet.headers[index]  # Any: a link header or a tag
        tag: Any = packet.headers[index + 1]
        tpid = getattr(previous, type_field(previous))
        found.append(Tag(tag.vid, tag.pcp, tag.dei, C_TAG if tpid is AUTO else tpid))
    return tuple(found)


def push(
    packet: Packet,
    *,
    vid: int,
    pcp: int = 0,
    dei: bool = False,
    tpid: int = C_TAG,
    scope: str = "outer",
    depth: int = 0,
) -> Packet:
    """The packet with one more tag, before the one at `depth`: by default, the outermost.

    Raises: MissingHeaderError as `tags` does, and for a stack of fewer tags than `depth`; FieldRangeError.
    """
    start, count = stack_of(packet, scope)
    if check_number("depth", depth, 0) > count:
        raise MissingHeaderError(f"position for a tag at depth {number_text(depth)}", f"a stack of {count}")
    at = start + depth
    previous = packet.headers[at]
    name = type_field(previous)
    tag = VLANTag(vid=vid, pcp=pcp, dei=dei, ethertype=getattr(previous, name))
    counts = _is_length(packet, at)
    headers = (*packet.headers[:at], previous.replace(**{name: tpid}), tag, *packet.headers[at + 1 :])
    trailers = tuple(t.moved(t.header + (t.header > at or (counts and t.header == at))) for t in packet.trailers)
    return _updated(packet, packet.__replace__(headers=headers, trailers=trailers), scope)


def pop(packet: Packet, *, scope: str = "outer", depth: int = 0) -> Packet:
    """The packet without the tag at `depth`: by default, the outermost.

    Raises: MissingHeaderError as `tags` does, and without such a tag.
    """
    at = _tag_at(packet, scope, depth)
    previous: Any = packet.headers[at - 1]  # Any: a link header or a tag
    tag: Any = packet.headers[at]
    joined = previous.replace(**{type_field(previous): tag.ethertype})
    headers = (*packet.headers[: at - 1], joined, *packet.headers[at + 1 :])
    trailers = tuple(t.moved(t.header - (t.header >= at)) for t in packet.trailers)
    return _updated(packet, packet.__replace__(headers=headers, trailers=trailers), scope)


def retag(
    packet: Packet,
    *,
    vid: int | None = None,
    pcp: int | None = None,
    dei: bool | None = None,
    tpid: int | None = None,
    scope: str = "outer",
    depth: int = 0,
) -> Packet:
    """The packet with new values in the tag at `depth`: those of VLAN, priority, DEI and TPID that are given.

    Raises: MissingHeaderError as `pop` does; FieldRangeError.
    """
    at = _tag_at(packet, scope, depth)
    headers = list(packet.headers)
    changes = {"vid": vid, "pcp": pcp, "dei": dei}
    headers[at] = headers[at].replace(**{name: value for name, value in changes.items() if value is not None})
    if tpid is not None:
        headers[at - 1] = headers[at - 1].replace(**{type_field(headers[at - 1]): tpid})
    return _updated(packet, packet.__replace__(headers=tuple(headers)), scope)


def translate(packet: Packet, vids: Mapping[int, int], *, scope: str = "outer", depth: int = 0) -> Packet:
    """The packet in another VLAN, by the table; unchanged without such a tag, or where its VLAN is not in the table.

    Raises: MissingHeaderError as `tags` does; FieldRangeError.
    """
    check_type("vids", vids, Mapping, "a mapping of VLANs to VLANs")
    stack = tags(packet, scope=scope)
    if check_number("depth", depth, 0) >= len(stack) or stack[depth].vid not in vids:
        return packet
    return retag(packet, vid=vids[stack[depth].vid], scope=scope, depth=depth)


def normalise(packet: Packet, *, outer: int = S_TAG, inner: int = C_TAG, scope: str = "outer") -> Packet:
    """The packet with the TPIDs of IEEE 802.1Q, in place of any others: S-tags, and a C-tag as innermost tag.

    Raises: MissingHeaderError as `tags` does.
    """
    start, count = stack_of(packet, scope)
    for name, tpid in (("outer", outer), ("inner", inner)):
        check_number(name, tpid, 0, 0xFFFF)
    headers = list(packet.headers)
    for index in range(start, start + count):
        tpid = inner if index == start + count - 1 else outer
        headers[index] = headers[index].replace(**{type_field(headers[index]): tpid})
    return _updated(packet, packet.__replace__(headers=tuple(headers)), scope)


# --- helpers ----------------------------------------------------------------------------------------------------------


def scope_of(packet: Packet, scope: str) -> Scope:
    """The scope of this name. Raises: MissingHeaderError; TypeError for what is no packet."""
    check_packet(packet)
    check_text("scope", scope)
    scopes = scopes_of(packet.headers)
    if scope == "outer":
        return scopes[0]
    if scope == "innermost":
        return [found for found in scopes if "quoted" not in found.prefix][-1]
    for found in scopes:
        if found.prefix == scope and scope:
            return found
    raise MissingHeaderError(f"scope {scope}", ", ".join(packet.names))


def stack_of(packet: Packet, scope: str) -> tuple[int, int]:
    """The index of the scope's link header, and how many tags follow it. Raises: MissingHeaderError."""
    found = scope_of(packet, scope)
    headers = packet.headers[found.start : found.stop]
    if not headers or isinstance(headers[0], VLANTag) or not type_field(headers[0], missing=True):
        raise MissingHeaderError(f"link header in {scope}", ", ".join(packet.names))
    count = 0
    for header in headers[1:]:
        if not isinstance(header, VLANTag):
            break
        count += 1
    return found.start, count


def type_field(header: Header, *, missing: bool = False) -> str:
    """The field that holds an EtherType; with `missing`, "" where there is none."""
    layout = header.__layout__
    selector, space = layout.next.selector, layout.next.space
    if selector is not None and space is not None and ETHERTYPE in (space, space.parent) and not layout.tunnel:
        return selector.name
    assert missing
    return ""


def _tag_at(packet: Packet, scope: str, depth: int) -> int:
    """The index of a tag. Raises: MissingHeaderError."""
    start, count = stack_of(packet, scope)
    if check_number("depth", depth, 0) >= count:
        raise MissingHeaderError(f"tag at depth {number_text(depth)}", f"a stack of {count}")
    return start + depth + 1


def _is_length(packet: Packet, index: int) -> bool:
    """Whether the type field of a header is the length of what follows (802.3)."""
    header = packet.headers[index]
    value = getattr(header, type_field(header))
    if value is AUTO:
        return index + 1 < len(packet.headers) and isinstance(packet.headers[index + 1], LLC)
    return isinstance(header.__layout__.next.of(header), ValueLength)


def _updated(before: Packet, after: Packet, scope: str) -> Packet:
    """The packet with what depends on the scope updated outside: lengths, checksums, and offsets into the frame."""
    start = scope_of(before, scope).start
    grown = 4 * (len(after) - len(before))
    outside: Any = after.headers[start - 1] if start else None  # Any: a header of any class
    shifted: dict[str, int] = {}
    if isinstance(outside, STT) and outside.l4_offset:
        shifted["l4_offset"] = outside.l4_offset + grown
    elif isinstance(outside, VXLANRCO) and outside.remote_checksum:
        shifted["checksum_start"] = outside.checksum_start + grown // 2
    if shifted and grown:
        start -= 1
        after = after.__replace__(
            headers=(*after.headers[:start], outside.replace(**shifted), *after.headers[start + 1 :])
        )
    return follow_outside(before, after, start)
