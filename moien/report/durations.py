"""Duration and F0 of each sound of a voice, beside the recording of the same sentence.

Both sides are counted in the base model's tokens: the voice's own durations against those that stage 3 found in the
recording. Boundaries between acoustic segments would be unfair to the voice, whose spaces take at least a frame
each from their neighbours; in the alignment of stage 3 the recording's spaces do the same.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from moien.align import read_alignments
from moien.align.tokens import STRESS, split_units
from moien.audio import FRAME_SAMPLES, SAMPLE_RATE
from moien.kokoro.sounds import CLASSES, DIPHTHONGS, PAUSES, VOWELS, class_of
from moien.kokoro.symbols import encode
from moien.report.scatter import scatter
from moien.score.sentences import NATURAL, ROWS

FRAME_MS = 1000 * FRAME_SAMPLES / SAMPLE_RATE
VOICED = 0.5  # share of a sound that must have an F0, in the recording and in the voice


@dataclass(frozen=True)
class Sound:
    """Symbols `[start, end)` of a phoneme string that are one sound, and its class (`moien.kokoro.sounds`)."""

    kind: str
    start: int
    end: int


@dataclass(frozen=True)
class Timing:
    """Frames of the tokens of a sentence in each row, `[len(phonemes) + 2]`, the recording's among them.

    `shift_frames`: how much later these boundaries are than the acoustic ones.
    """

    phonemes: str
    frames: Mapping[str, Sequence[int]]
    shift_frames: int


def read_timings(decode: Path, align: Path) -> dict[str, Timing]:
    """Test sentence → timing, of those that stage 3 aligned and that every voice spoke in one piece."""
    alignments = read_alignments(align / "test.jsonl")
    found = {}
    for line in (decode / "index.jsonl").read_text(encoding="utf-8").splitlines():
        fact = json.loads(line)
        natural, durations = alignments.get(fact["id"]), fact.get("durations", {})
        if natural is None or list(natural.tokens) != encode(fact["phonemes"]):
            continue
        if any(len(frames) != len(natural.tokens) for frames in durations.values()):
            continue  # a long text that was spoken in parts
        found[fact["id"]] = Timing(
            fact["phonemes"], {NATURAL: natural.durations} | durations, natural.shift_frames
        )
    return found


def sounds_of(phonemes: str) -> list[Sound]:
    """The sounds of a sentence and the pauses between its words, in order; not the silence at either end.

    Neighbouring vowels of a word are one diphthong unless the second is stressed: there is no audible boundary
    between them, and no aligner finds one. All symbols of a pause (`, — `) are one.
    """
    found: list[Sound] = []
    for unit in split_units(phonemes):
        kind = PAUSES if unit.is_pause else class_of(unit.label)
        before = found[-1] if found else Sound("", 0, 0)
        if kind == before.kind == PAUSES:
            found[-1] = Sound(PAUSES, before.start, unit.end)
        elif kind in VOWELS and before.kind in VOWELS and phonemes[unit.start] not in STRESS:
            found[-1] = Sound(DIPHTHONGS, before.start, unit.end)
        else:
            found.append(Sound(kind, unit.start, unit.end))
    spoken = [i for i, sound in enumerate(found) if sound.kind != PAUSES]
    return found[spoken[0] : spoken[-1] + 1] if spoken else []


def lengths(timings: Mapping[str, Timing]) -> dict[str, Any] | None:
    """For each class of sounds their number, mean length in the recordings, and each voice's as a ratio to it.

    None without a sentence. The last line is all of them, which is close to the duration ratio of the scores.
    """
    if not timings:
        return None
    rows = _voices(timings)
    frames: dict[str, list[list[int]]] = {name: [] for name in [*CLASSES, "all"]}  # [sounds][row]
    for timing in timings.values():
        for sound in sounds_of(timing.phonemes):
            ours = [sum(_tokens(timing, row, sound)) for row in (NATURAL, *rows)]
            frames[sound.kind].append(ours)
            frames["all"].append(ours)
    lines = []
    for name, counted in frames.items():
        if counted:
            natural, *others = np.sum(counted, axis=0)
            mean_ms, ratios = float(natural) * FRAME_MS / len(counted), [float(o / natural) for o in others]
            lines.append({"name": name, "count": len(counted), "natural_ms": mean_ms, "ratios": ratios})
    return {"rows": rows, "lines": lines}


def duration_plots(timings: Mapping[str, Timing]) -> list[dict[str, Any]]:
    """A plot for each voice: the length of each sound in ms against the recording's. Pauses are left out."""
    pairs = {
        row: [
            (FRAME_MS * sum(_tokens(timing, NATURAL, sound)), FRAME_MS * sum(_tokens(timing, row, sound)))
            for timing in timings.values()
            for sound in sounds_of(timing.phonemes)
            if sound.kind != PAUSES
        ]
        for row in _voices(timings)
    }
    return _plots("Length of sounds", "ms", pairs)


def f0_plots(
    timings: Mapping[str, Timing], f0: Mapping[str, Mapping[str, np.ndarray]]
) -> list[dict[str, Any]]:
    """A plot for each voice: the mean F0 of each sound in Hz against the recording's, on log scales.

    Args:
        f0: sentence → row → F0 in Hz `[T]`, 0 where unvoiced, two values a frame.
    """
    pairs: dict[str, list[tuple[float, float]]] = {row: [] for row in _voices(timings)}
    for sentence, timing in timings.items():
        known = f0.get(sentence, {})
        if NATURAL not in known:
            continue
        natural = list(_pitches(timing, NATURAL, known[NATURAL]))
        for row in pairs.keys() & known.keys():
            both = zip(natural, _pitches(timing, row, known[row]), strict=True)
            pairs[row] += [(ours, theirs) for ours, theirs in both if ours and theirs]
    return _plots("F0 of sounds", "Hz", pairs, log=True)


def _plots(
    title: str, unit: str, pairs: Mapping[str, Sequence[tuple[float, float]]], log: bool = False
) -> list[dict[str, Any]]:
    plots = (scatter(title, unit, row, found, log) for row, found in pairs.items())
    return [plot for plot in plots if plot]


def _voices(timings: Mapping[str, Timing]) -> list[str]:
    """The rows beside the recording that all sentences have, in the order of the scores."""
    return [
        row for row in ROWS if row != NATURAL and all(row in timing.frames for timing in timings.values())
    ]


def _tokens(timing: Timing, row: str, sound: Sound) -> Sequence[int]:
    return timing.frames[row][sound.start + 1 : sound.end + 1]  # token 0 is BOS


def _pitches(timing: Timing, row: str, f0: np.ndarray) -> Iterator[float]:
    """Geometric mean of F0 in each sound of a row, as pitch is perceived; 0 where it is mostly unvoiced."""
    ends = 2 * np.maximum(np.cumsum([0, *timing.frames[row]]) - timing.shift_frames, 0)  # two values a frame
    for sound in sounds_of(timing.phonemes):
        values = f0[ends[sound.start + 1] : ends[sound.end + 1]]
        voiced = values[values > 0]
        enough = len(values) and len(voiced) >= VOICED * len(values)
        yield float(np.exp(np.log(voiced).mean())) if enough else 0.0
