"""The header stack of every captured record is what tshark says it is; each difference is listed, with its reason.

tshark's protocol column is stored (see tests/tools/stacks.py). Before the comparison it loses what is no header of its
own, and it ends where a protocol begins that the catalog does not describe: what follows is payload to us.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import pytest

import overlaycodec as oc
from tests.tools import stacks

DIFFERENCES: Final = stacks.ROOT / "tests" / "expected" / "stack-differences.json"

NAMES: Final[dict[type[oc.Header], tuple[str, ...]]] = {}

NO_HEADER: Final = {
    "ethertype",  # the type field of the header before it
    "raw",  # the link type that has no header
}

# Protocols that the catalog does not describe. One that it learns moves to NAMES.
OUTSIDE: Final = {
    "ah",
    "erspan",
    "gtp",
    "igmp",
    "nhrp",
    "nsh",
    "ospf",
    "pim",
    "ppp",
    "pppoed",
    # what UDP and TCP carry
    "bvlc",
    "data",
    "db-lsp-disc",
    "dhcp",
    "dns",
    "http",
    "mdns",
    "mysql",
    "rip",
    "sap",
    "ssh",
    "tls",
    "x11",
}

Stack = tuple[str, ...]
