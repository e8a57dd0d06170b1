"""The network service header."""

from typing import Annotated, Final, TypeAlias

from overlaycodec.packet.header import Header
from overlaycodec.schema.facts import Bits, Const, Elements, PadTo, Reserved, Selects, SizedBy, Unless, Unparsed, When
from overlaycodec.schema.keyspaces import ETHERTYPE, GPE_PROTOCOL, NSH_PROTOCOL
from overlaycodec.schema.record import Element
from overlaycodec.values import AUTO

_SIZE: Final = SizedBy("length", unit=4, bias=-8)
_TYPE_2: Final = When("md_type", values=(2,))


class NSHMetadata(Element, spec="RFC 8300 section 2.5.1", path="nsh_metadata"):
    """A fact about the packet."""

    metadata_class: Annotated[int, Bits(16), "Who defined the type"]
    type: Annotated[int, Bits(8), "Type"]
    unassigned: Annotated[int, Reserved(1)] = 0
    length: Annotated[int, Bits(7), "Octets of the metadata, padding not counted"] = AUTO
    metadata: Annotated[bytes, SizedBy("length"), "What it says"] = b""
    padding: Annotated[bytes, PadTo(4), "Up to the next 4 octets"] = AUTO


_Metadata: TypeAlias = tuple[NSHMetadata, ...] | None


class NSH(
    Header,
    spec="RFC 8300 section 2",
    keys=(ETHERTYPE(0x894F), GPE_PROTOCOL(4), NSH_PROTOCOL(4)),
    tunnel=True,
    layer="shim",
):
    """The way through service functions, and metadata."""

    version: Annotated[int, Bits(2), Const(0), "Version"] = 0
    oam: Annotated[bool, Bits(1), "O: operations, administration, maintenance"] = False
    unassigned1: Annotated[int, Reserved(1)] = 0
    ttl: Annotated[int, Bits(6), "Service functions that may still be visited"] = 63
    length: Annotated[int, Bits(6), "Header in units of 4 octets"] = AUTO
    unassigned2: Annotated[int, Reserved(4)] = 0
    md_type: Annotated[int, Bits(4), "1: fixed context; 2: metadata of any length"] = 2
    next_protocol: Annotated[int, Bits(8), Selects(NSH_PROTOCOL), "What follows"] = AUTO
    service_path: Annotated[int, Bits(24), "SPI: which way"]
    service_index: Annotated[int, Bits(8), "SI: where on the way"] = 255
    context: Annotated[bytes | None, Unless("md_type", (2,)), _SIZE, "Fixed context, 16 octets in type 1"] = AUTO
    metadata: Annotated[_Metadata, _TYPE_2, _SIZE, Elements(), "Metadata"] = AUTO
    metadata_rest: Annotated[bytes | None, _TYPE_2, Unparsed("metadata"), "What is no metadata"] = AUTO
