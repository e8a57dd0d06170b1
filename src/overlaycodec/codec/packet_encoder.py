"""Encoding a packet: header after header, from the inside out, so that lengths and checksums are known in time."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from ipaddress import IPv4Address
from typing import Any

from overlaycodec.codec.catalog import Bindings
from overlaycodec.codec.stack_encoder import StackWriter
from overlaycodec.errors import EncodeError, UnresolvedError
from overlaycodec.packet.header import Header
from overlaycodec.packet.offsets import octets_in
from overlaycodec.packet.packet import Packet
from overlaycodec.packet.paths import names_of
from overlaycodec.schema.facts import FinalDestination

__all__ = ["Emission", "emit", "final_destination", "pseudo_header", "resolved", "written"]


def pseudo_header(headers: Sequence[Header], index: int) -> tuple[int, int] | None:
    """The addresses of the IP header outside header `index`, as numbers; None where there is none.

    With a routing header in between, or a source route, the second is the final destination.

    Spec: RFC 768, RFC 9293 section 3.1, RFC 8200 section 8.1, RFC 791 section 3.1.
    """
    final: int | None = None
    for outside in range(index - 1, -1, -1):
        header: Any = headers[outside]  # Any: headers of several classes, known by what they declare
        layer = header.__layout__.layer
        if layer not in ("network", "extension"):
            return None
        # of several ways, the innermost is gone last
        if final is None and (way := final_destination(header)) is not None:
            final = _address(header, way)
        if layer == "network":
            return int(header.src), int(header.dst) if final is None else final
    return None


def final_destination(header: Any) -> tuple[tuple[str, int], ...] | None:  # Any: a header, known by what it declares
    """Where a header keeps the last address of a way that is not yet gone: fields, and the element or octet in each."""
    layout = header.__layout__
    if layout.routes is None:
        return None
    if FinalDestination in layout.by_name[layout.routes]:
        own = _last(header)
        return None if own is None else (own,)
    for number, element in enumerate(getattr(header, layout.routes)):
        if (inside := _last(element)) is not None:
            return (layout.routes, number), inside
    return None


def _last(record: Any) -> tuple[str, int] | None:  # Any: as above
    for field in record.__layout__.fields:
        if (route := field.get(FinalDestination)) is None:
            continue
        at, left = route.at.get(getattr(record, route.type)), getattr(record, route.left)
        data = getattr(record, field.name)
        if at is None or not left:
            continue
        if route.begins is not None and left >= route.begins + sum(map(octets_in, data)):
            continue  # gone to its end
        at = at if at >= 0 else len(data) + at
        if 0 <= at <= len(data) - (1 if isinstance(data, tuple) else 16):
            return field.name, at
    return None


def _address(record: Any, way: tuple[tuple[str, int], ...]) -> int:  # Any: as above
    for name, at in way:
        data = getattr(record, name)
        if not isinstance(data, tuple):
            return int.from_bytes(data[at : at + 16], "big")
        record = data[at]
    return int(getattr(record, record.__layout__.fields[0].name))


class Emission:
    """What a header's writer asks of the packet around it."""

    __slots__ = ("following", "headers", "index", "omits")

    def __init__(self, headers: Sequence[Header], omits: bool) -> None:
        self.omits = omits
        self.headers = headers
        self.index = 0
        self.following: type[Header] | None = None

    def unselected(self, path: str) -> int:
        """Raises: EncodeError, for a selector that nothing tells."""
        what = "nothing follows that has one" if self.following is None else f"{self.following.__name__} has none there"
        raise UnresolvedError(path, f"is AUTO, the key of what follows, but {what}: give it a value")

    def unchecked(self) -> bool:
        """Whether the next header asks for no checksum outside, and IPv4 allows it (RFC 7348 section 4.1, RFC 6935)."""
        if not self.omits or self.following is None or not self.following.__layout__.unchecked:
            return False
        for index in range(self.index - 1, -1, -1):
            outside: Any = self.headers[index]  # Any: headers of several classes, known by what they declare
            if outside.__layout__.layer == "network":
                return isinstance(outside.dst, IPv4Address)
        return False

    def pseudo(self, path: str, octets: int, protocol: int) -> int:
        """The sum of the pseudo-header. Raises: UnresolvedError."""
        addresses = pseudo_header(self.headers, self.index)
        if addresses is None:
            raise UnresolvedError(path, "is AUTO, but there are no addresses of an IP header to sum: give it a value")
        return addresses[0] + addresses[1] + octets + protocol


def _written(write: StackWriter, headers: Sequence[Header], content: bytes) -> bytes | None:
    """What the encoder of a stack gives; None where it cannot, and the writers are to say why not."""
    try:
        return write(headers, content)
    except (EncodeError, struct.error, TypeError, AttributeError, OverflowError):
        return None


def emit(
    packet: Packet,
    catalog: Bindings,
    out: list[Header] | None = None,
    octets: list[bytes] | None = None,
    *,
    omits: bool = True,
) -> bytes:
    """The octets of a packet.

    `out` takes the resolved headers, `octets` what each header and its content came to; both innermost first.
    `omits`: whether an AUTO checksum is left out where the header inside wants that.

    Raises: EncodeError, under the full path.
    """
    headers = packet.headers
    content = packet.payload
    trailers = packet.trailers
    start, write_start = -1, None
    if out is None and octets is None and omits and not trailers:
        classes = tuple(map(type, headers))
        start, write_start = catalog._stacks.get(classes) or catalog.stack(classes)
        if start == len(headers):
            found = _written(write_start, headers, content)
            if found is not None:
                return found
            write_start = None
    emission = Emission(headers, omits)
    writers = catalog._writers
    index = len(headers)
    try:
        while index:
            if index == start and write_start is not None:
                found = _written(write_start, headers, content)
                if found is not None:
                    return found
            index -= 1
            header = headers[index]
            cls = header.__class__
            emission.index = index
            write = writers.get(cls) or catalog.writer(cls)
            content = write(header, content, emission, out) + content
            emission.following = cls
            if octets is not None:
                octets.append(content)
            if trailers:
                for trailer in trailers:
                    if trailer.header == index:
                        content += trailer.data
    except EncodeError as error:
        raise error.rebased(headers[index].__layout__.name, names_of(headers)[index]) from None
    except (struct.error, TypeError, AttributeError, OverflowError) as error:
        # only a value that went round the constructor's checks comes here: let the check say what is wrong with it
        headers[index].replace()
        raise EncodeError(names_of(headers)[index], headers[index], f"cannot be written: {error}") from error
    for trailer in trailers:
        if not 0 <= trailer.header < len(headers):
            if trailer.header != -1:
                raise EncodeError("trailers", trailer.header, f"names header {trailer.header}, of {len(headers)}")
            content += trailer.data
    return content


def resolved(packet: Packet, catalog: Bindings, *, omits: bool = True) -> tuple[Packet, bytes]:
    """The packet with every AUTO derived, and its octets; `omits` as for `emit`. Raises: EncodeError."""
    headers: list[Header] = []
    octets = emit(packet, catalog, headers, omits=omits)
    return packet.__replace__(headers=tuple(reversed(headers))), octets


def written(packet: Packet, catalog: Bindings) -> tuple[list[Header], list[bytes]]:
    """The headers, resolved, and what each of them and its content comes to, without what trails behind its end.

    Raises: EncodeError.
    """
    headers: list[Header] = []
    octets: list[bytes] = []
    emit(packet, catalog, headers, octets)
    headers.reverse()
    octets.reverse()
    return headers, octets
