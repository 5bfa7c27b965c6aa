"""The instrument: one module for each metric, the table of them, and the run over sentences.

`score_sentences` gives numbers for each sentence and row; `moien.score.summary` makes means with intervals and
`scores.json` of them. The natural recording is a row like any other: the ceiling.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from moien.progress import track
from moien.score import (
    buzz,
    cache,
    cer,
    clicks,
    clipping,
    dc,
    distilled_mos,
    dnsmos,
    duration,
    f0_correlation,
    f0_rmse,
    f0_spread,
    fit,
    gap_noise,
    hum,
    lines,
    mcd,
    mel_distance,
    pauses,
    phone_deletions,
    phone_error,
    phone_insertions,
    similarity,
    similarity_wavlm,
    speaking_rate,
    tones,
    utmos,
    voicing,
    wer,
)
from moien.score.clip import Pair
from moien.score.metric import Metric
from moien.score.sentences import NATURAL, Sentence, open_clip
from moien.score.transcriber import open_transcriber

if TYPE_CHECKING:
    from moien.score.recogniser import Recogniser

METRICS: dict[str, Metric] = {
    module.METRIC.name: module.METRIC
    for module in (
        mcd,
        mel_distance,
        similarity,
        similarity_wavlm,
        f0_rmse,
        f0_correlation,
        f0_spread,
        voicing,
        duration,
        speaking_rate,
        pauses,
        phone_error,
        phone_deletions,
        phone_insertions,
        fit,
        cer,
        wer,
        dnsmos,
        distilled_mos,
        utmos,
        tones,
        lines,
        hum,
        gap_noise,
        clicks,
        buzz,
        clipping,
        dc,
    )
}
Scores = dict[str, float]


@dataclass(frozen=True)
class Details:
    """What the page shows of a clip beside its scores: metric → seconds at which it is worst, the worst first.

    `missed` are the words, by their number in the phoneme string, that the recogniser did not hear.
    """

    worst: dict[str, list[float]] = field(default_factory=dict)
    missed: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class ScoredSentence:
    """The scores of a sentence, row → metric → value (NaN where the metric does not exist)."""

    id: str
    speaker: str
    text: str
    rows: dict[str, Scores] = field(default_factory=dict)
    details: dict[str, Details] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """For `utterances.jsonl`: NaN becomes null, values are rounded to six decimals."""
        rows = {
            row: {name: number(value) for name, value in scores.items()} for row, scores in self.rows.items()
        }
        details = {row: asdict(facts) for row, facts in self.details.items()}
        return {"id": self.id, "speaker": self.speaker, "text": self.text, "rows": rows, "details": details}

    @classmethod
    def from_json(cls, facts: Mapping[str, Any]) -> ScoredSentence:
        """What `as_json` wrote."""
        rows = {
            row: {name: math.nan if value is None else value for name, value in scores.items()}
            for row, scores in facts["rows"].items()
        }
        details = {row: Details(**detail) for row, detail in facts["details"].items()}
        return cls(facts["id"], facts["speaker"], facts["text"], rows, details)


@dataclass(frozen=True)
class Judges:
    """Who listens, beside the metrics that need nobody: the file of a phone recogniser, and models of a hub.

    See `moien.score.recogniser`, `transcriber`, `utmos` and `similarity_wavlm`; what is not given does not judge.
    """

    recogniser: Path | None = None
    transcriber: str = ""
    language: str = ""
    utmos: str = ""
    wavlm: str = ""


@dataclass(frozen=True)
class Task:
    """A sentence, with what its scores need beside its sound; `rows` are those to compute."""

    sentence: Sentence
    rows: tuple[str, ...]
    centroid: np.ndarray | None
    judges: Judges = Judges()
    wavlm_centroid: np.ndarray | None = None


def score_sentences(
    sentences: Sequence[Sentence],
    centroids: Mapping[str, np.ndarray],
    jobs: int,
    judges: Judges = Judges(),
    wavlm_centroids: Mapping[str, np.ndarray] | None = None,
) -> Iterator[ScoredSentence]:
    """Score every row of sentences that have their recording, in `jobs` processes; the order stays.

    Each process computes with one thread, so the numbers do not depend on how many there are. A row whose audio
    was scored before comes from the cache.

    Args:
        centroids, wavlm_centroids: sentence id → unit vector `[D]` of its speaker; without one there is no
            similarity.

    Raises:
        WrongData: a wav that is missing, broken or silent, with the sentence (`find_problems` finds them first).
    """
    wavlm_centroids = wavlm_centroids or {}
    keys = {s.id: _keys(s, centroids.get(s.id), judges, wavlm_centroids.get(s.id)) for s in sentences}
    known = {key: facts for row in keys.values() for key in row.values() if (facts := cache.get(key))}
    tasks = []
    for sentence in sentences:
        rows = tuple(row for row, key in keys[sentence.id].items() if key not in known)
        if rows:
            heard, by_wavlm = centroids.get(sentence.id), wavlm_centroids.get(sentence.id)
            tasks.append(Task(sentence, rows, heard, judges, by_wavlm))
    if tasks:
        # Spawned, not forked: a forked child inherits the locks of torch's threads and may wait for ever.
        with ProcessPoolExecutor(
            min(jobs, len(tasks)), mp_context=get_context("spawn"), initializer=_one_thread
        ) as pool:
            computed = track(pool.map(score_rows, tasks), "scoring", total=len(tasks))
            for task, found in zip(tasks, computed, strict=True):
                for row, facts in found.items():
                    key = keys[task.sentence.id][row]
                    cache.put(key, facts)
                    known[key] = facts
    for sentence in sentences:
        facts = {row: known[key] for row, key in keys[sentence.id].items()}
        yield ScoredSentence.from_json(
            {"id": sentence.id, "speaker": sentence.speaker, "text": sentence.text}
            | {part: {row: f[part] for row, f in facts.items()} for part in ("rows", "details")}
        )


def _keys(
    sentence: Sentence, centroid: np.ndarray | None, judges: Judges, wavlm_centroid: np.ndarray | None
) -> dict[str, str]:
    """Row → what its scores depend on."""
    assert sentence.natural
    return {
        row: cache.key(
            sentence.natural,
            path,
            centroid,
            sentence.phonemes,
            sentence.text,
            judges.recogniser,
            (judges.transcriber, judges.utmos, judges.wavlm),
            wavlm_centroid,
        )
        for row, path in sentence.recordings.items()
    }


def _one_thread() -> None:
    import torch

    torch.set_num_threads(1)


def score_rows(task: Task) -> dict[str, dict[str, Any]]:
    """Every metric of the rows of a task, as JSON has them: row → `rows` (metric → value) and `details`."""
    sentence = task.sentence
    recordings, judges = sentence.recordings, task.judges
    recogniser = _recogniser(judges.recogniser) if judges.recogniser else None
    transcriber = open_transcriber(judges.transcriber, judges.language) if judges.transcriber else None
    natural = open_clip(recordings[NATURAL], sentence.id)
    found = {}
    for row in task.rows:
        clip = natural if row == NATURAL else open_clip(recordings[row], sentence.id)
        pair = Pair(natural, clip, task.centroid, sentence.phonemes, recogniser, sentence.text, transcriber,
                    judges.utmos, judges.wavlm, task.wavlm_centroid)  # fmt: skip
        worst = {m.name: [round(float(s), 2) for s in m.worst(pair)] for m in METRICS.values() if m.worst}
        scores = {metric.name: number(metric.compute(pair)) for metric in METRICS.values()}
        missed = phone_error.words_missed(sentence.phonemes, pair.edits) if pair.edits else []
        found[row] = {"rows": scores, "details": {"worst": worst, "missed": missed}}
    return found


@lru_cache(maxsize=1)
def _recogniser(path: Path) -> Recogniser:
    from moien.score.recogniser import Recogniser  # torch: late

    return Recogniser.load(path)


def number(value: float) -> float | None:
    """A float as JSON has it: rounded to six decimals, None for NaN."""
    return None if math.isnan(value) else round(value, 6)
