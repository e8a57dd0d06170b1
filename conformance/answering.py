"""What every adapter in Python does: a packet per line in, an object per line out."""

import json
import sys


def answer(read):
    """Calls `read(link_type, data)` for each packet on the standard input, and prints what it gives.

    `read` gives a list of (our name of the header, its fields) and why the packet is rejected, or None. An exception that
    it raises is a failure of the decoder.
    """
    for line in sys.stdin:
        link_type, _, digits = line.split()
        data = b"" if digits == "-" else bytes.fromhex(digits)
        try:
            headers, fault = read(int(link_type), data)
        except Exception as error:
            headers, fault = [], f"the decoder failed: {type(error).__name__}: {error}"
        listed = [{"path": name, "fields": fields} for name, fields in headers]
        print(json.dumps({"headers": listed, "fault": fault}), flush=True)


def tcp_flags(flags):
    """TCP's flags by name, of the octet that has them."""
    names = ("fin", "syn", "rst", "psh", "ack", "urg", "ece", "cwr")
    return {name: bool(flags >> bit & 1) for bit, name in enumerate(names)}


def gre_flags(flags):
    """GRE's flags by name, of the 16 bits that have them."""
    names = {15: "checksum_present", 14: "routing_present", 13: "key_present", 12: "sequence_present"}
    return {name: bool(flags >> bit & 1) for bit, name in names.items()} | {"version": flags & 7}
