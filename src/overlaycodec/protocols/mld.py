"""Multicast listener discovery: IGMP's messages for IPv6, in ICMPv6."""

from typing import Annotated, Final

from overlaycodec.packet.header import Header
from overlaycodec.schema.facts import Bits, CountedBy, Elements, Octets, Reserved, SizedBy, ValueNames
from overlaycodec.schema.keys import MinOctets
from overlaycodec.schema.keyspaces import ICMPV6_TYPE, MLD_QUERY
from overlaycodec.schema.record import Element
from overlaycodec.values import AUTO, IPv6Like

_RECORDS: Final = ValueNames(
    {1: "is include", 2: "is exclude", 3: "to include", 4: "to exclude", 5: "allow", 6: "block"}
)


class MLDReport(Header, spec="RFC 2710 section 3", path="mld_report", keys=(ICMPV6_TYPE(131), ICMPV6_TYPE(132))):
    """The group that a listener reports or, with type 132, leaves."""

    maximum_response_delay: Annotated[int, Bits(16), "0"] = 0
    reserved: Annotated[int, Reserved(16)] = 0
    multicast_address: Annotated[IPv6Like, Octets(16), "Group"]


class MLDQuery(Header, spec="RFC 3810 section 5.1", path="mld_query", keys=(ICMPV6_TYPE(130),), carries=MLD_QUERY(0)):
    """The group that is asked for."""

    maximum_response_code: Annotated[int, Bits(16), "Time to answer in, in ms; coded from 32768 on"] = 0
    reserved: Annotated[int, Reserved(16)] = 0
    multicast_address: Annotated[IPv6Like, Octets(16), "Group; :: asks for all"]


class MLDSource(Element, spec="RFC 3810 section 5.1.10", path="ipv6_source"):
    """A source of multicast packets."""

    address: Annotated[IPv6Like, Octets(16), "Address"]


class MLDv2Query(
    Header, spec="RFC 3810 sections 5.1, 8.1", path="mld_v2_query", keys=(MLD_QUERY(0).when(MinOctets(4)),), closed=True
):
    """What a version 2 query has beyond older ones."""

    reserved: Annotated[int, Reserved(4)] = 0
    suppress: Annotated[bool, Bits(1), "S: routers are not to restart their timers"] = False
    robustness: Annotated[int, Bits(3), "QRV: the querier's robustness variable"] = 0
    interval_code: Annotated[int, Bits(8), "QQIC: the querier's interval in seconds; coded from 128 on"] = 0
    source_count: Annotated[int, Bits(16), "Number of sources"] = AUTO
    sources: Annotated[tuple[MLDSource, ...], CountedBy("source_count"), Elements(), "Sources"] = ()


class MLDAddressRecord(Element, spec="RFC 3810 section 5.2.4", path="mld_address_record"):
    """The sources that a listener wants, or does not want, of one group."""

    type: Annotated[int, Bits(8), _RECORDS, "What the record says"]
    aux_data_len: Annotated[int, Bits(8), "Auxiliary data in units of 4 octets"] = AUTO
    source_count: Annotated[int, Bits(16), "Number of sources"] = AUTO
    multicast_address: Annotated[IPv6Like, Octets(16), "Group"]
    sources: Annotated[tuple[MLDSource, ...], CountedBy("source_count"), Elements(), "Sources"] = ()
    aux_data: Annotated[bytes, SizedBy("aux_data_len", unit=4), "Auxiliary data; none is defined"] = b""


class MLDv2Report(Header, spec="RFC 3810 section 5.2", path="mld_v2_report", keys=(ICMPV6_TYPE(143),), closed=True):
    """What a listener wants to receive, group by group."""

    reserved: Annotated[int, Reserved(16)] = 0
    record_count: Annotated[int, Bits(16), "Number of address records"] = AUTO
    records: Annotated[tuple[MLDAddressRecord, ...], CountedBy("record_count"), Elements(), "Address records"] = ()
