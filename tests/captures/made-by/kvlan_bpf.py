"""Kernel VLAN push/pop as a live peer, without the 8021q module or bridge vlan_filtering.

A 6-instruction eBPF program calling bpf_skb_vlan_push / _pop (the kernel's skb_vlan_push/pop)
is loaded with bpf(2) from plain Python and attached with TCX to a veth: no tc, clang or bpffs.
Usage: kvlan_bpf.py [outdir]; root.
"""

import os, sys
from livelib import *

OUT = sys.argv[1] if len(sys.argv) > 1 else "captures"
os.makedirs(OUT, exist_ok=True)
NR_BPF = {"x86_64": 321, "aarch64": 280}[os.uname().machine]
PROG_LOAD, LINK_CREATE, SCHED_CLS, TCX_INGRESS, TCX_EGRESS = 5, 28, 3, 46, 47


def bpf(cmd, attr):
    buf = ctypes.create_string_buffer(attr, 160)
    fd = libc.syscall(NR_BPF, cmd, buf, 160)
    if fd < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return fd


def ins(op, dst=0, src=0, off=0, imm=0):
    return struct.pack("<BBhi", op, src << 4 | dst, off, imm)


def prog(ops):
    """ops: ('push', tpid, tci) or ('pop',)"""
    code = ins(0xBF, 6, 1)  # r6 = ctx
    for op in ops:
        code += ins(0xBF, 1, 6)
        if op[0] == "push":
            code += ins(0xB7, 2, imm=socket.htons(op[1])) + ins(0xB7, 3, imm=op[2]) + ins(0x85, imm=18)
        else:
            code += ins(0x85, imm=19)
    code += ins(0xB7, 0, imm=0) + ins(0x95)  # return TC_ACT_OK
    cb, lic = ctypes.create_string_buffer(code), ctypes.create_string_buffer(b"GPL")
    return bpf(PROG_LOAD, struct.pack("<IIQQ", SCHED_CLS, len(code) // 8, ctypes.addressof(cb), ctypes.addressof(lic)))


def attach(ns, dev, ops, where=TCX_EGRESS):
    """returns a link fd: os.close() detaches"""
    with in_ns(ns):
        return bpf(LINK_CREATE, struct.pack("<IIII", prog(ops), socket.if_nametoindex(dev), where, 0))


if __name__ == "__main__":
    bad = 0
    f = lambda tags=(): eth(
        "02:00:00:00:00:0b",
        "02:00:00:00:00:0a",
        0x800,
        ipv4("192.0.2.1", "192.0.2.2", 17, udp("192.0.2.1", "192.0.2.2", 1, 9, b"vlan")),
        tags,
    )
    with Pair() as p:
        a, b = packet_socket(p.a, "vA"), packet_socket(p.b, "vB")
        with Tcpdump(p.b, "vB", f"{OUT}/kernel-vlan-bpf.pcap", "not arp or vlan"):
            for name, ops, src, want in (
                ("push 0x8100", [("push", 0x8100, 0x6064)], (), ((0x8100, 0x6064),)),
                ("push 0x88a8", [("push", 0x88A8, 0xF0C8)], (), ((0x88A8, 0xF0C8),)),
                ("push VID 0 PCP 7 (priority tag)", [("push", 0x8100, 0xE000)], (), ((0x8100, 0xE000),)),
                ("push VID 4095", [("push", 0x8100, 0x0FFF)], (), ((0x8100, 0x0FFF),)),
                ("push over a tag (QinQ)", [("push", 0x88A8, 200)], ((0x8100, 100),), ((0x88A8, 200), (0x8100, 100))),
                (
                    "push three",
                    [("push", 0x8100, 1), ("push", 0x8100, 2), ("push", 0x88A8, 3)],
                    (),
                    ((0x88A8, 3), (0x8100, 2), (0x8100, 1)),
                ),
                ("pop single", [("pop",)], ((0x8100, 0xFFFF),), ()),
                ("pop outer of two", [("pop",)], ((0x88A8, 200), (0x8100, 100)), ((0x8100, 100),)),
                ("pop both", [("pop",), ("pop",)], ((0x88A8, 200), (0x8100, 100)), ()),
                ("swap (pop+push)", [("pop",), ("push", 0x8100, 0xA123)], ((0x8100, 100),), ((0x8100, 0xA123),)),
                ("pop untagged", [("pop",)], (), ()),
            ):
                link = attach(p.a, "vA", ops)
                a.send(f(src))
                got = wait_for(b, lambda d: d.endswith(b"vlan"), 0.5)
                os.close(link)
                bad += got != f(want)
                print("ok  " if got == f(want) else f"FAIL got {got and got.hex()}", name)
    sys.exit(bad)
