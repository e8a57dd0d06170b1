"""How the ends of a PPP link prove who they are: PAP and CHAP."""

from typing import Annotated, Final, TypeAlias

from overlaycodec.packet.header import Header
from overlaycodec.protocols.numberings import CHAP_CODE, PAP_CODE
from overlaycodec.schema.facts import Bits, LengthField, Selects, SizedBy, ValueNames
from overlaycodec.schema.keyspaces import PPP_PROTOCOL
from overlaycodec.values import AUTO

_PAP_CODES: Final = ValueNames({1: "authenticate request", 2: "authenticate ack", 3: "authenticate nak"})
_CHAP_CODES: Final = ValueNames({1: "challenge", 2: "response", 3: "success", 4: "failure"})
_CODE: TypeAlias = Annotated[int, Bits(8)]
_IDENTIFIER: TypeAlias = Annotated[int, Bits(8), "Of a request and its answer"]
_LENGTH: TypeAlias = Annotated[int, Bits(16), LengthField(), "Octets of the packet"]
_SIZE: TypeAlias = Annotated[int, Bits(8)]


class PAP(Header, spec="RFC 1334 section 2.2", keys=(PPP_PROTOCOL(0xC023),)):
    """A name and a password, or what the other end says of them."""

    code: Annotated[_CODE, _PAP_CODES, Selects(PAP_CODE), "What the packet is"] = AUTO
    identifier: _IDENTIFIER = 0
    length: _LENGTH = AUTO


class PAPRequest(Header, spec="RFC 1334 section 2.2.1", path="pap_request", keys=(PAP_CODE(1),)):
    """The name and the password, as they are."""

    peer_id_length: Annotated[_SIZE, "Octets of the name"] = AUTO
    peer_id: Annotated[bytes, SizedBy("peer_id_length"), "Name of the peer"] = b""
    password_length: Annotated[_SIZE, "Octets of the password"] = AUTO
    password: Annotated[bytes, SizedBy("password_length"), "Password"] = b""


class PAPReply(Header, spec="RFC 1334 section 2.2.2", path="pap_reply", keys=(PAP_CODE(2), PAP_CODE(3))):
    """The answer, with text for people."""

    message_length: Annotated[_SIZE, "Octets of the message"] = AUTO
    message: Annotated[bytes, SizedBy("message_length"), "Message"] = b""


class CHAP(Header, spec="RFC 1994 section 4", keys=(PPP_PROTOCOL(0xC223),)):
    """A challenge, the response to it, or what the other end says of it: text, which is payload."""

    code: Annotated[_CODE, _CHAP_CODES, Selects(CHAP_CODE), "What the packet is"] = AUTO
    identifier: _IDENTIFIER = 0
    length: _LENGTH = AUTO


class CHAPValue(Header, spec="RFC 1994 section 4.1", path="chap_value", keys=(CHAP_CODE(1), CHAP_CODE(2))):
    """The challenge, or the hash that answers it. The name of the sender follows, which is payload."""

    value_size: Annotated[_SIZE, "Octets of the value"] = AUTO
    value: Annotated[bytes, SizedBy("value_size"), "Challenge or response"] = b""
