"""What the encoder of one header asks of the packet around it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from overlaycodec.codec.emitters import without_checksum
from overlaycodec.codec.pseudo_header import pseudo_header
from overlaycodec.errors import EncodeError, UnresolvedError
from overlaycodec.packet.header import Header
from overlaycodec.packet.offsets import carries_unbounded, is_fragment, is_unbounded_outside
from overlaycodec.values import AUTO

__all__ = ["NO_PACKET", "EncodeState"]


class EncodeState:
    """The headers of a packet, and which of them is encoded now: from the innermost one out."""

    __slots__ = ("following", "headers", "index", "omits")

    index: int
    """The index of the header."""
    following: type[Header] | None
    """The class of the next header."""
    omits: bool
    """Whether a checksum that is AUTO is left out where the next header wants that."""

    def __init__(self, headers: Sequence[Header], omits: bool) -> None:
        self.omits = omits
        self.headers = headers
        self.index = 0
        self.following = None

    def unselected(self, path: str) -> int:
        """The value of a selector where the next header has no key in its space. Raises: UnresolvedError, always."""
        what = "nothing follows that has one" if self.following is None else f"{self.following.__name__} has none there"
        raise UnresolvedError(path, f"is AUTO, the key of what follows, but {what}: give it a value")

    def unreadable(self, path: str, read_as: str) -> None:
        """Raises: EncodeError, where the next header would be read as another one, in a packet that was put together.

        A packet in which nothing is AUTO is written as it is: it may have been decoded with another catalog.
        """
        if any(getattr(header, field.name) is AUTO for header in self.headers for field in header.__layout__.fields):
            following = self.following.__name__ if self.following else ""
            reason = (
                f"is followed by {following}, which would be read as {read_as}: no field of it says what follows. "
                f"Put {read_as} between them, or take a header that says what follows (for VXLAN: VXLANGPE or Geneve); "
                f"or encode with a catalog that binds {following} there"
            )
            raise EncodeError(path, following, reason)

    def omits_length(self, *, fits: bool) -> bool:
        """Whether the length of the network header is 0; `fits`: whether the field can count its octets.

        It is where a jumbo payload option counts them. Where the field cannot count them, it is if a packet inside is
        a BIG TCP packet, whose own length is 0: Linux writes the headers of a tunnel so. The packet of a fragment
        always has a length.

        Spec: RFC 2675 section 2.
        """
        following = self.headers[self.index + 1 : self.index + 2]
        jumbo = following[0].__layout__.jumbo if following else None
        if jumbo is not None and jumbo.value_in(getattr(following[0], jumbo.options)) is not None:
            return True
        if fits or is_fragment(self.headers[self.index]):
            return False
        for header in self.headers[self.index + 1 :]:
            if header.__layout__.layer != "extension":
                break
            if is_fragment(header):
                return False
        return carries_unbounded(self.headers, self.index)

    def is_unbounded_outside(self) -> bool:
        """Whether the header is in an IP header whose length is 0 or AUTO, and in no fragment."""
        return is_unbounded_outside(self.headers, self.index)

    def omits_checksum(self) -> bool:
        """Whether the header leaves out its checksum: the next header asks for it, and the network header allows it.

        Spec: RFC 7348 section 4.1, RFC 6935.
        """
        following = self.following
        if not self.omits or following is None or not following.__layout__.unchecked:
            return False
        for index in range(self.index - 1, -1, -1):
            layout = self.headers[index].__layout__
            if layout.layer == "network":
                return without_checksum(layout)
        return False

    def pseudo(self, path: str, octets: int, protocol: int) -> int:
        """The sum of the pseudo-header for so many octets of a protocol. Raises: UnresolvedError."""
        addresses = pseudo_header(self.headers, self.index)
        if addresses is None:
            raise UnresolvedError(path, "is AUTO, but there are no addresses of an IP header to sum: give it a value")
        return addresses[0] + addresses[1] + octets + protocol


NO_PACKET: Final = EncodeState((), omits=False)
"""What is around an element: nothing that its fields could be derived from."""
