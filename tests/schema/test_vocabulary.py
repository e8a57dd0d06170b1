"""What facts mean on the wire: small declarations, and octets written out by hand."""

from __future__ import annotations

from typing import Annotated

import pytest

import overlaycodec as oc
from overlaycodec import (
    AUTO,
    ETHERTYPE,
    UDP_PORT,
    Bits,
    Const,
    CountedBy,
    Element,
    Elements,
    Header,
    Octets,
    Reserved,
    Rest,
    Selects,
    SizedBy,
    Unless,
    Unparsed,
    When,
)
from overlaycodec.checksum import crc32c


class Word(Element):
    """One octet."""

    value: Annotated[int, Bits(8)]


class Group(Element):
    """A count of words, and the words."""

    count: Annotated[int, Bits(8)] = AUTO
    words: Annotated[tuple[Word, ...], CountedBy("count"), Elements()] = ()


class Report(Header, keys=(UDP_PORT(40000),)):
    """CountedBy rows within a counted row, and two octets behind."""

    groups_count: Annotated[int, Bits(8)] = AUTO
    groups: Annotated[tuple[Group, ...], CountedBy("groups_count"), Elements()] = ()
    tail: Annotated[int, Bits(16)] = 0


REPORT = Report(groups=(Group(words=(Word(value=1), Word(value=2))), Group()), tail=0xABCD)


def test_a_count_tells_how_many_elements_a_row_has() -> None:
    assert oc.encode(REPORT).hex() == "0202010200abcd"
    read, octets = oc.decode_header(Report, bytes.fromhex("02020102 00 abcd ffff"))
    assert (read, octets) == (oc.resolve(REPORT)[Report], 7)


def test_a_count_of_more_than_there_is_names_the_element() -> None:
    with pytest.raises(oc.TruncatedError) as caught:
        oc.decode_header(Report, bytes.fromhex("02 020102"))
    assert (caught.value.path, caught.value.bits, caught.value.available) == ("report.groups[1]", (32, None), 0)


def test_more_elements_than_a_count_can_say_are_refused() -> None:
    row = tuple(Word(value=0) for _ in range(256))
    with pytest.raises(oc.FieldRangeError) as caught:
        oc.encode(Report(groups=(Group(words=row),)))
    assert caught.value == oc.FieldRangeError("report.groups[0].count", 256, 0, 255, "elements")


def test_a_wrong_count_is_written_as_it_stands() -> None:
    assert oc.encode(REPORT.replace(groups_count=9))[0] == 9


class Option(Element):
    """Type, length in words of 4 octets with these two, data."""

    type: Annotated[int, Bits(8)]
    length: Annotated[int, Bits(8)] = AUTO
    data: Annotated[bytes, SizedBy("length", unit=4, bias=-2)] = b""


class Clock(Element):
    """An option of type 7."""

    type: Annotated[int, Bits(8), Const(7)] = 7
    length: Annotated[int, Bits(8), Const(2)] = 2
    time: Annotated[int, Bits(48)]


class Message(Header, keys=(UDP_PORT(40001),)):
    """Options up to the end."""

    code: Annotated[int, Bits(8)]
    options: Annotated[tuple[Clock | Option, ...], Rest(), Elements()] = ()
    options_rest: Annotated[bytes, Unparsed("options")] = AUTO


def test_a_row_takes_all_that_is_left() -> None:
    message = Message(code=1, options=(Option(type=3, data=b"ab"), Clock(time=5)))
    assert oc.encode(message).hex() == "01030161620702000000000005"
    read, octets = oc.decode_header(Message, oc.encode(message))
    assert (read, octets) == (oc.resolve(message)[Message], 13)


@pytest.mark.parametrize("rest", ["09", "0900", "0903aabb", "0900aabb07020000"])
def test_what_is_no_element_is_kept(rest: str) -> None:
    """A length of 0, as in RFC 4861 section 4.6, must neither loop nor be lost."""
    data = bytes.fromhex("01 03016162" + rest)
    read, octets = oc.decode_header(Message, data)
    assert (read.options, read.options_rest, octets) == ((Option(type=3, length=1, data=b"ab"),), data[5:], len(data))
    assert oc.encode(read) == data


@pytest.mark.parametrize(
    ("octets", "element"),
    [
        ("0702000000000009", Clock(time=9)),
        ("07010909", Option(type=7, length=1, data=b"\x09\x09")),
        ("0703" + "00" * 10, Option(type=7, length=3, data=bytes(10))),
    ],
)
def test_an_element_is_of_the_class_that_its_octets_fit(octets: str, element: Element) -> None:
    read, _ = oc.decode_header(Message, bytes.fromhex("01" + octets))
    assert read.options == (element,)
    assert oc.encode(read).hex() == "01" + octets


