"""Stacks of a pipeline: which ways through the graph have just its headers, and a packet along one."""

from __future__ import annotations

from hypothesis import strategies as st

from overlaycodec.packet.header import Header
from overlaycodec.packet.packet import Packet
from overlaycodec.strategies.records import Room
from overlaycodec.strategies.stack_graph import Edge, End, Node
from overlaycodec.strategies.stacks import (
    PAYLOAD,
    Paths,
    Step,
    header_at,
    network_after,
    payload_without,
    trailers_of,
)

__all__ = ["along", "stack_along"]


def along(paths: Paths, classes: tuple[type[Header], ...]) -> list[frozenset[Node]] | None:
    """The nodes of each header of a stack from which the graph leads on to its end; None where it does not."""
    reached = [frozenset({Node(classes[0])})]
    for cls in classes[1:]:
        edges = (edge.node for node in reached[-1] for edge in paths.graph.edges.get(node, ()))
        reached.append(frozenset(node for node in edges if node.cls is cls))
    good = [frozenset(node for node in reached[-1] if paths.graph.ends.get(node))]
    for nodes in reversed(reached[:-1]):
        good.append(frozenset(node for node in nodes if any(e.node in good[-1] for e in paths.graph.edges[node])))
    good.reverse()
    return good if all(good) else None


def stack_along(draw: st.DrawFn, paths: Paths, nodes: list[frozenset[Node]], *, payload: bool) -> Packet:
    """A packet of just the headers of these nodes, whose derived fields are AUTO."""
    (node,), network = nodes[0], None
    room = Room(paths.octets, reserved=paths.reserved)
    steps: list[Step] = []
    headers: list[Header] = []
    content = b""
    for index in range(len(nodes)):
        after: Edge | End
        if index + 1 < len(nodes):
            after = draw(st.sampled_from([e for e in paths.graph.edges[node] if e.node in nodes[index + 1]]))
        else:
            after = draw(st.sampled_from(paths.graph.ends[node]))
            if after.kind != "closed" and payload:
                content = payload_without(draw(st.binary(max_size=min(PAYLOAD, room.octets))), after.avoid)
                room.take(len(content))
        step = Step(node, after)
        steps.append(step)
        headers.append(header_at(draw, step, network, len(content), paths.catalog, room))
        network = network_after(node.cls.__layout__, network)
        if isinstance(after, Edge):
            node = after.node
    return Packet(tuple(headers), content, trailers_of(draw, steps, headers, content))
