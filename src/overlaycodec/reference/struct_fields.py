"""The members of a `construct.Struct` as fields with facts, one by one.

Strategy: what a construct reads alone becomes the facts that describe it, and a `ConstructField` where none do. What
it reads by other members (`this.length`) needs a fact, since a `ConstructField` sees its own octets alone.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final

import construct
from construct.core import Restreamed, Subconstruct, Transformed, bits2bytes, bytes2bits

from overlaycodec.errors import SchemaError
from overlaycodec.reference.constructs import Address, Bounded, Constant
from overlaycodec.reference.tracing import Compared, Number, Scope, condition_of, number_of
from overlaycodec.schema.facts import (
    Bits,
    ByteOrder,
    Condition,
    Const,
    ConstructField,
    Fact,
    Octets,
    Reserved,
    Rest,
    SizedBy,
    Unless,
    ValueNames,
    When,
)
from overlaycodec.schema.layout import REQUIRED
from overlaycodec.values import AUTO

__all__ = ["StructFields"]

_BETWEEN_BITS_AND_OCTETS: Any = (Transformed, Restreamed)  # Any: construct has no types
_CONST: Any = construct.Const  # Any: as above
_UNSIGNED: Final = "BHILQ"
_MOST_BITS: Final = 64
_NO_OCTETS: Final = (
    construct.Computed,
    construct.Check,
    construct.StopIf,
    construct.Pointer,
    construct.Peek,
    type(construct.Tell),
    type(construct.Pass),
    type(construct.Terminated),
    type(construct.Error),
)
_OF_CONTEXT: Final = ("length", "count", "condfunc", "keyfunc", "func", "value", "modulus", "swapped", "offset")
"""The attributes of construct's classes that may be expressions of the context."""


