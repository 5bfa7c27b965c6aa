"""The curves of training as drawing instructions: the page draws them in its own colours, light or dark."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

LEFT, RIGHT, TOP, BOTTOM = 48.0, 308.0, 34.0, 148.0  # of the 320 × 180 picture


def curves(history: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One picture for each phase and loss, train and dev on one scale; values that are not finite leave a gap.

    Args:
        history: rows of `history.jsonl`: `{"phase", "step", "train": {loss: value}, "dev": {loss: value}}`.
    """
    panels = list(dict.fromkeys((row["phase"], name) for row in history for name in row["train"]))
    return [_curve(phase, name, [row for row in history if row["phase"] == phase]) for phase, name in panels]


def _curve(phase: str, name: str, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    points = {
        kind: [(row["step"], row[kind][name]) for row in rows if _finite(row[kind].get(name))]
        for kind in ("train", "dev")
    }
    steps = [step for ours in points.values() for step, _ in ours] or [0]
    values = [value for ours in points.values() for _, value in ours] or [0.0]
    first, last, low, high = min(steps), max(steps), min(values), max(values)

    def place(step: float, value: float) -> str:
        x = LEFT + (step - first) / ((last - first) or 1) * (RIGHT - LEFT)
        y = BOTTOM - (value - low) / ((high - low) or 1) * (BOTTOM - TOP)
        return f"{x:.1f},{y:.1f}"

    lines = [
        {"kind": kind, "path": "M" + " L".join(place(*point) for point in ours)}
        for kind, ours in points.items()
        if ours
    ]
    summary = "; ".join(
        f"{kind} {ours[0][1]:.3g} to {ours[-1][1]:.3g}" for kind, ours in points.items() if ours
    )
    title = f"{phase}: {name.replace('_', ' ')}"
    ends = {"first": first, "last": last, "low": f"{low:.3g}", "high": f"{high:.3g}"}
    return {"title": title, "summary": summary, "lines": lines} | ends


def _finite(value: float | None) -> bool:
    return value is not None and math.isfinite(value)
