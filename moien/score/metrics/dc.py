"""DC: the constant part of the signal.

Unit: % of the speech level. Direction: lower is better, 0 is perfect. Domain: any clip. It is inaudible, but it
costs headroom and gives clicks where clips are joined; 1 % is harmless.
"""

from __future__ import annotations

from moien.score.metric import Metric
from moien.score.pair import Pair


def dc_percent(pair: Pair) -> float:
    """Size of the spoken clip's mean in % of the speech level."""
    return 100 * abs(pair.spoken.offset)


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
