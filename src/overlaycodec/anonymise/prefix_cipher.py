"""A permutation of addresses that keeps common prefixes: Crypto-PAn, with addresses that stay.

Strategy: bit n of an address is flipped or not by AES of the n bits before it. Bits that lead to a special address are
not flipped, so that it stays, and no other address becomes special.
Spec: J. Xu, J. Fan, M. Ammar, S. Moon: Prefix-preserving IP address anonymization (2002).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

__all__ = ["KEY_OCTETS", "PrefixCipher", "Special"]

KEY_OCTETS: Final = 32
"""A key of AES-128, and the block that the padding is made of."""
_BLOCK: Final = 128
"""Bits in a block of AES."""


class Special(NamedTuple):
    """Addresses whose first `length` bits are those of `value`: they keep these bits, or, if `whole`, all."""

    value: int
    length: int
    whole: bool = True


class PrefixCipher:
    """Permutes numbers of `bits` bits."""

    def __init__(self, key: bytes, bits: int, special: Sequence[Special] = (), domain: int = 0) -> None:
        # ECB is the primitive alone, a pseudorandom function of single blocks; no data is encrypted with it.
        self._encrypt = Cipher(algorithms.AES(key[:16]), modes.ECB()).encryptor().update
        pad = int.from_bytes(self._encrypt(key[16:KEY_OCTETS]), "big")
        if domain:
            pad = int.from_bytes(self._encrypt((pad ^ domain).to_bytes(16, "big")), "big")
        self._bits, self._special = bits, tuple(special)
        self._padding = [pad & (1 << _BLOCK - position) - 1 for position in range(bits)]

    def of(self, number: int) -> int:
        """What the number becomes."""
        bits = self._bits
        first = self._kept(number)
        if first == bits:
            return number
        aligned = number << _BLOCK - bits
        blocks = b"".join(
            (aligned >> _BLOCK - at << _BLOCK - at | self._padding[at]).to_bytes(16, "big") for at in range(first, bits)
        )
        flips = 0
        for octet in self._encrypt(blocks)[::16]:
            flips = flips << 1 | octet >> 7
        return number ^ flips

    def _kept(self, number: int) -> int:
        """How many bits at its beginning stay."""
        kept = 0
        for value, length, whole in self._special:
            same = min(self._bits - (number ^ value).bit_length(), length)
            if same == length and whole:
                return self._bits
            kept = max(kept, min(same + 1, length))
        return kept
