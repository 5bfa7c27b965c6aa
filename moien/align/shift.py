"""How many frames later than the acoustic boundaries the boundaries of the base model are.

Kokoro learned its durations from an aligner that was not an HMM: its phones sound nearly two frames before the frames
that belong to them. A voice that is trained on boundaries one frame off becomes blurred, and two frames off also hard
to understand. So it is measured: the untouched base speaks a few clips of the corpus on their acoustic boundaries, and
the mel of this copy is compared with the recording's at delays of 5 ms. Single clips of Marylux agree to 10 ms, those
of two voices of espeak-ng to 35 ms; the mean distance of eight has one clear minimum.

DistillMOS of copies at each shift is no measure of it: the scores of a clip vary by ±0.5, so small changes of the
corpus or of the computation decide between neighbours (docs/log/2026-11-28-shift.md).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from kokoro import KModel

from moien.align.confidence import Fit
from moien.align.item import Item
from moien.align.timing import FRAMES_PER_SECOND, whole_frames
from moien.audio import FRAME_SAMPLES, SAMPLE_RATE
from moien.errors import WrongData
from moien.features.mel import log_mel
from moien.kokoro.base import Base, load_model, load_packs
from moien.kokoro.forward import fold_weight_norm
from moien.kokoro.speak import expected_durations, predict, render
from moien.progress import track

DELAYS_MS = np.arange(-50, 151, 5)  # Marylux: 45, mini: 50
CLIPS = 8  # clips to copy
CLIP_FRAMES = 100  # 2.5 s: enough to compare, and the decoder takes 0.6 s for a second of it
QUIET = -0.73  # log-mel at the power 1e-3: pauses below it differ by the room only
EDGE = 12  # columns of 12.5 ms at both ends of a clip: a delay moves as many out of it


@dataclass(frozen=True)
class ShiftClip:
    """An utterance to copy: tokens, its acoustic boundaries in frames `[T + 1]`, samples at 24 kHz `[N]`."""

    tokens: Sequence[int]
    boundaries: np.ndarray
    samples: np.ndarray


class AverageVoice:
    """The untouched base with the mean of all its packs, so that no corpus is favoured."""

    def __init__(self, base: Base, device: str) -> None:
        """Load the base (0.33 GB) to `device`."""
        self._model: KModel = fold_weight_norm(load_model(base.weights, base.config)).to(device)
        self._pack = torch.stack(list(load_packs(base).values())).mean(dim=0).to(device)

    def durations(self, tokens: Sequence[int]) -> np.ndarray:
        """The base's own durations, real-valued frames `[T]`."""
        return expected_durations(self._model, tokens, self._pack).double().cpu().numpy()

    def copy(self, clip: ShiftClip, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """The middle 2.5 s of a clip, spoken on its acoustic boundaries, and the recording there; at 24 kHz `[N]`."""
        durations = torch.as_tensor(whole_frames(clip.boundaries)[None])
        frames = int(durations.sum())
        first, count = max(0, (frames - CLIP_FRAMES) // 2), min(CLIP_FRAMES, frames)
        prosody = predict(self._model, clip.tokens, self._pack, durations)
        crop = (first, count)
        audio = render(
            self._model, clip.tokens, durations, prosody.f0, prosody.energy, self._pack, seed, crop
        )
        natural = clip.samples[first * FRAME_SAMPLES : (first + count) * FRAME_SAMPLES]
        return audio.float().cpu().numpy()[: len(natural)], natural


def choose_clips(
    items: Mapping[str, Item], boundaries: Mapping[str, np.ndarray], fit: Mapping[str, Fit]
) -> dict[str, ShiftClip]:
    """The `CLIPS` training utterances that fit their texts best, of those with a frame for each token."""
    fitting = [
        u for u in boundaries if items[u].split == "train" and len(items[u].tokens) <= boundaries[u][-1]
    ]
    best = sorted(fitting, key=lambda u: -fit[u].confidence)[:CLIPS]
    return {u: ShiftClip(items[u].tokens, boundaries[u], items[u].read()) for u in best}


def distances(copy: np.ndarray, natural: np.ndarray) -> np.ndarray:
    """Mean distance of the log-mels of two clips `[N]` where the copy is delayed by each of DELAYS_MS `[D]`.

    Each band counts from its mean, because the two are of different speakers.
    """

    def mel(samples: np.ndarray) -> np.ndarray:
        bands = log_mel(torch.from_numpy(samples.astype(np.float32))).clamp(min=QUIET).numpy()[:, EDGE:-EDGE]
        return bands - bands.mean(1, keepdims=True)

    target = mel(natural)
    moved = (np.roll(copy, round(delay * SAMPLE_RATE / 1000)) for delay in DELAYS_MS.tolist())
    return np.array([np.abs(mel(samples) - target).mean() for samples in moved])


def find_shift(voice: AverageVoice, clips: Mapping[str, ShiftClip], seed: int) -> tuple[int, dict[str, Any]]:
    """The shift in frames, and what it was found by (JSON-able): the delay of each clip, the mean distances.

    Raises:
        WrongData: the distance is least at an end of the tried delays, so its minimum lies beyond or nowhere.
    """
    bar = track(clips.items(), "copy synthesis: looking for the model's own timing")
    found = {utterance: distances(*voice.copy(clip, seed)) for utterance, clip in bar}
    means = np.mean(list(found.values()), axis=0)
    delay = int(DELAYS_MS[means.argmin()])
    if delay in (DELAYS_MS[0], DELAYS_MS[-1]):
        raise WrongData(
            f"the base's copies of the recordings fit best {delay} ms later, at the end of the tried delays",
            where=", ".join(found),
            remedy="do the texts match these recordings? If they do, --set align.shift_frames=2 sets the shift",
        )
    shift = max(0, round(delay / 1000 * FRAMES_PER_SECOND))
    return shift, {
        "shift_frames": shift,
        "delay_ms": delay,
        "clips_ms": {utterance: int(DELAYS_MS[values.argmin()]) for utterance, values in found.items()},
        "tried_ms": DELAYS_MS.tolist(),
        "distances": np.round(means, 4).tolist(),
    }
