"""Scatter plots as drawing instructions: the page draws them in its own colours, light or dark."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

LEFT, RIGHT, TOP, BOTTOM = 44.0, 284.0, 30.0, 270.0  # of the 300 × 306 picture: square, both axes are alike
FEWEST = 10  # points: with fewer, neither r nor the slope means anything
TICKS = 5  # at most, along an axis
DOT, SMALLEST, LARGEST = 2.2, 1.0, 11.0  # radius of a point alone at most and at least, and of many


def scatter(
    title: str, unit: str, row: str, pairs: Sequence[tuple[float, float]], log: bool = False
) -> dict[str, Any] | None:
    """Each value of `row` against the recorded one, with r and the slope of the regression line; None below ten points.

    Points at one place become one dot, whose size is their number.

    Args:
        pairs: the recording's value and the row's, in `unit`.
        log: whether both scales, r and the slope are those of logarithms.
    """
    if len(pairs) < FEWEST:
        return None
    values = np.log2(pairs) if log else np.array(pairs)
    natural, ours = values.T
    if not natural.std() or not ours.std():
        return None
    r = float(np.corrcoef(natural, ours)[0, 1])
    slope = float(r * ours.std() / natural.std())
    low, high = np.percentile(values, [0.5, 99.5]) if log else (0.0, float(np.percentile(values, 98)))
    if high <= low:  # almost all are equal
        return None

    def place(value: float) -> float:
        """0 to 1; what lies beyond the axis is drawn at its end."""
        return min(1.0, max(0.0, (value - low) / (high - low)))

    def x(value: float) -> float:
        return round(LEFT + place(value) * (RIGHT - LEFT), 1)

    def y(value: float) -> float:
        return round(BOTTOM - place(value) * (BOTTOM - TOP), 1)

    spots = Counter((x(a), y(b)) for a, b in values)
    one = min(DOT, LARGEST / max(spots.values()) ** 0.5)
    dots = [
        {"x": a, "y": b, "r": round(max(SMALLEST, one * n**0.5), 1)} for (a, b), n in sorted(spots.items())
    ]
    ends = np.clip(ours.mean() + slope * (np.array([low, high]) - natural.mean()), low, high)
    starts = natural.mean() + (ends - ours.mean()) / slope if slope else np.array([low, high])
    line = f"M{x(starts[0])} {y(ends[0])}L{x(starts[1])} {y(ends[1])}"
    return {
        "title": title,
        "row": row,
        "unit": unit,
        "dots": dots,
        "line": line,
        "ticks": [{"x": x(at), "y": y(at), "label": label} for at, label in _ticks(low, high, log)],
        "words": in_words(row, len(pairs), r, slope),
    }


def _ticks(low: float, high: float, log: bool) -> list[tuple[float, str]]:
    """Round numbers between two places of an axis, and those places."""
    first, last = (2.0**low, 2.0**high) if log else (low, high)
    step = next(s for s in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 1e9) if (last - first) / s <= TICKS)
    numbers = np.arange(np.ceil(first / step) * step, last, step)
    return [(float(np.log2(number)) if log else float(number), f"{number:g}") for number in numbers]


def in_words(row: str, count: int, r: float, slope: float) -> str:
    """The plot in words, for readers who cannot see it and for those who can."""
    share = f"{100 * slope:.0f} %" if slope > 0 else "nothing"
    figures = f"r {r:.2f}, slope {slope:.2f} over {count} sounds"
    return f"{figures}: of a difference between recorded sounds, {share} is there in {row}."
