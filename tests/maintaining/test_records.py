"""The records of the library: which of them can be changed, are compared by identity, or are made with keywords.

A record that is not in a set below is immutable and hashable, is equal to others of the same values, and is made by
position too. Who changes that on purpose changes the set.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable
from typing import Any, Final

import msgspec

import overlaycodec as oc
from overlaycodec.packet.header import Header
from overlaycodec.protocols import HEADERS
from overlaycodec.schema.record import Element

LEFT_OUT: Final = ("overlaycodec.fuzz.decoders", "overlaycodec.protocols", "overlaycodec.notebook")

CHANGING: Final = {
    "cli.counters:Count",
    "cli.diagnose:_Group",
    "cli.rewriting:_Run",
    "packet.checked_packet:CheckedPacket",
}
BY_IDENTITY: Final = {
    "capture.blocks:Block",
    "columnar.decode.batch:Batch",
    "columnar.encode.checksum_terms:DerivedChecksum",
    "columnar.encode.column_input:InputColumn",
    "columnar.encode.column_input:OctetStrings",
    "columnar.encode.template:SlotSource",
    "columnar.encode.template:Template",
    "columnar.encode.template:VariablePayloads",
    "describe.traits:Traits",
    "filters.operands:Operand",
    "fuzz.sites:RecordSite",
    "fuzz.sites:Site",
    "packet.packet:Packet",
    "pipelines.pattern:AnyOf",
    "schema.declaration:Declared",
    "schema.layout:Field",
    "schema.layout:Layout",
    "schema.layout:Run",
    "values.addresses:MACAddress",
    "values.addresses:_Packed",
}
"""By identity, or as they say themselves."""
WITHOUT_CYCLES: Final = {
    "capture.record:Record",
    "display.spans:Span",
    "fuzz.case:Case",
    "fuzz.mutation:Mutation",
    "fuzz.sites:RecordSite",
    "fuzz.sites:Site",
    "packet.packet:Packet",
    "packet.stack_paths:FlowKey",
    "packet.trailer:FCS",
    "packet.trailer:Trailer",
    "schema.record:WireStruct",
    "trailers.record:DeclaredTrailer",
    "values.addresses:MACAddress",
    "values.addresses:_Packed",
}
BY_KEYWORD: Final = {
    "capture.blocks:Block",
    "capture.record:Interface",
    "cli.diagnose:Wanted",
    "cli.show:Wanted",
    "columnar.column:Column",
    "telemetry:INTHop",
    "trailers.record:DeclaredTrailer",
    "tunnel.encapsulation:Tunnel",
    "tunnel.endpoints:GeneveTunnel",
    "tunnel.endpoints:NVGRETunnel",
    "tunnel.endpoints:STTTunnel",
    "tunnel.endpoints:UDPTunnel",
    "tunnel.endpoints:VXLANGBPTunnel",
    "tunnel.endpoints:VXLANGPETunnel",
    "tunnel.endpoints:VXLANTunnel",
    "tunnel.examination:Examination",
    "tunnel.receiving:Receiving",
    "tunnel.reception:Reception",
    "vlan.ports:Port",
}


def _records() -> dict[str, type[msgspec.Struct]]:
    found = {}
    for module in pkgutil.walk_packages(oc.__path__, "overlaycodec."):
        if module.name.startswith(LEFT_OUT) or module.name.endswith("__main__"):
            continue
        try:
            members = vars(importlib.import_module(module.name))
        except ImportError:  # an extra is missing
            continue
        for name, cls in members.items():
            if (
                inspect.isclass(cls)
                and (cls.__module__, cls.__name__) == (module.name, name)
                and issubclass(cls, msgspec.Struct)
                and not issubclass(cls, Header | Element)
            ):
                found[f"{module.name.removeprefix('overlaycodec.')}:{name}"] = cls
    return found


RECORDS: Final = _records()
DECLARED: Final[list[Any]] = list(HEADERS)


def having(wanted: Callable[[Any], bool]) -> set[str]:
    return {name for name, cls in RECORDS.items() if wanted(cls)}


def test_records_are_immutable() -> None:
    assert having(lambda cls: not cls.__struct_config__.frozen) == CHANGING & set(RECORDS)
    assert all(cls.__struct_config__.frozen for cls in DECLARED)


def test_records_are_compared_by_value() -> None:
    own = having(lambda cls: not cls.__struct_config__.eq)
    assert own == BY_IDENTITY & set(RECORDS)
    assert not having(lambda cls: cls.__struct_config__.order)


def test_what_can_stand_in_no_cycle_is_not_visited_for_garbage() -> None:
    assert having(lambda cls: not cls.__struct_config__.gc) == WITHOUT_CYCLES & set(RECORDS)
    assert not any(cls.__struct_config__.gc for cls in DECLARED)


def test_what_is_made_with_keywords() -> None:
    assert having(lambda cls: len(cls.__match_args__) < len(cls.__struct_fields__)) == BY_KEYWORD & set(RECORDS)
