"""The generated codec and the reference interpreter agree: on values, on octets, and on what is an error and which.

Both read the same declarations, so this proves the generator; the vectors prove the declarations.
"""

from __future__ import annotations

from random import Random
from typing import Annotated, Any, Final

import construct
import pytest
from hypothesis import given
from hypothesis import strategies as st

import overlaycodec as oc
from overlaycodec import (
    AUTO,
    Bits,
    Element,
    Elements,
    Header,
    Octets,
    Rest,
    SizedBy,
    Unparsed,
    When,
    reference,
)
from overlaycodec import strategies as overlay
from overlaycodec.schema.facts import ConstructField
from overlaycodec.schema.record import WireStruct
from tests.laws import common as laws
from tests.laws.test_totality import dressed

# --- protocols of one's own: what the catalog's have not --------------------------------------------------------------


class Odd(Header, spec="in-house"):
    """Numbers of other byte orders, addresses in all forms, a length for two."""

    version: Annotated[int, Bits(4), oc.Const(2)] = 2
    urgent: Annotated[bool, Bits(1)] = AUTO
    odd: Annotated[int, Bits(11)] = 0
    count: Annotated[int, Bits(24), oc.ByteOrder("little")] = 7
    wide: Annotated[int, Bits(64), oc.ByteOrder("little")] = 0
    key: Annotated[bytes, Octets(3)] = bytes(3)
    mac: Annotated[oc.MACLike, Octets(6)]
    length: Annotated[int, Bits(8)] = AUTO
    hardware: Annotated[oc.HardwareAddressLike, SizedBy("length", bias=-1)]
    router: Annotated[oc.HardwareAddressLike | None, When("urgent"), SizedBy("length")] = AUTO


class Note(Element, spec="in-house"):
    """Text, filled up to words."""

    kind: Annotated[int, Bits(8), "Kind"]
    length: Annotated[int | None, Bits(8), oc.Unless("kind", (0,))] = AUTO
    text: Annotated[bytes, SizedBy("length", bias=-2)] = b""
    padding: Annotated[bytes, oc.PadTo(4)] = AUTO


class Stamp(Element, spec="in-house"):
    """A note of a kind with a layout of its own."""

    kind: Annotated[int, Bits(8), oc.Const(9)] = 9
    length: Annotated[int, Bits(8), oc.Const(8)] = 8
    clock: Annotated[int, Bits(2)] = 0
    time: Annotated[int, Bits(46)] = 0


class Ledger(Header, spec="in-house"):
    """Rows of all sorts, one behind the other."""

    counted: Annotated[int, Bits(4)] = AUTO
    listed: Annotated[bool, Bits(1)] = AUTO
    signed: Annotated[bool, Bits(1)] = False
    mode: Annotated[int, Bits(2)] = 0
    words: Annotated[int, Bits(8)] = AUTO
    signature: Annotated[int | None, Bits(16), When("signed", "listed")] = AUTO
    extra: Annotated[int | None, oc.Reserved(16), oc.When("mode", values=(2, 3))] = AUTO
    stamps: Annotated[tuple[Stamp, ...], oc.CountedBy("counted", bias=1), Elements()]
    listing: Annotated[tuple[Stamp | Note, ...] | None, When("listed"), Elements("kind", end=0)] = AUTO
    notes: Annotated[tuple[Note, ...], SizedBy("words", unit=4, bias=4, origin="start"), Elements("kind", end=0)] = ()
    notes_rest: Annotated[bytes, Unparsed("notes")] = AUTO
    tail: Annotated[tuple[Stamp | Note, ...], Rest(), Elements()] = ()
    tail_rest: Annotated[bytes, Unparsed("tail")] = AUTO


class Legacy(Header, spec="in-house"):
    """A number, and whatever construct objects read."""

    size: Annotated[int, Bits(8)] = AUTO
    sized: Annotated[object, SizedBy("size"), ConstructField(construct.GreedyRange(construct.Int16ub))]
    rest: Annotated[
        object, ConstructField(construct.Struct("n" / construct.Byte, "all" / construct.Bytes(construct.this.n)))
    ]


OWN: Final[tuple[type[Header], ...]] = (Odd, Ledger, Legacy)
CLASSES: Final = (*laws.CLASSES, *OWN)
every_header = pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)


def headers(cls: type[Header], **fixed: object) -> st.SearchStrategy[Any]:
    if cls is Legacy:
        numbers = st.lists(st.integers(0, 0xFFFF), max_size=3).map(tuple)
        octets = st.binary(max_size=9).map(lambda octets: {"n": len(octets), "all": octets})
        return overlay.headers(cls, sized=numbers, rest=octets)
    return overlay.headers(cls, **fixed)


# --- the law ----------------------------------------------------------------------------------------------------------


