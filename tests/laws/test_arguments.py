"""Junk of every kind in every parameter of every public function: a value, or an error that says what is wrong.

Strategy: a table has a call for each public function, method and constructor. Each parameter in turn gets each piece
of junk. What comes back is a value, or an error that the library raises itself: a `CodecError`, `TypeError` or
`ValueError` with a sentence. An error that escapes from deep inside (an attribute that is not there, a number that
cannot be printed) fails the test, and so does a public function without a call in the table.
"""

from __future__ import annotations

import inspect
import io
import linecache
import pickle
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_interface
from itertools import islice
from pathlib import Path
from types import FunctionType, TracebackType
from typing import Any, Final

import pytest

import overlaycodec as oc
from overlaycodec import dialects, icmp_errors, offload, reassembly, strategies, telemetry, trailers, tunnel, vlan
from overlaycodec.schema.layout import REQUIRED

SOURCES: Final = str(Path(oc.__file__).parent)
LINK: Final = oc.Ethernet(dst="02:00:00:00:00:02", src="02:00:00:00:00:01")
INSIDE: Final = oc.resolve(LINK / oc.VLANTag(vid=7) / oc.IPv4(src="10.0.0.1", dst="10.0.0.2", protocol=253) / b"...")
TEP: Final[dict[str, Any]] = {"src": "10.1.0.1", "dst": "10.1.0.2"}
LONG: Final = oc.encode(
    LINK / oc.IPv4(src="10.0.0.1", dst="10.0.0.2", dont_fragment=True) / oc.UDP(src_port=1, dst_port=9) / bytes(1500)
)
PACKET: Final = tunnel.VXLANTunnel(vni=1, **TEP, link=LINK).encapsulate(INSIDE)
DATA: Final = oc.encode(PACKET)
STT: Final = tunnel.STTTunnel(context_id=1, **TEP, link=LINK).encapsulate(INSIDE)
LARGE: Final = oc.encode(
    LINK / oc.IPv4(src="10.0.0.1", dst="10.0.0.2") / oc.TCP(src_port=1, dst_port=2) / bytes(range(250))
)
RECORD: Final = oc.Record(DATA, time_ns=5)
INT: Final = telemetry.with_hops(oc.INTMD(hop_ml=1, instructions=0x8000), [telemetry.INTHop(node_id=1)])
FRAMES: Final = oc.encode_columns(PACKET, {"vxlan.vni": [1, 2]})


def capture() -> bytes:
    target = io.BytesIO()
    oc.write_capture(target, [RECORD], format="pcap")
    return target.getvalue()


CAPTURE: Final = capture()
BLOCK: Final = next(block for block in oc.open_capture(CAPTURE).blocks() if block.record is not None)
FILE: Final = str(Path(__file__).parent.parent / "captures" / "ovs-vxlan.pcap")


class Opaque:
    """What the library knows nothing of."""


def anything(*_: object, **__: object) -> None:
    """A function that takes everything."""


JUNK: Final[dict[str, Any]] = {
    "None": None,
    "True": True,
    "a negative number": -1,
    "a number": 7,
    "a huge number": 10**5000,
    "a huge negative number": -(10**5000),
    "a float": 1.5,
    "not a number": float("nan"),
    "text": "junk",
    "no text": "",
    "an address with a scope": "fe80::1%eth0",
    "octets": b"junk",
    "no octets": b"",
    "a list": [1, "2"],
    "a tuple": (1, 2),
    "a long tuple": (1, 2, 3),
    "a dict": {"a": 1},
    "a set": {1},
    "an object": Opaque(),
    "a class": Opaque,
    "a class of numbers": int,
    "a header class": oc.IPv4,
    "a header": oc.VXLAN(vni=5),
    "a function": anything,
    "an interface": ip_interface("10.0.0.1/24"),
    "an IPv6 interface": ip_interface("fd00::1/64"),
    "a scoped address": ip_address("fe80::1%eth0"),
    "AUTO": oc.AUTO,
    "headers that are none": [b"", None],
}


@dataclass
class Call:
    """A call that works."""

    function: Callable[..., Any]
    arguments: dict[str, Any] = field(default_factory=dict)
    fresh: tuple[str, ...] = ()
    """The arguments that are functions which make them anew."""

    def __call__(self, changes: dict[str, Any]) -> object:
        """What it gives with some arguments changed; an iterator is read."""
        signature = inspect.signature(self.function)
        values = {name: value() if name in self.fresh else value for name, value in self.arguments.items()} | changes
        bound = inspect.BoundArguments(
            signature,
            {name: values[name] for name in signature.parameters if name in values},
        )
        result = self.function(*bound.args, **bound.kwargs)
        return list(islice(result, 20)) if isinstance(result, Iterator) else result

    def changes(self, junk: object) -> Iterator[tuple[str, dict[str, Any]]]:
        """Each parameter with the junk."""
        for name, parameter in inspect.signature(self.function).parameters.items():
            if parameter.kind is parameter.VAR_POSITIONAL:
                yield name, {name: (junk,)}
            elif parameter.kind is parameter.VAR_KEYWORD:
                values = self.arguments.get(name, {})
                for key in (*values, "nonsense"):
                    yield name, {name: values | {key: junk}}
            else:
                yield name, {name: junk}


