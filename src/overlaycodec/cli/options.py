"""Options that commands have in common."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import wraps
from typing import Any, NamedTuple

import click

from overlaycodec.cli.inputs import check_target
from overlaycodec.cli.parameters import BINDING, DIALECT, FILE, TRAILER, unknown
from overlaycodec.codec.catalog import Catalog
from overlaycodec.describe.plain import printable
from overlaycodec.dialects import NAMED
from overlaycodec.errors import FilterError, SchemaError
from overlaycodec.filters.filter import Filter
from overlaycodec.pipelines.pipeline import AnyPipeline, Pipeline
from overlaycodec.trailers import timestamps

__all__ = [
    "Chosen",
    "Group",
    "catalog_options",
    "chosen_of",
    "color_option",
    "file_argument",
    "files_argument",
    "number",
    "optional_files_argument",
    "pipeline_of",
    "report_option",
    "target_argument",
    "where_option",
    "workers_option",
]


class Group(click.Group):
    """Commands; a name that is none is answered with the nearest ones."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the arguments begin with. Raises: click.UsageError."""
        name = args[0]
        if not (ctx.resilient_parsing or name.startswith("-")) and self.get_command(ctx, name) is None:
            raise click.UsageError(unknown("command", name, self.list_commands(ctx)), ctx)
        return super().resolve_command(ctx, args)


class Chosen(NamedTuple):
    """The packets of a -n: from `first` to `last`, and at most `most`."""

    first: int = 1
    last: int | None = None
    most: int | None = None


def chosen_of(_: click.Context, __: click.Parameter, text: str) -> Chosen:
    """The packets of a number or a range. Raises: click.BadParameter."""
    if re.fullmatch(r"[0-9]{1,18}", text):
        return Chosen(most=int(text))
    match = re.fullmatch(r"([0-9]{0,18})\.\.([0-9]{0,18})", text)
    if match is None:
        raise click.BadParameter(f"{text!r} is neither a number nor a range such as 3..10")
    first, last = int(match[1] or 1), int(match[2]) if match[2] else None
    if first < 1 or (last is not None and last < first):
        raise click.BadParameter(f"{text!r} has no packets: the first is 1, and the last no less than the first")
    return Chosen(first, last)


def _other_than_output(_: click.Context, __: click.Parameter, files: tuple[str, ...]) -> tuple[str, ...]:
    """The files. Raises: click.UsageError where the standard output goes to one of them."""
    check_target(files)
    return files


files_argument = click.argument(
    "files", nargs=-1, required=True, metavar="FILE...", type=FILE, callback=_other_than_output
)
optional_files_argument = click.argument("files", nargs=-1, metavar="[FILE]...", type=FILE, callback=_other_than_output)
file_argument = click.argument("file", type=FILE)
target_argument = click.argument("target", type=FILE)

workers_option = click.option(
    "--workers",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    metavar="N",
    help="Decode with N processes: worth it for captures of more than some 100 MiB.",
)

report_option = click.option(
    "--json",
    is_flag=True,
    help="Write the report as a JSON object to the standard output; to the standard error if TARGET is '-'.",
)

color_option = click.option(
    "--color",
    type=click.Choice(["auto", "always", "never"]),
    default="auto",
    show_default=True,
    help="Colours: on a terminal only (and not if NO_COLOR is set), or as given.",
)


def number(text: str | int) -> int:
    """A number from 0 on, in decimal digits or with 0x before hexadecimal ones. Raises: click.BadParameter."""
    try:
        value = int(str(text), 0)
    except ValueError:
        value = -1
    if value < 0:
        raise click.BadParameter(f"{text!r} is no number such as 100 or 0x64")
    return value


def catalog_options(command: Callable[..., Any]) -> Callable[..., Any]:  # Any: each command has its own arguments
    """A command with --dialect, --bind and --trailer, which are one argument `catalog` to it."""

    @wraps(command)
    def with_catalog(
        *args: Any, dialect: str, bind: tuple[str, ...], trailer: tuple[str, ...], **options: Any
    ) -> Any:  # Any: the command's own
        catalog = _catalog_of(dialect, bind).with_trailer(*(timestamps.NAMED[name] for name in trailer))
        return command(*args, catalog=catalog, **options)

    ended = click.option(
        "--trailer",
        multiple=True,
        type=TRAILER,
        metavar="NAME",
        help=f"Every frame ends with this time stamp of a capture device: {', '.join(timestamps.NAMED)}.",
    )(with_catalog)
    bound = click.option(
        "--bind",
        multiple=True,
        type=BINDING,
        metavar="KEY=HEADER",
        help="Find a header at another key too: udp_port:48879=vxlan, udp_port:4789=vxlan_gbp, ethertype:0x9300=vlan.",
    )(ended)
    return click.option(
        "--dialect",
        type=DIALECT,
        default="plain",
        metavar="NAME",
        help=f"What the deployment speaks: {', '.join(NAMED)}.",
    )(bound)


def _catalog_of(dialect: str, bindings: tuple[str, ...]) -> Catalog:
    """The catalog of a dialect, with the bindings of the command line, such as "udp_port:48879=vxlan"."""
    catalog = NAMED[dialect]
    spaces = {key.space.name: key.space for key, _ in catalog.bindings}
    headers = {header.__layout__.name: header for header in catalog.headers}
    for binding in bindings:
        key, _, name = binding.partition("=")
        space, _, number = key.partition(":")
        try:
            value = int(number, 0)
        except ValueError:
            raise _bad(f"{binding!r} is not of the form udp_port:48879=vxlan") from None
        if space not in spaces:
            raise _bad(unknown("key space", space, spaces))
        if name not in headers:
            raise _bad(unknown("header", name, headers))
        try:
            catalog = catalog.with_binding(spaces[space](value), headers[name])
        except SchemaError as error:
            raise _bad(error.reason) from None
    return catalog


def pipeline_of(text: str, catalog: Catalog) -> AnyPipeline:
    """The pipeline of a --pipeline. Raises: click.BadParameter."""
    try:
        return Pipeline.from_text(text, catalog=catalog)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="'--pipeline'") from None


def where_option(command: Callable[..., Any]) -> Callable[..., Any]:  # Any: each command has its own arguments
    """A command with --where, which is an argument `where` to it, a filter or None; `catalog_options` is above it."""

    @wraps(command)
    def with_filter(*args: Any, where: str | None, catalog: Catalog, **options: Any) -> Any:  # Any: the command's own
        return command(*args, where=_filter_of(where, catalog), catalog=catalog, **options)

    return click.option(
        "--where",
        metavar="FILTER",
        help="Take only packets that match, such as 'vxlan.vni == 100 and inner.ipv4.dst in 10.0.0.0/8'.",
    )(with_filter)


def _filter_of(text: str | None, catalog: Catalog) -> Filter | None:
    try:
        return None if text is None else Filter(text, catalog=catalog)
    except FilterError as error:
        raise click.BadParameter(printable(str(error)), param_hint="'--where'") from None


def _bad(reason: str) -> click.BadParameter:
    return click.BadParameter(reason, param_hint="'--bind'")
