"""The instrument: one module for each metric, the table of them, and the run over utterances.

`score_utterances` gives numbers for each sentence and row, `summarise` their means with intervals, as
`scores.json` has them. The natural recording is a row like any other: the ceiling.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from moien.audio import read_audio
from moien.errors import WrongData
from moien.progress import track
from moien.score import dnsmos, distilled_mos, duration, f0_rmse, f0_spread, mcd, similarity, voicing
from moien.score.bootstrap import Estimate, bootstrap
from moien.score.clip import Clip, Pair
from moien.score.metric import Metric

METRICS: dict[str, Metric] = {
    module.METRIC.name: module.METRIC
    for module in (mcd, f0_rmse, voicing, duration, similarity, dnsmos, distilled_mos, f0_spread)
}
NATURAL = "natural"
Scores = dict[str, float]


@dataclass(frozen=True)
class Sentence:
    """A held-out sentence: its recording and what each voice made of it (row → wav)."""

    id: str
    speaker: str
    text: str
    natural: Path
    spoken: Mapping[str, Path]


@dataclass(frozen=True)
class ScoredSentence:
    """The scores of a sentence, row → metric → value (NaN where the metric does not exist)."""

    id: str
    speaker: str
    text: str
    rows: dict[str, Scores] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """For `utterances.jsonl`: NaN becomes null, values are rounded to six decimals."""
        rows = {row: {name: number(value) for name, value in scores.items()} for row, scores in self.rows.items()}
        return {"id": self.id, "speaker": self.speaker, "text": self.text, "rows": rows}


def score_utterances(
    sentences: Sequence[Sentence], centroids: Mapping[str, np.ndarray], metrics: Iterable[str] = METRICS
) -> Iterator[ScoredSentence]:
    """Score every row of every sentence, the natural one first.

    Raises:
        WrongData: a wav that is missing, broken or silent (with the sentence), or no sentence at all.
    """
    if not sentences:
        raise WrongData("there is no sentence to score", remedy="give the corpus a test split (data.test_…)")
    chosen = [METRICS[name] for name in metrics]
    for sentence in track(sentences, "scoring"):
        natural = _open(sentence.natural, sentence.id)
        clips = {NATURAL: natural} | {row: _open(path, sentence.id) for row, path in sentence.spoken.items()}
        scored = ScoredSentence(sentence.id, sentence.speaker, sentence.text)
        for row, clip in clips.items():
            pair = Pair(natural, clip, centroids.get(sentence.speaker))
            scored.rows[row] = {metric.name: metric.compute(pair) for metric in chosen}
        yield scored


def summarise(scored: Sequence[ScoredSentence], resamples: int, seed: int) -> dict[str, dict[str, Estimate]]:
    """Mean and interval of each metric, row → metric → estimate."""
    return {
        row: {name: bootstrap([s.rows[row][name] for s in scored], resamples, seed) for name in scored[0].rows[row]}
        for row in scored[0].rows
    }


def improvements(
    scored: Sequence[ScoredSentence], row: str, over: str, resamples: int, seed: int
) -> dict[str, Estimate]:
    """How much nearer to good `row` is than `over`, sentence by sentence, above zero being better.

    Paired: each sentence is compared with itself, so that easy and hard sentences cancel out.
    """
    result = {}
    for name in scored[0].rows[row]:
        ours, theirs, natural = (np.array([s.rows[which][name] for s in scored]) for which in (row, over, NATURAL))
        distance = METRICS[name].distance
        result[name] = bootstrap(distance(theirs, natural) - distance(ours, natural), resamples, seed)
    return result


def scores_json(summary: Mapping[str, Mapping[str, Estimate]], gains: Mapping[str, Estimate]) -> dict[str, Any]:
    """The content of `scores.json`: rows as `summarise` has them, and the gain of trained over stock."""

    def plain(estimate: Estimate) -> dict[str, Any]:
        return {key: number(value) for key, value in asdict(estimate).items()}

    return {
        "rows": {row: {name: plain(e) for name, e in estimates.items()} for row, estimates in summary.items()},
        "gain_of_trained_over_stock": {name: plain(e) for name, e in gains.items()},
    }


def number(value: float) -> float | None:
    """A float as JSON has it: rounded to six decimals, None for NaN."""
    return None if math.isnan(value) else round(value, 6)


def _open(path: Path, utterance: str) -> Clip:
    return Clip(*read_audio(path), name=f"{utterance} ({path})")
