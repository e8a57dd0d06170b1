"""The decoders that are asked."""

from __future__ import annotations

from typing import Final

from tests.interop.decoders.tcpdump import TCPDump
from tests.interop.decoders.tshark import TShark

ORACLES: Final = (TShark, TCPDump)
