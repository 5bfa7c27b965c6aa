"""F0 correlation: does the melody rise and fall where the recording's does?

Unit: Pearson's r of log F0, −1..1 (the "F0 CORR" of the voice conversion and TTS literature). Direction: higher is
better, 1 for the recording itself. Domain: steps of the DTW path where both clips are voiced; NaN under ten of them
or where one melody is constant. Neither another register nor a narrower range changes it: read it beside the
log-F0 RMSE and the F0 spread.
"""

from __future__ import annotations

import numpy as np

from moien.score.metric import Metric
from moien.score.metrics.f0_spread import MIN_VOICED_VALUES
from moien.score.pair import Pair


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


METRIC = Metric(
    name="f0_correlation",
    group="melody",
    label="F0 correlation",
    unit="r",
    best="high",
    digits=3,
    meaning="whether the melody rises and falls where the recording's does",
    compute=f0_correlation,
    versa="f0_corr",
)
