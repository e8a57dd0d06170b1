"""The bodies of the precision time protocol's messages that tell the time; TLVs follow them, as payload."""

from typing import Annotated, TypeAlias

from overlaycodec.packet.header import Header
from overlaycodec.schema.facts import Bits, Octets, Reserved
from overlaycodec.schema.keyspaces import PTP_MESSAGE

_SECONDS: TypeAlias = Annotated[int, Bits(48), "Seconds"]
_NANOSECONDS: TypeAlias = Annotated[int, Bits(32), "Nanoseconds"]
_CLOCK: TypeAlias = Annotated[bytes, Octets(8), "Clock that asked"]
_PORT: TypeAlias = Annotated[int, Bits(16), "Port that asked"]


class PTPSync(
    Header,
    spec="IEEE 1588-2019 clause 13.6",
    path="ptp_sync",
    keys=(
        PTP_MESSAGE(0),
        PTP_MESSAGE(1),
    ),
):
    """When the message was sent: a synchronization, or a request for the delay."""

    seconds: _SECONDS = 0
    nanoseconds: _NANOSECONDS = 0


class PTPFollowUp(Header, spec="IEEE 1588-2019 clause 13.7", path="ptp_follow_up", keys=(PTP_MESSAGE(8),)):
    """When the synchronization before was sent."""

    seconds: _SECONDS = 0
    nanoseconds: _NANOSECONDS = 0


class PTPDelayResponse(Header, spec="IEEE 1588-2019 clause 13.8", path="ptp_delay_response", keys=(PTP_MESSAGE(9),)):
    """When a request arrived, and whose it was."""

    seconds: _SECONDS = 0
    nanoseconds: _NANOSECONDS = 0
    requesting_clock: _CLOCK = bytes(8)
    requesting_port: _PORT = 1


class PTPPeerDelayRequest(
    Header, spec="IEEE 1588-2019 clause 13.9", path="ptp_peer_delay_request", keys=(PTP_MESSAGE(2),)
):
    """When the message was sent: a request to the neighbour."""

    seconds: _SECONDS = 0
    nanoseconds: _NANOSECONDS = 0
    reserved: Annotated[bytes, Octets(10), "Zeros, so that it is as long as a response"] = bytes(10)


class PTPPeerDelayResponse(
    Header, spec="IEEE 1588-2019 clause 13.10", path="ptp_peer_delay_response", keys=(PTP_MESSAGE(3),)
):
    """When a neighbour's request arrived, and whose it was."""

    seconds: _SECONDS = 0
    nanoseconds: _NANOSECONDS = 0
    requesting_clock: _CLOCK = bytes(8)
    requesting_port: _PORT = 1


class PTPPeerDelayFollowUp(
    Header, spec="IEEE 1588-2019 clause 13.11", path="ptp_peer_delay_follow_up", keys=(PTP_MESSAGE(10),)
):
    """When the response before was sent, and whose request it answered."""

    seconds: _SECONDS = 0
    nanoseconds: _NANOSECONDS = 0
    requesting_clock: _CLOCK = bytes(8)
    requesting_port: _PORT = 1


class PTPAnnounce(Header, spec="IEEE 1588-2019 clause 13.5", path="ptp_announce", keys=(PTP_MESSAGE(11),)):
    """How good the sender's grandmaster is; TLVs follow."""

    seconds: _SECONDS = 0
    nanoseconds: _NANOSECONDS = 0
    utc_offset: Annotated[int, Bits(16), "Seconds between TAI and UTC"] = 37
    reserved: Annotated[int, Reserved(8)] = 0
    priority1: Annotated[int, Bits(8), "First priority of the grandmaster"] = 128
    clock_class: Annotated[int, Bits(8), "Class of the grandmaster's clock"] = 248
    clock_accuracy: Annotated[int, Bits(8), "Its accuracy"] = 0xFE
    clock_variance: Annotated[int, Bits(16), "Its stability"] = 0xFFFF
    priority2: Annotated[int, Bits(8), "Second priority of the grandmaster"] = 128
    grandmaster: Annotated[bytes, Octets(8), "The grandmaster"] = bytes(8)
    steps_removed: Annotated[int, Bits(16), "Clocks between the grandmaster and the sender"] = 0
    time_source: Annotated[int, Bits(8), "Where the grandmaster has the time from"] = 0xA0
