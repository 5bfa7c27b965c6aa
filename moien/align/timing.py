"""From phones in seconds to frames for every token, in the base model's timing.

A token needs at least one frame (Kokoro clamps its own durations to that) and can have at most 50 (the width of its
duration head). Fast speech has phones shorter than a frame's 25 ms, and most spaces have no silence at all, so some
boundaries must move. Isotonic regression finds the integer boundaries that are nearest to the given ones in the
least-squares sense, with at least one frame between any two.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from moien.align import Alignment
from moien.align.hmm import PhoneTime
from moien.align.tokens import Unit
from moien.audio import FRAME_SAMPLES, SAMPLE_RATE
from moien.errors import WrongData
from moien.kokoro.style import DURATION_BINS

FRAMES_PER_SECOND = SAMPLE_RATE / FRAME_SAMPLES


def token_boundaries(
    units: Sequence[Unit], phones: Sequence[PhoneTime], shares: np.ndarray, frames: int
) -> np.ndarray:
    """Where the tokens of an utterance begin, and where the last one ends, in real-valued frames `[T + 1]`.

    Args:
        units: of the phoneme string, in order.
        phones: times of the units that are not pauses, in order; the time between them is silence.
        shares: weight of each token `[T]`, BOS and EOS included, e.g. the base model's own durations: within a
            phone or a silence time is divided in these proportions.
        frames: duration frames of the utterance.
    """
    spans = _spans(units, phones, frames, len(shares))
    boundaries = [0.0]
    for first, last, end in spans:
        start = boundaries[-1]
        boundaries += list(start + np.cumsum(divide(end - start, shares[first:last])))
    return np.asarray(boundaries)


def align_tokens(
    utterance: str, tokens: Sequence[int], boundaries: np.ndarray, shift: int, confidence: float
) -> Alignment:
    """The finished alignment of an utterance; WrongData if there are too many tokens or one is too long."""
    if len(tokens) > boundaries[-1]:
        raise WrongData(f"more tokens than frames: {len(tokens)} in {boundaries[-1]:.0f}", where=utterance)
    durations = whole_frames(boundaries, shift).tolist()
    if max(durations) > DURATION_BINS:
        raise WrongData(f"a token over {DURATION_BINS} frames: {max(durations)}", where=utterance)
    return Alignment(
        utterance, tuple(tokens), tuple(durations), sum(durations), round(confidence, 4), shift_frames=shift
    )


def _spans(
    units: Sequence[Unit], phones: Sequence[PhoneTime], frames: int, tokens: int
) -> list[tuple[int, int, float]]:
    """(first token, token after the last, end in frames) of each phone and each silence."""
    spans: list[tuple[int, int, float]] = []
    times = iter(phones)
    pause_from = 0  # the first silence begins with BOS
    for unit in units:
        if unit.is_pause:
            continue
        first, last = unit.start + 1, unit.end + 1
        phone = next(times)
        if first > pause_from:
            spans.append((pause_from, first, phone.start * FRAMES_PER_SECOND))
        spans.append((first, last, phone.end * FRAMES_PER_SECOND))
        pause_from = last
    return [*spans, (pause_from, tokens, float(frames))]


def divide(total: float, shares: np.ndarray) -> np.ndarray:
    """`total` frames in proportion to `shares`; what exceeds the limit of one token goes to the others while they have
    room.

    The limit is one less than 50, because rounding may add one.
    """
    part = shares / shares.sum() * max(total, 0.0)
    ceiling = DURATION_BINS - 1.0
    while (over := part > ceiling + 1e-9).any() and part.sum() < ceiling * len(part):
        open_ = part < ceiling
        excess = (part[over] - ceiling).sum()
        part = np.where(over, ceiling, part)
        part[open_] += excess * shares[open_] / shares[open_].sum()
    return part


def whole_frames(boundaries: np.ndarray, shift: int = 0) -> np.ndarray:
    """Frames of each token, int `[T]`, each at least 1, that sum to the utterance's frames.

    Args:
        boundaries: real-valued frames `[T + 1]`, from 0 to the utterance's frames.
        shift: all inner boundaries move this many frames later; the last tokens get shorter.

    There must be no more tokens than frames.
    """
    from scipy.optimize import isotonic_regression

    tokens, frames = len(boundaries) - 1, round(boundaries[-1])
    # A boundary minus its number must not decrease: then every token has a frame. Clipping an isotonic fit to the
    # range that is allowed gives the best fit within that range.
    number = np.arange(1, tokens)
    free = isotonic_regression(boundaries[1:-1] + shift - number).x if tokens > 1 else np.zeros(0)
    inner = np.rint(np.clip(free, 0, frames - tokens)).astype(int) + number
    return np.diff(np.concatenate([[0], inner, [frames]]))
