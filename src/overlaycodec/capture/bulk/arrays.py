"""Names of NumPy array types, for everything that works on the octets or the fields of many packets at once."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["ByteBuffer", "ByteMatrix", "ByteRows", "Ints", "Mask", "Sums", "Values"]

Ints = NDArray[np.int64]
"""Indexes, offsets and lengths."""
Mask = NDArray[np.bool_]
"""A flag per packet."""
Values = NDArray[Any]  # Any: each field has its type
"""The values of a field, one per packet."""
Sums = NDArray[np.uint64]
"""Sums of 16-bit words, one per packet."""
ByteBuffer = NDArray[np.uint8]
"""The octets of many packets, one after another."""
ByteMatrix = NDArray[np.uint8]
"""The octets of packets of one size: a row per packet."""
ByteRows = NDArray[np.void]
"""A byte matrix whose rows are items: in one dimension, they are selected much faster."""
