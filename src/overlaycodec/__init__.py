"""Overlay-network packets: declared once, decoded and encoded, byte for byte.

>>> import overlaycodec as oc
>>> oc.encode(oc.VXLAN(vni=100)).hex()
'0800000000006400'
"""

from typing import TYPE_CHECKING

from overlaycodec import protocols
from overlaycodec.capture import (
    Capture,
    Frames,
    Interface,
    Record,
    open_capture,
    write_capture,
)
from overlaycodec.columnar import (
    column_names,
    columns,
    encode_columns,
    scan,
)
from overlaycodec.comparison import (
    diff,
)
from overlaycodec.errors import (
    CaptureError,
    CodecError,
    DecodeError,
    EncodeError,
    FieldRangeError,
    FieldValueError,
    LengthFieldError,
    LengthOverflowError,
    MissingHeaderError,
    NestingError,
    SchemaError,
    TruncatedError,
    UnresolvedError,
)
from overlaycodec.findings import (
    Finding,
    Receiver,
    Severity,
    diagnose,
)
from overlaycodec.keys import (
    ERSPAN_FRAME,
    ETHERTYPE,
    GPE_PROTOCOL,
    GTPU_EXTENSION,
    ICMP_TYPE,
    ICMPV6_TYPE,
    IEEE802_LENGTH,
    IGMP_QUERY,
    IGMP_TYPE,
    IP_PROTOCOL,
    LINK_TYPE,
    LLC_SAP,
    LOOPBACK_FAMILY,
    MLD_QUERY,
    MPLS_LABEL,
    NSH_PROTOCOL,
    PPP_PROTOCOL,
    SLL_PROTOCOL,
    SNAP_PROTOCOL,
    STT_OFFSET,
    TCP_PORT,
    UDP_PORT,
)
from overlaycodec.packet import (
    FlowKey,
    Packet,
    Trailer,
)
from overlaycodec.pipeline import (
    DEFAULT,
    Catalog,
    Pipeline,
    decode,
    decode_header,
    encode,
    resolve,
)
from overlaycodec.protocols import *  # noqa: F403 - every header and element, named in its `__all__`
from overlaycodec.schema import (
    Element,
    Header,
)
from overlaycodec.values import (
    AUTO,
    AnyHardware,
    AnyIPv4,
    AnyIPv6,
    AnyMAC,
    AnyProtocol,
    MACAddress,
)
from overlaycodec.verify import (
    Verdict,
    checksums,
    fill,
)
from overlaycodec.views import (
    View,
)
from overlaycodec.wire import (
    AnyHas,
    AtLeast,
    Before,
    Bits,
    Bounds,
    ByteOrder,
    Checksum,
    Const,
    Counted,
    FinalDestination,
    FragmentOffset,
    Items,
    JumboLength,
    Key,
    KeySpace,
    MoreFragments,
    Names,
    Octets,
    Only,
    Pads,
    Peek,
    Remainder,
    Reserved,
    Rest,
    Selects,
    Sized,
    StackEnd,
    Unless,
    Via,
    When,
    Within,
)

__version__ = "0.1.0"

__all__ = [
    "AUTO",
    "DEFAULT",
    "ERSPAN_FRAME",
    "ETHERTYPE",
    "GPE_PROTOCOL",
    "GTPU_EXTENSION",
    "ICMPV6_TYPE",
    "ICMP_TYPE",
    "IEEE802_LENGTH",
    "IGMP_QUERY",
    "IGMP_TYPE",
    "IP_PROTOCOL",
    "LINK_TYPE",
    "LLC_SAP",
    "LOOPBACK_FAMILY",
    "MLD_QUERY",
    "MPLS_LABEL",
    "NSH_PROTOCOL",
    "PPP_PROTOCOL",
    "SLL_PROTOCOL",
    "SNAP_PROTOCOL",
    "STT_OFFSET",
    "TCP_PORT",
    "UDP_PORT",
    "AnyHardware",
    "AnyHas",
    "AnyIPv4",
    "AnyIPv6",
    "AnyMAC",
    "AnyProtocol",
    "AtLeast",
    "Before",
    "Bits",
    "Bounds",
    "ByteOrder",
    "Capture",
    "CaptureError",
    "Catalog",
    "Checksum",
    "CodecError",
    "Const",
    "Counted",
    "DecodeError",
    "Element",
    "EncodeError",
    "FieldRangeError",
    "FieldValueError",
    "FinalDestination",
    "Finding",
    "FlowKey",
    "FragmentOffset",
    "Frames",
    "Header",
    "Interface",
    "Items",
    "JumboLength",
    "Key",
    "KeySpace",
    "LengthFieldError",
    "LengthOverflowError",
    "MACAddress",
    "MissingHeaderError",
    "MoreFragments",
    "Names",
    "NestingError",
    "Octets",
    "Only",
    "Packet",
    "Pads",
    "Peek",
    "Pipeline",
    "Receiver",
    "Record",
    "Remainder",
    "Reserved",
    "Rest",
    "SchemaError",
    "Selects",
    "Severity",
    "Sized",
    "StackEnd",
    "Trailer",
    "TruncatedError",
    "Unless",
    "UnresolvedError",
    "Verdict",
    "Via",
    "View",
    "When",
    "Within",
    "checksums",
    "column_names",
    "columns",
    "decode",
    "decode_header",
    "diagnose",
    "diff",
    "encode",
    "encode_columns",
    "fill",
    "open_capture",
    "resolve",
    "scan",
    "write_capture",
]
__all__ += protocols.__all__

if TYPE_CHECKING:
    from overlaycodec import dialects as dialects
    from overlaycodec import reassembly as reassembly
    from overlaycodec import telemetry as telemetry
    from overlaycodec import tunnel as tunnel
    from overlaycodec import vlan as vlan
else:
    _LATER = ("dialects", "reassembly", "telemetry", "tunnel", "vlan")

    def __getattr__(name):
        """The modules that not everyone needs, imported when they are asked for."""
        if name in _LATER:
            from importlib import import_module

            return import_module(f"overlaycodec.{name}")
        raise AttributeError(f"module 'overlaycodec' has no attribute {name!r}")
