"""A fixed sequence of headers, to which decoding is held."""

from __future__ import annotations

from overlaycodec.codec.bytes_like import BytesLike, bytes_of
from overlaycodec.codec.catalog import DEFAULT, Catalog, check_catalog
from overlaycodec.codec.decode_state import DecodeState
from overlaycodec.codec.decode_step import Step
from overlaycodec.codec.packet_decoder import located, missing_octets
from overlaycodec.codec.packet_encoder import encode
from overlaycodec.errors import DecodeError, EncodeError, FieldValueError
from overlaycodec.packet.header import Header, check_header_class
from overlaycodec.packet.packet import Packet, check_packet, packet_of
from overlaycodec.packet.paths import names_of

__all__ = ["Pipeline"]


class Pipeline:
    """A fixed sequence of headers: decodes packets of exactly these, and refuses all others.

    >>> from overlaycodec import Ethernet, IPv4, Pipeline, UDP, VXLAN
    >>> tunnelled = Pipeline(Ethernet, IPv4, UDP, VXLAN, Ethernet)
    """

    def __init__(self, *headers: type[Header], catalog: Catalog = DEFAULT) -> None:
        if not headers:
            raise ValueError("a pipeline has one header at least")
        for number, header in enumerate(headers):
            check_header_class(f"headers[{number}]", header)
        check_catalog(catalog)
        self.headers = headers
        self.catalog = catalog.with_max_headers(len(headers))

    def __repr__(self) -> str:
        return f"Pipeline({', '.join(header.__name__ for header in self.headers)})"

    def decode(self, data: BytesLike, *, wire_length: int | None = None) -> Packet:
        """A packet of just these headers; what follows the last of them is payload.

        Raises: FieldValueError where another header, or none, was met; DecodeError as `overlaycodec.decode`.
        """
        octets = bytes_of(data)
        state = DecodeState()
        pos, end = 0, len(octets)
        missing = missing_octets(wire_length, end)
        if missing:
            state.wire_end = wire_length
        step: Step | None = self.catalog._code.first_step(self.headers[0])
        for number, expected in enumerate(self.headers):
            start = pos
            try:
                if step is not None:
                    step, pos, end = step(octets, pos, end, state)
            except DecodeError as error:
                located(error, pos, end, state, self.catalog, self.headers[0])
            if len(state) <= number or type(state[number]) is not expected:
                met = type(state[number]).__name__ if len(state) > number else "payload"
                name = names_of([*state[:number], expected])[-1]
                raise FieldValueError(met, name, (start * 8, None), expected.__name__)
        trailers = tuple(reversed(state.trailers)) if state.trailers else ()
        faults = tuple(state.faults) if state.faults else ()
        return packet_of(tuple(state), octets[pos:end], trailers, faults, None, missing)

    def encode(self, packet: Packet) -> bytes:
        """The octets of a packet of just these headers. Raises: EncodeError."""
        check_packet(packet)
        if tuple(map(type, packet.headers)) != self.headers:
            raise EncodeError("packet", packet, f"is {', '.join(packet.names)}, not what {self!r} encodes")
        return encode(packet, catalog=self.catalog)
