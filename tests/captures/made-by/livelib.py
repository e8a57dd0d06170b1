"""Small helpers for live interop peers: netns, AF_PACKET, plain-struct builders.

Standard library only (Python >= 3.8; os.setns is 3.12+, so ctypes).
"""

import contextlib, ctypes, os, re, select, signal, socket, struct, subprocess, time

libc = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET = 0x40000000
ETH_P_ALL = 3
SOL_PACKET, PACKET_AUXDATA, PACKET_IGNORE_OUTGOING = 263, 8, 23
SO_MARK = 36


def sh(cmd, check=True):
    p = subprocess.run(cmd, shell=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if check and p.returncode:
        raise RuntimeError(f"{cmd!r}: rc {p.returncode}: {p.stdout.strip()}")
    return p.stdout


@contextlib.contextmanager
def in_ns(ns):
    """Enter a named netns; sockets opened inside stay there after leaving."""
    here = os.open("/proc/self/ns/net", os.O_RDONLY)
    there = os.open(f"/run/netns/{ns}", os.O_RDONLY)
    try:
        if libc.setns(there, CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "setns")
        yield
    finally:
        libc.setns(here, CLONE_NEWNET)
        os.close(here), os.close(there)


class Pair:
    """Two netns A and B joined by a veth (vA in A, vB in B), offloads off."""

    def __init__(self, a=None, b=None, v6=False, mtu=9000):
        a, b = a or f"lvA{os.getpid()}", b or f"lvB{os.getpid()}"
        self.a, self.b = a, b
        self.close()
        sh(f"ip netns add {a}; ip netns add {b}")
        for ns in (a, b):
            sh(f"ip -n {ns} link set lo up")
            if not v6:
                sh(
                    f"ip netns exec {ns} sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1"
                )
            else:
                sh(f"ip netns exec {ns} sysctl -qw net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.all.accept_dad=0")
        sh(
            f"ip -n {a} link add vA mtu {mtu} address 02:00:00:00:00:0a type veth peer name vB "
            f"mtu {mtu} address 02:00:00:00:00:0b netns {b}"
        )
        for ns, dev, ip4, ip6 in ((a, "vA", "10.77.0.1", "fd77::1"), (b, "vB", "10.77.0.2", "fd77::2")):
            sh(
                f"ip netns exec {ns} ethtool -K {dev} tx off rx off tso off gso off gro off txvlan off rxvlan off",
                check=False,
            )
            sh(f"ip -n {ns} addr add {ip4}/24 dev {dev}")
            if v6:
                sh(f"ip -n {ns} addr add {ip6}/64 dev {dev} nodad")
            sh(f"ip -n {ns} link set {dev} up")

    def ipA(self, cmd, check=True):
        return sh(f"ip -n {self.a} {cmd}", check)

    def ipB(self, cmd, check=True):
        return sh(f"ip -n {self.b} {cmd}", check)

    def shA(self, cmd, check=True):
        return sh(f"ip netns exec {self.a} {cmd}", check)

    def shB(self, cmd, check=True):
        return sh(f"ip netns exec {self.b} {cmd}", check)

    def close(self):
        for ns in (self.a, self.b):
            sh(f"ip netns del {ns} 2>/dev/null", check=False)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()


def packet_socket(ns, dev, ignore_outgoing=True):
    with in_ns(ns):
        s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        s.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
        if ignore_outgoing:
            s.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
        s.bind((dev, 0))
    s.setblocking(False)
    return s


def udp_socket(ns, port=0, family=socket.AF_INET, addr=""):
    with in_ns(ns):
        s = socket.socket(family, socket.SOCK_DGRAM)
        s.bind((addr, port))
    s.setblocking(False)
    return s


def recv_frame(s):
    """Read a frame and put back the VLAN tag that the kernel moved to auxdata."""
    data, anc, _, _ = s.recvmsg(70000, 512)
    for level, typ, cdata in anc:
        if level == SOL_PACKET and typ == PACKET_AUXDATA:
            status, _, _, _, _, tci, tpid = struct.unpack("=IIIHHHH", cdata[:20])
            if status & 0x10:  # TP_STATUS_VLAN_VALID
                if not status & 0x40:  # TP_STATUS_VLAN_TPID_VALID
                    tpid = 0x8100
                data = data[:12] + struct.pack("!HH", tpid, tci) + data[12:]
    return data


def wait_for(s, pred, timeout=2.0):
    """First frame/datagram on s for which pred(data) is true, else None."""
    end = time.monotonic() + timeout
    while (left := end - time.monotonic()) > 0:
        if not select.select([s], [], [], left)[0]:
            break
        data = recv_frame(s) if s.family == socket.AF_PACKET else s.recv(70000)
        if r := pred(data):
            return data if r is True else r
    return None


class Tcpdump:
    """with Tcpdump(ns, dev, file, filter): ...   (writes a pcap, ends by its own pid)"""

    def __init__(self, ns, dev, path, filt="", count=200):
        self.cmd = [
            "ip",
            "netns",
            "exec",
            ns,
            "tcpdump",
            "-i",
            dev,
            "-U",
            "-s0",
            "-n",
            "-Z",
            "root",
            "--immediate-mode",
            "-c",
            str(count),
            "-w",
            path,
        ] + ([filt] if filt else [])

    def __enter__(self):
        self.p = subprocess.Popen(self.cmd, stderr=subprocess.PIPE, text=True)
        while "listening on" not in self.p.stderr.readline():
            if self.p.poll() is not None:
                raise RuntimeError("tcpdump did not start")
        return self

    def __exit__(self, *exc):
        time.sleep(0.15)
        self.p.send_signal(signal.SIGINT)
        self.p.communicate(timeout=5)


# ---- plain-struct builders --------------------------------------------------
def csum(b):
    if len(b) & 1:
        b += b"\0"
    s = sum(struct.unpack(f"!{len(b) // 2}H", b))
    s = (s & 0xFFFF) + (s >> 16)
    return ~(s + (s >> 16)) & 0xFFFF


mac = lambda m: bytes.fromhex(m.replace(":", ""))
ip4 = lambda a: socket.inet_aton(a)
ip6 = lambda a: socket.inet_pton(socket.AF_INET6, a)


def eth(dst, src, typ, payload, tags=()):
    """tags: ((tpid, tci), ...) outermost first"""
    return mac(dst) + mac(src) + b"".join(struct.pack("!HH", *t) for t in tags) + struct.pack("!H", typ) + payload


def arp(op, sha, spa, tha, tpa):
    return struct.pack("!HHBBH", 1, 0x800, 6, 4, op) + mac(sha) + ip4(spa) + mac(tha) + ip4(tpa)


def ipv4(src, dst, proto, payload, ttl=64, ident=1, tos=0, df=False):
    h = (
        struct.pack("!BBHHHBBH", 0x45, tos, 20 + len(payload), ident, 0x4000 if df else 0, ttl, proto, 0)
        + ip4(src)
        + ip4(dst)
    )
    return h[:10] + struct.pack("!H", csum(h)) + h[12:] + payload


def ipv6(src, dst, nh, payload, hop=64):
    return struct.pack("!IHBB", 6 << 28, len(payload), nh, hop) + ip6(src) + ip6(dst) + payload


def icmp_echo(ident, seq, data=b"x" * 32, typ=8):
    h = struct.pack("!BBHHH", typ, 0, 0, ident, seq) + data
    return h[:2] + struct.pack("!H", csum(h)) + h[4:]


def udp(src, dst, sport, dport, payload, zero=False):
    h = struct.pack("!HHHH", sport, dport, 8 + len(payload), 0) + payload
    if zero:
        return h
    pseudo = (
        (ip6(src) + ip6(dst) + struct.pack("!IHBB", len(h), 0, 0, 17))
        if ":" in src
        else ip4(src) + ip4(dst) + struct.pack("!BBH", 0, 17, len(h))
    )
    return h[:6] + struct.pack("!H", csum(pseudo + h) or 0xFFFF) + payload


def vxlan(vni, inner, flags=0x08, gbp=0, rsv=0, b1=0):
    return struct.pack("!BBHI", flags, b1, gbp, vni << 8 | rsv) + inner


def geneve_opt(cls, typ, data):
    return struct.pack("!HBB", cls, typ, len(data) // 4) + data


def geneve(vni, inner, proto=0x6558, opts=b"", oam=0, crit=0, ver=0):
    return struct.pack("!BBHI", ver << 6 | len(opts) // 4, oam << 7 | crit << 6, proto, vni << 8) + opts + inner


# ---- pcap -------------------------------------------------------------------
def pcap_write(path, frames, linktype=1):
    with open(path, "wb") as f:
        f.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, linktype))
        for i, b in enumerate(frames):
            f.write(struct.pack("<IIII", 1700000000 + i // 1000, i % 1000 * 1000, len(b), len(b)) + b)


def pcap_read(path):
    d = open(path, "rb").read()
    e = "<" if d[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
    o, out = 24, []
    while o < len(d):
        n = struct.unpack(e + "IIII", d[o : o + 16])[2]
        out.append(d[o + 16 : o + 16 + n])
        o += 16 + n
    return out
