"""The page of a run: one file that opens offline, with the table, every test sentence to hear and see, and how
it was made.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jinja2

from moien.audio import SAMPLE_RATE
from moien.errors import WrongData
from moien.report.curves import curves
from moien.report.media import audio_uri, spectrogram_uri
from moien.report.table import (
    IN_WORDS,
    contest,
    headline,
    in_words,
    judgements,
    metrics_of,
    sentence_count,
    shown,
    verdict,
    with_range,
)
from moien.score import ScoredSentence, number
from moien.score.metric import Metric
from moien.score.sentences import NATURAL, Sentence, open_clip

MAX_BYTES = 15_000_000
PLENTY_S = 800.0  # seconds of audio up to which 60 kbit/s fit; above, 36 kbit/s
MOST_S = 1400.0  # above this even those would not: sentences are left out, evenly, and the page says so
PLOT_WIDTH, PLOT_MARGIN = 240.0, 8.0


@dataclass(frozen=True)
class Run:
    """What the page tells about a run, beside scores and sounds.

    `stages` maps a stage to its manifest, `history` is the training's, `choice` a sentence about which of its
    models was taken (or nothing).
    """

    language: str
    licence: str
    settings: str
    versions: str
    stages: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    history: Sequence[Mapping[str, Any]] = ()
    choice: str = ""


def write_page(
    path: Path,
    scores: Mapping[str, Any],
    scored: Sequence[ScoredSentence],
    sentences: Iterable[Sentence],
    run: Run,
) -> None:
    """Write `path`, a page without any reference to another file.

    Args:
        scores: the content of `scores.json`.
        scored: the scores of the test sentences.
        sentences: test sentences and those that nobody recorded, with their wavs.

    Raises:
        WrongData: a wav that cannot be read, or a page above 15 MB.
    """
    scored_by_id = {sentence.id: sentence for sentence in scored}
    spoken = [_with_sounds(sentence) for sentence in sentences]
    kept = _evenly(spoken)
    compression = 0.4 if sum(_seconds(sounds) for _, sounds in kept) < PLENTY_S else 0.8
    metrics = metrics_of(scores)
    cards = [
        _card(sentence, sounds, compression)
        | _card_scores(metrics, scored_by_id.get(sentence.id), contest(scores)[0])
        for sentence, sounds in kept
    ]
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
    )
    html = environment.get_template("page.html.j2").render(
        recipe=scores["recipe"],
        command=scores["command"],
        headline=headline(scores),
        verdict=verdict(scores),
        rows=list(scores["rows"]),
        metrics=[_metric_row(scores, metric) for metric in metrics],
        first_sort="distillmos" if any(metric.name == "distillmos" for metric in metrics) else "",
        sentence_count=sentence_count(scores),
        sentences=[card for card in cards if card["distance"]],
        evals=[card for card in cards if not card["distance"]],
        omitted=len(spoken) - len(kept),
        curves=curves(run.history),
        **{key: getattr(run, key) for key in ("language", "licence", "choice")},
        settings=run.settings,
        versions=run.versions,
        stages=[_stage_row(name, manifest["counts"]) for name, manifest in run.stages.items()],
    )
    if (size := len(html.encode())) > MAX_BYTES:
        raise WrongData(
            f"the page would have {size / 1e6:.1f} MB", where=path, remedy="lower decode.test_sentences"
        )
    path.write_text(html, encoding="utf-8")


Sounds = dict[str, Any]  # row → samples [N]


def _with_sounds(sentence: Sentence) -> tuple[Sentence, Sounds]:
    return sentence, {row: open_clip(path, sentence.id).samples for row, path in sentence.recordings.items()}


def _seconds(sounds: Sounds) -> float:
    return sum(len(samples) for samples in sounds.values()) / SAMPLE_RATE


def _evenly(spoken: list[tuple[Sentence, Sounds]]) -> list[tuple[Sentence, Sounds]]:
    """As many sentences, evenly taken, as fit into `MOST_S` on average."""
    total = sum(_seconds(sounds) for _, sounds in spoken)
    room = min(len(spoken), int(len(spoken) * MOST_S / total)) if total else 0
    return [spoken[i * len(spoken) // room] for i in range(room)]


def _card(sentence: Sentence, sounds: Sounds, compression: float) -> dict[str, Any]:
    longest = max(len(samples) for samples in sounds.values())
    panels = [
        {
            "row": row,
            "seconds": round(len(samples) / SAMPLE_RATE, 3),
            "share": round(100 * len(samples) / longest, 2),  # one time scale for the rows of a sentence
            "audio": audio_uri(samples, compression),
            "picture": spectrogram_uri(samples),
        }
        for row, samples in sounds.items()
    ]
    facts = {"id": sentence.id, "speaker": sentence.speaker, "text": sentence.text}
    return facts | {"phonemes": sentence.phonemes, "panels": panels}


def _card_scores(metrics: Sequence[Metric], scored: ScoredSentence | None, judged: str) -> dict[str, Any]:
    if scored is None:
        return {"scores": [], "distance": {}}
    ours, natural = scored.rows[judged], scored.rows[NATURAL]
    distance = {m.name: number(float(m.distance(ours[m.name], natural[m.name]))) for m in metrics}
    rows = [
        {
            "name": row,
            "cells": [{"metric": m.name, "value": shown(m, number(values[m.name]))} for m in metrics],
        }
        for row, values in scored.rows.items()
    ]
    return {"scores": rows, "distance": distance}


def _metric_row(scores: Mapping[str, Any], metric: Metric) -> dict[str, Any]:
    """A row of the table, with the marks of its little plot on one scale."""
    estimates = {row: values[metric.name] for row, values in scores["rows"].items()}
    known = [estimate for estimate in estimates.values() if estimate["mean"] is not None]
    low = min((estimate["low"] for estimate in known), default=0.0)
    span = max((estimate["high"] for estimate in known), default=1.0) - low or 1.0

    def place(value: float) -> float:
        return round(PLOT_MARGIN + (value - low) / span * (PLOT_WIDTH - 2 * PLOT_MARGIN), 1)

    cells = []
    for row, estimate in estimates.items():
        mean, interval = with_range(metric, estimate)
        cell: dict[str, Any] = {"row": row, "mean": mean, "range": interval, "x": None}
        if estimate["mean"] is not None:
            cell |= {
                "x": place(estimate["mean"]),
                "x1": place(estimate["low"]),
                "x2": place(estimate["high"]),
            }
        cells.append(cell)
    facts = {"name": metric.name, "label": metric.heading, "unit": metric.unit, "meaning": metric.meaning}
    return (
        facts
        | {"best": IN_WORDS[metric.best], "cells": cells}
        | {
            "judgement": judgements(scores)[metric.name],
            "in_words": in_words(scores, metric),
        }
    )


def _stage_row(name: str, counts: Mapping[str, Any]) -> dict[str, Any]:
    reasons = counts["dropped"]
    return {
        "name": name,
        "kept": counts["kept"],
        "dropped": sum(reasons.values()),
        "reasons": ", ".join(f"{reason} ({count})" for reason, count in reasons.items()) or "–",
    }
