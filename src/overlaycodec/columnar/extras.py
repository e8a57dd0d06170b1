"""The packages that tables need beside the core, and the extras that install them."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

__all__ = ["needed"]


def needed(package: str, extra: str) -> ModuleType:
    """The package. Raises: ModuleNotFoundError, which names the extra of overlaycodec that installs it."""
    try:
        return import_module(package)
    except ModuleNotFoundError as error:
        if error.name != package:
            raise
        message = f"this needs {package}: pip install 'overlaycodec[{extra}]'"
        raise ModuleNotFoundError(message, name=package) from None
