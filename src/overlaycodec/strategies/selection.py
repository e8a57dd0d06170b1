"""Which stacks are drawn: what the arguments of `packets` and its kin ask for, as walks through graphs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final, TypeAlias, TypedDict

from hypothesis import strategies as st

from overlaycodec.codec.catalog import DEFAULT, Catalog, check_catalog
from overlaycodec.errors import number_text
from overlaycodec.packet.header import Header, check_header_class
from overlaycodec.pipelines.pattern import PartLike
from overlaycodec.pipelines.pipeline import Pipeline
from overlaycodec.protocols import Ethernet
from overlaycodec.strategies import fixed_fields
from overlaycodec.strategies.goals import Both, Goal, InOrder, OfPipeline, Within
from overlaycodec.strategies.stack_graph import Edge, End, StackGraph, drawable, graph_of
from overlaycodec.strategies.stacks import room_for
from overlaycodec.strategies.walks import Place, Walk, walk_of
from overlaycodec.values.argument_checks import check_flag, check_number, check_type

if TYPE_CHECKING:
    from overlaycodec.pipelines.pipeline import AnyPipeline

__all__ = ["LONGEST", "Selection", "StackOptions", "selection_of"]

LONGEST: Final = 10
"""How many headers a stack has at most by default."""

Stack: TypeAlias = "AnyPipeline | Sequence[PartLike]"
Depth: TypeAlias = int | tuple[int, int]
Payload: TypeAlias = bytes | st.SearchStrategy[bytes]


class StackOptions(TypedDict, total=False):
    """The keywords of `packets` that say which stacks are drawn."""

    first: type[Header]
    catalog: Catalog
    max_headers: int
    reserved: bool
    stack: Stack | None
    fixed: Mapping[str, object] | None
    depth: Depth | None
    payload: Payload | None


class Selection:
    """Which stacks are drawn."""

    def __init__(
        self, walks: list[tuple[Walk, int]], catalog: Catalog, longest: int, payload: Payload | None, *, reserved: bool
    ) -> None:
        self.walks = walks
        """One for each class of a first header, those of fewest headers first; and room for parts of variable size."""
        self.first_headers = tuple(walk.start.node.cls for walk, _ in walks if walk.start is not None)
        self.catalog = catalog
        self.longest = longest
        self.payload = payload
        self.reserved = reserved


def selection_of(through: type[Header] | None, options: StackOptions) -> Selection:
    """What the arguments ask for. Raises: ValueError where no stack is so; TypeError for wrong arguments."""
    if unknown := options.keys() - StackOptions.__annotations__.keys():
        raise TypeError(
            f"there is no argument {', '.join(sorted(unknown))}: say {', '.join(StackOptions.__annotations__)}"
        )
    catalog, longest = options.get("catalog", DEFAULT), options.get("max_headers", LONGEST)
    first, payload = options.get("first", Ethernet), options.get("payload")
    depth, fixed = options.get("depth"), options.get("fixed")
    reserved = options.get("reserved", False)
    check_catalog(catalog)
    check_flag("reserved", reserved)
    check_type("payload", payload, (bytes, st.SearchStrategy, type(None)), "bytes or a strategy for them")
    pipeline = _pipeline_of(options.get("stack"), catalog)
    if pipeline is not None:
        catalog = pipeline.catalog
        if not pipeline.payload:
            payload = b""
    if through is not None:
        check_header_class("through", through, " or None")
    check_header_class("first", first)
    firsts = (first,) if pipeline is None else pipeline.automaton.start.expected
    _check_drawable(through, *(firsts if pipeline is None else ()))
    if not 1 <= check_number("max_headers", longest, None) <= catalog.max_headers:
        most = catalog.max_headers
        raise ValueError(f"max_headers is 1..{most}, as the catalog follows, not {number_text(longest)}")
    goal = _goal_of(pipeline, fixed, depth, catalog)
    near = []
    for cls in firsts:
        if drawable(cls.__layout__):
            graph = graph_of(catalog, cls)
            walk = _walk(graph, cls, through, goal, catalog, closed=payload is None or payload == b"")
            need = None if walk.start is None else walk.start.need
            if need is not None and need < longest:
                near.append((need, (walk, room_for(graph, longest))))
    if not near:
        raise ValueError(_why_none(through, first, catalog, longest, pipeline, fixed, depth))
    walks = [walk for _, walk in sorted(near, key=lambda pair: pair[0])]
    return Selection(walks, catalog, longest, payload, reserved=reserved)


def _walk(
    graph: StackGraph,
    first: type[Header],
    through: type[Header] | None,
    goal: Goal | None,
    catalog: Catalog,
    *,
    closed: bool,
) -> Walk:
    """The walk from a first header to what is asked for."""
    order = InOrder(() if through is None else (through,))
    if goal is None:
        return walk_of(graph, order, first, closed=closed)
    allowed = partial(_allows, catalog)
    return Walk(graph, Both(goal, order), first, allowed, closed)


def _allows(catalog: Catalog, place: Place, after: Edge | End) -> bool:
    return fixed_fields.allows(place.node, after, fixed_fields.constants(place.wanted), catalog)


def _pipeline_of(stack: object, catalog: Catalog) -> AnyPipeline | None:
    if stack is None or isinstance(stack, Pipeline):
        return stack
    check_type("stack", stack, (tuple, list), "a Pipeline, or a tuple of header classes")
    assert isinstance(stack, tuple | list)
    return Pipeline(*stack, catalog=catalog)


def _goal_of(pipeline: AnyPipeline | None, fixed: object, depth: object, catalog: Catalog) -> Goal | None:
    """What is asked for beyond a header; None where that is nothing."""
    goal: Goal | None = None if pipeline is None else OfPipeline(pipeline.automaton)
    wanted = () if fixed is None else fixed_fields.wanted_by(fixed, catalog)  # type: ignore[arg-type]  # it checks that
    _check_drawable(*(header.cls for header in wanted))
    least, most = _depths(depth)
    if wanted or depth is not None:
        within = Within(wanted, least, most)
        goal = within if goal is None else Both(goal, within)
    return goal


def _depths(depth: object) -> tuple[int, int | None]:
    if depth is None:
        return 0, None
    least, most = depth if isinstance(depth, tuple) and len(depth) == 2 else (depth, depth)
    check_type("depth", least, int, "a number, or the least and the greatest")
    check_type("depth", most, int, "a number, or the least and the greatest")
    assert isinstance(least, int)
    assert isinstance(most, int)
    if not 0 <= least <= most:
        raise ValueError(f"depth is a number of scopes, or the least and the greatest, not {depth!r}")
    return least, most


def _check_drawable(*classes: type[Header] | None) -> None:
    for cls in classes:
        if cls is not None and not drawable(cls.__layout__):
            raise ValueError(
                f"{cls.__name__} has fields that only a construct object can read: no stack can be drawn with it"
            )


def _why_none(
    through: type[Header] | None,
    first: type[Header],
    catalog: Catalog,
    longest: int,
    pipeline: AnyPipeline | None,
    fixed: object,
    depth: object,
) -> str:
    """Why there is no stack."""
    if pipeline is not None:
        asked = "" if through is None else f" with {through.__name__}"
        also = "".join(
            f", {name}={value!r}" for name, value in (("fixed", fixed), ("depth", depth)) if value is not None
        )
        return f"no packet of {pipeline!r}{asked}{also} has at most {longest} headers that the catalog links"
    graph = graph_of(catalog, first)
    classes = () if through is None or through is first else (through,)
    walk = walk_of(graph, InOrder(classes), first)
    distance = None if walk.start is None else walk.start.need
    if distance is None:
        name = "an end" if through is None else through.__name__
        return f"no way leads from {first.__name__} to {name} in this catalog: bind a key, or begin elsewhere"
    if distance >= longest:
        return f"that takes {distance + 1} headers, more than max_headers = {longest}"
    return (
        f"no stack of at most {longest} headers from {first.__name__} on has what fixed=, depth= and payload= ask for"
    )
