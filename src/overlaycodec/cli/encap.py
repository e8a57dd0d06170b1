"""`overlaycodec encap`: the frames of a capture, in a tunnel."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, Literal, TypeAlias

import click
import msgspec

from overlaycodec.capture import Capture, Record
from overlaycodec.cli.help_text import examples
from overlaycodec.cli.options import catalog_options, file_argument, number, report_option, target_argument
from overlaycodec.cli.rewriting import Outcome, rewrite
from overlaycodec.codec.catalog import Catalog
from overlaycodec.codec.packet_encoder import encode
from overlaycodec.errors import EncodeError, FieldRangeError, LengthOverflowError
from overlaycodec.packet.packet import Packet
from overlaycodec.protocols import Ethernet, GeneveOption, VLANTag
from overlaycodec.reassembly import fragment
from overlaycodec.tunnel import (
    GeneveTunnel,
    NVGRETunnel,
    STTTunnel,
    Tunnel,
    UDPTunnel,
    VXLANGBPTunnel,
    VXLANGPETunnel,
    VXLANTunnel,
)
from overlaycodec.tunnel.inner_packet import Diffserv
from overlaycodec.values import MACAddress

__all__ = ["encap"]

Kind: TypeAlias = Literal["vxlan", "vxlan-gbp", "vxlan-gpe", "geneve", "nvgre", "stt"]

_KINDS: Final[dict[Kind, tuple[type[Tunnel], str]]] = {
    "vxlan": (VXLANTunnel, "vni"),
    "vxlan-gbp": (VXLANGBPTunnel, "vni"),
    "vxlan-gpe": (VXLANGPETunnel, "vni"),
    "geneve": (GeneveTunnel, "vni"),
    "nvgre": (NVGRETunnel, "vsid"),
    "stt": (STTTunnel, "context_id"),
}
"""The endpoint of each kind, and what it calls its network."""
_ETHERNET, _RAW = 1, 101


class _Encap:
    """Puts frames into a tunnel."""

    def __init__(self, tunnel: Tunnel, mtu: int | None, catalog: Catalog, outcome: Outcome) -> None:
        self._tunnel, self._mtu = tunnel, mtu
        self._catalog, self._outcome = catalog, outcome
        self._count = 0

    def __call__(self, record: Record, _: Capture) -> Iterator[Record]:
        """The records of the packets around the frame."""
        packet = record.decode(lax=True, catalog=self._catalog)
        if packet.without_fcs().missing:
            self._outcome.left_out["truncated in the capture"] += 1
            return
        if not packet.headers and record.link_type != _ETHERNET:
            self._outcome.left_out[f"link type {record.link_type}"] += 1
            return
        self._count += 1
        try:
            packets = self._around(packet)
        except (FieldRangeError, LengthOverflowError):
            self._outcome.left_out["too long"] += 1
            return
        except EncodeError as error:
            why = "too long" if error.path.endswith("dont_fragment") else "not carried by this tunnel"
            self._outcome.left_out[why] += 1
            return
        link_type = _RAW if self._tunnel.link is None else _ETHERNET
        for outer in packets:
            data = encode(outer, catalog=self._catalog)
            yield msgspec.structs.replace(
                record, data=data, link_type=link_type, wire_length=len(data), fcs_octets=None
            )

    def _around(self, frame: Packet) -> tuple[Packet, ...]:
        """The packets that carry a frame. Raises: EncodeError."""
        tunnel, mtu, number = self._tunnel, self._mtu, self._count
        identification = 0 if tunnel.dont_fragment == "set" else number & 0xFFFF
        if isinstance(tunnel, STTTunnel):
            settings: dict[str, Any] = {  # Any: each setting has its own type
                "identification": identification,
                "catalog": self._catalog,
                "frame_id": number & 0xFFFF_FFFF,
            }
            if mtu is None:
                return (tunnel.encapsulate(frame, **settings),)
            return tunnel.segments(frame, mtu=mtu, **settings)
        outer = tunnel.encapsulate(frame, identification=identification, catalog=self._catalog)
        if mtu is None:
            return (outer,)
        return fragment(outer, mtu=mtu, identification=number & 0xFFFF_FFFF, catalog=self._catalog)


def _options_of(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> tuple[GeneveOption, ...]:
    options = []
    for value in values:
        try:
            option_class, kind, data = value.split(":")
            options.append(GeneveOption(option_class=int(option_class, 0), type=int(kind, 0), data=bytes.fromhex(data)))
        except (ValueError, EncodeError):
            raise click.BadParameter(
                f"{value!r} is not of the form class:type:octets, as 0x0102:0x80:00010002"
            ) from None
    return tuple(options)


def _ttl(_: click.Context, __: click.Parameter, value: str) -> int | Literal["copy"]:
    if value == "copy":
        return "copy"
    if not value.isdigit():
        raise click.BadParameter(f"{value!r} is neither a number nor copy")
    return int(value)


@click.command(
    no_args_is_help=True,
    short_help="Put the packets of a capture in a tunnel.",
    epilog=examples(
        "overlaycodec encap tenant.pcap out.pcap --vni 100 --src 10.0.0.1 --dst 10.0.0.2",
        "overlaycodec encap tenant.pcap out.pcap --tunnel geneve --vni 5 --src fd00::1 --dst fd00::2 \\\n"
        "  --link-src 02:00:00:00:00:01 --link-dst 02:00:00:00:00:02 --option 0x0102:0x80:00010002",
        "overlaycodec encap tenant.pcap out.pcap --tunnel stt --vni 7 --src 10.0.0.1 --dst 10.0.0.2 --mtu 1500",
    ),
)
@file_argument
@target_argument
@click.option("--tunnel", "kind", type=click.Choice(list(_KINDS)), default="vxlan", show_default=True)
@click.option("--vni", type=number, required=True, help="The network: VNI, NVGRE's VSID, STT's context.")
@click.option("--src", required=True, metavar="ADDRESS", help="The outer source, IPv4 or IPv6.")
@click.option("--dst", required=True, metavar="ADDRESS", help="The outer destination; it may be a multicast group.")
@click.option("--link-src", metavar="MAC", help="The outer Ethernet source; without it, IP packets are written.")
@click.option("--link-dst", metavar="MAC", help="The outer Ethernet destination; a group has its own.")
@click.option("--outer-vid", "vids", type=number, multiple=True, help="An outer VLAN tag; the outermost first.")
@click.option("--dst-port", type=number, help="Another UDP port than the tunnel's own.")
@click.option("--ttl", callback=_ttl, default="64", show_default=True, help='A number, or "copy" from the frame.')
@click.option("--dscp", type=number, default=0, show_default=True)
@click.option("--diffserv", type=click.Choice(["pipe", "uniform"]), default="pipe", show_default=True, help="RFC 2983.")
@click.option("--df", type=click.Choice(["set", "clear", "copy"]), default="set", show_default=True, help="IPv4's DF.")
@click.option(
    "--checksum",
    type=click.Choice(["default", "compute", "zero"]),
    default="default",
    show_default=True,
    help="The outer UDP checksum.",
)
@click.option(
    "--option",
    "options",
    callback=_options_of,
    multiple=True,
    metavar="CLASS:TYPE:OCTETS",
    help="A Geneve option, as 0x0102:0x80:00010002.",
)
@click.option(
    "--mtu",
    type=click.IntRange(68, 65535),
    help="The path's MTU: STT is divided into segments, others into fragments; packets with DF are left out.",
)
@report_option
@catalog_options
def encap(
    file: str,
    target: str,
    *,
    kind: Kind,
    vni: int,
    src: str,
    dst: str,
    link_src: str | None,
    link_dst: str | None,
    vids: tuple[int, ...],
    dst_port: int | None,
    ttl: int | Literal["copy"],
    dscp: int,
    diffserv: Diffserv,
    df: Literal["set", "clear", "copy"],
    checksum: Literal["default", "compute", "zero"],
    options: tuple[GeneveOption, ...],
    mtu: int | None,
    json: bool,
    catalog: Catalog,
) -> None:
    """Write the packets of a capture as they would be in a tunnel.

    TARGET is a .pcap or .pcapng file, .gz after it compresses it; "-" is the standard output, in the format of FILE.
    All else in the file is kept. The source port follows the flow; congestion marks are copied as RFC 6040
    requires.

    A report goes to the standard error. The exit status is 1 if FILE is damaged; the packets before the damage are
    written.
    """
    endpoint, network = _KINDS[kind]
    settings: dict[str, Any] = {  # Any: each field has its own type
        "src": src,
        "dst": dst,
        network: vni,
        "link": _link(link_src, link_dst),
        "tags": tuple(map(_tag, vids)),
        "ttl": ttl,
        "dscp": dscp,
        "diffserv": diffserv,
        "dont_fragment": df,
    }
    if issubclass(endpoint, UDPTunnel):
        settings |= {"checksum": checksum, "ipv6_zero_checksum": checksum == "zero"}
    elif checksum != "default":
        raise click.BadParameter(f"{kind} has none", param_hint="'--checksum'")
    if dst_port is not None:
        if kind == "nvgre":
            raise click.BadParameter("NVGRE has no ports", param_hint="'--dst-port'")
        settings["dst_port"] = dst_port
    if options:
        if kind != "geneve":
            raise click.BadParameter(f"{kind} has none: give --tunnel geneve", param_hint="'--option'")
        settings["options"] = options
    try:
        tunnel = endpoint(**settings)
    except (ValueError, EncodeError) as error:
        raise click.UsageError(str(error)) from None
    outcome = Outcome()
    status = rewrite(file, target, _Encap(tunnel, mtu, catalog, outcome), outcome, "encap", json=json, grows=True)
    click.get_current_context().exit(status)


def _tag(vid: int) -> VLANTag:
    try:
        return VLANTag(vid=vid)
    except EncodeError as error:
        raise click.BadParameter(str(error), param_hint="'--outer-vid'") from None


def _link(src: str | None, dst: str | None) -> Ethernet | MACAddress | None:
    """What the outer link header is made of."""
    try:
        if src is None and dst is None:
            return None
        if src is None:
            raise click.UsageError("--link-dst asks for --link-src")
        return MACAddress(src) if dst is None else Ethernet(src=src, dst=dst)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
