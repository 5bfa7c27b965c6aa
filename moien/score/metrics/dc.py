"""DC: the constant part of the signal.

Unit: % of the speech level. Direction: lower is better, 0 is perfect. Domain: any clip. It is inaudible, but it
costs headroom, gives clicks where clips are joined, and falsifies measured levels; 1 % is harmless.
"""

from __future__ import annotations

import numpy as np

from moien.score.clip import LEVEL
from moien.score.metric import Metric
from moien.score.pair import Pair


def dc_percent(pair: Pair) -> float:
    """Size of the spoken clip's mean in % of the speech level."""
    return 100 * abs(float(np.mean(pair.spoken.samples, dtype=np.float64))) / LEVEL


METRIC = Metric(
    name="dc_percent",
    group="artefacts",
    label="DC",
    unit="% of the level",
    best="low",
    digits=2,
    meaning="a constant part of the signal",
    compute=dc_percent,
)
