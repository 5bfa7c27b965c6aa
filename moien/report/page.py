"""The page of a run: one file that opens offline, with the verdict, the table, sounds and pictures of every test
sentence, the training, the corpus, and how it was made.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from moien.report import html
from moien.report.cards import Annotations, card, distances, fitting, melody_scale, panels, seconds_of
from moien.report.choice import choice_table, in_words
from moien.report.curves import curves
from moien.report.durations import Timing, duration_plots, f0_plots, lengths
from moien.report.grid import all_pairs, glance, grid
from moien.report.learning import Learning, learning_card
from moien.report.looks import looks
from moien.report.table import (
    contest,
    floor_note,
    headline,
    held_out_note,
    metrics_of,
    sentence_count,
    verdict,
)
from moien.score.scored import ScoredSentence
from moien.score.sentences import Sentence


@dataclass(frozen=True)
class Run:
    """What the page shows of a run, beside scores and sounds.

    `stages` maps a stage to its manifest, `history` is the training's, `choice` the content of `choice.json`,
    `learning` the samples of the training, `corpus` the data sheet (`moien.report.datasheet`), `annotations` the words
    and phones of the sentences, `timings` their durations by sentence.
    """

    language: str
    licence: str
    settings: str
    versions: str
    stages: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    history: Sequence[Mapping[str, Any]] = ()
    choice: Mapping[str, Any] | None = None
    learning: Learning | None = None
    corpus: Mapping[str, Any] | None = None
    annotations: Annotations = field(default_factory=Annotations)
    timings: Mapping[str, Timing] = field(default_factory=dict)


def write_page(
    path: Path,
    scores: Mapping[str, Any],
    scored: Sequence[ScoredSentence],
    sentences: Iterable[Sentence],
    run: Run,
    jobs: int = 1,
) -> None:
    """Write `path`, a page without any reference to another file.

    Args:
        scores: the content of `scores.json`.
        scored: the scores of the test sentences.
        sentences: test sentences and those without a recording, with their wavs.
        jobs: processes that make sounds and pictures.

    Raises:
        WrongData: a wav that cannot be read, or a page above 15 MB.
    """
    every = list(sentences)
    strip = [run.learning.sentence] if run.learning else []
    kept = fitting(every, taken_s=sum(map(seconds_of, strip)))
    *clips, last = panels([*kept, *strip], jobs) if strip else [*panels(kept, jobs), {}]
    scale = melody_scale(clip for rows in clips for clip in rows.values())
    metrics, by_id = metrics_of(scores), {sentence.id: sentence for sentence in scored}
    row, over = contest(scores)
    recorded, unrecorded = [], []
    for sentence, rows in zip(kept, clips, strict=True):
        if sentence.id in by_id:
            ours = by_id[sentence.id]
            made = card(sentence, rows, scale, run.annotations, metrics, ours)
            recorded.append(made | {"sort": distances(metrics, ours, row, over)})
        else:
            unrecorded.append(card(sentence, rows, scale, run.annotations) | {"sort": {}})
    names = list(dict.fromkeys([*scores["rows"], *(name for rows in clips for name in rows)]))
    cards = recorded + unrecorded
    panes = [pane for made in cards for pane in made["panels"]]
    f0 = {
        sentence.id: {row: clip.f0 for row, clip in rows.items()}
        for sentence, rows in zip(kept, clips, strict=True)
    }
    pairs = all_pairs(scores)
    page = html.render(
        "page.html.j2",
        recipe=scores["recipe"],
        command=scores["command"],
        headline=headline(scores),
        verdict=verdict(scores),
        besides=[headline(scores, (row, other)) for other in scores["gains"][row] if other != over],
        glance=glance(scores),
        missing=scores["missing"],
        grid=grid(scores),
        every=grid(scores, pairs) if len(pairs) > 1 else None,
        looks=looks(names),
        first_sort="distillmos" if any(metric.name == "distillmos" for metric in metrics) else "",
        orders=[
            ("-distance", f"worst {row} first"),
            ("+distance", f"best {row} first"),
            ("-behind", f"most behind {over} first"),
        ],
        keys=max(len(rows) for rows in clips),
        scale=scale,
        has={key: any(pane[key] for pane in panes) for key in ("spans", "words")},
        sentence_count=sentence_count(scores),
        held_out_note=held_out_note(scores),
        floor_note=floor_note(scores),
        sentences=recorded,
        evals=unrecorded,
        omitted=len(every) - len(kept),
        curves=curves(run.history),
        language=run.language,
        licence=run.licence,
        choice=in_words(run.choice) if run.choice else "",
        candidates=choice_table(run.choice) if run.choice else None,
        learning=learning_card(run.learning, last, scale) if run.learning else None,
        lengths=lengths(run.timings),
        scatters=duration_plots(run.timings) + f0_plots(run.timings, f0),
        corpus=run.corpus,
        settings=run.settings,
        versions=run.versions,
        stages=[_stage_row(name, manifest["counts"]) for name, manifest in run.stages.items()],
    )
    html.write(path, page, remedy="lower decode.test_sentences")


def _stage_row(name: str, counts: Mapping[str, Any]) -> dict[str, Any]:
    reasons = counts["dropped"]
    return {
        "name": name,
        "kept": counts["kept"],
        "dropped": sum(reasons.values()),
        "reasons": ", ".join(f"{reason} ({count})" for reason, count in reasons.items()) or "–",
    }
