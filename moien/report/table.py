"""The table of scores and the verdict in words, from the content of `scores.json` alone."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from moien.errors import WrongData
from moien.score.metric import Metric
from moien.score.metrics import METRICS
from moien.score.sentences import ROWS

if TYPE_CHECKING:
    from rich.table import Table

Contest = tuple[str, str]  # a row, and the row that it is compared with

ARROWS = {"low": "↓", "high": "↑", "one": "→ 1", "natural": "→ natural"}
IN_WORDS = {
    "low": "lower is better",
    "high": "higher is better",
    "one": "best at 1",
    "natural": "best at the recording's own value",
}
JUDGEMENTS = ("better", "worse", "unclear")
GROUPS = {
    "likeness": "Likeness to the recording",
    "melody": "Melody",
    "timing": "Timing",
    "words": "Words understood",
    "opinion": "Predicted opinion",
    "artefacts": "Artefacts",
}
HELD_OUT = "chooses nothing"  # the mark of a held-out judge
SPEECH = (*ROWS, "synthetic")  # rows by their kind; others are names of runs
NAMED = 4  # scores that the verdict names for each judgement: a list of twenty is not readable


def read_scores(path: Path) -> dict[str, Any]:
    """The content of a `scores.json`; WrongData where there is none."""
    try:
        scores = json.loads(path.read_text(encoding="utf-8"))
        if not (isinstance(scores, dict) and "recipe" in scores and isinstance(scores.get("rows"), dict)):
            raise WrongData("these are no scores", where=path)
        return scores
    except FileNotFoundError:
        raise WrongData(
            "there are no scores yet", where=path, remedy="run stage 8 (score) of the recipe"
        ) from None
    except ValueError:
        raise WrongData(
            "this is no JSON", where=path, remedy="run stage 8 (score) again with --force"
        ) from None


def metrics_of(scores: Mapping[str, Any]) -> list[Metric]:
    """The metrics that `scores` has a number of in any row, in the order of the table: by group."""
    rows = scores["rows"].values()
    known = [
        metric
        for name, metric in METRICS.items()
        if any(row.get(name, {}).get("mean") is not None for row in rows)
    ]
    return sorted(known, key=lambda metric: list(GROUPS).index(metric.group))


def shown(metric: Metric, value: float | None) -> str:
    """A value with the metric's digits, a dash where there is none."""
    if value is None:
        return "–"
    return f"{round(value, metric.digits) + 0.0:.{metric.digits}f}".replace("-", "−")  # + 0.0: no "−0.0"


def contest(scores: Mapping[str, Any]) -> tuple[str, str]:
    """The two rows of the verdict: trained against stock, else the last row and the one that it is compared with."""
    rows = list(scores["rows"])
    if {"trained", "stock"} <= set(rows):
        return "trained", "stock"
    return rows[-1], next(iter(scores["gains"][rows[-1]]))


def judgement(gain: Mapping[str, Any]) -> str:
    """`better`, `worse` or `unclear`: clear where the paired interval of a gain leaves zero out."""
    if gain["low"] is None or gain["n"] < 2 or gain["low"] <= 0 <= gain["high"]:
        return "unclear"
    return "better" if gain["low"] > 0 else "worse"


def judgements(scores: Mapping[str, Any], pair: Contest | None = None) -> dict[str, str]:
    """Metric → judgement of two rows, by default the verdict's."""
    row, over = pair or contest(scores)
    gains = scores["gains"][row][over]
    return {metric.name: judgement(gains[metric.name]) for metric in metrics_of(scores)}


def in_words(scores: Mapping[str, Any], metric: Metric, pair: Contest | None = None) -> str:
    """The judgement with the share of better sentences, or the number of sentences that would be needed."""
    row, over = pair or contest(scores)
    gain = scores["gains"][row][over][metric.name]
    kind = judgement(gain)
    if kind == "better":
        return f"better ({gain['better']:.0%} of sentences)"
    if kind == "worse":
        return f"worse ({gain['better']:.0%} of sentences better)"
    if gain["needed"] and gain["needed"] > gain["n"]:
        return f"unclear (≈ {rough(gain['needed'])} sentences needed)"
    return kind


