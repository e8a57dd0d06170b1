"""IGMP: the common header, and bodies by type; a version 3 query is one with more octets."""

from enum import IntEnum
from typing import Annotated, Final

from overlaycodec.packet.header import Header
from overlaycodec.schema.facts import (
    Bits,
    Checksum,
    CountedBy,
    Elements,
    Octets,
    Reserved,
    Selects,
    SizedBy,
    ValueNames,
)
from overlaycodec.schema.keys import MinOctets
from overlaycodec.schema.keyspaces import IGMP_QUERY, IGMP_TYPE, IP_PROTOCOL
from overlaycodec.schema.record import Element
from overlaycodec.values import AUTO, IPv4Like

_RECORDS: Final = ValueNames(
    {1: "is include", 2: "is exclude", 3: "to include", 4: "to exclude", 5: "allow", 6: "block"}
)


class IGMP(Header, spec="RFC 2236 section 2, RFC 3376 section 4", keys=(IP_PROTOCOL(2),)):
    """Type and checksum; the type says what body follows."""

    class Type(IntEnum):
        """Types of messages."""

        QUERY = 0x11
        VERSION_1_REPORT = 0x12
        VERSION_2_REPORT = 0x16
        LEAVE = 0x17
        VERSION_3_REPORT = 0x22

    type: Annotated[int, Bits(8), Selects(IGMP_TYPE), ValueNames(Type), "Type"] = AUTO
    max_resp_code: Annotated[
        int, Bits(8), "Of a query: time to answer in, in tenths of a second; coded from 128 on"
    ] = 0
    checksum: Annotated[int, Bits(16), Checksum(), "Checksum over the whole message"] = AUTO


class IGMPGroup(
    Header, spec="RFC 2236 section 2.4", path="igmp_group", keys=(IGMP_TYPE(0x16), IGMP_TYPE(0x12), IGMP_TYPE(0x17))
):
    """The group that a host reports or leaves."""

    group_address: Annotated[IPv4Like, Octets(4), "Group"]


class IGMPQuery(Header, spec="RFC 3376 section 4.1", path="igmp_query", keys=(IGMP_TYPE(0x11),), carries=IGMP_QUERY(0)):
    """The group that is asked for; 0.0.0.0 asks for all."""

    group_address: Annotated[IPv4Like, Octets(4), "Group"]


class IGMPSource(Element, spec="RFC 3376 section 4.1.9", path="ipv4_source"):
    """A source of multicast packets."""

    address: Annotated[IPv4Like, Octets(4), "Address"]


class IGMPv3Query(
    Header,
    spec="RFC 3376 sections 4.1, 7.1",
    path="igmp_v3_query",
    keys=(IGMP_QUERY(0).when(MinOctets(4)),),
    closed=True,
):
    """What a version 3 query has beyond older ones."""

    reserved: Annotated[int, Reserved(4)] = 0
    suppress: Annotated[bool, Bits(1), "S: routers are not to restart their timers"] = False
    robustness: Annotated[int, Bits(3), "QRV: the querier's robustness variable"] = 0
    interval_code: Annotated[int, Bits(8), "QQIC: the querier's interval in seconds; coded from 128 on"] = 0
    source_count: Annotated[int, Bits(16), "Number of sources"] = AUTO
    sources: Annotated[tuple[IGMPSource, ...], CountedBy("source_count"), Elements(), "Sources"] = ()


class IGMPGroupRecord(Element, spec="RFC 3376 section 4.2.4", path="igmp_group_record"):
    """The sources that a host wants, or does not want, of one group."""

    type: Annotated[int, Bits(8), _RECORDS, "What the record says"]
    aux_data_len: Annotated[int, Bits(8), "Auxiliary data in units of 4 octets"] = AUTO
    source_count: Annotated[int, Bits(16), "Number of sources"] = AUTO
    multicast_address: Annotated[IPv4Like, Octets(4), "Group"]
    sources: Annotated[tuple[IGMPSource, ...], CountedBy("source_count"), Elements(), "Sources"] = ()
    aux_data: Annotated[bytes, SizedBy("aux_data_len", unit=4), "Auxiliary data; none is defined"] = b""


class IGMPv3Report(Header, spec="RFC 3376 section 4.2", path="igmp_v3_report", keys=(IGMP_TYPE(0x22),), closed=True):
    """What a host wants to receive, group by group."""

    reserved: Annotated[int, Reserved(16)] = 0
    record_count: Annotated[int, Bits(16), "Number of group records"] = AUTO
    records: Annotated[tuple[IGMPGroupRecord, ...], CountedBy("record_count"), Elements(), "Group records"] = ()
