"""What a path can be compared with: the kinds of its values, and literals read as one of them.

Strategy: the declarations say which values a field can have. A value that it cannot have is an error when the filter is
made, not a filter that no packet matches.
"""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Final, TypeAlias

import msgspec

from overlaycodec.codec.catalog import Catalog
from overlaycodec.editing.checksum_status import ChecksumStatus
from overlaycodec.errors import FieldValueError, LengthFieldError, NestingError, PathError, TruncatedError, number_text
from overlaycodec.filters.expression import Prefix, Value
from overlaycodec.filters.field_paths import FieldPath, field_path_of, final_fields_of, header_path_of
from overlaycodec.schema.layout import ADDRESS_OCTETS, Field, Layout
from overlaycodec.values import MACAddress
from overlaycodec.values.nearest_names import nearest, suggestion

__all__ = ["FAULTS", "STATUSES", "Operand", "operand_of"]

Address: TypeAlias = MACAddress | IPv4Address | IPv6Address

FAULTS: Final = tuple(cls.__name__ for cls in (TruncatedError, FieldValueError, LengthFieldError, NestingError))
"""The words of `fault`."""
STATUSES: Final = tuple(map(str, ChecksumStatus))
"""The words of the status of a checksum."""
_KINDS: Final[dict[str, frozenset[str]]] = {
    "hardware": frozenset({"mac", "bytes"}), "protocol": frozenset({"ipv4", "bytes"}),
    "items": frozenset(), "via": frozenset(),
}  # fmt: skip
"""The kinds of values of a field whose own kind is none of them; empty: its values are not compared."""
_RECORD: Final[dict[str, tuple[str, int, int]]] = {
    "time_ns": ("int", -(1 << 95), (1 << 95) - 1), "wire_length": ("int", 0, (1 << 63) - 1),
    "captured_length": ("int", 0, (1 << 63) - 1), "link_type": ("int", 0, (1 << 32) - 1),
    "fault": ("word", 0, 0), "fcs": ("bytes", 0, 0), "fcs.verdict": ("word", 0, 0),
    "interface": ("int", 0, (1 << 32) - 1), "interface_name": ("text", 0, 0), "comment": ("text", 0, 0),
    "flags": ("int", 0, (1 << 32) - 1), "section": ("int", 0, (1 << 32) - 1),
}  # fmt: skip
"""The kind, the least and the greatest value of each fact of the record."""
_NUMBERS: Final = frozenset({"int", "mac", "ipv4"})
"""The kinds that columns of numbers hold: a path whose values have several of them is not compared."""
_LONGEST: Final = 64
"""The most characters of a number or an address."""
_WORDS: Final = {"mac": "MAC address", "ipv4": "IPv4 address", "ipv6": "IPv6 address", "bytes": "octets such as 0x00ff"}