def rough(count: int) -> str:
    """A number of sentences with one or two significant digits: it is estimated from a variance."""
    if count > 9999:
        return "over 9999"
    step = 10 ** (len(str(count)) - 2) if count > 99 else 1
    return str(round(count / step) * step)


def sentence_count(scores: Mapping[str, Any]) -> int:
    """The number of test sentences behind the scores."""
    return max(estimate["n"] for estimate in scores["rows"][contest(scores)[0]].values())


def headline(scores: Mapping[str, Any], pair: Contest | None = None) -> str:
    """The verdict in a line: how many of the scores are better and worse."""
    row, over = pair or contest(scores)
    kinds = list(judgements(scores, pair).values())
    better, worse = kinds.count("better"), kinds.count("worse")
    if not better and not worse:
        return f"No clear difference between {row} and {over}"
    voice = _voice(row)
    return f"{voice[0].upper()}{voice[1:]}: {better} of {len(kinds)} scores better than {over}, {worse} worse"


def verdict(scores: Mapping[str, Any], pair: Contest | None = None) -> str:
    """One sentence: in which scores a row is better and worse than the other, the clearest first, and the rest."""
    row, over = pair = pair or contest(scores)
    gains, kinds = scores["gains"][row][over], judgements(scores, pair)
    parts: dict[str, str] = {}
    for kind in JUDGEMENTS:
        ours = [metric for metric in metrics_of(scores) if kinds[metric.name] == kind]
        if len(ours) > NAMED and kind != "unclear":
            ours.sort(key=lambda metric: -clearness(gains[metric.name]))
        if ours:
            unclear = kind == "unclear"  # figures of a difference by chance would mislead
            parts[kind] = _named([m.label if unclear else _change(scores, m, pair) for m in ours])
    clauses = []
    if "better" in parts:
        clauses.append(f"{_voice(row)} is better than {over} in {parts['better']}")
    if "worse" in parts:
        than = "it is worse" if clauses else f"{_voice(row)} is worse than {over}"
        clauses.append(f"{than} in {parts['worse']}")
    if "unclear" in parts:
        clauses.append(
            f"no clear difference {'' if clauses else f'between {row} and {over} '}in {parts['unclear']}"
        )
    sentences, missing = sentence_count(scores), len(scores["missing"])
    lost = f" {missing} more could not be scored." if missing else ""
    return f"On {sentences} test sentence{'s' if sentences != 1 else ''}, {'; '.join(clauses)}.{lost}"


def clearness(gain: Mapping[str, Any]) -> float:
    """A gain in widths of its interval: what makes differences of several units comparable."""
    width = gain["high"] - gain["low"]
    return abs(gain["mean"]) / width if width else math.inf


def amount(metric: Metric, gain: Mapping[str, Any]) -> str:
    """By how much a row is better or worse, with the interval; around zero both signs are shown."""
    values = [gain[key] for key in ("mean", "low", "high")]
    if judgement(gain) == "worse":  # the word gives the direction
        values = [-values[0], -values[2], -values[1]]
    if metric.best == "one":  # gains of a ratio are in ln, shown in per cent
        values, digits, unit = [100 * math.expm1(value) for value in values], 0, " %"
    else:
        digits, unit = metric.digits, " dB" if metric.unit == "dB" else ""
    if not any(values):
        return "no difference"
    mean, low, high = (f"{round(value, digits) + 0.0:.{digits}f}" for value in values)  # + 0.0: no "−0.0"
    return f"{mean}{unit} ({low} to {high})".replace("-", "−")


def _change(scores: Mapping[str, Any], metric: Metric, pair: Contest) -> str:
    before, after = (scores["rows"][which][metric.name]["mean"] for which in reversed(pair))
    unit = f" {metric.unit}" if metric.unit == "dB" else ""
    return f"{metric.label} ({shown(metric, before)} → {shown(metric, after)}{unit})"


