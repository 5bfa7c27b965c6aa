"""The rule of the choice: a row of gates, the most important first.

A candidate has to pass all gates, and of those that do the one with the highest similarity to the speaker is taken:

1. words: phone error at most `max_phone_loss` above the best candidate's;
2. opinion: DistillMOS at most `max_mos_loss` below the base's at the same tempo, which is the candidate with α = 0
   (at its own tempo the base is slow, and at its clearest);
3. artefacts: steady tones at most `max_tone_db` above the recordings';
4. melody: F0 spread at least `min_f0_spread` of the recordings'.

Where no candidate passes a gate, those pass that are about as good there as the best: a smaller difference is chance.
Training is said to have harmed if the base itself is taken, or a voice whose opinion is lower than `max_mos_loss`
allows by more than chance.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from moien.choice.settings import ChoiceSettings
from moien.score.metric import Metric
from moien.score.metrics import distilled_mos, f0_spread, phone_error, similarity, tones

MOS_CHANCE = 0.1  # of DistillMOS over a few sentences
Scores = Mapping[str, float]  # metric → mean over the sentences; a metric that has none is left out


@dataclass(frozen=True)
class Gate:
    """A step of the rule: a candidate passes that loses at most `limit`, or that has no such score (NaN).

    `chance` is how far a candidate may be behind the best where none passes.
    """

    name: str
    limit: float
    chance: float
    loss: Callable[[Scores], float]


def gates(
    candidates: Sequence[Scores], base: Scores, recorded: Scores, settings: ChoiceSettings
) -> list[Gate]:
    """The rule, from the scores of the candidates, of the base at the speaker's tempo, and of the recordings."""

    def value(scores: Scores, metric: Metric) -> float:
        return scores.get(metric.name, math.nan)

    def opinion_loss(scores: Scores) -> float:
        return value(base, distilled_mos.METRIC) - value(scores, distilled_mos.METRIC)

    def spread_loss(scores: Scores) -> float:
        return 1 - value(scores, f0_spread.METRIC) / value(recorded, f0_spread.METRIC)

    words = phone_error.METRIC
    fewest = min((scores[words.name] for scores in candidates if words.name in scores), default=math.nan)
    return [
        Gate("words", settings.max_phone_loss, 0.0, lambda scores: value(scores, words) - fewest),
        Gate("opinion", settings.max_mos_loss, MOS_CHANCE, opinion_loss),
        Gate("artefacts", settings.max_tone_db, 1.0, lambda scores: value(scores, tones.METRIC)),
        Gate("melody", 1 - settings.min_f0_spread, 0.05, spread_loss),
    ]


def pick(
    scores: Sequence[Scores | None], recorded: Scores, settings: ChoiceSettings
) -> tuple[int, list[str]]:
    """Apply the rule to the candidates' scores, the base's first; None for speech that could not be scored.

    Returns:
        Index of the best, and the gates that no candidate passed.
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
