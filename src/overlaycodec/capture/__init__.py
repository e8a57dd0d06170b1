"""Captures: pcap and pcapng in, records out, and back.

Strategy: a record is octets with what the file has about them; reading records knows nothing of protocols, and decoding
them nothing of files. Any octets give records and then either the end or a `CaptureError` with the offset.
"""

from __future__ import annotations

from overlaycodec.capture.blocks import Block
from overlaycodec.capture.frames import Frames
from overlaycodec.capture.reader import Capture, open_capture
from overlaycodec.capture.record import Interface, Record
from overlaycodec.capture.split import Split
from overlaycodec.capture.splitting import splits
from overlaycodec.capture.writer import write_capture

__all__ = [
    "Block",
    "Capture",
    "Frames",
    "Interface",
    "Record",
    "Split",
    "open_capture",
    "splits",
    "write_capture",
]
