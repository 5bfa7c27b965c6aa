"""Spread of F0: how lively the melody is.

Unit: semitones (standard deviation about the clip's median). Direction: best near the recording's own value; flat
speech, the usual failure of a voice trained on little data, shows as a smaller one. Domain: voiced speech; NaN
under ten voiced values (0.125 s).
"""

from __future__ import annotations

import numpy as np

from moien.score.metric import Metric
from moien.score.pair import Pair

MIN_VOICED_VALUES = 10


def f0_std_semitones(pair: Pair) -> float:
    """Standard deviation of F0 in semitones over the voiced speech of the spoken clip."""
    f0 = pair.spoken.f0[pair.spoken.speech & (pair.spoken.f0 > 0)]
    if len(f0) < MIN_VOICED_VALUES:
        return float("nan")
    return float(np.std(12.0 * np.log2(f0 / np.median(f0))))


METRIC = Metric(
    name="f0_std_semitones",
    group="melody",
    label="F0 spread",
    unit="semitones",
    best="natural",
    digits=2,
    meaning="how lively the melody is; flat speech scores below the recording",
    compute=f0_std_semitones,
)
