"""What `help`, `inspect.signature` and `typing.get_type_hints` show, named values, and what a wrong keyword gets."""

from __future__ import annotations

import inspect
import pydoc
import typing
from enum import IntEnum
from ipaddress import IPv4Address
from typing import Annotated

import pytest

import overlaycodec as oc
from tests.laws.common import by_name


def test_the_signature_has_types_and_defaults() -> None:
    assert str(inspect.signature(oc.VLANTag)) == "(*, vid: int, pcp: int = 0, dei: bool = False, ethertype: int = AUTO)"
    source = inspect.signature(oc.IPv4).parameters["src"]
    assert source.annotation == IPv4Address | str
    assert source.default is inspect.Parameter.empty


def test_the_type_hints_are_those_of_values() -> None:
    hints = typing.get_type_hints(oc.GRE)
    assert hints["protocol_type"] is int
    assert hints["key"] == int | None
    assert typing.get_type_hints(oc.Ethernet)["src"] is oc.MACAddress
    assert oc.TCPMSSOption in typing.get_args(typing.get_args(typing.get_type_hints(oc.TCP)["options"])[0])


@pytest.mark.parametrize("cls", oc.DEFAULT.headers, ids=by_name)
def test_the_signature_takes_what_the_class_takes(cls: type[oc.Header]) -> None:
    parameters = inspect.signature(cls).parameters
    assert parameters.keys() == cls.__layout__.by_name.keys()
    assert all(parameter.annotation is not inspect.Parameter.empty for parameter in parameters.values())


def test_help_begins_with_signature_purpose_fields_and_specification() -> None:
    text = pydoc.plain(pydoc.render_doc(oc.VXLAN))
    places = [
        text.index(part)
        for part in ("vni: int", "Virtual eXtensible", "Fields:", "24 bits", "UDP_PORT 4789", "RFC 7348 section 5")
    ]
    assert places == sorted(places)
    assert places[-1] < text.index("Method resolution order")


@pytest.mark.parametrize("cls", oc.DEFAULT.headers, ids=by_name)
def test_every_header_describes_itself(cls: type[oc.Header]) -> None:
    text = inspect.getdoc(cls) or ""
    assert all(f"\n  {field.name} " in text for field in cls.__layout__.fields)
    assert text.startswith(cls.__layout__.purpose.splitlines()[0])


def test_named_values_are_numbers() -> None:
    packet = oc.ARP(
        operation=oc.ARP.Operation.REPLY,
        sender_hardware="02:00:00:00:00:01",
        sender_protocol="10.0.0.1",
        target_hardware="02:00:00:00:00:02",
        target_protocol="10.0.0.2",
    )
    assert packet.operation == 2
    assert type(packet.operation) is int
    assert oc.ICMP.Type.ECHO_REQUEST.value == 8  # RFC 792
    assert oc.ICMPv6.Type.NEIGHBOUR_SOLICITATION.value == 135  # RFC 4861 section 4.3
    assert oc.GTPU.MessageType.G_PDU.value == 255  # 3GPP TS 29.281 section 5.1


def test_the_flags_of_a_segment() -> None:
    """RFC 9293 section 3.1: CWR is the highest of eight bits, FIN the lowest."""
    segment = oc.TCP(src_port=1, dst_port=2, syn=True, ack=True, checksum=0)
    assert segment.flags == oc.TCP.Flags.SYN | oc.TCP.Flags.ACK == 0x12
    data = oc.encode(segment)
    assert data[13] == segment.flags
    every = oc.decode(data[:13] + b"\xff" + data[14:], first=oc.TCP)[oc.TCP]
    assert every.flags == 0xFF


class Coloured(oc.Header, spec="in-house"):
    """A header whose enumeration is in the class body, where annotations are text."""

    class Colour(IntEnum):
        DARK_RED = 1

    colour: Annotated[int, oc.Bits(8), oc.ValueNames(Colour), "Colour"] = 1


