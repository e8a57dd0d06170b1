"""Errors: one tree, values that compare and pickle, and one clear sentence each, worked out by hand."""

from __future__ import annotations

import copy
import inspect
import pickle
import re
from collections.abc import Callable
from typing import Any, Final

import pytest

import overlaycodec as oc
from overlaycodec import (
    ARP,
    AUTO,
    GRE,
    UDP,
    VXLAN,
    CaptureError,
    CodecError,
    DecodeError,
    EncodeError,
    Ethernet,
    FieldRangeError,
    FieldValueError,
    FilterError,
    Geneve,
    GeneveOption,
    IPv4,
    LengthFieldError,
    LengthOverflowError,
    MissingHeaderError,
    NestingError,
    PathError,
    SchemaError,
    TruncatedError,
    UnresolvedError,
    VLANTag,
    errors,
)

LINK: Final = "020000000002 020000000001 0800"


def frame(text: str) -> bytes:
    return bytes.fromhex(text)


# Ethernet is 14 octets, so IPv4 starts at bit 112; its IHL stands at bit 116, its length at bit 128, UDP at bit 272,
# UDP's length at bit 304, what UDP carries at bit 336 and, behind VXLAN, at bit 400.
VXLAN_CUT: Final = frame(f"{LINK} 4500 0023 0000 0000 4011 0000 0a000001 0a000002 c000 12b5 000f 0000 08000000000064")
FRAGMENT: Final = frame(f"{LINK} 4500 0020 0000 2000 4011 0000 0a000001 0a000002 c000 12b5 07d8 0000 08000000")
# 46 octets of IPv4 are left of 87, and 10 of the 14 of the inner Ethernet header.
SNAPPED: Final = frame(
    f"{LINK} 4500 0057 0000 0000 4011 0000 0a000001 0a000002 c000 12b5 0043 0000 0800000000006400 02000000000202000000"
)
INNER_IHL: Final = frame(
    f"{LINK} 4500 0046 0000 0000 4011 0000 0a000001 0a000002 c000 12b5 0032 0000 0800000000006400"
    f" {LINK} 44 00 0014 0000 0000 4011 0000 0a000001 0a000002"
)
TAGS: Final = frame("020000000002 020000000001" + " 8100 0001" * 32 + " 0800")

DECODING: Final[dict[str, tuple[bytes, dict[str, Any], DecodeError, str]]] = {
    "a header cut by the capture": (
        frame(LINK)[:13],
        {},
        TruncatedError(14, "ethernet", (0, None), 13, "the captured octets"),
        "ethernet (from bit 0) needs 14 octets, has 13; bounded by the captured octets",
    ),
    "a header cut by a length field": (
        VXLAN_CUT,
        {},
        TruncatedError(8, "vxlan", (336, None), 7, "udp.length (bits 304-319)"),
        "vxlan (from bit 336) needs 8 octets, has 7; bounded by udp.length (bits 304-319)",
    ),
    "a header cut by a fragment": (
        FRAGMENT,
        {},
        TruncatedError(8, "vxlan", (336, None), 4, "the fragment"),
        "vxlan (from bit 336) needs 8 octets, has 4; bounded by the fragment",
    ),
    "a header cut by a snapped capture": (
        SNAPPED,
        {"wire_length": 101},
        TruncatedError(14, "inner.ethernet", (400, None), 10, "the captured octets"),
        "inner.ethernet (from bit 400) needs 14 octets, has 10; bounded by the captured octets",
    ),
    "a length field that says too much": (
        SNAPPED,
        {},
        TruncatedError(87, "ipv4.total_length", (128, 143), 46, claim=True),
        "ipv4.total_length (bits 128-143) says 87 octets, 46 are there",
    ),
    "a length field that says too little": (
        INNER_IHL,
        {},
        LengthFieldError(4, "inner.ipv4.ihl", (516, 519), 5),
        "inner.ipv4.ihl (bits 516-519) is 4, its minimum is 5",
    ),
    "another version": (
        frame(f"{LINK} 55"),
        {},
        TruncatedError(20, "ipv4", (112, None), 1, "the captured octets"),
        "ipv4 (from bit 112) needs 20 octets, has 1; bounded by the captured octets",
    ),
    "another version of a whole header": (
        frame(f"{LINK} 55{'00' * 19}"),
        {},
        FieldValueError(5, "ipv4.version", (112, 115), 4),
        "ipv4.version (bits 112-115) is 5, expected 4",
    ),
    "one header too many": (
        TAGS,
        {},
        NestingError(32, "vlan[30]", (1104, None)),
        "vlan[30] (from bit 1104) would be header 33; at most 32 are followed",
    ),
}


