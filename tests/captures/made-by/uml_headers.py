"""What a Linux kernel in a process (user-mode-linux) emits beside overlays: ICMP errors with the packet they quote, MPLS,
IP tunnels, fragments, IP options, TCP, spanning tree.  Usage: uml_headers.py [outdir]; no root needed."""

import os
import struct
import sys

from livelib import csum, eth, icmp_echo, ip4, ipv4, ipv6, pcap_write, udp, wait_for
from umlpeer import UML

OUT = sys.argv[1] if len(sys.argv) > 1 else "captures"
os.makedirs(OUT, exist_ok=True)
MA, MB = "02:00:00:00:00:0a", "02:00:00:00:00:0b"
A4, B4, A6, B6 = "10.77.0.1", "10.77.0.2", "fd77::1", "fd77::2"
FAR4, FAR6 = "192.168.7.2", "fd07::2"
MODULES = ("dummy", "ipip", "sit", "ip6_tunnel", "ip_gre", "mpls_router", "mpls_iptunnel", "bridge", "llc2")
failed = 0
seen = []


def report(name, ok):
    global failed
    failed += not ok
    print("ok  " if ok else "FAIL", name, flush=True)


def protocol(frame):
    """(IP version, protocol, the octets that follow a header without options)"""
    if frame[12:14] == b"\x08\0":
        return 4, frame[23], frame[34:]
    if frame[12:14] == b"\x86\xdd":
        return 6, frame[20], frame[54:]
    return 0, 0, b""


def message(version, kind, code=None):
    """whether a frame is an ICMP message of that type and code"""

    def matches(frame):
        found, number, rest = protocol(frame)
        return (
            found == version and number == (1 if version == 4 else 58) and rest[0] == kind and code in (None, rest[1])
        )

    return matches


def frame4(payload):
    return eth(MA, MB, 0x800, payload)


def frame6(payload):
    return eth(MA, MB, 0x86DD, payload)


def with_options(header, options):
    """an IPv4 packet with options put in"""
    head = bytearray(header[:20] + options)
    head[0] = 0x40 | len(head) // 4
    struct.pack_into("!H", head, 2, len(header) + len(options))
    struct.pack_into("!H", head, 10, 0)
    struct.pack_into("!H", head, 10, csum(bytes(head)))
    return bytes(head) + header[20:]


def tcp(flags, sequence, acknowledgment, options, port):
    """a TCP segment from B to A"""
    head = struct.pack(
        "!HHIIBBHHH", 40000, port, sequence, acknowledgment, (20 + len(options)) // 4 << 4, flags, 65535, 0, 0
    )
    segment = head + options
    pseudo = ip4(B4) + ip4(A4) + struct.pack("!BBH", 0, 6, len(segment))
    return segment[:16] + struct.pack("!H", csum(pseudo + segment)) + segment[18:]


