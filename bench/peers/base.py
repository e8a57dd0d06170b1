"""What a contestant of the benchmarks can do."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

__all__ = ["Peer", "Taken", "Values", "untupled"]

F = TypeVar("F", bound=Callable[..., Any])  # Any: a reader of whatever a library has


class _Apart(ast.NodeTransformer):
    def visit_Expr(self, node: ast.Expr) -> list[ast.Expr]:
        values = node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]
        return [ast.copy_location(ast.Expr(value), node) for value in values]


def untupled(function: F, **names: object) -> F:
    """The function, its statements such as `header.src, header.dst` made one statement a field.

    So they stand on one line and yet measure the reading of fields, and not the building of tuples. `names` take the
    place of globals.
    """
    tree = ast.parse(inspect.getsource(function))
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            node.decorator_list.clear()
    namespace: dict[str, F] = {}
    code = compile(
        ast.fix_missing_locations(_Apart().visit(tree)), inspect.getfile(function), "exec", dont_inherit=True
    )
    exec(code, {**function.__globals__, **names} if names else function.__globals__, namespace)
    return namespace[function.__name__]


class Values(NamedTuple):
    """What a frame of seven headers is built from; all that can be derived is left to the encoder."""

    outer_src: str
    outer_dst: str
    outer_src_mac: str
    outer_dst_mac: str
    identification: int
    src_port: int
    vni: int
    inner_src: str
    inner_dst: str
    inner_src_mac: str
    inner_dst_mac: str
    sequence: int
    payload: bytes


class Taken(NamedTuple):
    """One run over a capture."""

    seconds: float
    """CPU time, from opening the file to the last value."""
    packets: int
    sums: list[int]
    """The sum of each column modulo 2**64, by which the results are compared; of faults, how many."""


@dataclass(frozen=True)
class Peer:
    """A library, as its users use it. What it cannot do, or nobody asked, is None."""

    name: str
    version: str
    read_frame: Callable[[bytes], tuple[Any, int, int, bytes]]  # Any: an address as the library has it
    """Decodes a frame of seven headers, reads every field of each, and gives the outer source address, the VNI, the
    sequence number and the payload."""
    read_vxlan: Callable[[bytes], int]
    """Decodes one VXLAN header alone, reads every field and gives the VNI."""
    decode: Callable[[bytes], object] | None = None
    """Decodes a frame of any stack as far as the library knows it; no field is read."""
    build: Callable[[Values], Any] | None = None  # Any: a packet as the library has it
    """A packet object in which lengths, checksums and the keys of what follows are still to be derived."""
    encode: Callable[[Any], bytes] | None = None  # Any: as above
    """Its octets, with all that derived."""
    read_simplest: Callable[[bytes], object] | None = None
    """Decodes the simplest header of 8 octets that the library has, and reads every field."""
    share: int = 1
    """One input in so many is timed: slow libraries get fewer."""
