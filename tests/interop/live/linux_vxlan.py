"""The VXLAN of this machine's kernel: a device in one namespace, we in another, a veth between."""

from __future__ import annotations

import platform
from contextlib import ExitStack
from typing import Final

from tests.interop.live.machine import Unavailable
from tests.interop.live.namespaces import Namespace
from tests.interop.live.peer import Peer
from tests.interop.live.ports import PacketSocket
from tests.interop.live.underlay import HERE, PEER

DEVICE: Final = "vxlan0"
DEVICE_MAC: Final = "02:aa:00:00:00:01"
VNI: Final = 100

NO_OFFLOADS: Final = ("tx", "off", "rx", "off", "tso", "off", "gso", "off", "gro", "off")
_LINK: Final = (
    f"link add here mtu 9000 address {HERE.mac} type veth peer name peer mtu 9000 address {PEER.mac} netns {{netns}}"
)


class LinuxVXLAN(Peer):
    """A VXLAN device made with the given words of `ip link add ... type vxlan`.

    `outside` is our end of the underlay, `inside` the device: what is sent there is encapsulated, what is received
    there was decapsulated.
    """

    def __init__(self, options: str = "", *, vni: int | None = VNI, version: int = 4, port: int = 4789) -> None:
        with ExitStack() as stack:
            self.namespace = stack.enter_context(Namespace())
            here = stack.enter_context(Namespace())
            underlay(here, self.namespace, version)
            try:
                self.namespace.ip(_device(options, vni, version, port))
            except RuntimeError as error:
                if "Unknown device type" in str(error) or "not supported" in str(error):
                    raise Unavailable(f"the kernel has no VXLAN ({error})") from None
                raise
            self.namespace.run("ethtool", "-K", DEVICE, *NO_OFFLOADS)
            self.namespace.ip(f"link set {DEVICE} up")
            self.outside = PacketSocket(here, "here")
            stack.callback(self.outside.close)
            self.inside = PacketSocket(self.namespace, DEVICE)
            stack.callback(self.inside.close)
            self._stack = stack.pop_all()

    @property
    def version(self) -> str:
        """Of the kernel."""
        return version_of_kernel()


def version_of_kernel() -> str:
    """Of this machine."""
    return f"Linux {platform.release()}"


def underlay(here: Namespace, peer: Namespace, version: int) -> None:
    """Joins the two namespaces, with the addresses of `HERE` and `PEER`."""
    here.ip(_LINK.format(netns=peer.path))
    for namespace, device, host, other in ((here, "here", HERE, PEER), (peer, "peer", PEER, HERE)):
        # Without its own IPv6 a device says nothing unasked; the addresses below bring IPv6 back on the veth alone.
        namespace.set("ipv6.conf.default.disable_ipv6", 1)
        namespace.set(f"ipv6.conf.{device}.disable_ipv6", int(version == 4))
        namespace.run("ethtool", "-K", device, *NO_OFFLOADS)
        namespace.ip(
            "link set lo up",
            f"address add {host.ipv4}/24 dev {device}",
            *([f"address add {host.ipv6}/64 dev {device} nodad"] if version == 6 else []),
            f"link set {device} up",
            f"neighbour replace {other.ipv4} lladdr {other.mac} dev {device} nud permanent",
            *(
                [f"neighbour replace {other.ipv6} lladdr {other.mac} dev {device} nud permanent"]
                if version == 6
                else []
            ),
        )


def _device(options: str, vni: int | None, version: int, port: int) -> str:
    words = [f"link add {DEVICE} address {DEVICE_MAC} type vxlan dstport {port}"]
    if "learning" not in options.split():
        words.append("nolearning")
    if vni is not None:
        words.append(f"id {vni}")
    if not {"external", "group"} & set(options.split()):
        words.append(
            f"local {PEER.ipv4} remote {HERE.ipv4}" if version == 4 else f"local {PEER.ipv6} remote {HERE.ipv6}"
        )
    return " ".join([*words, options])
