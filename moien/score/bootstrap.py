"""Means with intervals: how far the number could move with another choice of sentences."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

RESAMPLES = 2000  # draws; the bounds are then steady to two digits


@dataclass(frozen=True)
class Estimate:
    """A mean over `n` utterances with its 95 % interval `low`..`high`; NaN throughout where `n` is 0."""

    mean: float
    low: float
    high: float
    n: int

    @property
    def sure(self) -> bool:
        """True where the interval leaves zero out: other sentences would show the difference too."""
        return self.n > 1 and (self.low > 0 or self.high < 0)


def bootstrap(values: Sequence[float] | np.ndarray, resamples: int = RESAMPLES, seed: int = 0) -> Estimate:
    """Percentile bootstrap over utterances (Efron 1979; for system comparison Bisani and Ney 2004).

    Args:
        values: one number an utterance; NaN ones do not exist and are left out of `n`.
        resamples: draws with replacement.
        seed: of the draws; the same numbers give the same interval.
    """
    known = np.asarray(values, dtype=float)
    known = known[~np.isnan(known)]
    if not len(known):
        return Estimate(math.nan, math.nan, math.nan, 0)
    draws = np.random.default_rng(seed).integers(0, len(known), size=(resamples, len(known)))
    low, high = np.percentile(known[draws].mean(axis=1), [2.5, 97.5])
    return Estimate(float(known.mean()), float(low), float(high), len(known))
