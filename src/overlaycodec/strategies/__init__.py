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

from typing import TYPE_CHECKING, Any, TypeVar

try:
    from hypothesis import reject
    from hypothesis import strategies as st
except ModuleNotFoundError as error:
    if error.name != "hypothesis":
        raise
    raise ModuleNotFoundError(
        "overlaycodec.strategies needs Hypothesis: pip install 'overlaycodec[hypothesis]'", name="hypothesis"
    ) from None

from overlaycodec.codec.catalog import DEFAULT, Catalog, check_catalog
from overlaycodec.codec.packet_encoder import encode, resolve
from overlaycodec.errors import LengthOverflowError, number_text
from overlaycodec.packet.header import Header, check_header_class
from overlaycodec.packet.packet import Packet
from overlaycodec.pipelines.pipeline import check_pipeline
from overlaycodec.protocols import Ethernet
from overlaycodec.strategies import stacks
from overlaycodec.strategies.guesses import believed
from overlaycodec.strategies.malformed import damaged
from overlaycodec.strategies.pipeline_stacks import along, stack_along
from overlaycodec.strategies.stack_graph import Node, StackGraph, drawable, graph_of
from overlaycodec.values import AUTO
from overlaycodec.values.argument_checks import check_number

if TYPE_CHECKING:
    from overlaycodec.pipelines.pipeline import AnyPipeline

__all__ = ["headers", "malformed_bytes", "packets"]

H = TypeVar("H", bound=Header)

LONGEST = 10
"""How many headers a stack has at most by default."""


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
    through: type[Header] | None = None,
    *,
    first: type[Header] = Ethernet,
    catalog: Catalog = DEFAULT,
    max_headers: int = LONGEST,
    resolved: bool = True,
    reserved: bool = False,
    stack: AnyPipeline | None = None,
) -> st.SearchStrategy[Packet]:
    """Whole stacks that begin with `first` and contain a `through`, with a payload and sometimes padding.

    Each header selects the next as the catalog binds it; the last selects nothing that is bound. `catalog.decode` gives
    the same packet back from its octets. With `resolved` false, what is derived is left AUTO, as in a packet that was
    just put together. With `reserved`, reserved bits are drawn too; they are 0 otherwise. The simplest packet is the
    shortest path. An option of a generic class (`GeneveOption`, `TCPOption`) has a kind that no other class has: not a
    known kind, and a length that is not its own.

    With a pipeline as `stack`, the packets are of its headers, at most `max_headers` of them, and of its catalog;
    `through` and `first` are not asked then. The pipeline decodes them to the same packets again. The simplest one has
    the fewest headers.

    Raises: ValueError where no stack of `max_headers` headers leads there.
    """
    if stack is not None:
        check_pipeline(stack, "stack")
        return _of_pipeline(stack, max_headers, resolved=resolved, reserved=reserved)
    graph = _graph(through, first, catalog, max_headers)
    paths = stacks.paths_of(graph, catalog, first, through, max_headers, reserved=reserved)

    @st.composite
    def draw_packet(draw: st.DrawFn) -> Packet:
        packet = stacks.stack(draw, paths)
        try:
            packet, complete = believed(packet, catalog)
        except LengthOverflowError:  # only a declared length that counts less than a short frame comes here
            reject()
        return complete if resolved else packet

    return draw_packet()


def _of_pipeline(
    pipeline: AnyPipeline, max_headers: int, *, resolved: bool, reserved: bool
) -> st.SearchStrategy[Packet]:
    """Packets of a pipeline. Raises: ValueError where none can be drawn."""
    catalog = pipeline.catalog
    choices = []
    for classes in pipeline.stacks(max_headers):
        if all(drawable(cls.__layout__) for cls in classes):
            graph = graph_of(catalog, classes[0])
            paths = stacks.paths_of(graph, catalog, classes[0], None, len(classes), reserved=reserved)
            nodes = along(paths, classes)
            if nodes is not None:
                choices.append((paths, nodes))
    if not choices:
        raise ValueError(f"no packet of {pipeline!r} has at most {max_headers} headers that the catalog links")

    @st.composite
    def draw_packet(draw: st.DrawFn) -> Packet:
        paths, nodes = draw(st.sampled_from(choices))
        packet = stack_along(draw, paths, nodes, payload=pipeline.payload)
        try:
            packet, complete = believed(packet, catalog)
        except LengthOverflowError:
            reject()
        return complete if resolved else packet

    return draw_packet()


def malformed_bytes(
    through: type[Header] | None = None,
    *,
    first: type[Header] = Ethernet,
    catalog: Catalog = DEFAULT,
    max_headers: int = LONGEST,
) -> st.SearchStrategy[bytes]:
    """Octets that a decoder must survive: those of `packets`, damaged.

    Numbers are put at their limits, octets cut, spliced and added, bits flipped. Most are wrong only after headers that
    are right, so that they reach deep; a few may be valid.

    Raises: ValueError as `packets` does.
    """
    valid = packets(through, first=first, catalog=catalog, max_headers=max_headers)

    @st.composite
    def draw_octets(draw: st.DrawFn) -> bytes:
        packet = draw(valid)
        return damaged(draw, packet, encode(packet, catalog=catalog))

    return draw_octets()


def _graph(through: type[Header] | None, first: type[Header], catalog: Catalog, max_headers: int) -> StackGraph:
    """The graph of the catalog. Raises: ValueError where it has no path."""
    check_catalog(catalog)
    check_header_class("first", first)
    if through is not None:
        check_header_class("through", through, " or None")
    for cls in filter(None, (first, through)):
        if not drawable(cls.__layout__):
            raise ValueError(
                f"{cls.__name__} has fields that only a construct object can read: no stack can be drawn with it"
            )
    if not 1 <= check_number("max_headers", max_headers, None) <= catalog.max_headers:
        most = catalog.max_headers
        raise ValueError(f"max_headers is 1..{most}, as the catalog follows, not {number_text(max_headers)}")
    graph = graph_of(catalog, first)
    distance = (graph.to_end if through is None or through is first else graph.distances(through)).get(Node(first))
    if distance is None:
        name = "an end" if through is None else through.__name__
        raise ValueError(
            f"no way leads from {first.__name__} to {name} in this catalog: bind a key, or begin elsewhere"
        )
    if distance >= max_headers:
        raise ValueError(f"that takes {distance + 1} headers, more than max_headers = {max_headers}")
    return graph
