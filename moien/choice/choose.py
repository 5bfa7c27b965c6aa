"""How far to go from the base: final = base + α · (trained − base), decided by scores of speech, not by losses.

Spectral losses go on falling while speech becomes a smear; the mean of base and trained weights keeps most of the
likeness and little of the harm (facts of the baseline; Wortsman et al. 2022, "Robust fine-tuning"). The predictor
and the decoder (with the acoustic style) each have their own α. Every candidate is first given the speaker's tempo
(`moien.choice.tempo`) and then speaks some dev sentences from their phonemes alone. The rule is a row of gates, the
most important first; a candidate has to pass them all, and of those that do the one most like the speaker is taken:

1. words: phone error at most `max_phone_loss` above the best candidate's;
2. opinion: DistillMOS at most `max_mos_loss` below the base's at the same tempo, which is the candidate with α = 0
   (the base drawls when it is left to itself, and is at its clearest then);
3. artefacts: steady tones at most `max_tone_db` above the recordings';
4. melody: F0 spread at least `min_f0_spread` of the recordings'.

Through a gate that nobody passes go those who are about as good there as the best, for a lesser difference is chance.
Training is said to have harmed if the base itself is taken, or a voice whose opinion is lower than may be lost by more
than chance.
"""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from kokoro import KModel
from torch import Tensor

from moien.audio import SAMPLE_RATE, read_audio
from moien.choice.settings import ChoiceSettings
from moien.choice.tempo import Timed, fit_tempo
from moien.errors import WrongData
from moien.kokoro.base import Base, load_model
from moien.kokoro.forward import TEMPO
from moien.kokoro.speak import speak
from moien.kokoro.symbols import decode
from moien.progress import track
from moien.score.clip import Clip
from moien.score.judges import DEFAULT_JUDGES, Judges
from moien.score.metric import Metric
from moien.score.metrics import (
    distilled_mos,
    duration,
    f0_rmse,
    f0_spread,
    mcd,
    phone_error,
    similarity,
    tones,
)
from moien.score.pair import Pair
from moien.score.speakers import speaker_centroids
from moien.train.data import TrainingSet

METRICS = tuple(
    module.METRIC
    for module in (phone_error, distilled_mos, tones, f0_spread, similarity, duration, f0_rmse, mcd)
)
PREDICTOR = ("predictor.", "style.prosody.")  # what the predictor's α scales; the decoder's scales all else
CENTROID_CLIPS = 10
TEMPO_SENTENCES = 120  # 15 sentences of `lb` tell the tempo to 4 %, 120 to 1.5 %
MOS_CHANCE = 0.1  # of DistillMOS over a few sentences


class Mixture(Protocol):
    """How much of the way from base (0) to trained (1) each learned tensor goes."""

    def of(self, name: str) -> float:
        """α of a learned tensor, or of the half of a style (`style.prosody.`)."""


@dataclass(frozen=True)
class Alpha:
    """How much of the way from base (0) to trained (1) each part goes."""

    predictor: float
    decoder: float

    def of(self, name: str) -> float:
        """α of a learned tensor."""
        return self.predictor if name.startswith(PREDICTOR) else self.decoder


def candidates(settings: ChoiceSettings) -> list[Alpha]:
    """The grid of the settings, and always the base."""
    grid = [Alpha(p, d) for p, d in itertools.product(settings.predictor, settings.decoder)]
    return list(dict.fromkeys([Alpha(0.0, 0.0), *grid]))


def blend(model: KModel, start: Mapping[str, Tensor], learned: Mapping[str, Tensor], alpha: Mixture) -> None:
    """Set the tensors of `model` that `start` (the base's) names to start + α · (learned − start)."""
    state = model.state_dict()
    for name, tensor in start.items():
        state[name].copy_(torch.lerp(tensor, learned.get(name, tensor), alpha.of(name)))


def blend_packs(
    packs: Mapping[str, Tensor], learned: Mapping[str, Tensor], alpha: Mixture
) -> dict[str, Tensor]:
    """Each speaker's pack of stage 5, `[510, 1, 256]`, plus α times the deltas that were learned."""
    halves = ("style.acoustic.", "style.prosody.")
    return {
        speaker: pack + torch.cat([alpha.of(half) * learned[half + speaker] for half in halves])
        for speaker, pack in packs.items()
    }


