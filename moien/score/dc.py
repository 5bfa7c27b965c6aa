"""DC: the constant part of the signal.

Unit: % of the speech level. Direction: lower is better, 0 is perfect. Domain: any clip. Nobody hears it, but it costs
headroom, clicks where clips are joined, and disturbs whoever measures levels; 1 % is harmless.
"""

from __future__ import annotations

import numpy as np

from moien.score.clip import LEVEL, Pair
from moien.score.metric import Metric


def dc_percent(pair: Pair) -> float:
    """Size of the spoken clip's mean in % of the speech level."""
    return 100 * abs(float(np.mean(pair.spoken.samples, dtype=np.float64))) / LEVEL


METRIC = Metric("dc_percent", "artefacts", "DC", "% of the level", "low", 2,
                "a constant part of the signal", dc_percent)  # fmt: skip