def test_a_row_takes_elements_of_its_classes_only() -> None:
    with pytest.raises(TypeError, match="takes a Option or Clock, not Word"):
        Message(code=1, options=(Word(value=1),))  # type: ignore[arg-type]


class Context(Header, keys=(UDP_PORT(40002),)):
    """Octets of one kind, or a row, by a type; one length for both."""

    kind: Annotated[int, Bits(4)]
    length: Annotated[int, Bits(4)] = AUTO
    fixed: Annotated[bytes | None, When("kind", values=(1,)), SizedBy("length", unit=2)] = AUTO
    words: Annotated[tuple[Word, ...] | None, When("kind", values=(2, 3)), SizedBy("length", unit=2), Elements()] = AUTO
    words_rest: Annotated[bytes | None, When("kind", values=(2, 3)), Unparsed("words")] = AUTO
    other: Annotated[int | None, Unless("kind", (1, 2, 3)), Bits(8)] = AUTO


@pytest.mark.parametrize(
    ("header", "octets"),
    [
        (Context(kind=1, fixed=b"abcd"), "1261626364"),
        (Context(kind=2, words=(Word(value=9), Word(value=8))), "210908"),
        (Context(kind=3), "30"),
        (Context(kind=4, other=7), "4007"),
    ],
)
def test_of_alternatives_the_one_that_is_there_tells_the_length(header: Context, octets: str) -> None:
    assert oc.encode(header).hex() == octets
    read, _ = oc.decode_header(Context, bytes.fromhex(octets))
    assert read == oc.resolve(header)[Context]
    assert oc.encode(read).hex() == octets


def test_what_only_another_kind_has_is_refused() -> None:
    with pytest.raises(oc.EncodeError, match=r"context\.fixed .* context\.kind says that it is not there"):
        oc.encode(Context(kind=2, fixed=b"ab"))
    with pytest.raises(oc.UnresolvedError, match=r"context\.fixed .* context\.kind says that it is there"):
        oc.encode(Context(kind=1))


class Tail(Header):
    """Three fields that any of three flags puts there, one of them the key of what follows."""

    chained: Annotated[bool, Bits(1)] = AUTO
    first_present: Annotated[bool, Bits(1)] = AUTO
    second_present: Annotated[bool, Bits(1)] = AUTO
    reserved: Annotated[int, Reserved(5)] = 0
    first: Annotated[int | None, Bits(8), When("first_present", "second_present", "chained")] = AUTO
    second: Annotated[int | None, Bits(8), When("second_present", "first_present", "chained")] = AUTO


def test_any_of_three_flags_puts_a_field_there() -> None:
    assert oc.encode(Tail()).hex() == "00"
    assert oc.encode(Tail(first=5)).hex() == "400500"
    assert oc.encode(Tail(second=6)).hex() == "200006"
    assert oc.encode(Tail(chained=True)).hex() == "800000"
    assert oc.decode_header(Tail, bytes.fromhex("200506"))[0].first == 5


class Mark(Header, keys=(UDP_PORT(40003),)):
    """A flag, and a type whose meaning the flag changes."""

    marked: Annotated[bool, Bits(1)] = AUTO
    reserved: Annotated[int, Reserved(7)] = 0
    protocol: Annotated[int, Bits(16), Selects(ETHERTYPE)] = AUTO
    mark: Annotated[int | None, Bits(8), When("marked")] = AUTO


class Marked(Header, keys=(ETHERTYPE(0xABCD).when(oc.PreviousHeader("marked", True)),)):
    """Only behind a mark."""

    body: Annotated[bytes, Octets(1)]


class Plain(Header, keys=(ETHERTYPE(0xABCD).when(oc.PreviousHeader("marked", False)),)):
    """Only without one."""

    body: Annotated[bytes, Octets(1)]


@pytest.mark.parametrize(("data", "found"), [("80abcd0501", Marked), ("00abcd01", Plain)])
def test_the_header_before_tells_what_follows(data: str, found: type[Header]) -> None:
    catalog = oc.DEFAULT.with_header(Mark).with_header(Marked).with_header(Plain)
    for _ in range(600):  # until it is guessed, too
        assert [type(header) for header in catalog.decode(bytes.fromhex(data), first=Mark)] == [Mark, found]
    assert catalog.decode(bytes.fromhex(data), first=ETHERTYPE(0xABCD)).headers == ()
    assert catalog.decode(bytes.fromhex("020000000001020000000002abcd01")).payload == b"\x01"


