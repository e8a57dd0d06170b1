"""Hypothesis strategies for headers, complete stacks and malformed octets, made from the declarations.

Strategy: nothing here knows a protocol. A header that is declared and bound in a catalog is drawn, stacked and damaged
like all others. What comes out is valid in every derived field and decodes to the very headers that were drawn.

>>> from hypothesis import given
>>> from overlaycodec import VXLAN, encode, strategies as overlay
>>> @given(overlay.packets(VXLAN))
... def test_my_parser(packet):
...     assert my_parser(encode(packet)).vni == packet[VXLAN].vni
"""

from __future__ import annotations

from functools import partial
from typing import Any, TypeVar, Unpack

try:
    from hypothesis import reject
    from hypothesis import strategies as st
except ModuleNotFoundError as error:
    if error.name != "hypothesis":
        raise
    raise ModuleNotFoundError(
        "overlaycodec.strategies needs Hypothesis: pip install 'overlaycodec[hypothesis]'", name="hypothesis"
    ) from None

from overlaycodec.codec.catalog import DEFAULT
from overlaycodec.codec.packet_encoder import encode, resolve
from overlaycodec.errors import LengthOverflowError
from overlaycodec.packet.header import Header, check_header_class
from overlaycodec.packet.packet import Packet
from overlaycodec.schema.keyspaces import LINK_TYPE
from overlaycodec.strategies import stacks
from overlaycodec.strategies.captures import Format, capture_of, records_of
from overlaycodec.strategies.entropy import binary
from overlaycodec.strategies.guesses import believed
from overlaycodec.strategies.malformed import DAMAGE, MalformedBytes, damaged
from overlaycodec.strategies.records import Room
from overlaycodec.strategies.selection import Selection, StackOptions, selection_of
from overlaycodec.strategies.stack_graph import Node, ends_of
from overlaycodec.trailers.record import add_trailer
from overlaycodec.values import AUTO
from overlaycodec.values.argument_checks import check_flag, check_number

__all__ = ["MalformedBytes", "StackOptions", "captures", "frames", "headers", "malformed_bytes", "packets"]

H = TypeVar("H", bound=Header)


def headers(cls: type[H], /, **fixed: object) -> st.SearchStrategy[H]:
    """Headers of one class, complete: no field is AUTO.

    Lengths and checksums are those of a header without payload, a selector selects nothing that `DEFAULT` knows, and a
    checksum that covers the addresses of a header outside is any number. `fixed` are fields by name: values, or
    strategies for them, taken as they are. Where one of them is AUTO, all that is derived stays AUTO: the packet that
    the header is put in derives it.

    Raises: TypeError for a field that the class does not have, ValueError for one that only a `construct` object can
    read and that is not fixed.
    """
    check_header_class("cls", cls)
    layout = cls.__layout__
    if unknown := fixed.keys() - layout.by_name.keys():
        raise TypeError(f"{cls.__name__} has no field {', '.join(map(repr, sorted(unknown)))}")
    if foreign := [field.name for field in layout.fields if field.construct is not None and field.name not in fixed]:
        raise ValueError(f"{cls.__name__}.{foreign[0]} is read by a construct object: give a strategy for it")
    kept = any(value is AUTO for value in fixed.values())
    ends = tuple(ends_of(Node(cls), DEFAULT))

    @st.composite
    def draw_header(draw: st.DrawFn) -> Any:  # Any: a header of the class
        header = stacks.lone_header(draw, cls, ends, DEFAULT, fixed, open_=kept)
        return header if kept else resolve(header).headers[0]

    strategy: st.SearchStrategy[H] = draw_header()
    return strategy


def packets(
    through: type[Header] | None = None, *, resolved: bool = True, **options: Unpack[StackOptions]
) -> st.SearchStrategy[Packet]:
    """Whole stacks of headers, with a payload and sometimes padding, as the catalog links them.

    Tunnels, tunnels in tunnels, stacked tags, options and payloads of 0 to 9,000 octets are common. `catalog.decode`
    returns the same packet for its octets. The simplest packet has the fewest headers that the arguments allow, no
    payload, and each field at its default or 0.

    `through` is a header that each packet has. The other arguments:

    - `first`: the first header; `Ethernet` by default.
    - `stack`: a `Pipeline`, or a tuple of header classes or other parts of one: the packets have just these headers, in
      this order, and a pipeline's own catalog; `first` is not asked then.
    - `fixed`: fields by path: values, or strategies for them: `{"vxlan.vni": 5, "inner.ipv4.src": addresses}`. Each
      packet has these headers. A path without a scope means the first header of its name. Values are taken as they
      are, so that a wrong length stays wrong; `AUTO` is derived.
    - `depth`: how many scopes are in one another: 0 for no tunnel, 1 for one, or `(least, most)`. The packet in an ICMP
      error counts too.
    - `payload`: octets, or a strategy for them, taken as they are.
    - `max_headers`: how many headers there are at most; 10 by default.
    - `reserved`: whether reserved bits are drawn too; they are 0 otherwise.
    - `catalog`: `DEFAULT` by default.

    With `resolved` false, what is derived is left AUTO, as in a packet that was just put together. An option of a
    generic class (`GeneveOption`, `TCPOption`) has a kind that no other class has: not a known kind, and a length that
    is not its own.

    Each packet ends with the trailers that the catalog declares.

    Raises: ValueError if no stack meets these conditions, and for a path that names no field; TypeError for arguments
    of other types.
    """
    check_flag("resolved", resolved)
    return _packets(selection_of(through, options), resolved=resolved)


