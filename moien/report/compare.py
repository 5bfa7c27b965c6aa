"""Runs side by side on the sentences they share: paired differences against the first, as a table and as a page."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from moien.errors import WrongCall, WrongData
from moien.report import html
from moien.report.cards import card, fitting, melody_scale, panels
from moien.report.grid import glance, grid
from moien.report.looks import looks
from moien.report.runs import ScoredRun
from moien.report.table import Contest, contest, headline, held_out_note, metrics_of, terminal_table, verdict
from moien.score.metrics import METRICS
from moien.score.scored import Details, ScoredSentence, number
from moien.score.sentences import NATURAL, Sentence
from moien.score.summary import gains, plain, summarise

if TYPE_CHECKING:
    from rich.table import Table

LANGUAGE = "und"  # BCP 47: the language is not known


@dataclass(frozen=True)
class Comparison:
    """The content of the table and of the page.

    `scores` is shaped as `scores.json`: rows are natural and the runs by name, each run's gains are over the first.
    `sentences` are those that all share, with the same rows. `runs` has of each run `name`, `recipe`, `command`,
    `row` (which of its rows is compared), `alone` (its number of sentences that the others do not have) and `sounds`
    (the folder of that row's wavs, or None).
    """

    scores: Mapping[str, Any]
    sentences: Sequence[ScoredSentence]
    runs: Sequence[Mapping[str, Any]]

    @property
    def pairs(self) -> list[Contest]:
        """Every run but the first, with the first."""
        first, *others = (run["name"] for run in self.runs)
        return [(name, first) for name in others]


def comparison(runs: Sequence[ScoredRun], resamples: int, seed: int) -> Comparison:
    """Compare the trained voice of each run on the sentences that all runs scored.

    Raises:
        WrongCall: fewer than two runs, or two by one name.
        WrongData: no sentence or metric in common, or one id with two texts.
    """
    _check(runs)
    by_id = [{sentence.id: sentence for sentence in run.sentences} for run in runs]
    shared = [id for id in by_id[0] if all(id in ours for ours in by_id)]
    judged = [contest(run.scores)[0] for run in runs]
    names = [run.name for run in runs]
    if not shared:
        raise WrongData(
            f"{' and '.join(names)} have no sentence in common", remedy="compare runs of one corpus and split"
        )
    known = [set(ours[shared[0]].rows[row]) for ours, row in zip(by_id, judged, strict=True)]
    metrics = [name for name in METRICS if all(name in ours for ours in known)]
    if not metrics:
        raise WrongData(
            f"{' and '.join(names)} have no score in common", remedy="score them again: --stage 8"
        )
    merged = [_merge([ours[id] for ours in by_id], names, judged, metrics) for id in shared]
    facts = [
        {
            "name": run.name,
            "recipe": run.scores["recipe"],
            "command": run.scores["command"],
            "row": row,
            "alone": len(run.sentences) - len(shared),
            "sounds": run.sounds / row if run.sounds else None,
        }
        for run, row in zip(runs, judged, strict=True)
    ]
    scores = {
        "rows": {row: plain(estimates) for row, estimates in summarise(merged, resamples, seed).items()},
        "gains": {
            name: {names[0]: plain(gains(merged, name, names[0], resamples, seed))} for name in names[1:]
        },
        "missing": [],
    }
    return Comparison(scores, merged, facts)


def _check(runs: Sequence[ScoredRun]) -> None:
    names = [run.name for run in runs]
    if len(runs) < 2:
        raise WrongCall("one run cannot be compared", remedy="name two or more: moien compare RUN RUN")
    if len(set(names)) < len(names) or NATURAL in names:
        raise WrongCall(
            f"two runs have one name: {', '.join(names)}",
            remedy=f"give each run another name, and not {NATURAL}",
        )


def _merge(
    sentence: Sequence[ScoredSentence], names: Sequence[str], judged: Sequence[str], metrics: Sequence[str]
) -> ScoredSentence:
    """One sentence of all runs as one: its recording, and a row for each run."""
    first = sentence[0]
    for name, other in zip(names, sentence, strict=True):
        if other.text != first.text:
            raise WrongData(
                f"{first.id} is {first.text!r} in {names[0]}, {other.text!r} in {name}",
                remedy="compare runs of one corpus",
            )
    taken = [(NATURAL, first, NATURAL), *zip(names, sentence, judged, strict=True)]
    rows = {name: {metric: ours.rows[row][metric] for metric in metrics} for name, ours, row in taken}
    details = {name: ours.details.get(row, Details()) for name, ours, row in taken}
    return ScoredSentence(first.id, first.speaker, first.text, rows, details)


def compare_table(data: Comparison) -> Table:
    """For the terminal: means of each run, and each against the first."""
    names = ", ".join(run["name"] for run in data.runs)
    return terminal_table(data.scores, f"{names}: {len(data.sentences)} sentences", data.pairs)


def verdicts(data: Comparison) -> list[str]:
    """A sentence for each run but the first."""
    return [verdict(data.scores, pair) for pair in data.pairs]


def recordings(data: Comparison, natural: Mapping[str, Path]) -> list[Sentence]:
    """The shared sentences with the wavs of all runs as their rows; a sentence that lacks one is left out.

    Args:
        natural: sentence id → its recording; may be empty.
    """
    folders = {run["name"]: run["sounds"] for run in data.runs}
    if None in folders.values():
        return []
    found = []
    for sentence in data.sentences:
        wavs = {name: folder / f"{sentence.id}.wav" for name, folder in folders.items()}
        if all(path.is_file() for path in wavs.values()):
            recording = natural.get(sentence.id)
            found.append(Sentence(sentence.id, sentence.speaker, sentence.text, wavs, recording))
    return found


def write_compare(
    path: Path, data: Comparison, sentences: Sequence[Sentence] = (), language: str = LANGUAGE, jobs: int = 1
) -> None:
    """Write the page: one file as the page of a run is.

    Args:
        sentences: with a wav for each run (`recordings`); those that changed most are on the page.
        language: of the sentences, a BCP 47 code.

    Raises:
        WrongData: a wav that cannot be read, or a page above 15 MB.
    """
    metrics, scored = metrics_of(data.scores), {sentence.id: sentence for sentence in data.sentences}
    kept = fitting(sorted(sentences, key=lambda sentence: -_change(data, scored[sentence.id])), spread=False)
    clips = list(panels(kept, jobs))
    scale = melody_scale(clip for rows in clips for clip in rows.values())
    cards = [
        card(sentence, rows, scale, metrics=metrics, scored=scored[sentence.id])
        | {"sort": _sorting(data, scored[sentence.id])}
        for sentence, rows in zip(kept, clips, strict=True)
    ]
    orders = [
        (f"{sign}{number}", f"{run}: {which} against {over} first")
        for number, (run, over) in enumerate(data.pairs)
        for sign, which in (("+", "worst"), ("-", "best"))
    ]
    page = html.render(
        "compare.html.j2",
        names=[run["name"] for run in data.runs],
        runs=data.runs,
        language=language,
        headlines=[headline(data.scores, pair) for pair in data.pairs],
        verdicts=[
            {"over": pair, "text": verdict(data.scores, pair), "glance": glance(data.scores, pair)}
            for pair in data.pairs
        ],
        grid=grid(data.scores, data.pairs),
        looks=looks(data.scores["rows"]),
        orders=orders,
        held_out_note=held_out_note(data.scores),
        first_sort="distillmos" if "distillmos" in {metric.name for metric in metrics} else metrics[0].name,
        keys=max((len(rows) for rows in clips), default=0),
        scale=scale,
        has={key: any(pane[key] for made in cards for pane in made["panels"]) for key in ("spans", "words")},
        sentence_count=len(data.sentences),
        sentences=cards,
        omitted=len(data.sentences) - len(kept),
    )
    html.write(path, page, remedy="compare fewer runs at once")


def _gains_of(data: Comparison, sentence: ScoredSentence, pair: Contest) -> dict[str, float]:
    """Metric → how much nearer to good the first row of a pair is in one sentence."""
    row, over = (sentence.rows[name] for name in pair)
    natural = sentence.rows[NATURAL]
    return {
        m.name: float(m.distance(over[m.name], natural[m.name]) - m.distance(row[m.name], natural[m.name]))
        for m in metrics_of(data.scores)
    }


def _sorting(data: Comparison, sentence: ScoredSentence) -> dict[str, dict[str, float | None]]:
    return {
        str(i): {name: number(value) for name, value in _gains_of(data, sentence, pair).items()}
        for i, pair in enumerate(data.pairs)
    }


def _change(data: Comparison, sentence: ScoredSentence) -> float:
    """How much a sentence changed, over all scores: in means of what the sentences change in each."""
    total = 0.0
    for pair in data.pairs:
        usual = data.scores["gains"][pair[0]][pair[1]]
        for name, value in _gains_of(data, sentence, pair).items():
            width = (usual[name]["high"] or 0) - (usual[name]["low"] or 0)
            total += abs(value) / width if width > 0 and not math.isnan(value) else 0.0
    return total
