"""Live interop with a Linux kernel in a process (user-mode-linux): Geneve with options, 802.1Q,
802.1ad, VLAN-filtering bridge, GRE/ERSPAN.  Usage: uml_live.py [outdir]; no root needed."""

import os, sys, tempfile
from livelib import *
from umlpeer import UML

OUT = sys.argv[1] if len(sys.argv) > 1 else "captures"
os.makedirs(OUT, exist_ok=True)
MA, MB, IM, OM, BC = (
    "02:00:00:00:00:0a",
    "02:00:00:00:00:0b",
    "02:aa:00:00:00:01",
    "02:bb:00:00:00:02",
    "ff:ff:ff:ff:ff:ff",
)
results, seen = [], []


def report(name, ok, note=""):
    results.append(bool(ok))
    print(f"{'ok  ' if ok else 'FAIL'} {name} {note}", flush=True)


t0 = time.time()
with UML(
    (
        "geneve",
        "8021q",
        "bridge",
        "ip_gre",
        "vxlan",
        "dummy",
        "veth",
        "act_vlan",
        "act_tunnel_key",
        "act_mirred",
        "act_gact",
        "cls_flower",
        "cls_matchall",
        "sch_ingress",
    ),
    log="uml.err",
) as u:
    report("UML up with modules", True, f"{time.time() - t0:.1f} s")

    def tx(f):
        seen.append(f)
        u.net.send(f)

    def rx(pred, timeout=1.0):
        def p(d):
            seen.append(d)
            return pred(d)

        return wait_for(u.net, p, timeout)

    def save(name):
        for _ in iter(lambda: rx(lambda d: True, 0.05), None):
            pass
        pcap_write(os.path.join(OUT, name), seen)
        seen.clear()

    def o4(proto, payload):
        return eth(MA, MB, 0x800, ipv4("10.77.0.2", "10.77.0.1", proto, payload))

    def gnv(g, zero=True):
        return o4(17, udp("10.77.0.2", "10.77.0.1", 50000, 6081, g, zero))

    def req(net=100, sha=OM, tags=(), dst=BC):
        return eth(dst, sha, 0x806, arp(1, sha, f"192.168.{net}.2", "00:00:00:00:00:00", f"192.168.{net}.1"), tags)

    def is_rep(f, net=100):
        return f[12:14] == b"\x08\x06" and f[20:22] == b"\0\2" and f[28:32] == ip4(f"192.168.{net}.1")

    u.sh(
        f"ip link set vec0 address {MA} mtu 1500 up; ip addr add 10.77.0.1/24 dev vec0; ip neigh add 10.77.0.2 lladdr {MB} dev vec0"
    )

    # ---- Geneve, fixed VNI ----------------------------------------------------------
    for vni in (0, 1, 100, 0xFFFFFF):
        u.sh(
            f"ip link del g0 2>/dev/null; ip link add g0 address {IM} type geneve id {vni} remote 10.77.0.2 noudpcsum; ip addr add 192.168.100.1/24 dev g0; ip link set g0 up"
        )
        tx(gnv(geneve(vni, req())))
        f = rx(lambda d: d[36:38] == b"\x17\xc1" and is_rep(d[50:]))
        report(
            f"kernel Geneve VNI {vni:#x}: decapsulates, answers ARP",
            f and f[42:50] == geneve(vni, b""),
            f[42:50].hex() if f else "",
        )
    tx(gnv(geneve(0xFFFFFF, eth(IM, OM, 0x800, ipv4("192.168.100.2", "192.168.100.1", 1, icmp_echo(5, 5))))))
    f = rx(lambda d: d[36:38] == b"\x17\xc1" and d[50 + 23 : 50 + 24] == b"\1" and d[50 + 34] == 0)
    report("kernel Geneve: answers ICMP echo", f)
    for name, g, want in (
        ("unknown non-critical option", geneve(0xFFFFFF, req(), opts=geneve_opt(0xABCD, 5, b"\1\2\3\4")), True),
        ("critical option, C set", geneve(0xFFFFFF, req(), opts=geneve_opt(0xABCD, 0x85, b"\1\2\3\4"), crit=1), False),
        ("critical option, C clear", geneve(0xFFFFFF, req(), opts=geneve_opt(0xABCD, 0x85, b"\1\2\3\4")), True),
        ("OAM set", geneve(0xFFFFFF, req(), oam=1), True),
        ("version 1", geneve(0xFFFFFF, req(), ver=1), False),
        ("wrong VNI", geneve(5, req()), False),
        ("reserved last byte", geneve(0xFFFFFF, req())[:7] + b"\xff" + req(), True),
        ("protocol 0x0806", geneve(0xFFFFFF, req(), proto=0x806), False),
        ("opt_len beyond packet", b"\x3f" + geneve(0xFFFFFF, req())[1:], False),
        (
            "63 words of options",
            geneve(0xFFFFFF, req(), opts=geneve_opt(1, 1, bytes(124)) + geneve_opt(1, 2, bytes(120))),
            True,
        ),
        ("garbled option lengths", geneve(0xFFFFFF, req(), opts=b"\x01\x02\x05\x1f\0\0\0\0"), True),
    ):
        tx(gnv(g))
        f = rx(lambda d: d[36:38] == b"\x17\xc1" and is_rep(d[50:]), 0.4)
        report(f"  {name}: {'accepted' if f else 'dropped'}", bool(f) == want)
    for csum_ok in (True, False):
        g = bytearray(gnv(geneve(0xFFFFFF, req()), zero=False))
        g[41] ^= 0 if csum_ok else 1
        tx(bytes(g))
        f = rx(lambda d: d[36:38] == b"\x17\xc1" and is_rep(d[50:]), 0.4)
        report(
            f"  outer UDP checksum {'right' if csum_ok else 'wrong'}: {'accepted' if f else 'dropped'}",
            bool(f) == csum_ok,
        )
    save("linux-geneve.pcap")

    # ---- Geneve, external: options set by a route, matched by flower ------------------
    u.sh(
        f"ip link del g0; ip link add g1 address {IM} type geneve external; ip addr add 192.168.101.1/24 dev g1; ip link set g1 up"
    )
    u.sh(
        "ip route add 192.168.7.0/24 encap ip id 7777 dst 10.77.0.2 ttl 33 geneve_opts 0x102:0x80:deadbeef,0xffff:0x7f:0001020304050607 dev g1"
    )
    u.sh(f"ip neigh add 192.168.7.2 lladdr {OM} dev g1")
    u.sh("ping -c1 -W1 192.168.7.2", check=False)
    opts = geneve_opt(0x102, 0x80, b"\xde\xad\xbe\xef") + geneve_opt(0xFFFF, 0x7F, bytes(range(8)))
    f = rx(lambda d: d[36:38] == b"\x17\xc1", 1)
    # Linux's lwtunnel does not set the header's C bit even for a critical option type
    report(
        "kernel emits Geneve options (lwtunnel geneve_opts; C clear)",
        f and f[42 : 42 + 28] == geneve(7777, b"", opts=opts, crit=0),
        f[42:70].hex() if f else "",
    )
    u.sh(
        "tc qdisc add dev g1 clsact; tc filter add dev g1 ingress proto all flower enc_key_id 42 geneve_opts 0102:80:deadbeef/ffff:ff:ffffffff action pass"
    )
    hits = lambda: int(re.findall(r"Sent \d+ bytes (\d+) pkt", u.sh("tc -s filter show dev g1 ingress"))[0])
    tx(gnv(geneve(42, req(101), opts=geneve_opt(0x102, 0x80, b"\xde\xad\xbe\xef"), crit=1)))
    time.sleep(0.2)
    a = hits()
    tx(gnv(geneve(42, req(101), opts=geneve_opt(0x102, 0x80, b"\xde\xad\xbe\xee"), crit=1)))
    time.sleep(0.2)
    b = hits()
    report("flower matches our Geneve option (and not another value)", a == 1 and b == 1, f"hits {a},{b}")
    u.sh(
        "tc filter add dev vec0 egress proto all matchall action pass 2>/dev/null; ip link add dm0 type dummy; ip link set dm0 up; tc qdisc add dev dm0 clsact; "
        "tc filter add dev dm0 egress proto all matchall action tunnel_key set id 99 src_ip 10.77.0.1 dst_ip 10.77.0.2 dst_port 6081 nocsum geneve_opts 0103:81:0011223344556677 pipe action mirred egress redirect dev g1",
        check=False,
    )
    u.sh(
        "ip addr add 192.168.50.1/24 dev dm0; ip neigh add 192.168.50.2 lladdr 02:bb:00:00:00:02 dev dm0; ping -c1 -W1 192.168.50.2",
        check=False,
    )
    f = rx(lambda d: d[36:38] == b"\x17\xc1" and d[46:49] == b"\0\0\x63", 1)
    report(
        "act_tunnel_key geneve_opts (critical type 0x81; C clear too)",
        f and f[42:62] == geneve(99, b"", opts=geneve_opt(0x103, 0x81, bytes.fromhex("0011223344556677"))),
        f[42:62].hex() if f else "",
    )
    save("linux-geneve-options.pcap")
    u.sh("ip link del g1; ip link del dm0")

    # ---- Geneve inner-proto-inherit / IPv6 underlay -----------------------------------
    u.sh(
        f"sysctl -qw net.ipv6.conf.vec0.disable_ipv6=0 net.ipv6.conf.vec0.accept_dad=0; ip -6 addr add fd77::1/64 dev vec0 nodad; ip -6 neigh add fd77::2 lladdr {MB} dev vec0; "
        f"ip link add g6 address {IM} type geneve id 66 remote fd77::2 udp6zerocsumrx; ip addr add 192.168.100.1/24 dev g6; ip link set g6 up"
    )
    for zero in (False, True):
        tx(
            eth(
                MA,
                MB,
                0x86DD,
                ipv6("fd77::2", "fd77::1", 17, udp("fd77::2", "fd77::1", 50000, 6081, geneve(66, req()), zero)),
            )
        )
        f = rx(lambda d: d[12:14] == b"\x86\xdd" and d[20] == 17 and is_rep(d[70:]))
        report(
            f"Geneve over IPv6 (our csum {'0' if zero else 'full'})",
            f and f[62:70] == geneve(66, b""),
            f"kernel csum {f[60:62].hex()}" if f else "",
        )
    save("linux-geneve-v6.pcap")
    u.sh("ip link del g6; ip -6 addr flush dev vec0; sysctl -qw net.ipv6.conf.vec0.disable_ipv6=1")

    # ---- VLAN devices -------------------------------------------------------------------
    u.sh(
        "ip link add link vec0 name v100 type vlan id 100 egress-qos-map 0:3; ip link add link vec0 name s200 type vlan proto 802.1ad id 200; ip link add link s200 name q300 type vlan id 300; "
        "ip link add link vec0 name v4094 type vlan id 4094; for d in v100 s200 q300 v4094; do ip link set $d up; done; "
        "ip addr add 192.168.110.1/24 dev v100; ip addr add 192.168.111.1/24 dev q300; ip addr add 192.168.112.1/24 dev v4094; ip addr add 192.168.113.1/24 dev s200; ip addr add 192.168.114.1/24 dev vec0"
    )
    for name, net, tags, want in (
        ("802.1Q 100, egress PCP 3", 110, ((0x8100, 100),), ((0x8100, 0x6064),)),
        ("802.1Q 100 with PCP 7 DEI 1 in", 110, ((0x8100, 0xF064),), ((0x8100, 0x6064),)),
        ("802.1Q 4094", 112, ((0x8100, 4094),), ((0x8100, 4094),)),
        ("802.1ad 200", 113, ((0x88A8, 200),), ((0x88A8, 200),)),
        ("QinQ 0x88a8/200 + 0x8100/300", 111, ((0x88A8, 200), (0x8100, 300)), ((0x88A8, 200), (0x8100, 300))),
        ("priority tag VID 0 -> untagged device", 114, ((0x8100, 0xA000),), ()),
        ("untagged", 114, (), ()),
        ("wrong VID", 110, ((0x8100, 101),), None),
        ("0x9100 outer", 111, ((0x9100, 200), (0x8100, 300)), None),
        ("tags swapped", 111, ((0x8100, 300), (0x88A8, 200)), None),
    ):
        tx(req(net, MB, tags))
        n = 4 * len(want or ())
        f = rx(lambda d: is_rep(d[n:], net), 0.5)
        ok = (
            (f is None)
            if want is None
            else bool(f) and f[12 : 12 + n] == b"".join(struct.pack("!HH", *t) for t in want)
        )
        report(f"VLAN device: {name}: {'answered' if f else 'silent'}", ok, f[12 : 12 + n].hex() if f else "")
    save("linux-vlan-devices.pcap")
    u.sh("for d in q300 s200 v100 v4094; do ip link del $d; done")

    # ---- VLAN-filtering bridge: vec0 trunk, veth access port ------------------------------
    u.sh(
        "ip addr flush dev vec0; ip link add br0 type bridge vlan_filtering 1 vlan_default_pvid 0; ip link set vec0 master br0; ip link add e0 type veth peer name e1; ip link set e0 master br0; "
        "ip link set br0 up; ip link set e0 up; ip link set e1 up; bridge vlan add dev vec0 vid 55; bridge vlan add dev e0 vid 55 pvid untagged; ip addr add 192.168.120.1/24 dev e1; sleep 0.1"
    )
    tx(req(120, MB, ((0x8100, 55),)))
    f = rx(lambda d: is_rep(d[4:], 120), 1)
    report(
        "bridge: access port pops, trunk pushes 0x8100/55",
        f and f[12:16] == b"\x81\0\0\x37",
        f[12:16].hex() if f else "",
    )
    tx(req(120, MB, ((0x8100, 56),)))
    report("bridge: VID 56 filtered", rx(lambda d: is_rep(d[4:], 120), 0.4) is None)
    u.sh("ip link set br0 type bridge vlan_protocol 802.1ad")
    tx(req(120, MB, ((0x88A8, 55),)))
    f = rx(lambda d: is_rep(d[4:], 120), 1)
    report(
        "bridge vlan_protocol 802.1ad: pushes 0x88a8/55",
        f and f[12:16] == b"\x88\xa8\0\x37",
        f[12:16].hex() if f else "",
    )
    save("linux-vlan-bridge.pcap")
    u.sh(
        "ip link del br0; ip link del e0; ip addr add 10.77.0.1/24 dev vec0; ip neigh replace 10.77.0.2 lladdr 02:00:00:00:00:0b dev vec0"
    )

    # ---- GRE / NVGRE / ERSPAN / VXLAN -----------------------------------------------------
    u.sh(
        f"ip link add t0 address {IM} type gretap local 10.77.0.1 remote 10.77.0.2 key 0x1234ab07 nopmtudisc; ip addr add 192.168.100.1/24 dev t0; ip link set t0 up"
    )
    nv = struct.pack("!HHI", 0x2000, 0x6558, 0x1234AB07)
    tx(o4(47, nv + req()))
    f = rx(lambda d: d[23:24] == b"\x2f" and is_rep(d[42:]))
    report("gretap with key = NVGRE (VSID 0x1234ab, flow 7)", f and f[34:42] == nv, f[34:42].hex() if f else "")
    u.sh(
        "ip link del t0; ip link add t0 address %s type gretap local 10.77.0.1 remote 10.77.0.2 key 5 csum seq; ip addr add 192.168.100.1/24 dev t0; ip link set t0 up"
        % IM
    )
    body = struct.pack("!HHHHII", 0xB000, 0x6558, 0, 0, 5, 0) + req()
    tx(o4(47, body[:4] + struct.pack("!H", csum(body)) + body[6:]))
    f = rx(lambda d: d[23:24] == b"\x2f" and is_rep(d[50:]))
    report("gretap key+csum+seq", f and csum(f[34:]) == 0, f[34:50].hex() if f else "")
    save("linux-gretap-nvgre.pcap")
    for ver, extra in ((1, "erspan 7"), (2, "erspan_dir egress erspan_hwid 9")):
        u.sh(
            f"ip link del t0; ip link add t0 type erspan seq key 30 local 10.77.0.1 remote 10.77.0.2 erspan_ver {ver} {extra}; ip addr add 192.168.100.1/24 dev t0; ip link set t0 up; ping -c1 -W0.2 192.168.100.2",
            check=False,
        )
        f = rx(lambda d: d[23:24] == b"\x2f" and d[36:38] == (b"\x88\xbe" if ver == 1 else b"\x22\xeb"))
        report(f"erspan v{ver} emitted", f, f[34:54].hex() if f else "")
    save("linux-erspan.pcap")
    u.sh(
        "ip link del t0; ip link add x0 address %s type vxlan id 100 dstport 4789 local 10.77.0.1 remote 10.77.0.2; ip addr add 192.168.100.1/24 dev x0; ip link set x0 up"
        % IM
    )
    tx(o4(17, udp("10.77.0.2", "10.77.0.1", 50000, 4789, vxlan(100, req()))))
    f = rx(lambda d: d[36:38] == b"\x12\xb5" and is_rep(d[50:]))
    report("vxlan in UML", f and f[42:50] == vxlan(100, b""))
    # lockstep speed
    n, t1 = 500, time.time()
    pkt = o4(
        17,
        udp(
            "10.77.0.2",
            "10.77.0.1",
            50000,
            4789,
            vxlan(100, eth(IM, OM, 0x800, ipv4("192.168.100.2", "192.168.100.1", 1, icmp_echo(9, 9)))),
        ),
    )
    u.sh("ip neigh replace 192.168.100.2 lladdr %s dev x0" % OM)
    got = 0
    for _ in range(n):
        u.net.send(pkt)
        got += wait_for(u.net, lambda d: d[73:74] == b"\1" and d[84:85] == b"\0", 1.0) is not None
    report("vxlan echo lockstep", got == n, f"{n / (time.time() - t1):.0f}/s")
print(f"{sum(results)} passed, {len(results) - sum(results)} failed  ({time.time() - t0:.1f} s)")
