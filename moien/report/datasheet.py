"""The data sheet of a corpus: amount and speakers, durations and F0, sounds, and what was dropped."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from moien.align.tokens import split_units
from moien.audio import SAMPLE_RATE, read_header
from moien.corpus.datadir import SPLITS, Utterance, read_datadir
from moien.features.packed import PackedFeatures
from moien.recipe import manifest
from moien.report.histogram import histogram
from moien.text import read_phonemes

RARE = 10  # times in the training split: a sound with less is hardly learned
SPEAKERS_SHOWN = 20
DURATION_BARS, F0_BARS = 24, 30


def datasheet(data: Path, g2p: Path, align: Path, features: Path) -> dict[str, Any]:
    """What the page shows of a corpus, as plain data, from the outputs of stages 1 to 4."""
    utterances = {split: read_datadir(data / split) for split in SPLITS}
    everyone = [utterance for split in SPLITS for utterance in utterances[split]]
    seconds = {utterance.id: _seconds(utterance) for utterance in everyone}
    f0 = dict(_voiced(features))
    phones = {split: _phones(g2p / f"{split}.jsonl") for split in SPLITS}
    counts = {split: Counter(chain.from_iterable(ours.values())) for split, ours in phones.items()}
    spoken = {utterance: len(labels) for ours in phones.values() for utterance, labels in ours.items()}
    return {
        "splits": [
            {"name": split, "speakers": len({u.speaker for u in ours}), **_amount(ours, seconds)}
            for split, ours in utterances.items()
        ],
        "speakers": _speakers(everyone, seconds, f0),
        "speaker_count": len({u.speaker for u in everyone}),
        "durations": _durations(list(seconds.values())),
        "f0": _f0(np.concatenate(list(f0.values()))) if f0 else None,
        "tempo": _tempo([count / seconds[utterance] for utterance, count in spoken.items()]),
        "phonemes": _phonemes(counts),
        "rare_below": RARE,
        "dropped": _dropped({"data": data, "g2p": g2p, "align": align, "features": features}),
    }


def _seconds(utterance: Utterance) -> float:
    if utterance.samples is None:
        return read_header(utterance.audio).seconds
    return utterance.samples / SAMPLE_RATE


def _amount(utterances: Sequence[Utterance], seconds: Mapping[str, float]) -> dict[str, Any]:
    return {"utterances": len(utterances), "minutes": sum(seconds[u.id] for u in utterances) / 60}


def _voiced(features: Path) -> Iterator[tuple[str, np.ndarray]]:
    """Utterance → F0 in Hz where it is voiced; of the splits that hold any utterance."""
    for split in SPLITS:
        for utterance, (f0, _) in PackedFeatures(features, split).items():
            yield utterance, f0[f0 > 0]


def _range(values: np.ndarray) -> dict[str, float]:
    low, median, high = np.percentile(values, [5, 50, 95])
    return {"low": float(low), "median": float(median), "high": float(high)}


def _speakers(
    everyone: Sequence[Utterance], seconds: Mapping[str, float], f0: Mapping[str, np.ndarray]
) -> list[dict[str, Any]]:
    """Those with most speech first; F0 as median, 5th and 95th percentile."""
    by_speaker: dict[str, list[Utterance]] = defaultdict(list)
    for utterance in everyone:
        by_speaker[utterance.speaker].append(utterance)
    rows = []
    for name, ours in by_speaker.items():
        voiced = [f0[u.id] for u in ours if u.id in f0]
        melody = _range(np.concatenate(voiced)) if voiced else None
        rows.append({"name": name, **_amount(ours, seconds), "f0": melody})
    return sorted(rows, key=lambda row: (-row["minutes"], row["name"]))[:SPEAKERS_SHOWN]


def _durations(seconds: Sequence[float]) -> dict[str, Any]:
    longest = max(1, math.ceil(max(seconds)))
    step = next(s for s in (0.25, 0.5, 1, 2, 5, longest) if longest / s <= DURATION_BARS)
    edges = np.arange(0, longest + step, step)
    return _range(np.array(seconds)) | {
        "longest": max(seconds),
        "plot": histogram("Length of the utterances", seconds, edges, "s", "utterances"),
    }


def _f0(voiced: np.ndarray) -> dict[str, Any]:
    """Bars of equal musical width: a semitone or more each."""
    low, high = np.percentile(voiced, [0.1, 99.9])
    edges = np.geomspace(low, max(high, 1.01 * low), F0_BARS + 1)
    return _range(voiced) | {
        "plot": histogram("F0 where it is voiced", voiced, edges, "Hz", "values", "{:.0f}".format)
    }


def _tempo(rates: Sequence[float]) -> dict[str, Any]:
    """Pauses count as time. Utterances far slower or faster than the rest often differ from their text."""
    edges = np.arange(0, math.ceil(max(rates)) + 1, 1 if max(rates) > DURATION_BARS / 2 else 0.5)
    return histogram("Tempo, pauses included", rates, edges, "phones/s", "utterances")


def _phones(path: Path) -> dict[str, list[str]]:
    """Utterance → labels of the sounds that stage 2 gave it."""
    return {
        utterance: [unit.label for unit in split_units(text.phonemes) if unit.label]
        for utterance, text in read_phonemes(path).items()
    }


def _phonemes(counts: Mapping[str, Counter[str]]) -> list[dict[str, Any]]:
    """Sounds with how often the training split has them and how often dev and test do, frequent ones first."""
    train, held_out = counts["train"], counts["dev"] + counts["test"]
    names = sorted(train.keys() | held_out.keys(), key=lambda name: (-train[name], -held_out[name], name))
    most = max(train.values(), default=1)
    return [
        {
            "symbol": name,
            "train": train[name],
            "held_out": held_out[name],
            "share": round(100 * math.log1p(train[name]) / math.log1p(most), 1),  # of a bar, on a log scale
        }
        for name in names
    ]


def _dropped(stages: Mapping[str, Path]) -> list[dict[str, Any]]:
    """Stage, reason and utterances of all that was left out, as the manifests count it."""
    rows = []
    for stage, folder in stages.items():
        counts = (manifest.read(folder) or {"counts": {"dropped_utterances": {}}})["counts"]
        reasons: dict[str, list[str]] = defaultdict(list)
        for utterance, reason in counts["dropped_utterances"].items():
            reasons[reason.split(":")[0]].append(utterance)
        rows += [
            {"stage": stage, "reason": reason, "utterances": sorted(ours)}
            for reason, ours in sorted(reasons.items())
        ]
    return rows
