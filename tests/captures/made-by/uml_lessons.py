"""The captures of the tutorial: hosts, a switch, a one-armed router and two container nodes, each a namespace of one
Linux (user-mode-linux).  Usage: uml_lessons.py [outdir]; needs dnsmasq-base, udhcpc and bird2; no root needed."""

import base64
import os
import sys
import time

from umlpeer import UML

OUT = sys.argv[1] if len(sys.argv) > 1 else "captures"
os.makedirs(OUT, exist_ok=True)
MODULES = ("bridge", "8021q", "veth", "vxlan")
BIRD = """router id 10.1.0.1;
protocol device {{ }}
protocol direct {{ ipv4; }}
protocol static {{ ipv4; route 10.2.0.0/16 unreachable; }}
protocol rip {{ ipv4 {{ import all; export all; }}; interface "{device}" {{ version 2; mode broadcast; update time 3; }}; }}
"""


class Linux(UML):
    def namespace(self, name):
        self.sh(f"ip netns add {name}; ip -n {name} link set lo up")
        self.sh(
            f"ip netns exec {name} sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1"
        )

    def wire(self, one, other):
        """a cable between devices "namespace:device@hardware address"; offloads are off, so that checksums are complete"""
        (ns1, dev1, mac1), (ns2, dev2, mac2) = (end.replace("@", ":", 1).split(":", 2) for end in (one, other))
        self.sh(
            f"ip -n {ns1} link add {dev1} address {mac1} type veth peer name {dev2} address {mac2} netns {ns2};"
            f"ip netns exec {ns1} ethtool -K {dev1} tx off rx off tso off gso off gro off txvlan off rxvlan off >/dev/null;"
            f"ip netns exec {ns2} ethtool -K {dev2} tx off rx off tso off gso off gro off txvlan off rxvlan off >/dev/null;"
            f"ip -n {ns1} link set {dev1} up; ip -n {ns2} link set {dev2} up"
        )

    def capture(self, name, ns, device):
        return Dump(self, name, ns, device)


class Dump:
    def __init__(self, linux, name, ns, device):
        self.linux, self.name, self.ns, self.device = linux, name, ns, device

    def __enter__(self):
        self.linux.sh(
            f"ip netns exec {self.ns} tcpdump -i {self.device} -U -s0 -n -Z root --immediate-mode -w /run/{self.name}.pcap "
            f"2>/run/{self.name}.log & echo $! >/run/{self.name}.pid"
        )
        self.linux.sh(
            f"for i in 1 2 3 4 5 6 7 8 9; do grep -q listening /run/{self.name}.log && break; sleep 0.3; done"
        )
        return self

    def __exit__(self, *exc):
        time.sleep(0.3)
        self.linux.sh(f"kill -INT $(cat /run/{self.name}.pid); sleep 0.5")
        octets = base64.b64decode(self.linux.sh(f"base64 -w0 /run/{self.name}.pcap"))
        with open(os.path.join(OUT, f"{self.name}.pcap"), "wb") as file:
            file.write(octets)
        print("ok  " if len(octets) > 100 else "FAIL", self.name, len(octets), flush=True)


