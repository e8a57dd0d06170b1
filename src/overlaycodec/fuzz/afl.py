"""A custom mutator for AFL++, which imports this module by its name.

AFL_PYTHON_MODULE=overlaycodec.fuzz.afl PYTHONPATH=... afl-fuzz -i out/ -o findings -- ./parser @@

The inputs are Ethernet frames. OVERLAYCODEC_FIRST is the path of another header that they begin with: `ipv4`.
"""

from __future__ import annotations

import os
import re
from typing import Final

from overlaycodec.codec.catalog import DEFAULT
from overlaycodec.fuzz.engines import EngineMutator
from overlaycodec.fuzz.random_numbers import SplitMix64

__all__ = ["deinit", "describe", "fuzz", "fuzz_count", "init"]

_MUTANTS: Final = 64
"""How many mutants of an input are made in a row."""


class _State:
    """What AFL++ keeps between calls."""

    mutator = EngineMutator()
    random = SplitMix64(0)


_STATE: Final = _State()


def init(seed: int) -> None:
    """Called once, with the seed of the run. Raises: ValueError for a header that there is not."""
    name = os.environ.get("OVERLAYCODEC_FIRST", "ethernet")
    header = DEFAULT.header_called(name)
    if header is None:
        raise ValueError(f"OVERLAYCODEC_FIRST is {name!r}, and there is no such header")
    _STATE.mutator = EngineMutator(first=header)
    _STATE.random = SplitMix64(seed)


def fuzz_count(buf: bytearray) -> int:
    """Called for each input: how many mutants of it are made before the next input has its turn.

    AFL++ makes up to some ten thousand of one input by itself, too many of a packet that has a few hundred mutations.
    """
    return _MUTANTS


def fuzz(buf: bytearray, add_buf: bytearray | None, max_size: int) -> bytearray:
    """Called for each mutant: an input, another one of the queue, and the most octets."""
    seed = _STATE.random.next()
    if add_buf and seed & 7 == 0:
        mutant = _STATE.mutator.cross_over(bytes(buf), bytes(add_buf), max_size, seed >> 3)
    else:
        mutant = _STATE.mutator.mutate(bytes(buf), max_size, seed >> 3)
    return bytearray(mutant or b"\0")  # it ends the run at one without octets


def describe(max_description_length: int) -> bytes:
    """Called for the name of the file of a mutant that is kept: its label, as `bytes`, since text is an error there."""
    name = re.sub(r"[^A-Za-z0-9._=+-]+", "_", _STATE.mutator.label)
    return name[: max(0, max_description_length - 1)].encode()


def deinit() -> None:
    """Called once, at the end."""