class Operand(msgspec.Struct, frozen=True, eq=False):
    """What a path names, and which values it can have."""

    path: FieldPath
    kinds: frozenset[str]
    """The kinds of its values: int, bool, word, text, bytes, mac, ipv4, ipv6; empty where they are not compared."""
    least: int = 0
    most: int = 0
    """The least and the greatest number, where it can be a number."""
    octets: int | None = None
    """How many octets it has, where that is fixed."""
    names: Mapping[str, int] = {}
    """The names of its numbers, in lower case."""
    words: tuple[str, ...] = ()
    """The words that it can be."""
    column: str = ""
    """The column that has a value where the path names something: of a header, that of a field that it always has."""

    @property
    def is_header(self) -> bool:
        """Whether the path names a header."""
        return self.path.field is None and bool(self.path.header)

    @property
    def is_flag(self) -> bool:
        """Whether it is a flag, which a filter can name alone."""
        return self.kinds == {"bool"}

    @property
    def is_text(self) -> bool:
        """Whether its values are any text."""
        return self.kinds == {"text"}

    def value_of(self, text: str) -> Value:
        """The value that the text means. Raises: ValueError for what no such field can have."""
        if self.is_text:
            return text
        if "word" in self.kinds:
            if text in self.words:
                return text
            raise ValueError(f"{self.path.name} is {', '.join(self.words)}, not {_short(text)}")
        if self.kinds == {"bool"}:
            if text.lower() in ("true", "false", "1", "0"):
                return text.lower() in ("true", "1")
            raise ValueError(f"{self.path.name} is a flag: true or false, not {_short(text)}")
        if "int" in self.kinds and (number := self._number_of(text)) is not None:
            if not self.least <= number <= self.most:
                bits = self.most.bit_length()
                size = "" if self.least else f" ({bits} bits)"
                reason = f"= {number_text(number)} is not in {self.least}..{self.most}{size}"
                raise ValueError(f"{self.path.name} {reason}")
            return number
        address = self._address_of(text)
        if address is not None:
            return address
        octets = _octets_of(text) if "bytes" in self.kinds else None
        if octets is not None:
            return self._alone(octets)
        raise ValueError(f"{_short(text)} is no {self._wanted()}{self._near(text)}")

    def prefix_of(self, text: str) -> Prefix:
        """The prefix that the text means, such as 10.0.0.0/8. Raises: ValueError."""
        start, _, bits = text.partition("/")
        address = self._address_of(start)
        if address is None:
            raise ValueError(f"{self.path.name} has no prefixes: {_short(text)} is no {self._wanted()}")
        number, size = int(address), 48 if isinstance(address, MACAddress) else address.max_prefixlen
        if not (bits.isascii() and bits.isdigit() and len(bits) <= 3 and int(bits) <= size):
            raise ValueError(f"{_short(text)} has no length from 0 to {size}")
        length = int(bits)
        host = (1 << size - length) - 1
        if number & host:
            right = type(address)((number & ~host).to_bytes(size // 8, "big"))
            raise ValueError(f"{text} has bits after the prefix: did you mean {right}/{length}?")
        return Prefix(address, length)

    def _number_of(self, text: str) -> int | None:
        named = self.names.get(_folded(text))
        if named is not None:
            return named
        if len(text) > _LONGEST:
            return None
        try:
            return int(text, 0)
        except ValueError:
            return None

    def _address_of(self, text: str) -> Address | None:
        if len(text) > _LONGEST:
            return None
        try:
            if "mac" in self.kinds and len(text) >= 12:
                return MACAddress(text)
        except ValueError:
            pass
        try:
            if "ipv4" in self.kinds:
                return IPv4Address(text)
        except AddressValueError:
            pass
        try:
            if "ipv6" in self.kinds and "%" not in text:
                return IPv6Address(text)
        except AddressValueError:
            pass
        return None

    def _alone(self, octets: bytes) -> Value:
        """The octets; as an address where octets of this number are one. Raises: ValueError for another number."""
        if "mac" in self.kinds and len(octets) == ADDRESS_OCTETS["mac"]:
            return MACAddress(octets)
        if "ipv4" in self.kinds and len(octets) == ADDRESS_OCTETS["ipv4"]:
            return IPv4Address(octets)
        if self.octets not in (None, len(octets)):
            raise ValueError(f"{self.path.name} has {self.octets} octets, not {len(octets)}")
        return octets

    def _wanted(self) -> str:
        words = [_WORDS[kind] for kind in ("mac", "ipv4", "ipv6", "bytes") if kind in self.kinds]
        if "int" in self.kinds:
            named = f", or {' or '.join(map(repr, list(self.names)[:2]))}" if self.names else ""
            words.append(f"number such as {min(100, self.most)}{named}")
        return " or ".join(words)

    def _near(self, text: str) -> str:
        return suggestion(_folded(text), self.names)


def operand_of(name: str, catalog: Catalog) -> Operand:
    """What a name in a filter names. Raises: PathError for what no header of the catalog has."""
    header = header_path_of(name, catalog)
    if header is not None:
        cls = catalog.header_called(header.header)
        assert cls is not None
        return Operand(header, frozenset(), column=f"{name}.{_constant_field_of(catalog.layout(cls))}")
    try:
        path = field_path_of(name, catalog, "header or field")
    except PathError as error:
        near = nearest(name, [cls.__layout__.name for cls in catalog.headers]) if "." not in name else ()
        raise PathError(error.wanted, error.present if not near else "the catalog", near or error.near) from None
    if path.field is None:
        kind, least, most = _RECORD[name]
        words = () if kind != "word" else FAULTS if name == "fault" else STATUSES
        return Operand(path, frozenset({kind}), least, most, words=words, column=name)
    if path.status:
        return Operand(path, frozenset({"word"}), words=STATUSES, column=name)
    return _operand_of(path, final_fields_of(path))


def _operand_of(path: FieldPath, fields: tuple[Field, ...]) -> Operand:
    kinds: frozenset[str] = frozenset().union(*(_KINDS.get(field.kind, frozenset({field.kind})) for field in fields))
    if len(kinds) > 1 and kinds <= _NUMBERS:
        kinds = frozenset()
    sizes = {field.octets if field.kind == "bytes" else None for field in fields}
    return Operand(
        path,
        kinds,
        0,
        max((field.maximum for field in fields if field.kind == "int"), default=0),
        octets=sizes.pop() if len(sizes) == 1 else None,
        names={_folded(word): value for field in fields for value, word in field.value_names.items()},
        column=path.name,
    )


def _constant_field_of(layout: Layout) -> str:
    """A field that every such header has."""
    always = [field for field in layout.fields if field.presence is None]
    selectors = (layout.selector,) if layout.next.lengths is not None else ()
    return next(field.name for field in sorted(always, key=lambda field: (field in selectors, field.bits is None)))


def _folded(text: str) -> str:
    """A name as it is compared: "Echo_Request" and "echo request" are the same."""
    return text.lower().replace("_", " ").replace("-", " ")


def _octets_of(text: str) -> bytes | None:
    """Octets from hexadecimal digits: 0x00ff, 00ff, 00:ff, 00-ff; None for other text."""
    digits = text.removeprefix("0x").replace(":", "").replace("-", "")
    try:
        return bytes.fromhex(digits) if digits.isalnum() or text == "0x" else None
    except ValueError:
        return None


def _short(text: str) -> str:
    return repr(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}...")
