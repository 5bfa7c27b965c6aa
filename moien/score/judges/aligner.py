"""Phones as Gaussians, aligned to a clip by force: a judge of another kind than the phone recogniser's network.

One Gaussian a phone, one covariance for all, over spliced mel cepstra, aligned by Viterbi with at least 25 ms for each
phone and silence allowed between words. It is a plain monophone HMM, trained from a flat start on the natural training
split: the aligner of stage 3 (viter) gives times but no likelihoods. The score: `moien.score.metrics.alignment_fit`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.fft import dct
from scipy.special import log_softmax

from moien.align.lda import CONTEXT, discriminants, splice
from moien.evenly import every_nth
from moien.progress import track

CEPSTRA = 16  # the level (c0) among them: it separates silence
SPLICED = CEPSTRA * (2 * CONTEXT + 1)
ROUNDS = 10  # of alignment and estimation
LEAST = 2  # frames of 12.5 ms a phone: one that was dropped has to take them from its neighbours
MOST_FRAMES = 100_000  # 21 minutes: enough for fifty means and one covariance

Words = Sequence[Sequence[str]]  # the phones of each word


@dataclass(frozen=True)
class GaussianPhones:
    """Gaussian phones: class c has the log posterior `log_softmax(x @ weights + bias)[c]` in a frame x.

    `weights [80, C + 1]`, `bias [C + 1]` and `prior [C + 1]`, the log share of each class in the training data; the
    last class is silence, the others are `labels`.
    """

    labels: tuple[str, ...]
    weights: np.ndarray
    bias: np.ndarray
    prior: np.ndarray

    def __post_init__(self) -> None:
        """ValueError for tensors that do not belong together."""
        classes = len(self.labels) + 1
        shapes = [tensor.shape for tensor in (self.weights, self.bias, self.prior)]
        if shapes != [(SPLICED, classes), (classes,), (classes,)]:
            raise ValueError(f"Gaussian phones of shapes {shapes} for {classes} classes")

    def fit(self, mel: np.ndarray, words: Words) -> float:
        """Mean log posterior of the phones in a clip's log-mel `[T, mels]`; NaN where there is no room for them.

        A phone that the training did not have cannot be judged and is left out.
        """
        classes, owners = states_of(words, {label: number for number, label in enumerate(self.labels)})
        posterior = log_softmax(spliced_cepstra(mel) @ self.weights + self.bias, axis=1)
        path = best_path((posterior - self.prior)[:, classes], owners < 0)
        if path is None or not len(path):
            return float("nan")
        own, phone = posterior[np.arange(len(path)), classes[path]], owners[path]
        spoken = phone >= 0
        return float((np.bincount(phone[spoken], own[spoken]) / np.bincount(phone[spoken])).mean())


def spliced_cepstra(mel: np.ndarray) -> np.ndarray:
    """Cepstra of a normalised log-mel `[T, mels]`, each frame with its neighbours, `[T, 80]`."""
    return splice(dct(mel, norm="ortho", axis=1)[:, :CEPSTRA]).astype(np.float64)


def states_of(words: Words, numbers: Mapping[str, int]) -> tuple[np.ndarray, np.ndarray]:
    """The HMM of a sentence: class `[S]` of each state, and the phone `[S]` it belongs to (−1: a silence)."""
    classes, owners, phones = [len(numbers)], [-1], 0
    for word in words:
        for phone in word:
            if phone in numbers:
                classes += [numbers[phone]] * LEAST
                owners += [phones] * LEAST
                phones += 1
        if owners[-1] >= 0:
            classes.append(len(numbers))
            owners.append(-1)
    return np.array(classes), np.array(owners)


def best_path(scores: np.ndarray, optional: np.ndarray) -> np.ndarray | None:
    """The state of each frame, `[T]`, on the best way through all states of `scores [T, S]` from left to right.

    States that are `optional` may be left out. None where there are fewer frames than states that may not.
    """
    frames, states = scores.shape
    if frames < (~optional).sum() or states < 2:
        return None
    came = np.zeros((frames, states), np.int8)
    total = np.full(states, -np.inf)
    total[: 1 + int(optional[0])] = scores[0, : 1 + int(optional[0])]
    skip = np.concatenate([[False, False], optional[1:-1]])  # over one optional state, into state i
    ways = np.full((3, states), -np.inf)
    for t in range(1, frames):
        ways[0] = total
        ways[1, 1:] = total[:-1]
        ways[2, 2:] = np.where(skip[2:], total[:-2], -np.inf)
        came[t] = ways.argmax(axis=0)
        total = ways.max(axis=0) + scores[t]
    state = states - 1
    if optional[-1] and total[-2] > total[-1]:
        state -= 1
    if total[state] == -np.inf:
        return None
    path = np.empty(frames, int)
    for t in range(frames - 1, -1, -1):
        path[t] = state
        state -= int(came[t, state])
    return path


def train_gaussian_phones(
    mels: Sequence[np.ndarray], words: Sequence[Words], labels: Sequence[str]
) -> GaussianPhones:
    """Gaussian phones from utterances: their normalised log-mels `[T, mels]` and the phones of their words.

    A flat start (each phone of an utterance equally long), then estimation and alignment in turn.
    """
    numbers = {label: number for number, label in enumerate(labels)}
    chosen = every_nth(list(zip(mels, words, strict=True)), sum(map(len, mels)), MOST_FRAMES)
    frames = [spliced_cepstra(mel) for mel, _ in chosen]
    states = [states_of(w, numbers) for _, w in chosen]
    x = np.concatenate(frames)
    scatter = x.T @ x
    aligned = [_flat(len(f), s[1]) for f, s in zip(frames, states, strict=True)]
    for _ in track(range(ROUNDS), "training the Gaussian phones"):
        c = np.concatenate([s[0][path] for s, path in zip(states, aligned, strict=True)])
        phones = _estimate(x, scatter, c, labels)
        for i, (f, (classes, owners)) in enumerate(zip(frames, states, strict=True)):
            scores = (f @ phones.weights + phones.bias - phones.prior)[:, classes]
            path = best_path(scores, owners < 0)
            aligned[i] = aligned[i] if path is None else path
    return phones


def _flat(frames: int, owners: np.ndarray) -> np.ndarray:
    """A path with a twentieth of the frames in each outer silence, the others evenly over the states of phones."""
    states = np.flatnonzero(owners >= 0)
    edge = max(1, frames // 20)
    inside = states[np.arange(frames - 2 * edge) * len(states) // (frames - 2 * edge)]
    return np.concatenate([np.zeros(edge, int), inside, np.full(edge, len(owners) - 1)])


def _estimate(
    x: np.ndarray, scatter: np.ndarray, classes: np.ndarray, labels: Sequence[str]
) -> GaussianPhones:
    """Linear discriminant analysis of frames `[T, D]` of known classes `[T]`; `scatter` is xᵀx."""
    size = len(labels) + 1
    count = np.bincount(classes, minlength=size).astype(float)
    sums = np.zeros((size, x.shape[1]))
    np.add.at(sums, classes, x)
    means = sums / np.maximum(count, 1)[:, None]
    within = (scatter - means.T @ sums) / len(x)
    prior = np.log((count + 1) / (count + 1).sum())
    return GaussianPhones(tuple(labels), *discriminants(means, within, prior), prior)
