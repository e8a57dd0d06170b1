"""Hypothesis strategies for headers, whole stacks and malformed octets, read from the declarations.

Strategy: nothing here knows a protocol. A header that is declared and bound in a catalog is drawn, stacked and damaged
like all others. What comes out is valid in every derived field and decodes to the very headers that were drawn.

>>> from hypothesis import given
>>> from overlaycodec import VXLAN, encode, strategies as overlay
>>> @given(overlay.packets(VXLAN))
... def test_my_parser(packet):
...     assert my_parser(encode(packet)).vni == packet[VXLAN].vni
"""

from __future__ import annotations

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
from overlaycodec.strategies import stacks
from overlaycodec.strategies.entropy import binary
from overlaycodec.strategies.guesses import believed
from overlaycodec.strategies.malformed import damaged
from overlaycodec.strategies.records import Room
from overlaycodec.strategies.selection import LONGEST, Selection, StackOptions, selection_of
from overlaycodec.strategies.stack_graph import graph_of
from overlaycodec.values import AUTO
from overlaycodec.values.argument_checks import check_flag

__all__ = ["LONGEST", "StackOptions", "headers", "malformed_bytes", "packets"]

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
    graph = graph_of(DEFAULT, cls)

    @st.composite
    def draw_header(draw: st.DrawFn) -> Any:  # Any: a header of the class
        header = stacks.lone_header(draw, cls, graph, DEFAULT, fixed, open_=kept)
        return header if kept else resolve(header).headers[0]

    strategy: st.SearchStrategy[H] = draw_header()
    return strategy


def packets(
    through: type[Header] | None = None, *, resolved: bool = True, **options: Unpack[StackOptions]
) -> st.SearchStrategy[Packet]:
    """Whole stacks.
    """
    check_flag("resolved", resolved)
    return _packets(selection_of(through, options), resolved=resolved)


def _packets(selection: Selection, *, resolved: bool) -> st.SearchStrategy[Packet]:
    @st.composite
    def draw_packet(draw: st.DrawFn) -> Packet:
        walks = selection.walks
        walk, octets = walks[draw(binary(1, 1))[0] % len(walks)] if len(walks) > 1 else walks[0]
        payload = draw(selection.payload) if isinstance(selection.payload, st.SearchStrategy) else selection.payload
        room = Room(octets, reserved=selection.reserved)
        making = stacks.Making(walk, selection.catalog, room, payload)
        packet = stacks.stack(draw, making, selection.longest)
        try:
            packet, complete = believed(packet, selection.catalog)
        except LengthOverflowError:  # only a declared length that counts less than a short frame comes here
            reject()
        return complete if resolved else packet

    return draw_packet()


def malformed_bytes(
    through: type[Header] | None = None, **options: Unpack[StackOptions]
) -> st.SearchStrategy[bytes]:
    """Octets
    """
    selection = selection_of(through, options)
    valid = _packets(selection, resolved=True)

    @st.composite
    def draw_octets(draw: st.DrawFn) -> bytes:
        packet = draw(valid)
        return damaged(draw, packet, encode(packet, catalog=selection.catalog))

    return draw_octets()
