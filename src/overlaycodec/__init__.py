"""Overlay-network packets: declared once, decoded and encoded, byte for byte.

>>> import overlaycodec as oc
>>> oc.encode(oc.VXLAN(vni=100)).hex()
'0800000000006400'
"""

from importlib import import_module
from typing import TYPE_CHECKING

from overlaycodec import protocols
from overlaycodec.codec.catalog import DEFAULT, Catalog
from overlaycodec.codec.field_view import FieldView
from overlaycodec.codec.packet_decoder import decode, decode_header
from overlaycodec.codec.packet_encoder import encode, resolve
from overlaycodec.errors import (
    CaptureError,
    CodecError,
    DecodeError,
    EncodeError,
    FieldRangeError,
    FieldValueError,
    FilterError,
    LengthFieldError,
    LengthOverflowError,
    MissingHeaderError,
    NestingError,
    PathError,
    SchemaError,
    TruncatedError,
    UnresolvedError,
)
from overlaycodec.packet.header import Header
from overlaycodec.packet.packet import FCS, FlowKey, Packet, Trailer
from overlaycodec.protocols.numberings import L2TP_SESSION, L2TP_SUBLAYER
from overlaycodec.schema.facts import (
    Bits,
    ByteOrder,
    Checksum,
    Const,
    ConstructField,
    CountedBy,
    Elements,
    FinalDestination,
    FragmentOffset,
    JumboLength,
    LengthField,
    MoreFragments,
    Octets,
    OriginalSource,
    PadTo,
    Reserved,
    Rest,
    Selects,
    SetIfAny,
    SizedBy,
    StackEnd,
    Unless,
    Unparsed,
    ValueNames,
    When,
)
from overlaycodec.schema.keys import Key, KeySpace, MinOctets, Peek, PreviousHeader, Within
from overlaycodec.schema.keyspaces import (
    CISCO_HDLC_PROTOCOL,
    ERSPAN_FRAME,
    ETHERTYPE,
    GPE_PROTOCOL,
    GTPU_EXTENSION,
    ICMP_TYPE,
    ICMPV6_TYPE,
    IGMP_TYPE,
    IP_PROTOCOL,
    LINK_TYPE,
    LLC_SAP,
    LOOPBACK_FAMILY,
    MPLS_LABEL,
    NSH_PROTOCOL,
    PPP_PROTOCOL,
    SLL_PROTOCOL,
    SNAP_PROTOCOL,
    TCP_PORT,
    UDP_PORT,
)
from overlaycodec.schema.record import Element
from overlaycodec.values import (
    AUTO,
    HardwareAddressLike,
    IPv4Like,
    IPv6Like,
    MACAddress,
    MACLike,
    ProtocolAddressLike,
)

__version__ = "0.1.0"

__all__ = [
    "AUTO",
    "CISCO_HDLC_PROTOCOL",
    "DEFAULT",
    "ERSPAN_FRAME",
    "ETHERTYPE",
    "FCS",
    "GPE_PROTOCOL",
    "GTPU_EXTENSION",
    "ICMPV6_TYPE",
    "ICMP_TYPE",
    "IGMP_TYPE",
    "IP_PROTOCOL",
    "L2TP_SESSION",
    "L2TP_SUBLAYER",
    "LINK_TYPE",
    "LLC_SAP",
    "LOOPBACK_FAMILY",
    "MPLS_LABEL",
    "NSH_PROTOCOL",
    "PPP_PROTOCOL",
    "SLL_PROTOCOL",
    "SNAP_PROTOCOL",
    "TCP_PORT",
    "UDP_PORT",
    "Bits",
    "Block",
    "ByteOrder",
    "Capture",
    "CaptureError",
    "Catalog",
    "Checksum",
    "ChecksumStatus",
    "CodecError",
    "Const",
    "ConstructField",
    "CountedBy",
    "DecodeError",
    "Element",
    "Elements",
    "EncodeError",
    "FieldRangeError",
    "FieldValueError",
    "FieldView",
    "Filter",
    "FilterError",
    "FinalDestination",
    "Finding",
    "FlowKey",
    "FragmentOffset",
    "Frames",
    "HardwareAddressLike",
    "Header",
    "IPv4Like",
    "IPv6Like",
    "Interface",
    "JumboLength",
    "Key",
    "KeySpace",
    "LengthField",
    "LengthFieldError",
    "LengthOverflowError",
    "MACAddress",
    "MACLike",
    "MinOctets",
    "MissingHeaderError",
    "MoreFragments",
    "NestingError",
    "Octets",
    "OriginalSource",
    "Packet",
    "PadTo",
    "PathError",
    "Peek",
    "Pipeline",
    "PreviousHeader",
    "ProtocolAddressLike",
    "Receiver",
    "Record",
    "RefusedGuess",
    "Reserved",
    "Rest",
    "SchemaError",
    "Selects",
    "SetIfAny",
    "Severity",
    "SizedBy",
    "Split",
    "StackEnd",
    "Trailer",
    "TruncatedError",
    "Unless",
    "Unparsed",
    "UnresolvedError",
    "ValueNames",
    "When",
    "Within",
    "arrow_schema",
    "batches",
    "checksums",
    "column_names",
    "columns",
    "decode",
    "decode_header",
    "decode_hex",
    "diagnose",
    "diff",
    "encode",
    "encode_columns",
    "export_schema",
    "fill",
    "from_dict",
    "from_json",
    "iter_columns",
    "json_schema",
    "open_capture",
    "refused_guesses",
    "resolve",
    "rewrite",
    "scan_polars",
    "splits",
    "wireshark_filter",
    "write_capture",
]
__all__ += protocols.__all__

