"""Open vSwitch's flow parser: apt-get install openvswitch-common; python conformance/openvswitch_adapter.py {pcap}"""

import json
import re
import struct
import subprocess
import sys

ETHERNET = {"dl_src": "src", "dl_dst": "dst", "dl_type": "ethertype"}
PROTOCOLS = {"udp": 17, "tcp": 6, "icmp": 1, "sctp": 132, "udp6": 17, "tcp6": 6, "icmp6": 58, "sctp6": 132}


def number(text):
    return int(text, 0)


def headers_of(line):
    """The headers of one flow: `udp,in_port=ANY,vlan_tci=0x0000,dl_src=...`; the outer headers of a frame, no tunnels."""
    kind = line.split(",")[0]
    flow = dict(re.findall(r"(\w+)=([^,\s]+)", line))
    ethernet = {"src": flow["dl_src"], "dst": flow["dl_dst"]}
    tags = []
    for index in ("", "1", "2"):
        if f"dl_vlan{index}" in flow:
            tags.append({"vid": number(flow[f"dl_vlan{index}"]), "pcp": number(flow[f"dl_vlan_pcp{index}"])})
        elif f"vlan_tci{index}" in flow and number(flow[f"vlan_tci{index}"]) & 0x1000:
            tci = number(flow[f"vlan_tci{index}"])
            tags.append({"vid": tci & 0xFFF, "pcp": tci >> 13})
    found = [("ethernet", ethernet), *(("vlan", tag) for tag in tags)]
    if "mpls_label" in flow:
        label = {"label": number(flow["mpls_label"]), "traffic_class": number(flow["mpls_tc"])}
        found.append(("mpls", label | {"ttl": number(flow["mpls_ttl"]), "bottom_of_stack": number(flow["mpls_bos"])}))
    if kind in ("arp", "rarp"):
        if (flow.get("arp_op"), flow.get("arp_spa")) == ("0", "0.0.0.0"):
            return found  # what it could not read is 0
        arp = {
            "sender_protocol": flow.get("arp_spa"),
            "target_protocol": flow.get("arp_tpa"),
            "operation": number(flow.get("arp_op", "0")),
        }
        found.append(("arp", arp | {"sender_hardware": flow.get("arp_sha"), "target_hardware": flow.get("arp_tha")}))
    if "nw_src" in flow and kind not in ("arp", "rarp"):
        if (flow["nw_src"], flow["nw_dst"], flow["nw_ttl"]) == ("0.0.0.0", "0.0.0.0", "0"):
            return found
        ip = {"src": flow["nw_src"], "dst": flow["nw_dst"], "ttl": number(flow["nw_ttl"])}
        ip |= {"dscp": number(flow["nw_tos"]) >> 2, "ecn": number(flow["nw_ecn"])}
        if "nw_proto" in flow or kind in PROTOCOLS:
            ip["protocol"] = number(flow["nw_proto"]) if "nw_proto" in flow else PROTOCOLS[kind]
        found.append(("ipv4", ip))
    if "ipv6_src" in flow:
        if (flow["ipv6_src"], flow["ipv6_dst"], flow["nw_ttl"]) == ("::", "::", "0"):
            return found
        ip = {"src": flow["ipv6_src"], "dst": flow["ipv6_dst"], "hop_limit": number(flow["nw_ttl"])}
        ip |= {
            "dscp": number(flow["nw_tos"]) >> 2,
            "ecn": number(flow["nw_ecn"]),
            "flow_label": number(flow["ipv6_label"]),
        }
        found.append(("ipv6", ip))
    later = flow.get("nw_frag") == "later"
    for name in ("udp", "tcp", "sctp"):
        if kind in (name, name + "6") and "tp_src" in flow and not later:
            ports = {"src_port": number(flow["tp_src"]), "dst_port": number(flow["tp_dst"])}
            if ports != {"src_port": 0, "dst_port": 0}:
                found.append((name, ports))
    if kind in ("icmp", "icmp6") and "icmp_type" in flow and not later:
        found.append(
            (
                "icmp" if kind == "icmp" else "icmpv6",
                {"type": number(flow["icmp_type"]), "code": number(flow["icmp_code"])},
            )
        )
    return found


def main(path):
    with open(path, "rb") as file:
        capture = file.read()
    order = ">" if capture[:2] == b"\xa1\xb2" else "<"
    at, packets = 24, 0
    while at < len(capture):
        at += 16 + struct.unpack_from(order + "I", capture, at + 8)[0]
        packets += 1
    if struct.unpack_from(order + "I", capture, 20)[0] != 1:  # it reads Ethernet alone
        print(*[json.dumps({"headers": []})] * packets, sep="\n")
        return
    done = subprocess.run(["ovs-ofctl", "parse-pcap", path], capture_output=True, text=True, check=True)
    for line in done.stdout.splitlines():
        headers = [{"path": name, "fields": fields} for name, fields in headers_of(line)]
        print(json.dumps({"headers": headers, "fault": None}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
