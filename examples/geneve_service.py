r"""An inspection service behind a gateway load balancer (AWS): packets come in Geneve, and go back or are dropped.

The load balancer sends IP packets in Geneve, with options for the endpoint, the attachment and the flow. The service
sends each packet that it allows back in a tunnel with the same options, the same VNI and the same source port; only the
outer addresses are swapped. It also accepts TCP connections on the port for health checks.

Namespaces: `balancer` takes the place of the load balancer, the service runs in `service`.

    for name in balancer service; do ip netns add $name; ip -n $name link set lo up; done
    ip -n balancer link add under type veth peer name under netns service
    ip -n balancer address add 10.0.1.1/24 dev under
    ip -n service address add 10.0.1.2/24 dev under
    ip -n balancer link set under up
    ip -n service link set under up

Run:

    ip netns exec service python -m examples.geneve_service --local 10.0.1.2 --deny 23

Try:

    ip netns exec balancer python - <<'END'
    import socket
    sender, receiver = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
    sender.bind(("10.0.1.1", 60000))
    receiver.bind(("10.0.1.1", 6081))
    receiver.settimeout(5)
    payload = bytes.fromhex(
        "0800080000000000 0108010211223344556677880108020299aabbccddeeff0001080301deadbeef"
        "45000021000100004011f977c0a80001c0a8000203e807d0000d2ef668656c6c6f"
    )
    sender.sendto(payload, ("10.0.1.2", 6081))
    reply, sent_from = receiver.recvfrom(2048)
    print(reply == payload, sent_from)
    END

It prints "True ('10.0.1.2', 60000)": the service allowed the datagram. If you replace the destination port 07d0 (2000)
with 0017 (23), there is no answer, and the service prints "denied", the flow, the endpoint and the flow cookie.
"""

from __future__ import annotations

import argparse
import asyncio
import socket
from collections.abc import Collection
from ipaddress import IPv4Address

import overlaycodec as oc
from overlaycodec import TCP, UDP, AWSAttachmentOption, AWSEndpointOption, AWSFlowCookieOption, Geneve, tunnel

PORT = 6081
LARGEST = 1 << 16
KNOWN = (AWSEndpointOption, AWSAttachmentOption, AWSFlowCookieOption)


class Service:
    """Returns what is allowed. It needs CAP_NET_RAW, because the source port of an answer is that of the packet."""

    def __init__(self, local: IPv4Address, denied: Collection[int]) -> None:
        self.denied = denied
        self.receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.receiver.setblocking(False)
        self.receiver.bind((str(local), PORT))
        self.sender = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
        reception = tunnel.Reception(any_network=True, known_options=KNOWN)
        self.tep = tunnel.GeneveTunnel(vni=0, src=local, dst=local, reception=reception)

    def handle(self) -> None:
        """Takes one packet."""
        try:
            payload, (address, port) = self.receiver.recvfrom(LARGEST)
        except BlockingIOError:
            return
        got = self.tep.from_payload(payload)
        if not got:
            print(got, "from", address, flush=True)
            return
        options = got.tunnel[Geneve].options
        if self.allows(got.packet):
            back = self.tep.replace(vni=got.vni, dst=address, options=options, src_ports=(port, port))
            packet = back.encapsulate(got.frame, first=got.first or oc.IPv4)
            self.sender.sendto(oc.encode(packet), (address, 0))
            return
        endpoint = next((one.endpoint_id.hex() for one in options if isinstance(one, AWSEndpointOption)), "-")
        cookie = next((f"{one.flow_cookie:08x}" for one in options if isinstance(one, AWSFlowCookieOption)), "-")
        print("denied", got.packet.summary(), "endpoint", endpoint, "cookie", cookie, flush=True)

    def allows(self, packet: oc.Packet) -> bool:
        """Whether the packet may pass: a firewall that does not know connections."""
        ports = packet.outer.get(TCP) or packet.outer.get(UDP)
        return ports is None or ports.dst_port not in self.denied

    async def serve(self) -> None:
        """Does not return."""
        asyncio.get_running_loop().add_reader(self.receiver.fileno(), self.handle)
        health = await asyncio.start_server(lambda _, writer: writer.close(), str(self.tep.src), PORT)
        print("ready", flush=True)
        await health.serve_forever()


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="An inspection service behind a gateway load balancer.")
    parser.add_argument("--local", type=IPv4Address, required=True, help="the IP address of the service")
    parser.add_argument("--deny", type=int, nargs="*", default=[], help="TCP and UDP ports")
    given = parser.parse_args()
    asyncio.run(Service(given.local, given.deny).serve())


if __name__ == "__main__":
    main()
