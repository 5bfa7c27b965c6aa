"""A recording as the metrics take it: at one loudness, each analysis computed once, when it is first needed."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from scipy.ndimage import binary_opening

from moien.audio import (
    FRAME_SAMPLES,
    HOP_SAMPLES,
    SAMPLE_RATE,
    clipped_share,
    frame_rms,
    frames_in,
    resample,
    speech_level,
)
from moien.errors import WrongData
from moien.score import spectrum

LEVEL = 0.086  # speech level of every clip: that of the base model (measured)
SILENCE_DB = -26.0  # below the speech level: on Marylux 60 % of the silence, 6 % of the phones (closures)
MIN_SPEECH_VALUES = 3  # 37.5 ms: a shorter burst is a click, not speech
HARMLESS_OFFSET = 0.01  # of the speech level: a larger mean is no sound, but would move level and pauses
EDGE_SAMPLES = 1800  # 75 ms around the speech, as stage 1 leaves them: what the opinion models take
ALL_PASS = 0.466  # alpha that bends 24 kHz to the mel scale (SPTK's table)
NOISE_FLOOR = 2.0**-30 / 12  # power of 16-bit rounding: above 11 kHz a 22 kHz recording holds nothing else
SILENT_DB = -90.0  # below the speech level: 16-bit silence, which has no level of its own
ORDER = 24  # mel-cepstral coefficients 1..24, as is usual for MCD


class Clip:
    """A recording at 24 kHz, brought to one loudness, with lazily cached analyses at 80 Hz (`[T]` values).

    Predicted opinions depend on the level, so rows can only be compared at equal loudness.

    Args:
        samples: float `[N]`, mono.
        rate: its sampling rate in Hz; another than 24 kHz is resampled.
        name: what errors call it.

    Raises:
        WrongData: no sound in it (empty, silent, or shorter than one analysis frame) or a value that is no number.
    """

    def __init__(self, samples: np.ndarray, rate: int = SAMPLE_RATE, name: str = "clip") -> None:
        samples = np.asarray(samples, dtype=np.float32)
        if not np.isfinite(samples).all():
            raise WrongData("audio with values that are no numbers cannot be scored", where=name)
        peak = max(np.abs(samples).max(initial=0.0), 1e-6)
        self.clipped = clipped_share(samples / peak)  # before resampling, which rounds flat tops
        offset = float(samples.mean(dtype=np.float64)) if len(samples) else 0.0
        around_zero = samples - np.float32(offset)
        if abs(offset) > HARMLESS_OFFSET * speech_level(around_zero, rate):
            samples = around_zero
        samples = resample(samples, rate)
        level = speech_level(samples, SAMPLE_RATE) if len(samples) >= 2 * FRAME_SAMPLES else 0.0
        if level < 1e-6:
            raise WrongData("there is no speech to score", where=name, remedy="listen to it; decode it again")
        self.name = name
        self.offset = offset / level
        self.samples = np.clip(samples * (LEVEL / level), -1.0, 1.0)  # DNSMOS refuses anything beyond 1
        if not self.speech.any():
            raise WrongData("there is no speech to score, only clicks", where=name)

    @property
    def values(self) -> int:
        """Number of analysis values: two a duration frame."""
        return 2 * frames_in(len(self.samples))

    @cached_property
    def at_16k(self) -> np.ndarray:
        """The speech at 16 kHz, within ±1, with 75 ms around it: what the opinion models take.

        They repeat or pad a short clip, so a longer pause at an edge would count several times.
        """
        where = np.flatnonzero(self.speech) * HOP_SAMPLES
        part = self.samples[max(0, where[0] - EDGE_SAMPLES) : where[-1] + EDGE_SAMPLES]
        return np.clip(resample(part, SAMPLE_RATE, 16000), -1.0, 1.0)

    @cached_property
    def f0(self) -> np.ndarray:
        """F0 in Hz, 0 where unvoiced, `[T]`: the same analysis as for the targets of the training."""
        from moien.features.f0 import f0_hz

        return f0_hz(self.samples, self.values // 2)

    @cached_property
    def speech(self) -> np.ndarray:
        """Where there is speech, bool `[T]`: RMS over 25 ms above −26 dB of the speech level, clicks removed."""
        padded = np.pad(
            self.samples.astype(np.float64), (HOP_SAMPLES, self.values * HOP_SAMPLES - len(self.samples))
        )
        power = np.add.reduceat(padded**2, np.arange(0, len(padded), HOP_SAMPLES))
        rms = np.sqrt((power[:-1] + power[1:]) / (2 * HOP_SAMPLES))  # window centred on sample 300·i
        return binary_opening(rms > LEVEL * 10 ** (SILENCE_DB / 20), np.ones(MIN_SPEECH_VALUES))

    @cached_property
    def level_db(self) -> np.ndarray:
        """RMS of each whole 10 ms against the speech level, in dB, `[seconds · 100]`."""
        return np.maximum(20 * np.log10(frame_rms(self.samples, SAMPLE_RATE) / LEVEL + 1e-9), SILENT_DB)

    @property
    def span(self) -> slice:
        """The values from the first to the last speech."""
        where = np.flatnonzero(self.speech)
        return slice(int(where[0]), int(where[-1]) + 1)

    @property
    def speech_seconds(self) -> float:
        """From the first to the last speech, pauses inside included, in seconds."""
        return float(self.span.stop - self.span.start) * HOP_SAMPLES / SAMPLE_RATE

    @cached_property
    def lines(self) -> spectrum.Lines:
        """Narrow lines of the spectrum that do not move, from the first to the last speech."""
        return spectrum.lines(self.samples, LEVEL, self.span.start, self.f0[self.span] == 0)

    @cached_property
    def mel_db(self) -> Sequence[np.ndarray]:
        """Mel spectra of three resolutions in dB, `[T, bands]` each."""
        return spectrum.mel_db(self.samples, LEVEL, self.values)

    @cached_property
    def aperiodicity(self) -> np.ndarray:
        """WORLD's aperiodicity (D4C): the share of noise in the amplitude, 0..1, `[T, 1025]` over 0..12 kHz."""
        return pyworld().d4c(*self._world()).astype(np.float32)

    @cached_property
    def mel_cepstrum(self) -> np.ndarray:
        """Mel-cepstrum of WORLD's spectral envelope (CheapTrick), `[T, 25]`."""
        return mel_cepstrum(pyworld().cheaptrick(*self._world()) + NOISE_FLOOR)

    def _world(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
        """What WORLD's analyses take: the wave, F0, the time of each value, and the rate."""
        times = np.arange(self.values) * HOP_SAMPLES / SAMPLE_RATE
        return self.samples.astype(np.float64), self.f0.astype(np.float64), times, SAMPLE_RATE


def pyworld() -> Any:
    """The package, imported without its warning about pkg_resources."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pyworld
    return pyworld


def mel_cepstrum(envelope: np.ndarray, order: int = ORDER, alpha: float = ALL_PASS) -> np.ndarray:
    """Mel-cepstrum `[T, order + 1]` of power spectra `[T, bins]`.

    The cepstrum of the log amplitude, its frequency axis then bent by the all-pass `alpha` (Oppenheim and
    Johnson 1972; the `sp2mc` and `freqt` of SPTK).
    """
    log_amplitude = 0.5 * np.log(envelope)
    cepstrum = np.fft.irfft(log_amplitude, axis=-1)
    bins = envelope.shape[-1]
    cepstrum = cepstrum[..., :bins]
    cepstrum[..., 1:-1] *= 2.0  # both sides of the even sequence; the two end points stand alone
    return cepstrum @ _bending(bins, order, alpha).T


@lru_cache(maxsize=4)
def _bending(inputs: int, order: int, alpha: float) -> np.ndarray:
    """The frequency transform as a matrix `[order + 1, inputs]`: it is linear, so once is enough.

    Column k holds the bent cepstrum of z^-k = A(z)^k with A the all-pass of `-alpha`: each column is the one
    before, convolved with A, which is the recursion of SPTK's freqt written column by column.
    """
    matrix = np.zeros((order + 1, inputs))
    matrix[0, 0] = 1.0
    for k in range(1, inputs):
        before, column = matrix[:, k - 1], matrix[:, k]
        column[0] = alpha * before[0]
        for m in range(1, order + 1):
            column[m] = alpha * (before[m] - column[m - 1]) + before[m - 1]
    return matrix
