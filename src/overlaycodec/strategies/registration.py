"""What Hypothesis runs when it is imported: `st.from_type(VXLAN)` then draws headers as `headers(VXLAN)` does."""

from __future__ import annotations

from hypothesis import strategies as st

from overlaycodec.codec.catalog import DEFAULT
from overlaycodec.packet.packet import Packet
from overlaycodec.strategies import headers, packets
from overlaycodec.values import MACAddress

__all__ = ["register"]


def register() -> None:
    """Registers the headers of the default catalog, packets and MAC addresses with Hypothesis.

    It is the entry point `overlaycodec` of the group `hypothesis`. For a header of your own, call
    `st.register_type_strategy(MyHeader, overlay.headers(MyHeader))`.
    """
    for cls in DEFAULT.headers:
        st.register_type_strategy(cls, headers)
    st.register_type_strategy(Packet, lambda _: packets())
    st.register_type_strategy(MACAddress, lambda _: st.binary(min_size=6, max_size=6).map(MACAddress))