Scores = Mapping[str, float]  # metric → mean over the sentences; a metric that has none is left out


@dataclass(frozen=True)
class Gate:
    """A step of the rule: who loses at most `limit` passes; so does who has no such score (NaN).

    `chance` is how far one may be behind the best where nobody passes.
    """

    name: str
    limit: float
    chance: float
    loss: Callable[[Scores], float]


def gates(
    candidates: Sequence[Scores], base: Scores, recorded: Scores, settings: ChoiceSettings
) -> list[Gate]:
    """The rule, from what the candidates, the base at the speaker's tempo and the recordings score."""

    def value(scores: Scores, metric: Metric) -> float:
        return scores.get(metric.name, math.nan)

    words, opinion, spread = phone_error.METRIC, distilled_mos.METRIC, f0_spread.METRIC
    fewest = min((scores[words.name] for scores in candidates if words.name in scores), default=math.nan)
    return [
        Gate("words", settings.max_phone_loss, 0.0, lambda s: value(s, words) - fewest),
        Gate(
            "opinion", settings.max_mos_loss, MOS_CHANCE, lambda s: value(base, opinion) - value(s, opinion)
        ),
        Gate("artefacts", settings.max_tone_db, 1.0, lambda s: value(s, tones.METRIC)),
        Gate(
            "melody",
            1 - settings.min_f0_spread,
            0.05,
            lambda s: 1 - value(s, spread) / value(recorded, spread),
        ),
    ]


def pick(
    scores: Sequence[Scores | None], recorded: Scores, settings: ChoiceSettings
) -> tuple[int, list[str]]:
    """Apply the rule to the candidates' scores, the base's first; None for speech that could not be scored.

    Returns:
        Index of the best, and the gates that nobody passed.
    """
    left = {index: ours for index, ours in enumerate(scores) if ours is not None}
    shut = []
    for gate in gates(list(left.values()), scores[0] or {}, recorded, settings):
        losses = {index: gate.loss(ours) for index, ours in left.items()}
        passed = [index for index, loss in losses.items() if not loss > gate.limit]
        if not passed:
            shut.append(gate.name)
            nearest = min(losses.values())
            passed = [index for index, loss in losses.items() if loss <= nearest + gate.chance]
        left = {index: left[index] for index in passed}
    return max(left, key=lambda index: left[index].get(similarity.METRIC.name, 0.0)), shut


def harmed(base: Scores, chosen: Scores, settings: ChoiceSettings) -> bool:
    """Whether a trained voice's opinion is clearly below the base's at the same tempo."""
    loss = base.get(distilled_mos.METRIC.name, math.nan) - chosen.get(distilled_mos.METRIC.name, math.nan)
    return loss > settings.max_mos_loss + MOS_CHANCE


