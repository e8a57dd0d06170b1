"""What is outside an edit follows it: a tag inside a tunnel is in every length and checksum of what carries it."""

from __future__ import annotations

from typing import Final

import pytest

import overlaycodec as oc
from overlaycodec import vlan

LINK: Final = oc.Ethernet(dst="02:00:00:00:00:02", src="02:00:00:00:00:01")
IPV4: Final = LINK / oc.IPv4(src="10.0.0.1", dst="10.0.0.2")
IPV6: Final = LINK / oc.IPv6(src="fd00::1", dst="fd00::2")
ALERT: Final = oc.IPv6HopByHop(options=(oc.IPv6RouterAlertOption(value=0),))
VXLAN: Final = oc.UDP(src_port=50000) / oc.VXLAN(vni=7)
OUTSIDE: Final = {
    "IPv4": IPV4 / VXLAN,
    "IPv4 with options": LINK / oc.IPv4(src="10.0.0.1", dst="10.0.0.2", options_rest=b"\x01" * 4) / VXLAN,
    "IPv6": IPV6 / VXLAN,
    "hop-by-hop options": IPV6 / ALERT / VXLAN,
    "destination options": IPV6 / oc.IPv6DestinationOptions() / VXLAN,
    "two kinds of options": IPV6 / ALERT / oc.IPv6DestinationOptions() / VXLAN,
    "GRE with a checksum": IPV4 / oc.GRE(checksum_present=True),
    "GRE in IPv6": IPV6 / ALERT / oc.GRE(),
    "a tunnel in a tunnel": IPV6 / ALERT / VXLAN / IPV6 / ALERT / VXLAN,
}


@pytest.mark.parametrize("size", [0, 1, 200])
@pytest.mark.parametrize("outside", OUTSIDE)
def test_a_tag_inside_a_tunnel_is_in_all_lengths_and_checksums(outside: str, size: int) -> None:
    inner = oc.IPv4(src="192.168.0.1", dst="192.168.0.2") / oc.UDP(src_port=1, dst_port=2) / bytes(range(size))
    before = oc.decode(oc.encode(OUTSIDE[outside] / (LINK / inner)))
    wanted = oc.encode(OUTSIDE[outside] / (LINK / (oc.VLANTag(vid=9) / inner)))
    pushed = vlan.push(before, vid=9, scope="innermost")
    assert oc.encode(pushed).hex() == wanted.hex()
    assert vlan.pop(oc.decode(wanted), scope="innermost") == before
