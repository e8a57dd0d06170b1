"""Push, pop and rewrite tags.

Strategy: the TPID of a tag is in the header before it, so each function changes two headers and no others. Lengths and
checksums of tunnels outside, and the FCS, are updated by the difference (see `editing.incremental`), so `pop` after
`push` gives the same packet.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from overlaycodec.editing.incremental import follow_outside
from overlaycodec.editing.network_headers import framed_network_of
from overlaycodec.errors import MissingHeaderError, number_text
from overlaycodec.packet.header import Header
from overlaycodec.packet.packet import Packet, check_packet
from overlaycodec.packet.paths import Scope
from overlaycodec.packet.stack_paths import STACKS, StackPaths
from overlaycodec.protocols import LLC, STT, VXLANRCO, VLANTag
from overlaycodec.schema.keyspaces import ETHERTYPE
from overlaycodec.schema.plans import ValueLength
from overlaycodec.values import AUTO
from overlaycodec.values.argument_checks import check_number, check_text, check_type
from overlaycodec.values.by_class import ByClass

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
    place = place_of(packet, scope)
    start, count = place.start, place.count
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
    place = place_of(packet, scope)
    if check_number("depth", depth, 0) > place.count:
        raise MissingHeaderError(f"position for a tag at depth {number_text(depth)}", f"a stack of {place.count}")
    at = place.start + depth
    previous = packet.headers[at]
    name = type_field(previous)
    tag = VLANTag(vid=vid, pcp=pcp, dei=dei, ethertype=getattr(previous, name))
    headers = (*packet.headers[:at], previous.replace(**{name: tpid}), tag, *packet.headers[at + 1 :])
    trailers = packet.trailers
    if trailers:
        counts = _is_length(packet, at)
        trailers = tuple(t.moved(t.header + (t.header > at or (counts and t.header == at))) for t in trailers)
    return _updated(packet, packet._with(headers, trailers=trailers), place.start)


def pop(packet: Packet, *, scope: str = "outer", depth: int = 0) -> Packet:
    """The packet without the tag at `depth`: by default, the outermost.

    Raises: MissingHeaderError as `tags` does, and without such a tag.
    """
    at = _tag_at(packet, scope, depth)
    previous: Any = packet.headers[at - 1]  # Any: a link header or a tag
    tag: Any = packet.headers[at]
    joined = previous.replace(**{type_field(previous): tag.ethertype})
    headers = (*packet.headers[: at - 1], joined, *packet.headers[at + 1 :])
    trailers = packet.trailers
    if trailers:
        trailers = tuple(t.moved(t.header - (t.header >= at)) for t in trailers)
    return _updated(packet, packet._with(headers, trailers=trailers), place_of(packet, scope).start)


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
    return _updated(packet, packet._with(tuple(headers)), place_of(packet, scope).start)


def translate(packet: Packet, vids: Mapping[int, int], *, scope: str = "outer", depth: int = 0) -> Packet:
    """The packet in another VLAN, by the table; unchanged without such a tag, or where its VLAN is not in the table.

    Raises: MissingHeaderError as `tags` does; FieldRangeError; TypeError where the table has the VLAN as text.
    """
    check_type("vids", vids, Mapping, "a mapping of VLANs to VLANs")
    stack = tags(packet, scope=scope)
    if check_number("depth", depth, 0) >= len(stack):
        return packet
    vid = stack[depth].vid
    if vid in vids:
        return retag(packet, vid=vids[vid], scope=scope, depth=depth)
    text: object = str(vid)  # as in a JSON document, whose members are named by text
    if text in vids:
        raise TypeError(f"vids takes numbers of VLANs, not text: {text!r}")
    return packet


def normalise(packet: Packet, *, outer: int = S_TAG, inner: int = C_TAG, scope: str = "outer") -> Packet:
    """The packet with the TPIDs of IEEE 802.1Q, in place of any others: S-tags, and a C-tag as innermost tag.

    Raises: MissingHeaderError as `tags` does.
    """
    place = place_of(packet, scope)
    start, count = place.start, place.count
    for name, tpid in (("outer", outer), ("inner", inner)):
        check_number(name, tpid, 0, 0xFFFF)
    headers = list(packet.headers)
    for index in range(start, start + count):
        tpid = inner if index == start + count - 1 else outer
        headers[index] = headers[index].replace(**{type_field(headers[index]): tpid})
    return _updated(packet, packet._with(tuple(headers)), start)


# --- helpers ----------------------------------------------------------------------------------------------------------


class Place(msgspec.Struct, frozen=True):
    """Where the tags of a scope are in a stack of headers."""

    start: int
    """The index of the scope's link header."""
    count: int
    """How many tags follow it."""
    network: int | None
    """The index of the IP header that the frame carries; None where it carries none."""


