"""The table of scores for a page: metrics in groups, a cell for each row, a small plot, and which row is better."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from moien.report.looks import looks
from moien.report.table import (
    GROUPS,
    HELD_OUT,
    IN_WORDS,
    Contest,
    amount,
    contest,
    judgement,
    judgements,
    metrics_of,
    rough,
    with_range,
)
from moien.score.metric import Metric
from moien.score.sentences import NATURAL

WIDTH, MARGIN, LINE = 180.0, 8.0, 12.0  # of a little plot; a line for each row


def grid(scores: Mapping[str, Any], pairs: Sequence[Contest] | None = None) -> dict[str, Any]:
    """What the template of the table needs, from the content of `scores.json`.

    Args:
        pairs: the comparisons to show, by default that of the verdict.
    """
    pairs = [contest(scores)] if pairs is None else pairs
    groups = [
        {"title": GROUPS[group], "metrics": [_metric(scores, metric, pairs) for metric in metrics]}
        for group, metrics in groupby(metrics_of(scores), key=lambda metric: metric.group)
    ]
    return {
        "rows": list(scores["rows"]),
        "looks": looks(scores["rows"]),
        "pairs": pairs,
        "groups": groups,
        "height": LINE * len(scores["rows"]),
        "width": WIDTH,
    }


def all_pairs(scores: Mapping[str, Any]) -> list[Contest]:
    """Every comparison that `scores` holds, in the order of the rows."""
    return [(row, over) for row, against in scores["gains"].items() for over in against]


def glance(scores: Mapping[str, Any], pair: Contest | None = None) -> list[dict[str, Any]]:
    """How many scores of each group got better, worse and neither: the verdict at a glance."""
    kinds = judgements(scores, pair)
    counts = {
        group: Counter(kinds[metric.name] for metric in metrics)
        for group, metrics in groupby(metrics_of(scores), key=lambda metric: metric.group)
    }
    return [
        {"title": GROUPS[group], **{kind: count[kind] for kind in ("better", "worse", "unclear")}}
        for group, count in counts.items()
    ]


def _metric(scores: Mapping[str, Any], metric: Metric, pairs: Sequence[Contest]) -> dict[str, Any]:
    estimates = {row: values[metric.name] for row, values in scores["rows"].items()}
    known = [estimate for estimate in estimates.values() if estimate["mean"] is not None]
    low = min((estimate["low"] for estimate in known), default=0.0)
    span = max((estimate["high"] for estimate in known), default=1.0) - low or 1.0

    def place(value: float) -> float:
        return round(MARGIN + (value - low) / span * (WIDTH - 2 * MARGIN), 1)

    cells = []
    for number, (row, estimate) in enumerate(estimates.items()):
        mean, interval = with_range(metric, estimate)
        cell: dict[str, Any] = {"row": row, "mean": mean, "range": interval, "y": LINE * (number + 0.5)}
        for name, key in (("x", "mean"), ("x1", "low"), ("x2", "high")):
            cell[name] = None if estimate["mean"] is None else place(estimate[key])
        cells.append(cell)
    return {
        "name": metric.name,
        "label": metric.heading,
        "unit": metric.unit,
        "meaning": f"{metric.meaning}; {HELD_OUT}" if metric.held_out else metric.meaning,
        "best": IN_WORDS[metric.best],
        "cells": cells,
        "reference": next((cell["x"] for cell in cells if cell["row"] == NATURAL), None),
        "judgements": [judged(metric, scores["gains"][row][over][metric.name]) for row, over in pairs],
    }


def judged(metric: Metric, gain: Mapping[str, Any]) -> dict[str, str]:
    """A comparison in a cell: the word, the amount, and the share of sentences or the number that would be needed."""
    if gain["mean"] is None:
        return {"kind": "none", "facts": ""}
    kind, facts = judgement(gain), [amount(metric, gain)]
    if kind != "unclear":
        facts.append(f"better in {gain['better']:.0%} of sentences")
    elif gain["needed"] and gain["needed"] > gain["n"]:
        facts.append(f"≈ {rough(gain['needed'])} sentences needed")
    return {"kind": kind, "facts": "; ".join(facts)}