def _address(value: str | int | bytes) -> oc.MACAddress:
    return oc.MACAddress(value)


PIPELINE: Final = oc.Pipeline(oc.Ethernet, oc.IPv4)
VIEW: Final = dialects.NVGRE_KEY
PORT: Final = vlan.Port.trunk([7], native=7)
TABLE: Final = oc.columns(CAPTURE, ["vxlan.vni"])
SPACE: Final = oc.UDP_PORT
KEYWORDS: Final = {"keywords": {"vni": 5}}
DRAWN: Final = {"cls": oc.VXLAN, "fixed": {"vni": 5}}
STACKS: Final = {
    "options": {
        "first": oc.Ethernet,
        "catalog": oc.DEFAULT,
        "max_headers": 9,
        "reserved": False,
        "stack": None,
        "fixed": {"vxlan.vni": 5},
        "depth": (1, 2),
        "payload": b"...",
    }
}

CALLS: Final[dict[str, Call]] = {
    # codec and packets
    "decode": Call(oc.decode, {"data": DATA}),
    "decode_header": Call(oc.decode_header, {"cls": oc.VXLAN, "data": bytes(8)}),
    "encode": Call(oc.encode, {"packet": PACKET}),
    "resolve": Call(oc.resolve, {"packet": PACKET}),
    "fill": Call(oc.fill, {"packet": PACKET}),
    "rewrite": Call(oc.rewrite, {"packet": PACKET, "changes": {"inner.ipv4.src": "10.0.0.9"}}),
    "rewrite to": Call(lambda value: oc.rewrite(PACKET, {"inner.ipv4.src": value}), {"value": "10.0.0.9"}),
    "checksums": Call(oc.checksums, {"packet": PACKET}),
    "diagnose": Call(oc.diagnose, {"data": DATA}),
    "diff": Call(oc.diff, {"a": PACKET, "b": PACKET}),
    "diff, ignoring": Call(lambda path: oc.diff(PACKET, PACKET, ignore=[path]), {"path": "ttl"}),
    "Packet": Call(
        lambda headers=(LINK,), payload=b"", trailers=(), missing=0: oc.Packet(
            headers, payload, trailers, missing=missing
        )
    ),
    "Packet.at": Call(PACKET.at, {"path": "vxlan.vni"}),
    "Packet.get": Call(PACKET.get, {"key": oc.VXLAN}),
    "Packet.insert": Call(PACKET.insert, {"index": 1, "header": oc.VLANTag(vid=1)}),
    "Packet.replace": Call(PACKET.replace, {"key": oc.VXLAN, "changes": {"vni": 5}}),
    "Packet.replace_at": Call(PACKET.replace_at, {"path": "inner.ipv4.src", "value": "10.0.0.9"}),
    "Packet.show": Call(lambda path: PACKET.show(path, file=io.StringIO()), {"path": "vxlan"}),
    "Packet.span": Call(PACKET.span, {"path": "vxlan.vni"}),
    "Packet.without": Call(PACKET.without, {"key": oc.VXLAN}),
    "Packet[]": Call(PACKET.__getitem__, {"key": oc.VXLAN}),
    "Packet in": Call(PACKET.__contains__, {"key": oc.VXLAN}),
    "Packet /": Call(lambda other: LINK / oc.VLANTag(vid=1) / other, {"other": b""}),
    "Header /": Call(lambda other: LINK / other, {"other": b""}),
    "Header.replace": Call(PACKET[oc.VXLAN].replace, {"changes": {"vni": 5, "vni_valid": True}}),
    "Element.replace": Call(oc.GeneveOption(option_class=1, type=1).replace, {"changes": {"data": bytes(4)}}),
    "Trailer": Call(lambda header=0, data=b"": oc.Trailer(header, data)),
    "FCS": Call(lambda data=bytes(4), octets=4: oc.FCS(data=data, octets=octets)),
    "decode_hex": Call(oc.decode_hex, {"text": DATA.hex()}),
    "from_dict": Call(oc.from_dict, {"document": PACKET.to_dict()}),
    "json_schema": Call(oc.json_schema),
    "export_schema": Call(oc.export_schema, {"header": oc.VXLAN}),
    "from_json": Call(oc.from_json, {"text": PACKET.to_json()}),
    "FieldView": Call(oc.FieldView, {"record": oc.GRE, "field": "key", "meaning": dialects.NVGREKey}),
    "FieldView.into": Call(VIEW.into, {"record": oc.GRE(key=1), "meaning": dialects.NVGREKey(vsid=5000)}),
    "FieldView.make": Call(VIEW.make, {"meaning": dialects.NVGREKey(vsid=5000), "values": {"sequence": 5}}),
    "FieldView.of": Call(VIEW.of, {"record": oc.GRE(key=1)}),
    "FieldView.value": Call(VIEW.value, {"meaning": dialects.NVGREKey(vsid=5000)}),
    "MACAddress": Call(_address, {"value": "02:00:00:00:00:01"}),
    "Pipeline": Call(
        lambda *headers, catalog=oc.DEFAULT: oc.Pipeline(*headers, catalog=catalog), {"headers": (oc.VXLAN,)}
    ),
    "Pipeline.decode": Call(oc.Pipeline(oc.Ethernet, oc.IPv4).decode, {"data": DATA}),
    "Pipeline.encode": Call(PIPELINE.encode, {"packet": LINK / oc.IPv4(src="10.0.0.1", dst="10.0.0.2", protocol=253)}),
    # catalogs and keys
    "Catalog": Call(lambda headers=(oc.VXLAN,), max_headers=5: oc.Catalog(headers, max_headers=max_headers)),
    "Catalog.candidates": Call(oc.DEFAULT.candidates, {"space": SPACE, "value": 4789}),
    "Catalog.decode": Call(oc.DEFAULT.decode, {"data": DATA}),
    "Catalog.encode": Call(oc.DEFAULT.encode, {"packet": PACKET}),
    "Catalog.header_called": Call(oc.DEFAULT.header_called, {"path": "vxlan"}),
    "Catalog.key_of": Call(oc.DEFAULT.key_of, {"space": SPACE, "cls": oc.VXLAN}),
    "Catalog.meanings": Call(oc.DEFAULT.with_view(VIEW).meanings, {"record": oc.GRE(key=1)}),
    "Catalog.values": Call(oc.DEFAULT.values, {"space": SPACE}),
    "Catalog.with_binding": Call(oc.DEFAULT.with_binding, {"key": SPACE(5), "header": oc.VXLAN}),
    "Catalog.with_header": Call(oc.DEFAULT.with_header, {"headers": (oc.VXLAN,)}),
    "Catalog.with_max_headers": Call(oc.DEFAULT.with_max_headers, {"count": 5}),
    "Catalog.with_option": Call(oc.DEFAULT.with_option, {"header": oc.Geneve, "options": (oc.OVNOption,)}),
    "Catalog.with_trailer": Call(oc.DEFAULT.with_trailer, {"trailers": (trailers.Metamako,)}),
    "trailers.TrailerRecord.read": Call(trailers.Arista7150.read, {"data": bytes(4)}),
    "trailers.TrailerRecord.trailer": Call(trailers.Arista7150().trailer, {"header": 1}),
    "trailers.add_trailer": Call(
        trailers.add_trailer, {"packet": PACKET, "records": (trailers.Arista7150(),), "catalog": oc.DEFAULT}
    ),
    "Catalog.with_view": Call(oc.DEFAULT.with_view, {"views": (VIEW,)}),
    "Catalog.without_binding": Call(oc.DEFAULT.without_binding, {"key": SPACE(4789)}),
    "KeySpace()": Call(SPACE.__call__, {"value": 5}),
    "KeySpace.text": Call(SPACE.text, {"value": 5}),
    "Key.when": Call(SPACE(5).when, {"conditions": (oc.MinOctets(4),)}),
    # captures and columns
    "Record": Call(
        lambda data=DATA, link_type=1, time_ns=None, wire_length=oc.AUTO: oc.Record(
            data, link_type, time_ns, wire_length
        ).decode(lax=True)
    ),
    "Record.decode": Call(RECORD.decode),
    "Capture.packets": Call(
        lambda lax=False, catalog=oc.DEFAULT, where=None: oc.open_capture(CAPTURE).packets(
            lax=lax, catalog=catalog, where=where
        )
    ),
    "Capture.records": Call(
        lambda where=None, catalog=oc.DEFAULT: oc.open_capture(CAPTURE).records(where=where, catalog=catalog)
    ),
    "Capture.blocks": Call(
        lambda where=None, catalog=oc.DEFAULT: oc.open_capture(CAPTURE).blocks(where=where, catalog=catalog)
    ),
    "Block.with_record": Call(BLOCK.with_record, {"record": RECORD}),
    "open_capture": Call(oc.open_capture, {"source": CAPTURE}),
    "splits": Call(oc.splits, {"source": FILE}),
    "Split.columns": Call(oc.splits(FILE)[0].columns, {"names": ["vxlan.vni"]}),
    "Split.packets": Call(lambda **options: list(oc.splits(FILE)[0].packets(**options))),
    "write_capture": Call(oc.write_capture, {"target": io.BytesIO, "items": [RECORD]}, fresh=("target",)),
    "write_capture of octets": Call(oc.write_capture, {"target": io.BytesIO, "items": [DATA]}, fresh=("target",)),
    "columns": Call(oc.columns, {"source": CAPTURE, "names": ["vxlan.vni"]}),
    "iter_columns": Call(oc.iter_columns, {"source": CAPTURE, "names": ["vxlan.vni"]}),
    "arrow_schema": Call(oc.arrow_schema, {"names": ["vxlan.vni"]}),
    "batches": Call(oc.batches, {"source": CAPTURE, "names": ["vxlan.vni"]}),
    "scan_polars": Call(oc.scan_polars, {"source": CAPTURE, "names": ["vxlan.vni"]}),
    "Filter": Call(oc.Filter, {"text": "vxlan.vni == 100"}),
    "Filter.matches": Call(oc.Filter("vxlan.vni == 100").matches, {"packet": PACKET}),
    "wireshark_filter": Call(oc.wireshark_filter, {"what": "vxlan.vni == 100"}),
    "column_names": Call(oc.column_names, {"source": CAPTURE}),
    "encode_columns": Call(oc.encode_columns, {"template": PACKET, "columns": {"vxlan.vni": [1]}}),
    "encode_columns of a pipeline": Call(
        lambda pipeline: oc.encode_columns(None, {"vxlan.vni": [1]}, pipeline=pipeline),
        {"pipeline": oc.Pipeline(oc.VXLAN)},
    ),
    **{
        f"encode_columns of {name}": Call(
            lambda values, name=name: oc.encode_columns(PACKET, {name: [values]}), {"values": value}
        )
        for name, value in {
            "vxlan.vni": 5,
            "vxlan.vni_valid": True,
            "inner.ipv4.src": "10.0.0.9",
            "inner.ethernet.src": LINK.src,
            "ipv4.options": (),
            "payload": b"",
            "time_ns": 5,
        }.items()
    },
    "encode_columns of a column": Call(
        lambda values: oc.encode_columns(PACKET, {"vxlan.vni": values}), {"values": [5]}
    ),
    "Table[]": Call(lambda name: TABLE[name], {"name": "vxlan.vni"}),
    "Frames[]": Call(FRAMES.__getitem__, {"index": 0}),
    # VLANs
    "vlan.Tag": Call(vlan.Tag, {"vid": 5}),
    "vlan.tags": Call(vlan.tags, {"packet": INSIDE}),
    "vlan.push": Call(vlan.push, {"packet": INSIDE, "vid": 5}),
    "vlan.pop": Call(vlan.pop, {"packet": INSIDE}),
    "vlan.retag": Call(vlan.retag, {"packet": INSIDE, "vid": 5}),
    "vlan.translate": Call(vlan.translate, {"packet": INSIDE, "vids": {7: 8}}),
    "vlan.translate to": Call(lambda vid: vlan.translate(INSIDE, {7: vid}), {"vid": 5}),
    "vlan.normalise": Call(vlan.normalise, {"packet": INSIDE}),
    "vlan.route": Call(vlan.route, {"packet": INSIDE, "vid": 5, "src": LINK.src, "dst": LINK.dst}),
    "vlan.Classified": Call(
        lambda vid=7, frame=INSIDE, pcp=0, dei=False: PORT.egress(vlan.Classified(vid, frame, pcp, dei))
    ),
    "vlan.Port": Call(vlan.Port, {"pvid": 5}),
    "vlan.Port.access": Call(vlan.Port.access, {"vid": 5}),
    "vlan.Port.trunk": Call(vlan.Port.trunk),
    "vlan.Port.ingress": Call(PORT.ingress, {"packet": INSIDE}),
    "vlan.Port.egress": Call(PORT.egress, {"frame": vlan.Classified(7, INSIDE)}),
    # tunnels
    "tunnel.Tunnel": Call(tunnel.VXLANTunnel, {"vni": 1, **TEP}),
    "tunnel.UDPTunnel": Call(tunnel.VXLANTunnel, {"vni": 1, **TEP, "link": LINK}),
    "tunnel.VXLANTunnel": Call(tunnel.VXLANTunnel, {"vni": 1, "src": "fd00::1", "dst": "fd00::2"}),
    "tunnel.VXLANGBPTunnel": Call(tunnel.VXLANGBPTunnel, {"vni": 1, **TEP}),
    "tunnel.VXLANGPETunnel": Call(tunnel.VXLANGPETunnel, {"vni": 1, **TEP}),
    "tunnel.GeneveTunnel": Call(tunnel.GeneveTunnel, {"vni": 1, **TEP}),
    "tunnel.NVGRETunnel": Call(tunnel.NVGRETunnel, {"vsid": 5000, **TEP}),
    "tunnel.STTTunnel": Call(tunnel.STTTunnel, {"context_id": 1, **TEP}),
    "tunnel.STTTunnel.segments": Call(tunnel.STTTunnel(context_id=1, **TEP).segments, {"frame": INSIDE, "mtu": 1500}),
    "tunnel.STTTunnel.receive": Call(tunnel.STTTunnel(context_id=1, **TEP).receive, {"data": DATA}),
    "tunnel.STTTunnel.encapsulate": Call(tunnel.STTTunnel(context_id=1, **TEP).encapsulate, {"frame": INSIDE}),
    "tunnel.Tunnel.encapsulate": Call(tunnel.VXLANTunnel(vni=1, **TEP).encapsulate, {"frame": INSIDE}),
    "tunnel.Tunnel.excess_octets": Call(
        tunnel.VXLANTunnel(vni=1, **TEP).excess_octets, {"frame": INSIDE, "path_mtu": 1500}
    ),
    "tunnel.Tunnel.inner_mtu": Call(tunnel.VXLANTunnel(vni=1, **TEP).inner_mtu, {"path_mtu": 1500}),
    "tunnel.Tunnel.replace": Call(tunnel.VXLANTunnel(vni=1, **TEP).replace, {"changes": {"vni": 5, "ttl": 5}}),
    "tunnel.Tunnel.too_big": Call(tunnel.VXLANTunnel(vni=1, **TEP).too_big, {"frame": LONG, "path_mtu": 1500}),
    "tunnel.Receiving": Call(tunnel.VXLANTunnel, {"vni": 1, **TEP, "link": LINK, "priorities": tunnel.CLASS_SELECTORS}),
    "tunnel.Receiving.receive": Call(tunnel.VXLANTunnel(vni=1, **TEP).receive, {"data": DATA}),
    "tunnel.Receiving.told_mtu": Call(tunnel.VXLANTunnel(vni=1, **TEP).told_mtu, {"data": DATA}),
    "tunnel.UDPTunnel.payload": Call(tunnel.VXLANTunnel(vni=1, **TEP).payload, {"frame": INSIDE}),
    "tunnel.UDPTunnel.source_port": Call(tunnel.VXLANTunnel(vni=1, **TEP).source_port, {"frame": INSIDE}),
    "tunnel.UDPTunnel.traffic_class": Call(tunnel.VXLANTunnel(vni=1, **TEP).traffic_class, {"frame": INSIDE}),
    "tunnel.UDPTunnel.from_payload": Call(tunnel.VXLANTunnel(vni=1, **TEP).from_payload, {"data": DATA[42:]}),
    "tunnel.Reception": Call(tunnel.Reception, {}),
    "tunnel.Priorities": Call(tunnel.Priorities, {"dscp": (0,) * 8, "pcp": (0,) * 64}),
    "icmp_errors.Extension": Call(icmp_errors.Extension, {"class_num": 1, "c_type": 1}),
    "icmp_errors.extensions": Call(icmp_errors.extensions, {"packet": PACKET}),
    "icmp_errors.silence": Call(icmp_errors.silence, {"packet": LONG}),
    "icmp_errors.too_big": Call(icmp_errors.too_big, {"packet": LONG, "mtu": 1400}),
    "icmp_errors.time_exceeded": Call(icmp_errors.time_exceeded, {"packet": LONG}),
    "icmp_errors.unreachable": Call(icmp_errors.unreachable, {"packet": LONG}),
    "tunnel.decapsulate": Call(tunnel.decapsulate, {"data": DATA}),
    "tunnel.decapsulate_all": Call(tunnel.decapsulate_all, {"data": DATA}),
    "tunnel.decapsulated": Call(
        lambda frame, diffserv="pipe", catalog=oc.DEFAULT: tunnel.decapsulated(
            frame, diffserv=diffserv, catalog=catalog
        ),
        {"frame": reassembly.STTReassembler().feed(STT)},
    ),
    "tunnel.egress_ecn": Call(tunnel.egress_ecn, {"inner": 0, "outer": 0}),
    "tunnel.ingress_ecn": Call(tunnel.ingress_ecn, {"inner": 0}),
    "tunnel.flow_hash": Call(tunnel.flow_hash, {"packet": PACKET}),
    "tunnel.flow_octets": Call(tunnel.flow_octets, {"packet": PACKET}),
    "tunnel.flow_port": Call(tunnel.flow_port, {"packet": PACKET}),
    "tunnel.group_mac": Call(tunnel.group_mac, {"group": IPv4Address("239.1.1.1")}),
    "tunnel.overhead_octets": Call(tunnel.overhead_octets, {"of": PACKET}),
    # offloads
    "offload.finish_checksum": Call(offload.finish_checksum, {"frame": bytes(60), "start": 34, "offset": 16}),
    "offload.segment": Call(offload.segment, {"frame": LARGE, "size": 100}),
    "offload.coalesce": Call(offload.coalesce, {"frames": offload.segment(LARGE, 100)}),
    "offload.coalesce of": Call(lambda frame: offload.coalesce([frame]), {"frame": LARGE}),
    "offload.from_kernel": Call(offload.from_kernel, {"data": offload.to_kernel(LARGE)}),
    "offload.kernel_writes": Call(offload.kernel_writes, {"frame": LARGE}),
    "offload.to_kernel": Call(offload.to_kernel, {"frame": offload.coalesce(offload.segment(LARGE, 100))[0]}),
    "offload.Coalesced": Call(
        lambda frame=LARGE, count=3, size=100, fixed=(): offload.to_kernel(offload.Coalesced(frame, count, size, fixed))
    ),
    # reassembly, telemetry, comparison, strategies
    "reassembly.fragment": Call(reassembly.fragment, {"packet": PACKET, "mtu": 1500}),
    "reassembly.segment_stt": Call(reassembly.segment_stt, {"packet": STT, "mtu": 1500}),
    "reassembly.FragmentReassembler": Call(reassembly.FragmentReassembler),
    "reassembly.FragmentReassembler.feed": Call(
        lambda packet, time_ns=None, context=None: reassembly.FragmentReassembler().feed(
            packet, time_ns=time_ns, context=context
        ),
        {"packet": PACKET.replace(oc.IPv4, more_fragments=True, dont_fragment=False)},
    ),
    "reassembly.STTReassembler": Call(reassembly.STTReassembler),
    "reassembly.STTReassembler.feed": Call(
        lambda packet, time_ns=None: reassembly.STTReassembler().feed(packet, time_ns=time_ns), {"packet": STT}
    ),
    "telemetry.INTHop": Call(lambda node_id=1: telemetry.with_hops(INT, [telemetry.INTHop(node_id=node_id)])),
    "telemetry.hops": Call(telemetry.hops, {"record": INT}),
    "telemetry.with_hops": Call(telemetry.with_hops, {"record": INT, "found": [telemetry.INTHop(node_id=1)]}),
    "refused_guesses": Call(oc.refused_guesses, {"packet": PACKET}),
    "Pipeline.from_text": Call(oc.Pipeline.from_text, {"text": "ipv4/udp"}),
    "Pipeline.unpack": Call(oc.Pipeline(oc.Ethernet).unpack, {"data": bytes(14)}),
    "Pipeline.diagram": Call(oc.Pipeline(oc.Ethernet).diagram),
    "Pipeline.matches": Call(oc.Pipeline(oc.Ethernet).matches, {"packet": PACKET}),
    "Pipeline.build": Call(oc.Pipeline(oc.VXLAN).build, {"headers": {"vxlan": {"vni": 1}}}),
    "Capture.interface": Call(oc.open_capture(CAPTURE).interface, {"number": 0}),
    "strategies.headers": Call(strategies.headers, DRAWN),
    "strategies.packets": Call(strategies.packets, STACKS),
    "strategies.frames": Call(strategies.frames),
    "strategies.captures": Call(strategies.captures),
    "strategies.malformed_bytes": Call(strategies.malformed_bytes),
}
"""A call that works, for each public function, method and constructor."""

