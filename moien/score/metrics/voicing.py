"""voicing error: where one clip is voiced and the other is not.

Unit: share of the DTW path's steps, 0..1. Direction: lower is better, 0 for the recording itself. Domain: speech
alone; the voicing decision is that of WORLD's harvest as `moien.features.f0` cleans it (the "V/UV error" of the
TTS literature). Devoiced vowels and creaky voice of the recording count against every voice.
"""

from __future__ import annotations

import numpy as np

from moien.score.metric import Metric
from moien.score.pair import Pair


def voicing_error(pair: Pair) -> float:
    """Share of the path's steps on which the clips disagree about voicing."""
    natural, spoken = pair.path
    return float(np.mean((pair.natural.f0[natural] > 0) != (pair.spoken.f0[spoken] > 0)))


METRIC = Metric(
    name="voicing_error",
    group="melody",
    label="voicing error",
    unit="share",
    best="low",
    digits=3,
    meaning="how much is voiced that should not be, or the reverse",
    compute=voicing_error,
)