def frames(through: type[Header] | None = None, **options: Unpack[StackOptions]) -> st.SearchStrategy[bytes]:
    """The octets of complete packets: `encode` of packets that `packets` draws with the same arguments.

    Raises: as `packets` does.
    """
    selection = selection_of(through, options)
    return _packets(selection, resolved=True).map(partial(encode, catalog=selection.catalog))


def captures(
    through: type[Header] | None = None,
    *,
    format: Format | None = None,  # noqa: A002 - the word that `write_capture` uses
    max_records: int = 5,
    **options: Unpack[StackOptions],
) -> st.SearchStrategy[bytes]:
    """The octets of capture files that hold what `packets` draws with the same arguments.

    They are pcap, in each byte order, with micro- or nanoseconds, or pcapng with comments; `format` chooses. Some
    records are cut, as by a snap length. `open_capture` reads them, so you can compare it with another reader. A file
    may have no records.

    Raises: ValueError where the first header has no link type, and as `packets` does.
    """
    if format not in (None, "pcap", "pcapng"):
        raise ValueError(f"format is {format!r}, not 'pcap', 'pcapng' or None")
    check_number("max_records", max_records, 0)
    selection = selection_of(through, options)
    catalog, classes = selection.catalog, selection.first_headers
    link_types = [catalog.key_of(LINK_TYPE, cls) for cls in classes]
    if None in link_types or len(set(link_types)) > 1:
        names = ", ".join(cls.__name__ for cls in classes)
        raise ValueError(f"packets that begin with {names} have no link type of their own in this catalog")
    link_type = link_types[0] or 0
    valid = _packets(selection, resolved=True)

    @st.composite
    def draw_capture(draw: st.DrawFn) -> bytes:
        found = [encode(packet, catalog=catalog) for packet in draw(st.lists(valid, max_size=max_records))]
        return capture_of(draw, records_of(draw, found, link_type), link_type, format)

    return draw_capture()


def malformed_bytes(
    through: type[Header] | None = None, **options: Unpack[StackOptions]
) -> st.SearchStrategy[MalformedBytes]:
    """Octets that a decoder must survive: those of `packets` with the same arguments, with one to three rules broken.

    `label` says which, by path: `inner.ipv4.ihl - 1: is not the size of options`. A constant, a reserved bit, a length,
    a flag, a checksum or the key of the next header is at a limit or next to what is right, or octets are cut, spliced,
    added or inverted. Most errors are behind valid headers, so a decoder reads far before it finds them; a few results
    may be valid.

    Raises: as `packets` does.
    """
    selection = selection_of(through, options)
    valid = _packets(selection, resolved=True)

    @st.composite
    def draw_octets(draw: st.DrawFn) -> MalformedBytes:
        choices = draw(DAMAGE)  # first: what is drawn last is simple in most examples
        packet = draw(valid)
        return damaged(draw, choices, packet, encode(packet, catalog=selection.catalog), selection.catalog)

    return draw_octets()


def _packets(selection: Selection, *, resolved: bool) -> st.SearchStrategy[Packet]:
    """The packets that were asked for."""
    walks, catalog, payload = selection.walks, selection.catalog, selection.payload
    trailers = [headers(cls) for cls in reversed(catalog.trailers)]

    @st.composite
    def draw_packet(draw: st.DrawFn) -> Packet:
        walk, octets = walks[draw(binary(1, 1))[0] % len(walks)] if len(walks) > 1 else walks[0]
        content = draw(payload) if isinstance(payload, st.SearchStrategy) else payload
        room = Room(octets, reserved=selection.reserved)
        packet = stacks.stack(draw, stacks.Making(walk, catalog, room, content), selection.longest)
        try:
            packet, complete = believed(packet, catalog)
        except LengthOverflowError:  # only a declared length that counts less than a short frame comes here
            reject()
        if trailers:
            records = [draw(trailer) for trailer in trailers]
            packet, complete = (add_trailer(one, *records, catalog=catalog) for one in (packet, complete))
            first = type(complete.headers[0])
            if catalog.decode(encode(complete, catalog=catalog), first=first, lax=True) != complete:
                reject()  # a guess does not believe a header that so many octets follow
        return complete if resolved else packet

    return draw_packet()
