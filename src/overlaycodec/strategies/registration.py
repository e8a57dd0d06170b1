"""What Hypothesis runs when it is imported: `st.from_type(VXLAN)` then draws headers as `headers(VXLAN)` does.

Strategy: Hypothesis may be imported because `overlaycodec.strategies` is, which is then not complete: nothing of it is
used before a strategy is asked for.
"""

from __future__ import annotations

from typing import TypeVar

from hypothesis import strategies as st

from overlaycodec.codec.catalog import DEFAULT
from overlaycodec.packet.header import Header
from overlaycodec.packet.packet import Packet
from overlaycodec.values import MACAddress

__all__ = ["register"]

_H = TypeVar("_H", bound=Header)


def register() -> None:
    """Registers the headers of the default catalog, packets and MAC addresses with Hypothesis.

    It is the entry point `overlaycodec` of the group `hypothesis`. For a header of your own, call
    `st.register_type_strategy(MyHeader, overlay.headers(MyHeader))`.
    """
    for cls in DEFAULT.headers:
        st.register_type_strategy(cls, _headers)
    st.register_type_strategy(Packet, _packets)
    st.register_type_strategy(MACAddress, lambda _: st.binary(min_size=6, max_size=6).map(MACAddress))


def _headers(cls: type[_H]) -> st.SearchStrategy[_H]:
    from overlaycodec.strategies import headers

    return headers(cls)


def _packets(_: type[Packet]) -> st.SearchStrategy[Packet]:
    from overlaycodec.strategies import packets

    return packets()
