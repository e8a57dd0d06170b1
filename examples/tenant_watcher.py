r"""A watcher that counts the tenants in a capture: packets, octets and flows of each network of each kind of tunnel.

It reads pcap and pcapng, from files or from a pipe, and keeps no packets in memory. The tenant is the network of the
outermost tunnel. Packets without a tunnel, fragments and damaged packets are counted too, under "no tunnel".

Namespaces: `one` and `two` are hosts with the kernel's VXLAN, and two tenants.

    for name in one two; do ip netns add $name; ip -n $name link set lo up; done
    ip -n one link add under type veth peer name under netns two
    for host in one:1 two:2; do
      ip -n ${host%:*} address add 10.77.0.${host#*:}/24 dev under
      ip -n ${host%:*} link set under up
      for vni in 7 9; do
        ip -n ${host%:*} link add vxlan$vni type vxlan id $vni dstport 4789 group 239.1.1.$vni dev under
        ip -n ${host%:*} address add 10.$vni.0.${host#*:}/24 dev vxlan$vni
        ip -n ${host%:*} link set vxlan$vni up
      done
    done

Try:

    ip netns exec one ping -q -c 20 -i 0.1 10.7.0.2 &
    ip netns exec one ping -q -c 10 -i 0.2 10.9.0.2 &
    ip netns exec two tcpdump -U -c 50 -w - -i under | python -m examples.tenant_watcher - --every 1

Each second, and at the end, the watcher prints a table like this one. The kernels add some packets of their own.

    tunnel                                network    packets       octets    flows
    vxlan                                       7         33         4862        4
    vxlan                                       9         13         1894        4
    no tunnel                                   -          4          252        0
"""

from __future__ import annotations

import argparse
import sys
import time
from typing import BinaryIO

import overlaycodec as oc
from overlaycodec import tunnel

MOST_FLOWS = 100_000
"""Of one tenant: more are not distinguished, so that a scan does not fill the memory."""


class Tenant:
    """What one network has sent."""

    def __init__(self) -> None:
        self.packets = self.octets = 0
        self.flows: set[int] = set()


class Watcher:
    """Tenants by the name of their tunnel and their network."""

    def __init__(self) -> None:
        self.tenants: dict[tuple[str, int | None], Tenant] = {}

    def count(self, record: oc.Record) -> None:
        """Counts a packet of a capture; octets are those on the wire."""
        packet = record.decode(lax=True)
        key: tuple[str, int | None] = ("no tunnel", None)
        flow = None
        try:
            got = tunnel.decapsulate(packet, lax=True)
        except (oc.DecodeError, oc.MissingHeaderError):
            pass
        else:
            key = (got.tunnel.names[-1], got.vni)
            flow = tunnel.flow_hash(got.packet)
        tenant = self.tenants.setdefault(key, Tenant())
        tenant.packets += 1
        tenant.octets += record.wire_length
        if flow is not None and len(tenant.flows) < MOST_FLOWS:
            tenant.flows.add(flow)

    def table(self) -> str:
        """The tenants, the largest first."""
        lines = [f"{'tunnel':24} {'network':>20} {'packets':>10} {'octets':>12} {'flows':>8}"]
        for (name, network), tenant in sorted(self.tenants.items(), key=lambda item: -item[1].octets):
            shown = "-" if network is None else network
            lines.append(f"{name:24} {shown:>20} {tenant.packets:>10} {tenant.octets:>12} {len(tenant.flows):>8}")
        return "\n".join(lines)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Counts the tenants in a capture.")
    parser.add_argument("capture", help="a file, or - for the standard input")
    parser.add_argument("--every", type=float, help="print the table so often, in seconds")
    given = parser.parse_args()
    source: str | BinaryIO = sys.stdin.buffer if given.capture == "-" else given.capture
    watcher = Watcher()
    printed = time.monotonic()
    with oc.open_capture(source) as capture:
        try:
            for record in capture:
                watcher.count(record)
                if given.every and time.monotonic() - printed > given.every:
                    print(watcher.table(), end="\n\n", flush=True)
                    printed = time.monotonic()
        except oc.CaptureError as error:
            print(f"{given.capture}: {error}", file=sys.stderr)
        except KeyboardInterrupt:
            pass
    print(watcher.table())


if __name__ == "__main__":
    main()
