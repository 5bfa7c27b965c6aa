"""Histograms as drawing instructions: the page draws them in its own colours, light or dark."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

LEFT, RIGHT, TOP, BOTTOM = 44.0, 306.0, 34.0, 152.0  # of the 320 × 180 picture
TICKS = 5  # at most, along the axis
GAP = 1.0  # between two bars


def histogram(
    title: str,
    values: Sequence[float] | np.ndarray,
    edges: np.ndarray,
    unit: str,
    counted: str,
    show: Callable[[float], str] = "{:g}".format,
) -> dict[str, Any]:
    """Bars of equal width, whatever the distance of `edges` `[B + 1]`; values beyond them count in the last bar.

    Args:
        counted: what a bar counts, in the plural.
        show: an edge as text.
    """
    counts, _ = np.histogram(np.clip(values, edges[0], edges[-1]), edges)
    most, width = max(int(counts.max()), 1), (RIGHT - LEFT) / len(counts)
    bars = [
        {
            "x": round(LEFT + i * width + GAP / 2, 1),
            "y": round(BOTTOM - count / most * (BOTTOM - TOP), 1),
            "height": round(count / most * (BOTTOM - TOP), 1),
            "label": f"{show(edges[i])} to {show(edges[i + 1])} {unit}: {count}",
        }
        for i, count in enumerate(counts.tolist())
    ]
    step = -(-(len(edges) - 1) // TICKS)
    ticks = [{"x": round(LEFT + i * width, 1), "label": show(edges[i])} for i in range(0, len(edges), step)]
    peak = int(counts.argmax())
    summary = f"{counts.sum()} {counted}, most between {show(edges[peak])} and {show(edges[peak + 1])} {unit}"
    return {
        "title": title,
        "unit": unit,
        "summary": summary,
        "most": most,
        "bars": bars,
        "ticks": ticks,
        "bar_width": round(width - GAP, 2),
    }
