"""Tunnel endpoints: frames come out as they went in, and outer headers are those that real stacks write."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import overlaycodec as oc
from overlaycodec import (
    GRE,
    STT,
    UDP,
    VXLAN,
    VXLANGBP,
    VXLANGPE,
    Ethernet,
    Geneve,
    GeneveOption,
    IPv4,
    IPv6,
    Packet,
    STTSegment,
    VLANTag,
    dialects,
    tunnel,
    vlan,
)
from overlaycodec import strategies as overlay

CAPTURES: Final = Path(__file__).parents[1] / "captures"
LINK: Final = Ethernet(dst="52:54:00:00:00:02", src="52:54:00:00:00:01")
INSIDE: Final = Ethernet(dst="02:00:00:00:00:02", src="02:00:00:00:00:01")
V4: Final = {"src": "10.0.0.1", "dst": "10.0.0.2"}
V6: Final = {"src": "fd00::1", "dst": "fd00::2"}
OPTION: Final = GeneveOption(option_class=0xFF00, type=0x81, data=b"abcd")

FAMILIES: Final[dict[str, Any]] = {  # Any: constructors of several classes
    "vxlan": partial(tunnel.VXLANTunnel, vni=100),
    "vxlan-gbp": partial(tunnel.VXLANGBPTunnel, vni=100, group_policy_id=7, policy_applied=True),
    "vxlan-gpe": partial(tunnel.VXLANGPETunnel, vni=100),
    "geneve": partial(tunnel.GeneveTunnel, vni=100, options=(OPTION,)),
    "nvgre": partial(tunnel.NVGRETunnel, vsid=100),
    "stt": partial(tunnel.STTTunnel, context_id=100),
}
TUNNELS: Final[list[tuple[tunnel.Tunnel, oc.Catalog]]] = [
    (make(**addresses, link=LINK), dialects.GBP if name == "vxlan-gbp" else oc.DEFAULT)
    for name, make in FAMILIES.items()
    for addresses in (V4, V6)
]
any_tunnel: Final = st.sampled_from(TUNNELS)
enough: Final = settings(max_examples=2 * settings().max_examples)  # for twelve tunnels

policies: Final = st.fixed_dictionaries(
    {
        "ttl": st.integers(0, 255) | st.just("copy"),
        "diffserv": st.sampled_from(["pipe", "uniform"]),
        "dscp": st.integers(0, 63),
        "ecn": st.sampled_from(["normal", "compatibility"]),
        "dont_fragment": st.sampled_from(["set", "clear", "copy"]),
        "key": st.binary(max_size=64),
        "tags": st.lists(st.builds(VLANTag, vid=st.integers(0, 4095)), max_size=2).map(tuple),
    }
)


def ip_frame(ecn: int = 0, dscp: int = 0, *, version: int = 4, **changes: Any) -> Packet:
    network: oc.Header
    if version == 4:
        network = IPv4(src="192.168.0.1", dst="192.168.0.2", ecn=ecn, dscp=dscp, **changes)
    else:
        network = IPv6(src="fd01::1", dst="fd01::2", ecn=ecn, dscp=dscp, **changes)
    return oc.resolve(INSIDE / VLANTag(vid=5) / network / UDP(src_port=1000, dst_port=2000) / b"hello")


# --- out as it went in ------------------------------------------------------------------------------------------------


def carried(tep: tunnel.Tunnel, frame: bytes) -> bool:
    """Whether the tunnel carries the frame: NVGRE carries none with a VLAN tag (RFC 7637 section 3.3)."""
    tagged = any(isinstance(header, VLANTag) for header in oc.decode(frame, lax=True).headers[1:2])
    return not (isinstance(tep, tunnel.NVGRETunnel) and tagged)


@pytest.mark.parametrize("tags", [(VLANTag(vid=7),), (VLANTag(vid=0, pcp=3),), (VLANTag(vid=7), VLANTag(vid=8))])
def test_nvgre_carries_no_tag(tags: tuple[VLANTag, ...]) -> None:
    """RFC 7637 section 3.3: the inner frame has no tag; in a tunnel of other kinds, and of tunnels inside, it may."""
    nvgre = FAMILIES["nvgre"](**V4)
    frame = oc.resolve(Packet((INSIDE, *tags, *ip_frame().headers[2:]), b"..."))
    for given_as in (frame, oc.encode(frame)):
        with pytest.raises(oc.EncodeError, match=r"no frame with a VLAN tag .*vlan\.pop"):
            nvgre.encapsulate(given_as)
    while len(vlan.tags(frame)):
        frame = vlan.pop(frame)
    assert tunnel.decapsulate(oc.encode(nvgre.encapsulate(frame)), first=IPv4).frame == oc.encode(frame)
    tagged = Packet((INSIDE, *tags, *ip_frame().headers[2:]), b"...")
    within = FAMILIES["vxlan"](**V4, link=INSIDE).encapsulate(tagged)
    assert "inner.inner.vlan" in nvgre.encapsulate(within).names


@pytest.mark.parametrize("header", [VXLAN, VXLANGBP, oc.VXLANGPE, oc.VXLANRCO])
def test_a_vni_without_its_flag_is_none(header: Any) -> None:
    """RFC 7348 section 5: the flag is set for a valid VNI."""
    frame = oc.encode(oc.resolve(ip_frame()))
    for valid in (True, False):
        outside = oc.encode(header(vni=100, vni_valid=valid, **({"next_protocol": 3} if header is oc.VXLANGPE else {})))
        assert tunnel.decapsulate(outside + frame, first=header).vni == (100 if valid else None)


@pytest.mark.parametrize("between", [(oc.MPLS(label=100, bottom_of_stack=True),), (oc.PPPoE(session_id=1), oc.PPP())])
def test_ip_behind_mpls_or_pppoe_is_not_the_frames_own(between: tuple[oc.Header, ...]) -> None:
    """RFC 6040 is about an IP header that follows the link header: Linux 6.18 and Open vSwitch 3.1 deliver this."""
    network = IPv4(src="192.168.0.1", dst="192.168.0.2", ttl=9, dscp=11, ecn=0, protocol=253)
    frame = oc.resolve(Packet((INSIDE, *between, network), b"..."))
    tep = FAMILIES["vxlan"](**V4, ttl="copy", diffserv="uniform")
    outer = tep.encapsulate(frame)
    assert (outer[IPv4].ttl, outer[IPv4].dscp, outer[IPv4].ecn) == (64, 0, 0)
    congested = oc.fill(outer.replace(IPv4, ecn=3))
    inside = tunnel.decapsulate(congested, diffserv="uniform")
    assert (inside.ecn, inside.frame) == (None, oc.encode(frame))
    for receiver in ("rfc", "linux", "ovs"):
        found = oc.diagnose(oc.encode(congested), first=IPv4, receiver=receiver)
        assert not [finding for finding in found if finding.rule.startswith("ecn")]


@enough
@given(end=any_tunnel, frame=st.binary(max_size=200) | overlay.packets(max_headers=6), policy=policies)
def test_what_went_in_comes_out(
    end: tuple[tunnel.Tunnel, oc.Catalog], frame: bytes | Packet, policy: dict[str, Any]
) -> None:
    tep, catalog = end
    octets = frame if isinstance(frame, bytes) else oc.encode(frame)
    assume(carried(tep, octets))
    outer = tep.replace(**policy).encapsulate(frame)
    inside = tunnel.decapsulate(oc.encode(outer), catalog=catalog)
    assert tunnel.decapsulate(outer, catalog=catalog) == inside
    assert inside.frame == octets
    assert inside.vni == 100
    assert inside.missing == 0
    assert inside.first is Ethernet
    assert inside.ecn is None or (not inside.ecn.drop and inside.ecn.alarm == tunnel.ECNAlarm.NONE)
    assert "bad" not in oc.checksums(Packet(outer.headers[: len(inside.tunnel)], octets)).values()


@enough
@given(end=any_tunnel, frame=overlay.packets(max_headers=6))
def test_the_outer_packet_is_what_is_decoded(end: tuple[tunnel.Tunnel, oc.Catalog], frame: Packet) -> None:
    tep, catalog = end
    assume(carried(tep, oc.encode(frame)))
    outer = tep.encapsulate(frame)
    data = oc.encode(outer)
    decoded = oc.decode(data, catalog=catalog)
    own = len(outer.headers) - len(frame.headers)
    assert decoded.headers[:own] == outer.headers[:own]
    assert oc.encode(decoded, catalog=catalog) == data
    if catalog == oc.DEFAULT:  # another one may read a tunnel in the frame as its own
        assert decoded == outer
    assert oc.resolve(outer) == outer
    assert outer.inner == frame
    assert tep.excess_octets(frame, 0) == tunnel.overhead_octets(outer) + len(oc.encode(frame))


@given(
    frame=st.binary(max_size=100),
    teps=st.lists(st.sampled_from([tep for tep, catalog in TUNNELS if catalog is oc.DEFAULT]), min_size=1, max_size=4),
)
def test_tunnels_in_tunnels(frame: bytes, teps: list[tunnel.Tunnel]) -> None:
    frames = [frame]
    for tep in teps:
        frames.append(oc.encode(tep.encapsulate(frames[-1])))
    found = tunnel.decapsulate_all(frames[-1])
    assert [inside.frame for inside in found][: len(teps)] == frames[-2::-1]


@pytest.mark.parametrize(
    "network",
    [IPv4(src="192.168.0.1", dst="192.168.0.1", protocol=59), IPv6(src="fd01::1", dst="fd01::2", next_header=59)],
    ids=["v4", "v6"],
)
@pytest.mark.parametrize("name", ["geneve", "vxlan-gpe"])
def test_packets_without_ethernet(name: str, network: IPv4 | IPv6) -> None:
    tep = FAMILIES[name](**V4)
    octets = oc.encode(network)
    for outer in (tep.encapsulate(network / b""), tep.encapsulate(octets, first=type(network))):
        inside = tunnel.decapsulate(oc.encode(outer), first=IPv4)
        assert (inside.frame, inside.first) == (octets, type(network))
    with pytest.raises(oc.EncodeError, match="has no number for UDP"):
        tep.encapsulate(UDP(src_port=1, dst_port=2, checksum=0) / b"")


@pytest.mark.parametrize("name", ["vxlan", "vxlan-gbp", "nvgre", "stt"])
def test_ethernet_alone_where_nothing_else_can_be_said(name: str) -> None:
    with pytest.raises(oc.EncodeError, match="carries Ethernet frames, no IPv4"):
        FAMILIES[name](**V4).encapsulate(IPv4(src="192.168.0.1", dst="192.168.0.2", protocol=59) / b"")


def test_a_frame_too_long_is_refused() -> None:
    with pytest.raises(oc.LengthOverflowError):
        FAMILIES["vxlan"](**V4).encapsulate(bytes(65536))
    snapped = oc.decode(oc.encode(ip_frame())[:40], wire_length=60, lax=True)
    with pytest.raises(oc.EncodeError, match="lacks 20 octets"):
        FAMILIES["vxlan"](**V4).encapsulate(snapped)


# --- as real stacks write it ------------------------------------------------------------------------------------------


def captured(name: str, catalog: oc.Catalog = oc.DEFAULT) -> Iterator[tuple[bytes, Packet]]:
    with oc.open_capture(CAPTURES / f"{name}.pcap") as capture:
        for record in capture:
            packet = record.decode(lax=True, catalog=catalog)
            if packet.fault is None and packet.names[-1].startswith("inner."):
                yield record.data, packet


def endpoint_of(packet: Packet) -> tunnel.Tunnel:
    """The endpoint that would write these outer headers, by what they say alone."""
    outer = packet.outer
    network: Any = outer.get(IPv4) or outer[IPv6]
    inside = packet.inner.outer
    inner: Any = inside.get(IPv4) or inside.get(IPv6)
    settings: dict[str, Any] = {
        "src": network.src,
        "dst": network.dst,
        "link": outer[Ethernet].replace(ethertype=oc.AUTO),
        "dscp": network.dscp,
        "ecn": "normal" if inner is None or inner.ecn == network.ecn else "compatibility",
    }
    if isinstance(network, IPv4):
        settings |= {"ttl": network.ttl, "dont_fragment": "set" if network.dont_fragment else "clear"}
    else:
        settings |= {"ttl": network.hop_limit, "flow_label": network.flow_label}
    if (gre := outer.get(GRE)) and gre.key is not None:
        return tunnel.NVGRETunnel(vsid=gre.key >> 8, flow_id=gre.key & 0xFF, **settings)
    if segment := outer.get(STTSegment):
        return tunnel.STTTunnel(
            context_id=outer[STT].context_id, src_ports=(segment.src_port,) * 2, **settings
        )  # fmt: skip
    udp = outer[UDP]
    settings |= {"src_ports": (udp.src_port,) * 2, "dst_port": udp.dst_port, "ipv6_zero_checksum": True}
    settings["checksum"] = "compute" if udp.checksum else "zero"
    last: Any = outer.headers[-1]
    if isinstance(last, VXLANGBP):
        return tunnel.VXLANGBPTunnel(
            vni=last.vni, group_policy_id=last.group_policy_id if last.group_policy else None,
            dont_learn=last.dont_learn, policy_applied=last.policy_applied, **settings,
        )  # fmt: skip
    if isinstance(last, VXLANGPE):
        return tunnel.VXLANGPETunnel(vni=last.vni, **settings)
    if isinstance(last, Geneve):
        return tunnel.GeneveTunnel(vni=last.vni, options=last.options, **settings)
    assert isinstance(last, VXLAN)
    return tunnel.VXLANTunnel(vni=last.vni, **settings)


REAL: Final = {
    "kernel-vxlan-v4": 9,
    "kernel-vxlan-v6": 4,
    "kernel-vxlan-v4-udpcsum": 1,
    "kernel-vxlan-v6-zerocsum": 5,
    "kernel-vxlan-multicast": 8,
    "kernel-vxlan-external": 1,
    "kernel-vxlan-gpe": 5,
    "kernel-vxlan-gbp": 8,
    "linux-geneve": 9,
    "linux-geneve-v6": 5,
    "linux-gretap-nvgre": 3,
    "ovs-geneve-options": 6,
    "ovs-gre-nvgre": 2,
    "ovs-v6-underlay-geneve-vxlan": 3,
    "ovs-vxlan-gpe": 3,
}
"""Captures of the kernel and of Open vSwitch, with a floor on how many packets are rebuilt."""


@pytest.mark.parametrize("name", REAL)
def test_rebuilt_octet_for_octet(name: str) -> None:
    """The very packets of real stacks, from the inner frame and the settings that the outer headers tell."""
    catalog = dialects.GBP if "gbp" in name else oc.DEFAULT
    rebuilt = 0
    for data, packet in captured(name, catalog):
        last = packet.outer.headers[-1]
        if isinstance(last, GRE) and (last.key is None or last.sequence_present or last.protocol_type != 0x6558):
            continue  # not NVGRE
        if not isinstance(last, GRE | STT | VXLAN | VXLANGBP | VXLANGPE | Geneve):
            continue
        if isinstance(last, Geneve) and (last.control or last.critical is not any(o.type & 0x80 for o in last.options)):
            continue  # Linux leaves C clear beside a critical option; RFC 8926 section 3.4 does not
        if any(getattr(last, f.name) for f in last.__declaration__ if oc.Reserved in f or oc.Unparsed in f):
            continue  # made by hand, to see what the kernel does with it
        if oc.ChecksumStatus.BAD in oc.checksums(packet).values():
            continue  # so is this
        network = packet.outer.get(IPv4)
        inside = tunnel.decapsulate(data, catalog=catalog)
        outer = endpoint_of(packet).encapsulate(
            inside.frame,
            first=inside.first or Ethernet,
            identification=0 if network is None else network.identification,
        )
        assert oc.encode(outer) == data
        rebuilt += 1
    assert rebuilt >= REAL[name]


def test_every_capture_gives_its_frames() -> None:
    """Whatever tunnel a record of a real stack has, its frame is the octets behind the outer headers."""
    seen = pieces = 0
    for path in sorted(CAPTURES.glob("*.pcap")):
        for data, packet in captured(path.stem):
            try:
                inside = tunnel.decapsulate(data)
            except (oc.TruncatedError, oc.FieldValueError):  # a segment of STT, or a fragment
                pieces += 1
                continue
            assert inside.frame in data
            assert inside.frame == oc.encode(packet.inner)
            assert inside.packet == packet.inner
            seen += 1
    assert (seen >= 375, pieces) == (True, 2)


def test_a_checksum_that_is_left_to_the_receiver_is_finished() -> None:
    """What Linux sent with `remcsumtx`; tests/interop has what Linux makes of ours."""
    data, sent = next(captured("kernel-vxlan-rco"))
    inside = tunnel.decapsulate(data, catalog=dialects.LINUX_RCO)
    assert oc.checksums(sent.inner)["udp.checksum"] is oc.ChecksumStatus.PARTIAL
    assert oc.checksums(inside.packet)["udp.checksum"] is oc.ChecksumStatus.VALID
    assert inside.packet == oc.fill(sent.inner)
    packet = dialects.LINUX_RCO.decode(data)
    for changes in ({"remote_checksum": False}, {"checksum_start": 127}):
        kept = tunnel.decapsulate(packet.replace(oc.VXLANRCO, **changes), catalog=dialects.LINUX_RCO)
        assert kept.frame == oc.encode(sent.inner)


# --- marks and classes ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("addresses", [V4, V6], ids=["over v4", "over v6"])
@pytest.mark.parametrize("outer_mark", range(4))
@pytest.mark.parametrize("inner_mark", range(4))
def test_marks_are_combined(inner_mark: int, outer_mark: int, addresses: dict[str, str], version: int) -> None:
    frame = ip_frame(inner_mark, 11, version=version)
    outer = FAMILIES["geneve"](**addresses).encapsulate(frame)
    marked = oc.fill(outer.replace(IPv4 if addresses is V4 else IPv6, ecn=outer_mark))
    inside = tunnel.decapsulate(marked)
    outcome = tunnel.egress_ecn(inner_mark, outer_mark)
    assert inside.ecn == outcome
    if outcome.ecn in (None, inner_mark):
        assert inside.frame == oc.encode(frame)
    else:
        assert inside.frame == oc.encode(oc.fill(frame.replace(IPv4 if version == 4 else IPv6, ecn=outcome.ecn)))


def test_a_checksum_that_was_wrong_stays_wrong() -> None:
    frame = ip_frame(ecn=2).replace(IPv4, checksum=0x1234)
    outer = oc.fill(FAMILIES["vxlan"](**V4).encapsulate(frame).replace(IPv4, ecn=3), checksums=False)
    inside = tunnel.decapsulate(outer).packet
    assert inside[IPv4].ecn == 3
    assert oc.checksums(inside)["ipv4.checksum"] is oc.ChecksumStatus.BAD


@pytest.mark.parametrize("version", [4, 6])
def test_uniform_and_pipe(version: int) -> None:
    frame = ip_frame(dscp=46, version=version)
    pipe, uniform = FAMILIES["vxlan"](**V4, dscp=8), FAMILIES["vxlan"](**V4, dscp=8, diffserv="uniform")
    assert pipe.encapsulate(frame)[IPv4].dscp == 8
    outer = uniform.encapsulate(frame)
    assert outer[IPv4].dscp == 46
    remarked = outer.replace(IPv4, dscp=10)
    assert tunnel.decapsulate(remarked).frame == oc.encode(frame)
    inside = tunnel.decapsulate(remarked, diffserv="uniform").packet
    assert inside == oc.fill(frame.replace(IPv4 if version == 4 else IPv6, dscp=10))
    assert uniform.encapsulate(b"no IP")[IPv4].dscp == 8


def test_ttl_and_dont_fragment() -> None:
    tep = FAMILIES["vxlan"](**V4, ttl="copy", dont_fragment="copy")
    for frame, ttl, df in (
        (ip_frame(ttl=7, dont_fragment=True), 7, True),
        (ip_frame(ttl=9), 9, False),
        (ip_frame(version=6, hop_limit=3), 3, True),  # no router fragments IPv6
        (INSIDE.replace(ethertype=0x9999) / b"", 64, False),
    ):
        outer = tep.encapsulate(frame, identification=77)[IPv4]
        assert (outer.ttl, outer.dont_fragment, outer.identification) == (ttl, df, 77)
    pseudowires = oc.DEFAULT.with_binding(oc.MPLS_LABEL(16), Ethernet)
    customer = (
        INSIDE
        / oc.MPLS(label=16)
        / INSIDE
        / IPv4(src="192.168.0.1", dst="192.168.0.2", protocol=99, ttl=7)
        / b"its own"
    )
    assert tep.encapsulate(customer, catalog=pseudowires)[IPv4].ttl == 64  # that IP is of a scope further inside
    assert FAMILIES["vxlan"](**V6, ttl="copy").encapsulate(ip_frame(ttl=7))[IPv6].hop_limit == 7
    assert FAMILIES["vxlan"](**V4, dont_fragment="clear").encapsulate(ip_frame())[IPv4].dont_fragment is False
    assert FAMILIES["vxlan"](**V4).encapsulate(ip_frame())[IPv4].dont_fragment is True


# --- checksums, links, room -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "addresses", "policy", "there"),
    [
        ("vxlan", V4, "default", False),  # RFC 7348 section 5: SHOULD be zero
        ("vxlan", V6, "default", True),  # RFC 8200 section 8.1
        ("geneve", V4, "default", True),  # RFC 8926 section 3.3: SHOULD be generated
        ("geneve", V6, "default", True),
        ("vxlan", V4, "compute", True),
        ("vxlan", V6, "compute", True),
        ("geneve", V4, "zero", False),
        ("vxlan", V4, "zero", False),
    ],
)
def test_udp_checksum_policy(name: str, addresses: dict[str, str], policy: str, there: bool) -> None:
    outer = FAMILIES[name](**addresses, checksum=policy).encapsulate(ip_frame())
    assert oc.checksums(outer)["udp.checksum"] is (oc.ChecksumStatus.VALID if there else oc.ChecksumStatus.ABSENT)


def test_zero_over_ipv6_must_be_asked_for() -> None:
    with pytest.raises(ValueError, match="RFC 6936"):
        FAMILIES["vxlan"](**V6, checksum="zero")
    allowed = FAMILIES["vxlan"](**V6, checksum="zero", ipv6_zero_checksum=True)
    assert allowed.encapsulate(ip_frame())[UDP].checksum == 0


@pytest.mark.parametrize(
    ("group", "mac"),
    [
        ("239.1.1.1", "01:00:5e:01:01:01"),  # tests/captures/kernel-vxlan-multicast.pcap
        ("224.128.64.32", "01:00:5e:00:40:20"),
        ("239.255.255.255", "01:00:5e:7f:ff:ff"),
        ("ff02::16", "33:33:00:00:00:16"),  # tests/captures/linux-geneve.pcap
        ("ff0e::db8:1:2", "33:33:00:01:00:02"),
    ],
)
def test_groups(group: str, mac: str) -> None:
    assert tunnel.group_mac(ip_address(group)) == oc.MACAddress(mac)
    src = "10.0.0.1" if "." in group else "fd00::1"
    tep = tunnel.VXLANTunnel(vni=42, src=src, dst=group, link="02:00:00:00:00:0a")
    assert tep.encapsulate(ip_frame())[Ethernet] == Ethernet(
        dst=mac, src="02:00:00:00:00:0a", ethertype=0x0800 if "." in group else 0x86DD
    )


def test_the_kernels_groups() -> None:
    sent = [
        packet
        for _, packet in captured("kernel-vxlan-multicast")
        if (network := packet.get(IPv4)) and network.dst.is_multicast
    ]
    assert sent
    for packet in sent:
        assert packet[Ethernet].dst == tunnel.group_mac(packet[IPv4].dst)


def test_outer_tags() -> None:
    tep = FAMILIES["vxlan"](
        **V4, link=LINK.replace(ethertype=0x88A8), tags=(VLANTag(vid=10), VLANTag(vid=20, pcp=5))
    )  # fmt: skip
    octets = oc.encode(tep.encapsulate(ip_frame()))
    assert octets[12:22].hex(" ", 2) == "88a8 000a 8100 a014 0800"
    assert tunnel.decapsulate(octets).frame == oc.encode(ip_frame())


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"src": "10.0.0.1", "dst": "fd00::1"}, "not of one family"),
        ({**V4, "ecn": "loud"}, "ecn is 'normal', 'compatibility', not 'loud'"),
        ({**V4, "diffserv": "hose"}, "diffserv is"),
        ({**V4, "dont_fragment": True}, "dont_fragment is"),
        ({**V4, "checksum": 0}, "checksum is"),
        ({**V6, "flow_label": "no"}, "takes an int"),
        ({**V4, "dst": 7}, "dst takes an IP address or its text, not int"),
        ({**V4, "dst": "10.0.0"}, "does not appear to be"),
        ({**V4, "link": "02:00:00:00:00:01"}, "no multicast group"),
        ({**V4, "link": "eth0"}, "link is 'eth0', but dst .* is no multicast group: give Ethernet"),
        ({**V4, "tags": (VLANTag(vid=1),)}, "tags follow a link header"),
        ({**V4, "key": bytes(65)}, "at most 64"),
        ({**V4, "src_ports": (2, 1)}, "0..65535"),
        ({**V4, "ttl": 256}, "0..255"),
        ({**V4, "dscp": 64}, "0..63"),
        ({**V4, "vni": 1 << 24}, "24 bits"),
        ({**V4, "dst_port": 65536}, "0..65535"),
        ({**V6, "flow_label": 1 << 20}, "20 bits"),
    ],
)
def test_settings_that_cannot_be(settings: dict[str, Any], reason: str) -> None:
    with pytest.raises((ValueError, TypeError, oc.FieldRangeError), match=reason):
        tunnel.VXLANTunnel(**{"vni": 1} | settings)


@pytest.mark.parametrize(
    "cls",
    [tunnel.VXLANTunnel, tunnel.VXLANGBPTunnel, tunnel.VXLANGPETunnel, tunnel.GeneveTunnel, tunnel.NVGRETunnel,
     tunnel.STTTunnel],
)  # fmt: skip
def test_a_misspelt_setting_is_answered_with_the_nearest(cls: Any) -> None:
    network = {tunnel.NVGRETunnel: "vsid", tunnel.STTTunnel: "context_id"}.get(cls, "vni")
    tep = cls(**{network: 5000}, **V4)
    for call in (partial(cls, **{network: 5000}, **V4), tep.replace):
        with pytest.raises(TypeError, match=f"^{cls.__name__} has no field '{network}i': did you mean '{network}'"):
            call(**{f"{network}i": 1})
        with pytest.raises(TypeError, match="has no field 'zzz': there are src, dst, "):
            call(zzz=1)
    with pytest.raises(TypeError, match="Missing required argument 'src'"):
        cls(**{network: 1}, dst="10.0.0.1")
    with pytest.raises(TypeError, match=r"Reception has no field 'recever': did you mean 'receiver'\?"):
        tunnel.Reception(recever="linux")  # type: ignore[call-arg]


def test_room() -> None:
    """The kernel gives a VXLAN device an MTU of 1450 on a link of 1500 over IPv4, and 1430 over IPv6."""
    assert FAMILIES["vxlan"](**V4).inner_mtu(1500) == 1450
    assert FAMILIES["vxlan"](**V6).inner_mtu(1500) == 1430
    tep = FAMILIES["vxlan"](**V4, link=LINK, tags=(VLANTag(vid=1),))
    assert tep.overhead_octets == tunnel.overhead_octets(tep) == 36
    assert tep.inner_mtu(1500, tags=1) == 1446
    assert (tep.excess_octets(bytes(1464), 1500), tep.excess_octets(bytes(1465), 1500)) == (0, 1)
    assert tep.inner_mtu(40) == 0
    assert FAMILIES["stt"](**V4).overhead_octets == 20 + 20 + 18
    assert FAMILIES["nvgre"](**V4).overhead_octets == 20 + 8
    assert FAMILIES["geneve"](**V4).overhead_octets == 20 + 8 + 8 + 8


# --- what cannot be taken out -----------------------------------------------------------------------------------------


def test_endpoints_are_values() -> None:
    for tep, _ in TUNNELS:
        again = pickle.loads(pickle.dumps(tep))
        assert again == tep == tep.replace()
        assert hash(again) == hash(tep)
        assert again.encapsulate(b"frame") == tep.encapsulate(b"frame")
    with pytest.raises(AttributeError):
        TUNNELS[0][0].ttl = 1  # type: ignore[misc]  # that is the point
    with pytest.raises(ValueError, match="diffserv is 'pipe', 'uniform', not 'both'"):
        tunnel.decapsulate(b"", diffserv="both")  # type: ignore[arg-type]  # that is the point


def test_nesting_is_bounded() -> None:
    """A packet of 64 KiB holds thousands of IP headers; nobody keeps what is in each of them."""
    data = b""
    for _ in range(3_000):
        length = (len(data) + 20).to_bytes(2, "big")
        data = bytes.fromhex("4500") + length + bytes.fromhex("00000000 4004 0000 0a000001 0a000002") + data
    assert len(tunnel.decapsulate_all(data, first=IPv4)) == oc.DEFAULT.max_headers


def test_no_tunnel_and_faults_outside() -> None:
    for function in (tunnel.decapsulate, tunnel.overhead_octets):
        with pytest.raises(oc.MissingHeaderError, match="no tunnel in ethernet, vlan, ipv4, udp"):
            function(ip_frame())
    with pytest.raises(oc.TruncatedError):
        tunnel.decapsulate(b"short")
    octets = oc.encode(FAMILIES["vxlan"](**V4, link=LINK).encapsulate(ip_frame()))
    for damaged in (octets[:-1], oc.decode(octets[:-1], lax=True)):
        with pytest.raises(oc.TruncatedError, match=r"ipv4\.total_length"):
            tunnel.decapsulate(damaged)
        assert tunnel.decapsulate(damaged, lax=True).frame == oc.encode(ip_frame())[:-1]
    snapped = tunnel.decapsulate(octets[:-10], wire_length=len(octets))
    assert (snapped.frame, snapped.missing) == (oc.encode(ip_frame())[:-10], 10)
    assert tunnel.decapsulate(octets + bytes(9)).frame == oc.encode(ip_frame())


def test_pieces_must_be_put_together_first() -> None:
    outer = FAMILIES["vxlan"](**V4).encapsulate(ip_frame())
    with pytest.raises(oc.FieldValueError, match=r"ipv4\.more_fragments \(bit 50\)"):
        tunnel.decapsulate(oc.encode(outer.replace(IPv4, more_fragments=True)), first=IPv4)
    stt = FAMILIES["stt"](**V4).encapsulate(ip_frame())
    with pytest.raises(oc.TruncatedError, match=r"stt_segment\.total_length .* says 3020 octets, 89 are there"):
        tunnel.decapsulate(stt.replace(STTSegment, total_length=3000), first=IPv4)


@given(data=overlay.malformed_bytes() | overlay.malformed_bytes(IPv6), end=any_tunnel)
def test_any_frame_is_carried(data: bytes, end: tuple[tunnel.Tunnel, oc.Catalog]) -> None:
    tep = end[0].replace(ttl="copy", diffserv="uniform", dont_fragment="copy")
    assume(carried(tep, data))
    assert tunnel.decapsulate(oc.encode(tep.encapsulate(data)), catalog=end[1]).frame == data


@given(data=overlay.malformed_bytes(VXLAN) | overlay.malformed_bytes(Geneve) | overlay.malformed_bytes(STT))
def test_any_octets_give_a_frame_or_an_error_of_ours(data: bytes) -> None:
    for lax in (False, True):
        try:
            found = tunnel.decapsulate_all(data, lax=lax)
        except oc.CodecError:
            continue
        for inside in found:
            assert len(inside.frame) < len(data)
            oc.encode(inside.packet)
        if found[0].ecn is None or found[0].ecn.ecn is None:
            assert found[0].frame in data


def test_stt_frame_ids() -> None:
    outer = FAMILIES["stt"](**V4).encapsulate(ip_frame(), frame_id=0xDEADBEEF)
    assert outer[STTSegment].frame_id == 0xDEADBEEF
    assert oc.checksums(outer)["stt_segment.checksum"] is oc.ChecksumStatus.VALID
    assert oc.resolve(oc.fill(outer)) == outer