@pytest.mark.parametrize("case", DECODING)
def test_what_cannot_be_read_says_where_and_why(case: str) -> None:
    data, options, error, sentence = DECODING[case]
    with pytest.raises(DecodeError) as caught:
        oc.decode(data, **options)
    assert caught.value == error
    assert str(caught.value) == str(error) == sentence
    assert error in oc.decode(data, lax=True, **options).faults


def test_a_header_alone_says_that_nobody_bounds_it() -> None:
    with pytest.raises(TruncatedError) as caught:
        oc.decode_header(VXLAN, bytes(7))
    assert str(caught.value) == "vxlan (from bit 0) needs 8 octets, has 7; bounded by the data"


def test_one_octet_is_no_octets() -> None:
    with pytest.raises(TruncatedError) as caught:
        oc.decode_header(oc.TCPOption, b"")  # type: ignore[type-var]
    assert str(caught.value) == "tcp_option (from bit 0) needs 1 octet, has 0; bounded by the data"


def test_a_pipeline_says_what_it_met() -> None:
    with pytest.raises(FieldValueError) as caught:
        oc.Pipeline(Ethernet, IPv4).decode(frame("020000000002 020000000001 0806") + bytes(28))
    assert caught.value == FieldValueError("ARP", "ipv4", (112, None), "IPv4")
    assert str(caught.value) == "ipv4 (from bit 112) is ARP, expected IPv4"


OPTION: Final = GeneveOption(option_class=0x0100, type=1, data=bytes(124))
ENCODING: Final[dict[str, tuple[Callable[[], object], CodecError, str]]] = {
    "a number too large": (
        lambda: VXLAN(vni=1 << 24),
        FieldRangeError("vxlan.vni", 1 << 24, 0, 0xFFFFFF, "24 bits"),
        "vxlan.vni = 16777216 is not in 0..16777215 (24 bits)",
    ),
    "a number below zero": (
        lambda: VLANTag(vid=7).replace(pcp=-1),
        FieldRangeError("vlan.pcp", -1, 0, 7, "3 bits"),
        "vlan.pcp = -1 is not in 0..7 (3 bits)",
    ),
    "more than a length counts": (
        lambda: oc.encode(Geneve(vni=1, protocol_type=0, options=(OPTION,) * 3)),
        LengthOverflowError("geneve.opt_len", 384, 252, 4),
        "geneve.opt_len would count 384 octets; at most 252, in steps of 4",
    ),
    "octets that are too few": (
        lambda: oc.SLL(address=b"ab"),
        FieldRangeError("sll.address", 2, 8, 8, "octets"),
        "sll.address has 2 octets, not 8",
    ),
    "a selector that nothing tells": (
        lambda: oc.encode(IPv4(src="10.0.0.1", dst="10.0.0.2") / UDP(src_port=1) / b"hello"),
        UnresolvedError(
            "udp.dst_port", "is AUTO, the key of what follows, but nothing follows that has one: give it a value"
        ),
        "udp.dst_port is AUTO, the key of what follows, but nothing follows that has one: give it a value",
    ),
    "a checksum without addresses": (
        lambda: oc.encode(UDP(src_port=1, dst_port=2)),
        UnresolvedError("udp.checksum", "is AUTO, but there are no addresses of an IP header to sum: give it a value"),
        "udp.checksum is AUTO, but there are no addresses of an IP header to sum: give it a value",
    ),
    "AUTO as a number": (
        lambda: UDP(src_port=1).length + 1,
        UnresolvedError("AUTO", "has no value yet: encode or resolve the packet first"),
        "AUTO has no value yet: encode or resolve the packet first",
    ),
    "a flag without its field": (
        lambda: oc.encode(GRE(key_present=True, protocol_type=0x0800)),
        UnresolvedError("gre.key", "has no value, though gre.key_present says that it is there"),
        "gre.key has no value, though gre.key_present says that it is there",
    ),
    "a field without its flag": (
        lambda: oc.encode(Ethernet(dst="02:00:00:00:00:01", src="02:00:00:00:00:02") / GRE(key_present=False, key=7)),
        EncodeError("gre.key", 7, "has a value, though gre.key_present says that it is not there"),
        "gre.key has a value, though gre.key_present says that it is not there",
    ),
    "a header that is not there": (
        lambda: oc.decode(frame("020000000002 020000000001 0806 0001 0800 06 04 0001") + bytes(20))[VXLAN],
        MissingHeaderError("VXLAN", "ethernet, arp"),
        "no VXLAN in ethernet, arp",
    ),
    "a second header that is not there": (
        lambda: oc.Packet((VLANTag(vid=1), VLANTag(vid=2)))[VLANTag, 2],
        MissingHeaderError("VLANTag [2]", "vlan, vlan[1]"),
        "no VLANTag [2] in vlan, vlan[1]",
    ),
    "a scope that is not there": (
        lambda: oc.Packet((VLANTag(vid=1),)).inner,
        MissingHeaderError("inner packet", "vlan"),
        "no inner packet in vlan",
    ),
    "a path that is not there": (
        lambda: oc.Packet().at("inner.vlan.vid"),
        MissingHeaderError("scope inner", ""),
        "no scope inner in an empty packet",
    ),
}