DECLARED: Final = "what a declaration says: `check_fact` and `check_key` test it when the class is declared"
GIVEN: Final = "the library makes it; a caller reads it"
LEFT_OUT: Final[dict[str, str]] = {
    **dict.fromkeys(
        ["Bits", "ByteOrder", "Checksum", "Const", "ConstructField", "CountedBy", "Elements", "FinalDestination",
         "FragmentOffset", "JumboLength", "LengthField", "MinOctets", "MoreFragments", "Octets", "PadTo", "Peek",
         "PreviousHeader", "Reserved", "Rest", "Selects", "SetIfAny", "SizedBy", "StackEnd", "Unless", "Unparsed",
         "ValueNames", "When", "Within", "Key", "KeySpace", "Header", "Element"], DECLARED),
    **dict.fromkeys(["Block", "Capture", "ChecksumStatus", "Finding", "FlowKey", "Frames", "Interface", "Split"],
        GIVEN),
    **dict.fromkeys(
        ["tunnel.Decapsulated", "tunnel.Received", "tunnel.Refusal", "tunnel.ECNOutcome", "tunnel.STTFrame",
         "tunnel.STTReassembler"], GIVEN),
    **dict.fromkeys(
        ["tunnel.STTReassembler.feed", "tunnel.segment_stt", "reassembly.STTFrame"],
        "named in `reassembly` too, where it has its call, or made by the library"),
    "Receiver": "a type",
    "Capture.record_blocks": "blocks of records, for the library's own readers",
    "Catalog.flags_asked": "for the library's own encoders",
    "Catalog.keys_by_class": "for the library's own encoders",
    "Catalog.late_candidates": "for the library's own decoders",
    "Catalog.class_called": "for the library's own readers of documents",
    **dict.fromkeys(["FCS.moved", "FCS.is_crc", "Trailer.moved"], "for the library's own edits"),
    "Catalog.layout": "for the library's own decoders",
    "trailers.DeclaredTrailer": GIVEN,
    "Catalog.finds": "for the library's own encoders",
    "OriginalSource": DECLARED,
    "RefusedGuess": GIVEN,
    "strategies.StackOptions": "a type",
    **dict.fromkeys(["strategies.MalformedBytes", "strategies.MalformedBytes.labelled"], GIVEN),
    "Pipeline.stacks": "for the library's own strategies",
    "Pipeline.needs_steps": "for the library's own columns",
    "Pipeline.check_encodable": "for the library's own columns",
    **dict.fromkeys(["Pipeline.places", "Pipeline.chosen", "Pipeline.start"], "for the library's own constructs"),
}  # fmt: skip
"""Public names without a call of their own, and why."""