class Audition:
    """A model that becomes one mixture after the other, the dev sentences it speaks, and who scores them."""

    def __init__(
        self,
        base: Base,
        learned: Mapping[str, Tensor],
        train: TrainingSet,
        dev: TrainingSet,
        sentences: int,
        judges: Judges = DEFAULT_JUDGES,
    ) -> None:
        """Load the base and read the recordings.

        Args:
            base: the base model's files.
            learned: what `moien.train.loop.train` returned.
            train: says how each speaker sounds.
            dev: its first sentences, evenly over the speakers, are spoken.
            judges: the models that score; without a recogniser there is no phone error.
        """
        self.model = load_model(base.weights, base.config)
        state = self.model.state_dict()
        names = [name for name in [*learned, TEMPO] if not name.startswith("style.")]
        self.sentences = [dev.utterances[index] for index in dev.in_turn(sentences)]
        self._start = {name: state[name].clone() for name in names}
        self._learned, self._packs, self._judges = learned, train.packs, judges
        # of both splits: dev alone is too few, and durations are hardly learnt by heart: in train they err as in test
        both = [(split, index) for split in (dev, train) for index in range(len(split))]
        timed = random.Random(0).sample(both, min(TEMPO_SENTENCES, len(both)))
        pairs = (split.utterances[index] for split, index in timed)
        self._timed = [Timed.of(self.model, utterance.speaker, alignment) for utterance, alignment in pairs]
        self._centroids = speaker_centroids([u for u, _ in train.utterances], CENTROID_CLIPS, judges)
        self._recordings = {u.id: Clip(*read_audio(u.audio), name=u.id) for u, _ in self.sentences}

    def become(self, alpha: Mixture) -> tuple[dict[str, Tensor], float]:
        """Turn the model into this mixture, at the speakers' tempo; its packs, and by what the tempo was shifted."""
        blend(self.model, self._start, self._learned, alpha)
        packs = blend_packs(self._packs, self._learned, alpha)
        return packs, fit_tempo(self.model, packs, self._timed)

    def score(self, packs: Mapping[str, Tensor] | None = None) -> dict[str, float]:
        """Means of what the model says with these packs, of the recordings without any; WrongData for silence."""
        values: dict[str, list[float]] = {metric.name: [] for metric in METRICS}
        for utterance, alignment in self.sentences:
            natural = clip = self._recordings[utterance.id]
            if packs:
                audio = speak(self.model, alignment.tokens, packs[utterance.speaker], seed=0).audio
                clip = Clip(audio, SAMPLE_RATE, utterance.id)
            centroid, phonemes = self._centroids[utterance.speaker], decode(alignment.tokens)
            pair = Pair(natural, clip, centroid, phonemes, judges=self._judges)
            for metric in METRICS:
                if not math.isnan(value := metric.compute(pair)):
                    values[metric.name].append(value)
        return {name: round(float(np.mean(ours)), 4) for name, ours in values.items() if ours}


def choose(
    audition: Audition, stock: Mapping[str, Tensor], settings: ChoiceSettings
) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Let every candidate speak, and turn the model into the best; its packs, and the table for `choice.json`.

    Args:
        stock: the base's own packs, for a row to compare with.

    Raises:
        WrongData: no candidate says anything that can be scored.
    """
    recorded, drawling = audition.score(), audition.score(stock)
    say(f"recordings: {describe(recorded)}")
    say(f"stock: {describe(drawling)}")
    rows: list[dict[str, Any]] = []
    for alpha in track(candidates(settings), "choice: α"):
        packs, tempo = audition.become(alpha)
        row = vars(alpha) | {"tempo": round(tempo, 4)}
        try:
            row["scores"] = audition.score(packs)
        except WrongData as error:  # speech that cannot be scored, silence for one: the table says so
            row["error"] = error.message
        rows.append(row)
        said = describe(row["scores"]) if "scores" in row else row["error"]
        say(f"predictor {alpha.predictor:g}, decoder {alpha.decoder:g}: {said}")
    figures = [row.get("scores") for row in rows]
    if not any(figures):
        raise WrongData("no candidate says anything that can be scored", where=rows[0]["error"],
                        remedy="listen to the samples of training; train with fewer steps or lower rates")  # fmt: skip
    best, shut = pick(figures, recorded, settings)
    others = [None if index == best else ours for index, ours in enumerate(figures)]
    table = {
        "chosen": best,
        "runner_up": pick(others, recorded, settings)[0] if any(others) else None,
        "shut": shut,
        "quality_kept": best != 0 and not harmed(figures[0] or {}, figures[best] or {}, settings),
        "sentences": [utterance.id for utterance, _ in audition.sentences],
        "recorded": recorded,
        "stock": drawling,
        "candidates": rows,
    }
    packs, _ = audition.become(Alpha(rows[best]["predictor"], rows[best]["decoder"]))
    return packs, table


def describe(scores: Scores) -> str:
    """Scores as a line for the log."""
    return ", ".join(f"{m.label} {scores[m.name]:.{m.digits}f}" for m in METRICS if m.name in scores)


def say(text: str) -> None:
    """A line for the log, at once."""
    print(f"choice: {text}", flush=True)