@pytest.mark.parametrize("case", ENCODING)
def test_what_cannot_be_done_says_where_and_why(case: str) -> None:
    act, error, sentence = ENCODING[case]
    with pytest.raises(CodecError) as caught:
        act()
    assert caught.value == error
    assert str(caught.value) == str(error) == sentence


def test_an_encoding_error_has_the_path_within_the_packet() -> None:
    outer = IPv4(src="10.0.0.1", dst="10.0.0.2") / UDP(src_port=1) / VXLAN(vni=1)
    inner = Ethernet(dst="02:00:00:00:00:01", src="02:00:00:00:00:02") / VLANTag(vid=1) / VLANTag(vid=2)
    with pytest.raises(UnresolvedError) as caught:
        oc.encode(outer / inner)
    assert caught.value.path == "inner.vlan[1].ethertype"


@pytest.mark.parametrize(
    ("act", "sentence"),
    [
        (lambda: VXLAN(vni="100"), "vxlan.vni takes an int, not str"),  # type: ignore[arg-type]
        (lambda: VXLAN(vni=True), "vxlan.vni takes an int, not bool"),
        (lambda: VXLAN(vni=1.0), "vxlan.vni takes an int, not float"),  # type: ignore[arg-type]
        (lambda: VLANTag(vid=1, dei=1), "vlan.dei takes a bool, not int"),  # type: ignore[arg-type]
        (lambda: IPv4(src=3, dst="10.0.0.2"), "ipv4.src takes an IPv4Address or its text, not int"),  # type: ignore[arg-type]
        (lambda: VXLAN(vni=AUTO), "vxlan.vni is not derived from anything: it takes no AUTO"),
        (lambda: ARP(sender_hardware=3), "missing 3 required keyword-only arguments"),  # type: ignore[arg-type,call-arg]
    ],
)
def test_a_wrong_type_is_a_type_error(act: Callable[[], object], sentence: str) -> None:
    with pytest.raises(TypeError, match=re.escape(sentence)):
        act()


# --- the tree ---------------------------------------------------------------------------------------------------------

