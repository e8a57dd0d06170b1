"""`overlaycodec anonymise`: a capture with other addresses."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from overlaycodec.capture import Capture, Record
from overlaycodec.cli.help_text import examples
from overlaycodec.cli.options import catalog_options, file_argument, report_option, target_argument
from overlaycodec.cli.rewriting import Outcome, rewrite
from overlaycodec.codec.catalog import Catalog
from overlaycodec.codec.packet_encoder import encode

if TYPE_CHECKING:
    from overlaycodec.anonymise import Anonymiser

__all__ = ["anonymise"]

_KEY_OCTETS = 32


def _key_of(_: click.Context, __: click.Parameter, value: str | None) -> bytes:
    """The key in a file; a new one without a file."""
    if value is None:
        return os.urandom(_KEY_OCTETS)
    try:
        key = bytes.fromhex(Path(value).read_text())
    except OSError as error:
        raise click.BadParameter(f"{value}: {error.strerror}") from None
    except ValueError:
        key = b""
    if len(key) != _KEY_OCTETS:
        raise click.BadParameter(f"{value} has no {2 * _KEY_OCTETS} hexadecimal digits")
    return key


def _anonymiser(key: bytes) -> Anonymiser:
    try:
        from overlaycodec.anonymise import Anonymiser
    except ImportError as error:
        raise click.ClickException(f"{error}: install overlaycodec[anonymise]") from None
    return Anonymiser(key)


@click.command(
    no_args_is_help=True,
    short_help="Write a capture with other addresses.",
    epilog=examples(
        "overlaycodec anonymise trace.pcap shared.pcap",
        "overlaycodec anonymise --payload zero trace.pcapng shared.pcapng",
    ),
)
@file_argument
@target_argument
@click.option(
    "--key-file",
    "key",
    metavar="FILE",
    callback=_key_of,
    help="64 hexadecimal digits: the same key gives the same addresses. Without it, a new key is made and forgotten.",
)
@click.option(
    "--payload",
    type=click.Choice(["keep", "zero"]),
    default="keep",
    show_default=True,
    help="What applications send: as it is, or as many zeros.",
)
@report_option
@catalog_options
def anonymise(file: str, target: str, *, key: bytes, payload: str, json: bool, catalog: Catalog) -> None:
    """Write the packets of a capture with other MAC, IPv4 and IPv6 addresses.

    The same address becomes the same one everywhere, and addresses with a common prefix still have one as long. This
    covers all headers and options that are decoded, inside tunnels and in quotations too; checksums follow by the
    difference. Multicast, loopback and unspecified addresses stay. What is not decoded stays, unless --payload zero,
    and so do host names, ports and networks. Comments, names of interfaces and all else that a file has beside its
    packets are left out.

    A report goes to the standard error. The exit status is 1 if FILE is damaged; the packets before the damage are
    written.
    """
    anonymiser = _anonymiser(key)

    def transform(record: Record, _: Capture) -> Iterator[Record]:
        packet = anonymiser.packet(record.decode(lax=True, catalog=catalog), catalog=catalog, payload=payload == "keep")
        yield msgspec.structs.replace(record, data=encode(packet, catalog=catalog), comments=())

    outcome = Outcome()
    status = rewrite(file, target, transform, outcome, "anonymise", json=json, kept=False)
    click.get_current_context().exit(status)
