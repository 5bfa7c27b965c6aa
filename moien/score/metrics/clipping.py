"""clipping: samples that stand still at the clip's own peak.

Unit: % of the samples, in runs of three or more within one 16-bit step of the peak, at whatever gain. Direction: lower
is better, 0 for a clean recording. Domain: the file as it is, before resampling; flat tops that a filter, a codec or
another sampling rate has rounded since are not found, nor is clipping of one polarity below the other's peak.
"""

from __future__ import annotations

import numpy as np

from moien.audio import LEVEL_FRAME_S, SAMPLE_RATE
from moien.score.metric import Metric
from moien.score.pair import Pair
from moien.score.spectrum import loudest

NEAR_PEAK = 0.97  # of the peak, in the resampled clip


def clipping_percent(pair: Pair) -> float:
    """Clipped samples of the spoken clip in %."""
    return 100 * pair.spoken.clipped


def worst(pair: Pair) -> list[float]:
    """Where the clip touches its peak, if it is clipped."""
    if not pair.spoken.clipped:
        return []
    size = round(LEVEL_FRAME_S * SAMPLE_RATE)
    peaks = np.abs(pair.spoken.samples)
    peaks = peaks[: len(peaks) // size * size].reshape(-1, size)
    return loudest((peaks > NEAR_PEAK * peaks.max()).sum(axis=1), LEVEL_FRAME_S, 0)


METRIC = Metric(
    name="clipping_percent",
    group="artefacts",
    label="clipping",
    unit="% of samples",
    best="low",
    digits=3,
    meaning="flat tops of an overloaded signal",
    compute=clipping_percent,
    worst=worst,
)
