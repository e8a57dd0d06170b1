"""Predicates of Polars -> filters that match at least the same packets.

Strategy: Polars gives a predicate as JSON, in a form that it may change. What is not known here is no filter, and
Polars applies the whole predicate to what is read, so a filter may let more packets through, and never fewer.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any, Final

import polars

from overlaycodec.codec.catalog import Catalog
from overlaycodec.columnar.address_text import OCTETS, Addresses
from overlaycodec.errors import FilterError
from overlaycodec.filters.expression import Compare, Value, quoted
from overlaycodec.filters.filter import Filter

__all__ = ["filter_in"]

_OPERATORS: Final = {"Eq": "==", "EqValidity": "==", "NotEq": "!=", "Lt": "<", "LtEq": "<=", "Gt": ">", "GtEq": ">="}
_EQUAL: Final = ("==", "!=")
_CLOSED: Final = {"Both": (">=", "<="), "Left": (">=", "<"), "Right": (">", "<="), "None": (">", "<")}

_Node = Any  # Any: what JSON has


def filter_in(predicate: polars.Expr, catalog: Catalog, addresses: Addresses) -> Filter | None:
    """What a filter can say of a predicate over columns with these `addresses`; None: nothing."""
    try:
        node = json.loads(predicate.meta.serialize(format="json"))
        return _Translation(catalog, addresses).filter_of(node)
    except (polars.exceptions.PolarsError, json.JSONDecodeError, RecursionError):
        return None


class _Translation:
    def __init__(self, catalog: Catalog, addresses: Addresses) -> None:
        self._catalog, self._addresses = catalog, addresses

    def filter_of(self, node: _Node) -> Filter | None:
        """The filter of an expression; None where there is none."""
        match node:
            case {"BinaryExpr": {"op": "And", "left": left, "right": right}}:
                return self._combined(left, right, Filter.__and__, either=True)
            case {"BinaryExpr": {"op": "Or", "left": left, "right": right}}:
                return self._combined(left, right, Filter.__or__, either=False)
            case {"BinaryExpr": {"op": op, "left": {"Column": name}, "right": {"Literal": literal}}}:
                return self._compared(name, _OPERATORS[op], literal) if op in _OPERATORS else None
            case {"Column": name}:
                return self._flag(name, "true")
            case {"Function": {"input": [{"Column": name}, *rest], "function": {"Boolean": function}}}:
                return self._function(name, function, rest)
        return None

    def _combined(
        self, left: _Node, right: _Node, combine: Callable[[Filter, Filter], Filter], *, either: bool
    ) -> Filter | None:
        one, other = self.filter_of(left), self.filter_of(right)
        if one is None or other is None:
            return (one or other) if either else None
        try:
            return combine(one, other)
        except FilterError:  # it nests too deep
            return one if either else None

    def _function(self, name: str, function: _Node, rest: list[_Node]) -> Filter | None:
        match function, rest:
            case "Not", []:
                return self._flag(name, "false")
            case "IsNotNull", []:
                return self._present(name)
            case "IsNull", []:
                present = self._present(name)
                return None if present is None else ~present
            case {"IsBetween": {"closed": "Both" | "Left" | "Right" | "None" as closed}}, [
                {"Literal": low},
                {"Literal": high},
            ]:
                above, below = _CLOSED[closed]
                one, other = self._compared(name, above, low), self._compared(name, below, high)
                return one & other if one is not None and other is not None else one or other
            case {"IsIn": {"nulls_equal": False}}, [{"Literal": _} as values]:
                return self._one_of(name, values)
        return None

    def _present(self, name: str) -> Filter | None:
        made = self._made(name)
        return None if made is None or _kind_of(made) == "bool" else made

    def _flag(self, name: str, value: str) -> Filter | None:
        made = self._made(f"{name} == {value}")
        return made if made is not None and _kind_of(made) == "bool" else None

    def _one_of(self, name: str, node: _Node) -> Filter | None:
        """The filter for a list of values, which is there in a form of Polars' own."""
        found = polars.select(polars.Expr.deserialize(io.StringIO(json.dumps(node)), format="json")).to_series()
        if isinstance(found.dtype, polars.List):
            found = found.explode()
        texts = [_text_of(value) for value in found]
        if not texts or None in texts:
            return None
        made = self._made(f"{name} in {{{', '.join(map(str, texts))}}}")
        return made if made is not None and self._says_the_same(made, "==", found[0]) else None

    def _compared(self, name: str, operator: str, literal: _Node) -> Filter | None:
        value = _value_of(name, literal)
        text = _text_of(value)
        made = None if text is None else self._made(f"{name} {operator} {text}")
        return made if made is not None and self._says_the_same(made, operator, value) else None

    def _says_the_same(self, made: Filter, operator: str, value: object) -> bool:
        """Whether the filter matches all packets for which Polars finds that the column compares so with the value."""
        kind = _kind_of(made)
        if kind == "int":
            return isinstance(value, int) and not isinstance(value, bool)
        if kind in OCTETS:  # other texts of the same address are other texts for Polars
            expression = made.expression
            same = operator == "==" or (isinstance(expression, Compare) and str(expression.value) == value)
            return self._addresses == "text" and isinstance(value, str) and operator in _EQUAL and same
        return kind in ("word", "text") and isinstance(value, str) and operator in _EQUAL

    def _made(self, text: str) -> Filter | None:
        try:
            return Filter(text, catalog=self._catalog)
        except FilterError:
            return None


def _kind_of(made: Filter) -> str:
    """The kind of the values that the one path of a filter names; empty where it has several, or none."""
    (operand,) = made.operands.values()
    return next(iter(operand.kinds)) if len(operand.kinds) == 1 else ""


def _value_of(name: str, literal: _Node) -> Value | None:
    """The value of a literal; a time stamp as the number that the column has. None for others."""
    match literal:
        case {"Scalar": {"Datetime": [int() as number, "Nanoseconds", {"inner": "UTC"}]}} if name == "time_ns":
            return number
        case {"Scalar": {"Boolean": bool()} | {"Null": _}}:
            return None
        case {"Scalar": dict() as kinds} if name != "time_ns" and len(kinds) == 1:
            kind, value = str(next(iter(kinds))), next(iter(kinds.values()))
            if kind == "String" and isinstance(value, str):
                return value
            if kind.startswith(("Int", "UInt")) and isinstance(value, int):
                return value
    return None


def _text_of(value: object) -> str | None:
    """A number or a text as filters have it."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return quoted(value, "'") if isinstance(value, str) else None
