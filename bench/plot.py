"""The plot: the same figures as the tables, as an SVG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.columns import Columns
from bench.growth import Growth
from bench.timing import Timing

__all__ = ["draw"]

_OURS, _OTHERS = "#1b6ca8", "#9aa5b1"


def draw(path: Path, decode: Mapping[str, Timing], columns: Columns, growth: Sequence[Growth]) -> bool:
    """Writes the plot; whether matplotlib is there to do it."""
    try:
        import matplotlib as mpl
    except ImportError:
        return False
    mpl.use("svg")
    mpl.rcParams |= {"svg.hashsalt": "overlaycodec", "svg.fonttype": "none", "font.size": 9}
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(2, 2, figsize=(11, 7.5), layout="constrained")
    _bars(axes[0, 0], decode, "Scalar: a frame of 7 headers decoded, every field read")
    _bars(axes[0, 1], columns.uniform, "Columns: file to 20 columns, a packet")
    _lines(axes[1, 0], growth[0])
    counts = sorted(columns.growth)
    axes[1, 1].plot(counts, [columns.growth[count] for count in counts], marker="o", color=_OURS)
    axes[1, 1].set(
        xscale="log", yscale="log", xlabel="packets in the capture", ylabel="µs a packet",
        title="Columns: how time grows with packets",
    )  # fmt: skip
    figure.savefig(path, metadata={"Date": None, "Creator": None})
    pyplot.close(figure)
    return True


def _bars(axes: Any, timings: Mapping[str, Timing], title: str) -> None:  # Any: matplotlib's axes
    ranked = sorted(timings.values(), key=lambda timing: -timing.median)
    names = [timing.name for timing in ranked]
    colours = [_OURS if name == "overlaycodec" else _OTHERS for name in names]
    bars = axes.barh(names, [timing.median for timing in ranked], color=colours)
    axes.bar_label(bars, [f"{timing.median:.3g}" for timing in ranked], padding=3)
    axes.set(xscale="log", xlabel="µs, median", title=title)
    axes.margins(x=0.15)


def _lines(axes: Any, growth: Growth) -> None:  # Any: matplotlib's axes
    for number, name in enumerate(growth.timings[growth.sizes[0]]):
        values = [growth.timings[size][name].median for size in growth.sizes]
        axes.plot(growth.sizes, values, marker="o", label=name, color=_OURS if not number else f"C{number}")
    axes.set(yscale="log", xlabel=growth.unit, ylabel="µs a frame", title="Scalar: how time grows with headers")
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))