ONE_OF_EACH: Final[tuple[CodecError, ...]] = (
    SchemaError("Bad", "field", "is bad"),
    SchemaError("Bad", None, "is bad"),
    DecodeError("is not readable", "ipv4.options", (272, None)),
    TruncatedError(14, "inner.ethernet", (400, None), 10, "the captured octets"),
    TruncatedError(87, "ipv4.total_length", (128, 143), 46, claim=True),
    LengthFieldError(4, "ipv4.ihl", (116, 119), 5),
    FieldValueError(5, "ipv4.version", (112, 115), 4),
    NestingError(32, "vlan[30]", (1104, None)),
    EncodeError("gre.key", 7, "has a value"),
    FieldRangeError("vxlan.vni", 1 << 24, 0, 0xFFFFFF, "24 bits"),
    LengthOverflowError("geneve.opt_len", 384, 252, 4),
    UnresolvedError("udp.checksum", "is AUTO"),
    MissingHeaderError("VXLAN", "ethernet, arp"),
    PathError("column 'vxlan.vin'", "vxlan: vni"),
    FilterError("'=' is no operator", "vxlan.vni = 1", 10),
    CaptureError("a record is cut short", 24),
)
PARENTS: Final[dict[type[Exception], tuple[type[Exception], ...]]] = {
    CodecError: (Exception,),
    SchemaError: (CodecError,),
    DecodeError: (CodecError,),
    TruncatedError: (DecodeError,),
    LengthFieldError: (DecodeError,),
    FieldValueError: (DecodeError,),
    NestingError: (DecodeError,),
    EncodeError: (CodecError,),
    FieldRangeError: (EncodeError,),
    LengthOverflowError: (EncodeError,),
    UnresolvedError: (EncodeError,),
    PathError: (CodecError, KeyError),
    MissingHeaderError: (PathError,),
    FilterError: (CodecError, ValueError),
    CaptureError: (CodecError,),
}


def test_the_tree_is_whole() -> None:
    found = {cls for _, cls in inspect.getmembers(errors, inspect.isclass) if issubclass(cls, Exception)}
    assert {cls: cls.__bases__ for cls in found} == PARENTS
    assert {cls.__name__ for cls in found} <= set(errors.__all__) & set(dir(oc))
    assert {type(error) for error in ONE_OF_EACH} == found - {CodecError}


@pytest.mark.parametrize("error", ONE_OF_EACH, ids=lambda error: type(error).__name__)
def test_errors_are_values(error: CodecError) -> None:
    for other in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):
        assert other == error
        assert type(other) is type(error)
        assert hash(other) == hash(error)
        assert str(other) == str(error)
        assert repr(other) == repr(error)
        assert vars(other) == vars(error)
    assert sum(error == other for other in ONE_OF_EACH) == 1
    assert error != str(error)
    assert eval(repr(error), vars(errors)) == error
    assert "\n" not in str(error)
    assert not str(error).endswith(".")


def test_errors_tell_their_numbers() -> None:
    truncated = TruncatedError(14, "inner.ethernet", (400, None), 10, "the captured octets")
    assert (truncated.needed, truncated.available, truncated.bounded_by) == (14, 10, "the captured octets")
    assert (truncated.path, truncated.bits) == ("inner.ethernet", (400, None))
    length = LengthFieldError(4, "ipv4.ihl", (116, 119), 5)
    assert (length.value, length.minimum, length.path, length.bits) == (4, 5, "ipv4.ihl", (116, 119))
    value = FieldValueError(5, "ipv4.version", (112, 115), 4)
    assert (value.actual, value.expected) == (5, 4)
    outside = FieldRangeError("vxlan.vni", 1 << 24, 0, 0xFFFFFF)
    assert (outside.path, outside.value, outside.minimum, outside.maximum) == ("vxlan.vni", 1 << 24, 0, 0xFFFFFF)
    assert LengthOverflowError("geneve.opt_len", 384, 252, 4).maximum == 252
    assert CaptureError("a record is cut short", 24).octet == 24
    assert str(CaptureError("a record is cut short", 24)) == "a record is cut short (at octet 24)"
    assert str(DecodeError("is odd", "ipv4.reserved0", (160, 160))) == "ipv4.reserved0 (bit 160) is odd"


def test_a_missing_header_is_a_key_error_too() -> None:
    with pytest.raises(KeyError) as caught:
        oc.Packet()[VXLAN]
    assert str(caught.value) == "no VXLAN in an empty packet"  # a plain KeyError would show it in quotes


def test_a_fault_holds_no_packet() -> None:
    """A fault that held the packet that holds it would be a cycle."""
    packet = oc.decode(VXLAN_CUT, lax=True)
    assert packet.fault is not None
    assert packet.fault.__traceback__ is None
    assert packet.fault.__context__ is None
    assert packet.fault.__cause__ is None
