"""mel distance: how far the mel spectra of three resolutions lie apart (multi-resolution spectral losses: Yamamoto,
Song and Kim 2020, "Parallel WaveGAN"; in mel bands: Kumar et al. 2023, the mel distance of the Descript codec).

Unit: dB, mean over bands, resolutions (windows of 21, 43 and 85 ms) and steps of the DTW path of the MCD. Direction:
lower is better, 0 for the recording itself. Domain: one sentence, one speaker, one corpus; bands 60 dB below the
speech level count as silence. It rises with noise, dullness, tones and another harmonic structure, which the smooth
envelope of the MCD leaves out, and hardly with blur, as the MCD. DTW removes differences of tempo.
"""

from __future__ import annotations

import numpy as np

from moien.score.metric import Metric
from moien.score.pair import Pair


def mel_distance_db(pair: Pair) -> float:
    """Mean absolute difference in dB over the path's steps."""
    natural, spoken = pair.path
    spectra = zip(pair.natural.mel_db, pair.spoken.mel_db, strict=True)
    return float(np.mean([np.abs(ours[natural] - theirs[spoken]).mean() for ours, theirs in spectra]))


METRIC = Metric(
    name="mel_distance_db",
    group="likeness",
    label="mel distance",
    unit="dB",
    best="low",
    digits=2,
    meaning="the same with harmonics and noise, which the MCD leaves out",
    compute=mel_distance_db,
)