def outcome(decode: Any, cls: type[Header], data: bytes) -> tuple[Header, int] | oc.DecodeError:
    try:
        found: tuple[Header, int] = decode(cls, data)
    except oc.DecodeError as error:
        return error
    return found


def same(cls: type[Header], data: bytes) -> bool:
    """Both give the same header, or the same error down to its bits; gives whether it was a header."""
    ours, theirs = outcome(oc.decode_header, cls, data), outcome(reference.decode_header, cls, data)
    assert ours == theirs
    if isinstance(ours, oc.DecodeError) or isinstance(theirs, oc.DecodeError):
        return False
    header, octets = ours
    assert types_of(header) == types_of(theirs[0])
    assert reference.encode_header(header) == oc.encode(header) == data[:octets]
    return True


def types_of(record: WireStruct) -> list[Any]:
    """The types of all values: 1 equals True."""
    found: list[Any] = [type(record)]
    for field in record.__layout__.fields:
        value = getattr(record, field.name)
        found += map(types_of, value) if field.kind == "items" and value is not None else [type(value)]
    return found


@every_header
def test_values_and_octets_agree(cls: type[Header]) -> None:
    @laws.share(10, cls)
    @given(st.data())
    def law(data: st.DataObject) -> None:
        header = data.draw(headers(cls))
        octets = oc.encode(header)
        assert reference.encode_header(header) == octets
        assert same(cls, octets + data.draw(st.binary(max_size=9)))
        for here in range(len(octets)):
            same(cls, octets[:here])

    law()


@every_header
def test_faults_agree(cls: type[Header]) -> None:
    @laws.share(10, cls)
    @given(st.data())
    def law(data: st.DataObject) -> None:
        octets = bytearray(oc.encode(data.draw(headers(cls))))
        for _ in range(data.draw(st.integers(1, 3)) if octets else 0):  # a list of options may be empty
            at = data.draw(st.integers(0, len(octets) - 1))
            octets[at] = data.draw(st.sampled_from([0, 1, 255, octets[at] ^ 128, octets[at] ^ 1]) | st.integers(0, 255))
        same(cls, bytes(octets) + data.draw(st.binary(max_size=40)))

    law()


@pytest.mark.survey
@every_header
def test_any_octets_agree(cls: type[Header]) -> None:
    """Any octets behind the right constants: the same at every run, so that the floor holds or fails alike."""
    random, least, read = Random(cls.__name__), cls.__layout__.minimum_octets, 0
    for size in range(90):
        most = random.choice((4, 256))  # lengths of a few octets are kept by those behind them
        octets = bytes(random.randrange(most) for _ in range(least + size))
        read += same(cls, dressed(octets, cls))
    # one begins with a stamp, two constants in the midst; the lengths of the others are 64 or more, or little-endian
    others = (oc.MSTP, oc.NFLOG, oc.PKTAP, oc.PPI, oc.Radiotap)
    assert read >= 2 or cls is Ledger or cls in others


