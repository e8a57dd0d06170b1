"""`overlaycodec vlan`: tags of a capture put on, taken off and rewritten."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

import click

from overlaycodec import vlan as tags
from overlaycodec.capture import Capture, Record
from overlaycodec.cli.help_text import examples
from overlaycodec.cli.options import Group, catalog_options, file_argument, number, report_option, target_argument
from overlaycodec.cli.parameters import SCOPE
from overlaycodec.cli.rewriting import Outcome, changed, rewrite
from overlaycodec.codec.catalog import Catalog
from overlaycodec.errors import EncodeError, MissingHeaderError
from overlaycodec.packet.packet import Packet

__all__ = ["vlan"]

Edit = Callable[[Packet], Packet]

_PUSH: Final = ("overlaycodec vlan push trace.pcap tagged.pcap --vid 7 --pcp 3 --tpid 0x88a8",)
_POP: Final = ("overlaycodec vlan pop tagged.pcap trace.pcap",)
_TRANSLATE: Final = ("overlaycodec vlan translate trace.pcap out.pcap 7=8 100=200 --scope inner",)
_NORMALISE: Final = ("overlaycodec vlan normalise old.pcap new.pcap",)


@click.group(
    cls=Group,
    short_help="Put on, take off and rewrite VLAN tags.",
    epilog=examples(*_PUSH, *_POP, *_TRANSLATE, *_NORMALISE),
)
def vlan() -> None:
    """Push, pop and rewrite the VLAN tags of a capture; all else in its packets stays.

    Lengths and checksums of tunnels outside follow. Packets that have no such tag, or no such scope, are written as
    they are. All else in the file is kept.
    """


def _options(command: Callable[..., Any]) -> Callable[..., Any]:  # Any: each command has its own arguments
    """What all of them take."""
    scope = click.option(
        "--scope",
        type=SCOPE,
        default="outer",
        show_default=True,
        help='Where: "outer", "inner", "inner.inner", ..., or "innermost".',
    )
    return scope(report_option(catalog_options(command)))


def _depth(command: Callable[..., Any]) -> Callable[..., Any]:  # Any: as above
    return click.option(
        "--depth", type=click.IntRange(0), default=0, help="Which tag of the stack, counted from 0, the outermost."
    )(command)


def _apply(
    file: str, target: str, edit: Edit, why: str, what: str, catalog: Catalog, *, json: bool, grows: bool = False
) -> None:
    """Writes the capture with each packet edited."""
    outcome = Outcome()

    def edited(record: Record, _: Capture) -> Iterator[Record]:
        packet = record.decode(lax=True, catalog=catalog)
        try:
            other = edit(packet)
            if other is not packet:
                record = changed(record, other, catalog)
            else:
                outcome.unchanged[why] += 1
        except MissingHeaderError:
            outcome.unchanged[why] += 1
        except EncodeError:
            outcome.unchanged["too long with it"] += 1
        yield record

    click.get_current_context().exit(rewrite(file, target, edited, outcome, what, json=json, grows=grows))


@vlan.command(no_args_is_help=True, short_help="Put a tag on.", epilog=examples(*_PUSH))
@file_argument
@target_argument
@click.option("--vid", type=click.IntRange(0, 4095), required=True)
@click.option("--pcp", type=click.IntRange(0, 7), default=0, show_default=True, help="The priority.")
@click.option("--dei", is_flag=True, help="The packets may be dropped first.")
@click.option("--tpid", type=number, default=0x8100, show_default="0x8100", help="0x88a8 for a service provider's tag.")
@_depth
@_options
def push(
    file: str,
    target: str,
    *,
    vid: int,
    pcp: int,
    dei: bool,
    tpid: int,
    scope: str,
    depth: int,
    json: bool,
    catalog: Catalog,
) -> None:
    """Write the packets of a capture with one more tag."""
    if tpid > 0xFFFF:
        raise click.BadParameter(f"{tpid:#x} is longer than 16 bits", param_hint="'--tpid'")

    def edit(packet: Packet) -> Packet:
        return tags.push(packet, vid=vid, pcp=pcp, dei=dei, tpid=tpid, scope=scope, depth=depth)

    _apply(file, target, edit, "no position for the tag", "push", catalog, json=json, grows=True)


@vlan.command(no_args_is_help=True, short_help="Take a tag off.", epilog=examples(*_POP))
@file_argument
@target_argument
@_depth
@_options
def pop(file: str, target: str, *, scope: str, depth: int, json: bool, catalog: Catalog) -> None:
    """Write the packets of a capture without one of their tags."""
    _apply(
        file,
        target,
        lambda packet: tags.pop(packet, scope=scope, depth=depth),
        "no such tag",
        "pop",
        catalog,
        json=json,
    )


@vlan.command(no_args_is_help=True, short_help="Put packets in other VLANs.", epilog=examples(*_TRANSLATE))
@file_argument
@target_argument
@click.argument("table", nargs=-1, required=True, metavar="VID=VID...")
@_depth
@_options
def translate(
    file: str, target: str, *, table: tuple[str, ...], scope: str, depth: int, json: bool, catalog: Catalog
) -> None:
    """Write the packets of a capture in other VLANs: 7=8 puts those of 7 in 8."""
    vids = dict(map(_pair, table))
    _apply(
        file,
        target,
        lambda packet: tags.translate(packet, vids, scope=scope, depth=depth),
        "no tag in the table",
        "translate",
        catalog,
        json=json,
    )


@vlan.command(no_args_is_help=True, short_help="Give tags the TPIDs of IEEE 802.1Q.", epilog=examples(*_NORMALISE))
@file_argument
@target_argument
@_options
def normalise(file: str, target: str, *, scope: str, json: bool, catalog: Catalog) -> None:
    """Write the packets of a capture with S-tags outside (0x88a8) and a C-tag (0x8100) as the innermost or only one."""
    _apply(file, target, lambda packet: tags.normalise(packet, scope=scope), "no tags", "normalise", catalog, json=json)


def _pair(text: str) -> tuple[int, int]:
    old, equals, new = text.partition("=")
    if not equals or not old.isdigit() or not new.isdigit() or int(old) > 4095 or int(new) > 4095:
        raise click.BadParameter(f"{text!r} is not of the form 7=8", param_hint="VID=VID")
    return int(old), int(new)