class StructFields:
    """The fields of one Struct, by name: annotations and defaults as a class body has them."""

    def __init__(self, owner: str) -> None:
        self.owner = owner
        self.annotations: dict[str, Any] = {}  # Any: annotations
        self.defaults: dict[str, object] = {}
        self._flags: set[str] = set()
        self._scope = Scope()

    def read(self, struct: construct.Struct, condition: Condition | None = None, *, bitwise: bool = False) -> None:
        """Add the members of a Struct. Raises: SchemaError."""
        for member in struct.subcons:
            self._member(member, condition, bitwise)

    def _refuse(self, name: str, reason: str) -> SchemaError:
        return SchemaError(self.owner, name, reason)

    def _member(self, member: Any, condition: Condition | None, bitwise: bool) -> None:  # Any: construct has no types
        name, doc = member.name, member.docs
        read = _within(member)
        while isinstance(read, construct.Hex | construct.HexDump):
            read = _within(read.subcon)
        if name and name.startswith("_"):
            self._hidden(name, read, condition, bitwise)
            return
        if name in self.annotations and isinstance(read, construct.Computed):
            return  # the value of a hidden member, by its name
        if isinstance(read, Constant):
            self.annotations[read.field] = Annotated[self.annotations[read.field], Const(read.value)]
            self.defaults.setdefault(read.field, read.value)
            return
        if isinstance(read, construct.IfThenElse) and _within(read.elsesubcon) is construct.Pass:
            if condition is not None:
                raise self._refuse(name or "?", "is in two conditions, and a field has one")
            condition, read = self._condition(name or "?", read.condfunc), _within(read.thensubcon)
        if isinstance(read, construct.Struct):
            self._nested(name, read, condition, bitwise)
        elif not bitwise and (bits := _bits_within(read)) is not None:
            if not self._described(bits):
                self._foreign(name, read, condition, doc)
            else:
                self._nested(name, bits, condition, True)
        elif isinstance(read, construct.Prefixed) and not bitwise and name and _is_number(read.lengthfield):
            if read.includelength:
                raise self._refuse(name, "its length counts the length field too: declare the two one after the other")
            length = f"{name}_length"
            self._member(length / read.lengthfield, condition, False)
            content = construct.FixedSized(lambda this: this[length], read.subcon)
            self._field(name, content, condition, doc, bitwise)
        else:
            self._field(name, read, condition, doc, bitwise)

    def _hidden(self, name: str, read: Any, condition: Condition | None, bitwise: bool) -> None:
        """A member that is not part of the value, as `construct_of` has them around a run of fields."""
        if read is construct.Tell:
            return
        if isinstance(read, construct.Rebuild):
            read = _within(read.subcon)
        if isinstance(read, Bounded) and not callable(read.octets):
            read = _within(read.subcon)
        bits = _bits_within(read)
        if bits is None or bitwise:
            raise self._refuse(name, "is hidden: the value has no such member")
        self._nested(None, bits, condition, True)

    def _nested(self, name: str | None, read: Any, condition: Condition | None, bitwise: bool) -> None:
        """The members of a Struct within: fields of this header too."""
        if not isinstance(read, construct.Struct):
            read = construct.Struct((name or "bits") / read)
            name = None
        outer, self._scope = self._scope, Scope(self._scope)
        try:
            self.read(read, condition, bitwise=bitwise)
        finally:
            inner, self._scope = self._scope, outer
        if name is not None:
            outer.add(name, inner)
        else:
            for each in self.annotations:
                if inner.has(each):
                    outer.add(each, inner[each])

    def _described(self, bits: Any) -> bool:
        """Whether facts describe all of these bits."""
        alone = type(self)(self.owner)
        try:
            alone._nested("bits", bits, None, True)
        except SchemaError:
            return False
        return not any(ConstructField in map(type, hint.__metadata__) for hint in alone.annotations.values())

    def _condition(self, name: str, expression: object) -> Condition:
        match condition_of(expression, self._scope):
            case Number(field=field) if field in self._flags:
                return self._when(field)
            case Number(field=field, codes=None):
                return Unless(field, (0,))
            case Compared() as compared:
                if compared.field in self._flags:
                    if compared.values != (1,) or not compared.equal:
                        raise self._refuse(name, f"is present where {compared.field} is clear: no fact describes that")
                    return self._when(compared.field)
                if compared.equal:
                    return When(compared.field, values=compared.values)
                return Unless(compared.field, compared.values)
        raise self._refuse(name, f"no fact describes its condition, {expression!r}")

    def _when(self, flag: str) -> When:
        self.defaults.setdefault(flag, AUTO)
        return When(flag)

    def _field(self, name: str | None, read: Any, condition: Condition | None, doc: str, bitwise: bool) -> None:
        default: object = AUTO if condition is not None else REQUIRED
        if isinstance(read, construct.Default):
            if callable(read.value):
                raise self._refuse(name or "?", "its default is computed: no fact describes that")
            default, read = read.value, _within(read.subcon)
        if isinstance(read, construct.Rebuild):
            read = _within(read.subcon)
            if not _is_number(read):
                raise self._refuse(name or "?", "is computed when it is built: no fact describes that")
            default = AUTO  # refused where nothing derives it, when the class is made
        names: dict[int, str] = {}
        if isinstance(read, construct.Enum | construct.Mapping) and _is_number(_within(read.subcon)):
            names = {code: str(text) for code, text in read.decmapping.items() if isinstance(text, str)}
            if len(names) == len(read.decmapping):
                read = _within(read.subcon)
                default = _code(default, names)
        if isinstance(read, _NO_OCTETS):
            raise self._refuse(name or type(read).__name__, "takes no octets: a property of the class can compute it")
        facts = list(self._facts(name, read, bitwise))
        if not facts:
            if bitwise:
                raise self._refuse(name or "?", "no fact describes these bits")
            self._foreign(name, read, condition, doc, default)
            return
        codes: dict[str, int] | None = None
        hint: Any = bool if read is construct.Flag else int  # Any: a type
        if isinstance(facts[0], Octets | SizedBy | Rest):
            hint = bytes
        if isinstance(address := _octets_within(read), Address):
            hint = address.cls
        if any(isinstance(fact, ConstructField) for fact in facts):
            hint = Any
        if isinstance(read, _CONST):
            default = next(fact.value for fact in facts if isinstance(fact, Const))
        if isinstance(facts[0], Reserved) and isinstance(read, construct.Padded) and condition is None:
            default = int.from_bytes(read.pattern * (read.length), "big") if not bitwise else 0
        if names and hint is int:
            facts.append(ValueNames(names))
            codes = {text: code for code, text in names.items()}
        self._add(name, hint, facts, condition, doc, default, codes)

    def _facts(self, name: str | None, read: Any, bitwise: bool) -> Iterator[Fact]:
        """The facts that describe a construct; none where there are none."""
        unit = 1 if bitwise else 8
        if isinstance(read, _CONST) and not bitwise:
            within = _within(read.subcon)
            if _is_number(within):
                yield from (*self._facts(name, within, bitwise), Const(read.value))
            elif isinstance(read.value, bytes) and 0 < len(read.value) * 8 <= _MOST_BITS:
                yield from (Bits(len(read.value) * 8), Const(int.from_bytes(read.value, "big")))
        elif isinstance(read, _CONST) and _is_number(_within(read.subcon)):
            yield from (*self._facts(name, _within(read.subcon), bitwise), Const(read.value))
        elif _is_number(read):
            length = read.length
            yield Bits(length * (1 if isinstance(read, construct.BitsInteger) else 8))
            if _is_little(read):
                yield ByteOrder("little")
        elif read is construct.Flag and bitwise:
            yield Bits(1)
        elif isinstance(read, construct.Padded) and _within(read.subcon) is construct.Pass:
            if type(read.length) is int and 0 < read.length * unit <= _MOST_BITS:
                yield Reserved(read.length * unit)
        elif bitwise and _octets_within(read) is not read:
            yield from self._facts(name, _octets_within(read), False)
        elif isinstance(read, Address) and not bitwise:
            yield Octets(read.octets)
        elif isinstance(read, construct.Bytes) and not bitwise:
            size = number_of(read.length, self._scope)
            if isinstance(size, Number):
                yield self._sized(size)
            elif size:
                yield Octets(size)
        elif isinstance(read, construct.FixedSized) and not bitwise:
            size = number_of(read.length, self._scope)
            if isinstance(size, Number):
                yield self._sized(size)
                if _within(read.subcon) is not construct.GreedyBytes:
                    yield ConstructField(read.subcon)
        elif read is construct.GreedyBytes and not bitwise:
            yield Rest()

    def _sized(self, size: Number) -> SizedBy:
        if self.defaults.get(size.field, REQUIRED) is REQUIRED:
            self.defaults[size.field] = AUTO
        return SizedBy(size.field, unit=size.unit, bias=size.bias)

    def _foreign(
        self, name: str | None, read: Any, condition: Condition | None, doc: str, default: object = REQUIRED
    ) -> None:
        if why := _asks_outside(read, 0):
            raise self._refuse(name or "?", f"depends on other fields in a way that no fact describes ({why})")
        self._add(name, Any, [ConstructField(read)], condition, doc, default)

    def _add(
        self,
        name: str | None,
        hint: Any,  # Any: a type
        facts: list[Fact],
        condition: Condition | None,
        doc: str,
        default: object,
        codes: Mapping[str, int] | None = None,
    ) -> None:
        if name is None:
            stem = "reserved" if isinstance(facts[0], Reserved) else "constant"
            if stem == "constant" and not any(isinstance(fact, Const) for fact in facts):
                raise self._refuse("?", f"a member without a name cannot be a field: {facts!r}")
            name = stem + str(sum(each.rstrip("0123456789") == stem for each in self.annotations))
        if name in self.annotations:
            raise self._refuse(name, "two members have this name, and a header has its fields in one row: rename one")
        if condition is not None:
            facts, hint = [*facts, condition], hint | None if hint is not Any else Any
        if hint is bool:
            self._flags.add(name)
        if isinstance(facts[0], Bits):
            self._scope.add(name, Number(name, codes=codes))
        self.annotations[name] = Annotated[hint, *facts, doc] if doc else Annotated[hint, *facts]
        if default is not REQUIRED:
            self.defaults[name] = default


