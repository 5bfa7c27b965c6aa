"""Checks of the metrics: known damages, which metrics must detect each, and changes that all must ignore.

The tests and `make check-scores` read `DAMAGES`, `IGNORED` and `TOLERANCES`.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from scipy.ndimage import gaussian_filter1d
from scipy.signal import butter, sosfilt, tf2sos

from moien.audio import HOP_SAMPLES, SAMPLE_RATE
from moien.score.clip import LEVEL, Clip, pyworld
from moien.score.metrics import METRICS
from moien.score.pair import Pair
from moien.score.speakers import ENCODERS, Centroids, embed

# Metric → how far it may move, in its unit, by a change that it must ignore. A stronger damage may score better than a
# weaker one by as much, and the strongest damage must move it by twice as much.
TOLERANCES = {
    "mcd_db": 1.2,
    "mel_distance_db": 0.6,
    "similarity": 0.02,
    "dvector_similarity": 0.02,
    "log_f0_rmse": 0.02,
    "f0_correlation": 0.02,
    "f0_std_semitones": 0.15,
    "voicing_error": 0.03,
    "duration_ratio": 0.01,
    "speaking_rate": 0.15,
    "pause_share": 0.01,
    "dnsmos_ovrl": 0.1,
    "distillmos": 0.2,
    "plcmos": 0.1,
    "tone_excess_db": 1.0,
    "line_excess_db": 1.0,
    "hum_end_db": 1.0,
    "gap_noise_db": 1.5,
    "clicks": 0.5,
    "buzz_db": 0.3,
    "clipping_percent": 0.02,
    "dc_percent": 0.3,
}


@dataclass(frozen=True)
class Subject:
    """A sentence to damage; the same by the same voice with other random phases; and by another voice."""

    clip: Clip
    phonemes: str
    take: Clip
    other: Clip
    centroids: Centroids = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "centroids", {name: embed(self.clip, encoder=name) for name in ENCODERS})

    def score(self, metric: str, clip: Clip) -> float:
        """The metric of `clip` against the undamaged one."""
        return METRICS[metric].compute(Pair(self.clip, clip, self.centroids, self.phonemes))


Change = Callable[[Subject, float], Clip]


@dataclass(frozen=True)
class Damage:
    """A damage in growing strength, in `unit`, and the metrics that must get worse with it."""

    name: str
    unit: str
    strengths: Sequence[float]
    apply: Change
    detected_by: str


def noise(subject: Subject, snr_db: float) -> Clip:
    """White noise at this signal-to-noise ratio."""
    wave = subject.clip.samples
    return Clip(wave + LEVEL * 10 ** (-snr_db / 20) * np.random.default_rng(0).standard_normal(len(wave)))


def low_pass(subject: Subject, khz: float) -> Clip:
    """Nothing above `khz`."""
    return Clip(sosfilt(butter(8, 1000 * khz, fs=SAMPLE_RATE, output="sos"), subject.clip.samples))


@lru_cache(maxsize=4)
def analysed(clip: Clip) -> tuple[np.ndarray, ...]:
    """F0, envelope and aperiodicity of WORLD, each 5 ms."""
    wave = clip.samples.astype(np.float64)
    f0, times = pyworld().harvest(wave, SAMPLE_RATE)
    return f0, pyworld().cheaptrick(wave, f0, times, SAMPLE_RATE), pyworld().d4c(wave, f0, times, SAMPLE_RATE)


def resynthesised(clip: Clip, change: Callable[..., tuple[np.ndarray, ...]], tempo: float = 1.0) -> Clip:
    """The clip through WORLD, with `change` applied to F0, envelope and aperiodicity."""
    return Clip(pyworld().synthesize(*change(*analysed(clip)), SAMPLE_RATE, 5.0 / tempo))


def blurred(subject: Subject, ms: float) -> Clip:
    """The spectral envelope smoothed over time, as by a voice that was trained on an L1 loss alone."""
    return resynthesised(
        subject.clip,
        lambda f0, sp, ap: (f0, np.exp(gaussian_filter1d(np.log(sp), ms / 5.0, axis=0)), ap),
    )


def pitched(subject: Subject, semitones: float) -> Clip:
    """Another register, the same formants."""
    return resynthesised(subject.clip, lambda f0, sp, ap: (f0 * 2 ** (semitones / 12), sp, ap))


def flattened(subject: Subject, percent: float) -> Clip:
    """The range of the melody narrowed about its median."""

    def change(f0: np.ndarray, sp: np.ndarray, ap: np.ndarray) -> tuple[np.ndarray, ...]:
        centre = np.median(f0[f0 > 0])
        return np.where(f0 > 0, centre * (np.maximum(f0, 1) / centre) ** (1 - percent / 100), 0), sp, ap

    return resynthesised(subject.clip, change)


def wobbling(subject: Subject, semitones: float) -> Clip:
    """Another melody: a slow wave added to the true one."""

    def change(f0: np.ndarray, sp: np.ndarray, ap: np.ndarray) -> tuple[np.ndarray, ...]:
        wave = np.sin(2 * np.pi * 1.5 * 0.005 * np.arange(len(f0)))
        return f0 * 2 ** (semitones / 12 * wave), sp, ap

    return resynthesised(subject.clip, change)


def whispered(subject: Subject, percent: float) -> Clip:
    """The last part of the sentence without voice."""

    def change(f0: np.ndarray, sp: np.ndarray, ap: np.ndarray) -> tuple[np.ndarray, ...]:
        voiced = np.arange(len(f0)) < (1 - percent / 100) * len(f0)
        return np.where(voiced, f0, 0), sp, np.where(voiced[:, None], ap, 1)

    return resynthesised(subject.clip, change)


def buzzing(subject: Subject, percent: float) -> Clip:
    """A part of the noise in voiced sounds replaced by pulses."""
    return resynthesised(
        subject.clip, lambda f0, sp, ap: (f0, sp, np.where(f0[:, None] > 0, ap * (1 - percent / 100), ap))
    )


def hurried(subject: Subject, tempo: float) -> Clip:
    """Another tempo at the same pitch."""
    return resynthesised(subject.clip, lambda *world: world, tempo)


def with_tone(hz: float) -> Change:
    """A steady sine, its level relative to the speech."""

    def apply(subject: Subject, db: float) -> Clip:
        wave = subject.clip.samples
        tone = np.sin(2 * np.pi * hz / SAMPLE_RATE * np.arange(len(wave)))
        return Clip(wave + math.sqrt(2) * LEVEL * 10 ** (db / 20) * tone)

    return apply


def speech_samples(clip: Clip) -> np.ndarray:
    """Where there is speech, bool `[N]`."""
    return np.repeat(clip.speech, HOP_SAMPLES)[: len(clip.samples)]


def shortened(subject: Subject, percent: float) -> Clip:
    """A part of the sentence cut out of its middle, as if words were dropped."""
    clip = subject.clip
    start, end = clip.span.start * HOP_SAMPLES, clip.span.stop * HOP_SAMPLES
    half = (end - start) * percent / 200
    middle = (start + end) / 2
    return Clip(np.concatenate([clip.samples[: int(middle - half)], clip.samples[int(middle + half) :]]))


def paused(subject: Subject, seconds: float) -> Clip:
    """A pause inserted where the middle half of the sentence is softest."""
    clip = subject.clip
    first, last = (round(share * len(clip.level_db)) for share in (0.25, 0.75))
    place = (first + int(np.argmin(clip.level_db[first:last]))) * SAMPLE_RATE // 100 + 120
    return Clip(np.insert(clip.samples, place, np.zeros(round(seconds * SAMPLE_RATE))))


def rounded(subject: Subject, bits: float) -> Clip:
    """Samples of a few bits."""
    steps = 2 ** (bits - 1)
    return Clip(np.round(subject.clip.samples * steps) / steps)


def overloaded(subject: Subject, percent: float) -> Clip:
    """A part of the samples beyond full scale."""
    wave = subject.clip.samples
    limit = float(np.quantile(np.abs(wave), 1 - percent / 100))
    return Clip(np.clip(wave, -limit, limit))


def humming(subject: Subject, db: float) -> Clip:
    """A hum of 100 Hz before and after the speech."""
    clip = subject.clip
    hum = (
        math.sqrt(2)
        * LEVEL
        * 10 ** (db / 20)
        * np.sin(2 * np.pi * 100 / SAMPLE_RATE * np.arange(len(clip.samples)))
    )
    inside = np.zeros(len(hum), bool)
    inside[clip.span.start * HOP_SAMPLES : clip.span.stop * HOP_SAMPLES] = True
    return Clip(clip.samples + np.where(inside, 0, hum))


def hissing(subject: Subject, db: float) -> Clip:
    """Noise between the words only."""
    clip = subject.clip
    gaps = np.random.default_rng(0).standard_normal(len(clip.samples))
    return Clip(clip.samples + LEVEL * 10 ** (db / 20) * np.where(speech_samples(clip), 0, gaps))


def clicking(subject: Subject, rate: float) -> Clip:
    """Clicks at a constant rate a second."""
    wave = subject.clip.samples.copy()
    wave[:: round(SAMPLE_RATE / rate)] += 3 * LEVEL
    return Clip(wave)


def shifted(subject: Subject, percent: float) -> Clip:
    """A constant part, in percent of the speech level."""
    return Clip(subject.clip.samples + percent / 100 * LEVEL)


SPECTRUM, SOUND = "mcd_db mel_distance_db", "dnsmos_ovrl distillmos"
VOICE = "similarity dvector_similarity"
DAMAGES = (
    Damage("white noise", "dB SNR", (30, 20, 10, 0), noise, f"{SPECTRUM} {SOUND} {VOICE} gap_noise_db"),
    Damage("low-pass", "kHz", (8, 6, 4, 2), low_pass, f"{SPECTRUM} distillmos plcmos dvector_similarity"),
    Damage("blur", "ms", (15, 30, 60, 120), blurred, f"{SPECTRUM} distillmos plcmos dvector_similarity"),
    Damage("higher voice", "semitones", (1, 2, 4), pitched, "log_f0_rmse"),
    Damage("lower voice", "semitones", (-1, -2, -4), pitched, "log_f0_rmse"),
    Damage("flat melody", "%", (25, 50, 100), flattened, "f0_std_semitones"),
    Damage("another melody", "semitones", (1, 2, 4), wobbling, "log_f0_rmse f0_correlation"),
    Damage("whisper", "%", (25, 50, 100), whispered, "voicing_error"),
    Damage("slower", "×", (0.9, 0.8), hurried, "duration_ratio speaking_rate"),
    Damage("faster", "×", (1.1, 1.25), hurried, "duration_ratio speaking_rate"),
    Damage("words dropped", "%", (10, 20, 30), shortened, "duration_ratio speaking_rate"),
    Damage("a pause", "s", (0.2, 0.4, 0.8), paused, "pause_share duration_ratio"),
    Damage("another speaker", "", (1,), lambda subject, _: subject.other, f"{SPECTRUM} {VOICE}"),
    Damage(
        "tone of 4.8 kHz", "dB", (-60, -50, -40, -30, -20), with_tone(4800), "tone_excess_db line_excess_db"
    ),
    Damage("tone of 3.15 kHz", "dB", (-60, -50, -40, -30, -20), with_tone(3150), "line_excess_db"),
    Damage("hum at the ends", "dB", (-50, -40, -30), humming, "hum_end_db"),
    Damage("noise in the gaps", "dB", (-50, -40, -30), hissing, "gap_noise_db"),
    Damage("clicks", "per second", (1, 3, 9), clicking, "clicks plcmos"),
    Damage("buzz", "%", (25, 50, 100), buzzing, "buzz_db"),
    Damage("clipping", "% of samples", (0.3, 1, 3), overloaded, "clipping_percent"),
    Damage("few bits", "bits", (12, 10, 8), rounded, f"{SPECTRUM} plcmos dvector_similarity"),
    Damage("DC", "% of the level", (2, 5, 10), shifted, "dc_percent"),
)


def dispersed(subject: Subject, radius: float) -> Clip:
    """Another phase, the same magnitude: a chain of all-passes, delays of up to 3 ms."""
    sections = []
    for angle in np.pi * np.array([0.02, 0.05, 0.1, 0.2, 0.4, 0.7]):
        denominator = np.array([1, -2 * radius * np.cos(angle), radius**2])
        sections.append(tf2sos(denominator[::-1], denominator))
    return Clip(sosfilt(np.concatenate(sections), subject.clip.samples))


# Every metric must ignore them, within its tolerance.
IGNORED: Mapping[str, Callable[[Subject], Clip]] = {
    "gain of −14 dB": lambda subject: Clip(subject.clip.samples * 0.2),
    "a leading pause of 0.5 s": lambda subject: Clip(np.pad(subject.clip.samples, (SAMPLE_RATE // 2, 0))),
    "polarity": lambda subject: Clip(-subject.clip.samples),
    "an all-pass": lambda subject: dispersed(subject, 0.95),
    "another draw of the source's phase": lambda subject: subject.take,
}


def distances(metric: str, values: Iterable[float], perfect: float) -> list[float]:
    """How far from good each value is, `perfect` being that of the undamaged clip."""
    return [float(METRICS[metric].distance(value, perfect)) for value in values]


def undetected(metric: str, values: Sequence[float], perfect: float) -> str:
    """Why a metric does not detect a damage whose strengths give `values`; "" if it does."""
    bad = distances(metric, [perfect, *values], perfect)
    tolerance = TOLERANCES[metric]
    if any(math.isnan(value) for value in bad):
        return "there is no number"
    if any(later < earlier - tolerance for earlier, later in itertools.pairwise(bad)):
        return f"a stronger damage scores better by more than {tolerance:g}"
    if bad[-1] - bad[0] < 2 * tolerance:
        return f"the strongest damage moves it by {bad[-1] - bad[0]:.3g}, less than {2 * tolerance:g}"
    return ""
