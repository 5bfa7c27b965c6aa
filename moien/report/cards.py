"""A card shows a sentence: its text, and for each row sound, spectrogram, F0, phones and scores."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

from moien.align.tokens import split_units, spoken_words
from moien.audio import HOP_SAMPLES, SAMPLE_RATE, read_header
from moien.evenly import evenly
from moien.pool import in_parallel
from moien.report.media import HEIGHT, audio_uri, spectrogram_uri
from moien.report.spans import Spans
from moien.report.table import shown
from moien.score.metric import Metric
from moien.score.scored import Details, ScoredSentence, number
from moien.score.sentences import NATURAL, Sentence, open_clip
from moien.text import Phonemes

PLENTY_S = 800.0  # seconds of audio up to which 60 kbit/s fit; above, 36 kbit/s
MOST_S = 1200.0  # above this even those would not: sentences are left out, and the page states it
COLUMNS_A_SECOND = 100  # of a spectrogram: the unit in which its overlays are drawn
RECOGNISED = "phone_error"  # a row has this score if the phone recogniser was used
OCTAVE_STEP = 1 / 6  # the scale of F0 ends at a whole tone


@dataclass(frozen=True)
class Annotations:
    """What is known of sentences beside sounds and scores: id → row → spans, and id → words with their texts."""

    spans: Mapping[str, Mapping[str, Spans]] = field(default_factory=dict)
    texts: Mapping[str, Phonemes] = field(default_factory=dict)


NOTHING = Annotations()


@dataclass(frozen=True)
class Panel:
    """A clip, ready to be shown: `data:` URIs, seconds, and F0 in Hz `[T]` (0 unvoiced) at 80 Hz."""

    audio: str
    picture: str
    seconds: float
    f0: np.ndarray


def fitting(sentences: Sequence[Sentence], spread: bool = True, taken_s: float = 0.0) -> list[Sentence]:
    """As many sentences as fit into `MOST_S` less `taken_s` on average: taken evenly, or the first ones."""
    total = sum(seconds_of(sentence) for sentence in sentences)
    room = min(len(sentences), int(len(sentences) * max(MOST_S - taken_s, 0.0) / total)) if total else 0
    return evenly(sentences, room) if spread else list(sentences[:room])


def seconds_of(sentence: Sentence) -> float:
    """Seconds of audio in all rows of a sentence."""
    return sum(read_header(path).seconds for path in sentence.recordings.values())


def panels(sentences: Sequence[Sentence], jobs: int) -> Iterator[dict[str, Panel]]:
    """Row → panel of each sentence, in order, made in `jobs` processes; WrongData for a wav that cannot be read."""
    plenty = sum(seconds_of(sentence) for sentence in sentences) < PLENTY_S
    clips = [
        (path, sentence.id, 0.4 if plenty else 0.8)
        for sentence in sentences
        for path in sentence.recordings.values()
    ]
    made = in_parallel(_panel, clips, jobs, "sounds and pictures of the page")
    for sentence in sentences:
        yield {row: next(made) for row in sentence.recordings}


def _panel(item: tuple[Path, str, float]) -> Panel:
    path, utterance, compression = item
    clip = open_clip(path, utterance)
    samples = clip.samples
    seconds = len(samples) / SAMPLE_RATE
    return Panel(audio_uri(samples, compression), spectrogram_uri(samples), seconds, clip.f0)


def melody_scale(clips: Iterable[Panel]) -> tuple[float, float]:
    """Lowest and highest F0 in Hz that the page draws: all but the last per cent at either end, to a whole tone."""
    voiced = [clip.f0[clip.f0 > 0] for clip in clips]
    values = np.log2(np.concatenate(voiced if any(map(len, voiced)) else [[100.0, 200.0]]))
    low, high = np.percentile(values, [1, 99])
    return (
        2.0 ** (math.floor(low / OCTAVE_STEP) * OCTAVE_STEP),
        2.0 ** (math.ceil(high / OCTAVE_STEP + 0.5) * OCTAVE_STEP),
    )


def melody(f0: np.ndarray, scale: tuple[float, float]) -> str:
    """F0 `[T]` as an SVG path in the pixels of the spectrogram, a stroke for each voiced stretch, log scale."""
    low, high = np.log2(scale)
    step = HOP_SAMPLES / SAMPLE_RATE * COLUMNS_A_SECOND
    path, pen_down = [], False
    for i, hz in enumerate(f0):
        if hz > 0:
            height = (math.log2(hz) - low) / (high - low)
            y = round((HEIGHT - 1) * (1 - min(1.0, max(0.0, height))))
            path.append(f"{'L' if pen_down else 'M'}{i * step:.4g} {y}")
        pen_down = hz > 0
    return "".join(path)


def card(
    sentence: Sentence,
    clips: Mapping[str, Panel],
    scale: tuple[float, float],
    annotations: Annotations = NOTHING,
    metrics: Sequence[Metric] = (),
    scored: ScoredSentence | None = None,
) -> dict[str, Any]:
    """What the template of a card needs; without `scored`, a sentence that has no recording."""
    longest = max(clip.seconds for clip in clips.values())
    spans, text = annotations.spans.get(sentence.id, {}), annotations.texts.get(sentence.id)
    rows = []
    for row, clip in clips.items():
        details = scored.details.get(row, Details()) if scored else Details()
        values = scored.rows.get(row, {}) if scored else {}
        recognised = bool(details.missed) or not math.isnan(values.get(RECOGNISED, math.nan))
        known = {m.name: _with_unit(m, values[m.name]) for m in metrics if m.name in values}
        facts = {
            "row": row,
            "audio": clip.audio,
            "picture": clip.picture,
            "seconds": round(clip.seconds, 3),
            "width": round(clip.seconds * COLUMNS_A_SECOND, 1),
            "share": round(100 * clip.seconds / longest, 2),  # one time scale for the rows of a sentence
            "f0": melody(clip.f0, scale),
            "spans": _in_percent(spans[row], clip.seconds) if row in spans else None,
            "worst": {name: times for name, times in details.worst.items() if times},
            "values": known,
            "words": words(sentence, details.missed, text) if recognised else [],
            "note": "",
        }
        rows.append(facts)
    return {
        "id": sentence.id,
        "speaker": sentence.speaker,
        "text": sentence.text,
        "phonemes": sentence.phonemes,
        "panels": rows,
        "table": [_scores(m, scored, list(clips)) for m in metrics] if scored else [],
    }


def _scores(metric: Metric, scored: ScoredSentence, rows: Sequence[str]) -> dict[str, Any]:
    """A line of the table: a metric in each row."""
    values = [scored.rows[row][metric.name] if row in scored.rows else math.nan for row in rows]
    cells = [shown(metric, number(value)) for value in values]
    return {"label": metric.heading, "unit": metric.unit, "cells": cells}


def _with_unit(metric: Metric, value: float) -> str:
    text = shown(metric, number(value))
    return text if math.isnan(value) or metric.unit not in ("dB", "%", "s") else f"{text} {metric.unit}"


def distances(
    metrics: Sequence[Metric], scored: ScoredSentence, row: str, over: str
) -> dict[str, dict[str, float | None]]:
    """The keys of sorting, metric → value: how far from good `row` is, and how much farther than `over`."""
    found: dict[str, dict[str, float | None]] = {"distance": {}, "behind": {}}
    for m in metrics:
        ours, theirs, natural = (scored.rows[which][m.name] for which in (row, over, NATURAL))
        distance = float(m.distance(ours, natural))
        found["distance"][m.name] = number(distance)
        found["behind"][m.name] = number(distance - float(m.distance(theirs, natural)))
    return found


def _in_percent(spans: Spans, seconds: float) -> dict[str, list[dict[str, Any]]]:
    return {
        tier: [
            {
                "label": label,
                "left": round(100 * start / seconds, 2),
                "width": round(100 * (end - start) / seconds, 2),
            }
            for label, start, end in found
        ]
        for tier, found in (("words", spans.words), ("phones", spans.phones))
    }


def words(sentence: Sentence, missed: Sequence[int], text: Phonemes | None) -> list[dict[str, Any]]:
    """The words of a sentence, each with whether the recogniser missed it.

    A word is written as in the text where the front end's list fits the phonemes that were spoken, else as phonemes.

    Args:
        missed: numbers of those of `phonemes.split()`.
    """
    spoken = [
        (i in missed, word)
        for i, word in enumerate(sentence.phonemes.split())
        if spoken_words(split_units(word))
    ]
    if text is None or len(text.words) != len(spoken):
        return [{"text": word, "missed": lost} for lost, word in spoken]
    both = zip(spoken, text.words, strict=True)
    found = []
    for (start, end), group in groupby(both, key=lambda pair: (pair[1].text_start, pair[1].text_end)):
        ours = list(group)  # of one piece of text: "1,5" is three words
        piece = text.text[start:end] or " ".join(word.text for _, word in ours)
        found.append({"text": piece, "missed": any(lost for (lost, _), _ in ours)})
    return found
