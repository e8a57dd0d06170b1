"""Layout -> encoder of one header: generated source that resolves what is AUTO and packs the rest as it stands.

Strategy: `write(header, content, emission, out)` gives the header's octets; `content` is all that follows inside its
bound, already encoded, so that lengths and checksums are known. With a list `out` the resolved header is appended to
it: encoding and resolving are one piece of code. Values were checked when the header was made.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from struct import Struct
from typing import Any, Protocol

from overlaycodec.checksum import crc32c, internet_checksum
from overlaycodec.codec.emitters import presence_text
from overlaycodec.codec.option_lists import padding_of, row_writer
from overlaycodec.codec.struct_plan import plan
from overlaycodec.codegen import Source
from overlaycodec.errors import EncodeError, FieldRangeError, LengthOverflowError, UnresolvedError
from overlaycodec.schema.facts import (
    Checksum,
    ConstructField,
    CountedBy,
    Elements,
    LengthField,
    PadTo,
    Reserved,
    Rest,
    Selects,
    SetIfAny,
    SizedBy,
    StackEnd,
    Unparsed,
    When,
)
from overlaycodec.schema.keys import KeySpace, PreviousHeader
from overlaycodec.schema.keyspaces import IP_PROTOCOL
from overlaycodec.schema.layout import Field, Layout, Part, Run
from overlaycodec.schema.record import WireStruct, builder_of
from overlaycodec.schema.values import AUTO

__all__ = ["Writer", "bounded_of", "writer_of"]

Writer = Callable[..., bytes]
"""`writer(header, content, emission, out)`."""


class Emission(Protocol):
    """What a writer asks of the packet around its header."""

    following: type[WireStruct] | None
    """The class of the next header."""

    def unselected(self, path: str) -> int:
        """The key of the next header where its class has none of its own in that space. Raises: EncodeError."""
        ...

    def unchecked(self) -> bool:
        """Whether the next header wants a checksum that may be absent to be so."""
        ...

    def pseudo(self, path: str, octets: int, protocol: int) -> int:
        """The sum of the pseudo-header for so many octets of a protocol. Raises: UnresolvedError."""
        ...


def counted(path: str, octets: int, unit: int, bias: int, maximum: int) -> int:
    """What a length field says of so many octets. Raises: LengthOverflowError."""
    value, odd = divmod(octets - bias, unit)
    if odd or not 0 <= value <= maximum:
        raise LengthOverflowError(path, octets, maximum * unit + bias, unit)
    return value


def _absent(path: str, flag: str) -> None:
    raise UnresolvedError(path, f"has no value, though {flag} says that it is there")


def _present(path: str, flag: str, value: object) -> None:
    raise EncodeError(path, value, f"has a value, though {flag} says that it is not there")


KeysIn = Callable[[KeySpace], dict[type[Any], int]]  # Any: header classes
"""The first key of each class in a space."""


def writer_of(layout: Layout, keys_in: KeysIn) -> Writer:
    """The writer for headers of this layout; `keys_in` gives the first key of each class in a space."""
    source = Source(f"write_{layout.name}", "header, content, emission, out")
    source.names |= {
        "AUTO": AUTO, "CLS": layout.cls, "build": builder_of(layout.cls), "counted": counted, "unequal": _unequal,
        "absent": _absent, "present": _present, "internet_checksum": internet_checksum,
    }  # fmt: skip
    source.add(*(f"v_{field.name} = header.{field.name}" for field in layout.fields))
    _add_flags(source, layout, keys_in)
    _add_conditions(source, layout)
    for part in layout.parts:
        if isinstance(part, Field):
            _add_octets(source, layout, part, keys_in)
    size = _size(layout.parts)
    _add_lengths(source, layout)
    _add_bounds(source, layout, size)
    _add_selector(source, layout, keys_in)
    _add_packing(source, layout)
    _add_checksum(source, layout, keys_in)
    values = ", ".join(f"v_{field.name}" for field in layout.fields)
    source.add(f"if out is not None: out.append(build({values}))", "return octets")
    writer: Writer = source.compile("writer")
    return writer


def _add_flags(source: Source, layout: Layout, keys_in: KeysIn) -> None:
    """Flags that say what is there, and what else the rows and the next header tell."""
    selects = None if layout.selector is None else layout.selector[Selects]
    for field in layout.fields:
        local = f"v_{field.name}"
        if field.name in layout.flag_of:
            primary = [f for f in layout.flag_of[field.name] if f[When].flag == field.name]
            tests = [f"(v_{f.name} is not None and v_{f.name} is not AUTO)" for f in primary]
            if selects is not None:
                tests += _asked_for(source, layout, selects, field, keys_in)
            source.add(f"if {local} is AUTO: {local} = {' or '.join(tests) or 'False'}")
        elif marks := field.get(SetIfAny):
            source.add(f"if {local} is AUTO: {local} = any(e.{marks.field} & {marks.mask} for e in v_{marks.row})")
        elif StackEnd in field:
            source.add(f"if {local} is AUTO: {local} = emission.following is not CLS")


def _asked_for(source: Source, layout: Layout, selects: Selects, flag: Field, keys_in: KeysIn) -> list[str]:
    """Whether the next header is only found where a flag is set."""
    keys = source.bind("KEYS", keys_in(selects.space))
    tests = []
    if selects.when == flag.name and layout.carries is not None:
        carried = layout.carries.value
        tests.append(f"{keys}.get(emission.following, {carried}) != {carried}")
    wanted = {cls for cls in keys_in(selects.space) if _wants(cls.__layout__, selects.space, flag.name)}
    if wanted:
        tests.append(f"emission.following in {source.bind('WANTED', frozenset(wanted))}")
    return tests


def _wants(layout: Layout, space: KeySpace, flag: str) -> bool:
    """Whether the first key of a header asks that the flag be set in the header before."""
    key = next((key for key in layout.keys if key.space == space), None)
    return key is not None and any(
        isinstance(c, PreviousHeader) and c.field == flag and c.value for c in key.conditions
    )


def _add_conditions(source: Source, layout: Layout) -> None:
    """A conditional field is a value where it is there and None where it is not; anything else is an error."""
    for field in layout.fields:
        local, path = f"v_{field.name}", f"{layout.name}.{field.name}"
        condition = field.condition
        if condition is None or field.presence is None:
            continue
        flags = condition.flags if isinstance(condition, When) else (condition.field,)
        named = " or ".join(f"{layout.name}.{flag}" for flag in flags)
        source.add(f"if {presence_text(field.presence)}:", f"    if {local} is None: absent({path!r}, {named!r})")
        if Reserved in field:
            source.add(f"    if {local} is AUTO: {local} = 0")
        elif Elements in field and (SizedBy in field or Rest in field):
            source.add(f"    if {local} is AUTO: {local} = ()")
        elif not (any(kind in field for kind in _DERIVED) or field.name in layout.sized_by):
            otherwise = f"{local} = 0 if not v_{flags[0]} else absent({path!r}, {named!r})"
            alone = len(flags) == 1 or field.kind != "int"
            source.add(f"    if {local} is AUTO: {f'absent({path!r}, {named!r})' if alone else otherwise}")
        if Selects in field:  # there for the sake of another flag: what follows is not told by it
            source.add(f"    if {local} is AUTO and not v_{field[Selects].when}: {local} = 0")
        source.add(
            f"elif {local} is AUTO: {local} = None", f"elif {local} is not None: present({path!r}, {named!r}, {local})"
        )


_DERIVED = (Checksum, LengthField, Selects, Unparsed)
"""What gives an AUTO its value later."""


def _add_octets(source: Source, layout: Layout, field: Field, keys_in: KeysIn) -> None:
    """The octets `e_NAME` of a field of variable size."""
    name, local, path = field.name, f"v_{field.name}", f"{layout.name}.{field.name}"
    if via := field.get(ConstructField):
        from overlaycodec.schema.construct_fields import build_octets

        source.names |= {"build_octets": build_octets, f"VIA_{name}": via.construct}
        absent = f"b'' if {local} is None else " if field.optional else ""
        source.add(f"e_{name} = {absent}build_octets(VIA_{name}, {path!r}, {local})")
    elif items := field.get(Elements):
        writers = cache(lambda cls: writer_of(cls.__layout__, keys_in))  # catalogs may know more than the declaration
        rows = source.bind(f"row_{name}", row_writer(writers, path))
        source.add(f"{local}, e_{name} = {rows}({local}, out is not None) if {local} else ({local}, b'')")
        rest = layout.remainder_of(name)
        if rest is not None:
            source.add(f"if v_{rest.name} is AUTO:", f"    v_{rest.name} = b''")
        if rest is not None and (sized := field.get(SizedBy)):
            pad = source.bind(f"pad_{name}", padding_of(field, items))
            before = _size(layout.parts[: layout.parts.index(field)]) if sized.origin == "start" else "0"
            source.add(
                f"    if v_{sized.field} is AUTO and ({before} + len(e_{name}) - {sized.bias}) % {sized.unit}:",
                f"        missing = -({before} + len(e_{name}) - {sized.bias}) % {sized.unit}",
                f"        {local}, e_{name}, v_{rest.name} = {pad}({local}, e_{name}, missing)",
            )
    elif field.kind in ("hardware", "protocol"):
        absent = f"b'' if {local} is None else " if field.optional else ""
        source.add(f"e_{name} = {absent}{local} if {local}.__class__ is bytes else {local}.packed")
    elif pads := field.get(PadTo):
        before = _size(layout.parts[: layout.parts.index(field)])
        source.names["padded"] = _padded
        source.add(f"{local} = e_{name} = padded({path!r}, {local}, -({before}) % {pads.unit})")
    else:
        source.add(f"e_{name} = " + (f"{local} or b''" if field.optional else local))


def _padded(path: str, value: Any, octets: int) -> bytes:  # Any: bytes, or AUTO
    """What fills up so many octets. Raises: FieldRangeError."""
    if value is AUTO:
        return bytes(octets)
    if len(value) != octets:
        raise FieldRangeError(path, len(value), octets, octets, "octets")
    return bytes(value)


def _size(parts: tuple[Part, ...]) -> str:
    """The expression for the octets of these parts."""
    fixed = sum(part.octets for part in parts if isinstance(part, Run) and part.condition is None)
    terms = [str(fixed)]
    for part in parts:
        if isinstance(part, Field):
            terms.append(f"len(e_{part.name})")
        elif part.condition is not None:
            terms.append(f"({part.octets} if v_{part.fields[0].name} is not None else 0)")
    return " + ".join(terms)


def _add_lengths(source: Source, layout: Layout) -> None:
    """Lengths and counts; several fields that one tells the size of have the same, or it cannot be derived."""
    for name, fields in layout.sized_by.items():
        path, maximum = f"{layout.name}.{name}", layout.by_name[name].maximum
        source.add(f"if v_{name} is AUTO:")
        source.indent()
        for number, field in enumerate(fields):
            if field.optional:
                source.add(f"if v_{field.name} is not None:")
                source.indent()
            value = _told_by(source, layout, field, path, maximum)
            source.add(f"v_{name} = {value}" if number == 0 else f"if v_{name} is AUTO: v_{name} = {value}")
            if number:
                source.add(f"elif v_{name} != {value}: unequal({path!r}, {field.name!r})")
            if field.optional:
                source.dedent()
        if all(field.optional for field in fields):
            source.add(f"if v_{name} is AUTO: v_{name} = 0")
        source.dedent()


def _told_by(source: Source, layout: Layout, field: Field, path: str, maximum: int) -> str:
    """The expression for what a length or a count says of the field."""
    if told := field.get(CountedBy):
        source.names["numbered"] = _numbered
        return f"numbered({path!r}, v_{field.name}, {maximum}, {told.bias})"
    sized, rest = field[SizedBy], layout.remainder_of(field.name)
    octets = f"len(e_{field.name})" + (f" + len(e_{rest.name})" if rest else "")
    if sized.origin == "start":
        octets += " + " + _size(layout.parts[: layout.parts.index(field)])
    return f"counted({path!r}, {octets}, {sized.unit}, {sized.bias}, {maximum})"


def _numbered(path: str, elements: tuple[Any, ...], maximum: int, bias: int) -> int:
    """What a count says of so many elements. Raises: FieldRangeError."""
    if not bias <= len(elements) <= maximum + bias:
        raise FieldRangeError(path, len(elements), bias, maximum + bias, "elements")
    return len(elements) - bias


def _unequal(path: str, other: str) -> None:
    raise EncodeError(path, None, f"cannot be derived: {other} has another size than the field before it")


def _add_bounds(source: Source, layout: Layout, size: str) -> None:
    field = layout.bounds
    if field is None:
        return
    bounds = field[LengthField]
    local, path = f"v_{field.name}", f"{layout.name}.{field.name}"
    if bounds.optional:
        source.add(f"if {local} is AUTO: {local} = 0")
        return
    octets = f"{size} + len(content)" if bounds.origin == "start" else "len(content)"
    source.add(f"if {local} is AUTO: ")
    if bounds.unless:
        source.names["pieced"] = _pieced
        other = layout.by_name[bounds.unless]
        position = "" if other.default is not AUTO else f"v_{bounds.unless} is not AUTO and "
        source.add(f"    if {position}v_{bounds.unless}: pieced({path!r}, {layout.name + '.' + bounds.unless!r})")
    source.add(f"    {local} = counted({path!r}, {octets}, {bounds.unit}, {bounds.bias}, {field.maximum})")


def _pieced(path: str, other: str) -> None:
    raise UnresolvedError(path, f"cannot be derived: {other} says that this is a later piece")


def _add_selector(source: Source, layout: Layout, keys_in: KeysIn) -> None:
    field = layout.selector
    if field is None:
        return
    selects = field[Selects]
    local, path = f"v_{field.name}", f"{layout.name}.{field.name}"
    keys = source.bind("KEYS", keys_in(selects.space))
    source.add(f"if {local} is AUTO:")
    source.indent()
    if selects.lengths:
        limit, key = selects.lengths
        lengths = source.bind("LENGTHS", keys_in(key.space))
        source.add(
            f"if emission.following in {lengths}:",
            f"    {local} = counted({path!r}, len(content), 1, 0, {limit})",
            "else:",
        )
        source.indent()
    nothing = "" if selects.nothing is None else f" if emission.following is not None else {selects.nothing}"
    source.add(
        f"{local} = {keys}.get(emission.following){nothing}",
        f"if {local} is None: {local} = emission.unselected({path!r})",
    )
    if selects.lengths:
        source.dedent()
    source.dedent()


def _add_packing(source: Source, layout: Layout) -> None:
    if layout.checksum is not None:
        local = f"v_{layout.checksum.name}"
        source.add(f"derive = {local} is AUTO", f"if derive: {local} = 0")
    terms = []
    for number, part in enumerate(layout.parts):
        if isinstance(part, Field):
            terms.append(f"e_{part.name}")
            continue
        format_, items = plan(part)
        pack = source.bind(f"pack{number}", Struct(format_).pack)
        arguments = []
        for item in items:
            text = item.joined(_number_of)
            arguments.append(f"({text}).to_bytes({item.octets}, {item.odd!r})" if item.odd else text)
        packed = f"{pack}({', '.join(arguments)})"
        terms.append(
            packed if part.condition is None else f"({packed} if v_{part.fields[0].name} is not None else b'')"
        )
    source.add(f"octets = {' + '.join(terms)}")


def _number_of(field: Field) -> str:
    value = f"v_{field.name}"
    if field.kind == "ipv4":
        return f"int({value})"
    return f"{value}.packed" if field.kind in ("mac", "ipv6") else value


def _add_checksum(source: Source, layout: Layout, keys_in: KeysIn) -> None:
    field = layout.checksum
    if field is None:
        return
    checksum = field[Checksum]
    local, path = f"v_{field.name}", f"{layout.name}.{field.name}"
    bit = layout.fixed_bit_of(field.name)
    assert bit is not None
    source.add("if derive:" if checksum.zero != "absent" else "if derive and not emission.unchecked():")
    source.indent()
    if checksum.covers == "header":
        source.add(f"{local} = internet_checksum(octets)")
    elif checksum.algorithm == "crc32c":
        source.names["crc32c"] = crc32c
        source.add(f"{local} = int.from_bytes(crc32c(octets + content).to_bytes(4, 'little'), 'big')")
    else:
        source.add("covered = octets + content")
        if layout.bounds is not None and not layout.bounds[LengthField].pieces:
            source.names["bounded"] = bounded_of(layout)
            source.add(f"covered = bounded(v_{layout.bounds.name}, covered, len(octets))")
        protocol = keys_in(IP_PROTOCOL).get(layout.cls, 0)
        start = f"emission.pseudo({path!r}, len(covered), {protocol})" if checksum.pseudo else "0"
        source.add(
            f"{local} = internet_checksum(covered, {start})" + (" or 0xFFFF" if checksum.zero == "absent" else "")
        )
    size = (field.bits or 0) // 8
    source.add(f"octets = octets[:{bit // 8}] + {local}.to_bytes({size}, 'big') + octets[{bit // 8 + size}:]")
    source.dedent()


def bounded_of(layout: Layout) -> Callable[[int | None, bytes, int], bytes]:
    """Cuts what a checksum covers to what the length field says, as a receiver would."""
    assert layout.bounds is not None
    bounds = layout.bounds[LengthField]

    def bounded(value: int | None, covered: bytes, header: int) -> bytes:
        if value is None or (value == 0 and bounds.zero != "length"):
            return covered
        octets = bounds.unit * value + bounds.bias + (header if bounds.origin == "end" else 0)
        return covered[:octets] if octets >= header else covered

    return bounded
