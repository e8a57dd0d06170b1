"""Geneve."""

from typing import TYPE_CHECKING, Annotated, Any, Final, TypeAlias

from overlaycodec.packet.header import Header
from overlaycodec.protocols.geneve_option import GeneveOption
from overlaycodec.protocols.geneve_vendors import (
    AWSAttachmentOption,
    AWSEndpointOption,
    AWSFlowCookieOption,
    CiliumDSROption,
    CiliumDSRv6Option,
    CPacketOption,
    GCPEndpointOption,
    GCPNetworkOption,
    GCPProfileOption,
    OVNOption,
    OxideExternalOption,
    OxideMSSOption,
    OxideMulticastOption,
    TencentAttachmentOption,
    TencentEndpointOption,
    TencentFlowCookieOption,
)
from overlaycodec.protocols.telemetry import INTMDOption, INTMXOption
from overlaycodec.schema.facts import Bits, Const, Elements, Reserved, Selects, SetIfAny, SizedBy, Unparsed
from overlaycodec.schema.keys import Fits, Peek
from overlaycodec.schema.keyspaces import ETHERTYPE, UDP_PORT
from overlaycodec.schema.record import Element
from overlaycodec.schema.registered import ETHERTYPES
from overlaycodec.schema.signs import Pattern, SensibleContent
from overlaycodec.values import AUTO

AnyGeneveOption: TypeAlias = (
    OVNOption
    | INTMDOption
    | INTMXOption
    | AWSEndpointOption
    | AWSAttachmentOption
    | AWSFlowCookieOption
    | OxideExternalOption
    | OxideMulticastOption
    | OxideMSSOption
    | GCPNetworkOption
    | GCPEndpointOption
    | GCPProfileOption
    | CiliumDSROption
    | CiliumDSRv6Option
    | CPacketOption
    | TencentEndpointOption
    | TencentAttachmentOption
    | TencentFlowCookieOption
    | GeneveOption
)

if TYPE_CHECKING:
    from overlaycodec.values.addresses import Accepts

    # what is read is one of these, what is given may be an option of one's own too
    _Options: TypeAlias = Accepts[tuple[AnyGeneveOption, ...], tuple[Element, ...]]
else:
    _Options = tuple[AnyGeneveOption, ...]

_NONE: Final[Any] = ()


class Geneve(
    Header,
    spec="RFC 8926 section 3.4",
    keys=(UDP_PORT(6081).as_guess(),),
    tunnel=True,
    signs=(
        Pattern("version", ((Peek(0, 2, 0),),)),
        Pattern("reserved bits", ((Peek(10, 6, 0), Peek(56, 8, 0)),)),
        Pattern("option length", ((Fits(2, 6, unit=4, base=8),),), decisive=True),
        SensibleContent(also=ETHERTYPES),
    ),
):
    """Generic Network Virtualization Encapsulation."""

    version: Annotated[int, Bits(2), Const(0), "Version"] = 0
    opt_len: Annotated[int, Bits(6), "Options in units of 4 octets"] = AUTO
    control: Annotated[bool, Bits(1), "O: a control message"] = False
    critical: Annotated[bool, Bits(1), SetIfAny("options", "type", 0x80), "C: some option is critical"] = AUTO
    reserved1: Annotated[int, Reserved(6)] = 0
    protocol_type: Annotated[int, Bits(16), Selects(ETHERTYPE), "What follows"] = AUTO
    vni: Annotated[int, Bits(24), "Virtual Network Identifier"]
    reserved2: Annotated[int, Reserved(8)] = 0
    options: Annotated[_Options, SizedBy("opt_len", unit=4), Elements(), "Options"] = _NONE
    options_rest: Annotated[bytes, Unparsed("options"), "What is no option"] = AUTO
