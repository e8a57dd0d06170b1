"""Tunnels: their endpoints, and what these do to packets.

Strategy: pure functions over octets and packets. Endpoints are immutable values; nothing here keeps state, reads a
clock or draws a random number.
"""

from overlaycodec.tunnel.ecn import ECNAlarm, ECNOutcome, egress_ecn, ingress_ecn

__all__ = ["ECNAlarm", "ECNOutcome", "egress_ecn", "ingress_ecn"]
