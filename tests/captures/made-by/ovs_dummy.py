"""OVS with dummy netdevs: no netns, no veth, no root needed. Frames in and out as hex/pcap.

Usage: ovs_dummy.py [outdir].  Frames enter with `ovs-appctl netdev-dummy/receive PORT HEX`
and what OVS transmits lands in options:tx_pcap.  Tunnels use OVS's native tunnelling.
"""

import os, sys, tempfile
from livelib import *
from ovsctl import OVS

OUT = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "captures")
os.makedirs(OUT, exist_ok=True)
t0 = time.time()
IM, OM = "02:aa:00:00:00:01", "02:bb:00:00:00:02"
MA, MB = "02:00:00:00:00:0a", "02:00:00:00:00:0b"
f1 = eth(
    OM,
    IM,
    0x800,
    ipv4("192.168.100.1", "192.168.100.2", 17, udp("192.168.100.1", "192.168.100.2", 1000, 2000, b"hello")),
)
with OVS(tempfile.mkdtemp(prefix="ovs"), dummy=True) as o:
    tx = f"{OUT}/ovs-dummy-geneve.pcap"
    rx = f"{o.dir}/h1.pcap"
    if os.path.exists(tx):
        os.remove(tx)  # OVS appends to it
    o.vsctl(
        f'add-br br-phy -- set bridge br-phy datapath_type=dummy other-config:hwaddr="{MA}" fail-mode=standalone -- '
        f"add-port br-phy p0 -- set interface p0 type=dummy ofport_request=1 options:tx_pcap={tx}"
    )
    o.vsctl(
        f"add-br br-int -- set bridge br-int datapath_type=dummy fail-mode=secure -- add-port br-int h1 -- set interface h1 type=dummy ofport_request=1 options:tx_pcap={rx} "
        "-- add-port br-int gnv -- set interface gnv type=geneve ofport_request=10 options:key=flow options:remote_ip=10.77.0.2"
    )
    o.appctl("netdev-dummy/ip4addr", "br-phy", "10.77.0.1/24")
    o.appctl("ovs/route/add", "10.77.0.0/24", "br-phy")
    o.appctl("tnl/neigh/set", "br-phy", "10.77.0.2", MB)
    o.ofctl("add-tlv-map", "br-int", "{class=0x102,type=0x80,len=4}->tun_metadata0")
    o.flows(
        "br-int",
        "in_port=h1,actions=set_field:100->tun_id,set_field:0xdeadbeef->tun_metadata0,output:gnv\n"
        "in_port=gnv,tun_id=100,tun_metadata0=0xdeadbeef,actions=output:h1",
    )
    print(f"up {time.time() - t0:.2f} s")
    t1, n = time.time(), 200
    for _ in range(n):
        o.appctl("netdev-dummy/receive", "h1", f1.hex())
    print(f"{n} frames in, {(time.time() - t1) / n * 1e3:.1f} ms each")
    time.sleep(0.3)
    got = [g for g in pcap_read(tx) if g[12:14] == b"\x08\0"]
    want = geneve(100, f1, opts=geneve_opt(0x102, 0x80, b"\xde\xad\xbe\xef"), crit=1)
    print("encapsulated as predicted:", sum(g[42:] == want for g in got), "of", n)
    pkt = eth(
        MA, MB, 0x800, ipv4("10.77.0.2", "10.77.0.1", 17, udp("10.77.0.2", "10.77.0.1", 50000, 6081, want, zero=True))
    )
    o.appctl("netdev-dummy/receive", "p0", pkt.hex())
    time.sleep(0.3)
    print("decapsulated as predicted:", pcap_read(rx)[-1:] == [f1])
    print(o.appctl("dpctl/dump-flows").strip())
print(f"{time.time() - t0:.1f} s")
