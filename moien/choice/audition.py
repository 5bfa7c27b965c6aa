"""The audition: every candidate speaks some dev sentences from their phonemes, is scored, and the best is chosen.

Each is first given the speaker's tempo (`moien.choice.tempo`). Scores of speech decide, not losses; the rule is in
`moien.choice.rule`.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from typing import Any

import numpy as np
from torch import Tensor

from moien.audio import SAMPLE_RATE, read_audio
from moien.choice.candidates import Alpha, Mixture, blend, blend_packs, candidates
from moien.choice.rule import Scores, harmed, mean, pick
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
from moien.score.speakers import RESEMBLYZER, speaker_centroids
from moien.train.data import TrainingSet

USED = (phone_error, distilled_mos, tones, f0_spread, similarity, duration, f0_rmse, mcd)
METRICS = tuple(module.METRIC for module in USED)
ENCODERS = (RESEMBLYZER,)  # the only one that chooses
CENTROID_CLIPS = 10
TEMPO_SENTENCES = 300  # one sentence of `lb` gives the tempo to 7 %, 300 give it to 0.4 %


class Audition:
    """A model that becomes one mixture after the other, and the dev sentences that it speaks to be scored."""

    def __init__(
        self,
        base: Base,
        learned: Mapping[str, Tensor],
        train: TrainingSet,
        dev: TrainingSet,
        sentences: int,
        judges: Judges = DEFAULT_JUDGES,
        device: str = "cpu",
    ) -> None:
        """Load the base and read the recordings.

        Args:
            base: the base model's files.
            learned: the tensors that `moien.train.loop.train` returned.
            train: its recordings give the mean voice and the tempo of each speaker.
            dev: its first sentences, of each speaker in turn, are spoken.
            judges: the models that score; without a recogniser there is no phone error.
            device: of the model; audio comes back from it as NumPy arrays.
        """
        self.model = load_model(base.weights, base.config).to(device)
        state = self.model.state_dict()
        names = [name for name in [*learned, TEMPO] if not name.startswith("style.")]
        self.sentences = [dev.utterances[index] for index in dev.in_turn(sentences)]
        self._start = {name: state[name].clone() for name in names}
        self._learned = {n: t.to(device) if n in self._start else t for n, t in learned.items()}
        self._packs, self._judges = train.packs, judges  # packs stay on the CPU: one row at a time is used
        # Of both splits: dev alone is too few, and durations are hardly overfitted: in train they err as in test. But
        # only utterances like those of dev: cuts of long recordings, which may not be in it, are spoken faster.
        alike = {utterance.status for utterance, _ in dev.utterances}
        both = [pair for split in (dev, train) for pair in split.utterances if pair[0].status in alike]
        timed = random.Random(0).sample(both, min(TEMPO_SENTENCES, len(both)))
        self._timed = [Timed.of(self.model, utterance.speaker, alignment) for utterance, alignment in timed]
        self._centroids = speaker_centroids(
            [u for u, _ in train.utterances], CENTROID_CLIPS, judges, ENCODERS
        )
        self._recordings = {u.id: Clip(*read_audio(u.audio), name=u.id) for u, _ in self.sentences}

    def become(self, alpha: Mixture) -> tuple[dict[str, Tensor], float]:
        """Turn the model into this mixture, at the speakers' tempo; its packs, and the shift of the tempo."""
        blend(self.model, self._start, self._learned, alpha)
        packs = blend_packs(self._packs, self._learned, alpha)
        return packs, fit_tempo(self.model, packs, self._timed)

    def score(self, packs: Mapping[str, Tensor] | None = None) -> Scores:
        """Of the model's speech with these packs, of the recordings without any; WrongData for silence.

        Each sentence has its own noise of the source, the same for all candidates.
        """
        values: dict[str, list[float]] = {metric.name: [] for metric in METRICS}
        for number, (utterance, alignment) in enumerate(self.sentences):
            natural = clip = self._recordings[utterance.id]
            if packs:
                audio = speak(self.model, alignment.tokens, packs[utterance.speaker], seed=number).audio
                clip = Clip(audio, SAMPLE_RATE, utterance.id)
            centroids, phonemes = self._centroids[utterance.speaker], decode(alignment.tokens)
            pair = Pair(natural, clip, centroids, phonemes, judges=self._judges)
            for metric in METRICS:
                values[metric.name].append(metric.compute(pair))
        return {name: np.array(ours) for name, ours in values.items()}


def choose(audition: Audition, settings: ChoiceSettings) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Score every candidate, and turn the model into the best; its packs, and the table for `choice.json`.

    Raises:
        WrongData: no candidate's speech can be scored.
    """
    recorded = audition.score()
    log(f"recordings: {describe(recorded)}")
    rows: list[dict[str, Any]] = []
    figures: list[Scores | None] = []
    for alpha in track(candidates(settings), "choice: α"):
        packs, tempo = audition.become(alpha)
        row = vars(alpha) | {"tempo": round(tempo, 4)}
        try:
            scores = audition.score(packs)
        except WrongData as error:  # speech that cannot be scored, silence for one: the table has the reason
            figures.append(None)
            row["error"] = result = error.message
        else:
            figures.append(scores)
            row["scores"], result = means(scores), describe(scores)
        rows.append(row)
        log(f"predictor {alpha.predictor:g}, decoder {alpha.decoder:g}: {result}")
    if not any(figures):
        raise WrongData(
            "no candidate's speech can be scored",
            where=rows[0]["error"],
            remedy="listen to the samples of training; train with fewer steps or lower rates",
        )
    best, shut = pick(figures, recorded, settings)
    others = [None if index == best else ours for index, ours in enumerate(figures)]
    table = {
        "chosen": best,
        "runner_up": pick(others, recorded, settings)[0] if any(others) else None,
        "shut": shut,
        "quality_kept": best != 0 and not harmed(figures[0], figures[best], settings),
        "sentences": [utterance.id for utterance, _ in audition.sentences],
        "recorded": means(recorded),
        "candidates": rows,
    }
    packs, _ = audition.become(Alpha(rows[best]["predictor"], rows[best]["decoder"]))
    return packs, table


def means(scores: Scores) -> dict[str, float]:
    """The mean of each metric that has one."""
    return {n: round(value, 4) for n, values in scores.items() if not math.isnan(value := mean(values))}


def describe(scores: Scores) -> str:
    """Scores as a line for the log."""
    found = means(scores)
    return ", ".join(f"{m.label} {found[m.name]:.{m.digits}f}" for m in METRICS if m.name in found)


def log(text: str) -> None:
    """A line for the log, at once."""
    print(f"choice: {text}", flush=True)
