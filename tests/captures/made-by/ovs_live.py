"""Live interop with Open vSwitch's userspace datapath. Usage: ovs_live.py [outdir]; root.

A netns: br-phy (veth vA + tunnel endpoint 10.77.0.1 / fd77::1), br-int (internal ports
h1..h3 and tunnel ports).  B netns: vB 10.77.0.2 / fd77::2, plain Python.
"""

import os, sys, tempfile
from livelib import *
from ovsctl import OVS

OUT = sys.argv[1] if len(sys.argv) > 1 else "captures"
os.makedirs(OUT, exist_ok=True)
cap = lambda n: os.path.join(OUT, n)
MA, MB = "02:00:00:00:00:0a", "02:00:00:00:00:0b"
IM, OM = "02:aa:00:00:00:01", "02:bb:00:00:00:02"
results = []


def report(name, ok, note=""):
    results.append(bool(ok))
    print(f"{'ok  ' if ok else 'FAIL'} {name} {note}", flush=True)


def inner(text=b"hello", tags=(), rev=False):
    a, b = ("192.168.100.1", "192.168.100.2")[:: -1 if rev else 1]
    ma, mb = (IM, OM)[:: -1 if rev else 1]
    return eth(mb, ma, 0x800, ipv4(a, b, 17, udp(a, b, 1000, 2000, text)), tags)


def outer4(proto, payload):
    return eth(MA, MB, 0x800, ipv4("10.77.0.2", "10.77.0.1", proto, payload))


def outer_udp(dport, payload, zero=True):
    return outer4(17, udp("10.77.0.2", "10.77.0.1", 50000, dport, payload, zero))


def outer_udp6(dport, payload, zero=False):
    return eth(MA, MB, 0x86DD, ipv6("fd77::2", "fd77::1", 17, udp("fd77::2", "fd77::1", 50000, dport, payload, zero)))


def drain(*socks):
    for s in socks:
        while wait_for(s, lambda d: True, 0.03):
            pass


