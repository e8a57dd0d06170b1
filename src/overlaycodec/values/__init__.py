"""Values that fields hold, where Python has no type of its own for them: addresses, AUTO, what construct reads."""

from overlaycodec.values.addresses import (
    AnyIP,
    HardwareAddressLike,
    IPv4Like,
    IPv6Like,
    MACAddress,
    MACLike,
    ProtocolAddressLike,
    address_alone,
    checked_ip,
)
from overlaycodec.values.auto import AUTO
from overlaycodec.values.interning import Interned

__all__ = [
    "AUTO",
    "AnyIP",
    "HardwareAddressLike",
    "IPv4Like",
    "IPv6Like",
    "Interned",
    "MACAddress",
    "MACLike",
    "ProtocolAddressLike",
    "address_alone",
    "checked_ip",
]