if TYPE_CHECKING:
    from overlaycodec import anonymise as anonymise
    from overlaycodec import comparison as comparison
    from overlaycodec import conformance as conformance
    from overlaycodec import dialects as dialects
    from overlaycodec import fuzz as fuzz
    from overlaycodec import icmp_errors as icmp_errors
    from overlaycodec import offload as offload
    from overlaycodec import reassembly as reassembly
    from overlaycodec import reference as reference
    from overlaycodec import strategies as strategies
    from overlaycodec import telemetry as telemetry
    from overlaycodec import trailers as trailers
    from overlaycodec import tunnel as tunnel
    from overlaycodec import vlan as vlan
    from overlaycodec.capture import (
        Block,
        Capture,
        Frames,
        Interface,
        Record,
        Split,
        open_capture,
        splits,
        write_capture,
    )
    from overlaycodec.columnar import (
        arrow_schema,
        batches,
        column_names,
        columns,
        encode_columns,
        iter_columns,
        scan_polars,
    )
    from overlaycodec.comparison import diff
    from overlaycodec.editing.by_difference import rewrite
    from overlaycodec.editing.checksum_status import ChecksumStatus, checksums
    from overlaycodec.editing.fill import fill
    from overlaycodec.editing.refused_guesses import RefusedGuess, refused_guesses
    from overlaycodec.filters.filter import Filter
    from overlaycodec.filters.wireshark import wireshark_filter
    from overlaycodec.findings import Finding, Receiver, Severity, diagnose
    from overlaycodec.interchange.decode_hex import decode_hex
    from overlaycodec.interchange.documents import from_dict, from_json
    from overlaycodec.interchange.export_schema import export_schema
    from overlaycodec.interchange.json_schema import json_schema
    from overlaycodec.pipelines.pipeline import Pipeline
    from overlaycodec.protocols.index import *  # noqa: F403 - every header and element, named in its `__all__`
else:
    _SUBMODULES = (
        "anonymise",
        "comparison",
        "conformance",
        "dialects",
        "fuzz",
        "icmp_errors",
        "offload",
        "reassembly",
        "reference",
        "strategies",
        "telemetry",
        "trailers",
        "tunnel",
        "vlan",
    )
    _LATE = {
        "capture": "Block Capture Frames Interface Record Split open_capture splits write_capture",
        "columnar": "arrow_schema batches column_names columns encode_columns iter_columns scan_polars",
        "comparison": "diff",
        "editing.by_difference": "rewrite",
        "editing.checksum_status": "ChecksumStatus checksums",
        "editing.fill": "fill",
        "editing.refused_guesses": "RefusedGuess refused_guesses",
        "filters.filter": "Filter",
        "filters.wireshark": "wireshark_filter",
        "findings": "Finding Receiver Severity diagnose",
        "interchange.decode_hex": "decode_hex",
        "interchange.documents": "from_dict from_json",
        "interchange.export_schema": "export_schema",
        "interchange.json_schema": "json_schema",
        "pipelines.pipeline": "Pipeline",
    }
    _HOME_OF = {name: home for home, names in _LATE.items() for name in names.split()}
    _HOMES = frozenset(home.partition(".")[0] for home in _LATE)
    _PROTOCOLS = frozenset(protocols.__all__)

    def __getattr__(name):
        """Headers and elements, and what not everyone needs: imported when they are asked for."""
        if name in _PROTOCOLS:
            value = getattr(protocols, name)
        elif name in _HOME_OF:
            value = getattr(import_module(f"overlaycodec.{_HOME_OF[name]}"), name)
        elif name in _SUBMODULES or name in _HOMES:
            try:
                return import_module(f"overlaycodec.{name}")
            except ModuleNotFoundError as error:  # an optional dependency; the error says which
                raise AttributeError(str(error)) from error
        else:
            raise AttributeError(f"module 'overlaycodec' has no attribute {name!r}")
        globals()[name] = value
        return value

    def __dir__():
        """The public names and the documented submodules."""
        return sorted({*__all__, *_SUBMODULES, *(name for name in globals() if name[:2] == name[-2:] == "__")})
