"""Live interop with the kernel's VXLAN driver. Usage: kvxlan.py [outdir]; root."""

import os, sys
from livelib import *

OUT = sys.argv[1] if len(sys.argv) > 1 else "captures"
os.makedirs(OUT, exist_ok=True)
cap = lambda n: os.path.join(OUT, n)
INA, INB = "192.168.100.1", "192.168.100.2"
MACA, MACB = "02:aa:00:00:00:01", "02:bb:00:00:00:02"
BC = "ff:ff:ff:ff:ff:ff"
results = []


def report(name, ok, note=""):
    results.append(bool(ok))
    print(f"{'ok  ' if ok else 'FAIL'} {name} {note}", flush=True)


def vtep(p, args, dev="vxlan0", addr=True):
    p.ipA(f"link del {dev} 2>/dev/null", check=False)
    p.ipA(f"link add {dev} address {MACA} type vxlan {args}")
    p.shA(f"ethtool -K {dev} tx off gso off tso off gro off", check=False)
    if addr:
        p.ipA(f"addr add {INA}/24 dev {dev}")
    p.ipA(f"link set {dev} up")


def rx_stat(p, dev="vxlan0"):
    b = f"/sys/class/net/{dev}/statistics/"
    return tuple(int(p.shA(f"cat {b}{k}")) for k in ("rx_packets", "rx_errors", "rx_dropped", "rx_frame_errors"))


def arp_ask(ident=0):
    return eth(BC, MACB, 0x806, arp(1, MACB, INB, "00:00:00:00:00:00", INA))


def is_arp_reply(inner):
    return len(inner) >= 42 and inner[12:14] == b"\x08\x06" and inner[20:22] == b"\0\2" and inner[28:32] == ip4(INA)


def exchange(u, to, hdr, check):
    """send hdr(inner ARP request) and wait for the kernel's encapsulated ARP reply"""
    u.sendto(hdr, to)
    return wait_for(u, check, 0.6)


