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


def contest(scores: Mapping[str, Any]) -> tuple[str, str]:
    """The two rows that the verdict is about: trained against stock, else the last row against the one above."""
    rows = list(scores["rows"])
    return ("trained", "stock") if {"trained", "stock"} <= set(rows) else (rows[-1], rows[-2])


def judgement(gain: Mapping[str, Any]) -> str:
    """`better`, `worse` or `unclear`: clear where the paired interval of a gain leaves zero out."""
    if gain["low"] is None or gain["n"] < 2 or gain["low"] <= 0 <= gain["high"]:
        return "unclear"
    return "better" if gain["low"] > 0 else "worse"


def judgements(scores: Mapping[str, Any]) -> dict[str, str]:
    """Metric → judgement of the verdict's two rows."""
    row, over = contest(scores)
    gains = scores["gains"][row][over]
    return {metric.name: judgement(gains[metric.name]) for metric in metrics_of(scores)}


def in_words(scores: Mapping[str, Any], metric: Metric) -> str:
    """The judgement with the share of sentences that got better, or how many would be needed to tell."""
    row, over = contest(scores)
    gain = scores["gains"][row][over][metric.name]
    kind = judgement(gain)
    if kind != "unclear":
        return f"{kind} ({gain['better']:.0%} of sentences)"
    if gain["needed"] and gain["needed"] > gain["n"]:
        return f"unclear (≈ {rough(gain['needed'])} sentences would tell)"
    return kind


def rough(count: int) -> str:
    """A number of sentences with one or two digits that mean something, as an estimate of a variance has them."""
    if count > 9999:
        return "over 9999"
    step = 10 ** (len(str(count)) - 2) if count > 99 else 1
    return str(round(count / step) * step)


def sentence_count(scores: Mapping[str, Any]) -> int:
    """How many test sentences the scores are made of."""
    return max(estimate["n"] for estimate in scores["rows"][contest(scores)[0]].values())


def headline(scores: Mapping[str, Any]) -> str:
    """The verdict in a line: how many of the scores got better and worse."""
    row, over = contest(scores)
    kinds = list(judgements(scores).values())
    better, worse = kinds.count("better"), kinds.count("worse")
    if not better and not worse:
        return f"{row.capitalize()} and {over} cannot be told apart"
    return f"{_voice(row)}: {better} of {len(kinds)} scores better than {over}, {worse} worse"


def verdict(scores: Mapping[str, Any]) -> str:
    """One sentence: what a row does better and worse than the other, and what cannot be told."""
    row, over = contest(scores)
    by_judgement: dict[str, list[str]] = {kind: [] for kind in JUDGEMENTS}
    for metric in metrics_of(scores):
        before, after = (scores["rows"][which][metric.name]["mean"] for which in (over, row))
        unit = f" {metric.unit}" if metric.unit == "dB" else ""
        change = f"{metric.label} ({shown(metric, before)} → {shown(metric, after)}{unit})"
        by_judgement[judgements(scores)[metric.name]].append(change)
    sentences = sentence_count(scores)
    better, worse, unclear = by_judgement.values()
    voice = _voice(row).lower()
    parts = []
    if better:
        parts.append(f"{voice} is better than {over} in {_list(better)}")
    if worse:
        parts.append(
            f"{'it' if better else voice} is worse {'' if better else f'than {over} '}in {_list(worse)}"
        )
    if unclear:
        parts.append(f"no difference can be told in {_list(unclear)}")
    missing = len(scores["missing"])
    lost = f" {missing} more could not be scored." if missing else ""
    return f"On {sentences} test sentence{'s' if sentences != 1 else ''}, {'; '.join(parts)}.{lost}"


def _voice(row: str) -> str:
    return "The trained voice" if row == "trained" else f"The {row} speech"


def terminal_table(scores: Mapping[str, Any], title: str) -> Table:
    """The table for a terminal: a metric a row, the rows of `scores` side by side."""
    from rich import box
    from rich.table import Table

    row, over = contest(scores)
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("score", no_wrap=True)
    for name in scores["rows"]:
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column(f"{row} against {over}")
    styles = {"better": "green", "worse": "red", "unclear": "dim"}
    for metric in metrics_of(scores):
        style = styles[judgements(scores)[metric.name]]
        estimates = [values[metric.name] for values in scores["rows"].values()]
        cells = ["{}\n[dim]{}[/dim]".format(*with_range(metric, estimate)) for estimate in estimates]
        name = f"{metric.heading}\n[dim]{metric.unit}, {ARROWS[metric.best]}[/dim]"
        table.add_row(name, *cells, f"[{style}]{in_words(scores, metric)}[/{style}]")
    return table


def markdown_table(scores: Mapping[str, Any]) -> str:
    """The same table in Markdown, for README files and the model card."""
    rows = list(scores["rows"])
    row, over = contest(scores)
    lines = [
        f"| score | best | {' | '.join(rows)} | {row} against {over} |",
        f"|---|---|{'--:|' * len(rows)}---|",
    ]
    for metric in metrics_of(scores):
        cells = [_cell(metric, scores["rows"][name][metric.name]) for name in rows]
        lines.append(
            f"| {metric.heading} ({metric.unit}) | {ARROWS[metric.best]} | {' | '.join(cells)} | "
            f"{in_words(scores, metric)} |"
        )
    lines += ["", (
        f"Means over {sentence_count(scores)} test sentences that no training saw, in brackets the 95 % bootstrap "
        f"interval. A row is better or worse only where the paired interval leaves zero out."
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
