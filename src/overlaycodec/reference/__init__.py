"""The declarations as `construct` formats: for use in your own formats, and to test the codec.

Strategy: an interpreter of facts that shares only the declarations with the generated codec. If both give the same
values, octets and errors, the generator is correct; only values from other sources verify the declarations.

>>> from overlaycodec import VXLAN
>>> from overlaycodec.reference import construct_of
>>> construct_of(VXLAN).parse(bytes.fromhex("0800000000006400")).vni
100
"""

from __future__ import annotations

import io
from typing import Any, TypeVar

import construct

from overlaycodec.errors import EncodeError
from overlaycodec.reference.constructs import Fault
from overlaycodec.reference.containers import container_of, header_of
from overlaycodec.reference.from_struct import from_construct
from overlaycodec.reference.stacks import construct_of
from overlaycodec.schema.record import WireStruct

__all__ = ["construct_of", "container_of", "decode_header", "encode_header", "from_construct", "header_of"]

R = TypeVar("R", bound=WireStruct)


def decode_header(cls: type[R], data: bytes) -> tuple[R, int]:
    """One header alone, and how many octets it took: as `overlaycodec.decode_header`, through construct.

    Raises: DecodeError.
    """
    stream = io.BytesIO(data)
    try:
        container: Any = construct_of(cls).parse_stream(stream)
    except Fault as fault:
        raise fault.error.rebased(fault.error.path, "the data") from None
    return header_of(cls, container), stream.tell()


def encode_header(header: WireStruct) -> bytes:
    """The octets of a header, through construct.

    Raises: EncodeError, also for an AUTO that does not follow from the other fields of the header.
    """
    try:
        octets: bytes = construct_of(type(header)).build(container_of(header))
    except construct.ConstructError as error:
        raise EncodeError(header.__layout__.name, header, f"cannot be built: {error}") from error
    return octets
