"""How far to go from the base: final = base + α · (trained − base), decided by scores of speech, not by losses.

Spectral losses go on falling while speech becomes a smear; the mean of base and trained weights keeps most of the
likeness and little of the harm (facts of the baseline; Wortsman et al. 2022, "Robust fine-tuning"). The predictor
and the decoder (with the acoustic style) each have their own α. Every candidate speaks some dev sentences from
their phonemes alone. The rule:

1. Only candidates whose DistillMOS is at most `max_mos_loss` below the stock base's (untouched weights and pack).
2. Of these the highest similarity − duration_penalty · |log duration ratio| − f0_penalty · log-F0 RMSE.
3. If none passes, the one with the highest DistillMOS: training is then said to have harmed.

α = 0 for both, which is the base with the style of stage 5, is always a candidate. Every candidate is first given the
speaker's tempo (`moien.train.tempo`).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from kokoro import KModel
from torch import Tensor

from moien.audio import SAMPLE_RATE, read_audio
from moien.config import ChoiceSettings
from moien.errors import WrongData
from moien.kokoro.base import Base, load_model
from moien.progress import track
from moien.score import distilled_mos, duration, f0_rmse, mcd, similarity
from moien.score.clip import Clip, Pair
from moien.style.fit import speak
from moien.train.data import TrainingSet
from moien.train.tempo import fit_tempo

METRICS = (distilled_mos.METRIC, similarity.METRIC, duration.METRIC, f0_rmse.METRIC, mcd.METRIC)
PREDICTOR = ("predictor.", "style.prosody.")  # what the predictor's α scales; the decoder's scales all else
CENTROID_CLIPS = 10
TEMPO_SENTENCES = 20
TEMPO = "predictor.duration_proj.linear_layer.bias"


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


def blend(model: KModel, start: Mapping[str, Tensor], learned: Mapping[str, Tensor], alpha: Alpha) -> None:
    """Set the tensors of `model` that `start` (the base's) names to start + α · (learned − start)."""
    state = model.state_dict()
    for name, tensor in start.items():
        state[name].copy_(torch.lerp(tensor, learned.get(name, tensor), alpha.of(name)))


def blend_packs(
    packs: Mapping[str, Tensor], learned: Mapping[str, Tensor], alpha: Alpha
) -> dict[str, Tensor]:
    """Each speaker's pack of stage 5, `[510, 1, 256]`, plus α times the deltas that were learned."""
    halves = ("style.acoustic.", "style.prosody.")
    return {
        speaker: pack + torch.cat([alpha.of(half) * learned[half + speaker] for half in halves])
        for speaker, pack in packs.items()
    }


def pick(
    rows: Sequence[Mapping[str, Any]], stock: Mapping[str, float], settings: ChoiceSettings
) -> tuple[int, bool]:
    """Apply the rule to the candidates' mean scores: index of the best, and whether any kept the quality."""
    floor = stock["distillmos"] - settings.max_mos_loss
    opinion = {i: row["scores"]["distillmos"] for i, row in enumerate(rows) if "scores" in row}
    good = [i for i, value in opinion.items() if value >= floor]
    if good:
        return max(good, key=lambda i: rows[i]["merit"]), True
    return max(opinion, key=lambda i: opinion[i]), False


def merit(scores: Mapping[str, float], settings: ChoiceSettings) -> float:
    """What the rule maximises."""
    return (
        scores["similarity"]
        - settings.duration_penalty * abs(math.log(scores["duration_ratio"]))
        - settings.f0_penalty * scores["log_f0_rmse"]
    )


def choose(
    base: Base,
    learned: Mapping[str, Tensor],
    train: TrainingSet,
    dev: TrainingSet,
    settings: ChoiceSettings,
) -> tuple[KModel, dict[str, Tensor], dict[str, Any]]:
    """Speak and score every candidate; return the chosen model, packs and the table for `choice.json`.

    Args:
        base: the base model's files.
        learned: what `moien.train.loop.train` returned.
        train: says how each speaker sounds.
        dev: its first sentences, evenly over the speakers, are spoken.
    """
    centroids = similarity.speaker_centroids([u for u, _ in train.utterances], CENTROID_CLIPS)
    sentences = evenly(dev, settings.sentences)
    natural = {
        i: Clip(*read_audio(dev.utterances[i][0].audio), name=dev.utterances[i][0].id) for i in sentences
    }
    model = load_model(base.weights, base.config)
    start = {
        name: model.state_dict()[name].clone() for name in [*learned, TEMPO] if not name.startswith("style.")
    }

    def scores(voice_packs: Mapping[str, Tensor]) -> dict[str, float]:
        values = []
        for index in sentences:
            utterance, alignment = dev.utterances[index]
            audio = speak(model, alignment.tokens, voice_packs[utterance.speaker], seed=0)
            spoken = Clip(audio, SAMPLE_RATE, utterance.id)
            pair = Pair(natural[index], spoken, centroids[utterance.speaker])
            values.append([metric.compute(pair) for metric in METRICS])
        means = np.nanmean(np.array(values), axis=0)
        return {metric.name: round(float(mean), 4) for metric, mean in zip(METRICS, means, strict=True)}

    stock = scores(train.base_packs)
    print(f"choice: stock: {describe(stock)}", flush=True)
    rows: list[dict[str, Any]] = []
    for alpha in track(candidates(settings), "choice: α"):
        blend(model, start, learned, alpha)
        packs = blend_packs(train.packs, learned, alpha)
        tempo = fit_tempo(model, packs, dev, evenly(dev, TEMPO_SENTENCES))
        try:
            figures = scores(packs)
        except WrongData as error:  # speech that cannot be scored, silence for one: the table says so
            rows.append(vars(alpha) | {"tempo": round(tempo, 4), "error": error.message})
            said = error.message
        else:
            made = {"tempo": round(tempo, 4), "scores": figures, "merit": round(merit(figures, settings), 4)}
            rows.append(vars(alpha) | made)
            said = describe(figures)
        print(f"choice: predictor {alpha.predictor:g}, decoder {alpha.decoder:g}: {said}", flush=True)
    best, unharmed = pick(rows, stock, settings)
    alpha = Alpha(rows[best]["predictor"], rows[best]["decoder"])
    blend(model, start, learned, alpha)
    packs = blend_packs(train.packs, learned, alpha)
    fit_tempo(model, packs, dev, evenly(dev, TEMPO_SENTENCES))
    table = {
        "chosen": best,
        "quality_kept": unharmed,
        "sentences": [dev.utterances[i][0].id for i in sentences],
        "stock": stock,
        "candidates": rows,
    }
    return model, packs, table


def evenly(data: TrainingSet, count: int) -> list[int]:
    """Indices of `count` utterances, one of each speaker in turn."""
    seen: dict[str, int] = {}
    turns = []
    for index, (utterance, _) in enumerate(data.utterances):
        turns.append((seen.get(utterance.speaker, 0), utterance.speaker, index))
        seen[utterance.speaker] = seen.get(utterance.speaker, 0) + 1
    return [index for _, _, index in sorted(turns)[:count]]


def describe(scores: Mapping[str, float]) -> str:
    """Scores as a line for the log."""
    return ", ".join(f"{metric.label} {scores[metric.name]:.{metric.digits}f}" for metric in METRICS)
