"""MAC addresses: what they are made of, how they compare, and that nothing changes them."""

from __future__ import annotations

import copy
import pickle
from ipaddress import IPv4Address
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

import overlaycodec as oc
from overlaycodec import MACAddress
from overlaycodec.values.interning import MACS

TEXT = "52:54:00:00:00:01"
OCTETS = bytes.fromhex("525400000001")


@pytest.mark.parametrize(
    "value", [TEXT, TEXT.replace(":", "-"), "525400000001", OCTETS, 0x525400000001, MACAddress(TEXT)]
)
def test_what_one_is_made_of(value: Any) -> None:
    address = MACAddress(value)
    assert (address.packed, str(address), int(address), bytes(address)) == (OCTETS, TEXT, 0x525400000001, OCTETS)
    assert repr(address) == f"MACAddress('{TEXT}')"


@pytest.mark.parametrize(
    "value", ["52:54", "52:54-00:00:00:01", "52:54:00:00:00:0g", b"12345", -1, 1 << 48, True, None, 1.0]
)
def test_what_none_is_made_of(value: Any) -> None:
    with pytest.raises(ValueError, match=r"MAC address|2\*\*48"):
        MACAddress(value)


def test_comparing() -> None:
    one, same, other = MACAddress(TEXT), MACS.of(OCTETS), MACAddress(0)
    assert type(same) is MACAddress
    assert one == same
    assert not one != same  # noqa: SIM202 - it is the operator that is asked
    assert hash(one) == hash(same)
    assert one != other
    assert not one == other  # noqa: SIM201
    assert other < one
    assert other <= one <= same
    assert one > other
    assert one >= same
    assert one != TEXT
    assert one != OCTETS
    with pytest.raises(TypeError):
        assert one < TEXT


def test_nothing_changes_one() -> None:
    address = MACAddress(TEXT)
    with pytest.raises(AttributeError):
        address.packed = b"123456"
    with pytest.raises(AttributeError):
        del address.packed
    with pytest.raises(AttributeError):
        address.other = 1  # type: ignore[attr-defined]
    for twin in (copy.copy(address), copy.deepcopy(address), pickle.loads(pickle.dumps(address))):
        assert twin == address


# --- text -------------------------------------------------------------------------------------------------------------

EDITS: Final = st.lists(
    st.tuples(st.integers(0, 17), st.sampled_from([*"0123456789abfAF:.- gx/%\u0663", ""])), max_size=3
)
TEXTS: Final = {
    ("dst", oc.Ethernet): (oc.MACAddress, st.binary(min_size=6, max_size=6).map(lambda octets: octets.hex(":"))),
    ("dst", oc.IPv4): (IPv4Address, st.integers(0, (1 << 32) - 1).map(lambda number: str(IPv4Address(number)))),
}


@pytest.mark.parametrize("field", TEXTS, ids=lambda field: field[1].__name__)
@given(data=st.data(), edits=EDITS)
def test_a_text_is_read_as_the_class_of_addresses_reads_it(field: Any, data: st.DataObject, edits: Any) -> None:
    """Texts as addresses are shown are read in a quicker way, which must take no others."""
    (name, header), (cls, texts) = field, TEXTS[field]
    text = data.draw(texts)
    for at, character in edits:
        text = text[:at] + character + text[at + 1 :]
    source = {"src": "02:00:00:00:00:01" if header is oc.Ethernet else "192.0.2.1"}
    try:
        expected = cls(text)
    except ValueError:
        with pytest.raises(oc.EncodeError, match="takes no such address"):
            header(**{name: text}, **source)
    else:
        assert getattr(header(**{name: text}, **source), name) == expected
