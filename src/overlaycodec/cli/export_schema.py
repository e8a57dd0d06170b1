"""`overlaycodec export-schema`: the declaration of a header in the language of another tool."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

import click

import overlaycodec as library
from overlaycodec.cli.help_text import examples
from overlaycodec.cli.options import catalog_options
from overlaycodec.cli.parameters import unknown
from overlaycodec.codec.catalog import DEFAULT, Catalog
from overlaycodec.describe.plain import printable
from overlaycodec.display.output import output_for
from overlaycodec.errors import SchemaError
from overlaycodec.packet.header import Header
from overlaycodec.schema.keys import Key

__all__ = ["export_schema"]


@click.command(
    "export-schema",
    no_args_is_help=True,
    short_help="Write the declaration of a header as a dissector for Wireshark.",
    epilog=examples(
        "overlaycodec export-schema vxlan > vxlan.lua",
        "overlaycodec export-schema vxlan_gbp --key udp_port:4790 > vxlan_gbp.lua",
        note="Then: tshark -X lua_script:vxlan.lua -r trace.pcap; or put the file into Wireshark's plugin folder.",
    ),
)
@click.argument("headers", nargs=-1, required=True, metavar="HEADER...")
@click.option("--key", metavar="SPACE:VALUE", help="Find it here instead of at its own keys: udp_port:4790.")
@click.option("--prefix", help='What names in filters start with; "" for none.')
@catalog_options
def export_schema(headers: tuple[str, ...], *, key: str | None, prefix: str | None, catalog: Catalog) -> None:
    """Write a dissector in Lua, which Wireshark and tshark load, from the declaration of each HEADER.

    HEADER is a path such as vxlan, or package.module:Class for a header of your own; the module is imported, from the
    current folder too. Names in filters are those of our paths: telemetry.switch. The names of this library's headers
    have "overlaycodec." before them, since Wireshark has its own.
    """
    classes = [_header_called(name, catalog) for name in headers]
    if key is not None and len(classes) > 1:
        raise click.UsageError("--key is for one HEADER")
    keys = None if key is None else [_key_called(key, catalog)]
    try:
        text = library.export_schema(classes, "wireshark-lua", keys=keys, prefix=prefix, catalog=catalog)
    except SchemaError as error:
        raise click.UsageError(printable(str(error))) from None
    output_for("never").write_text(text)


def _header_called(name: str, catalog: Catalog) -> type[Header]:
    """The class of a path, or of package.module:Class. Raises: click.BadParameter."""
    module, colon, attribute = name.partition(":")
    if not colon:
        known = {header.__layout__.name: header for header in catalog.headers}
        if name not in known:
            raise click.BadParameter(unknown("header", name, known))
        return known[name]
    if str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    try:
        found: object = getattr(import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise click.BadParameter(f"{printable(name)}: {printable(str(error))}") from None
    if not (isinstance(found, type) and issubclass(found, Header)):
        raise click.BadParameter(f"{printable(name)} is no header class")
    return found


def _key_called(text: str, catalog: Catalog) -> Key:
    """The key of a text such as udp_port:4790. Raises: click.BadParameter."""
    space, _, number = text.partition(":")
    spaces = {key.space.name: key.space for key, _ in (*DEFAULT.bindings, *catalog.bindings)}
    if space not in spaces:
        raise click.BadParameter(unknown("key space", space, spaces))
    try:
        key = spaces[space](int(number, 0))
    except ValueError:
        raise click.BadParameter(f"{printable(text)!r} is not of the form udp_port:4790") from None
    if not key.fits:
        raise click.BadParameter(f"{printable(number)} is no value of {space}")
    return key
