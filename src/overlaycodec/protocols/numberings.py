"""Key spaces that only a few families ask for: see `overlaycodec.schema.keyspaces` for the others."""

from __future__ import annotations

from typing import Final

from overlaycodec.schema.keys import KeySpace
from overlaycodec.schema.keyspaces import LINK_TYPE

DLT: Final = KeySpace("dlt", 32, parent=LINK_TYPE)
"""What a record within a record starts with: link types in 32 bits."""
FDDI_FORMAT: Final = KeySpace("fddi_format", 4)
"""Class and format of an FDDI frame."""
NLPID: Final = KeySpace("nlpid", 8, hexadecimal=True)
"""Network layer protocol identifiers (ISO/IEC TR 9577)."""
NFLOG_FAMILY: Final = KeySpace("nflog_family", 8)
"""Linux's address families of logged packets."""
LCP_CODE: Final = KeySpace("lcp_code", 8)
"""Codes of PPP's link control protocol: those that have options."""
IPCP_CODE: Final = KeySpace("ipcp_code", 8)
"""The same of the control protocol of IPv4."""
IPV6CP_CODE: Final = KeySpace("ipv6cp_code", 8)
"""The same of the control protocol of IPv6."""
GACH_CHANNEL: Final = KeySpace("gach_channel", hexadecimal=True)
"""Types of MPLS's associated channels."""
ICMP_EXTENSION: Final = KeySpace("icmp_extension", 1)
"""One key, 0: the extension structure of ICMP, behind what has it for certain."""
PAP_CODE: Final = KeySpace("pap_code", 8)
"""Codes of PPP's password authentication protocol."""
CHAP_CODE: Final = KeySpace("chap_code", 8)
"""Codes of PPP's challenge handshake protocol: those that have a value."""
CCP_CODE: Final = KeySpace("ccp_code", 8)
"""Codes of PPP's compression control protocol: those that have options."""
L2TP_SESSION: Final = KeySpace("l2tp_session", 32)
"""Sessions of L2TP version 3. A binding says what follows in a session, such as a cookie."""
L2TP_IP_SESSION: Final = KeySpace("l2tp_ip_session", 32, parent=L2TP_SESSION)
"""The same in IP, where 0 is a control message."""
L2TP_SUBLAYER: Final = KeySpace("l2tp_sublayer", 1)
"""One key, 0: what stands behind a cookie of L2TP version 3."""
