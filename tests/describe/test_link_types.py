"""The names of link types, against the public list and libpcap."""

from __future__ import annotations

import ctypes
import ctypes.util
from typing import Final

import pytest

from overlaycodec.describe.link_types import LINK_TYPES, link_type_text

# Values of the list at tcpdump.org whose DLT_ name has another number in libpcap on Linux.
OTHER_IN_MEMORY: Final = {"ATM_RFC1483", "RAW"}


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (1, "1 (ETHERNET)"),
        (101, "101 (RAW)"),
        (127, "127 (IEEE802_11_RADIOTAP)"),
        (147, "147 (USER0)"),
        (162, "162 (USER15)"),
        (290, "290 (ETW)"),
        (60000, "60000"),
    ],
)
def test_names_of_the_public_list(number: int, text: str) -> None:
    assert link_type_text(number) == text


@pytest.mark.interop
def test_libpcap_has_the_same_numbers() -> None:
    name = ctypes.util.find_library("pcap")
    if name is None:
        pytest.skip("no libpcap")
    value_of = ctypes.CDLL(name).pcap_datalink_name_to_val
    found = {text: value_of(text.encode()) for text in LINK_TYPES.values() if text not in OTHER_IN_MEMORY}
    known = {text: number for text, number in found.items() if number >= 0}
    assert len(known) > 120
    assert known == {text: number for number, text in LINK_TYPES.items() if text in known}
