"""The link aggregation control protocol."""

from typing import Annotated, Any, Final, TypeAlias

from overlaycodec.packet.header import Header
from overlaycodec.schema.facts import Bits, Octets, Reserved
from overlaycodec.schema.keyspaces import SLOW_SUBTYPE
from overlaycodec.values import MACAddress, MACLike

_NUMBER: TypeAlias = Annotated[int, Bits(16)]
_NOBODY: Final[Any] = MACAddress(0)  # Any: fields of MACLike take text too
_BIT: TypeAlias = Annotated[bool, Bits(1)]


class LACP(Header, spec="IEEE 802.1AX clause 6.4.2", keys=(SLOW_SUBTYPE(1),), closed=True):
    """What one side of an aggregated link says of itself and of the other side."""

    version: Annotated[int, Bits(8), "Version"] = 1
    actor_type: Annotated[int, Bits(8), "1: the sender"] = 1
    actor_length: Annotated[int, Bits(8), "Octets of what it says of the sender"] = 20
    actor_system_priority: Annotated[_NUMBER, "Priority of the sender"] = 32768
    actor_system: Annotated[MACLike, Octets(6), "The sender"]
    actor_key: Annotated[_NUMBER, "Ports with one key can be aggregated"] = 0
    actor_port_priority: Annotated[_NUMBER, "Priority of the port"] = 32768
    actor_port: Annotated[_NUMBER, "Port"] = 0
    actor_expired: Annotated[_BIT, "Nothing was heard for long"] = False
    actor_defaulted: Annotated[_BIT, "What is said of the partner is by default"] = False
    actor_distributing: Annotated[_BIT, "Frames are sent"] = False
    actor_collecting: Annotated[_BIT, "Frames are received"] = False
    actor_synchronization: Annotated[_BIT, "The port is in the right aggregate"] = False
    actor_aggregation: Annotated[_BIT, "The link can be aggregated"] = True
    actor_short_timeout: Annotated[_BIT, "A frame a second is asked for"] = False
    actor_active: Annotated[_BIT, "Frames are sent without being asked"] = True
    actor_reserved: Annotated[int, Reserved(24)] = 0
    partner_type: Annotated[int, Bits(8), "2: the other side"] = 2
    partner_length: Annotated[int, Bits(8), "Octets of what it says of the other side"] = 20
    partner_system_priority: Annotated[_NUMBER, "Priority of the other side"] = 0
    partner_system: Annotated[MACLike, Octets(6), "The other side"] = _NOBODY
    partner_key: Annotated[_NUMBER, "Its key"] = 0
    partner_port_priority: Annotated[_NUMBER, "Priority of its port"] = 0
    partner_port: Annotated[_NUMBER, "Its port"] = 0
    partner_expired: Annotated[_BIT, "As of the actor"] = False
    partner_defaulted: Annotated[_BIT, "As of the actor"] = False
    partner_distributing: Annotated[_BIT, "As of the actor"] = False
    partner_collecting: Annotated[_BIT, "As of the actor"] = False
    partner_synchronization: Annotated[_BIT, "As of the actor"] = False
    partner_aggregation: Annotated[_BIT, "As of the actor"] = False
    partner_short_timeout: Annotated[_BIT, "As of the actor"] = False
    partner_active: Annotated[_BIT, "As of the actor"] = False
    partner_reserved: Annotated[int, Reserved(24)] = 0
    collector_type: Annotated[int, Bits(8), "3: the sender's collector"] = 3
    collector_length: Annotated[int, Bits(8), "Octets of what it says of the collector"] = 16
    collector_max_delay: Annotated[_NUMBER, "Longest delay of a frame, in units of 10 us"] = 0
    collector_reserved: Annotated[bytes, Octets(12), "Zeros"] = bytes(12)
    end_type: Annotated[int, Bits(8), "0: the end; in version 2 more may follow"] = 0
    end_length: Annotated[int, Bits(8), "0"] = 0
    rest: Annotated[bytes, Octets(50), "Zeros; in version 2, more of the list"] = bytes(50)
