"""The run over sentences: every metric of every row, in several processes, with a cache."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from moien.pool import in_parallel
from moien.score import cache
from moien.score.judges import DEFAULT_JUDGES, Judges
from moien.score.metrics import METRICS
from moien.score.pair import Pair
from moien.score.phones import words_missed
from moien.score.scored import ScoredSentence, number
from moien.score.sentences import NATURAL, Sentence, open_clip
from moien.score.speakers import Centroids

JUDGED = tuple(name for name, metric in METRICS.items() if metric.judged)
UNJUDGED = tuple(name for name, metric in METRICS.items() if not metric.judged)
Facts = dict[str, dict[str, Any]]  # row → `rows` (metric → value) and `details`, as JSON has them


@dataclass(frozen=True)
class Task:
    """A sentence, with what its scores need beside its sound; `rows` are those to compute."""

    sentence: Sentence
    rows: tuple[str, ...]
    centroids: Centroids
    judges: Judges = DEFAULT_JUDGES


def score_sentences(
    sentences: Sequence[Sentence],
    centroids: Mapping[str, Centroids],
    jobs: int,
    judges: Judges = DEFAULT_JUDGES,
) -> Iterator[ScoredSentence]:
    """Score every row of sentences that have their recording, in `jobs` processes; the order stays.

    Each process computes with one thread, so the numbers do not depend on how many there are. A row whose audio
    was scored before comes from the cache.

    Args:
        centroids: sentence id → centroids of its speaker; without them there is no similarity.
        judges: the models that score.

    Raises:
        WrongData: a wav that is missing, broken or silent, with the sentence (`find_problems` finds them first).
    """
    keys = {s.id: _keys(s, centroids.get(s.id, {}), judges) for s in sentences}
    known = {key: facts for row in keys.values() for key in row.values() if (facts := cache.get(key))}
    tasks = []
    for sentence in sentences:
        rows = tuple(row for row, key in keys[sentence.id].items() if key not in known)
        if rows:
            tasks.append(Task(sentence, rows, centroids.get(sentence.id, {}), judges))
    for task, found in zip(tasks, _computed(tasks, jobs, judges.device), strict=True):
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


def _keys(sentence: Sentence, centroids: Centroids, judges: Judges) -> dict[str, str]:
    """Row → what its scores depend on."""
    assert sentence.natural
    return {
        row: cache.key(sentence.natural, path, centroids, sentence.phonemes, sentence.text, judges)
        for row, path in sentence.recordings.items()
    }


def _computed(tasks: Sequence[Task], jobs: int, device: str) -> Iterator[Facts]:
    """The scores of each task. With a card, its models are opened in this process only, and not in every other."""
    if device == "cpu":
        yield from in_parallel(score_rows, tasks, jobs, "scoring", torch=True)
        return
    without = [replace(task, judges=DEFAULT_JUDGES) for task in tasks]
    others = in_parallel(partial(score_rows, metrics=UNJUDGED), without, jobs, "scoring", torch=True)
    for task, facts in zip(tasks, others, strict=True):
        yield _merged(facts, score_rows(task, JUDGED))


def _merged(unjudged: Facts, judged: Facts) -> Facts:
    """Scores of both kinds of metrics, in the order of the table."""
    found = {}
    for row, facts in unjudged.items():
        scores = facts["rows"] | judged[row]["rows"]
        details = judged[row]["details"] | {"worst": facts["details"]["worst"]}
        found[row] = {"rows": {name: scores[name] for name in METRICS}, "details": details}
    return found


def score_rows(task: Task, metrics: Collection[str] = tuple(METRICS)) -> Facts:
    """These metrics of the rows of a task."""
    sentence = task.sentence
    natural = open_clip(sentence.recordings[NATURAL], sentence.id)
    found = {}
    for row in task.rows:
        clip = natural if row == NATURAL else open_clip(sentence.recordings[row], sentence.id)
        pair = Pair(natural, clip, task.centroids, sentence.phonemes, sentence.text, task.judges)
        found[row] = _scored(pair, metrics)
    return found


def _scored(pair: Pair, metrics: Iterable[str]) -> dict[str, Any]:
    chosen = [METRICS[name] for name in metrics]
    worst = {m.name: [round(float(s), 2) for s in m.worst(pair)] for m in chosen if m.worst}
    scores = {m.name: number(m.compute(pair)) for m in chosen}
    missed = words_missed(pair.phonemes, pair.edits) if pair.edits else []
    return {"rows": scores, "details": {"worst": worst, "missed": missed}}