@pytest.mark.survey
@every_header
def test_stacks_agree_at_every_header(cls: type[Header]) -> None:
    """Wherever a header was found in the octets of a damaged packet, alone it is the same to both."""
    if cls in OWN:
        return

    @laws.share(20, cls)
    @given(overlay.malformed_bytes(cls, first=laws.first_of(cls)))
    def law(data: bytes) -> None:
        packet = oc.decode(data, first=laws.first_of(cls), lax=True)
        for header, name in zip(packet.headers, packet.names, strict=True):
            same(type(header), data[packet.span(name)[0] // 8 :])

    law()


# --- what is left out when something is built -------------------------------------------------------------------------


def told(cls: type[Header]) -> list[str]:
    """The fields that the others of the header tell, whatever these are."""
    layout = cls.__layout__
    facts = {field.name: field for field in cls.__declaration__}
    flags = [name for name, deps in layout.flag_of.items() if all(len(facts[d.name][When].fields) == 1 for d in deps)]
    marks = [field.name for field in facts.values() if oc.SetIfAny in field]
    return [name for name in (*layout.sized_by, *flags, *marks) if layout.by_name[name].default is AUTO]


@pytest.mark.parametrize("cls", [cls for cls in CLASSES if told(cls)], ids=lambda cls: cls.__name__)
def test_what_other_fields_tell_can_be_left_out(cls: type[Header]) -> None:
    @laws.share(20, cls)
    @given(headers(cls))
    def law(header: Header) -> None:
        members = reference.container_of(header)
        for name in told(cls):
            members.pop(name)
        for field in cls.__layout__.fields:
            for element in members[field.name] if field.elements and members[field.name] is not None else ():
                element.pop("padding", None)
                element.pop("_kind")
        assert reference.construct_of(cls).build(members) == oc.encode(header)

    law()


def test_a_length_of_two_fields() -> None:
    router: Any = b"abc"
    odd = Odd(urgent=True, mac="02:00:00:00:00:01", hardware=b"ab", router=router)
    assert oc.encode(odd)[-6:].hex() == "03" + "6162" + "616263"
    assert oc.encode(odd.replace(urgent=AUTO, router=AUTO))[-3:].hex() == "03" + "6162"
    with pytest.raises(oc.EncodeError, match=r"odd\.length cannot be derived: router has another size"):
        oc.encode(odd.replace(router=b"ab"))


def test_what_cannot_be_built() -> None:
    geneve = reference.construct_of(oc.Geneve)
    with pytest.raises(construct.MappingError, match=r"geneve\.protocol_type is not told by other fields"):
        geneve.build({"vni": 5})
    with pytest.raises(construct.MappingError, match="counts in units of 4 octets: fill options up"):
        geneve.build({"vni": 5, "protocol_type": 0x6558, "options_rest": b"?"})
    with pytest.raises(construct.IntegerError):
        geneve.build({"vni": 1 << 24, "protocol_type": 0x6558})
    with pytest.raises(construct.MappingError, match="is there, against what is told"):
        reference.construct_of(oc.GRE).build({"protocol_type": 0x6558, "key_present": False, "key": 7})
    with pytest.raises(oc.EncodeError, match="gre cannot be built"):
        reference.encode_header(oc.GRE(key_present=True, protocol_type=1))
    version5 = oc.decode_header(oc.IPv6, b"\x60" + bytes(39))[0].replace(version=5)
    assert reference.encode_header(version5) == oc.encode(version5) == b"\x50" + bytes(39)  # as it stands


# --- within formats of one's own --------------------------------------------------------------------------------------


FORMAT: Final = construct.Struct(
    "magic" / construct.Const(b"LOG1"),
    "count" / construct.Int8ub,
    "tunnels"
    / construct.Array(construct.this.count, construct.Prefixed(construct.Int16ub, reference.construct_of(oc.Geneve))),
    "options" / construct.Prefixed(construct.Int8ub, reference.construct_of(oc.TCP)),
    "end" / construct.Int8ub,
)
# RFC 8926 sections 3.4, 3.5: version 0, two words of options, C, Ethernet, VNI 100; class 0x0102, type 0x80, one word.
GENEVE: Final = "02406558" + "00006400" + "01028001" + "deadbeef"
# RFC 9293 section 3.1: ports 1 and 2, six words, SYN; MSS 1460.
TCP: Final = "00010002" + "00000000" + "00000000" + "6002ffff" + "00000000" + "020405b4"
OCTETS: Final = b"LOG1" + bytes.fromhex("02" + "0010" + GENEVE + "0010" + GENEVE + "18" + TCP + "ff")


def test_in_a_format_of_ones_own() -> None:
    log = FORMAT.parse(OCTETS)
    assert [tunnel.vni for tunnel in log.tunnels] == [100, 100]
    option = log.tunnels[1].options[0]  # OVN's, with the data deadbeef: 1 bit, 15 bits, 16 bits
    assert (option.reserved1, option.ingress_port, option.egress_port) == (1, 0x5EAD, 0xBEEF)
    assert log["options"]["options"][0].mss == 1460
    assert log.end == 255
    assert FORMAT.build(log) == OCTETS
    log.tunnels[0].vni = 101
    assert FORMAT.build(log).hex() == OCTETS.hex().replace("00006400", "00006500", 1)
    with pytest.raises(construct.StreamError):
        FORMAT.parse(OCTETS[:20])
    geneve, octets = reference.decode_header(oc.Geneve, bytes.fromhex(GENEVE))
    assert (geneve, octets) == oc.decode_header(oc.Geneve, bytes.fromhex(GENEVE))
    assert reference.header_of(oc.Geneve, FORMAT.parse(OCTETS).tunnels[1]) == geneve


def test_sizes() -> None:
    assert reference.construct_of(oc.VXLAN).sizeof() == 8
    assert reference.construct_of(oc.IPv6).sizeof() == 40
    with pytest.raises(construct.SizeofError):
        reference.construct_of(oc.Geneve).sizeof()
    assert isinstance(reference.construct_of(oc.Geneve), construct.Struct)
    assert reference.construct_of(oc.Geneve) is reference.construct_of(oc.Geneve)


def test_addresses_are_built_from_text_too() -> None:
    ethernet = reference.construct_of(oc.Ethernet)
    octets = ethernet.build({"dst": "02:00:00:00:00:02", "src": "02:00:00:00:00:01", "ethertype": 0x0800})
    assert octets.hex() == "020000000002" + "020000000001" + "0800"
    assert ethernet.parse(octets).dst == oc.MACAddress("02:00:00:00:00:02")
