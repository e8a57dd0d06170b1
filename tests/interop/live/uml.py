"""A whole Linux kernel as one process (user-mode Linux), with what this machine's own kernel may lack.

Strategy: its Ethernet cards are UNIX sockets, so it needs no rights. `vec0` is its end of the underlay, `vec1` is
tied to whatever device is under test: a frame that we send to `vec1` leaves by that device, what that device gives up
comes out of `vec1`. Nothing in between looks into the frames.
"""

from __future__ import annotations

import os
import select
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from tests.interop.live import machine
from tests.interop.live.machine import PATIENCE, Silent, Unavailable
from tests.interop.live.peer import Peer
from tests.interop.live.ports import DatagramPort
from tests.interop.live.underlay import HERE, PEER

MODULES: Final = Path("/usr/lib/uml/modules")
TIED: Final = "vec1"
MTU: Final = 9000

_DONE: Final = b"@@done "
_OURS: Final = ("ipv6", "geneve", "8021q", "bridge", "ip_gre", "vxlan", "veth")
_ACTIONS: Final = ("sch_ingress", "cls_matchall", "cls_flower", "act_mirred", "act_tunnel_key", "act_vlan", "act_gact")


class UserModeLinux(Peer):
    """The kernel, up, with the underlay's addresses on `vec0`."""

    def __init__(self) -> None:
        machine.need("linux.uml", "ip", "tc", "bridge", "insmod", "ethtool")
        if not MODULES.is_dir():
            raise Unavailable(f"no {MODULES} here (Debian: apt-get install user-mode-linux)")
        with ExitStack() as stack:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="overlaycodec-uml-"))
            self.underlay, self.inside = DatagramPort(), DatagramPort()
            stack.callback(self.underlay.close)
            stack.callback(self.inside.close)
            ends = [port.peer.fileno() for port in (self.underlay, self.inside)]
            self._process = machine.start(
                [
                    "linux.uml", "mem=96M", "root=/dev/root", "rootfstype=hostfs", "rootflags=/", "ro", "quiet",
                    f"init={Path(__file__).with_name('guest.sh')}", "con0=fd:0,fd:1", "con=null", "ssl=null",
                    *(f"vec{number}:transport=fd,fd={end},depth=64,mtu={MTU}" for number, end in enumerate(ends)),
                ],
                env={"TMPDIR": folder, "HOME": folder}, stdin=-1, stdout=-1, pass_fds=ends,
            )  # fmt: skip
            stack.callback(machine.end, self._process)
            self._said = b""
            self._until(b"READY")
            self.run("load " + " ".join((*_OURS, *_ACTIONS)))
            self.run(
                # Devices without IPv6 say nothing unasked.
                "for knob in /proc/sys/net/ipv6/conf/*/disable_ipv6; do echo 1 >$knob; done",
                f"ip link set vec0 address {PEER.mac} mtu {MTU} up",
                f"ip link set {TIED} mtu {MTU} promisc on up",
                f"ip address add {PEER.ipv4}/24 dev vec0",
                # In order: offloads hold segments back, and the usual queues sort by flow or by type of service.
                *(f"ethtool -K {card} gro off gso off tso off" for card in ("vec0", TIED)),
                *(f"tc qdisc replace dev {card} root pfifo limit 1000" for card in ("vec0", TIED)),
                f"ip neighbour add {HERE.ipv4} lladdr {HERE.mac} dev vec0 nud permanent",
                "echo 0 >/proc/sys/net/ipv6/conf/vec0/disable_ipv6",
                "echo 1 >/proc/sys/net/ipv6/conf/vec0/addr_gen_mode",
                f"ip address add {PEER.ipv6}/64 dev vec0 nodad",
                f"ip neighbour add {HERE.ipv6} lladdr {HERE.mac} dev vec0 nud permanent",
            )
            self._stack = stack.pop_all()

    def run(self, *commands: str) -> str:
        """What shell commands say inside. Raises: RuntimeError where one fails."""
        assert self._process.stdin is not None
        line = " && ".join(f"{{ {command}; }}" for command in commands)
        self._process.stdin.write(line.encode() + b"; echo " + _DONE + b"$?\n")
        self._process.stdin.flush()
        said, status = self._until(_DONE)
        if status != "0":
            raise RuntimeError(f"{line}: {said.strip()} (status {status})")
        return said

    def tie(self, device: str) -> None:
        """Ties `vec1` to a device: what is sent to the one leaves by the other."""
        self.run(f"ethtool -K {device} gro off")
        for one, other in ((TIED, device), (device, TIED)):
            self.run(
                f"tc qdisc del dev {one} clsact 2>/dev/null || true",
                f"tc qdisc add dev {one} clsact",
                f"tc filter add dev {one} ingress protocol all matchall action mirred egress redirect dev {other}",
            )

    @property
    def version(self) -> str:
        """Of the kernel, as it tells it."""
        return f"user-mode Linux {self.run('uname -r').strip()}"

    def _until(self, sign: bytes) -> tuple[str, str]:
        """What was said before the sign, and the rest of its line."""
        assert self._process.stdout is not None
        end = time.monotonic() + PATIENCE
        while (at := self._said.find(sign)) < 0 or b"\n" not in self._said[at:]:
            ready, _, _ = select.select([self._process.stdout], [], [], max(0.0, end - time.monotonic()))
            octets = os.read(self._process.stdout.fileno(), 1 << 16) if ready else b""
            if not octets:
                raise Silent(f"user-mode Linux did not say {sign.decode()}: {self._said.decode(errors='replace')}")
            self._said += octets
        said, _, behind = self._said.partition(sign)
        rest, _, self._said = behind.partition(b"\n")
        return said.decode(errors="replace"), rest.decode().strip()
