"""What a packet shows and gives to people and other programs: methods that call the functions of the packages above."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TextIO, cast

from overlaycodec.values.for_notebooks import ForNotebooks

if TYPE_CHECKING:
    from overlaycodec.packet.packet import Packet

__all__ = ["ForPeople"]


class ForPeople(ForNotebooks):
    """Base class of `Packet`. The catalog is the default one: the functions take others."""

    __slots__ = ()

    @property
    def _packet(self) -> Packet:
        return cast("Packet", self)

    def __bytes__(self) -> bytes:
        """The octets: `encode(packet)`. Raises: EncodeError."""
        from overlaycodec.codec.packet_encoder import encode

        return encode(self._packet)

    def show(self, path: str | None = None, *, file: TextIO | None = None) -> None:
        """Writes the packet as a tree, to the standard output unless `file` is given; in colours on a terminal.

        With a path (`inner.ipv4`, `geneve.options[0]`), it writes that header or field alone. Fields that are AUTO are
        shown as they are encoded.

        Raises: EncodeError where they cannot be; PathError.
        """
        from overlaycodec.display.printing import show

        show(self._packet, path, file)

    def hexdump(self, path: str | None = None, *, file: TextIO | None = None) -> None:
        """Writes the octets with the fields that they belong to; of one header or field where a path names it.

        Raises: EncodeError, PathError.
        """
        from overlaycodec.display.printing import hexdump

        hexdump(self._packet, path, file)

    def summary(self) -> str:
        """The packet on one line: tags, endpoints, tunnels and what they carry, from the outside in.

        Raises: EncodeError.
        """
        from overlaycodec.display.printing import summary

        return summary(self._packet)

    def to_dict(self) -> dict[str, Any]:  # Any: what JSON can hold
        """The packet as plain data, of which `from_dict` makes an equal packet."""
        from overlaycodec.interchange.documents import to_dict

        return to_dict(self._packet)

    def to_json(self, *, indent: int | None = None) -> str:
        """The packet as JSON, of which `from_json` makes an equal packet."""
        from overlaycodec.interchange.documents import to_json

        return to_json(self._packet, indent=indent)
