"""Two ways to one result agree for the stacks of all vectors: with every length, checksum and flag as it is, and wrong.

Strategy: the vectors come from outside, and each is changed in one field at a time. What is asked of such a packet is
found in two ways that have no code in common, such as the function of its stack and the rules for single headers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, Final

import pytest

import overlaycodec as oc
from overlaycodec import vlan
from overlaycodec.codec.code_cache import STACK_USES
from overlaycodec.editing.checksum_status import PARTS
from overlaycodec.editing.stack_plan import PLANS, is_open
from tests.editing.test_fill import right_packets, whole
from tests.editing.test_rewrite import changes_of
from tests.laws.common import words_sum
from tests.tools.internals import code_of
from tests.vectors.test_vectors import DECODING, catalog_of, decoded

Case = tuple[str, oc.Packet, oc.Catalog]


@cache
def stacks() -> list[Case]:
    """A packet of each stack of headers that the vectors have."""
    found: dict[tuple[type[oc.Header], ...], Case] = {}
    for name, vector in DECODING.items():
        packet = decoded(vector)
        found.setdefault(tuple(map(type, packet.headers)), (name, packet, catalog_of(vector)))
    return list(found.values())


def otherwise(header: oc.Header) -> Iterator[dict[str, Any]]:  # Any: numbers
    """Other values of the fields that rules ask about, one at a time: 0, and next to what there is."""
    layout = header.__layout__
    names = {*layout.sized_by, *layout.fragment_fields, *layout.flag_of}
    names |= {field.name for field in (layout.length_field, layout.checksum, layout.selector) if field is not None}
    if layout.coverage is not None and layout.coverage.flag is not None:
        names.add(layout.coverage.flag)
    for name in sorted(names):
        value, field = getattr(header, name), layout.by_name[name]
        if field.kind == "bool":
            yield {name: not value}
        elif field.kind == "int" and value is not None:
            others = {0, value + 1 & (1 << field.width) - 1, max(value - 1, 0)} - {value}
            yield from ({name: other} for other in sorted(others))


def is_computed(header: oc.Header, field: Any) -> bool:  # Any: a field of the layout
    """Whether the field is there, and its AUTO is computed."""
    return header.__layout__.computed(field) and getattr(header, field.name) is not None


@cache
def spoilt(name: str) -> list[oc.Packet]:
    """The packet of a vector, and packets that differ in one field, in the payload, in what is missing or left open."""
    packet = decoded(DECODING[name])
    changed = [packet, packet.replace_at("payload", packet.payload + b"more")]
    changed += [packet.replace_at("payload", packet.payload[:-1]), packet.__replace__(missing=packet.missing + 5)]
    opened = [
        {field.name for field in header.__layout__.fields if is_computed(header, field)} for header in packet.headers
    ]
    sums = [{name for name in names if "checksum" in name} for names in opened]
    for chosen in (opened, sums):
        open_headers = (
            header.replace(**dict.fromkeys(names, oc.AUTO))
            for header, names in zip(packet.headers, chosen, strict=True)
        )
        changed.append(oc.Packet(tuple(open_headers), packet.payload, packet.trailers, missing=packet.missing))
    for index, header in enumerate(packet.headers):
        for changes in otherwise(header):
            headers = (*packet.headers[:index], header.replace(**changes), *packet.headers[index + 1 :])
            changed.append(oc.Packet(headers, packet.payload, packet.trailers, missing=packet.missing))
    return changed


def told(operation: Callable[..., Any], *arguments: Any, **options: Any) -> Any:  # Any: whatever is asked
    try:
        return operation(*arguments, **options)
    except oc.CodecError as error:
        return f"{type(error).__name__}: {error}"


OPERATIONS: Final = (oc.checksums, oc.fill)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.__name__)
def test_the_functions_of_a_stack_say_what_the_rules_for_single_headers_say(operation: Any) -> None:
    for name, packet, catalog in stacks():
        first = []
        for changed in spoilt(name):
            for table in (PLANS, PARTS, code_of(catalog).stack_encoders):
                table.clear()
            first.append(told(operation, changed, catalog=catalog))
        for _ in range(2 * STACK_USES):
            told(operation, packet, catalog=catalog)
        for changed, wanted in zip(spoilt(name), first, strict=True):
            assert told(operation, changed, catalog=catalog) == wanted, (name, changed)


def test_a_card_finishes_nothing_where_nothing_is_bad() -> None:
    """What the card is said to have left changes the verdict of a bad checksum alone: its own, and those around it."""
    counts = [0, 0]
    for name, _, catalog in stacks():
        for changed in spoilt(name):
            plain, left = (told(oc.checksums, changed, left_to_card=card, catalog=catalog) for card in (False, True))
            if isinstance(plain, str):
                assert left == plain, (name, changed)
                continue
            others = {path: (str(plain[path]), str(status)) for path, status in left.items() if plain[path] != status}
            assert plain.keys() == left.keys()
            assert set(others.values()) <= {("bad", "partial"), ("bad", "valid")}, (name, changed)
            counts[bool(others)] += 1
    assert min(counts) > 100


def test_what_follows_by_the_difference_is_what_is_computed_anew() -> None:
    """Other addresses, ports and payloads in each right vector: the checksums by RFC 1624 are those by RFC 1071."""
    count = 0
    for name, (packet, catalog) in right_packets().items():
        if not whole(packet):
            continue
        changes = {**changes_of(packet), "payload": bytes(octet ^ 0x5A for octet in packet.payload)}
        edited = packet
        for path, value in changes.items():
            edited = edited.replace_at(path, value)
        assert oc.rewrite(packet, changes, catalog=catalog) == oc.fill(edited, catalog=catalog), name
        count += 1
    assert count > 80


def test_what_did_not_change_is_filled_in_with_the_packet_before_as_without_it() -> None:
    for name, _, catalog in stacks():
        for changed in spoilt(name):
            if any(map(is_open, changed.headers)) or isinstance(told(oc.encode, changed, catalog=catalog), str):
                continue  # AUTO, or a flag without what it says is there
            plain = told(oc.fill, changed, catalog=catalog)
            assert told(oc.fill, changed, before=changed, catalog=catalog) == plain, (name, changed)


def test_a_tag_in_each_frame_that_can_have_one_is_in_all_lengths_and_checksums() -> None:
    """A tag inside each right vector: what is outside follows by the difference as it is computed anew."""
    count = 0
    for name, (packet, catalog) in right_packets().items():
        link = packet.innermost.headers[0]
        if not whole(packet) or packet.trailers or catalog is not oc.DEFAULT:
            continue
        if not isinstance(link, oc.Ethernet) or link.ethertype < 1536:
            continue
        at = len(packet.headers) - len(packet.innermost.headers)
        tag = oc.VLANTag(vid=9, ethertype=link.ethertype)
        headers = (*packet.headers[:at], link.replace(ethertype=0x8100), tag, *packet.headers[at + 1 :])
        wanted = oc.fill(oc.Packet(headers, packet.payload))
        assert vlan.push(packet, vid=9, scope="innermost") == wanted, name
        assert vlan.pop(wanted, scope="innermost") == packet, name
        for opened in opened_outside(packet, at):
            pushed = vlan.push(opened, vid=9, scope="innermost")
            assert [*map(is_open, opened.headers[:at])] == [*map(is_open, pushed.headers[:at])], name
            assert oc.resolve(pushed) == wanted, name
            assert oc.resolve(vlan.pop(pushed, scope="innermost")) == packet, name
        count += at > 0
    assert count > 20


def opened_outside(packet: oc.Packet, stop: int) -> Iterator[oc.Packet]:
    """The packet with AUTO for a length or a checksum that is right, in one of the headers up to `stop`."""
    for index, header in enumerate(packet.headers[:stop]):
        layout = header.__layout__
        for field in (layout.length_field, layout.checksum):
            if field is not None and getattr(header, field.name):
                changed = header.replace(**{field.name: oc.AUTO})
                opened = oc.Packet((*packet.headers[:index], changed, *packet.headers[index + 1 :]), packet.payload)
                if oc.resolve(opened) == packet:  # in front of VXLAN, a UDP checksum would be left out
                    yield opened


# --- what is left to a card, and what is wrong ------------------------------------------------------------------------


def pseudo_sums() -> Iterator[tuple[str, oc.Packet, oc.Catalog, str, int]]:
    """Each right packet, the path of a valid checksum over addresses in it, and the sum of those addresses.

    RFC 768 and RFC 8200 section 8.1: the addresses, the length and the protocol.
    """
    protocols = {oc.UDP: 17, oc.TCP: 6, oc.ICMPv6: 58}
    for name, (packet, catalog) in right_packets().items():
        verdicts = oc.checksums(packet, catalog=catalog) if whole(packet) and not packet.trailers else {}
        for index, header in enumerate(packet.headers[1:], 1):
            network: Any = packet.headers[index - 1]
            path = f"{packet.names[index]}.checksum"
            if type(header) in protocols and isinstance(network, oc.IPv4 | oc.IPv6):
                plain = isinstance(network, oc.IPv6) or network.ihl == 5
                if plain and verdicts.get(path) is oc.ChecksumStatus.VALID:
                    octets = len(oc.encode(oc.Packet(packet.headers[index:], packet.payload), catalog=catalog))
                    numbers = octets.to_bytes(4, "big") + protocols[type(header)].to_bytes(4, "big")
                    yield name, packet, catalog, path, words_sum(network.src.packed + network.dst.packed + numbers)


def test_a_checksum_left_to_a_card_is_partial_and_those_around_it_are_of_the_finished_packet() -> None:
    """Linux, Documentation/networking/checksum-offloads.rst, LCO: the outer checksum is that of the finished packet."""
    around = 0
    for name, packet, catalog, path, total in pseudo_sums():
        right = oc.checksums(packet, catalog=catalog)
        left = packet.replace_at(path, total)
        wanted = right | {path: oc.ChecksumStatus.PARTIAL}
        assert oc.checksums(left, catalog=catalog) == oc.checksums(left, left_to_card=True, catalog=catalog) == wanted
        assert oc.fill(left, catalog=catalog).at(path) == packet.at(path), name
        assert oc.rewrite(left, {}, catalog=catalog) == left
        wrong = packet.replace_at(path, total ^ 0x0101)
        innermost = path == [other for other in right if other.rpartition(".")[0] in packet.names][-1]
        if innermost and packet.at(path) != total ^ 0x0101:
            assert oc.checksums(wrong, catalog=catalog)[path] is oc.ChecksumStatus.BAD
            assert oc.checksums(wrong, left_to_card=True, catalog=catalog) == wanted, name
        changes = {**changes_of(packet), "payload": bytes(octet ^ 0x5A for octet in packet.payload)}
        changed = oc.rewrite(left, changes, catalog=catalog)
        assert oc.checksums(changed, catalog=catalog) == wanted, name
        outside = [other for other, verdict in right.items() if verdict is oc.ChecksumStatus.VALID]
        around += len(outside) > 1 and "inner" in path and "udp.checksum" in outside
    assert around > 0


def test_a_bad_checksum_inside_a_partial_one_is_bad() -> None:
    """Where the record does not say that a card finishes a checksum, only the sum of addresses alone is partial."""
    count = 0
    for name, packet, catalog, path, total in pseudo_sums():
        inner = [other for other in oc.checksums(packet, catalog=catalog) if other.startswith("inner")]
        if path.startswith("inner") or not inner or not packet.at(inner[-1]):
            continue
        left = packet.replace_at(path, total).replace_at(inner[-1], packet.at(inner[-1]) ^ 0x0101)
        verdicts = oc.checksums(left, catalog=catalog)
        assert (verdicts[path], verdicts[inner[-1]]) == (oc.ChecksumStatus.PARTIAL, oc.ChecksumStatus.BAD), name
        count += 1
    assert count > 0


def test_what_is_wrong_stays_wrong_by_as_much_in_each_header() -> None:
    """RFC 1624: an edit and its opposite give the very same packet, whatever is wrong or missing in it."""
    count = 0
    for name, _, catalog in stacks():
        for changed in spoilt(name)[::3]:
            if isinstance(told(oc.encode, changed, catalog=catalog), str):
                continue
            changes = changes_of(changed)
            edited = told(oc.rewrite, changed, changes, catalog=catalog)
            if isinstance(edited, str):
                assert "covers octets that are not here" in edited, (name, changed)
                continue
            verdicts = oc.checksums(changed, catalog=catalog)
            if oc.ChecksumStatus.PARTIAL in verdicts.values():
                continue  # what a length counts is in its sum, and lengths are wrong here
            assert oc.checksums(edited, catalog=catalog) == verdicts, (name, changed)
            there = [path for path, verdict in verdicts.items() if verdict is not oc.ChecksumStatus.ABSENT]
            if any(changed.at(path) % 0xFFFF == 0 for path in there):
                continue  # by the difference, 0 and 0xFFFF are the same number
            back = {path: changed.at(path) for path in changes}
            assert oc.rewrite(edited, back, catalog=catalog) == changed, (name, changed)
            count += bool(changes)
    assert count > 300


def plain_numbers(packet: oc.Packet) -> Iterator[tuple[str, int]]:
    """The paths of numbers that nothing is derived from, and another value for each."""
    for name, header in zip(packet.names, packet.headers, strict=True):
        layout = header.__layout__
        for field in layout.fields:
            plain = field.kind == "int" and not layout.derived(field) and field.const is None
            value = getattr(header, field.name) if plain else None
            if value is not None and field.name not in layout.deciding and layout.checksum is not field:
                yield f"{name}.{field.name}", value ^ 1


def test_each_number_that_is_changed_is_in_the_checksums() -> None:
    count = 0
    for name, (packet, catalog) in right_packets().items():
        if whole(packet):
            for path, value in plain_numbers(packet):
                edited = packet.replace_at(path, value)
                assert oc.rewrite(packet, {path: value}, catalog=catalog) == oc.fill(edited, catalog=catalog), name
                count += 1
    assert count > 500
