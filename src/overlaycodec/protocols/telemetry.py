"""In-band network telemetry: what nodes on the path write into a packet, after VXLAN-GPE or in a Geneve option."""

from typing import Annotated, Final, TypeAlias

from overlaycodec.packet.header import Header
from overlaycodec.protocols.geneve_option import CLASS, KIND, LENGTH, RESERVED
from overlaycodec.schema.facts import Bits, Const, Reserved, Selects, SizedBy, ValueNames
from overlaycodec.schema.keys import Peek
from overlaycodec.schema.keyspaces import GPE_PROTOCOL
from overlaycodec.schema.record import Element
from overlaycodec.values import AUTO

_SPEC: Final = "INT dataplane specification 2.1"
_TYPES: Final = ValueNames({1: "INT-MD", 2: "destination", 3: "INT-MX"})

_VERSION: TypeAlias = Annotated[int, Bits(4), Const(2), "Version"]
_DISCARD: TypeAlias = Annotated[bool, Bits(1), "D: the sink discards the packet when it has read this"]
_EXCEEDED: TypeAlias = Annotated[bool, Bits(1), "E: no hop was left"]
_MTU: TypeAlias = Annotated[bool, Bits(1), "M: a node had no room for its metadata"]
_HOP_ML: TypeAlias = Annotated[int, Bits(5), "What each node adds, in units of 4 octets"]
_HOPS_LEFT: TypeAlias = Annotated[int, Bits(8), "Nodes that may still add metadata"]
_INSTRUCTIONS: TypeAlias = Annotated[int, Bits(16), "Which metadata each node adds, a bit each"]
_DOMAIN: TypeAlias = Annotated[int, Bits(16), "Domain whose instructions stand beside"]
_DOMAIN_INSTRUCTION: TypeAlias = Annotated[int, Bits(16), "Which metadata the domain asks for"]
_DOMAIN_FLAGS: TypeAlias = Annotated[int, Bits(16), "Flags of the domain"]
_STACK: Final = "What the nodes added, the last one first"
_LENGTH: TypeAlias = Annotated[int, Bits(8), "What follows the first 4 octets, in units of 4"]
_WAS_VXLAN: TypeAlias = Annotated[bool, Bits(1), "G: the packet was in VXLAN, not VXLAN-GPE, before"]
_NEXT: TypeAlias = Annotated[int, Bits(8), Selects(GPE_PROTOCOL), "What follows"]


class INTMDOption(Element, spec=f"{_SPEC}, sections 5.7, 5.8", path="int_md_option"):
    """Metadata of each node, embedded in the packet."""

    option_class: Annotated[int, Bits(16), Const(0x0103), CLASS] = 0x0103
    type: Annotated[int, Bits(8), Const(1), KIND] = 1
    reserved: RESERVED = 0
    length: LENGTH = AUTO
    version: _VERSION = 2
    discard: _DISCARD = False
    hops_exceeded: _EXCEEDED = False
    mtu_exceeded: _MTU = False
    reserved1: Annotated[int, Reserved(12)] = 0
    hop_ml: _HOP_ML
    remaining_hops: _HOPS_LEFT = 0
    instructions: _INSTRUCTIONS
    domain_id: _DOMAIN = 0
    domain_instructions: _DOMAIN_INSTRUCTION = 0
    domain_flags: _DOMAIN_FLAGS = 0
    stack: Annotated[bytes, SizedBy("length", unit=4, bias=-12), _STACK] = b""


class INTMXOption(Element, spec=f"{_SPEC}, sections 5.7, 5.9", path="int_mx_option"):
    """Instructions alone: each node reports by itself."""

    option_class: Annotated[int, Bits(16), Const(0x0103), CLASS] = 0x0103
    type: Annotated[int, Bits(8), Const(3), KIND] = 3
    reserved: RESERVED = 0
    length: LENGTH = AUTO
    version: _VERSION = 2
    reserved1: Annotated[int, Reserved(28)] = 0
    instructions: _INSTRUCTIONS
    domain_id: _DOMAIN = 0
    domain_instructions: _DOMAIN_INSTRUCTION = 0
    domain_flags: _DOMAIN_FLAGS = 0
    source_metadata: Annotated[bytes, SizedBy("length", unit=4, bias=-12), "What the source added"] = b""


class INTMD(
    Header,
    spec=f"{_SPEC}, sections 5.6, 5.8",
    path="int_md",
    keys=(GPE_PROTOCOL(0x80).when(Peek(0, 4, 1), Peek(32, 4, 2)),),
    tunnel=True,
    layer="shim",
):
    """Metadata of each node, between VXLAN-GPE and what it carries."""

    type: Annotated[int, Bits(4), Const(1), _TYPES, "Type"] = 1
    reserved1: Annotated[int, Reserved(4)] = 0
    length: _LENGTH = AUTO
    was_vxlan: _WAS_VXLAN = False
    reserved2: Annotated[int, Reserved(7)] = 0
    next_protocol: _NEXT = AUTO
    version: _VERSION = 2
    discard: _DISCARD = False
    hops_exceeded: _EXCEEDED = False
    mtu_exceeded: _MTU = False
    reserved3: Annotated[int, Reserved(12)] = 0
    hop_ml: _HOP_ML
    remaining_hops: _HOPS_LEFT = 0
    instructions: _INSTRUCTIONS
    domain_id: _DOMAIN = 0
    domain_instructions: _DOMAIN_INSTRUCTION = 0
    domain_flags: _DOMAIN_FLAGS = 0
    stack: Annotated[bytes, SizedBy("length", unit=4, bias=-12), _STACK] = b""


class INTMX(
    Header,
    spec=f"{_SPEC}, sections 5.6, 5.9",
    path="int_mx",
    keys=(GPE_PROTOCOL(0x80).when(Peek(0, 4, 3), Peek(32, 4, 2)),),
    tunnel=True,
    layer="shim",
):
    """Instructions alone, between VXLAN-GPE and what it carries."""

    type: Annotated[int, Bits(4), Const(3), _TYPES, "Type"] = 3
    reserved1: Annotated[int, Reserved(4)] = 0
    length: _LENGTH = AUTO
    was_vxlan: _WAS_VXLAN = False
    reserved2: Annotated[int, Reserved(7)] = 0
    next_protocol: _NEXT = AUTO
    version: _VERSION = 2
    reserved3: Annotated[int, Reserved(28)] = 0
    instructions: _INSTRUCTIONS
    domain_id: _DOMAIN = 0
    domain_instructions: _DOMAIN_INSTRUCTION = 0
    domain_flags: _DOMAIN_FLAGS = 0
    source_metadata: Annotated[bytes, SizedBy("length", unit=4, bias=-12), "What the source added"] = b""
