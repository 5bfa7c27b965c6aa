"""Analyses of a waveform that several metrics share: levels, mel spectra, and lines that do not move."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import scipy.fft
from scipy.ndimage import uniform_filter1d

from moien.audio import HOP_SAMPLES, SAMPLE_RATE

LINE_WINDOW = 2000  # samples, 83 ms: bins of 12 Hz, so that 2.4, 4.8, 7.2 and 9.6 kHz are bins themselves
BIN_HZ = SAMPLE_RATE / LINE_WINDOW
LINE_FLOOR = 1e-9  # power of the softest line (36 Hz wide), 90 dB below speech: inaudible
MIN_QUIET_VALUES = 8  # 100 ms
# Window in samples → bands; with more, the lowest band would have no bin.
MEL_BANDS = {512: 40, 1024: 64, 2048: 80}
MEL_FLOOR = 1e-6  # power of the softest band: 60 dB below speech


@dataclass(frozen=True)
class Lines:
    """Narrow lines against their spectral neighbours, in dB, bins of 12 Hz.

    `rise`: how far the 36 Hz about each bin stand above the 48–288 Hz on either side, `[T, 1001]`; `steady`: its
    mean over the quiet values, `[1001]`. Noise gives 0.
    """

    rise: np.ndarray
    steady: np.ndarray


def frames(samples: np.ndarray, window: int, values: int) -> np.ndarray:
    """Windows centred on sample 300·i, `[values, window]`, zeros beyond the ends."""
    padded = np.pad(samples.astype(np.float32), (window // 2, window + HOP_SAMPLES))
    return np.lib.stride_tricks.sliding_window_view(padded, window)[::HOP_SAMPLES][:values]


def power(samples: np.ndarray, window: int, values: int) -> np.ndarray:
    """Power spectra `[values, window / 2 + 1]` (Hann) whose sum over the bins is the power of the frame."""
    shape = np.hanning(window + 1)[:-1].astype(np.float32)
    spectrum = np.abs(scipy.fft.rfft(frames(samples, window, values) * shape, axis=1)) ** 2
    spectrum[:, 1:-1] *= 2
    return spectrum / (window * (shape**2).sum())


def lines(samples: np.ndarray, level: float, start: int, quiet: np.ndarray) -> Lines:
    """Lines in the values from `start` on.

    Args:
        level: speech level (RMS).
        quiet: bool `[T]`, the values without voice, whose harmonics would be lines; too few, and all values count.
    """
    spectrum = power(samples, LINE_WINDOW, start + len(quiet))[start:] / level**2
    db = 10 * np.log10(3 * uniform_filter1d(spectrum, 3, axis=1) + LINE_FLOOR)
    neighbours = (49 * uniform_filter1d(db, 49, axis=1) - 7 * uniform_filter1d(db, 7, axis=1)) / 42
    rise = db - neighbours
    return Lines(rise, rise[quiet if quiet.sum() >= MIN_QUIET_VALUES else slice(None)].mean(axis=0))


def mel_db(samples: np.ndarray, level: float, values: int) -> Sequence[np.ndarray]:
    """Mel spectra in dB against the speech level, `[values, bands]` for each window of `MEL_BANDS`."""
    return [
        10 * np.log10(power(samples, window, values) @ _mel_filters(window, bands).T / level**2 + MEL_FLOOR)
        for window, bands in MEL_BANDS.items()
    ]


@lru_cache
def _mel_filters(window: int, bands: int) -> np.ndarray:
    import librosa

    return librosa.filters.mel(sr=SAMPLE_RATE, n_fft=window, n_mels=bands, norm=None)


def loudest(
    badness: np.ndarray,
    step: float,
    above: float,
    *,
    start: float = 0.0,
    apart: float = 0.25,
    most: int = 3,
) -> list[float]:
    """Seconds of the `most` largest values over `above`, the largest first, at least `apart` seconds apart.

    The values lie `step` seconds from each other, the first at `start`.
    """
    left = np.array(badness, dtype=float)
    found: list[float] = []
    reach = round(apart / step)
    while len(found) < most and len(left):
        worst = int(np.argmax(left))
        if not left[worst] > above:
            break
        found.append(start + worst * step)
        left[max(0, worst - reach) : worst + reach + 1] = -np.inf
    return found