def public_names() -> Iterator[str]:
    """Every public function, class and method, but the headers and elements, which have a test of their own."""
    modules: dict[str, Any] = {
        "": oc,
        "vlan.": vlan,
        "icmp_errors.": icmp_errors,
        "tunnel.": tunnel,
        "reassembly.": reassembly,
        "telemetry.": telemetry,
        "trailers.": trailers,
        "offload.": offload,
    }
    modules |= {"strategies.": strategies}
    for prefix, module in modules.items():
        for name in module.__all__:
            value = getattr(module, name)
            if isinstance(value, FunctionType):
                yield prefix + name
            elif isinstance(value, type) and not issubclass(value, Exception | oc.Header | oc.Element | Enum):
                if not value.__module__.startswith("overlaycodec") or name.endswith("Like"):
                    continue
                yield prefix + name
                for method, function in vars(value).items():
                    plain = getattr(function, "__func__", function)
                    takes = isinstance(plain, FunctionType) and len(inspect.signature(plain).parameters) > 1
                    if takes and not method.startswith("_"):
                        yield f"{prefix}{name}.{method}"


def test_every_public_function_has_a_call() -> None:
    without = [name for name in public_names() if name not in CALLS and name not in LEFT_OUT]
    assert without == []


def raised_by_the_library(error: BaseException) -> bool:
    """Whether a line of the library says `raise`, or Python refuses the call itself, such as a wrong keyword."""
    frames: list[TracebackType] = []
    trace = error.__traceback__
    while trace is not None:
        frames.append(trace)
        trace = trace.tb_next
    last = frames[-1]
    line = linecache.getline(last.tb_frame.f_code.co_filename, last.tb_lineno).strip()
    if line.startswith("raise") and last.tb_frame.f_code.co_filename.startswith((SOURCES, "<overlaycodec")):
        return True
    text = str(error).lower()
    return any(words in text for words in ("argument", "unsupported operand", "unhashable", "has no field"))