class _Places:
    """The places of the tags in a stack, by the names of scopes; an error in place of one where there is none."""

    def __init__(self, classes: tuple[type[Header], ...]) -> None:
        self._classes = classes
        self.by_scope = ByClass(self._place)

    def _place(self, scope: str) -> Place:
        stack: StackPaths = STACKS[self._classes]
        found = self._scope(scope, stack)
        classes = self._classes[found.start : found.stop]
        if not classes or classes[0] is VLANTag or not _TYPE_FIELDS[classes[0]]:
            raise MissingHeaderError(f"link header in {scope}", ", ".join(stack.names))
        count = next((at for at, cls in enumerate(classes[1:]) if cls is not VLANTag), len(classes) - 1)
        network = framed_network_of(classes)
        return Place(found.start, count, None if network is None else found.start + network)

    def _scope(self, scope: str, stack: StackPaths) -> Scope:
        check_text("scope", scope)
        if scope == "outer":
            return stack.scopes[0]
        if scope == "innermost":
            return [found for found in stack.scopes if "quoted" not in found.prefix][-1]
        for found in stack.scopes:
            if found.prefix == scope and scope:
                return found
        raise MissingHeaderError(f"scope {scope}", ", ".join(stack.names))


_PLACES: Final = ByClass(_Places)


def place_of(packet: Packet, scope: str) -> Place:
    """Where the tags of the scope are. Raises: MissingHeaderError; TypeError for what is no packet."""
    if packet.__class__ is not Packet:
        check_packet(packet)
    if scope.__class__ is not str:
        check_text("scope", scope)
    place: Place = _PLACES[tuple(map(type, packet.headers))].by_scope[scope]
    return place


def _type_field(cls: type[Header]) -> str:
    layout = cls.__layout__
    selector, space = layout.next.selector, layout.next.space
    if selector is not None and space is not None and ETHERTYPE in (space, space.parent) and not layout.tunnel:
        return selector.name
    return ""


_TYPE_FIELDS: Final = ByClass(_type_field)


def type_field(header: Header) -> str:
    """The field of a link header or a tag that holds an EtherType."""
    name: str = _TYPE_FIELDS[type(header)]
    return name


def _tag_at(packet: Packet, scope: str, depth: int) -> int:
    """The index of a tag. Raises: MissingHeaderError."""
    place = place_of(packet, scope)
    if check_number("depth", depth, 0) >= place.count:
        raise MissingHeaderError(f"tag at depth {number_text(depth)}", f"a stack of {place.count}")
    return place.start + depth + 1


def _is_length(packet: Packet, index: int) -> bool:
    """Whether the type field of a header is the length of what follows (802.3)."""
    header = packet.headers[index]
    value = getattr(header, type_field(header))
    if value is AUTO:
        return index + 1 < len(packet.headers) and isinstance(packet.headers[index + 1], LLC)
    return isinstance(header.__layout__.next.of(header), ValueLength)


def _updated(before: Packet, after: Packet, start: int) -> Packet:
    """The packet with what depends on the scope from header `start` on updated outside: lengths, checksums, offsets."""
    if not start and not before.trailers:
        return after
    grown = 4 * (len(after) - len(before))
    outside: Any = after.headers[start - 1] if start else None  # Any: a header of any class
    shifted: dict[str, int] = {}
    if isinstance(outside, STT) and outside.l4_offset:
        shifted["l4_offset"] = outside.l4_offset + grown
    elif isinstance(outside, VXLANRCO) and outside.remote_checksum:
        shifted["checksum_start"] = outside.checksum_start + grown // 2
    if shifted and grown:
        start -= 1
        after = after._with((*after.headers[:start], outside.replace(**shifted), *after.headers[start + 1 :]))
    return follow_outside(before, after, start)
