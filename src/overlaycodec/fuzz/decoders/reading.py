"""What a decoder reads in a packet: headers under our names, fields under our paths, and a fault.

Strategy: a decoder says which headers it sees, one after another; the paths follow from that, so that no decoder needs
to know our scopes. Some headers are one protocol in several dialects (VXLAN, and VXLAN with group policies): these
count as the same header, and the fields that both have are compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from ipaddress import ip_address
from typing import Any, Final

import msgspec

from overlaycodec.codec.catalog import DEFAULT, Catalog
from overlaycodec.describe.plain import Plain
from overlaycodec.filters.tshark_names import tshark_entry
from overlaycodec.packet.header import Header
from overlaycodec.packet.paths import Namer

__all__ = ["CRASHED", "HeaderReading", "Reading", "differences", "reading_of", "same_value"]

CRASHED: Final = "the decoder failed: "
"""How the fault of a decoder begins that raised, ended or hung, instead of saying what is wrong."""
_KEPT_OUT: Final = "class"
"""The key of an element in a document that is no field."""


class HeaderReading(msgspec.Struct, frozen=True):
    """A header as a decoder reads it."""

    name: str
    """Our name of the header, as `overlaycodec headers` lists them: `ipv4`."""
    fields: Mapping[str, Plain] = {}
    """Values by path within the header: `ttl`, `options[0].type`."""
    checksum: str | None = None
    """The status of the checksum: valid, bad, absent; None where the decoder does not say."""
    others: Mapping[str, Mapping[str, Plain]] = {}
    """The fields under other names that the header may have, where the decoder does not tell them apart."""


class Reading(msgspec.Struct, frozen=True):
    """A packet as a decoder reads it, as far as it goes."""

    headers: tuple[HeaderReading, ...] = ()
    fault: str | None = None
    """Why the decoder rejects the packet, or does not read on; None where it says nothing of it."""

    @property
    def crashed(self) -> bool:
        """Whether the decoder failed, instead of reporting a fault."""
        return self.fault is not None and self.fault.startswith(CRASHED)

    @property
    def names(self) -> list[str]:
        """The names of the headers."""
        return [header.name for header in self.headers]

    def paths(
        self, like: Reading | Sequence[str] | None = None, catalog: Catalog = DEFAULT
    ) -> list[tuple[str, HeaderReading]]:
        """Each header with its full path; one that is also in `like`, a reading or paths, has the path from there."""
        own = _paths_of(self.names, catalog)
        if like is None:
            return list(zip(own, self.headers, strict=True))
        wanted = _paths_of(like.names, catalog) if isinstance(like, Reading) else like
        expected = like.names if isinstance(like, Reading) else [*map(_name_in, like)]
        found: list[tuple[str, HeaderReading]] = []
        at = 0
        for path, read in zip(own, self.headers, strict=True):
            header = read
            names = expected[at:]
            index = next((i for i, name in enumerate(names) if _kin(name, header.name)), None)
            if index is None:
                found.append((path, header))
                continue
            at += index + 1
            name = expected[at - 1]
            if name != header.name:
                header = msgspec.structs.replace(header, name=name, fields=header.others.get(name, header.fields))
            found.append((wanted[at - 1], header))
        return found

    def values(self, like: Reading | Sequence[str] | None = None, catalog: Catalog = DEFAULT) -> dict[str, Plain]:
        """Each field that has a value, by its path; the status of a checksum is the `verdict` of its header."""
        found: dict[str, Plain] = {}
        for path, header in self.paths(like, catalog):
            for field, value in header.fields.items():
                if value is not None:
                    found[f"{path}.{field}"] = value
            if header.checksum is not None:
                found[f"{path}.verdict"] = header.checksum
        return found


def _name_in(path: str) -> str:
    """The name of a header, of its path."""
    return path.rpartition(".")[2].partition("[")[0]


@lru_cache(1024)
def _class_of(name: str, catalog: Catalog) -> type[Header] | None:
    return next((header for header in catalog.headers if header.__layout__.name == name), None)


def _kin(a: str, b: str, catalog: Catalog = DEFAULT) -> bool:
    """Whether two names are of one protocol in several dialects: tshark has one name for both."""
    if a == b:
        return True
    classes = _class_of(a, catalog), _class_of(b, catalog)
    if classes[0] is None or classes[1] is None:
        return False
    protocols = [tshark_entry(cls).get("protocol") for cls in classes if cls is not None]
    return bool(protocols[0]) and protocols[0] == protocols[1]


def _paths_of(names: Sequence[str], catalog: Catalog) -> list[str]:
    """The full path of each header; one that the catalog does not have is called what it is called."""
    namer = Namer()
    found = []
    for name in names:
        cls = _class_of(name, catalog)
        found.append(name if cls is None else namer.add(cls))
    return found


# --- from documents ---------------------------------------------------------------------------------------------------


def reading_of(document: Any) -> Reading:  # Any: what JSON can hold
    """The reading in a JSON object, as `overlaycodec show --json` and other decoders write it.

    `headers` is a list of objects with a `path`, of which the last name counts, `fields`, and, where the decoder knows,
    `checksum`. `fault` (or the first of `faults`) is null or anything that says why the packet is rejected. All else
    may be left out.

    Raises: ValueError for what is no such object.
    """
    if not isinstance(document, Mapping) or not isinstance(document.get("headers", []), list):
        raise ValueError("a decoder prints an object with a list of headers for each packet")
    headers = []
    for header in document.get("headers", []):
        path = header.get("path") if isinstance(header, Mapping) else None
        fields = header.get("fields", {}) if isinstance(header, Mapping) else None
        if not isinstance(path, str) or not isinstance(fields, Mapping):
            raise ValueError("each of the headers is an object with a path and fields")
        name = _name_in(path)
        checksum = header.get("checksum")
        headers.append(HeaderReading(name, dict(_flat(fields, "")), None if checksum is None else str(checksum)))
    faults = document.get("faults")
    fault = document.get("fault") or (faults[0] if isinstance(faults, list) and faults else None)
    if isinstance(fault, Mapping):
        fault = fault.get("reason", "the packet is rejected")
    return Reading(tuple(headers), None if fault is None else str(fault))


def _flat(fields: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Plain]]:  # Any: what JSON can hold
    for name, value in fields.items():
        if isinstance(value, list) and value and all(isinstance(element, Mapping) for element in value):
            for number, element in enumerate(value):
                yield from _flat(element, f"{prefix}{name}[{number}].")
        elif name != _KEPT_OUT:
            yield prefix + name, value


# --- differences ------------------------------------------------------------------------------------------------------


def same_value(ours: Plain, theirs: Plain) -> bool:
    """Whether two decoders mean the same value: a flag may be a number, an address is written in several ways."""
    if ours == theirs:
        return True
    if isinstance(ours, str) and isinstance(theirs, str):
        if ours.lower().replace("-", ":") == theirs.lower().replace("-", ":"):
            return True
        try:
            return ip_address(ours) == ip_address(theirs)
        except ValueError:
            return False
    return False


def differences(
    ours: Reading, theirs: Reading, *, faults: bool = True, catalog: Catalog = DEFAULT
) -> dict[str, tuple[Plain, Plain]]:
    """What two decoders say differently of one packet, by path: both values.

    Only what both say is compared. `headers` is the first header that both read, each as another; `fault` is that one
    rejects what the other does not (compared if `faults`); `failed` that one failed instead of answering.
    """
    if ours.crashed or theirs.crashed:
        return {"failed": (ours.fault, theirs.fault)} if ours.crashed != theirs.crashed else {}
    found: dict[str, tuple[Plain, Plain]] = {}
    mine, other = ours.values(None, catalog), theirs.values(ours, catalog)
    for path, value in mine.items():
        if path in other and not same_value(value, other[path]):
            found[path] = value, other[path]
    for one, two in zip(ours.names, theirs.names, strict=False):
        if not _kin(one, two, catalog):
            known = [_kin(one, name, catalog) for name in theirs.names] + [
                _kin(two, name, catalog) for name in ours.names
            ]
            if not any(known):
                found["headers"] = one, two
            break
    if faults and (ours.fault is None) != (theirs.fault is None):
        found["fault"] = ours.fault, theirs.fault
    return found
