"""MPLS label stack entries. What follows the last one is told by its label, or guessed from its first four bits."""

from typing import Annotated

from overlaycodec.keys import ETHERTYPE, MPLS_LABEL
from overlaycodec.schema import Header
from overlaycodec.values import AUTO
from overlaycodec.wire import Bits, Selects, StackEnd


class MPLS(Header, spec="RFC 3032 section 2.1", keys=(ETHERTYPE(0x8847), ETHERTYPE(0x8848))):
    """One label of a stack."""

    label: Annotated[int, Bits(20), Selects(MPLS_LABEL), "Label"]
    traffic_class: Annotated[int, Bits(3), "Traffic class (RFC 5462)"] = 0
    bottom_of_stack: Annotated[bool, Bits(1), StackEnd(), "Whether this is the last label"] = AUTO
    ttl: Annotated[int, Bits(8), "Time to live"] = 64
