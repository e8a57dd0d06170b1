"""tcpdump: the headers in its text, in order, and the numbers in them.

Strategy: its text is searched for what it says of each header. Headers that are not looked for are stepped over.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from ipaddress import IPv4Address, IPv6Address
from typing import Any, Final

from overlaycodec import protocols
from overlaycodec.packet.header import Header
from overlaycodec.values import MACAddress

__all__ = ["OPTIONS", "SPOKEN", "VERDICT", "Said", "said_in", "texts_of"]

VERDICT: Final = "verdict"
"""Among the values of a header: the status of its checksum."""
OPTIONS: Final = ("-nn", "-e", "-vvv", "-t", "-#")
"""How tcpdump is called."""
Found = Mapping[str, str]
"""The parts of the text that were found, by name; "" where one is absent."""
Values = dict[str, Any]  # Any: numbers, addresses
Said = list[tuple[tuple[type[Header], ...], Values]]
"""Of each header in the text, what it can be, and its fields."""

_MAC: Final = r"(?:[0-9a-f]{2}:){5}[0-9a-f]{2}"
_IPV4: Final = r"\d+(?:\.\d+){3}"


def _transport(prefix: str) -> str:
    """What follows the ports."""
    return (
        rf"(?:: (?:\[(?P<{prefix}_udp>no cksum|udp sum ok|bad udp cksum)[^\]\n]*\]"
        rf"|(?P<{prefix}_tcp>Flags) \[(?P<{prefix}_flags>[^\]\n]*)\], "
        rf"(?:cksum 0x(?P<{prefix}_sum>[0-9a-f]+) \((?P<{prefix}_ok>correct|incorrect)[^)\n]*\), )?"
        rf"(?:seq [\d:]+, )?(?:ack \d+, )?win (?P<{prefix}_win>\d+)))?"
    )


PATTERNS: Final = {
    "ethernet": (
        rf"(?P<e_src>{_MAC}) > (?P<e_dst>{_MAC}), "
        r"(?:ethertype [^(\n]*\((?P<e_type>0x[0-9a-f]{4})\)|802\.3(?:, length (?P<e_len>\d+))?)"
    ),
    "dsa": (
        rf"(?P<j_src>{_MAC}) > (?P<j_dst>{_MAC}), Marvell DSA mode (?P<j_mode>[^,\n]*), (?:\w+ )?dev (?P<j_dev>\d+), "
        r"(?:port|trunk) (?P<j_port>\d+), [^\n]*?(?P<j_tagged>untagged|tagged), (?P<j_cfi>CFI, )?VID (?P<j_vid>\d+), "
        r"FPri (?P<j_prio>\d+), (?:ethertype [^(\n]*\((?P<j_type>0x[0-9a-f]{4})\)|802\.3)"
    ),
    "vlan": (
        r"vlan (?P<v_vid>\d+), p (?P<v_pcp>\d)(?P<v_dei>, DEI)?"
        r"(?:, ethertype [^(\n]*\((?P<v_type>0x[0-9a-f]{4})\))?"
    ),
    "ipv4": (
        r"\(tos 0x(?P<i_tos>[0-9a-f]+)[^\n]*?(?:, ttl (?P<i_ttl>\d+))?, id (?P<i_id>\d+), offset (?P<i_off>\d+), "
        r"flags \[(?P<i_df>[^\]\n]*)\], proto [^\n(]*\((?P<i_proto>\d+)\), length (?P<i_len>\d+)(?P<i_rest>[^\n]*)\n"
        rf"\s+(?P<i_src>{_IPV4})(?:\.(?P<i_sport>\d+))? > (?P<i_dst>{_IPV4})(?:\.(?P<i_dport>\d+))?{_transport('it')}"
    ),
    "ipv6": (
        r"\((?:class 0x(?P<x_class>[0-9a-f]+), )?(?:flowlabel 0x(?P<x_label>[0-9a-f]+), )?"
        r"hlim (?P<x_hlim>\d+), next-header [^(\n]*\((?P<x_next>\d+)\) payload length: (?P<x_len>\d+)\) "
        rf"(?P<x_src>\S+) > (?P<x_dst>\S+?)(?=:(?: |\n|$)){_transport('xt')}"
    ),
    "ports": rf"(?<=[ )])(?P<p_sport>\d+) > (?P<p_dport>\d+)(?=: )(?!: sctp){_transport('pt')}",
    "mpls": r"\(label (?P<m_label>\d+)[^,\n]*, tc (?P<m_tc>\d)(?P<m_s>, \[S\])?, ttl (?P<m_ttl>\d+)\)",
    # on Linux's own port it calls the same header OTV, and the VNI an instance
    "vxlan": (
        r"(?:VXLAN|OTV), flags \[[^\]\n]*\] \(0x(?P<n_flags>[0-9a-f]+)\), "
        r"(?:vni|overlay \d+, instance) (?P<n_vni>\d+)"
    ),
    "gpe": r"VXLAN-GPE, flags \[(?P<g_flags>[^\]\n]*)\], vni (?P<g_vni>\d+)",
    "geneve": (
        r"Geneve, Flags \[(?P<y_flags>[^\]\n]*)\], vni 0x(?P<y_vni>[0-9a-f]+), (?:rsvd 0x(?P<y_rsvd>[0-9a-f]+), )?"
        r"proto [^(\n]*\((?P<y_proto>0x[0-9a-f]{4})\)(?:, options \[(?P<y_options>[^\]\n]*)\])?"
    ),
    "gre": (
        r"GREv0, Flags \[(?P<r_flags>[^\]\n]*)\](?:, sum 0x(?P<r_sum>[0-9a-f]+))?(?:, off 0x(?P<r_off>[0-9a-f]+))?"
        r"(?:, key=0x(?P<r_key>[0-9a-f]+))?(?:, seq (?P<r_seq>\d+))?[^\n]*?, "
        r"proto [^(\n]*\((?P<r_proto>0x[0-9a-f]{4})\)"
    ),
    "nsh": (
        r"NSH, ver 0, flags \[(?P<s_flags>[^\]\n]*)\], TTL (?P<s_ttl>\d+), length (?P<s_len>\d+), "
        r"md type (?P<s_md>\d+), next-protocol [^,\n]*, service-path-id 0x(?P<s_spi>[0-9a-f]+), "
        r"service-index 0x(?P<s_si>[0-9a-f]+)"
    ),
    "arp": r"Ethernet \(len (?P<a_hlen>\d+)\), IPv4 \(len (?P<a_plen>\d+)\), ",
    "icmpv6": r"(?:\[(?P<c_sum>icmp6 sum ok|bad icmp6 cksum)[^\]\n]*\] )?ICMP6, ",
    "pppoe": r"(?<!ethertype )PPPoE  (?:\[ses 0x(?P<o_ses>[0-9a-f]+)\])?",
    "rip": r"RIPv(?P<q_ver>\d), (?P<q_cmd>Request|Response), length",
    "dhcp": r"BOOTP/DHCP, (?P<d_op>Request|Reply)(?:[^\n]*?, xid 0x(?P<d_xid>[0-9a-f]+))?",
    "dhcpv6": r"dhcp6 (?!relay)[^\n(]*\((?:xid=(?P<z_xid>[0-9a-f]+))",
    "vrrp": r"VRRPv(?P<w_ver>[23]), Advertisement, (?:\(ttl \d+\), )?vrid (?P<w_id>\d+), prio (?P<w_prio>\d+)",
    "pim": (
        r"PIMv2, length \d+\n\s+(?P<k_kind>[^,\n]*), "
        r"cksum 0x(?P<k_sum>[0-9a-f]+) \((?P<k_ok>correct|incorrect|unverified)"
    ),
    "lacp": r"(?P<l_kind>LACP|MARKER)v(?P<l_ver>\d+), length",
    "oam": r"OAM, length \d+\n\s+Code (?P<f_code>[^,\n]*)",
    "cfm": r"CFMv(?P<b_ver>\d+) [^,\n]*, MD Level (?P<b_level>\d)",
    "esp": r"ESP\(spi=0x(?P<g_spi>[0-9a-f]+),seq=0x(?P<g_seq>[0-9a-f]+)\)",
    "l2tp": (
        r"l2tp:\[(?P<u_flags>[^\]\n]*)\]\((?P<u_tunnel>\d+)/(?P<u_session>\d+)\)"
        r"(?:Ns=(?P<u_ns>\d+),Nr=(?P<u_nr>\d+))?"
    ),
    "ah": r"AH\(length=(?P<h_len>\d+)\(\d+-bytes\),spi=0x(?P<h_spi>[0-9a-f]+),seq=0x(?P<h_seq>[0-9a-f]+)",
}
_TEXT: Final = re.compile("|".join(f"(?P<{name}>{pattern})" for name, pattern in PATTERNS.items()))
_OPTION: Final = re.compile(r"class [^\n]*?\((0x[0-9a-f]+)\) type (0x[0-9a-f]+)(?:\(C\))? len (\d+)")
_TCP_FLAGS: Final = {"F": "fin", "S": "syn", "R": "rst", "P": "psh", "U": "urg", "E": "ece", "W": "cwr", ".": "ack"}


def _hexes(found: Found, **names: str) -> Values:
    return {field: int(found[name], 16) for field, name in names.items() if found[name]}


def _decimals(found: Found, **names: str) -> Values:
    return {field: int(found[name]) for field, name in names.items() if found[name]}


def _ports(found: Found, prefix: str, source: str, destination: str) -> Said:
    values: Values = {"src_port": int(source), "dst_port": int(destination)}
    if found[f"{prefix}_tcp"]:
        values |= {field: letter in found[f"{prefix}_flags"] for letter, field in _TCP_FLAGS.items()}
        values |= _decimals(found, window=f"{prefix}_win") | _hexes(found, checksum=f"{prefix}_sum")
        if found[f"{prefix}_ok"]:
            values[VERDICT] = "valid" if found[f"{prefix}_ok"] == "correct" else "bad"
        return [((protocols.TCP, protocols.STTSegment), values)]
    if found[f"{prefix}_udp"]:
        values[VERDICT] = {"udp sum ok": "valid", "no cksum": "absent"}.get(found[f"{prefix}_udp"], "bad")
        return [((protocols.UDP,), values)]
    return [((protocols.UDP, protocols.TCP, protocols.STTSegment), values)]


def _ethernet(found: Found) -> Said:
    addresses = {"src": MACAddress(found["e_src"]), "dst": MACAddress(found["e_dst"])}
    return [((protocols.Ethernet,), addresses | _hexes(found, ethertype="e_type"))]


def _dsa(found: Found) -> Said:
    values: Values = {"src": MACAddress(found["j_src"]), "dst": MACAddress(found["j_dst"])}
    values |= {"tagged": found["j_tagged"] == "tagged", "cfi": bool(found["j_cfi"])}
    values["mode"] = ("To CPU", "From CPU", "To Sniffer", "Forward").index(found["j_mode"])
    values |= _decimals(found, device="j_dev", port="j_port", vid="j_vid", priority="j_prio")
    return [((protocols.DSA,), values | _hexes(found, ethertype="j_type"))]


def _vlan(found: Found) -> Said:
    values = _decimals(found, vid="v_vid", pcp="v_pcp") | _hexes(found, ethertype="v_type")
    return [((protocols.VLANTag,), values | {"dei": bool(found["v_dei"])})]


def _ipv4(found: Found) -> Said:
    tos, flags = int(found["i_tos"], 16), found["i_df"]
    values: Values = {"dscp": tos >> 2, "ecn": tos & 3, "fragment_offset": int(found["i_off"]) // 8}
    values |= {"dont_fragment": "DF" in flags, "more_fragments": "+" in flags}
    values |= {"ttl": int(found["i_ttl"] or "0")} | _decimals(
        found, identification="i_id", protocol="i_proto", total_length="i_len"
    )
    values |= {"src": IPv4Address(found["i_src"]), "dst": IPv4Address(found["i_dst"])}
    values[VERDICT] = "bad" if "bad cksum" in found["i_rest"] else "valid"
    said: Said = [((protocols.IPv4,), values)]
    ported = found["i_sport"] and found["i_proto"] != "132"
    return said + (_ports(found, "it", found["i_sport"], found["i_dport"]) if ported else [])


def _ipv6(found: Found) -> Said:
    traffic, (src, dst) = int(found["x_class"] or "0", 16), (found["x_src"], found["x_dst"])
    ports = (src.rpartition(".")[2], dst.rpartition(".")[2])
    if carried := found["x_next"] in ("6", "17", "132") and all(ports) and ports[0] != src:
        src, dst = src.rpartition(".")[0], dst.rpartition(".")[0]
    values: Values = {"dscp": traffic >> 2, "ecn": traffic & 3, "flow_label": int(found["x_label"] or "0", 16)}
    values |= _decimals(found, hop_limit="x_hlim", next_header="x_next", payload_length="x_len")
    values |= {"src": IPv6Address(src), "dst": IPv6Address(dst)}
    said: Said = [((protocols.IPv6,), values)]
    return said + (_ports(found, "xt", *ports) if carried and found["x_next"] != "132" else [])


def _geneve(found: Found) -> Said:
    flags = {"control": "O" in found["y_flags"], "critical": "C" in found["y_flags"]}
    options = [(int(a, 16), int(b, 16), int(c) - 4) for a, b, c in _OPTION.findall(found["y_options"])]
    values = flags | _hexes(found, vni="y_vni", reserved2="y_rsvd", protocol_type="y_proto") | {"options": options}
    return [((protocols.Geneve,), values)]


def _gre(found: Found) -> Said:
    flags = found["r_flags"]
    values: Values = {f"{name}_present": f"{name} present" in flags for name in ("checksum", "key")}
    values |= {"routing_present": "routing present" in re.sub("source routing present", "", flags)}
    values |= {
        "sequence_present": "sequence# present" in flags,
        "strict_source_route": "source routing present" in flags,
    }
    values |= _hexes(found, checksum="r_sum", reserved1="r_off", key="r_key", protocol_type="r_proto")
    return [((protocols.GRE,), values | _decimals(found, sequence="r_seq"))]


def _nsh(found: Found) -> Said:
    values = _decimals(found, ttl="s_ttl", length="s_len", md_type="s_md")
    return [
        (
            (protocols.NSH,),
            values | _hexes(found, service_path="s_spi", service_index="s_si") | {"oam": "O" in found["s_flags"]},
        )
    ]


def _gpe(found: Found) -> Said:
    flags = {"next_protocol_present": "P" in found["g_flags"], "oam": "O" in found["g_flags"]}
    return [((protocols.VXLANGPE,), flags | _decimals(found, vni="g_vni"))]


def _vxlan(found: Found) -> Said:
    values: Values = {"vni_valid": bool(int(found["n_flags"], 16) & 8)}
    return [((protocols.VXLAN, protocols.VXLANGBP, protocols.VXLANRCO), values | _decimals(found, vni="n_vni"))]


def _sum6(text: str) -> Values:
    return {VERDICT: "valid" if text == "icmp6 sum ok" else "bad"} if text else {}


def _pim(found: Found) -> Said:
    register = found["k_kind"] == "Register"
    classes = (
        (protocols.PIMRegister, protocols.PIMRegisterOverIPv6) if register else (protocols.PIM, protocols.PIMOverIPv6)
    )
    verdict = {"correct": {VERDICT: "valid"}, "incorrect": {VERDICT: "bad"}}.get(found["k_ok"], {})
    return [(classes, _hexes(found, checksum="k_sum") | verdict)]


def _l2tp(found: Found) -> Said:
    flags = found["u_flags"]
    values: Values = {"length_present": "L" in flags, "sequence_present": "S" in flags, "priority": "P" in flags}
    values |= _decimals(found, tunnel_id="u_tunnel", session_id="u_session", ns="u_ns", nr="u_nr")
    return [((protocols.L2TPControl if "T" in flags else protocols.L2TP,), values)]


READERS: Final[Mapping[str, Callable[[Found], Said]]] = {
    "ethernet": _ethernet,
    "dsa": _dsa,
    "vlan": _vlan,
    "ipv4": _ipv4,
    "ipv6": _ipv6,
    "ports": lambda found: _ports(found, "pt", found["p_sport"], found["p_dport"]),
    "mpls": lambda found: [
        (
            (protocols.MPLS,),
            _decimals(found, label="m_label", traffic_class="m_tc", ttl="m_ttl")
            | {"bottom_of_stack": bool(found["m_s"])},
        )
    ],
    "vxlan": _vxlan,
    "gpe": _gpe,
    "geneve": _geneve,
    "gre": _gre,
    "nsh": _nsh,
    "arp": lambda found: [((protocols.ARP,), _decimals(found, hardware_length="a_hlen", protocol_length="a_plen"))],
    "icmpv6": lambda found: [((protocols.ICMPv6,), _sum6(found["c_sum"]))],
    "pppoe": lambda found: [((protocols.PPPoE,), {"session_id": int(found["o_ses"] or "0", 16)})],
    "rip": lambda found: [
        ((protocols.RIP,), _decimals(found, version="q_ver") | {"command": 1 + (found["q_cmd"] != "Request")})
    ],
    "dhcp": lambda found: [((protocols.DHCP,), _hexes(found, xid="d_xid") | {"op": 1 + (found["d_op"] != "Request")})],
    "dhcpv6": lambda found: [((protocols.DHCPv6,), _hexes(found, transaction_id="z_xid"))],
    "vrrp": lambda found: [
        (
            (protocols.VRRP, protocols.VRRPv3, protocols.VRRPv3OverIPv6),
            _decimals(found, version="w_ver", router_id="w_id", priority="w_prio"),
        )
    ],
    "pim": _pim,
    "lacp": lambda found: [((protocols.LACP, protocols.LACPMarker), _decimals(found, version="l_ver"))],
    "oam": lambda found: [((protocols.LinkOAM,), {})],
    "cfm": lambda found: [((protocols.CFM,), _decimals(found, version="b_ver", level="b_level"))],
    "esp": lambda found: [((protocols.ESP,), _hexes(found, spi="g_spi", sequence="g_seq"))],
    "l2tp": _l2tp,
    "ah": lambda found: [
        (
            (protocols.AuthenticationHeader,),
            _decimals(found, payload_len="h_len") | _hexes(found, spi="h_spi", sequence="h_seq"),
        )
    ],
}
SPOKEN: Final = frozenset(
    {
        *(
            protocols.Ethernet,
            protocols.DSA,
            protocols.VLANTag,
            protocols.IPv4,
            protocols.IPv6,
            protocols.UDP,
            protocols.TCP,
            protocols.STTSegment,
            protocols.MPLS,
            protocols.VXLAN,
        ),
        *(
            protocols.VXLANGBP,
            protocols.VXLANRCO,
            protocols.VXLANGPE,
            protocols.Geneve,
            protocols.GRE,
            protocols.NSH,
            protocols.ARP,
            protocols.ICMPv6,
            protocols.PPPoE,
        ),
        *(
            protocols.AuthenticationHeader,
            protocols.ESP,
            protocols.L2TP,
            protocols.L2TPControl,
            protocols.RIP,
            protocols.DHCP,
            protocols.DHCPv6,
            protocols.CFM,
        ),
        *(
            protocols.VRRP,
            protocols.VRRPv3,
            protocols.VRRPv3OverIPv6,
            protocols.PIM,
            protocols.PIMOverIPv6,
            protocols.PIMRegister,
            protocols.PIMRegisterOverIPv6,
        ),
        *(protocols.LACP, protocols.LACPMarker, protocols.LinkOAM),
    }
)
"""Headers that the text is searched for; others are stepped over."""


def said_in(text: str) -> Said:
    """What the text says of headers, in order."""
    said: Said = []
    for match in _TEXT.finditer(text):
        found = match.groupdict("")
        said += READERS[next(name for name in READERS if found[name])](found)
    return said


def texts_of(output: str) -> list[str]:
    """The text of each record, without the octets that it shows where it knows no more."""
    found: list[list[str]] = []
    for line in output.splitlines():
        if line.startswith(f"{len(found) + 1:5}  "):
            found.append([line])
        elif found and not line.startswith("\t0x"):
            found[-1].append(line)
    return ["\n".join(record) for record in found]
