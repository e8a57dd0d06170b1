"""Compressed captures: gzip, zstd, xz and bzip2, known by their first octets.

Strategy: a compressed file is one or more members, one after another, with zeros between and after them. Each gives its
octets in pieces, so that memory is bounded, and what comes before damage is given before the error. Modules that
decompress are imported when they are needed: some systems lack them.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final, Protocol, cast

from overlaycodec.errors import CaptureError

if TYPE_CHECKING:
    from typing import Literal, TypeAlias

    Compression: TypeAlias = Literal["gzip", "zstd", "xz", "bzip2"]

__all__ = ["HEAD", "compression_of", "decompressed"]

HEAD: Final = 6
"""How many of the first octets tell the compression."""
_MAGICS: Final[dict[Compression, re.Pattern[bytes]]] = {
    "gzip": re.compile(rb"\x1f\x8b"),
    "zstd": re.compile(rb"\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18"),  # RFC 8878: a frame, or one that is skipped
    "xz": re.compile(rb"\xfd7zXZ\0"),
    "bzip2": re.compile(rb"BZh[1-9]", re.DOTALL),
}
_CHUNK: Final = 1 << 18
"""The most octets that are given at once."""
_PIECE: Final = 1 << 13
"""The most octets that are decompressed in one call: what a call that fails has decompressed is lost."""
_GZIP_ONLY: Final = 16 + zlib.MAX_WBITS
_MEMORY: Final = 1 << 28
"""The most memory for the window of an xz file: a few octets can ask for 4 GiB."""


class _Member(Protocol):
    """What the decompressors of the standard library have in common."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...


def compression_of(head: bytes) -> Compression | None:
    """How a file is compressed, by its first `HEAD` octets, or those that it has; None where it is not."""
    return next((name for name, magic in _MAGICS.items() if magic.match(head)), None)


def decompressed(name: Compression, head: bytes, chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The content of a compressed file: its first octets, and the chunks after them.

    Raises: CaptureError where the compressed data is damaged or truncated, after the octets before the damage;
    ModuleNotFoundError where the module that decompresses it is not installed.
    """
    if name == "gzip":
        return _of_gzip(head, chunks)
    new, failures = _DECOMPRESSORS[name]()
    return _of_members(name, new, failures, head, chunks)


def _bzip2() -> tuple[Callable[[], _Member], tuple[type[Exception], ...]]:
    from bz2 import BZ2Decompressor

    return BZ2Decompressor, (OSError, ValueError)


def _xz() -> tuple[Callable[[], _Member], tuple[type[Exception], ...]]:
    from lzma import FORMAT_XZ, LZMADecompressor, LZMAError

    return lambda: LZMADecompressor(FORMAT_XZ, memlimit=_MEMORY), (LZMAError,)


def _zstd() -> tuple[Callable[[], _Member], tuple[type[Exception], ...]]:
    from importlib import import_module

    for module in ("compression.zstd", "backports.zstd"):  # the first is in the standard library, from Python 3.14 on
        try:
            zstd = import_module(module)
        except ModuleNotFoundError:
            continue
        return cast("Callable[[], _Member]", zstd.ZstdDecompressor), (zstd.ZstdError,)
    raise ModuleNotFoundError("captures compressed with zstd need backports.zstd: pip install 'overlaycodec[zstd]'")


_DECOMPRESSORS: Final = {"bzip2": _bzip2, "xz": _xz, "zstd": _zstd}


def _of_members(
    name: str,
    new: Callable[[], _Member],
    failures: tuple[type[Exception], ...],
    compressed: bytes,
    chunks: Iterator[bytes],
) -> Iterator[bytes]:
    octet = 0  # of the content
    member: _Member | None = None
    while True:
        if not compressed and (member is None or member.needs_input):
            compressed = next(chunks, b"")
            if not compressed:
                break
        if member is None:
            compressed = compressed.lstrip(b"\0")
            if not compressed:
                continue
            member = new()
        parts: list[bytes] = []
        failure = None
        try:
            parts.append(member.decompress(compressed, _PIECE))
            for _ in range(_CHUNK // _PIECE - 1):
                if member.eof or member.needs_input:
                    break
                parts.append(member.decompress(b"", _PIECE))
        except failures as error:
            failure = error
        compressed = b""
        if output := b"".join(parts):
            octet += len(output)
            yield output
        if failure is not None:
            raise CaptureError(f"the {name} data is damaged: {str(failure).rstrip('.').lower()}", octet)
        if member.eof:
            compressed, member = member.unused_data, None
    if member is not None:
        raise CaptureError(f"the {name} data is truncated", octet)


def _of_gzip(compressed: bytes, chunks: Iterator[bytes]) -> Iterator[bytes]:
    octet = 0  # of the content
    member = None
    full = False  # the last output was as long as allowed: there may be more
    while True:
        if not compressed and not full:
            compressed = next(chunks, b"")
            if not compressed:
                break
        if member is None:
            compressed = compressed.lstrip(b"\0")
            if not compressed:
                continue
            member = zlib.decompressobj(_GZIP_ONLY)
        before = member.copy()
        try:
            output = member.decompress(compressed, _CHUNK)
        except zlib.error as error:
            for output in _salvaged(before, compressed):
                octet += len(output)
                yield output
            reason = str(error).rpartition(": ")[2]
            raise CaptureError(f"the gzip data is damaged: {reason}", octet) from None
        full = len(output) == _CHUNK
        compressed = member.unconsumed_tail
        if member.eof:
            compressed, member, full = member.unused_data, None, False
        octet += len(output)
        if output:
            yield output
    if member is not None:
        raise CaptureError("the gzip data is truncated", octet)


def _salvaged(member: zlib._Decompress, compressed: bytes) -> Iterator[bytes]:
    """What a damaged member still gives: zlib drops the output of the call that fails, so calls are short."""
    try:
        for position in range(len(compressed)):
            if output := member.decompress(compressed[position : position + 1]):
                yield output
    except zlib.error:
        return