with UML(MODULES) as uml:

    def tx(frame):
        seen.append(frame)
        uml.net.send(frame)

    def rx(matches, timeout=2.0):
        def keep(frame):
            seen.append(frame)
            return matches(frame)

        return wait_for(uml.net, keep, timeout)

    def expect(name, matches, timeout=2.0):
        report(name, rx(matches, timeout) is not None)

    def save(name):
        while rx(lambda frame: True, 0.1) is not None:
            pass
        pcap_write(os.path.join(OUT, name), seen)
        seen.clear()

    def drop():
        while rx(lambda frame: True, 0.1) is not None:
            pass
        seen.clear()

    uml.sh("sysctl -qw net.ipv6.conf.all.disable_ipv6=0 net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1")
    uml.sh("sysctl -qw net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0 net.ipv4.route.error_cost=0")
    uml.sh("sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0")
    uml.sh(
        f"ip link set vec0 address {MA} mtu 1500 up; sysctl -qw net.ipv6.conf.vec0.disable_ipv6=0 net.ipv6.conf.vec0.accept_dad=0"
    )
    uml.sh(f"ip addr add {A4}/24 dev vec0; ip -6 addr add {A6}/64 dev vec0 nodad")
    uml.sh(f"ip neigh replace {B4} lladdr {MB} dev vec0; ip -6 neigh replace {B6} lladdr {MB} dev vec0")
    uml.sh(
        "ip link add narrow type dummy; ip link set narrow mtu 1280 up; sysctl -qw net.ipv6.conf.narrow.disable_ipv6=0"
    )
    uml.sh("ip route add 192.168.7.0/24 dev narrow; ip -6 route add fd07::/64 dev narrow")
    uml.sh("ip neigh replace 192.168.7.2 lladdr 02:00:00:00:00:07 dev narrow")
    uml.sh("ip -6 neigh replace fd07::2 lladdr 02:00:00:00:00:07 dev narrow")
    uml.sh(f"ip route add 192.168.8.0/24 via {B4} dev vec0; ip route add unreachable 192.168.9.0/24")
    uml.sh("ip -6 route add unreachable fd09::/64")
    drop()

    # ---- ICMP errors, each with the start of the packet that it is about ------------------------------------------
    tx(frame4(ipv4(B4, A4, 17, udp(B4, A4, 4000, 9, b"closed port"))))
    expect("ICMP port unreachable", message(4, 3, 3))
    tx(frame4(ipv4(B4, "192.168.9.1", 1, icmp_echo(1, 1))))
    expect("ICMP host unreachable", message(4, 3, 1))
    tx(frame4(ipv4(B4, A4, 253, b"no such protocol")))
    expect("ICMP protocol unreachable", message(4, 3, 2))
    tx(frame4(ipv4(B4, FAR4, 17, udp(B4, FAR4, 4000, 9, bytes(1400)), df=True)))
    expect("ICMP fragmentation needed", message(4, 3, 4))
    tx(frame4(ipv4(B4, FAR4, 17, udp(B4, FAR4, 4000, 9, b"last hop"), ttl=1)))
    expect("ICMP time exceeded", message(4, 11))
    tx(frame4(with_options(ipv4(B4, A4, 1, icmp_echo(2, 1)), b"\x07\x02\x04\x00")))
    expect("ICMP parameter problem", message(4, 12))
    tx(frame4(ipv4(B4, "192.168.8.2", 17, udp(B4, "192.168.8.2", 4000, 9, b"back the way it came"))))
    expect("ICMP redirect", message(4, 5))
    stamp = struct.pack("!BBHHHIII", 13, 0, 0, 7, 1, 1000, 0, 0)
    tx(frame4(ipv4(B4, A4, 1, stamp[:2] + struct.pack("!H", csum(stamp)) + stamp[4:])))
    expect("ICMP timestamp reply", message(4, 14))
    save("linux-icmp-errors.pcap")

    tx(frame6(ipv6(B6, A6, 17, udp(B6, A6, 4000, 9, b"closed port"))))
    expect("ICMPv6 port unreachable", message(6, 1, 4))
    tx(frame6(ipv6(B6, "fd09::1", 17, udp(B6, "fd09::1", 4000, 9, b"no route"))))
    expect("ICMPv6 unreachable", message(6, 1))
    tx(frame6(ipv6(B6, FAR6, 17, udp(B6, FAR6, 4000, 9, bytes(1400)))))
    expect("ICMPv6 packet too big", message(6, 2))
    tx(frame6(ipv6(B6, FAR6, 17, udp(B6, FAR6, 4000, 9, b"last hop"), hop=1)))
    expect("ICMPv6 time exceeded", message(6, 3))
    tx(frame6(ipv6(B6, A6, 253, b"no such header")))
    expect("ICMPv6 parameter problem, unknown next header", message(6, 4, 1))
    tx(frame6(ipv6(B6, A6, 60, b"\x11\0\x80\x04\0\0\0\0" + udp(B6, A6, 4000, 9, b"option"))))
    expect("ICMPv6 parameter problem, unknown option", message(6, 4, 2))
    save("linux-icmpv6-errors.pcap")

    # ---- fragments, IPv4 options, TCP --------------------------------------------------------------------------------
    uml.sh(f"ping -c1 -W0.2 -s3000 {B4}", check=False)
    uml.sh(f"ping -6 -c1 -W0.2 -s3000 {B6}", check=False)
    expect("fragments", lambda frame: protocol(frame)[:2] == (6, 44))
    save("linux-fragments.pcap")
    uml.sh(f"ping -c1 -W0.2 -R {B4}", check=False)
    uml.sh(f"ping -c1 -W0.2 -T tsandaddr {B4}", check=False)
    # a time stamp option, the end of the list, and three octets behind it
    tx(frame4(with_options(ipv4(B4, A4, 1, icmp_echo(3, 1)), b"\x44\x0c\x05\x01" + bytes(8) + bytes(4))))
    expect("IPv4 options", lambda frame: frame[12:15] == b"\x08\0\x4f")
    save("linux-ipv4-options.pcap")
    options = struct.pack("!BBHBBBBBBBBII", 2, 4, 1460, 1, 3, 3, 7, 4, 2, 8, 10, 1, 0)
    tx(frame4(ipv4(B4, A4, 6, tcp(2, 1000, 0, options, 81))))
    expect("TCP reset", lambda frame: protocol(frame)[1] == 6 and protocol(frame)[2][13] & 4)
    save("linux-tcp.pcap")

    # ---- MPLS ----------------------------------------------------------------------------------------------------------
    uml.sh("sysctl -qw net.mpls.platform_labels=1000 net.mpls.conf.vec0.input=1")
    uml.sh(f"ip route add 192.168.20.0/24 encap mpls 100/200/300 via inet {B4} dev vec0")
    uml.sh(f"ip -6 route add fd20::/64 encap mpls 16 ttl 9 via inet6 {B6} dev vec0")
    uml.sh(f"ip -f mpls route add 500 as 600/700 via inet {B4} dev vec0")
    uml.sh("ping -c1 -W0.2 192.168.20.2", check=False)
    uml.sh("ping -6 -c1 -W0.2 fd20::2", check=False)
    expect("MPLS", lambda frame: frame[12:14] == b"\x88\x47")
    label = struct.pack("!I", 500 << 12 | 5 << 9 | 1 << 8 | 40)
    tx(eth(MA, MB, 0x8847, label + ipv4(B4, "192.168.30.1", 1, icmp_echo(4, 1))))
    expect("MPLS label swapped", lambda frame: frame[12:14] == b"\x88\x47" and frame[14:17] == b"\0\x25\x80")
    save("linux-mpls.pcap")

    # ---- IP in IP, in all four pairs, and GRE without Ethernet -----------------------------------------------------------
    for number, (kind, local, remote, extra, inner) in enumerate(
        (
            ("ipip", A4, B4, "", 4),
            ("sit", A4, B4, "", 6),
            ("ip6tnl", A6, B6, "mode ipip6 encaplimit none", 4),
            ("ip6tnl", A6, B6, "mode ip6ip6 encaplimit 3", 6),
            ("gre", A4, B4, "key 7 csum seq", 4),
        )
    ):
        uml.sh(f"ip link add tun{number} type {kind} local {local} remote {remote} {extra}; ip link set tun{number} up")
        if inner == 4:
            uml.sh(f"ip route add 192.168.4{number}.0/24 dev tun{number} src {A4}")
            uml.sh(f"ping -c1 -W0.2 192.168.4{number}.2", check=False)
        else:
            uml.sh(
                f"sysctl -qw net.ipv6.conf.tun{number}.disable_ipv6=0; ip -6 route add fd4{number}::/64 dev tun{number} src {A6}"
            )
            uml.sh(f"ping -6 -c1 -W0.2 fd4{number}::2", check=False)
        proto = {"ipip": 4, "sit": 41, "gre": 47}.get(kind, 4 if inner == 4 else 60)
        expect(f"{kind} with IPv{inner}", lambda frame, proto=proto: protocol(frame)[1] == proto)
        uml.sh(f"ip link del tun{number}")
    save("linux-ip-tunnels.pcap")

    # ---- LLC: what the kernel answers to XID and TEST, and its spanning tree ---------------------------------------------
    for control in (0xBF, 0xF3):
        body = bytes((0, 0x42, control)) + (b"\x81\x01\0" if control == 0xBF else b"test")
        tx(eth(MA, MB, len(body), body))
        expect(f"LLC {control:#x}", lambda frame, control=control: frame[16:17] == bytes((control,)))
    uml.sh(
        "ip addr flush dev vec0; ip link add br0 type bridge stp_state 1 forward_delay 200; ip link set vec0 master br0; ip link set br0 up"
    )
    expect("spanning tree", lambda frame: frame[14:17] == b"\x42\x42\x03", 6.0)
    save("linux-llc.pcap")

sys.exit(failed)
