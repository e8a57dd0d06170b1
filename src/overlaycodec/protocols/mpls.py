"""MPLS label stack entries. What follows the last one is found by its label, or by its own first four bits."""

from typing import Annotated, Final

from overlaycodec.packet.header import Header
from overlaycodec.schema.facts import Bits, Const, Reserved, Selects, StackEnd, ValueNames
from overlaycodec.schema.keyspaces import ETHERTYPE, IP_PROTOCOL, MPLS_LABEL, NSH_PROTOCOL, PPP_PROTOCOL, UDP_PORT
from overlaycodec.values import AUTO

_SPECIAL: Final = ValueNames({
    0: "IPv4 explicit null", 1: "router alert", 2: "IPv6 explicit null", 3: "implicit null",
    7: "entropy label indicator", 13: "generic associated channel", 14: "OAM alert", 15: "extension",
})  # fmt: skip
"""IANA's special-purpose labels. Behind the entropy label indicator is the entropy label, a hash of the flow."""


class MPLS(
    Header,
    spec="RFC 3032 section 2.1, RFC 4023, RFC 6790 section 4, RFC 7510",
    keys=(
        ETHERTYPE(0x8847),
        ETHERTYPE(0x8848),
        UDP_PORT(6635),
        IP_PROTOCOL(137),
        PPP_PROTOCOL(0x0281),
        NSH_PROTOCOL(5),
    ),
):
    """One label of a stack."""

    label: Annotated[int, Bits(20), Selects(MPLS_LABEL), _SPECIAL, "Label"]
    traffic_class: Annotated[int, Bits(3), "Traffic class (RFC 5462)"] = 0
    bottom_of_stack: Annotated[bool, Bits(1), StackEnd(), "Whether this is the last label"] = AUTO
    ttl: Annotated[int, Bits(8), "Time to live"] = 64


class PseudowireControlWord(
    Header,
    spec="RFC 4385 section 3, RFC 4448 section 4.6",
    path="pw_control_word",
    carries=ETHERTYPE(0x6558),
    tunnel=True,
):
    """The control word of an Ethernet pseudowire: found at a label by binding alone, since nothing tells it."""

    zero: Annotated[int, Bits(4), Const(0), "0: no IP packet"] = 0
    reserved: Annotated[int, Reserved(12)] = 0
    sequence: Annotated[int, Bits(16), "Sequence number; 0 where it is not used"] = 0