@pytest.mark.parametrize("name", CALLS)
def test_junk_gives_a_value_or_a_sentence(name: str) -> None:
    call = CALLS[name]
    call({})
    wrong = []
    for label, junk in JUNK.items():
        for parameter, changes in call.changes(junk):
            try:
                call(changes)
            except OSError:
                assert parameter in ("source", "target", "a", "b")
            except (oc.CodecError, TypeError, ValueError, IndexError) as error:
                if not raised_by_the_library(error) or not str(error):
                    wrong.append((parameter, label, f"{type(error).__name__}: {str(error)[:100]}"))
            except Exception as error:
                wrong.append((parameter, label, f"{type(error).__name__}: {str(error)[:100]}"))
    assert not wrong


# --- headers and elements ---------------------------------------------------------------------------------------------

RECORDS: Final = tuple(
    dict.fromkeys(
        record
        for header in oc.DEFAULT.headers
        for record in (header, *(element for field in header.__layout__.fields for element in field.elements))
    )
)
VALUES: Final = (int, bool, bytes, tuple, oc.MACAddress, IPv4Address, IPv6Address, type(None), type(oc.AUTO))
"""What fields hold; no class derived from these."""


def is_a_sentence(error: Exception, name: str) -> bool:
    """Whether the library raised the error, with the name of the record, and it can be shown, stored and compared."""
    same = not isinstance(error, oc.CodecError) or pickle.loads(pickle.dumps(error)) == error
    return raised_by_the_library(error) and name in str(error) and bool(repr(error)) and same


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.__name__)
def test_junk_in_a_field_is_a_value_or_a_sentence(record: Any) -> None:
    kinds = {"int": 0, "bool": False, "mac": "02:00:00:00:00:01", "ipv4": "10.0.0.1", "ipv6": "::1", "items": ()}
    required = {
        one.name: kinds.get(one.kind, bytes(one.octets or 0))
        for one in record.__layout__.fields
        if one.default is REQUIRED
    }
    wrong: list[tuple[str, str]] = []
    for name in record.__layout__.by_name:
        for label, junk in JUNK.items():
            try:
                value = getattr(record(**required | {name: junk}), name)
            except (oc.CodecError, TypeError, ValueError) as error:
                wrong += [(name, label)] * (not is_a_sentence(error, record.__layout__.name))
            else:
                assert type(value) in VALUES, (name, label)
                assert getattr(value, "scope_id", None) is None, (name, label)
    assert not wrong
    with pytest.raises(TypeError, match="nonsense"):
        record(**required, nonsense=1)


