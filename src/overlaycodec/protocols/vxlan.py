"""VXLAN and its group-policy and generic-protocol dialects. Which dialect a port speaks is a binding, not a guess."""

from typing import Annotated, Final

from overlaycodec.packet.header import Header
from overlaycodec.schema.facts import Bits, Const, Reserved, Selects
from overlaycodec.schema.keys import Peek
from overlaycodec.schema.keyspaces import ETHERTYPE, GPE_PROTOCOL, UDP_PORT
from overlaycodec.schema.signs import Pattern, SensibleContent
from overlaycodec.values import AUTO

_FRAME: Final = ETHERTYPE(0x6558)
_VNI_VALID: Final = Pattern("I flag", ((Peek(4, 1, 1),),))
_RESERVED: Final = Pattern(
    "reserved bits",
    (
        (Peek(0, 4, 0), Peek(5, 3, 0), Peek(8, 24, 0), Peek(56, 8, 0)),
        # those that its dialects use, which a catalog may read as reserved
        (Peek(0, 4, 8), Peek(5, 3, 0), Peek(8, 1, 0), Peek(10, 2, 0), Peek(13, 3, 0), Peek(56, 8, 0)),
        (Peek(0, 4, 0), Peek(5, 3, 0), Peek(8, 24, 0x200000)),
        (Peek(0, 4, 0), Peek(5, 1, 1), Peek(8, 16, 0), Peek(24, 5, 0), Peek(56, 8, 0)),
    ),
)


class VXLAN(
    Header,
    spec="RFC 7348 section 5",
    keys=(UDP_PORT(4789).as_guess(), UDP_PORT(8472).as_guess()),
    carries=_FRAME,
    signs=(_VNI_VALID, _RESERVED, SensibleContent()),
    tunnel=True,
    unchecked=True,
):
    """Virtual eXtensible Local Area Network."""

    reserved_flags0: Annotated[int, Reserved(4)] = 0
    vni_valid: Annotated[bool, Bits(1), "I"] = True
    reserved_flags1: Annotated[int, Reserved(3)] = 0
    reserved1: Annotated[int, Reserved(24)] = 0
    vni: Annotated[int, Bits(24), "VXLAN Network Identifier"]
    reserved2: Annotated[int, Reserved(8)] = 0


class VXLANGBP(
    Header,
    spec="draft-smith-vxlan-group-policy-05 section 2.1",
    path="vxlan_gbp",
    keys=(UDP_PORT(4789).as_fallback(),),
    carries=_FRAME,
    tunnel=True,
    unchecked=True,
):
    """VXLAN with a group policy."""

    group_policy: Annotated[bool, Bits(1), "G: the group policy ID is valid"] = True
    reserved_flags0: Annotated[int, Reserved(3)] = 0
    vni_valid: Annotated[bool, Bits(1), "I"] = True
    reserved_flags1: Annotated[int, Reserved(3)] = 0
    reserved_flags2: Annotated[int, Reserved(1)] = 0
    dont_learn: Annotated[bool, Bits(1), "D"] = False
    reserved_flags3: Annotated[int, Reserved(2)] = 0
    policy_applied: Annotated[bool, Bits(1), "A"] = False
    reserved_flags4: Annotated[int, Reserved(3)] = 0
    group_policy_id: Annotated[int, Bits(16), "Group of the sender"] = 0
    vni: Annotated[int, Bits(24), "VXLAN Network Identifier"]
    reserved1: Annotated[int, Reserved(8)] = 0


class VXLANGPE(
    Header,
    spec="draft-ietf-nvo3-vxlan-gpe-13 section 3",
    path="vxlan_gpe",
    keys=(UDP_PORT(4790).as_guess(),),
    carries=_FRAME,
    signs=(
        _VNI_VALID,
        Pattern("version", ((Peek(0, 4, 0),),)),
        Pattern("reserved bits", ((Peek(8, 16, 0), Peek(56, 8, 0)),)),
        SensibleContent(),
    ),
    tunnel=True,
    unchecked=True,
):
    """VXLAN with any payload; without P it is an Ethernet frame."""

    reserved_flags0: Annotated[int, Reserved(2)] = 0
    version: Annotated[int, Bits(2), Const(0), "Version"] = 0
    vni_valid: Annotated[bool, Bits(1), "I"] = True
    next_protocol_present: Annotated[bool, Bits(1), "P"] = True
    bum: Annotated[bool, Bits(1), "B: broadcast, unknown unicast or multicast"] = False
    oam: Annotated[bool, Bits(1), "O"] = False
    reserved1: Annotated[int, Reserved(16)] = 0
    next_protocol: Annotated[int, Bits(8), Selects(GPE_PROTOCOL, when="next_protocol_present"), "What follows"] = AUTO
    vni: Annotated[int, Bits(24), "VXLAN Network Identifier"]
    reserved2: Annotated[int, Reserved(8)] = 0


class VXLANRCO(
    Header,
    spec="draft-herbert-vxlan-rco-00 section 2",
    path="vxlan_rco",
    keys=(UDP_PORT(4789).as_fallback(),),
    carries=_FRAME,
    tunnel=True,
    unchecked=True,
):
    """VXLAN with remote checksum offload, as Linux speaks it: an inner checksum is left for the receiver to finish."""

    reserved_flags0: Annotated[int, Reserved(4)] = 0
    vni_valid: Annotated[bool, Bits(1), "I"] = True
    reserved_flags1: Annotated[int, Reserved(5)] = 0
    remote_checksum: Annotated[bool, Bits(1), "C: the last octet says which checksum"] = True
    reserved1: Annotated[int, Reserved(21)] = 0
    vni: Annotated[int, Bits(24), "VXLAN Network Identifier"]
    checksum_is_udp: Annotated[bool, Bits(1), "O: the checksum is UDP's, else TCP's"] = False
    checksum_start: Annotated[int, Bits(7), "Where it starts to sum, in units of 2 octets of the inner frame"] = 0
