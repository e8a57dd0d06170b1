"""Values for the corpus, of formats beside tunnels: see `corpus`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Any, Final

import overlaycodec as oc
from overlaycodec.schema.record import WireStruct

Maker = Callable[[Random, dict[str, Any]], Any]  # Any: values of any field


def _one_of(*values: Any) -> Maker:  # Any: as above
    return lambda random, _: random.choice(values)


def _octets(least: int, most: int) -> Maker:
    return lambda random, _: random.randbytes(random.randint(least, most))


def _cfm_tlvs(random: Random) -> tuple[oc.CFMTLV, ...]:
    data = tuple(oc.CFMTLV(type=3, value=random.randbytes(random.randint(1, 9))) for _ in range(random.randrange(3)))
    return (*data, oc.CFMTLV(type=0))


FIELDS: Final[Mapping[type[WireStruct], Mapping[str, Maker]]] = {
    oc.STP: {"version": _one_of(3)},
    oc.RSTP: {"version_1_length": _one_of(0)},
    oc.STPTopologyChange: {"version": _one_of(0)},
    oc.MSTP: {"config_selector": _one_of(0), "config_name": _one_of(b"region".ljust(32, b"\0"))},
    oc.LACP: {
        **dict.fromkeys(("actor_length", "partner_length"), _one_of(20)),
        "actor_type": _one_of(1),
        "partner_type": _one_of(2),
        "collector_type": _one_of(3),
        "collector_length": _one_of(16),
        "version": _one_of(1),
        **dict.fromkeys(("end_type", "end_length"), _one_of(0)),
        "rest": _one_of(bytes(50)),
    },
    oc.LACPMarker: {
        "version": _one_of(1),
        "type": _one_of(1, 2),
        "length": _one_of(16),
        **dict.fromkeys(("end_type", "end_length"), _one_of(0)),
        "rest": _one_of(bytes(90)),
    },
    oc.LinkOAM: {"code": _one_of(0xFE)},
    oc.CFM: {
        "version": _one_of(0),
        "opcode": _one_of(2, 3),
        "fields": _octets(4, 4),
        "tlvs": lambda random, _: _cfm_tlvs(random),
    },
}
"""How fields are drawn, where another decoder knows only some values."""

UNBOUND: Final[Mapping[str, tuple[int, ...]]] = {
    "bpdu_type": (0,),
    "bpdu_addition": (1,),
    "slow_subtype": (9,),
}
"""Values of key spaces that nothing is bound to, by the name of the space."""
