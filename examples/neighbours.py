"""The IPv4 neighbours of a router on one link: it asks for their MAC addresses, and answers for its own (RFC 826)."""

from __future__ import annotations

import time
from collections.abc import Callable
from ipaddress import IPv4Address
from typing import Any

from overlaycodec import ARP, MACAddress, Packet

BROADCAST = MACAddress("ff:ff:ff:ff:ff:ff")
UNKNOWN = MACAddress("00:00:00:00:00:00")
AGE = 60.0
"""Seconds for which an answer is used."""
MOST_PACKETS = 8
"""That wait for one neighbour."""
MOST_REQUESTS = 3
"""One each second."""


class Waiting:
    """Packets to a neighbour that has not answered yet."""

    def __init__(self) -> None:
        self.packets: list[Packet] = []
        self.requests = 1
        self.asked = time.monotonic()


class Neighbours:
    """The neighbours on a link on which `mac` and `address` are ours; `send` sends an ARP packet to a MAC address."""

    def __init__(self, mac: MACAddress, address: IPv4Address, send: Callable[[MACAddress, ARP], None]) -> None:
        self.mac, self.address, self.send = mac, address, send
        self.known: dict[IPv4Address, tuple[MACAddress, float]] = {}
        self.waiting: dict[IPv4Address, Waiting] = {}

    def mac_of(self, address: IPv4Address, packet: Packet) -> MACAddress | None:
        """Where to send the packet; None: it waits until the neighbour answers."""
        mac, seconds = self.known.get(address, (None, 0.0))
        if mac is not None and time.monotonic() - seconds < AGE:
            return mac
        if address not in self.waiting:
            self.waiting[address] = Waiting()
            self.ask(address)
        if len(self.waiting[address].packets) < MOST_PACKETS:
            self.waiting[address].packets.append(packet)
        return None

    def ask(self, address: IPv4Address) -> None:
        """Sends a request."""
        request = ARP(
            operation=ARP.Operation.REQUEST,
            sender_hardware=self.mac,
            sender_protocol=self.address,
            target_hardware=UNKNOWN,
            target_protocol=address,
        )
        self.send(BROADCAST, request)

    def heard(self, arp: ARP) -> list[Packet]:
        """Answers and learns; the result is what waited for the sender."""
        mac: Any = arp.sender_hardware  # Any: on other links than Ethernet, addresses are octets
        address: Any = arp.sender_protocol
        if not isinstance(mac, MACAddress) or not isinstance(address, IPv4Address) or mac.is_multicast:
            return []
        ours = arp.target_protocol == self.address
        if not ours and address not in self.known and address not in self.waiting:
            return []
        self.known[address] = mac, time.monotonic()
        if ours and arp.operation == ARP.Operation.REQUEST:
            reply = ARP(
                operation=ARP.Operation.REPLY,
                sender_hardware=self.mac,
                sender_protocol=self.address,
                target_hardware=mac,
                target_protocol=address,
            )
            self.send(mac, reply)
        waited = self.waiting.pop(address, None)
        return waited.packets if waited else []

    def lost(self) -> list[Packet]:
        """Asks again; the result is what waited in vain. Call it a few times each second."""
        packets: list[Packet] = []
        now = time.monotonic()
        for address, waiting in list(self.waiting.items()):
            if now - waiting.asked < 1:
                continue
            if waiting.requests == MOST_REQUESTS:
                packets += self.waiting.pop(address).packets
            else:
                waiting.requests += 1
                waiting.asked = now
                self.ask(address)
        return packets
