"""What a host leaves to its network card: checksums that are not finished, and frames that are to be cut into segments.

Strategy: pure functions over octets. No function keeps state or touches a socket. Header classes are read for what they
declare, so that segments in tunnels of any kind get the right outer lengths and checksums.

>>> from overlaycodec import offload
>>> offload.finish_checksum(bytes.fromhex("0102 0000 0304"), start=0, offset=2).hex()
'0102fbf90304'
"""

from overlaycodec.offload.checksum import finish_checksum
from overlaycodec.offload.coalescing import Coalesced, coalesce
from overlaycodec.offload.packet_socket import from_kernel, kernel_writes, to_kernel
from overlaycodec.offload.segmentation import segment

__all__ = ["Coalesced", "coalesce", "finish_checksum", "from_kernel", "kernel_writes", "segment", "to_kernel"]
