"""The slow protocols of IEEE 802.3: their common header, the marker of link aggregation, and a link's maintenance."""

from typing import Annotated

from overlaycodec.packet.header import Header
from overlaycodec.schema.facts import Bits, Octets, Reserved, Selects, ValueNames
from overlaycodec.schema.keyspaces import ETHERTYPE, SLOW_SUBTYPE
from overlaycodec.values import AUTO, MACLike


class SlowProtocol(Header, spec="IEEE 802.3 annex 57A", path="slow_protocol", keys=(ETHERTYPE(0x8809),)):
    """Which of the slow protocols follows: at most ten frames a second, never forwarded by bridges."""

    subtype: Annotated[int, Bits(8), Selects(SLOW_SUBTYPE), "What follows"] = AUTO


class LACPMarker(Header, spec="IEEE 802.1AX clause 6.5.3", path="lacp_marker", keys=(SLOW_SUBTYPE(2),), closed=True):
    """Asks whether all frames of a conversation have arrived, or says so."""

    version: Annotated[int, Bits(8), "Version"] = 1
    type: Annotated[int, Bits(8), ValueNames({1: "marker", 2: "response"}), "Marker or response"] = 1
    length: Annotated[int, Bits(8), "Octets of the marker"] = 16
    requester_port: Annotated[int, Bits(16), "Port of the requester"]
    requester_system: Annotated[MACLike, Octets(6), "The requester"]
    transaction_id: Annotated[int, Bits(32), "Number of the request"]
    pad: Annotated[int, Reserved(16)] = 0
    end_type: Annotated[int, Bits(8), "0: the end"] = 0
    end_length: Annotated[int, Bits(8), "0"] = 0
    rest: Annotated[bytes, Octets(90), "Zeros"] = bytes(90)


class LinkOAM(Header, spec="IEEE 802.3 clause 57.4.2", path="link_oam", keys=(SLOW_SUBTYPE(3),)):
    """Operation, administration and maintenance of a link."""

    reserved: Annotated[int, Reserved(9)] = 0
    remote_stable: Annotated[bool, Bits(1), "The remote side has been found"] = False
    remote_evaluating: Annotated[bool, Bits(1), "The remote side is being found"] = False
    local_stable: Annotated[bool, Bits(1), "The sender is content with the remote side"] = False
    local_evaluating: Annotated[bool, Bits(1), "The sender has not ended discovery"] = False
    critical_event: Annotated[bool, Bits(1), "A critical event"] = False
    dying_gasp: Annotated[bool, Bits(1), "The sender is about to fail"] = False
    link_fault: Annotated[bool, Bits(1), "The receive path of the sender is broken"] = False
    code: Annotated[
        int,
        Bits(8),
        ValueNames({0: "information", 1: "event notification", 2: "variable request", 3: "variable response"}),
        "What follows",
    ] = 0
