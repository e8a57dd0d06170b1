"""What can be decoded: any object that holds bytes."""

from __future__ import annotations

__all__ = ["BytesLike", "bytes_of"]

BytesLike = bytes | bytearray | memoryview
"""What can be decoded; any other object with the buffer protocol (an mmap) too."""


def bytes_of(data: BytesLike) -> bytes:
    """The data as bytes: a copy, unless it is bytes already. Raises: TypeError."""
    try:
        return memoryview(data).tobytes()
    except TypeError:
        raise TypeError(f"data must be bytes-like, not {type(data).__name__}") from None
