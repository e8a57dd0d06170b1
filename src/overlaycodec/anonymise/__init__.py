"""Packets with other addresses, consistently and prefix-preserving: `overlaycodec[anonymise]`.

Strategy: an address is encrypted bit by bit (Crypto-PAn), so two addresses with a common prefix still have one as long.
The addresses that packets have are found by the declarations of their headers.
"""

from __future__ import annotations

from overlaycodec.anonymise.anonymiser import Anonymiser

__all__ = ["Anonymiser"]
