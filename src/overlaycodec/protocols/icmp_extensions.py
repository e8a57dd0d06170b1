"""The extension structure of ICMP and ICMPv6: objects behind the packet that an error quotes."""

from typing import Annotated

from overlaycodec.packet.header import Header
from overlaycodec.protocols.icmp_interface import (
    ICMPInterfaceAddressObject,
    ICMPInterfaceIndexObject,
    ICMPInterfaceIPv4Object,
    ICMPInterfaceIPv6Object,
    ICMPInterfaceNameObject,
    ICMPInterfaceObject,
)
from overlaycodec.protocols.numberings import ICMP_EXTENSION
from overlaycodec.schema.facts import Bits, Checksum, Const, Elements, Reserved, Rest, SizedBy, Unparsed
from overlaycodec.schema.record import Element
from overlaycodec.values import AUTO


class ICMPExtensionObject(Element, spec="RFC 4884 section 7.1", path="icmp_extension_object"):
    """An object without a class of its own."""

    length: Annotated[int, Bits(16), "Octets of the object"] = AUTO
    class_num: Annotated[int, Bits(8), "Class"]
    c_type: Annotated[int, Bits(8), "Type within the class"] = 0
    data: Annotated[bytes, SizedBy("length", bias=-4), "Data"] = b""


class ICMPMPLSLabel(Element, spec="RFC 4950 section 4.1", path="icmp_mpls_label"):
    """A label of the stack that the packet came with."""

    label: Annotated[int, Bits(20), "Label"]
    traffic_class: Annotated[int, Bits(3), "Traffic class (RFC 5462)"] = 0
    bottom_of_stack: Annotated[bool, Bits(1), "Whether this is the last label"] = False
    ttl: Annotated[int, Bits(8), "Time to live"] = 0


class ICMPMPLSStackObject(Element, spec="RFC 4950 section 4.1", path="icmp_mpls_stack"):
    """The labels that the packet came with, the outermost first."""

    length: Annotated[int, Bits(16), "Octets of the object"] = AUTO
    class_num: Annotated[int, Bits(8), Const(1), "Class"] = 1
    c_type: Annotated[int, Bits(8), Const(1), "1: an incoming stack"] = 1
    labels: Annotated[tuple[ICMPMPLSLabel, ...], SizedBy("length", bias=-4), Elements(), "Labels"] = ()
    labels_rest: Annotated[bytes, Unparsed("labels"), "What is no label"] = AUTO


class ICMPExtensions(Header, spec="RFC 4884 section 7", path="icmp_extensions", keys=(ICMP_EXTENSION(0),), closed=True):
    """Objects, and what is no object. Behind an error they are octets, which `icmp_errors.extensions` reads."""

    version: Annotated[int, Bits(4), Const(2), "Version"] = 2
    reserved: Annotated[int, Reserved(12)] = 0
    checksum: Annotated[int, Bits(16), Checksum(zero="absent"), "Over the structure; 0: none"] = AUTO
    objects: Annotated[
        tuple[
            ICMPMPLSStackObject
            | ICMPInterfaceObject
            | ICMPInterfaceIPv4Object
            | ICMPInterfaceIPv6Object
            | ICMPInterfaceNameObject
            | ICMPInterfaceIndexObject
            | ICMPInterfaceAddressObject
            | ICMPExtensionObject,
            ...,
        ],
        Rest(),
        Elements(),
        "Objects",
    ] = ()
    objects_rest: Annotated[bytes, Unparsed("objects"), "What is no object"] = AUTO