def _within(read: Any) -> Any:  # Any: construct has no types
    """The construct under its name."""
    while isinstance(read, construct.Renamed):
        read = read.subcon
    return read


def _bits_within(read: Any) -> Any:  # Any: as above
    """The construct that reads bits, of one that reads octets."""
    if isinstance(read, _BETWEEN_BITS_AND_OCTETS) and read.decodefunc is bytes2bits:
        return _within(read.subcon)
    return None


def _octets_within(read: Any) -> Any:  # Any: as above
    """The construct that reads octets, of one that reads bits; other constructs as they are."""
    if isinstance(read, _BETWEEN_BITS_AND_OCTETS) and read.decodefunc is bits2bytes:
        return _within(read.subcon)
    return read


def _is_number(read: Any) -> bool:  # Any: as above
    """Whether it reads an unsigned number of a fixed size."""
    if isinstance(read, construct.FormatField):
        return read.fmtstr[-1] in _UNSIGNED
    if not isinstance(read, construct.BytesInteger | construct.BitsInteger) or read.signed or callable(read.swapped):
        return False
    unit = 8 if isinstance(read, construct.BytesInteger) else 1
    return type(read.length) is int and 0 < read.length * unit <= _MOST_BITS


def _is_little(read: Any) -> bool:  # Any: as above
    if isinstance(read, construct.FormatField):
        native = sys.byteorder == "little"
        return read.length > 1 and (read.fmtstr[0] == "<" or (read.fmtstr[0] in "=@" and native))
    return bool(read.swapped)


def _code(default: object, names: Mapping[int, str]) -> object:
    """The number of a default that is a name."""
    return next((code for code, text in names.items() if text == default), default)


def _asks_outside(read: Any, depth: int) -> str:  # Any: as above
    """The expression by which a construct asks for what is outside it; empty where there is none."""
    read = _within(read)
    for attribute in _OF_CONTEXT:
        value = getattr(read, attribute, None)
        if callable(value) and ("['_']" * depth if depth else "") in repr(value):
            return repr(value)
    inside = depth + isinstance(read, construct.Struct | construct.Sequence | construct.FocusedSeq | construct.Union)
    parts = [*getattr(read, "subcons", ())] if not isinstance(read, Subconstruct) else [read.subcon]
    parts += [getattr(read, name) for name in ("thensubcon", "elsesubcon", "lengthfield") if hasattr(read, name)]
    parts += getattr(read, "cases", {}).values() if isinstance(read, construct.Switch) else []
    return next(filter(None, (_asks_outside(part, inside) for part in parts)), "")