SIX: Final = oc.resolve(oc.IPv6(src="::1", dst="::2", next_header=59) / b"")
ARP: Final = oc.ARP(
    operation=1,
    sender_hardware=LINK.src,
    sender_protocol="10.0.0.1",
    target_hardware=LINK.dst,
    target_protocol="10.0.0.2",
)
MORE_THAN_AN_ADDRESS: Final = {
    "text with a scope id": "fe80::1%eth0",
    "a scope id": ip_address("fe80::1%eth0"),
    "an IPv6 prefix": ip_interface("fd00::1/64"),
    "an IPv4 prefix": ip_interface("10.0.0.1/24"),
}
TAKERS: Final[dict[str, tuple[int, Callable[[Any], object]]]] = {
    "IPv4": (4, lambda address: oc.IPv4(src=address, dst="10.0.0.1")),
    "IPv6": (6, lambda address: oc.IPv6(src=address, dst="::1")),
    "header.replace": (6, lambda address: oc.IPv6(src="::1", dst="::1").replace(dst=address)),
    "an element": (6, lambda address: oc.SRv6Segment(address=address)),
    "an option": (4, lambda address: oc.IPv4RouteAddress(address=address)),
    "ARP": (4, lambda address: oc.resolve(ARP.replace(sender_protocol=address))),
    "packet.replace": (4, lambda address: PACKET.replace(oc.IPv4, src=address)),
    "packet.replace_at": (4, lambda address: PACKET.replace_at("inner.ipv4.src", address)),
    "encode_columns": (4, lambda address: oc.encode_columns(PACKET, {"inner.ipv4.src": [address]})),
    "encode_columns, IPv6": (6, lambda address: oc.encode_columns(SIX, {"ipv6.src": ["::1"] * 20 + [address]})),
    "an endpoint": (4, lambda address: tunnel.VXLANTunnel(vni=1, src=address, dst="10.0.0.2")),
    "an endpoint, IPv6": (6, lambda address: tunnel.GeneveTunnel(vni=1, src=address, dst="fd00::2")),
    "endpoint.replace": (6, lambda address: tunnel.GeneveTunnel(vni=1, src="::1", dst="::2").replace(dst=address)),
}


