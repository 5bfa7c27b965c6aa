"""The instrument: one module for each metric, the table of them, and the run over utterances.

`score_utterances` gives numbers for each sentence and row, `summarise` their means with intervals, as
`scores.json` has them. The natural recording is a row like any other: the ceiling.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from moien.audio import read_audio
from moien.datadir import read_datadir
from moien.errors import WrongData
from moien.progress import track
from moien.score import distilled_mos, dnsmos, duration, f0_rmse, f0_spread, mcd, similarity, voicing
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
    """A sentence and what each voice made of it (row → wav); `natural` is None where nobody has read it."""

    id: str
    speaker: str
    text: str
    spoken: Mapping[str, Path]
    natural: Path | None = None
    phonemes: str = ""

    @property
    def recordings(self) -> dict[str, Path]:
        """Row → wav, the natural one first where there is one."""
        return ({NATURAL: self.natural} if self.natural else {}) | dict(self.spoken)


def read_sentences(decode: Path, test: Path) -> list[Sentence]:
    """What stage 7 spoke (folder `decode`), the recordings of the data directory `test` beside it.

    WrongData for a test sentence without its recording.
    """
    natural = {utterance.id: utterance.audio for utterance in read_datadir(test)}
    sentences = []
    for number, line in enumerate((decode / "index.jsonl").read_text(encoding="utf-8").splitlines(), start=1):
        fact = json.loads(line)
        if fact["kind"] == "test" and fact["id"] not in natural:
            raise WrongData(f"{fact['id']} is not in {test}", where=f"{decode / 'index.jsonl'}:{number}",
                            remedy="run stage 7 again: the test split has changed")  # fmt: skip
        spoken = {row: decode / row / f"{fact['id']}.wav" for row in ("stock", "trained")}
        recording = natural[fact["id"]] if fact["kind"] == "test" else None
        sentences.append(
            Sentence(fact["id"], fact["speaker"], fact["text"], spoken, recording, fact["phonemes"])
        )
    return sentences


@dataclass(frozen=True)
class ScoredSentence:
    """The scores of a sentence, row → metric → value (NaN where the metric does not exist)."""

    id: str
    speaker: str
    text: str
    rows: dict[str, Scores] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """For `utterances.jsonl`: NaN becomes null, values are rounded to six decimals."""
        rows = {
            row: {name: number(value) for name, value in scores.items()} for row, scores in self.rows.items()
        }
        return {"id": self.id, "speaker": self.speaker, "text": self.text, "rows": rows}


def score_utterances(
    sentences: Sequence[Sentence], centroids: Mapping[str, np.ndarray], jobs: int
) -> Iterator[ScoredSentence]:
    """Score every row of sentences that have their recording, in `jobs` processes; the order stays.

    Each process computes with one thread, so the numbers do not depend on how many there are.

    Raises:
        WrongData: a wav that is missing, broken or silent (with the sentence), or no sentence at all.
    """
    if not sentences:
        raise WrongData(
            "there is no sentence to score", remedy="raise data.test_percent or data.test_prompts"
        )
    # Spawned, not forked: a forked child inherits the locks of torch's threads and may wait for ever.
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=_one_thread) as pool:
        scored = pool.map(partial(score_sentence, centroids=centroids), sentences)
        yield from track(scored, "scoring", total=len(sentences))


def _one_thread() -> None:
    import torch

    torch.set_num_threads(1)


def score_sentence(sentence: Sentence, centroids: Mapping[str, np.ndarray]) -> ScoredSentence:
    """Every metric of every row of one sentence, the natural row first."""
    clips = {row: open_clip(path, sentence.id) for row, path in sentence.recordings.items()}
    scored = ScoredSentence(sentence.id, sentence.speaker, sentence.text)
    for row, clip in clips.items():
        pair = Pair(clips[NATURAL], clip, centroids.get(sentence.speaker))
        scored.rows[row] = {metric.name: metric.compute(pair) for metric in METRICS.values()}
    return scored


def summarise(scored: Sequence[ScoredSentence], resamples: int, seed: int) -> dict[str, dict[str, Estimate]]:
    """Mean and interval of each metric, row → metric → estimate."""
    return {
        row: {
            name: bootstrap([s.rows[row][name] for s in scored], resamples, seed)
            for name in scored[0].rows[row]
        }
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
        ours, theirs, natural = (
            np.array([s.rows[which][name] for s in scored]) for which in (row, over, NATURAL)
        )
        distance = METRICS[name].distance
        result[name] = bootstrap(distance(theirs, natural) - distance(ours, natural), resamples, seed)
    return result


def scores_json(
    recipe: str, command: str, summary: Mapping[str, Mapping[str, Estimate]], gains: Mapping[str, Estimate]
) -> dict[str, Any]:
    """The content of `scores.json`: rows as `summarise` has them, and the gain of trained over stock."""

    def plain(estimates: Mapping[str, Estimate]) -> dict[str, Any]:
        return {
            name: {key: number(value) for key, value in asdict(estimate).items()}
            for name, estimate in estimates.items()
        }

    return {
        "recipe": recipe,
        "command": command,
        "rows": {row: plain(estimates) for row, estimates in summary.items()},
        "gain_of_trained_over_stock": plain(gains),
    }


def number(value: float) -> float | None:
    """A float as JSON has it: rounded to six decimals, None for NaN."""
    return None if math.isnan(value) else round(value, 6)


def open_clip(path: Path, utterance: str) -> Clip:
    """The clip of a wav; errors name the utterance."""
    return Clip(*read_audio(path), name=f"{utterance} ({path})")
