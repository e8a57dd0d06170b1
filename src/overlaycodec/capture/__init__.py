"""Captures: pcap and pcapng in, records out, and back.

Strategy: records are octets with what the file says of them; reading them knows nothing of protocols, and decoding them
nothing of files. Any octets whatsoever give records and then either the end or a `CaptureError` that says where.
"""

from __future__ import annotations

from overlaycodec.capture.frames import Frames
from overlaycodec.capture.reader import Capture, open_capture
from overlaycodec.capture.record import Interface, Record
from overlaycodec.capture.writer import write_capture

__all__ = ["Capture", "Frames", "Interface", "Record", "open_capture", "write_capture"]