def test_the_header_before_is_told_what_follows() -> None:
    catalog = oc.DEFAULT.with_header(Mark).with_header(Marked).with_header(Plain)
    assert catalog.encode(Mark() / Plain(body=b"x")).hex() == "00abcd78"
    assert catalog.encode(Mark(mark=1) / Marked(body=b"x")).hex() == "80abcd0178"
    with pytest.raises(oc.UnresolvedError, match=r"mark\.mark has no value, though mark\.marked says"):
        catalog.encode(Mark() / Marked(body=b"x"))


class Padded(Element):
    """A length, so many octets, and zeros up to a multiple of four."""

    size: Annotated[int, Bits(8)] = AUTO
    body: Annotated[bytes, SizedBy("size")] = b""
    padding: Annotated[bytes, oc.PadTo(4)] = AUTO


class Padding(Header, keys=(UDP_PORT(40004),)):
    """A row of padded elements."""

    kind: Annotated[int, Bits(8)] = 0
    row: Annotated[tuple[Padded, ...], Rest(), Elements()] = ()
    row_rest: Annotated[bytes, Unparsed("row")] = AUTO


def test_padding_goes_to_the_next_multiple_from_the_elements_start() -> None:
    row = (Padded(body=b"abc"), Padded(body=b"abcd"), Padded(body=b"x", padding=b"\1\2"))
    octets = oc.encode(Padding(row=row))
    assert octets.hex(" ") == "00 03 61 62 63 04 61 62 63 64 00 00 00 01 78 01 02"
    read, _ = oc.decode_header(Padding, octets)
    assert [element.padding for element in read.row] == [b"", bytes(3), b"\1\2"]
    assert oc.encode(read) == octets


def test_padding_that_is_cut_off_makes_no_element() -> None:
    read, _ = oc.decode_header(Padding, bytes.fromhex("00 01 78 00"))
    assert (read.row, read.row_rest) == ((), bytes.fromhex("01 78 00"))


def test_padding_of_another_size_is_refused() -> None:
    with pytest.raises(oc.EncodeError, match=r"row\[0\]\.padding"):
        oc.encode(Padding(row=(Padded(body=b"abc", padding=b"\0"),)))


class Short(Header, keys=(UDP_PORT(40005),)):
    """What a short message has."""

    kind: Annotated[int, Bits(16)] = 0


class Long(Header, keys=(UDP_PORT(40005).when(oc.MinOctets(4)),)):
    """What a message of four octets and more has."""

    kind: Annotated[int, Bits(16)] = 0
    more: Annotated[int, Bits(16)] = 0


@pytest.mark.parametrize(("octets", "found"), [(2, Short), (3, Short), (4, Long), (5, Long)])
def test_the_number_of_octets_tells_what_follows(octets: int, found: type[Header]) -> None:
    codec = oc.DEFAULT.with_header(Short).with_header(Long)
    assert found in codec.decode(bytes.fromhex(f"0001 9c45 {8 + octets:04x} 0000") + bytes(octets), first=oc.UDP)


@pytest.mark.parametrize(
    ("octets", "crc"),
    [
        (bytes(32), 0x8A9136AA),
        (b"\xff" * 32, 0x62A8AB43),
        (bytes(range(32)), 0x46DD794E),
        (bytes(range(31, -1, -1)), 0x113FDB5C),
        (b"123456789", 0xE3069283),
    ],
)
def test_crc_32c(octets: bytes, crc: int) -> None:
    """RFC 3720 appendix B.4, and the check value of the CRC catalogues."""
    assert crc32c(octets) == crc


class Hop(Element):
    """Two octets."""

    number: Annotated[int, Bits(16)]


class Label(Element):
    """Kind, length, data; kind 0 is one octet long."""

    kind: Annotated[int, Bits(8)]
    length: Annotated[int | None, Bits(8), Unless("kind", (0,))] = AUTO
    data: Annotated[bytes, SizedBy("length")] = b""


class Way(Header, keys=(UDP_PORT(40006),)):
    """A list whose count is one less, and a row up to a length that is counted from the start (as RFC 8754 has it)."""

    size: Annotated[int, Bits(8)] = AUTO
    last: Annotated[int, Bits(8)] = AUTO
    hops: Annotated[tuple[Hop, ...], CountedBy("last", bias=1), Elements()]
    labels: Annotated[
        tuple[Label, ...], SizedBy("size", unit=4, bias=4, origin="start"), Elements("kind", pads=(0, 1))
    ] = ()
    labels_rest: Annotated[bytes, Unparsed("labels")] = AUTO


