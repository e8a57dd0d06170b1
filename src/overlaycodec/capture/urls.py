"""URLs of captures, such as `s3://bucket/trace.pcap`: fsspec opens them."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from overlaycodec.capture.source import BinaryStream

__all__ = ["is_url", "matching_urls", "opened_url"]

_URL: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+::)*[A-Za-z][A-Za-z0-9+.-]+://")


def is_url(source: object) -> bool:
    """Whether this is text that fsspec takes for a URL, and no path."""
    return isinstance(source, str) and _URL.match(source) is not None


def opened_url(url: str | os.PathLike[str]) -> BinaryStream:
    """The content of a URL. Raises: ModuleNotFoundError without fsspec, OSError as it does."""
    opened: BinaryStream = _fsspec().open(os.fspath(url), "rb").open()
    return opened


def matching_urls(url: str) -> list[str]:
    """The URLs that a pattern matches, in order; a store that has no listing is not asked for one."""
    system, path = _fsspec().url_to_fs(url)
    return sorted(system.unstrip_protocol(found) for found in system.glob(path))


def _fsspec() -> Any:  # Any: it ships no types
    try:
        import fsspec  # type: ignore[import-untyped, import-not-found, unused-ignore]
    except ModuleNotFoundError as error:
        if error.name != "fsspec":
            raise
        raise ModuleNotFoundError("captures at URLs need fsspec: pip install 'overlaycodec[remote]'") from None
    return fsspec
