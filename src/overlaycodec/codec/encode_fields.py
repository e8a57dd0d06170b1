"""Lines of a header's encoder that write its optional fields and its fields of variable size."""

from __future__ import annotations

from typing import Any

from overlaycodec.codec.emitters import presence_text
from overlaycodec.codec.encode_lengths import octets_text
from overlaycodec.codec.option_lists import option_list_encoder, padding_of
from overlaycodec.codegen import Source, linear, literal
from overlaycodec.errors import EncodeError, FieldRangeError, UnresolvedError
from overlaycodec.schema.layout import Field, Layout
from overlaycodec.schema.plans import LengthSize, PadSize, RestSize, UnparsedSize
from overlaycodec.values import AUTO

__all__ = ["add_octets", "add_presence"]


def add_presence(source: Source, layout: Layout) -> None:
    """An optional field has a value where it is present and is None where it is not; anything else is an error."""
    source.names |= {"absent": _absent, "present": _present}
    for field in layout.fields:
        presence = field.presence
        if presence is None:
            continue
        local, path = f"v_{field.name}", f"{layout.name}.{field.name}"
        named = " or ".join(f"{layout.name}.{name}" for name in presence.fields)
        source.add(f"if {presence_text(presence)}:", f"    if {local} is None: absent({path!r}, {named!r})")
        if field.reserved:
            source.add(f"    if {local} is AUTO: {local} = 0")
        elif field.options is not None and isinstance(field.size, LengthSize | RestSize):
            source.add(f"    if {local} is AUTO: {local} = ()")
        elif not _derived_later(layout, field):
            first = presence.fields[0]
            otherwise = f"{local} = 0 if not v_{first} else absent({path!r}, {named!r})"
            only = len(presence.fields) == 1 or field.kind != "int"
            source.add(f"    if {local} is AUTO: {f'absent({path!r}, {named!r})' if only else otherwise}")
        if field is layout.selector:  # present for another flag: it does not select what follows
            source.add(f"    if {local} is AUTO and not v_{layout.next.flag}: {local} = 0")
        source.add(
            f"elif {local} is AUTO: {local} = None", f"elif {local} is not None: present({path!r}, {named!r}, {local})"
        )


def _derived_later(layout: Layout, field: Field) -> bool:
    """Whether an AUTO of the field gets its value from what follows, or from the sizes of other fields."""
    return (
        field in (layout.checksum, layout.length_field, layout.selector)
        or isinstance(field.size, UnparsedSize)
        or field.name in layout.sized_by
    )


def add_octets(source: Source, layout: Layout, field: Field, encoder: Any) -> None:  # Any: see `option_list_encoder`
    """The octets `e_NAME` of a field of variable size; `encoder` gives the encoder for a class of elements."""
    name, local, path = field.name, f"v_{field.name}", f"{layout.name}.{field.name}"
    absent = f"b'' if {local} is None else " if field.optional else ""
    if field.construct is not None:
        from overlaycodec.values.constructs import build_octets

        build, construct = source.bind("build_octets", build_octets), source.bind(f"construct_{name}", field.construct)
        source.add(f"e_{name} = {absent}{build}({construct}, {path!r}, {local})")
    elif field.options is not None:
        elements = source.bind(f"elements_{name}", option_list_encoder(encoder, path))
        source.add(f"{local}, e_{name} = {elements}({local}, out is not None) if {local} else ({local}, b'')")
        _add_padding(source, layout, field)
    elif field.kind in ("hardware", "protocol"):
        source.add(f"e_{name} = {absent}{local} if {local}.__class__ is bytes else {local}.packed")
    elif isinstance(field.size, PadSize):
        before = octets_text(layout.parts[: layout.parts.index(field)])
        source.names["padded"] = _padded
        padding = f"padded({path!r}, {local}, -({before}) % {literal(field.size.unit)})"
        source.add(f"{local} = {padding}", f"e_{name} = {local}")
    else:
        source.add(f"e_{name} = " + (f"{local} or b''" if field.optional else local))


def _add_padding(source: Source, layout: Layout, field: Field) -> None:
    """Fills an option list up to the unit of its length field, where the list and that field are left open."""
    name, local = field.name, f"v_{field.name}"
    rest = layout.remainder_of(name)
    if rest is None:
        return
    source.add(f"if v_{rest.name} is AUTO:", f"    v_{rest.name} = b''")
    size = field.size
    if isinstance(size, LengthSize):
        pad = source.bind(f"pad_{name}", padding_of(field))
        before = octets_text(layout.parts[: layout.parts.index(field)]) + " + " if size.from_start else ""
        source.add(
            f"    missing = -({before}{linear(f'len(e_{name})', 1, -size.bias)}) % {literal(size.unit)}",
            f"    if missing and v_{size.field} is AUTO:",
            f"        {local}, e_{name}, v_{rest.name} = {pad}({local}, e_{name}, missing)",
        )


# --- called by generated code -----------------------------------------------------------------------------------------


def _absent(path: str, flag: str) -> None:
    raise UnresolvedError(path, f"has no value, though {flag} says that it is there")


def _present(path: str, flag: str, value: object) -> None:
    raise EncodeError(path, value, f"has a value, though {flag} says that it is not there")


def _padded(path: str, value: Any, octets: int) -> bytes:  # Any: bytes, or AUTO
    """The padding of so many octets. Raises: FieldRangeError."""
    if value is AUTO:
        return bytes(octets)
    if len(value) != octets:
        raise FieldRangeError(path, len(value), octets, octets, "octets")
    return bytes(value)
