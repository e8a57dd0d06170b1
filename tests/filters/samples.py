"""Random filters over the fields of packets, with values that these have, their neighbours, and others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv6Address

from hypothesis import strategies as st

import overlaycodec as oc
from overlaycodec.errors import PathError
from overlaycodec.filters.operands import Operand, operand_of

FACTS = (
    "wire_length", "captured_length", "link_type", "time_ns", "fault", "fcs", "fcs.verdict", "interface", "comment",
    "flags",
)  # fmt: skip
RARE = (
    "tcp.options[0].kind", "geneve.options[0].type", "geneve.options[0].data", "innermost.ipv4.src", "quoted.ipv4.dst",
    "ipv4[1].src", "vlan[1].vid", "outer.udp.checksum.verdict", "inner.ipv4.checksum.verdict", "gre.key",
    "arp.sender_hardware", "arp.sender_protocol", "ipv6.src", "inner.ipv6.dst", "vlan", "inner.vlan",
    "ethernet.ethertype",
)  # fmt: skip


class Values(dict[str, list[object]]):
    """Values by path."""

    def __repr__(self) -> str:  # Hypothesis prints strategies with their arguments
        return f"<{len(self)} paths>"


def values_of(packets: Iterable[oc.Packet]) -> Values:
    """Paths of the headers and fields of these packets, each with the values there."""
    found = Values({path: [] for path in (*FACTS, *RARE)})
    for packet in packets:
        for name, header in zip(packet.names, packet.headers, strict=True):
            bare = name.rpartition(".")[2]
            for start in (name, bare, f"innermost.{bare}", f"outer.{bare}"):
                found.setdefault(start, [])
                for field in header.__layout__.fields:
                    found.setdefault(f"{start}.{field.name}", []).append(getattr(header, field.name))
    return found


def literals(operand: Operand, near: Sequence[object]) -> list[str]:
    """Texts of values that the operand can have."""
    if operand.words:
        return list(operand.words)
    if operand.kinds == {"bool"}:
        return ["true", "false"]
    if operand.is_text:
        return ["eth0", "'s=1,l=web'", '"a \\"quoted\\" \\\\ word"', "''"]
    numbers: list[int] = []
    texts = [str(value) for value in near if isinstance(value, IPv4Address | IPv6Address | oc.MACAddress)]
    texts += [f"0x{value.hex()}" for value in near if isinstance(value, bytes)]
    if "int" in operand.kinds:
        for value in [operand.least, operand.most, 0, 1, 1500, *(value for value in near if type(value) is int)]:
            assert isinstance(value, int)
            numbers += [value - 1, value, value + 1]
    if "mac" in operand.kinds:
        texts += ["52:54:00:00:00:01", "ff:ff:ff:ff:ff:ff"]
    if "ipv4" in operand.kinds:
        texts += ["10.0.0.1", "0.0.0.0", "255.255.255.255"]
    if "ipv6" in operand.kinds:
        texts += ["::", "fe80::1", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"]
    if "bytes" in operand.kinds:
        texts.append(f"0x{bytes(operand.octets if operand.octets is not None else 3).hex()}")
    return [*texts, *(str(number) for number in numbers if operand.least <= number <= operand.most)]


@st.composite
def leaves(draw: st.DrawFn, values: Values) -> str:
    """One test, of any form."""
    path = draw(st.sampled_from(sorted(values)))
    try:
        operand = operand_of(path, oc.DEFAULT)
    except PathError:
        return "vxlan"
    if not operand.kinds:
        return path
    known = literals(operand, values[path])
    ordered = not operand.kinds & {"bool", "word", "text", "bytes"}
    form = draw(st.sampled_from(["alone", "one", "set", "range", "prefix"]))
    if form == "alone":
        return path
    first, second = draw(st.sampled_from(known)), draw(st.sampled_from(known))
    if form == "set":
        return f"{path} in {{{', '.join(draw(st.lists(st.sampled_from(known), min_size=1, max_size=20)))}}}"
    if form == "range" and ordered:
        for text in (f"{path} in {first}..{second}", f"{path} in {second}..{first}"):
            try:
                return str(oc.Filter(text))
            except oc.FilterError:
                continue
    size = next((bits for kind, bits in (("mac", 48), ("ipv4", 32), ("ipv6", 128)) if operand.kinds == {kind}), 0)
    if form == "prefix" and size:
        length = draw(st.integers(0, size))
        value = operand.value_of(first)
        assert isinstance(value, IPv4Address | IPv6Address | oc.MACAddress)
        number = int(value) >> size - length << size - length
        return f"{path} in {type(value)(number.to_bytes(size // 8, 'big'))}/{length}"
    operator = draw(st.sampled_from(["==", "!=", "<", "<=", ">", ">="] if ordered else ["==", "!="]))
    return f"{path} {operator} {first}"


def filters(packets: Iterable[oc.Packet]) -> st.SearchStrategy[str]:
    """Filters that are likely to match some of these packets and not others."""
    return st.recursive(
        leaves(values_of(packets)),
        lambda inner: st.one_of(
            inner.map(lambda text: f"not ({text})"),
            st.lists(inner, min_size=2, max_size=3).map(lambda texts: " and ".join(f"({text})" for text in texts)),
            st.lists(inner, min_size=2, max_size=3).map(lambda texts: " or ".join(f"({text})" for text in texts)),
        ),
        max_leaves=5,
    )
