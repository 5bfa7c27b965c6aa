"""The rule of the choice: a row of gates, the most important first.

A candidate has to pass all gates, and of those that do the one with the highest similarity to the speaker is taken:

1. words: phone error at most `max_phone_loss` above the best candidate's;
2. opinion: DistillMOS at most `max_mos_loss` below the best candidate's. The base at the speaker's tempo is one of them
   (α = 0), and part of the way is often clearer than the base and than all of it;
3. artefacts: steady tones at most `max_tone_db` above the recordings';
4. melody: F0 spread at least `min_f0_spread` of the recordings'.

Every difference is taken sentence by sentence, and its mean has a 95 % bootstrap interval. Where no candidate passes a
gate, those pass that are not clearly worse there than the best; the gate is shut only if even the best is clearly
beyond the limit. Training is said to have harmed if the base itself is taken, or a voice whose opinion is clearly
more than `max_mos_loss` below the base's. "Clearly" means that the interval excludes it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from moien.choice.settings import ChoiceSettings
from moien.score.bootstrap import bootstrap
from moien.score.metrics import distilled_mos, f0_spread, phone_error, similarity, tones

Scores = Mapping[str, np.ndarray]  # metric → a value for each sentence `[N]`, NaN where it has none


@dataclass(frozen=True)
class Gate:
    """A step of the rule; `excess` is how far each sentence of a candidate is beyond the limit, `[N]`."""

    name: str
    excess: Callable[[Scores], np.ndarray]


def gates(candidates: Sequence[Scores], recorded: Scores, settings: ChoiceSettings) -> list[Gate]:
    """The rule, from the scores of the candidates and of the recordings."""
    words, opinion = phone_error.METRIC.name, distilled_mos.METRIC.name
    tone, spread = tones.METRIC.name, f0_spread.METRIC.name
    clearest = min((scores[words] for scores in candidates), key=lambda values: mean(values, np.inf))
    favourite = max((scores[opinion] for scores in candidates), key=lambda values: mean(values, -np.inf))
    return [
        Gate("words", lambda scores: scores[words] - clearest - settings.max_phone_loss),
        Gate("opinion", lambda scores: favourite - scores[opinion] - settings.max_mos_loss),
        Gate("artefacts", lambda scores: scores[tone] - settings.max_tone_db),
        Gate("melody", lambda scores: settings.min_f0_spread * recorded[spread] - scores[spread]),
    ]


def pick(
    scores: Sequence[Scores | None], recorded: Scores, settings: ChoiceSettings
) -> tuple[int, list[str]]:
    """Apply the rule to the candidates' scores, the base's first; None for speech that could not be scored.

    Returns:
        Index of the best, and the gates that are shut.
    """
    left = {index: ours for index, ours in enumerate(scores) if ours is not None}
    shut = []
    for gate in gates(list(left.values()), recorded, settings):
        excess = {index: gate.excess(ours) for index, ours in left.items()}
        passed = [index for index, values in excess.items() if mean(values, 0) <= 0]
        if not passed:
            nearest = min(excess.values(), key=mean)
            if clearly_positive(nearest):
                shut.append(gate.name)
            passed = [i for i, values in excess.items() if not clearly_positive(values - nearest)]
        left = {index: left[index] for index in passed}
    return max(left, key=lambda index: mean(left[index][similarity.METRIC.name], 0)), shut


def harmed(base: Scores | None, chosen: Scores | None, settings: ChoiceSettings) -> bool:
    """Whether a trained voice's opinion is clearly over `max_mos_loss` below the base's; not known without scores."""
    if base is None or chosen is None:
        return False
    opinion = distilled_mos.METRIC.name
    return clearly_positive(base[opinion] - chosen[opinion] - settings.max_mos_loss)


def mean(values: np.ndarray, missing: float = np.nan) -> float:
    """Mean of the values that exist, `missing` if there are none."""
    return float(np.nanmean(values)) if np.isfinite(values).any() else missing


def clearly_positive(values: np.ndarray) -> bool:
    """Whether the interval of the mean lies above zero; never with a single value."""
    estimate = bootstrap(values)
    return estimate.sure and estimate.mean > 0
