"""The columns of the frame check sequences: their octets, and their status."""

from __future__ import annotations

import numpy as np

from overlaycodec.codec.catalog import Catalog
from overlaycodec.codec.packet_decoder import decode
from overlaycodec.columnar.column_buffers import CATEGORIES, Part, put
from overlaycodec.columnar.decode.batch import Batch
from overlaycodec.editing.checksum_status import fcs_status
from overlaycodec.schema.keyspaces import LINK_TYPE

__all__ = ["fill_fcs_columns"]


def fill_fcs_columns(batch: Batch, output: Part, catalog: Catalog) -> None:
    """Stores the columns of the records that have a frame check sequence; only the first header is decoded for it."""
    wanted = [name for name in ("fcs", "fcs.verdict") if name in output]
    which = np.flatnonzero(batch.fcs > 0) if wanted else np.empty(0, np.int64)
    if not len(which):
        return
    first_header = catalog.with_max_headers(1)
    octets: list[bytes] = []
    codes: list[int | None] = []
    for number in which.tolist():
        data = batch.data(number)
        packet = decode(
            data,
            first=LINK_TYPE(int(batch.link_types[number])),
            wire_length=int(batch.wire[number]),
            fcs_octets=int(batch.fcs[number]),
            lax=True,
            catalog=first_header,
        )
        fcs = packet.fcs
        assert fcs is not None
        octets.append(fcs.data)
        code = None
        if fcs.is_crc(packet.headers):
            frame = data[: len(data) - len(fcs.data)]
            code = CATEGORIES["status"].index(str(fcs_status(fcs, frame, missing=packet.missing)))
        codes.append(code)
    for name, values in (("fcs", octets), ("fcs.verdict", codes)):
        if name in wanted:
            put(name, which, values, output)