t0 = time.time()
with Pair(v6=True) as p, OVS(tempfile.mkdtemp(prefix="ovs"), p.a) as o:
    o.vsctl("set open_vswitch . other_config:vlan-limit=0")
    o.vsctl(f'add-br br-phy -- set bridge br-phy datapath_type=netdev other-config:hwaddr="{MA}" -- add-port br-phy vA')
    p.ipA("addr flush dev vA")
    p.ipA("addr add 10.77.0.1/24 dev br-phy")
    p.ipA("addr add fd77::1/64 dev br-phy nodad")
    p.shA("sysctl -qw net.ipv6.conf.vA.disable_ipv6=1")
    p.ipA("link set br-phy up")
    r = "options:key=flow options:remote_ip=10.77.0.2"
    ports = [
        ("gnv", "geneve", r),
        ("gnv6", "geneve", "options:key=flow options:remote_ip=fd77::2"),
        ("gnvc", "geneve", "options:key=77 options:remote_ip=10.77.0.2 options:csum=true"),
        ("vx", "vxlan", r),
        ("vx6", "vxlan", "options:key=flow options:remote_ip=fd77::2"),
        ("vxg", "vxlan", r + " options:exts=gbp options:dst_port=8472"),
        ("vxp", "vxlan", r + " options:exts=gpe options:dst_port=4790 options:packet_type=ptap"),
        ("gre", "gre", r),
        ("stt", "stt", r),
        ("gtp", "gtpu", r),
        ("grec", "gre", "options:key=9 options:csum=true options:seq=true options:remote_ip=10.77.0.2"),
    ]
    cmd = "add-br br-int -- set bridge br-int datapath_type=netdev fail-mode=secure"
    for i in (1, 2, 3):
        cmd += f" -- add-port br-int h{i} -- set interface h{i} type=internal ofport_request={i}"
    for i, (n, t, opt) in enumerate(ports):
        cmd += f" -- add-port br-int {n} -- set interface {n} type={t} ofport_request={10 + i} {opt}"
    o.vsctl(cmd)
    for i in (1, 2, 3):
        p.shA(f"sysctl -qw net.ipv6.conf.h{i}.disable_ipv6=1")
        p.ipA(f"link set h{i} up mtu 2000")
    for a in ("10.77.0.2", "fd77::2"):
        o.appctl("tnl/neigh/set", "br-phy", a, MB)
    o.ofctl(
        "add-tlv-map",
        "br-int",
        "{class=0x102,type=0x80,len=4}->tun_metadata0,{class=0x103,type=1,len=8}->tun_metadata1,"
        "{class=0xffff,type=0x7f,len=124}->tun_metadata2,{class=0x104,type=2,len=0}->tun_metadata3",
    )
    report("OVS up", True, f"{time.time() - t0:.2f} s")
    h = {i: packet_socket(p.a, f"h{i}") for i in (1, 2, 3)}
    b = packet_socket(p.b, "vB")

    def emit(name, flows, frame=inner(), want=None, n=1, sock=h[1]):
        """load flows, send frame into h1, return the outer frame(s) seen on vB"""
        o.flows("br-int", flows)
        drain(b)
        sock.send(frame)
        got = wait_for(b, lambda d: want(d) if want else d[12:14] in (b"\x08\0", b"\x86\xdd") and d[20] != 58, 1.0)
        if got and want is None and n == 1:
            pass
        return got

    def take(pkt, flows, want, expect=True, sock=h[1], name=None, flowtxt=False):
        """inject outer frame at vB; see whether h1 gets `want`; report OVS's own parse of it"""
        o.flows("br-int", flows)
        o.appctl("revalidator/purge")
        drain(sock)
        b.send(pkt)
        got = wait_for(sock, lambda d: d == want, 0.5)
        parse = ""
        if flowtxt:
            m = re.findall(r"tunnel\((.*?flags\([^)]*\))", o.appctl("dpctl/dump-flows", "-m"))
            parse = m[-1] if m else ""
        report(f"{name}: {'accepted' if got else 'not accepted'}", bool(got) == expect, parse)
        return got

    # ---- Geneve: OVS emits, with options -------------------------------------
    opts = geneve_opt(0x102, 0x80, bytes.fromhex("deadbeef")) + geneve_opt(0x103, 1, bytes(range(8)))
    with Tcpdump(p.b, "vB", cap("ovs-geneve-options.pcap"), "udp port 6081"):
        f = emit(
            "geneve",
            "in_port=h1,actions=set_field:100->tun_id,set_field:0xdeadbeef->tun_metadata0,set_field:0x0001020304050607->tun_metadata1,output:gnv",
        )
        exp = geneve(100, inner(), opts=opts, crit=1)
        report(
            "geneve+2 options emitted as predicted (C set from type 0x80)",
            f and f[42:] == exp,
            "" if f and f[42:] == exp else (f[42:].hex() if f else ""),
        )
        f = emit(
            "geneve max",
            "in_port=h1,actions=set_field:0xffffff->tun_id,set_field:0xdeadbeef->tun_metadata0,set_field:0x1->tun_metadata1,set_field:0x7->tun_metadata2,set_field:0->tun_metadata3,output:gnv",
        )
        report(
            "geneve VNI 0xffffff, 4 options (124-byte one, empty one)",
            f and f[46:49] == b"\xff\xff\xff",
            f"opt_len words {f[42] & 63}, options {f[50 : 50 + 24].hex()}.." if f else "",
        )
        f = emit("geneve none", "in_port=h1,actions=set_field:0->tun_id,output:gnv")
        report("geneve VNI 0, no options", f and f[42:] == geneve(0, inner()))
        f = emit("geneve oam", "in_port=h1,actions=set_field:5->tun_id,set_field:oam->tun_flags,output:gnv")
        report("geneve OAM flag", f and f[43] & 0x80)
        for tags in (((0x8100, 0x6064),), ((0x88A8, 200), (0x8100, 0xE00A))):
            f = emit("geneve vlan", "in_port=h1,actions=set_field:6->tun_id,output:gnv", inner(tags=tags))
            report(
                f"geneve with inner tags {[hex(t) for t, _ in tags]}", f and f[50:] == inner(tags=tags), "" if f else ""
            )
        f = emit("geneve csum", "in_port=h1,actions=output:gnvc")
        report(
            "geneve csum=true: outer UDP checksum right",
            f and f[40:42] != b"\0\0" and csum(f[26:34] + struct.pack("!BBH", 0, 17, len(f) - 34) + f[34:]) == 0,
        )

    # ---- Geneve: OVS takes ----------------------------------------------------
    any_ = "in_port=gnv,actions=output:h1"
    mt = "in_port=gnv,tun_id=100,tun_metadata0=0xdeadbeef,tun_metadata1=0x0001020304050607,actions=output:h1"
    with Tcpdump(p.b, "vB", cap("python-to-ovs-geneve.pcap"), "udp port 6081"):
        take(
            outer_udp(6081, geneve(100, inner(rev=True), opts=opts, crit=1)),
            mt,
            inner(rev=True),
            name="geneve options matched by OpenFlow",
            flowtxt=True,
        )
        take(
            outer_udp(6081, geneve(100, inner(rev=True), opts=opts, crit=1), zero=False),
            mt,
            inner(rev=True),
            name="  same, outer UDP checksum right",
        )
        bad = bytearray(outer_udp(6081, geneve(100, inner(rev=True), opts=opts, crit=1), zero=False))
        bad[41] ^= 1
        take(bytes(bad), mt, inner(rev=True), False, name="  same, outer UDP checksum wrong")
        for nm, pkt, ok in (
            ("no options", geneve(5, inner(rev=True)), True),
            ("VNI 0", geneve(0, inner(rev=True)), True),
            ("VNI 0xffffff", geneve(0xFFFFFF, inner(rev=True)), True),
            ("unknown non-critical option", geneve(5, inner(rev=True), opts=geneve_opt(0xABCD, 5, b"\1\2\3\4")), True),
            (
                "unknown critical option, C set",
                geneve(5, inner(rev=True), opts=geneve_opt(0xABCD, 0x85, b"\1\2\3\4"), crit=1),
                False,
            ),
            (
                "critical option but C clear",
                geneve(5, inner(rev=True), opts=geneve_opt(0x102, 0x80, b"\1\2\3\4"), crit=0),
                True,
            ),
            ("C set, no options", geneve(5, inner(rev=True), crit=1), True),
            ("OAM", geneve(5, inner(rev=True), oam=1), True),
            (
                "63 words of options",
                geneve(
                    5, inner(rev=True), opts=geneve_opt(0xFFFF, 0x7F, bytes(124)) + geneve_opt(0xFFFF, 0x7E, bytes(120))
                ),
                True,
            ),
            ("version 1", geneve(5, inner(rev=True), ver=1), False),
            ("opt_len beyond packet", b"\x3f" + geneve(5, b"\0" * 20)[1:], False),
            (
                "option length runs past opt_len",
                geneve(5, inner(rev=True), opts=b"\x01\x02\x05\x1f" + b"\0" * 4),
                False,
            ),
            ("duplicate option", geneve(5, inner(rev=True), opts=opts[:8] + opts[:8]), True),
            ("protocol 0x0800 (no Ethernet)", geneve(5, inner(rev=True)[14:], proto=0x800), False),
            ("reserved bits in flags byte", struct.pack("!BBHI", 0, 0x3F, 0x6558, 5 << 8) + inner(rev=True), True),
            ("reserved last byte", struct.pack("!BBHI", 0, 0, 0x6558, 5 << 8 | 0xFF) + inner(rev=True), True),
        ):
            got = take(outer_udp(6081, pkt), any_, inner(rev=True), ok, name="  geneve in, " + nm, flowtxt=True)

    # ---- Geneve / VXLAN over IPv6 -----------------------------------------------
    with Tcpdump(p.b, "vB", cap("ovs-v6-underlay-geneve-vxlan.pcap"), "udp port 6081 or udp port 4789"):
        f = emit("gnv6", "in_port=h1,actions=set_field:66->tun_id,set_field:0x1->tun_metadata0,output:gnv6")
        report("geneve over IPv6", f and f[12:14] == b"\x86\xdd", f"outer csum {f[60:62].hex()}" if f else "")
        take(
            outer_udp6(6081, geneve(66, inner(rev=True))),
            "in_port=gnv6,actions=output:h1",
            inner(rev=True),
            name="geneve in over IPv6",
        )
        f = emit("vx6", "in_port=h1,actions=set_field:67->tun_id,output:vx6")
        report("vxlan over IPv6", f and f[62:] == vxlan(67, inner()), f"outer csum {f[60:62].hex()}" if f else "")

    # ---- VXLAN ---------------------------------------------------------------------
    with Tcpdump(p.b, "vB", cap("ovs-vxlan.pcap"), "udp port 4789"):
        for vni in (0, 1, 0xFFFFFF):
            f = emit("vxlan", f"in_port=h1,actions=set_field:{vni}->tun_id,output:vx")
            report(f"vxlan VNI {vni:#x} emitted as predicted", f and f[42:] == vxlan(vni, inner()))
            take(
                outer_udp(4789, vxlan(vni, inner(rev=True))),
                f"in_port=vx,tun_id={vni},actions=output:h1",
                inner(rev=True),
                name=f"vxlan VNI {vni:#x} in",
            )
        for nm, pkt, ok in (
            ("I clear", vxlan(5, inner(rev=True), flags=0), False),
            ("flags 0x88", vxlan(5, inner(rev=True), flags=0x88), False),
            ("reserved last byte 1", vxlan(5, inner(rev=True), rsv=1), False),
            ("reserved byte 1", vxlan(5, inner(rev=True), b1=1), False),
        ):
            take(outer_udp(4789, pkt), "in_port=vx,actions=output:h1", inner(rev=True), ok, name="  vxlan in, " + nm)
    with Tcpdump(p.b, "vB", cap("ovs-vxlan-gbp.pcap"), "udp port 8472"):
        f = emit(
            "gbp",
            "in_port=h1,actions=set_field:300->tun_id,set_field:0x1234->tun_gbp_id,set_field:0x48->tun_gbp_flags,output:vxg",
        )
        gbp = bool(f and f[42] & 0x80)  # OVS >= 3.2 only in userspace
        report(
            f"vxlan gbp emitted: {'yes' if gbp else 'no (this OVS ignores exts=gbp in userspace)'}",
            f,
            f[42:50].hex() if f else "",
        )
        take(
            outer_udp(8472, vxlan(300, inner(rev=True), flags=0x88, b1=0x48, gbp=0x1234)),
            "in_port=vxg,tun_gbp_id=0x1234,tun_gbp_flags=0x48,actions=output:h1",
            inner(rev=True),
            gbp,
            name="vxlan gbp in, matched",
            flowtxt=True,
        )
    with Tcpdump(p.b, "vB", cap("ovs-vxlan-gpe.pcap"), "udp port 4790"):
        f = emit("gpe eth", "in_port=h1,actions=set_field:301->tun_id,output:vxp")
        report("gpe with Ethernet (NP 3)", f and f[45] == 3, f[42:50].hex() if f else "")
        f = emit("gpe ip", "in_port=h1,ip,actions=set_field:302->tun_id,decap(),output:vxp")
        report("gpe with IPv4 (NP 1)", f and f[45] == 1 and f[50:] == inner()[14:], f[42:50].hex() if f else "")
        f = emit(
            "gpe nsh",
            "in_port=h1,ip,actions=set_field:303->tun_id,encap(nsh(md_type=1)),set_field:0x42->nsh_spi,output:vxp",
        )
        report("gpe with NSH (NP 4)", f and f[45] == 4, f[42:50].hex() if f else "")
        take(
            outer_udp(4790, struct.pack("!BBBBI", 0x0C, 0, 0, 3, 301 << 8) + inner(rev=True)),
            "in_port=vxp,packet_type=(0,0),tun_id=301,actions=output:h1",
            inner(rev=True),
            name="gpe Ethernet in",
        )

    # ---- GRE / NVGRE / ERSPAN / GTP-U / STT ------------------------------------------
    with Tcpdump(p.b, "vB", cap("ovs-gre-nvgre.pcap"), "proto 47"):
        f = emit("nvgre", f"in_port=h1,actions=set_field:{0x00ABCD << 8 | 7:#x}->tun_id,output:gre")
        report(
            "NVGRE = GRE key (VSID<<8|flow), 0x6558",
            f and f[34:42] == struct.pack("!HHI", 0x2000, 0x6558, 0x00ABCD07),
            f[34:42].hex() if f else "",
        )
        f = emit("gre csum seq", "in_port=h1,actions=output:grec")
        report("GRE key+csum+seq", f and f[34] & 0xB0 == 0xB0, f[34:50].hex() if f else "")
        take(
            outer4(47, struct.pack("!HHI", 0x2000, 0x6558, 0x123407) + inner(rev=True)),
            "in_port=gre,tun_id=0x123407,actions=output:h1",
            inner(rev=True),
            name="NVGRE in",
        )
    # erspan shares IP protocol 47 with gre in OVS's pop lookup: add its ports only after GRE input was tested
    o.vsctl(
        "add-port br-int er1 -- set interface er1 type=erspan ofport_request=40 options:key=1 options:remote_ip=10.77.0.2 options:erspan_ver=1 options:erspan_idx=3 -- "
        "add-port br-int er2 -- set interface er2 type=erspan ofport_request=41 options:key=2 options:remote_ip=10.77.0.2 options:erspan_ver=2 options:erspan_dir=1 options:erspan_hwid=4"
    )
    with Tcpdump(p.b, "vB", cap("ovs-erspan-1-2.pcap"), "proto 47"):
        for n in ("er1", "er2"):
            f = emit(n, f"in_port=h1,actions=output:{n}")
            report(f"{n} emitted", f and f[36:38] in (b"\x88\xbe", b"\x22\xeb"), f[34:54].hex() if f else "")
    with Tcpdump(p.b, "vB", cap("ovs-gtpu.pcap"), "udp port 2152"):
        f = emit("gtp", "in_port=h1,ip,actions=set_field:0x99->tun_id,decap(),output:gtp")
        report("gtpu emitted", f and f[36:38] == b"\x08\x68", f[42:50].hex() if f else "")
    f = emit("stt", "in_port=h1,actions=set_field:1->tun_id,output:stt", want=lambda d: d[12:14] == b"\x08\0")
    report("STT emitted (expected: no userspace STT)", f is None)

    # ---- VLAN push / pop / QinQ ---------------------------------------------------------
    def l2(name, flows, frame, want, path_sock=h[2]):
        o.flows("br-int", flows)
        o.appctl("revalidator/purge")
        drain(path_sock)
        h[1].send(frame)
        got = wait_for(path_sock, lambda d: d[12:14] != b"\x86\xdd", 0.8)
        report(name, got == want, "" if got == want else f"got {got.hex() if got else None}")

    t1, t2, s1 = ((0x8100, 0x6064),), ((0x88A8, 0x20C8), (0x8100, 0x6064)), ((0x88A8, 0x20C8),)
    with Tcpdump(p.a, "h2", cap("ovs-vlan-push-pop.pcap")):
        l2(
            "push 0x8100 vid 100 pcp 3",
            "in_port=h1,actions=push_vlan:0x8100,set_field:4196->vlan_vid,set_field:3->vlan_pcp,output:h2",
            inner(),
            inner(tags=t1),
        )
        l2(
            "push 0x88a8 vid 200 pcp 1 over 0x8100",
            "in_port=h1,actions=push_vlan:0x88a8,set_field:4296->vlan_vid,set_field:1->vlan_pcp,output:h2",
            inner(tags=t1),
            inner(tags=t2),
        )
        l2(
            "double push",
            "in_port=h1,actions=push_vlan:0x8100,set_field:4196->vlan_vid,set_field:3->vlan_pcp,push_vlan:0x88a8,set_field:4296->vlan_vid,set_field:1->vlan_pcp,output:h2",
            inner(),
            inner(tags=t2),
        )
        l2("pop one of two", "in_port=h1,dl_vlan=200,actions=pop_vlan,output:h2", inner(tags=t2), inner(tags=t1))
        l2(
            "pop both",
            "table=0,in_port=h1,dl_vlan=200,actions=pop_vlan,goto_table:1\ntable=1,vlan_tci=0x1000/0x1000,actions=pop_vlan,output:h2",
            inner(tags=t2),
            inner(),
        )
        l2(
            "rewrite vid 4095, pcp 7",
            "in_port=h1,vlan_tci=0x1000/0x1000,actions=set_field:8191->vlan_vid,set_field:7->vlan_pcp,output:h2",
            inner(tags=t1),
            inner(tags=((0x8100, 0xEFFF),)),
        )
    o.vsctl(
        "set port h1 tag=100 vlan_mode=access -- set port h2 trunks=100,200 vlan_mode=trunk -- set port h3 vlan_mode=dot1q-tunnel tag=200 cvlans=100 other_config:qinq-ethtype=802.1ad"
    )
    with Tcpdump(p.a, "h2", cap("ovs-vlan-access-trunk-qinq.pcap")):
        l2("access port -> trunk port: tag 100 pushed", "actions=NORMAL", inner(), inner(tags=((0x8100, 100),)))
        drain(h[2])
        h[3].send(inner(b"qinq", tags=((0x8100, 100),)))
        g = wait_for(h[2], lambda d: d[12:14] != b"\x86\xdd", 0.8)
        report(
            "dot1q-tunnel port -> trunk: 0x88a8 pushed over 0x8100",
            g == inner(b"qinq", tags=((0x88A8, 200), (0x8100, 100))),
            "" if g else "none",
        )
        drain(h[1])
        h[2].send(inner(b"back", tags=((0x8100, 100),), rev=True))
        g = wait_for(h[1], lambda d: True, 0.8)
        report("trunk -> access: tag popped", g == inner(b"back", rev=True))

    # ---- oracles --------------------------------------------------------------------------
    t = o.appctl(
        "ofproto/trace",
        "br-int",
        "in_port=gnv,tun_id=100,tun_src=10.77.0.2,tun_dst=10.77.0.1,tun_metadata0=0xdeadbeef",
        inner(rev=True).hex(),
    )
    report("ofproto/trace with packet hex", "udp" in t, t.splitlines()[0][:150])

print(f"{sum(results)} passed, {len(results) - sum(results)} failed  ({time.time() - t0:.1f} s)")
