"""What `diagnose` says that a receiver does is what the receiver does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Final, NamedTuple

import pytest

import overlaycodec as oc
from overlaycodec import Severity
from overlaycodec.checksum import internet_checksum
from overlaycodec.findings.diagnosis import RULES
from tests.interop.live import receivers
from tests.interop.live.receivers import Receiver
from tests.interop.live.underlay import to_peer
from tests.interop.near_valid import NearValid, near_valid
from tests.interop.tally import Tally

Start = Callable[[type[Receiver]], Receiver]
COUNT: Final = 2_400


class Asked(NamedTuple):
    """A receiver, and how it is spoken to."""

    kind: type[Receiver]
    name: oc.Receiver
    tunnel: oc.VXLAN | oc.Geneve | oc.GRE
    version: int
    from_anywhere: bool = True


PLAIN: Final = oc.VXLAN(vni=Receiver.vni)
GENEVE: Final = oc.Geneve(vni=Receiver.vni)
GRE: Final = oc.GRE(checksum_present=True)
ASKED: Final = [
    Asked(receivers.LinuxVXLANLearningReceiver, "linux", PLAIN, 4),
    Asked(receivers.LinuxVXLANOverIPv6Receiver, "linux", PLAIN, 6),
    Asked(receivers.LinuxGeneveReceiver, "linux", GENEVE, 4, from_anywhere=False),  # it takes its remote's alone
    Asked(receivers.OVSVXLANOpenReceiver, "ovs", PLAIN, 4),
    Asked(receivers.OVSVXLANOpenReceiver, "ovs", PLAIN, 6),
    Asked(receivers.OVSGeneveOpenReceiver, "ovs", GENEVE, 4),
    Asked(receivers.OVSGeneveOpenReceiver, "ovs", GENEVE, 6),
    Asked(receivers.LinuxGREReceiver, "linux", GRE, 4, from_anywhere=False),
    Asked(receivers.OVSGREReceiver, "ovs", GRE, 4),
    Asked(receivers.OVSGREReceiver, "ovs", GRE, 6),
]


NOT_IN_CORPUS: Final = frozenset({"jumbo-missing", "nvgre-inner-tag", "nvgre-vsid"})
"""Rules that test_ordinary asks about, at a host and in tunnels with a key."""
OF_SOURCES: Final = frozenset({"source-address", "source-broadcast", "source-network"})


def delivered(findings: list[oc.Finding]) -> bool:
    """Whether the endpoint delivers the frame; a fragment alone it does not."""
    here = [finding for finding in findings if not finding.scope]
    return not any(finding.severity is Severity.DROP or finding.rule == "fragment" for finding in here)


@pytest.mark.parametrize("asked", ASKED, ids=lambda asked: f"{asked.kind.__name__}-ipv{asked.version}")
def test_the_verdict_is_the_receivers(asked: Asked, started: Start, tally: Tally) -> None:
    receiver = started(asked.kind)
    packets = list(near_valid(asked.tunnel, asked.version, COUNT, seed=8926, from_anywhere=asked.from_anywhere))
    observed = receiver.deliver_each([packet.data for packet in packets])
    wrong: list[tuple[NearValid, list[str]]] = []
    table: Counter[tuple[bool, bool]] = Counter()
    seen: Counter[str] = Counter()
    for packet, frame in zip(packets, observed, strict=True):
        findings = oc.diagnose(packet.data, receiver=asked.name)
        seen.update({finding.rule for finding in findings if not finding.scope})
        predicted = delivered(findings)
        table[predicted, frame is not None] += 1
        if predicted is not (frame is not None):
            wrong.append((packet, list(map(str, findings))))
    assert not wrong, (len(wrong), table, wrong[:3])
    assert table[True, True] > COUNT // 5
    assert table[False, False] > COUNT // 5
    assert expected_rules(asked) <= seen.keys(), expected_rules(asked) - seen.keys()
    tally.add(asked.kind.__name__, "verdicts", [oc.decode(packet.data, lax=True) for packet in packets])


ROUTE: Final = bytes.fromhex("83 07 04 0a000009 00")
"""A loose source route that ends at 10.0.0.9."""


@pytest.mark.parametrize("version", [4, 5, 6, 7])
@pytest.mark.parametrize("options", [b"", bytes([1, 1, 1, 0]), ROUTE], ids=["none", "padding", "route"])
@pytest.mark.parametrize("destination", ["10.77.0.1", "10.0.0.9"])
def test_another_version_and_options_together(version: int, options: bytes, destination: str, started: Start) -> None:
    """Open vSwitch takes 6 for 4 behind the EtherType of IPv4, and then sees no options, where a route ends neither."""
    kind = receivers.OVSGeneveOpenReceiver
    frame = bytes.fromhex("0200000000020200000000019999") + bytes(46)
    summed = oc.decode(kind.wrapped(frame)).replace(oc.IPv4, dst=destination).replace(oc.UDP, checksum=1)
    whole = oc.encode(oc.fill(summed).replace(oc.IPv4, dst="10.77.0.1"))
    data = bytearray(whole[:34] + options + whole[34:])
    data[14] = version << 4 | (20 + len(options)) // 4
    data[16:18] = (len(data) - 14).to_bytes(2, "big")
    data[24:26] = bytes(2)
    data[24:26] = internet_checksum(bytes(data[14 : 34 + len(options)])).to_bytes(2, "big")
    predicted = delivered(oc.diagnose(bytes(data), receiver="ovs"))
    assert predicted is (destination == "10.77.0.1" and (version == 6 or (version == 4 and not options)))
    assert started(kind).deliver_each([bytes(data)]) == [frame if predicted else None]


@pytest.mark.parametrize("asked", ASKED, ids=lambda asked: f"{asked.kind.__name__}-ipv{asked.version}")
def test_every_short_length_of_ip_has_the_verdict_of_the_receiver(asked: Asked, started: Start) -> None:
    """Open vSwitch does not look at the length of IP around GRE; around UDP the tunnel header must be in it."""
    frame = bytes.fromhex("0200000000020200000000019999") + bytes(46)
    inside = (oc.UDP(src_port=50000), asked.tunnel) if not isinstance(asked.tunnel, oc.GRE) else (asked.tunnel,)
    packet = oc.resolve(to_peer(version=asked.version) / oc.Packet(inside) / oc.decode(frame))
    sent = []
    for octets in (0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 20, 40):
        changes = (
            {"total_length": 20 + octets, "checksum": oc.AUTO} if asked.version == 4 else {"payload_length": octets}
        )
        short = packet.replace(oc.IPv4 if asked.version == 4 else oc.IPv6, **changes)
        sent.append(oc.encode(short))
        if isinstance(short.headers[2], oc.UDP):
            sent.append(oc.encode(short.replace(oc.UDP, length=0, checksum=0)))
    seen = [frame is not None for frame in started(asked.kind).deliver_each(sent)]
    assert [delivered(oc.diagnose(data, receiver=asked.name)) for data in sent] == seen


def expected_rules(asked: Asked) -> set[str]:
    """The rules of which the corpus must hold a case: all that say what this receiver does about its packets."""
    kind = type(asked.tunnel)
    about: set[type[oc.Header]] = {kind, oc.IPv4 if asked.version == 4 else oc.IPv6}
    about |= {oc.GREv1} if kind is oc.GRE else {oc.UDP}
    told = {rule.name for rule in RULES if getattr(rule, asked.name) is not None and about & set(rule.headers)}
    if not asked.from_anywhere:
        told -= OF_SOURCES
    told -= NOT_IN_CORPUS
    if asked.version == 4:
        told.discard("checksum-none")
    if kind is not oc.VXLAN:
        told.discard("vxlan-port")
    if kind is not oc.GRE:
        told.discard("gre-version")
    return told
