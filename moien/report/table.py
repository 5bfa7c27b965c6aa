"""The table of scores and the verdict in words, from the content of `scores.json` alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from moien.errors import WrongData
from moien.score import METRICS
from moien.score.metric import Metric

if TYPE_CHECKING:
    from rich.table import Table

ARROWS = {"low": "↓", "high": "↑", "one": "→ 1", "natural": "→ natural"}
IN_WORDS = {
    "low": "lower is better",
    "high": "higher is better",
    "one": "best at 1",
    "natural": "best at the recording's own value",
}
JUDGEMENTS = ("better", "worse", "unclear")


def read_scores(path: Path) -> dict[str, Any]:
    """The content of a `scores.json`; WrongData where there is none."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise WrongData(
            "there are no scores yet", where=path, remedy="run stage 8 (score) of the recipe"
        ) from None
    except ValueError:
        raise WrongData(
            "this is no JSON", where=path, remedy="run stage 8 (score) again with --force"
        ) from None


def metrics_of(scores: Mapping[str, Any]) -> list[Metric]:
    """The metrics that `scores` holds, in the order of the table."""
    first = next(iter(scores["rows"].values()))
    return [metric for name, metric in METRICS.items() if name in first]


def shown(metric: Metric, value: float | None) -> str:
    """A value with the metric's digits, a dash where there is none."""
    return "–" if value is None else f"{value:.{metric.digits}f}"


def judgement(scores: Mapping[str, Any], metric: Metric) -> str:
    """`better`, `worse` or `unclear`: trained against stock, clear when the paired interval leaves zero out."""
    gain = scores["gain_of_trained_over_stock"].get(metric.name) or {}
    if gain.get("low") is None or gain["n"] < 2 or gain["low"] <= 0 <= gain["high"]:
        return "unclear"
    return "better" if gain["low"] > 0 else "worse"


def sentence_count(scores: Mapping[str, Any]) -> int:
    """How many test sentences the scores are made of."""
    return max(estimate["n"] for estimate in scores["rows"]["trained"].values())


def headline(scores: Mapping[str, Any]) -> str:
    """The verdict in a line: how many of the scores got better and worse than stock."""
    kinds = [judgement(scores, metric) for metric in metrics_of(scores)]
    better, worse = kinds.count("better"), kinds.count("worse")
    if not better and not worse:
        return "Trained and stock cannot be told apart"
    return f"The trained voice: {better} of {len(kinds)} scores better than stock, {worse} worse"


def verdict(scores: Mapping[str, Any]) -> str:
    """One sentence: what the trained voice does better and worse than stock, and what cannot be told."""
    by_judgement: dict[str, list[str]] = {kind: [] for kind in JUDGEMENTS}
    for metric in metrics_of(scores):
        stock, trained = (scores["rows"][row][metric.name]["mean"] for row in ("stock", "trained"))
        unit = f" {metric.unit}" if metric.unit == "dB" else ""
        change = f"{metric.label} ({shown(metric, stock)} → {shown(metric, trained)}{unit})"
        by_judgement[judgement(scores, metric)].append(change)
    sentences = max(estimate["n"] for estimate in scores["rows"]["trained"].values())
    better, worse, unclear = by_judgement.values()
    parts = []
    if better:
        parts.append(f"the trained voice is better than stock in {_list(better)}")
    if worse:
        parts.append(f"{'it' if better else 'the trained voice'} is worse {'' if better else 'than stock '}"
                     f"in {_list(worse)}")  # fmt: skip
    if unclear:
        parts.append(f"no difference can be told in {_list(unclear)}")
    return f"On {sentences} test sentence{'s' if sentences != 1 else ''}, {'; '.join(parts)}."


def terminal_table(scores: Mapping[str, Any], title: str) -> Table:
    """The table for a terminal of 80 columns: a metric a row, natural, stock and trained side by side."""
    from rich import box
    from rich.table import Table

    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("score", no_wrap=True)
    for row in scores["rows"]:
        table.add_column(row, justify="right", no_wrap=True)
    table.add_column("trained is")
    styles = {"better": "green", "worse": "red", "unclear": "dim"}
    for metric in metrics_of(scores):
        kind = judgement(scores, metric)
        estimates = [values[metric.name] for values in scores["rows"].values()]
        cells = ["{}\n[dim]{}[/dim]".format(*with_range(metric, estimate)) for estimate in estimates]
        name = f"{metric.heading}\n[dim]{metric.unit}, {ARROWS[metric.best]}[/dim]"
        table.add_row(name, *cells, f"[{styles[kind]}]{kind}[/{styles[kind]}]")
    return table


def markdown_table(scores: Mapping[str, Any]) -> str:
    """The same table in Markdown, for README files and the model card."""
    rows = list(scores["rows"])
    lines = [f"| score | best | {' | '.join(rows)} | trained is |", f"|---|---|{'--:|' * len(rows)}---|"]
    for metric in metrics_of(scores):
        cells = [_cell(metric, scores["rows"][row][metric.name]) for row in rows]
        lines.append(
            f"| {metric.heading} ({metric.unit}) | {ARROWS[metric.best]} | {' | '.join(cells)} | "
            f"{judgement(scores, metric)} |"
        )
    lines += ["", (
        f"Means over {sentence_count(scores)} test sentences that no training saw, in brackets the 95 % bootstrap "
        "interval. The trained voice is better or worse only where the paired interval against stock leaves zero out."
    )]  # fmt: skip
    return "\n".join(lines)


def with_range(metric: Metric, estimate: Mapping[str, Any]) -> tuple[str, str]:
    """Mean and interval as text; no interval where there is no spread (the recording against itself)."""
    mean, low, high = (estimate[key] for key in ("mean", "low", "high"))
    if mean is None or low == high:
        return shown(metric, mean), ""
    return shown(metric, mean), f"{shown(metric, low)}–{shown(metric, high)}"


def _cell(metric: Metric, estimate: Mapping[str, Any]) -> str:
    mean, interval = with_range(metric, estimate)
    return f"{mean} ({interval})" if interval else mean


def _list(items: list[str]) -> str:
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"