def _named(changes: list[str]) -> str:
    """All of a few; the first of many, and how many there are besides."""
    rest = len(changes) - NAMED
    return _list([*changes[:NAMED], f"{rest} more"] if rest > 1 else changes)


def _voice(row: str) -> str:
    return {"trained": "the trained voice"}.get(row, f"the {row} speech" if row in SPEECH else row)


def unit_of(metric: Metric) -> str:
    """The unit, and the mark of a held-out judge."""
    return f"{metric.unit}, {HELD_OUT}" if metric.held_out else metric.unit


def held_out_note(scores: Mapping[str, Any]) -> str:
    """What the mark of a held-out judge means, as a sentence; "" where no score has it."""
    if not any(metric.held_out for metric in metrics_of(scores)):
        return ""
    return (
        f"A score that “{HELD_OUT}” is used by no training, fit or choice of Moien: it shows whether a gain is more "
        f"than tuning to the others."
    )


def floor_note(scores: Mapping[str, Any]) -> str:
    """The similarity of other speakers, as a sentence; "" where it is not known."""
    if not (floor := scores.get("floor")):
        return ""
    return (
        f"Other speakers have a similarity of {shown(METRICS['similarity'], floor['mean'])} ({floor['of']})."
    )


def terminal_table(scores: Mapping[str, Any], title: str, pairs: Sequence[Contest] = ()) -> Table:
    """The table for a terminal: a metric a row in groups, the rows of `scores` side by side, then which is better.

    Args:
        pairs: the comparisons to show, by default the verdict's.
    """
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    pairs = pairs or [contest(scores)]
    table = Table(title=escape(title), title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("score", no_wrap=True)
    for name in scores["rows"]:
        table.add_column(escape(name), justify="right", no_wrap=True)
    for row, over in pairs:
        table.add_column(escape(f"{row} against {over}"))
    styles = {"better": "green", "worse": "red", "unclear": "dim"}
    for group, metrics in groupby(metrics_of(scores), key=lambda metric: metric.group):
        table.add_section()
        table.add_row(f"[dim]{GROUPS[group]}[/dim]")
        for metric in metrics:
            estimates = [values[metric.name] for values in scores["rows"].values()]
            cells = ["{}\n[dim]{}[/dim]".format(*with_range(metric, estimate)) for estimate in estimates]
            for pair in pairs:
                style = styles[judgements(scores, pair)[metric.name]]
                cells.append(f"[{style}]{in_words(scores, metric, pair)}[/{style}]")
            table.add_row(f"{metric.heading}\n[dim]{unit_of(metric)}, {ARROWS[metric.best]}[/dim]", *cells)
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
        cells = [cell(metric, scores["rows"][name][metric.name]) for name in rows]
        lines.append(
            f"| {metric.heading} ({unit_of(metric)}) | {ARROWS[metric.best]} | {' | '.join(cells)} | "
            f"{in_words(scores, metric)} |"
        )
    notes = (
        f"Means over {sentence_count(scores)} test sentences that were not used for training, in brackets the 95 % "
        f"bootstrap interval. A row is better or worse only where the paired interval leaves zero out.",
        held_out_note(scores),
        floor_note(scores),
    )
    return "\n".join([*lines, "", " ".join(filter(None, notes))])


def with_range(metric: Metric, estimate: Mapping[str, Any]) -> tuple[str, str]:
    """Mean and interval as text; no interval where there is no spread (the recording against itself)."""
    mean, low, high = (estimate[key] for key in ("mean", "low", "high"))
    if mean is None or low == high:
        return shown(metric, mean), ""
    return shown(metric, mean), f"{shown(metric, low)}{' to ' if low < 0 else '–'}{shown(metric, high)}"


def cell(metric: Metric, estimate: Mapping[str, Any]) -> str:
    """Mean and interval for a table in Markdown."""
    mean, interval = with_range(metric, estimate)
    return f"{mean} ({interval})" if interval else mean


def _list(items: list[str]) -> str:
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"
