"""clicks: short impulses that are not part of the speech.

Unit: clicks a second. Above 3 kHz, half a millisecond that is 12 dB louder than anything 2 to 15 ms before and after
it, and no more than 40 dB below the speech. Silence is assumed beyond the ends, so an abrupt end is a click too.
Direction: lower is better; the recording's own number (bursts of stops, the lips) is the floor. Domain: any speech;
pitch pulses have neighbours, so they do not count, but those of a creaky voice below 67 Hz do. A click in loud
fricatives is not found.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy.ndimage import maximum_filter
from scipy.signal import butter, sosfiltfilt

from moien.audio import SAMPLE_RATE
from moien.score.clip import LEVEL, Clip
from moien.score.metric import Metric
from moien.score.pair import Pair
from moien.score.spectrum import loudest

CELL = 12  # samples: 0.5 ms
HIGH_PASS = butter(4, 3000, "high", fs=SAMPLE_RATE, output="sos")
NEAR, FAR = 4, 30  # cells: 2 and 15 ms
AROUND = np.abs(np.arange(-FAR, FAR + 1)) > NEAR
MARGIN = 40  # cells of silence before and after the clip
RISE_DB, SOFTEST_DB = 12.0, -40.0


def rise_db(clip: Clip) -> np.ndarray:
    """How far each half millisecond stands above all around it, in dB, `[cells]` from 20 ms before the clip on."""
    high = sosfiltfilt(HIGH_PASS, np.pad(clip.samples.astype(np.float64), MARGIN * CELL))
    power = (high[: len(high) // CELL * CELL].reshape(-1, CELL) ** 2).mean(axis=1) / LEVEL**2
    level = np.maximum(10 * np.log10(power + 1e-12), SOFTEST_DB - RISE_DB)
    return level - maximum_filter(level, footprint=AROUND)


@lru_cache(maxsize=2)
def times(clip: Clip) -> tuple[float, ...]:
    """Seconds of the clicks, the clearest first."""
    step = CELL / SAMPLE_RATE
    return tuple(loudest(rise_db(clip), step, RISE_DB, start=-MARGIN * step, apart=FAR * step, most=1000))


def clicks(pair: Pair) -> float:
    """Clicks a second in the spoken clip."""
    return len(times(pair.spoken)) / (len(pair.spoken.samples) / SAMPLE_RATE)


def worst(pair: Pair) -> list[float]:
    """The three clearest clicks."""
    return [max(second, 0.0) for second in times(pair.spoken)[:3]]


METRIC = Metric(
    name="clicks",
    group="artefacts",
    label="clicks",
    unit="per second",
    best="low",
    digits=2,
    meaning="short impulses that are not part of the speech",
    compute=clicks,
    worst=worst,
)
