"""Lines of a header's encoder that derive what is AUTO from sizes: length fields, counts, the length of the packet."""

from __future__ import annotations

from typing import Any

from overlaycodec.codegen import Source, literal
from overlaycodec.errors import EncodeError, FieldRangeError, LengthOverflowError, UnresolvedError
from overlaycodec.schema.layout import Field, Layout, Part, Run
from overlaycodec.schema.plans import CountSize, LengthSize
from overlaycodec.values import AUTO

__all__ = ["add_extent", "add_sizes", "counted", "octets_text"]


def octets_text(parts: tuple[Part, ...]) -> str:
    """The expression for the octets of these parts."""
    terms = [str(sum(part.octets for part in parts if isinstance(part, Run) and part.presence is None))]
    for part in parts:
        if isinstance(part, Field):
            terms.append(f"len(e_{part.name})")
        elif part.presence is not None:
            terms.append(f"({part.octets} if v_{part.fields[0].name} is not None else 0)")
    return " + ".join(terms)


def add_sizes(source: Source, layout: Layout) -> None:
    """Length fields and counts. Where one gives the size of several fields, their sizes must be equal."""
    source.names |= {"counted": counted, "unequal": _unequal}
    for name, fields in layout.sized_by.items():
        path, maximum = f"{layout.name}.{name}", layout.by_name[name].maximum
        source.add(f"if v_{name} is AUTO:")
        source.indent()
        for number, field in enumerate(fields):
            if field.optional:
                source.add(f"if v_{field.name} is not None:")
                source.indent()
            value = _size_text(source, layout, field, path, maximum)
            source.add(f"v_{name} = {value}" if number == 0 else f"if v_{name} is AUTO: v_{name} = {value}")
            if number:
                source.add(f"elif v_{name} != {value}: unequal({path!r}, {field.name!r})")
            if field.optional:
                source.dedent()
        if all(field.optional for field in fields):
            source.add(f"if v_{name} is AUTO: v_{name} = 0")
        source.dedent()


def _size_text(source: Source, layout: Layout, field: Field, path: str, maximum: int) -> str:
    """The expression for the value of the length field, or of the count, that gives the field's size."""
    size = field.size
    if isinstance(size, CountSize):
        source.names["numbered"] = _numbered
        return f"numbered({path!r}, v_{field.name}, {maximum}, {literal(size.bias)})"
    assert isinstance(size, LengthSize)
    rest = layout.remainder_of(field.name)
    octets = f"len(e_{field.name})" + (f" + len(e_{rest.name})" if rest else "")
    if size.from_start:
        octets += " + " + octets_text(layout.parts[: layout.parts.index(field)])
    return f"counted({path!r}, {octets}, {literal(size.unit)}, {literal(size.bias)}, {maximum})"


def add_extent(source: Source, layout: Layout) -> None:
    """The length field that counts the octets of the header and its content."""
    extent = layout.extent
    if extent is None:
        return
    local, path = f"v_{extent.field.name}", f"{layout.name}.{extent.field.name}"
    if extent.optional:
        source.add(f"if {local} is AUTO: {local} = 0")
        return
    octets = (octets_text(layout.parts) + " + " if extent.from_start else "") + "len(content)"
    source.add(f"if {local} is AUTO:")
    if extent.unless is not None:
        source.names["later"] = _later_fragment
        known = "" if layout.by_name[extent.unless].default is not AUTO else f"v_{extent.unless} is not AUTO and "
        source.add(f"    if {known}v_{extent.unless}: later({path!r}, {layout.name + '.' + extent.unless!r})")
    unit, bias = literal(extent.unit), literal(extent.bias)
    counts = f"{local} = counted({path!r}, {octets}, {unit}, {bias}, {extent.field.maximum})"
    if extent.zero == "length":
        source.add(f"    {counts}")
        return
    fits = f"{octets} <= {extent.field.maximum * extent.unit + extent.bias}"
    omitted = f"state.omits_length(fits={fits})"
    if extent.zero == "jumbo":
        omitted = f"not {fits} and state.is_unbounded_outside()"
    source.add(f"    if {omitted}: {local} = 0", f"    else: {counts}")


# --- called by generated code -----------------------------------------------------------------------------------------


def counted(path: str, octets: int, unit: int, bias: int, maximum: int) -> int:
    """The value of a length field for so many octets. Raises: LengthOverflowError."""
    value, odd = divmod(octets - bias, unit)
    if odd or not 0 <= value <= maximum:
        raise LengthOverflowError(path, octets, maximum * unit + bias, unit)
    return value


def _numbered(path: str, elements: tuple[Any, ...], maximum: int, bias: int) -> int:  # Any: elements of any class
    """The value of a count for these elements. Raises: FieldRangeError."""
    if not bias <= len(elements) <= maximum + bias:
        raise FieldRangeError(path, len(elements), bias, maximum + bias, "elements")
    return len(elements) - bias


def _unequal(path: str, other: str) -> None:
    raise EncodeError(path, None, f"cannot be derived: {other} has another size than the field before it")


def _later_fragment(path: str, other: str) -> None:
    raise UnresolvedError(path, f"cannot be derived: {other} says that this is a later piece")
