"""How many packets a second the strategies draw, and how many draws of as many integers Hypothesis makes, in one run.

    python -m bench.strategies

Both are drawn in turns, and the processor's time is counted, so that a busy machine changes little. The integers are
those of `st.tuples`, one for each field of an average packet, those of its options among them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import overlaycodec as oc
from overlaycodec import strategies as overlay

EXAMPLES: Final = 200
TURNS: Final = 3
CASES: Final[Mapping[str, st.SearchStrategy[oc.Packet]]] = {
    "packets()": overlay.packets(),
    "packets(VXLAN)": overlay.packets(oc.VXLAN),
    "packets(VXLAN, fixed={'vxlan.vni': 5})": overlay.packets(oc.VXLAN, fixed={"vxlan.vni": 5}),
}


def seconds(strategy: st.SearchStrategy[Any], look: Callable[[Any], None]) -> float:
    """How long so many examples take the processor."""

    @settings(
        max_examples=EXAMPLES,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def run(value: Any) -> None:
        look(value)

    start = time.process_time()
    run()
    return time.process_time() - start


def main() -> None:
    """Print a line for each case."""
    for name, strategy in CASES.items():
        fields: list[int] = []
        seconds(strategy.map(_fields), fields.append)  # warms up, too
        count = round(sum(fields) / len(fields))
        integers = st.tuples(*[st.integers(0, 65_535)] * count)
        ours, theirs = [], []
        for _ in range(TURNS):
            ours.append(seconds(strategy, lambda _: None))
            theirs.append(seconds(integers, lambda _: None))
        rates = EXAMPLES / min(ours), EXAMPLES / min(theirs)
        print(f"{name}: {rates[0]:,.0f} a second; {count} integers: {rates[1]:,.0f}; ratio {rates[0] / rates[1]:.2f}")


def _fields(packet: oc.Packet) -> int:
    return sum(map(_fields_of, packet.headers))


def _fields_of(record: Any) -> int:  # Any: a header or an element
    values = [getattr(record, field.name) for field in record.__layout__.fields]
    return len(values) + sum(_fields_of(value) for many in values if isinstance(many, tuple) for value in many)


if __name__ == "__main__":
    main()