# ---- v4 ---------------------------------------------------------------------
with Pair() as p:
    # (a) kernel emits; a Python VTEP on a UDP socket answers ARP + ICMP
    vtep(p, "id 100 dstport 4789 local 10.77.0.1 remote 10.77.0.2 ttl 64 tos 0")
    u = udp_socket(p.b, 4789)

    def python_vtep(u, to, vni, n, hdr=lambda v, i: vxlan(v, i), off=8):
        """answer up to n inner frames; returns VNIs seen"""
        seen = []
        for _ in range(n):
            d = wait_for(u, lambda d: True, 1.5)
            if d is None:
                break
            seen.append(int.from_bytes(d[4:7], "big"))
            f = d[off:]
            if f[12:14] == b"\x08\x06" and f[20:22] == b"\0\1":
                r = eth(MACA, MACB, 0x806, arp(2, MACB, INB, MACA, INA))
            elif f[12:14] == b"\x08\0" and f[23] == 1 and f[34] == 8:
                e = f[34:]
                r = eth(MACA, MACB, 0x800, ipv4(INB, INA, 1, icmp_echo(*struct.unpack("!HH", e[4:8]), e[8:], 0)))
            else:
                continue
            u.sendto(hdr(vni, r), to)
        return seen

    with Tcpdump(p.b, "vB", cap("kernel-vxlan-v4.pcap"), "udp port 4789"):
        ping = subprocess.Popen(
            ["ip", "netns", "exec", p.a, "ping", "-c3", "-i0.2", "-W1", INB], stdout=subprocess.PIPE, text=True
        )
        seen = python_vtep(u, ("10.77.0.1", 4789), 100, 4)
        txt = ping.communicate()[0]
        # UDP inner payload too, of odd length, to see inner checksums
        p.shA(f"python3 -c \"import socket;s=socket.socket(2,2);s.sendto(b'odd',('{INB}',9))\"")
    report("kernel ping answered by Python VTEP", " 3 received" in txt, f"vnis {set(seen)}")

    # (b) Python speaks first; kernel answers
    rep = exchange(u, ("10.77.0.1", 4789), vxlan(100, arp_ask()), lambda d: is_arp_reply(d[8:]))
    report("kernel decapsulates, answers ARP", rep)
    echo = eth(MACA, MACB, 0x800, ipv4(INB, INA, 1, icmp_echo(7, 1)))
    rep = exchange(
        u,
        ("10.77.0.1", 4789),
        vxlan(100, echo),
        lambda d: d[8 + 34 : 8 + 35] == b"\0" and d[8 + 38 : 8 + 40] == b"\0\7",
    )
    report("kernel decapsulates, answers ICMP echo", rep)

    # what the kernel drops
    s0 = rx_stat(p)
    for name, pkt, want in (
        ("wrong VNI", vxlan(101, arp_ask()), False),
        ("I flag clear", vxlan(100, arp_ask(), flags=0), False),
        ("reserved flag bit 0x80", vxlan(100, arp_ask(), flags=0x88), False),
        ("reserved flag bit 0x01", vxlan(100, arp_ask(), flags=0x09), False),
        ("GPE P flag 0x04", vxlan(100, arp_ask(), flags=0x0C), False),
        ("reserved byte 1 (b1=1)", vxlan(100, arp_ask(), b1=1), False),
        ("GBP bits without gbp", vxlan(100, arp_ask(), flags=0x88, gbp=5), False),
        ("reserved last byte = 1", vxlan(100, arp_ask(), rsv=1), False),
        ("header only (no inner)", vxlan(100, b""), False),
        ("short 7-byte header", vxlan(100, b"")[:7], False),
        ("inner eth truncated to 13", vxlan(100, arp_ask()[:13]), False),
        ("plain", vxlan(100, arp_ask()), True),
    ):
        a = rx_stat(p)
        got = exchange(u, ("10.77.0.1", 4789), pkt, lambda d: is_arp_reply(d[8:]))
        b = rx_stat(p)
        report(
            f"  {name}: {'accepted' if got else 'dropped'}",
            bool(got) == want,
            "rx/err/drop/frame " + "/".join(str(y - x) for x, y in zip(a, b)),
        )

    # raw outer by AF_PACKET: outer UDP checksum zero / right / wrong
    ps = packet_socket(p.b, "vB")
    for name, mod, want in (
        ("outer udp csum 0", "zero", True),
        ("outer udp csum right", "", True),
        ("outer udp csum wrong", "bad", False),
        ("outer ip csum wrong", "badip", False),
    ):
        body = udp("10.77.0.2", "10.77.0.1", 50000, 4789, vxlan(100, arp_ask()), zero=mod == "zero")
        if mod == "bad":
            body = body[:6] + struct.pack("!H", (body[6] << 8 | body[7]) ^ 1) + body[8:]
        ip = ipv4("10.77.0.2", "10.77.0.1", 17, body)
        if mod == "badip":
            ip = ip[:10] + bytes([ip[10] ^ 1]) + ip[11:]
        ps.send(eth("02:00:00:00:00:0a", "02:00:00:00:00:0b", 0x800, ip))
        got = wait_for(u, lambda d: is_arp_reply(d[8:]), 0.6)
        report(f"  {name}: {'accepted' if got else 'dropped'}", bool(got) == want)

    # VNI limits
    with Tcpdump(p.b, "vB", cap("kernel-vxlan-vni-limits.pcap"), "udp port 4789"):
        for vni in (0, 1, 0x00FF00, 0xFFFFFF):
            try:
                vtep(p, f"id {vni} dstport 4789 local 10.77.0.1 remote 10.77.0.2")
            except RuntimeError as e:
                report(f"vni {vni}", False, str(e))
                continue
            rep = exchange(u, ("10.77.0.1", 4789), vxlan(vni, arp_ask()), lambda d: is_arp_reply(d[8:]))
            report(f"vni {vni}", rep and int.from_bytes(rep[4:7], "big") == vni)
    try:
        vtep(p, "id 16777216 dstport 4789 remote 10.77.0.2")
        report("vni 2^24 refused", False)
    except RuntimeError as e:
        report("vni 2^24 refused", True, str(e)[-60:])

    # inner VLAN tags through vxlan0 (AF_PACKET in A on vxlan0 -> wire; wire -> AF_PACKET on vxlan0)
    vtep(p, "id 100 dstport 4789 local 10.77.0.1 remote 10.77.0.2")
    va = packet_socket(p.a, "vxlan0")
    with Tcpdump(p.b, "vB", cap("kernel-vxlan-inner-vlan.pcap"), "udp port 4789"):
        for tags in (
            ((0x8100, 0x6064),),
            ((0x88A8, 200), (0x8100, 0xE00A)),
            ((0x8100, 0),),
            ((0x8100, 1), (0x8100, 2), (0x8100, 4095)),
        ):
            f = eth(MACB, MACA, 0x800, ipv4(INA, INB, 17, udp(INA, INB, 1, 9, b"tagged")), tags)
            va.send(f)
            got = wait_for(u, lambda d: d[8:] == f, 0.6)
            report(f"tagged {[hex(t) for t, _ in tags]} out through vxlan0 unchanged", got)
            g = eth(MACA, MACB, 0x800, ipv4(INB, INA, 17, udp(INB, INA, 1, 9, b"tagged")), tags)
            u.sendto(vxlan(100, g), ("10.77.0.1", 4789))
            got = wait_for(va, lambda d: d == g, 0.6)
            report(f"tagged {[hex(t) for t, _ in tags]} decapsulated to vxlan0", got)
    va.close()

    # udpcsum on/off
    for flag, zero in (("noudpcsum", True), ("udpcsum", False)):
        vtep(p, f"id 100 dstport 4789 local 10.77.0.1 remote 10.77.0.2 {flag}")
        while wait_for(ps, lambda d: True, 0.05):
            pass
        p.shA(f"ping -c1 -W0.2 {INB}", check=False)
    ps.close()
    ps = packet_socket(p.b, "vB")
    with Tcpdump(p.b, "vB", cap("kernel-vxlan-v4-udpcsum.pcap"), "udp port 4789"):
        vtep(p, "id 100 dstport 4789 local 10.77.0.1 remote 10.77.0.2 udpcsum")
        p.shA(f"ping -c1 -W0.2 {INB}", check=False)
        got = wait_for(ps, lambda d: d[12:14] == b"\x08\0" and d[36:38] == b"\x12\xb5", 0.6)
    ok = got and got[40:42] != b"\0\0" and csum(got[26:34] + struct.pack("!BBH", 0, 17, len(got) - 34) + got[34:]) == 0
    report("udpcsum: outer checksum non-zero and right", ok)

    # GBP
    with Tcpdump(p.b, "vB", cap("kernel-vxlan-gbp.pcap"), "udp port 4789"):
        vtep(p, "id 100 dstport 4789 local 10.77.0.1 remote 10.77.0.2 gbp")
        for mark in (0x1234, 0x0048FFFF, 0x00000001, 0):
            p.ipA(f"neigh replace {INB} lladdr {MACB} dev vxlan0")
            while wait_for(u, lambda d: True, 0.05):
                pass
            p.shA(f"ping -c1 -W0.2 -m {mark} {INB}", check=False)
            d = wait_for(u, lambda d: d[8 + 23 : 8 + 24] == b"\1", 0.6)
            report(f"gbp mark {mark:#x} -> header {d[:8].hex() if d else None}", d)
        rep = exchange(
            u, ("10.77.0.1", 4789), vxlan(100, arp_ask(), flags=0x88, gbp=0x4242), lambda d: is_arp_reply(d[8:])
        )
        report("gbp frame decapsulated", rep)
        rep = exchange(u, ("10.77.0.1", 4789), vxlan(100, arp_ask()), lambda d: is_arp_reply(d[8:]))
        report("plain frame to gbp device", True, "accepted" if rep else "dropped")

    # RCO (remote checksum offload)
    try:
        with Tcpdump(p.b, "vB", cap("kernel-vxlan-rco.pcap"), "udp port 4789"):
            vtep(p, "id 100 dstport 4789 local 10.77.0.1 remote 10.77.0.2 udpcsum remcsumtx remcsumrx")
            p.shA("ethtool -K vxlan0 tx on", check=False)
            p.ipA(f"neigh replace {INB} lladdr {MACB} dev vxlan0")
            while wait_for(u, lambda d: True, 0.05):
                pass
            p.shA(f"python3 -c \"import socket;s=socket.socket(2,2);s.sendto(b'rco-data',('{INB}',9))\"")
            d = wait_for(u, lambda d: True, 0.6)
        report(
            "remcsumtx (RCO flag = byte 1 bit 0x20, start in last byte)",
            d and d[1] & 0x20 and d[7] & 0x80,
            d[:8].hex() if d else "",
        )
    except RuntimeError as e:
        report("remcsum", False, str(e))

    # multicast group mode
    vtep(p, "id 42 dstport 4789 group 239.1.1.1 dev vA ttl 5")
    with in_ns(p.b):
        u.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, ip4("239.1.1.1") + ip4("10.77.0.2"))
        u.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, ip4("10.77.0.2"))
    with Tcpdump(p.b, "vB", cap("kernel-vxlan-multicast.pcap"), "udp port 4789 or igmp"):
        ping = subprocess.Popen(
            ["ip", "netns", "exec", p.a, "ping", "-c2", "-i0.2", "-W1", INB], stdout=subprocess.PIPE, text=True
        )
        seen = python_vtep(u, ("10.77.0.1", 4789), 42, 3)
        txt = ping.communicate()[0]
        report("multicast BUM + unicast answer (learning)", " 2 received" in txt, f"vnis {set(seen)}")
        while wait_for(u, lambda d: True, 0.05):
            pass
        rep = exchange(u, ("239.1.1.1", 4789), vxlan(42, arp_ask()), lambda d: is_arp_reply(d[8:]))
        report("kernel takes frames sent to the group", rep)
    report("learned fdb", "10.77.0.2" in sh(f"bridge -n {p.a} fdb show dev vxlan0"))

    # external / collect_md: VNI per route
    p.ipA("link del vxlan0")
    vtep(p, "dstport 4789 external")
    p.ipA(f"route add 192.168.7.0/24 encap ip id 7777 dst 10.77.0.2 ttl 9 tos 0 dev vxlan0")
    p.ipA(f"neigh add 192.168.7.2 lladdr {MACB} dev vxlan0")
    with Tcpdump(p.b, "vB", cap("kernel-vxlan-external.pcap"), "udp port 4789"):
        p.shA("ping -c1 -W0.2 192.168.7.2", check=False)
        d = wait_for(u, lambda d: d[8 + 23 : 8 + 24] == b"\1", 0.6)
    report("external + lwtunnel route: VNI from route", d and int.from_bytes(d[4:7], "big") == 7777)
    p.ipA("link del vxlan0")

    # GPE (needs external); L3 device, next protocol by ethertype
    try:
        p.ipA("link add gpe0 type vxlan dstport 4790 gpe external")
        p.ipA(f"addr add {INA}/24 dev gpe0")
        p.ipA("link set gpe0 up")
        p.shA("sysctl -qw net.ipv6.conf.gpe0.disable_ipv6=0")
        p.ipA("-6 addr add fd99::1/64 dev gpe0 nodad", check=False)
        p.ipA("route add 192.168.8.0/24 encap ip id 88 dst 10.77.0.2 dev gpe0")
        p.ipA("-6 route add fd98::/64 encap ip id 89 dst 10.77.0.2 dev gpe0", check=False)
        ug = udp_socket(p.b, 4790)
        with Tcpdump(p.b, "vB", cap("kernel-vxlan-gpe.pcap"), "udp port 4790"):
            p.shA("ping -c1 -W0.2 192.168.8.2", check=False)
            d = wait_for(ug, lambda d: d[3] == 1, 0.6)
            report("gpe emits IPv4", d and d[8] >> 4 == 4, d[:8].hex() if d else "")
            p.shA("ping -6 -c1 -W0.2 fd98::2", check=False)
            d = wait_for(ug, lambda d: d[3] == 2, 0.6)
            report("gpe emits IPv6", d and d[8] >> 4 == 6, d[:8].hex() if d else "")
            # into the kernel: a GPE/IPv4 ICMP echo; reply is routed by the lwt route
            g = packet_socket(p.a, "gpe0")
            pkt = ipv4("192.168.8.2", INA, 1, icmp_echo(3, 3))
            ug.sendto(struct.pack("!BBBBI", 0x0C, 0, 0, 1, 88 << 8) + pkt, ("10.77.0.1", 4790))
            report("gpe decapsulates IPv4", wait_for(g, lambda d: d == pkt, 0.6))
            d = wait_for(ug, lambda d: d[8 + 20 : 8 + 21] == b"\0", 0.6)
            report("gpe answers echo", d)
            for np in (3, 4, 5, 6):
                a = rx_stat(p, "gpe0")
                inner = {3: arp_ask()}.get(np, b"\0" * 40)
                ug.sendto(struct.pack("!BBBBI", 0x0C, 0, 0, np, 88 << 8) + inner, ("10.77.0.1", 4790))
                time.sleep(0.1)
                b = rx_stat(p, "gpe0")
                report(
                    f"  gpe next protocol {np}", True, "rx/err/drop/frame " + "/".join(str(y - x) for x, y in zip(a, b))
                )
            g.close()
    except RuntimeError as e:
        report("gpe", False, str(e))
    u.close()

