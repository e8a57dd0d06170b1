"""How a table says under which names another decoder shows our fields, and in what form."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from overlaycodec.schema.record import WireStruct


class As(NamedTuple):
    """Another decoder's field; where it is shown at all, and what of our value it shows."""

    name: str
    value: Callable[[Any], Any] = lambda value: value  # Any: a value of any field
    where: Callable[[WireStruct], bool] = lambda record: True


Name = str | As | tuple[str | As, ...]
Table = Mapping[str, Name]
"""Of one header or element: its fields, and how they are shown. `verdict` is that on its checksum."""

VERDICT: Final = "verdict"


def each(named: Name) -> Iterator[As]:
    """The names of a field."""
    for one in named if isinstance(named, tuple) and not isinstance(named, As) else (named,):
        yield As(one) if isinstance(one, str) else one


def table(written: Mapping[str, Any]) -> dict[str, Name]:  # Any: JSON, as tests/vectors/README.md describes it
    """The names of fields, as src/overlaycodec/filters/wireshark_names writes them."""
    return {
        field: tuple(map(_one, names)) if isinstance(names, list) else _one(names) for field, names in written.items()
    }


def _one(written: Any) -> str | As:  # Any: JSON
    return written if isinstance(written, str) else As(written["name"], _value(written), _where(written))


def _value(written: Mapping[str, Any]) -> Callable[[Any], Any]:  # Any: JSON; a value of any field
    """What of our value is shown."""
    if "times" in written:
        factor, plus = written["times"], written.get("plus", 0)
        return lambda value: value * factor + plus
    if "mask" in written:
        shift, mask = written["shift"], written["mask"]
        return lambda value: value >> shift & mask
    if "coded" in written:
        return lambda value: coded(value, written["coded"])
    if "format" in written:
        return lambda value: format(value, written["format"])
    if "replace" in written:
        replace = {int(value): other for value, other in written["replace"].items()}
        return lambda value: replace.get(value, value)
    return lambda value: value


def _where(written: Mapping[str, Any]) -> Callable[[WireStruct], bool]:  # Any: JSON
    """Which records show it."""
    if "if" not in written:
        return lambda record: True
    field = written["if"]
    if "in" in written:
        return lambda record: getattr(record, field) in written["in"]
    if "min" in written:
        return lambda record: bool(getattr(record, field) >= written["min"])
    if "max" in written:
        return lambda record: bool(getattr(record, field) <= written["max"])
    return lambda record: bool(getattr(record, field))


def coded(value: int, bits: int) -> int:
    """RFC 3376 section 4.1.1, RFC 3810 section 5.1.3: from half the range on, a mantissa and an exponent of 3 bits."""
    mantissa = bits - 4
    if value < 1 << bits - 1:
        return value
    return (value & (1 << mantissa) - 1 | 1 << mantissa) << (value >> mantissa & 7) + 3
