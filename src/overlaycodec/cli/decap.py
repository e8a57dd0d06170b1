"""`overlaycodec decap`: the frames inside tunnels, as a capture."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import click
import msgspec

from overlaycodec.capture import Capture, Record
from overlaycodec.cli.help_text import examples
from overlaycodec.cli.options import (
    catalog_options,
    file_argument,
    number,
    report_option,
    target_argument,
    where_option,
)
from overlaycodec.cli.rewriting import Outcome, rewrite
from overlaycodec.codec.catalog import Catalog
from overlaycodec.codec.packet_encoder import encode
from overlaycodec.errors import DecodeError, MissingHeaderError
from overlaycodec.filters.filter import Filter
from overlaycodec.packet.offsets import is_fragment
from overlaycodec.packet.packet import Packet
from overlaycodec.packet.paths import names_of
from overlaycodec.protocols import STTSegment
from overlaycodec.reassembly import FragmentReassembler, STTReassembler
from overlaycodec.schema.keyspaces import LINK_TYPE
from overlaycodec.tunnel import Decapsulated, decapsulate, decapsulate_all, decapsulated
from overlaycodec.tunnel.inner_packet import Diffserv

__all__ = ["decap"]


class _Decap:
    """Decapsulates packets."""

    def __init__(
        self,
        *,
        vnis: frozenset[int],
        tunnels: int | None,
        through: str | None,
        others: bool,
        lax: bool,
        diffserv: Diffserv,
        reassemblers: tuple[FragmentReassembler, STTReassembler] | None,
        catalog: Catalog,
        where: Filter | None,
        outcome: Outcome,
    ) -> None:
        self._vnis, self._tunnels, self._others, self._lax = vnis, tunnels, others, lax
        self._through = through
        self._diffserv: Diffserv = diffserv
        self._reassemblers = reassemblers
        self._catalog, self._where, self._outcome = catalog, where, outcome

    def __call__(self, record: Record, capture: Capture) -> Iterator[Record]:
        """The record of the frame inside; without such a frame, nothing or the record itself."""
        packet = record.decode(lax=True, catalog=self._catalog)
        if self._where is not None and not self._where.matcher(packet, record, capture):
            self._outcome.left_out["not matching"] += 1
            return
        if self._reassemblers is None:
            yield from self._decapsulated(record, packet, record)
            return
        fragments, segments = self._reassemblers
        datagram = fragments.feed(packet, time_ns=record.time_ns)
        if datagram is None:
            return
        if self._through is not None or STTSegment not in datagram:
            yield from self._decapsulated(record, datagram, record if datagram is packet else None)
        elif frame := segments.feed(datagram, time_ns=record.time_ns, left_to_card=record.left_to_card):
            outermost = decapsulated(frame, diffserv=self._diffserv, catalog=self._catalog)
            yield from self._inside(record, (outermost, *self._further(outermost)))

    def _decapsulated(self, record: Record, packet: Packet, source: Record | None) -> Iterator[Record]:
        try:
            found = self._outermost(packet, source)
        except MissingHeaderError:
            fragmented = any(header.__layout__.segmented or is_fragment(header) for header in packet.headers)
            yield from self._left(record, "fragmented" if fragmented else f"no {self._through or 'tunnel'}")
        except DecodeError as error:
            yield from self._left(record, "fragmented" if _by_fragment(error, packet) else "faulty")
        else:
            yield from self._inside(record, found)

    def _outermost(self, packet: Packet, source: Record | None) -> tuple[Decapsulated, ...]:
        """What comes out of the tunnels of a packet; `source` has its octets, unless it was reassembled.

        Raises: MissingHeaderError, DecodeError.
        """
        if not packet.headers:
            raise MissingHeaderError("tunnel", "")
        if source is None:
            data = encode(packet, catalog=self._catalog)
            wire_length = len(data)
        else:
            wire_length = max(0, source.wire_length - (source.fcs_octets or 0))
            data = source.data[:wire_length]
        take: Callable[..., tuple[Decapsulated, ...]]
        take = decapsulate_all if self._tunnels != 1 else partial(_decapsulate_one, through=self._through)
        return take(
            data,
            first=type(packet.headers[0]),
            wire_length=wire_length,
            diffserv=self._diffserv,
            lax=self._lax,
            catalog=self._catalog,
        )

    def _further(self, outside: Decapsulated) -> tuple[Decapsulated, ...]:
        """What comes out of tunnels inside a frame."""
        if self._tunnels == 1:
            return ()
        try:
            return self._outermost(outside.packet, None)
        except (MissingHeaderError, DecodeError):
            return ()

    def _inside(self, record: Record, found: tuple[Decapsulated, ...]) -> Iterator[Record]:
        """The record of the frame that came out of the tunnels, if it is wanted."""
        last = found[-1 if self._tunnels is None else min(self._tunnels, len(found)) - 1]
        link_type = None if last.first is None else self._catalog.key_of(LINK_TYPE, last.first)
        if self._vnis and last.vni not in self._vnis:
            yield from self._left(record, "another network")
        elif last.ecn is not None and last.ecn.drop:
            yield from self._left(record, "congestion that the frame cannot carry")
        elif link_type is None:
            yield from self._left(record, "no link type for the frame")
        else:
            yield msgspec.structs.replace(
                record,
                data=last.frame,
                link_type=link_type,
                wire_length=len(last.frame) + last.missing,
                fcs_octets=None,
            )

    def _left(self, record: Record, why: str) -> Iterator[Record]:
        if self._others:
            self._outcome.unchanged[why] += 1
            yield record
        else:
            self._outcome.left_out[why] += 1


def _decapsulate_one(data: bytes, **settings: Any) -> tuple[Decapsulated, ...]:  # Any: those of `decapsulate`
    return (decapsulate(data, **settings),)


def _by_fragment(error: DecodeError, packet: Packet) -> bool:
    """Whether the fault is that the packet is a fragment or a segment."""
    name, _, field = error.path.rpartition(".")
    header = dict(zip(names_of(packet.headers), packet.headers, strict=True)).get(name)
    return header is not None and header.__layout__.in_other_packets(field)


def _check_through(through: str, tunnels: int | None, catalog: Catalog) -> None:
    """Raises: click.UsageError where no header has this name, or tunnels are counted too."""
    name = through.rpartition(".")[2].partition("[")[0]
    if catalog.header_called(name) is None:
        raise click.BadParameter(f"no header has the name {name!r}", param_hint="'--through'")
    if tunnels != 1:
        raise click.UsageError("--through and --tunnels exclude each other")


def _tunnels(_: click.Context, __: click.Parameter, value: str) -> int | None:
    if value == "all":
        return None
    if not value.isdigit() or int(value) == 0:
        raise click.BadParameter(f"{value!r} is neither a number from 1 on nor all")
    return int(value)


@click.command(
    no_args_is_help=True,
    short_help="Take packets out of their tunnels.",
    epilog=examples(
        "overlaycodec decap trace.pcap tenant.pcap --vni 100",
        "overlaycodec decap --where 'inner.ipv4.dst in 10.0.0.0/8' trace.pcap inside.pcap",
        "overlaycodec decap --through pppoe access.pcap hosts.pcap",
        "overlaycodec decap --reassemble --tunnels all trace.pcapng inside.pcapng",
        "tcpdump -U -w - udp port 4789 | overlaycodec decap - - | overlaycodec show -",
    ),
)
@file_argument
@target_argument
@click.option(
    "--vni", "vnis", type=number, multiple=True, help="Only frames of this network; may be given several times."
)
@click.option(
    "--tunnels",
    callback=_tunnels,
    default="1",
    show_default=True,
    metavar="N",
    help='How many tunnels to take off, the outermost first, or "all".',
)
@click.option(
    "--through",
    metavar="NAME",
    help="Take off the headers up to this one instead, be it a tunnel or not: pppoe, vlan, mpls, erspan, ...",
)
@click.option("--others", is_flag=True, help="Write packets that are not decapsulated as they are.")
@click.option("--reassemble", is_flag=True, help="Reassemble IP fragments and STT segments first.")
@click.option(
    "--no-verify",
    is_flag=True,
    help="Reassemble them whatever their checksums: for captures taken where a network card computes these.",
)
@click.option("--lax", is_flag=True, help="Ignore faults of the outer headers.")
@click.option(
    "--diffserv",
    type=click.Choice(["pipe", "uniform"]),
    default="pipe",
    show_default=True,
    help="RFC 2983: the frame keeps its DSCP, or gets the outer one.",
)
@report_option
@catalog_options
@where_option
def decap(
    file: str,
    target: str,
    *,
    vnis: tuple[int, ...],
    tunnels: int | None,
    through: str | None,
    others: bool,
    reassemble: bool,
    no_verify: bool,
    lax: bool,
    diffserv: Diffserv,
    json: bool,
    catalog: Catalog,
    where: Filter | None,
) -> None:
    """Write the frames inside the tunnels of a capture as a capture.

    TARGET is a .pcap or .pcapng file, .gz after it compresses it; "-" is the standard output, in the format of FILE.
    All else in the file is kept. A network is a VNI, NVGRE's VSID or STT's context. Congestion marks are
    combined as RFC 6040 requires. IP without Ethernet has link type 101, and needs pcapng where there are frames too.

    With --where, packets that do not match are left out before anything else, fragments too.

    A report goes to the standard error. The exit status is 1 if FILE is damaged; the packets before the damage are
    written.
    """
    if through is not None:
        _check_through(through, tunnels, catalog)
    outcome = Outcome()
    reassemblers = None
    if reassemble:
        verify = not no_verify
        reassemblers = (
            FragmentReassembler(verify=verify, catalog=catalog),
            STTReassembler(verify=verify, catalog=catalog),
        )
    transform = _Decap(
        vnis=frozenset(vnis),
        tunnels=tunnels,
        through=through,
        others=others,
        lax=lax,
        diffserv=diffserv,
        reassemblers=reassemblers,
        catalog=catalog,
        where=where,
        outcome=outcome,
    )
    status = rewrite(file, target, transform, outcome, "decap", reassemblers or (), json=json, grows=reassemble)
    click.get_current_context().exit(status)