# ---- v6 underlay --------------------------------------------------------------
with Pair(v6=True) as p:
    p.shA("sysctl -qw net.ipv6.conf.default.disable_ipv6=1")  # no ND/MLD noise on vxlan0
    for flags in ("udp6zerocsumtx udp6zerocsumrx", "noudp6zerocsumtx noudp6zerocsumrx"):
        p.ipA("link del vxlan0 2>/dev/null", check=False)
        vtep(p, f"id 100 dstport 4789 local fd77::1 remote fd77::2 {flags}")
        p.shA("sysctl -qw net.ipv6.conf.vxlan0.disable_ipv6=1")
        u = udp_socket(p.b, 4789, socket.AF_INET6)
        ps = packet_socket(p.b, "vB")
        zero = flags.startswith("udp6")
        if zero:
            with in_ns(p.b):
                u.setsockopt(socket.IPPROTO_UDP, 102, 1)  # UDP_NO_CHECK6_RX
        with Tcpdump(p.b, "vB", cap(f"kernel-vxlan-v6{'-zerocsum' if zero else ''}.pcap"), "udp port 4789"):
            rep = exchange(u, ("fd77::1", 4789), vxlan(100, arp_ask()), lambda d: is_arp_reply(d[8:]))
            report(f"v6 underlay [{flags}]: ARP answered", rep)
            f = wait_for(ps, lambda d: d[12:14] == b"\x86\xdd" and d[20] == 17 and d[56:58] == b"\x12\xb5", 0.6)
            report("  kernel's outer checksum", f and (f[60:62] == b"\0\0") == zero, f[60:62].hex() if f else "")
            raw = ipv6(
                "fd77::2", "fd77::1", 17, udp("fd77::2", "fd77::1", 50000, 4789, vxlan(100, arp_ask()), zero=True)
            )
            ps.send(eth("02:00:00:00:00:0a", "02:00:00:00:00:0b", 0x86DD, raw))
            got = wait_for(u, lambda d: is_arp_reply(d[8:]), 0.6)
            report(f"  zero checksum into kernel: {'accepted' if got else 'dropped'}", bool(got) == zero)
            p.shA(f"ping -c1 -W0.2 {INB}", check=False)
        u.close()
        ps.close()

print(f"{sum(results)} passed, {len(results) - sum(results)} failed")
