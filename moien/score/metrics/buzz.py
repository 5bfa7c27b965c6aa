"""buzz: how periodic the voice is from 4 to 8 kHz, where human voices are mostly noise and vocoders often are not.

Unit: dB. WORLD's aperiodicity (D4C, Morise 2016: the share of noise in the amplitude) from 4 to 8 kHz over voiced
speech, of the natural recording minus the spoken clip's. Direction: lower is better, 0 for the recording itself.
Domain: voiced speech with a clean high band; NaN under ten voiced values. Noise hides a buzz (and a breathy voice
scores below 0); noise or a room in the *recording* makes every clean voice a dB or two buzzier than it.
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import uniform_filter1d

from moien.audio import HOP_SAMPLES, SAMPLE_RATE
from moien.score.clip import Clip
from moien.score.metric import Metric
from moien.score.metrics.f0_spread import MIN_VOICED_VALUES
from moien.score.pair import Pair
from moien.score.spectrum import loudest

BAND_HZ = (4000, 8000)
SMOOTHED = 9  # values: 110 ms
WORST_DB = 2.0


def periodicity_db(clip: Clip) -> np.ndarray:
    """How far the noise lies below the whole from 4 to 8 kHz, in dB, `[T]`; NaN where nothing is voiced."""
    low, high = (round(hz / (SAMPLE_RATE / 2) * (clip.aperiodicity.shape[1] - 1)) for hz in BAND_HZ)
    band = -20 * np.log10(np.maximum(clip.aperiodicity[:, low:high], 1e-3)).mean(axis=1)
    return np.where(clip.speech & (clip.f0 > 0), band, np.nan)


def mean_db(clip: Clip) -> float:
    """Mean over voiced speech."""
    known = periodicity_db(clip)
    known = known[~np.isnan(known)]
    return float(known.mean()) if len(known) >= MIN_VOICED_VALUES else float("nan")


def buzz_db(pair: Pair) -> float:
    """How much more periodic the high band of the spoken clip is than the recording's."""
    return mean_db(pair.spoken) - mean_db(pair.natural)


def worst(pair: Pair) -> list[float]:
    """When the high band is most periodic, if clearly more than in the recording."""
    limit = mean_db(pair.natural)
    above = uniform_filter1d(np.nan_to_num(periodicity_db(pair.spoken) - limit), SMOOTHED)
    return loudest(above, HOP_SAMPLES / SAMPLE_RATE, WORST_DB)


METRIC = Metric(
    name="buzz_db",
    group="artefacts",
    label="buzz",
    unit="dB over natural",
    best="low",
    digits=1,
    meaning="how periodic it is at 4–8 kHz, where human voices are mostly noise",
    compute=buzz_db,
    worst=worst,
)
