"""ICMP errors about packets: too big, time exceeded, unreachable, for IPv4 and IPv6.

Strategy: each function takes the packet that cannot be forwarded and gives the message to its sender, or None where a
node must be silent. Nothing keeps state: limiting the rate of messages (RFC 1812 section 4.3.2.8, RFC 4443 section 2.4)
is left to the caller.

>>> from overlaycodec import IPv4, UDP, icmp_errors, resolve
>>> packet = IPv4(src="192.0.2.1", dst="198.51.100.1", dont_fragment=True) / UDP(src_port=1, dst_port=2) / bytes(1472)
>>> message = icmp_errors.too_big(resolve(packet), mtu=1400, src="192.0.2.254")
>>> message.at("ipv4.dst"), message.at("icmp_unreachable.next_hop_mtu"), message.at("quoted.udp.dst_port")
(IPv4Address('192.0.2.1'), 1400, 2)
"""

from overlaycodec.editing.icmp_extensions import extensions
from overlaycodec.icmp_errors.messages import Unreachable, time_exceeded, too_big, unreachable
from overlaycodec.icmp_errors.quotation import Extension
from overlaycodec.icmp_errors.silence import silence

__all__ = ["Extension", "Unreachable", "extensions", "silence", "time_exceeded", "too_big", "unreachable"]
