"""A filter: an expression with its catalog, as one value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from overlaycodec.codec.catalog import DEFAULT, Catalog, check_catalog
from overlaycodec.errors import FilterError
from overlaycodec.filters.expression import MOST_NESTED, Expression, all_of, any_of, inverse_of, nesting_of
from overlaycodec.filters.operands import Operand
from overlaycodec.filters.parser import parsed
from overlaycodec.filters.scalar import Matcher
from overlaycodec.packet.checked_packet import check_packet
from overlaycodec.packet.packet import Packet
from overlaycodec.values.argument_checks import check_text

if TYPE_CHECKING:
    from overlaycodec.capture.reader import Capture
    from overlaycodec.capture.record import Record

__all__ = ["Filter", "filter_of"]


class Filter:
    """An expression that selects packets: `vxlan.vni == 100 and inner.ipv4.dst in 10.0.0.0/8`.

    The name of a header tests that it is present (`vxlan`), a flag that it is set (`tcp.syn`), any other field that it
    is present. A field is compared by `==`, `!=`, `<`, `<=`, `>`, `>=`, and `in` a range (`1..1023`), a prefix
    (`10.0.0.0/8`) or a set of values, ranges and prefixes (`{80, 443, 8000..8999}`). `not`, `and` and `or` combine
    them; parentheses group. Paths are those of packets and columns; a path names one field, the first in its scope.
    Values of the record are `time_ns`, `wire_length`, `captured_length`, `link_type`, `interface`, `interface_name`,
    `comment`, `flags` and `section`.

    If the field is absent, every comparison is false, also `!=`, and its `not` is true.

    A filter is immutable and hashable, can be pickled, and is equal to others with the same expression and catalog.
    `str` gives its text, `&`, `|` and `~` combine filters.

    >>> import overlaycodec as oc
    >>> tenant = oc.Filter("vxlan.vni == 100")
    >>> tenant & ~oc.Filter("inner.vlan or inner.tcp.dst_port in {80, 443}")
    Filter('vxlan.vni == 100 and not (inner.vlan or inner.tcp.dst_port in {80, 443})')

    Raises: FilterError for a text that is no filter, for headers and fields that the catalog does not have, and for
    values that a field cannot have.
    """

    __slots__ = ("_catalog", "_expression", "_matcher", "_operands")

    _expression: Expression
    _operands: dict[str, Operand]
    _catalog: Catalog
    _matcher: Matcher | None

    def __init__(self, text: str, *, catalog: Catalog = DEFAULT) -> None:
        check_text("text", text)
        check_catalog(catalog)
        self._expression, self._operands = parsed(text, catalog)
        self._catalog = catalog
        self._matcher = None

    @property
    def expression(self) -> Expression:
        """Its parts, as plain values."""
        return self._expression

    @property
    def operands(self) -> dict[str, Operand]:
        """What its paths name."""
        return dict(self._operands)

    @property
    def catalog(self) -> Catalog:
        """The catalog whose headers it knows."""
        return self._catalog

    def matches(self, packet: Packet, record: Record | None = None, capture: Capture | None = None) -> bool:
        """Whether a packet matches; `record` is the record of the packet, for filters that test its values.

        The record also says whether a checksum was left to the network card (`Record.left_to_card`), for verdicts.

        `capture` is the capture that has just given the record: it has the name of the interface, and the section.

        Raises: ValueError where such a filter gets no record or no capture; UnresolvedError where a field is AUTO.
        """
        check_packet(packet)
        return self.matcher(packet, record, capture)

    @property
    def matcher(self) -> Matcher:
        """The same as a function, which does not check its arguments."""
        if self._matcher is None:
            self._matcher = Matcher(self._expression, self._operands, self._catalog)
        return self._matcher

    # --- as a value ---------------------------------------------------------------------------------------------------

    def __str__(self) -> str:
        return str(self._expression)

    def __repr__(self) -> str:
        return f"Filter({str(self)!r})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Filter):
            return NotImplemented
        return self._expression == other._expression and self._catalog == other._catalog

    def __hash__(self) -> int:
        return hash(self._expression)

    def __reduce__(self) -> tuple[object, ...]:
        return _filter_in, (str(self), self._catalog)

    # --- combined -----------------------------------------------------------------------------------------------------

    def __and__(self, other: Filter) -> Filter:
        if not isinstance(other, Filter):
            return NotImplemented
        return self._with(all_of((self._expression, other._expression)), other)

    def __or__(self, other: Filter) -> Filter:
        if not isinstance(other, Filter):
            return NotImplemented
        return self._with(any_of((self._expression, other._expression)), other)

    def __invert__(self) -> Filter:
        return self._with(inverse_of(self._expression), self)

    def _with(self, expression: Expression, other: Filter) -> Self:
        """A filter of these parts. Raises: ValueError where catalogs differ; FilterError where it nests too deep."""
        if self._catalog != other._catalog:
            raise ValueError("filters of different catalogs cannot be combined")
        if nesting_of(expression) > MOST_NESTED:
            raise FilterError(f"at most {MOST_NESTED} expressions can be within each other", str(self), 0)
        combined = type(self).__new__(type(self))
        combined._expression, combined._operands = expression, {**self._operands, **other._operands}
        combined._catalog, combined._matcher = self._catalog, None
        return combined


def _filter_in(text: str, catalog: Catalog) -> Filter:
    return Filter(text, catalog=catalog)


def filter_of(where: Filter | str, catalog: Catalog) -> Filter:
    """The filter that an argument `where` means, for packets of this catalog. Raises: FilterError, TypeError."""
    if isinstance(where, Filter):
        same = where.catalog is catalog or where.catalog == catalog
        return where if same else Filter(str(where), catalog=catalog)
    if not isinstance(where, str):
        raise TypeError(f"where takes a filter, as text or a Filter, not {type(where).__name__}")
    return Filter(where, catalog=catalog)
