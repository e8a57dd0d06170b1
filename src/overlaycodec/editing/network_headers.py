"""Where the IP header of a packet is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from overlaycodec.packet.paths import HeaderOrClass, scopes_of
from overlaycodec.schema.keyspaces import ETHERTYPE, LLC_SAP, LOOPBACK_FAMILY

__all__ = ["framed_network_of", "network_of"]

_LINK_SPACES: Final = (ETHERTYPE, LLC_SAP, LOOPBACK_FAMILY)
"""The key spaces by which link headers and tags select what follows; a space derived from one counts too."""


def network_of(headers: Sequence[HeaderOrClass]) -> int | None:
    """The index of the IP header of the outermost scope; None where it has none."""
    scope = scopes_of(headers)[0]
    return next((i for i in range(scope.start, scope.stop) if headers[i].__layout__.layer == "network"), None)


def framed_network_of(headers: Sequence[HeaderOrClass]) -> int | None:
    """The index of the IP header that the packet begins with, or that follows its link header and tags.

    None where there is none: IP behind MPLS labels, PPPoE or NSH is not the frame's own.
    """
    for index, header in enumerate(headers):
        layout, space = header.__layout__, header.__layout__.next.space
        if layout.layer == "network":
            return index
        if layout.tunnel or space is None or (space not in _LINK_SPACES and space.parent not in _LINK_SPACES):
            return None
    return None
