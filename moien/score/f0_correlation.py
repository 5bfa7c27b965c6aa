"""F0 correlation: does the melody rise and fall where the recording's does?

Unit: Pearson's r of log F0, −1..1 (the "F0 CORR" of the voice conversion and TTS literature). Direction: higher is
better, 1 for the recording itself. Domain: steps of the DTW path where both clips are voiced; NaN under ten of them
or where one melody stands still. It hears neither another register nor a narrower range: read it beside the
log-F0 RMSE and the F0 spread.
"""

from __future__ import annotations

import numpy as np

from moien.score.clip import Pair
from moien.score.f0_spread import MIN_VOICED_VALUES
from moien.score.metric import Metric


def f0_correlation(pair: Pair) -> float:
    """Correlation of ln F0 over the steps voiced in both."""
    natural, spoken = pair.path
    ours, theirs = pair.natural.f0[natural], pair.spoken.f0[spoken]
    both = (ours > 0) & (theirs > 0)
    if both.sum() < MIN_VOICED_VALUES:
        return float("nan")
    melodies = np.log(ours[both]), np.log(theirs[both])
    if min(melody.std() for melody in melodies) < 1e-6:
        return float("nan")
    return float(np.corrcoef(*melodies)[0, 1])


METRIC = Metric("f0_correlation", "melody", "F0 correlation", "r", "high", 3,
                "whether the melody rises and falls where the recording's does", f0_correlation)  # fmt: skip