def test_an_enumeration_gives_the_display_names() -> None:
    assert Coloured.__layout__.by_name["colour"].value_names == {1: "dark red"}


def declare(names: type[IntEnum]) -> None:
    class Wrong(oc.Header):
        octet: Annotated[int, oc.Bits(8), oc.ValueNames(names)]


def test_an_enumeration_must_fit_and_have_members() -> None:
    class Wide(IntEnum):
        HUGE = 256

    class Empty(IntEnum):
        pass

    for names in (Wide, Empty):
        with pytest.raises(oc.SchemaError):
            declare(names)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: oc.VXLAN(vin=1), "VXLAN has no field 'vin': did you mean 'vni'?"),  # type: ignore[call-arg]
        (lambda: oc.UDP(sport=1), "UDP has no field 'sport': did you mean 'src_port'?"),  # type: ignore[call-arg]
        (lambda: oc.VXLAN(5), "VXLAN takes its fields by keyword: vni=…"),  # type: ignore[call-arg]
        (lambda: oc.TCPOption(oc.TCPOption.__layout__, kind=9), "TCPOption takes its fields by keyword: kind=…"),  # type: ignore[misc, arg-type]
        (lambda: oc.VXLAN(vni_valid=True), "missing 1 required keyword-only argument: 'vni'"),  # type: ignore[call-arg]
        (lambda: oc.VXLAN(vni=1).replace(vin=2), "VXLAN has no field 'vin': did you mean 'vni'?"),
    ],
)
def test_a_wrong_keyword_gets_the_nearest_field(make: typing.Callable[[], object], message: str) -> None:
    with pytest.raises(TypeError) as caught:
        make()
    assert message in str(caught.value)


def test_an_option_list_names_its_general_class_and_counts_the_others() -> None:
    option = oc.GeneveOption(option_class=1, type=2)
    for options, wanted in ((option, "a tuple of GeneveOption"), ((b"",), "a GeneveOption")):
        with pytest.raises(TypeError, match=rf"takes {wanted} or one of \d+ other classes, not (GeneveOption|bytes)$"):
            oc.Geneve(vni=1, options=options)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"takes a tuple of \w+( or \w+)?, not int$"):
        oc.IGMPv3Report(records=7)  # type: ignore[arg-type]


def test_a_base_class_has_the_docstring_that_is_written_and_a_declared_one_its_fields() -> None:
    for base in (oc.Header, oc.Element):
        assert base.__doc__ == base.__dict__["__doc__"] is not None
    for declared in (oc.VXLAN, oc.GeneveOption):
        written = declared.__dict__["__doc__"]
        shown = declared.__doc__
        assert shown is not None
        assert written.splitlines()[0] in shown != written


@pytest.mark.parametrize("name", ["_repr_html_", "_repr_mimebundle_"])
def test_a_notebook_shows_a_declared_class_and_no_base(name: str) -> None:
    """IPython asks an object for these methods, and takes None for "no"; for a class it must not get that of values."""
    for declared in (oc.VXLAN, oc.GeneveOption):
        assert getattr(declared, name).__self__ is declared
    for base in (oc.Header, oc.Element):
        assert getattr(base, name) is None


def test_the_kinds_of_mac_addresses() -> None:
    """IEEE 802 clause 8: the group bit and the local bit are the lowest ones of the first octet."""
    broadcast, group, local = map(oc.MACAddress, ("ff:ff:ff:ff:ff:ff", "01:80:c2:00:00:00", "02:00:00:00:00:01"))
    assert [address.is_broadcast for address in (broadcast, group, local)] == [True, False, False]
    assert [address.is_multicast for address in (broadcast, group, local)] == [True, True, False]
    assert [address.is_local for address in (broadcast, group, local)] == [True, False, True]
    assert oc.MACAddress("0180.c200.0000") == group
    assert f"{group:-}" == "01-80-c2-00-00-00"
    assert f"{group:.}" == "0180.c200.0000"
    assert f"{group}" == "01:80:c2:00:00:00"
