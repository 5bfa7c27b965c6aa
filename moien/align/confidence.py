"""How well the audio of an utterance fits its text, measured with no other model than the alignment.

Goodness of pronunciation (Witt & Young 2000): the posterior of the aligned phone against all phones, in each of
its frames, by a linear classifier (LDA) trained on the corpus's own alignment. Most texts are right, so the
classifier learns phones; where a text is wrong, its frames contradict it. Outliers are found per corpus by
median and MAD, so that nothing depends on a recording's level, room or language.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from moien.align.hmm import PhoneTime
from moien.align.lda import discriminants, splice
from moien.audio import HOP_SAMPLES, SAMPLE_RATE, read_audio

CEPSTRA = 16
FRAMES_PER_SECOND = SAMPLE_RATE / HOP_SAMPLES
STRETCH = 8  # phones, about a word and a half: as many as a wrong word affects
MAD_TO_SIGMA = 1.4826


@dataclass(frozen=True)
class Fit:
    """How an utterance fits its text.

    `confidence`: geometric mean over phones of their posterior, 0 to 1. `weakest`: the same (as a log) over the worst
    stretch of 8 phones; it is low if one word is wrong. `slowest`: the largest robust z-score of a phone's log
    duration among all phones of its label; it is high if the audio has speech that the text does not have.
    """

    confidence: float
    weakest: float
    slowest: float


def cepstra(samples: np.ndarray) -> np.ndarray:
    """16 mel cepstra at 80 Hz without the level (c0) and minus the utterance's mean, float32 `[T, 16]`."""
    import torch
    from scipy.fft import dct

    from moien.features.mel import log_mel

    mel = log_mel(torch.from_numpy(samples)).numpy().T
    found = dct(mel, norm="ortho", axis=1)[:, :CEPSTRA]
    return (found - found.mean(axis=0)).astype(np.float32)


def fits(audio: Mapping[str, Path], phones: Mapping[str, Sequence[PhoneTime]]) -> dict[str, Fit]:
    """The fit of each utterance in `phones` (none may be empty); `audio` are files at 24 kHz."""
    frames = {utterance: cepstra(read_audio(audio[utterance])[0]) for utterance in phones}
    labels = sorted({phone.label for sequence in phones.values() for phone in sequence})
    classifier = Classifier(len(labels) + 1)  # the last class is silence
    numbers = {label: number for number, label in enumerate(labels)}
    for utterance, sequence in phones.items():
        classifier.add(splice(frames[utterance]), frame_classes(sequence, numbers, len(frames[utterance])))
    classifier.estimate()
    slow = _slowness(phones)
    result = {}
    for utterance, sequence in phones.items():
        posterior = classifier.log_posterior(splice(frames[utterance]))
        columns = ((posterior[frames_of(p, len(posterior))], numbers[p.label]) for p in sequence)
        scores = np.array([own[:, number].mean() for own, number in columns])
        window = np.ones(min(STRETCH, len(scores)))
        weakest = (np.convolve(scores, window, "valid") / len(window)).min()
        result[utterance] = Fit(float(np.exp(scores.mean())), float(weakest), slow[utterance])
    return result


def frame_classes(phones: Iterable[PhoneTime], numbers: Mapping[str, int], length: int) -> np.ndarray:
    """Class of each of `length` frames, int `[T]`; silence has the number after the last."""
    classes = np.full(length, len(numbers))
    for phone in phones:
        classes[frames_of(phone, length)] = numbers[phone.label]
    return classes


def frames_of(phone: PhoneTime, length: int) -> slice:
    """The frames whose centres lie in the phone, at least the one nearest to its start."""
    first = min(int(np.ceil(phone.start * FRAMES_PER_SECOND)), length - 1)
    return slice(first, max(int(np.ceil(phone.end * FRAMES_PER_SECOND)), first + 1))


class Classifier:
    """Linear discriminant analysis from running sums: Gaussian classes with one covariance."""

    def __init__(self, classes: int) -> None:
        """No frames yet."""
        self._classes = classes
        self._count = np.zeros(classes)
        self._sum: np.ndarray | None = None
        self._outer: np.ndarray | None = None

    def add(self, frames: np.ndarray, classes: np.ndarray) -> None:
        """Learn from frames `[T, D]` of known classes `[T]`."""
        frames = frames.astype(np.float64)
        if self._sum is None:
            size = frames.shape[1]
            self._sum, self._outer = np.zeros((self._classes, size)), np.zeros((size, size))
        self._count += np.bincount(classes, minlength=self._classes)
        np.add.at(self._sum, classes, frames)
        self._outer += frames.T @ frames

    def estimate(self) -> None:
        """Means, the common covariance, and from them the linear functions of the classes."""
        assert self._sum is not None and self._outer is not None
        count = np.maximum(self._count, 1.0)
        means = self._sum / count[:, None]
        within = (self._outer - means.T @ (means * self._count[:, None])) / self._count.sum()
        self.log_prior = np.log(count / count.sum())
        self._weights, self._bias = discriminants(means, within, self.log_prior)

    def log_posterior(self, frames: np.ndarray) -> np.ndarray:
        """Log posterior of each class, `[T, C]`."""
        from scipy.special import log_softmax

        return log_softmax(frames @ self._weights + self._bias, axis=1)


def _slowness(phones: Mapping[str, Sequence[PhoneTime]]) -> dict[str, float]:
    """Per utterance the largest robust z-score of log duration within a label."""
    lengths = defaultdict(list)
    for sequence in phones.values():
        for phone in sequence:
            lengths[phone.label].append(np.log(max(phone.end - phone.start, 1e-3)))
    centre = {label: robust(np.array(values)) for label, values in lengths.items()}
    slow = {}
    for utterance, sequence in phones.items():
        z = [(np.log(max(p.end - p.start, 1e-3)) - centre[p.label][0]) / centre[p.label][1] for p in sequence]
        slow[utterance] = float(max(z))
    return slow


def robust(values: np.ndarray) -> tuple[float, float]:
    """Median, and the standard deviation estimated from the median absolute deviation."""
    median = float(np.median(values))
    return median, max(MAD_TO_SIGMA * float(np.median(np.abs(values - median))), 1e-6)


def outliers(fits_: Mapping[str, Fit], sigmas: float) -> dict[str, str]:
    """Utterance → reason, if its fit is more than `sigmas` robust standard deviations worse than the median."""
    found: dict[str, str] = {}
    for what, sign, value in (
        ("the phones do not match the audio", -1, lambda fit: np.log(fit.confidence)),
        ("a stretch does not match the audio", -1, lambda fit: fit.weakest),
        ("a phone is far too long", 1, lambda fit: fit.slowest),
    ):
        values = np.array([value(fit) for fit in fits_.values()])
        centre, spread = robust(values)
        for utterance, z in zip(fits_, sign * (values - centre) / spread, strict=True):
            if z > sigmas:
                found.setdefault(utterance, f"{what}: {z:.1f} robust standard deviations from the median")
    return found
