"""DistillMOS: a predicted opinion (`moien.distillmos`).

Unit: predicted mean opinion score, 1..5. Direction: higher is better. Domain: 16 kHz speech; of the predictors
that work offline it follows the blur and the tones of a badly trained decoder best. It normalises by the peak itself,
so gain does not count. It pads with zeros to 7.7 s.
"""

from __future__ import annotations

from moien.distillmos import distillmos_of
from moien.score.metric import Metric
from moien.score.pair import Pair


def distillmos(pair: Pair) -> float:
    """DistillMOS of the spoken clip."""
    return distillmos_of(pair.spoken.at_16k, pair.judges.device)


METRIC = Metric(
    name="distillmos",
    group="opinion",
    label="DistillMOS",
    unit="MOS 1–5",
    best="high",
    digits=2,
    meaning="predicted opinion; sensitive to blur and tones",
    compute=distillmos,
    judged=True,
)
