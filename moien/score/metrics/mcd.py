"""mel-cepstral distortion (Kubichek 1993, "mel-cepstral distance measure for objective speech quality").

Unit: dB. Direction: lower is better, 0 for the recording itself. Domain: the same sentence by one speaker at
24 kHz; mel-cepstra 1..24 (alpha 0.466) of WORLD's envelope along a DTW path, silence excluded, so neither gain,
nor pauses, nor tempo count. Comparable within one corpus only. A blurred spectrum has a low distance to all
spectra and so a good score: never rank voices by this metric alone.
"""

from __future__ import annotations

import numpy as np

from moien.score.metric import Metric
from moien.score.pair import Pair

DB = 10.0 / np.log(10.0) * np.sqrt(2.0)


def mcd_db(pair: Pair) -> float:
    """Mean distance in dB over the path's steps."""
    natural, spoken = pair.path
    difference = pair.natural.mel_cepstrum[natural, 1:] - pair.spoken.mel_cepstrum[spoken, 1:]
    return float(DB * np.sqrt((difference**2).sum(axis=1)).mean())


METRIC = Metric(
    name="mcd_db",
    group="likeness",
    label="mel-cepstral distortion",
    unit="dB",
    best="low",
    digits=2,
    meaning="how far the spectrum lies from the recording's",
    compute=mcd_db,
    versa="mcd",
)
