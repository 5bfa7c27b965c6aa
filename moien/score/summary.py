"""From the scores of sentences to `scores.json`: means with intervals, and which row is better than which.

A difference counts only where its interval leaves zero out. Where it does not, the number of sentences that a
difference of this size would need is given: too small a test split is the usual reason.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from moien.score.bootstrap import Estimate, bootstrap
from moien.score.metrics import METRICS
from moien.score.scored import ScoredSentence, number
from moien.score.sentences import NATURAL, Problem

POWER = 1.96 + 0.84  # normal quantiles: an interval of 95 % that leaves zero out in 80 % of all tries


@dataclass(frozen=True)
class Gain(Estimate):
    """How much nearer to good one row is than another; above zero is better.

    `better` is the share of sentences in which it is, `needed` the number of sentences with which a difference of
    this size and spread would be seen (None where there is none).
    """

    better: float
    needed: int | None


def summarise(scored: Sequence[ScoredSentence], resamples: int, seed: int) -> dict[str, dict[str, Estimate]]:
    """Mean and interval of each metric, row → metric → estimate."""
    return {
        row: {
            name: bootstrap([s.rows[row][name] for s in scored], resamples, seed)
            for name in scored[0].rows[row]
        }
        for row in scored[0].rows
    }


def gains(
    scored: Sequence[ScoredSentence], row: str, over: str, resamples: int, seed: int
) -> dict[str, Gain]:
    """How much nearer to good `row` is than `over`, metric by metric.

    Paired: each sentence is compared with itself, so that easy and hard sentences cancel out.
    """
    result = {}
    for name in scored[0].rows[row]:
        ours, theirs, natural = (
            np.array([s.rows[which][name] for s in scored]) for which in (row, over, NATURAL)
        )
        distance = METRICS[name].distance
        result[name] = gain(distance(theirs, natural) - distance(ours, natural), resamples, seed)
    return result


def gain(differences: np.ndarray, resamples: int, seed: int) -> Gain:
    """The gain of a row whose sentences are nearer to good by `differences`; NaN ones do not exist."""
    known = differences[~np.isnan(differences)]
    estimate = bootstrap(known, resamples, seed)
    spread = float(known.std(ddof=1)) if len(known) > 1 else math.nan
    seen = estimate.n > 1 and spread > 0 and estimate.mean != 0
    return Gain(
        **asdict(estimate),
        better=float((known > 0).mean()) if len(known) else math.nan,
        needed=math.ceil((POWER * spread / estimate.mean) ** 2) if seen else None,
    )


def comparisons(rows: Iterable[str]) -> list[tuple[str, str]]:
    """Which row is compared with which: each with the one above it, and the trained voice always with stock."""
    names = list(rows)
    pairs = list(zip(names[1:], names, strict=False))
    if {"trained", "stock"} <= set(names) and ("trained", "stock") not in pairs:
        pairs.append(("trained", "stock"))
    return pairs


def scores_json(
    recipe: str,
    command: str,
    scored: Sequence[ScoredSentence],
    problems: Sequence[Problem] = (),
    floor: Mapping[str, Any] | None = None,
    *,
    resamples: int,
    seed: int,
) -> dict[str, Any]:
    """The content of `scores.json`.

    `rows`: row → metric → `mean low high n`; `gains`: row → the row it is compared with → metric → the same with
    `better` and `needed`; `versa`: row → key of VERSA → mean, as far as VERSA has the same quantity; `missing`: the
    sentences that could not be scored; `floor`: the similarity of other speakers (`moien.score.speakers.floor`), where
    it is known.
    """
    rows = summarise(scored, resamples, seed)
    compared: dict[str, dict[str, Any]] = {}
    for row, over in comparisons(rows):
        compared.setdefault(row, {})[over] = plain(gains(scored, row, over, resamples, seed))
    return {
        "recipe": recipe,
        "command": command,
        "rows": {row: plain(estimates) for row, estimates in rows.items()},
        "gains": compared,
        "versa": {row: versa(estimates) for row, estimates in rows.items()},
        "missing": [asdict(problem) for problem in problems],
        "floor": floor and {"mean": number(floor["mean"]), "of": floor["of"]},
    }


def versa(estimates: Mapping[str, Estimate]) -> dict[str, float | None]:
    """The means under the keys of VERSA's reports (docs/scores.md tells what is computed otherwise)."""
    return {
        key: number(estimate.mean) for name, estimate in estimates.items() if (key := METRICS[name].versa)
    }


def plain(estimates: Mapping[str, Estimate]) -> dict[str, Any]:
    """Estimates by metric as JSON has them."""
    return {
        name: {
            key: number(value) if isinstance(value, float) else value
            for key, value in asdict(estimate).items()
        }
        for name, estimate in estimates.items()
    }
