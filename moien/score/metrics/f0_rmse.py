"""Error of the melody: root mean square of the difference in log F0.

Unit: natural logarithm of Hz (0.06 is a semitone). Direction: lower is better, 0 for the recording itself.
Domain: steps of the DTW path where both clips are voiced (the usual "log F0 RMSE" of ESPnet and the Blizzard
papers); NaN where there are none. A sentence can be spoken well with many melodies: a voice at 0.2 is not
necessarily wrong, and a flat one is rewarded, so read it beside the F0 spread.
"""

from __future__ import annotations

import numpy as np

from moien.score.metric import Metric
from moien.score.pair import Pair


def log_f0_rmse(pair: Pair) -> float:
    """RMSE of ln F0 over the steps voiced in both."""
    natural, spoken = pair.path
    ours, theirs = pair.natural.f0[natural], pair.spoken.f0[spoken]
    both = (ours > 0) & (theirs > 0)
    if not both.any():
        return float("nan")
    return float(np.sqrt(np.mean(np.log(ours[both] / theirs[both]) ** 2)))


METRIC = Metric(
    name="log_f0_rmse",
    group="melody",
    label="log-F0 RMSE",
    unit="ln Hz",
    best="low",
    digits=3,
    meaning="how far the melody lies from the recording's",
    compute=log_f0_rmse,
)
