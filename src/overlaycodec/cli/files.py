"""The captures that a command was given, and what is said of those that cannot be read."""

from __future__ import annotations

import sys
from collections.abc import Callable

from overlaycodec.capture import Capture, open_capture
from overlaycodec.cli.paper import Paper
from overlaycodec.describe import printable
from overlaycodec.errors import CaptureError

__all__ = ["capture_of", "complain", "read", "reason_of", "said_of"]


def capture_of(file: str) -> Capture:
    """The capture in a file; in the standard input for "-". Raises: CaptureError, OSError."""
    return open_capture(sys.stdin.buffer if file == "-" else file)


def reason_of(trouble: object) -> str:
    """What is wrong; of an error of the operating system, its own text."""
    return str((isinstance(trouble, OSError) and trouble.strerror) or trouble)


def said_of(file: str, trouble: object) -> str:
    """A file and what is wrong with it."""
    return f"{printable(file)}: {reason_of(trouble)}"


def complain(file: str, trouble: object, paper: Paper | None = None) -> None:
    """Says on the standard error what is wrong with a file; what was written on the paper stands before it."""
    if paper is not None:
        paper.flush()
    sys.stderr.write(f"overlaycodec: {said_of(file, trouble)}\n")


def read(file: str, paper: Paper, reading: Callable[[Capture], None]) -> bool:
    """Hands over the capture in a file; gives whether it had a readable end, and says what is wrong where not."""
    try:
        with capture_of(file) as capture:
            reading(capture)
    except BrokenPipeError:  # of the paper, not of the file
        raise
    except (CaptureError, OSError) as error:
        complain(file, error, paper)
        return False
    return True