@pytest.mark.parametrize("taker", TAKERS)
@pytest.mark.parametrize("label", MORE_THAN_AN_ADDRESS)
def test_what_no_octets_hold_is_refused(label: str, taker: str) -> None:
    """A scope id has a meaning within one node alone (RFC 4007 section 11); a prefix is no part of an address."""
    address: Any = MORE_THAN_AN_ADDRESS[label]
    version, take = TAKERS[taker]
    if getattr(address, "version", 6) != version:
        return
    with pytest.raises(oc.FieldRangeError, match=r"bits, which hold no (scope id|prefix)"):
        take(address)


def test_a_huge_number_has_a_message() -> None:
    for number in (10**5000, -(10**5000)):
        with pytest.raises(
            oc.FieldRangeError, match=r"vni = a (negative )?number of 16610 bits is not in 0\.\.16777215"
        ):
            oc.VXLAN(vni=number)
        with pytest.raises(ValueError, match="number of 16610 bits"):
            oc.MACAddress(number)
        with pytest.raises(oc.MissingHeaderError, match="number of 16610 bits"):
            PACKET[oc.VXLAN, number]
        with pytest.raises(oc.FieldRangeError, match="number of 16610 bits"):
            oc.encode_columns(PACKET, {"vxlan.vni": [number]})


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: oc.Packet((1, 2)), r"headers\[0\] is a Header, not int"),  # type: ignore[arg-type]
        (lambda: PACKET.at(None), "path takes a str, not NoneType"),  # type: ignore[arg-type]
        (lambda: oc.decode(DATA, wire_length=-1), "wire_length is 0 or more, not -1"),
        (lambda: oc.decode(DATA, fcs_octets=-1), "an FCS has 1 octet or more, not -1"),
        (lambda: PACKET[0], "the key is a header class, one and a number .* or a path .*, not int"),  # type: ignore[call-overload]
        (lambda: oc.fill(DATA), r"packet takes a Packet, not bytes: .*overlaycodec\.decode"),  # type: ignore[arg-type]
        (lambda: oc.decode(DATA, catalog=None), "catalog takes a Catalog, not NoneType"),  # type: ignore[arg-type]
    ],
)
def test_an_error_names_the_argument_and_what_it_takes(call: Callable[[], object], message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        call()


def test_a_packet_of_a_list_is_the_packet_that_is_decoded() -> None:
    packet = oc.Packet(list(PACKET.headers), bytearray(PACKET.payload), list(PACKET.trailers))  # type: ignore[arg-type]
    assert packet == PACKET == oc.decode(oc.encode(packet))
    assert hash(packet) == hash(PACKET)