@pytest.mark.parametrize(
    ("way", "octets"),
    [
        (Way(hops=(Hop(number=1),)), "00 00 0001"),
        (Way(hops=(Hop(number=1), Hop(number=2))), "01 01 0001 0002 01 00"),
        (Way(hops=(Hop(number=1),), labels=(Label(kind=7, data=b"a"),)), "01 00 0001 07 01 61 00"),
    ],
)
def test_a_size_from_the_start_and_a_count_of_one_less(way: Way, octets: str) -> None:
    assert oc.encode(way).hex() == octets.replace(" ", "")
    assert oc.decode_header(Way, oc.encode(way) + b"more")[0] == oc.resolve(way)[Way]


def test_a_size_from_the_start_that_ends_too_early_says_what_it_must_be() -> None:
    with pytest.raises(oc.LengthFieldError) as caught:
        oc.decode_header(Way, bytes.fromhex("00 02 0001 0002 0003 0000"))
    assert (caught.value.path, caught.value.value, caught.value.minimum) == ("way.size", 0, 1)


def test_too_few_elements_for_a_count_with_a_bias_are_refused() -> None:
    with pytest.raises(oc.FieldRangeError, match=r"way\.last"):
        oc.encode(Way(hops=()))


class Entry(Element):
    """A row's entry of a kind that stands first."""

    kind: Annotated[int, Bits(8)]
    data: Annotated[int | None, Bits(8), Unless("kind", (0, 255))] = AUTO


class Late(Element):
    """An entry of a kind that stands in the midst."""

    data: Annotated[int, Bits(4)] = 0
    kind: Annotated[int, Bits(8)]
    more: Annotated[int, Bits(4)] = 0


class Ended(Header, keys=(UDP_PORT(40007),)):
    """Rows that end with a kind that is not 0, and one that ends with none."""

    words: Annotated[int, Bits(8)] = AUTO
    late_words: Annotated[int, Bits(8)] = AUTO
    free_words: Annotated[int, Bits(8)] = AUTO
    first: Annotated[tuple[Entry, ...], SizedBy("words", unit=4), Elements("kind", end=255)] = ()
    first_rest: Annotated[bytes, Unparsed("first")] = AUTO
    late: Annotated[tuple[Late, ...], SizedBy("late_words", unit=4), Elements("kind", end=255)] = ()
    late_rest: Annotated[bytes, Unparsed("late")] = AUTO
    free: Annotated[tuple[Entry, ...], SizedBy("free_words", unit=4), Elements("kind")] = ()
    free_rest: Annotated[bytes, Unparsed("free")] = AUTO


@pytest.mark.parametrize(
    ("header", "octets"),
    [
        (Ended(first=(Entry(kind=1, data=2),)), "010000" + "0102ff00"),
        (Ended(first=(Entry(kind=1, data=2), Entry(kind=255))), "010000" + "0102ff00"),
        (Ended(first=(Entry(kind=0), Entry(kind=1, data=2))), "010000" + "000102ff"),
        (Ended(late=(Late(kind=1),)), "000100" + "0010" + "0ff0"),
        (Ended(late=(Late(kind=1), Late(kind=2), Late(kind=3))), "000200" + "0010" + "0020" + "0030" + "0ff0"),
        (Ended(free=(Entry(kind=1, data=2), Entry(kind=3, data=4))), "000001" + "01020304"),
    ],
)
def test_a_row_is_filled_up_with_its_end(header: Ended, octets: str) -> None:
    assert oc.encode(header).hex() == octets
    assert oc.decode_header(Ended, bytes.fromhex(octets))[0] == oc.resolve(header)[Ended]


def test_a_row_that_has_no_end_is_not_filled_up() -> None:
    with pytest.raises(oc.EncodeError, match="free_words"):
        oc.encode(Ended(free=(Entry(kind=1, data=2),)))


def test_behind_the_end_of_options_are_zeros() -> None:
    """RFC 9293 section 3.1: what is beyond the end of the list is padding of zeros."""
    end = oc.TCPOption(kind=0)
    tcp = oc.TCP(src_port=1, dst_port=2, options=(oc.TCPOption(kind=1), end), checksum=0)
    assert oc.encode(tcp)[20:].hex() == "01" + "000000"
    assert oc.resolve(tcp)[oc.TCP].options_rest == bytes(2)


class Wide(Header, keys=(UDP_PORT(40008),)):
    """Two numbers that meet in the midst of an octet, farther on than a machine word reaches."""

    small: Annotated[int, Bits(8)] = 0
    wide: Annotated[int, Bits(60)] = 0
    more: Annotated[int, Bits(60)] = 0


def test_fields_that_share_many_octets() -> None:
    header = Wide(small=1, wide=(2 << 52) + 3, more=(4 << 52) + 5)
    octets = "01" + "020000000000003" + "040000000000005"
    assert oc.encode(header).hex() == octets
    assert oc.decode_header(Wide, bytes.fromhex(octets)) == (header, 16)