with Linux(MODULES) as linux:
    # One broadcast domain: a client, a server that gives addresses, a router that tells its routes.
    for ns in ("switch", "client", "server", "router"):
        linux.namespace(ns)
    linux.sh("ip -n switch link add br0 type bridge; ip -n switch link set br0 up")
    for number, ns in enumerate(("client", "server", "router"), 1):
        linux.wire(f"{ns}:eth0@02:00:00:00:01:0{number}", f"switch:port{number}@02:00:00:00:02:0{number}")
        linux.sh(f"ip -n switch link set port{number} master br0")
    linux.sh("ip -n server addr add 10.1.0.2/24 dev eth0; ip -n router addr add 10.1.0.1/24 dev eth0")
    for line in BIRD.format(device="eth0").splitlines():
        linux.sh(f"echo '{line}' >>/run/bird.conf")
    linux.sh(
        "printf '#!/bin/sh\\n[ \"$1\" = bound ] && ip addr add $ip/24 dev $interface; true\\n' >/run/bound; chmod +x /run/bound"
    )
    linux.sh(
        "ip netns exec server dnsmasq --keep-in-foreground --no-daemon --port=0 --interface=eth0 --leasefile-ro --user=root "
        "--dhcp-range=10.1.0.50,10.1.0.60,1h --dhcp-option=3,10.1.0.1 --no-ping >/run/dnsmasq.log 2>&1 & sleep 1"
    )
    with linux.capture("lan-broadcasts", "client", "eth0"):
        print(linux.sh("ip netns exec client udhcpc -f -q -n -i eth0 -s /run/bound -t 5 2>&1 | tail -2"))
        linux.sh(
            "ip netns exec router bird -c /run/bird.conf -s /run/bird.ctl -f >/run/bird.log 2>&1 & echo $! >/run/bird.pid"
        )
        linux.sh("ip netns exec client ping -c 2 -i 0.3 10.1.0.2 >/dev/null")
        time.sleep(5)
        linux.sh("kill $(cat /run/bird.pid)", check=False)
    for ns in ("switch", "client", "server", "router"):
        linux.sh(f"ip netns pids {ns} | xargs -r kill; ip netns del {ns}", check=False)

    # Two VLANs on one switch, and a router with one cable.
    for ns in ("switch", "host10", "host20", "router"):
        linux.namespace(ns)
    linux.sh("ip -n switch link add br0 type bridge vlan_filtering 1 vlan_default_pvid 0; ip -n switch link set br0 up")
    for number, ns in enumerate(("host10", "host20", "router"), 1):
        linux.wire(f"{ns}:eth0@02:00:00:00:03:0{number}", f"switch:port{number}@02:00:00:00:04:0{number}")
        linux.sh(f"ip -n switch link set port{number} master br0")
    linux.sh(
        "bridge -n switch vlan add dev port1 vid 10 pvid untagged; bridge -n switch vlan add dev port2 vid 20 pvid untagged"
    )
    for vid in (10, 20):
        linux.sh(
            f"bridge -n switch vlan add dev port3 vid {vid};"
            f"ip -n router link add link eth0 name eth0.{vid} type vlan id {vid}; ip -n router link set eth0.{vid} up;"
            f"ip -n router addr add 10.0.{vid}.1/24 dev eth0.{vid};"
            f"ip -n host{vid} addr add 10.0.{vid}.2/24 dev eth0; ip -n host{vid} route add default via 10.0.{vid}.1"
        )
    linux.sh("ip netns exec router sysctl -qw net.ipv4.ip_forward=1")
    with linux.capture("vlan-access-port", "host10", "eth0"), linux.capture("vlan-one-armed-router", "router", "eth0"):
        linux.sh("ip netns exec host10 ping -c 2 -i 0.3 10.0.20.2 >/dev/null")
    for ns in ("switch", "host10", "host20", "router"):
        linux.sh(f"ip netns del {ns}", check=False)

    # Two nodes of flannel: containers behind a bridge, and one VXLAN device that knows the other node.
    for ns in ("node1", "node2", "pod1", "pod2"):
        linux.namespace(ns)
    linux.wire("node1:eth0@02:00:00:00:05:01", "node2:eth0@02:00:00:00:05:02")
    for number, other in ((1, 2), (2, 1)):
        node, pod = f"node{number}", f"pod{number}"
        linux.wire(f"{pod}:eth0@02:00:00:00:06:0{number}", f"{node}:veth0@02:00:00:00:07:0{number}")
        linux.sh(
            f"ip -n {node} link add cni0 address 02:00:00:00:08:0{number} type bridge; ip -n {node} link set cni0 up;"
            f"ip -n {node} link set veth0 master cni0; ip -n {node} addr add 10.244.{number}.1/24 dev cni0;"
            f"ip -n {pod} addr add 10.244.{number}.2/24 dev eth0; ip -n {pod} route add default via 10.244.{number}.1;"
            f"ip -n {node} addr add 192.168.5.{number}/24 dev eth0;"
            f"ip -n {node} link add flannel.1 address 02:00:00:00:09:0{number} type vxlan id 1 local 192.168.5.{number} "
            f"dev eth0 dstport 8472 nolearning; ip -n {node} link set flannel.1 up;"
            f"ip -n {node} addr add 10.244.{number}.0/32 dev flannel.1;"
            f"ip -n {node} route add 10.244.{other}.0/24 via 10.244.{other}.0 dev flannel.1 onlink;"
            f"ip -n {node} neigh add 10.244.{other}.0 lladdr 02:00:00:00:09:0{other} dev flannel.1 nud permanent;"
            f"bridge -n {node} fdb append 02:00:00:00:09:0{other} dev flannel.1 dst 192.168.5.{other} self permanent;"
            f"ip netns exec {node} sysctl -qw net.ipv4.ip_forward=1"
        )
    with linux.capture("flannel-pods", "node1", "eth0"):
        linux.sh("ip netns exec pod1 ping -c 2 -i 0.3 10.244.2.2 >/dev/null")
