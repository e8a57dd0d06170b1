"""Header classes -> the same declaration in the language of another tool."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from overlaycodec.codec.catalog import DEFAULT, Catalog, check_catalog
from overlaycodec.errors import SchemaError
from overlaycodec.packet.header import Header, check_header_class
from overlaycodec.schema.keys import Key
from overlaycodec.values.argument_checks import check_text, text_of

__all__ = ["SchemaForm", "export_schema"]

SchemaForm = Literal["wireshark-lua"]
"""The languages that a declaration can be written in: a dissector for Wireshark in Lua."""

LIBRARY_PREFIX = "overlaycodec."
"""The start of the names of this library's headers: Wireshark has most of these protocols under their own name."""


def export_schema(
    header: type[Header] | Sequence[type[Header]],
    form: SchemaForm = "wireshark-lua",
    *,
    keys: Sequence[Key] | None = None,
    prefix: str | None = None,
    catalog: Catalog = DEFAULT,
) -> str:
    """The declaration of a header, or of several, as a dissector that Wireshark and tshark load.

    `keys`: where Wireshark finds the header, if not at the keys of its declaration; for one header alone. `prefix`:
    what the names in filters start with; "" for headers of one's own, so that a filter has our paths, and
    "overlaycodec." for those of this library. `catalog`: it can have more options for the header's option lists.

    The dissector shows each field with its bits and its named values, and gives the octets behind the header to
    Wireshark's own dissectors. It does not verify checksums. Where the octets cannot be this header, it shows data.

    Raises: SchemaError, if Wireshark cannot be told: a field that a construct object reads, a number in more than 8
    octets, a key that asks for more than bits of the header and its size, or a link type that Wireshark reads itself.

    >>> import overlaycodec as oc
    >>> text = oc.export_schema(oc.VXLAN)
    >>> "overlaycodec.vxlan.vni" in text
    True
    """
    from importlib.resources import files  # late, as the rest: it takes as long to import as some of the library

    from overlaycodec.interchange.wireshark.layouts import table_of
    from overlaycodec.interchange.wireshark.lua_text import lua_text

    check_catalog(catalog)
    if form != "wireshark-lua":
        raise TypeError(f"form is 'wireshark-lua', not {text_of(form)}")
    several: object = header
    headers: Sequence[type[Header]] = (header,) if isinstance(header, type) else header
    if not isinstance(several, type | list | tuple):
        check_header_class("header", several)
    for cls in headers:
        check_header_class("header", cls)
    if prefix is not None:
        check_text("prefix", prefix)
    if keys is not None and len(headers) != 1:
        raise TypeError("keys= is for one header")
    own_keys = None if keys is None else _checked(keys)
    tables: list[str] = []
    for cls in headers:
        layout = catalog.layout(cls)
        start = prefix if prefix is not None else LIBRARY_PREFIX if cls in DEFAULT.headers else ""
        found_at = layout.keys if own_keys is None else own_keys
        if not found_at:
            raise SchemaError(cls.__name__, None, "has no key, so Wireshark does not find it: give keys=")
        tables.append(f"declare {lua_text(table_of(layout, found_at, start))}\n")
    names = ", ".join(cls.__name__ for cls in headers)
    script = files("overlaycodec.interchange.wireshark").joinpath("dissector.lua").read_text("utf-8")
    first = f"-- {names}: made by overlaycodec from the declaration.\n"
    return first + f"local PREFIX = {lua_text(prefix or LIBRARY_PREFIX)}\n" + script + "\n" + "\n".join(tables)


def _checked(keys: Sequence[Key]) -> tuple[Key, ...]:
    if not isinstance(keys, list | tuple) or not all(isinstance(key, Key) for key in keys):
        raise TypeError(f"keys takes keys such as UDP_PORT(9999), not {text_of(keys)}")
    return tuple(keys)
