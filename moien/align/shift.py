"""How many frames later than the acoustic boundaries the boundaries of the base model are.

Kokoro learned its durations from an aligner that was not an HMM. With natural F0 and energy and the boundaries of a
recording, the untouched base speaks most clearly when these are moved 2 or 3 frames later; a voice that is trained on
boundaries that were not moved becomes blurred and flat. So the shift is measured: the base speaks a few clips of the
corpus at each shift, and DistillMOS scores them. The scores of one clip vary by ±0.5, so the best mean would be a
random choice between neighbours; the peak of a parabola through all means is stable.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import soxr
import torch
from kokoro import KModel

from moien import distillmos
from moien.align.confidence import Fit
from moien.align.item import Item
from moien.align.timing import whole_frames
from moien.audio import SAMPLE_RATE
from moien.features.packed import measure
from moien.features.settings import FeatureSettings
from moien.kokoro.base import Base, load_model, load_packs
from moien.kokoro.forward import fold_weight_norm
from moien.kokoro.speak import expected_durations, render
from moien.progress import track

SHIFTS = tuple(range(5))  # frames; in no corpus so far was more than 3 the best
CLIPS = 8  # clips to copy: a minute on two cores
CLIP_FRAMES = 100  # 2.5 s: enough for a score, and the decoder takes 0.6 s for a second of it


@dataclass(frozen=True)
class ShiftClip:
    """An utterance to copy: tokens, its acoustic boundaries in frames `[T + 1]`, natural F0 and energy `[2F]`."""

    tokens: Sequence[int]
    boundaries: np.ndarray
    f0: np.ndarray
    energy: np.ndarray


class AverageVoice:
    """The untouched base with the mean of all its packs, so that no corpus is favoured."""

    def __init__(self, base: Base, device: str) -> None:
        """Load the base (0.33 GB) to `device`."""
        self._model: KModel = fold_weight_norm(load_model(base.weights, base.config)).to(device)
        self._pack = torch.stack(list(load_packs(base).values())).mean(dim=0).to(device)
        self.device = device

    def durations(self, tokens: Sequence[int]) -> np.ndarray:
        """The base's own durations, real-valued frames `[T]`."""
        return expected_durations(self._model, tokens, self._pack).double().cpu().numpy()

    def copy(self, clip: ShiftClip, shift: int, seed: int) -> np.ndarray:
        """Copy synthesis of the middle 2.5 s of a clip with its boundaries moved by `shift` frames, at 24 kHz."""
        durations = torch.as_tensor(whole_frames(clip.boundaries, shift)[None])
        frames = int(durations.sum())
        count = min(CLIP_FRAMES, frames)
        f0, energy = (torch.tensor(x, dtype=torch.float32)[None] for x in (clip.f0, clip.energy))
        crop = ((frames - count) // 2, count)
        audio = render(self._model, clip.tokens, durations, f0, energy, self._pack, seed, crop)
        return audio.float().cpu().numpy()


def choose_clips(
    items: Mapping[str, Item],
    boundaries: Mapping[str, np.ndarray],
    fit: Mapping[str, Fit],
    features: FeatureSettings,
) -> dict[str, ShiftClip]:
    """The `CLIPS` training utterances that fit their texts best, with the features of stage 4."""
    train = sorted((u for u in boundaries if items[u].split == "train"), key=lambda u: -fit[u].confidence)
    return {
        u: ShiftClip(items[u].tokens, boundaries[u], *measure(items[u].read(), features))
        for u in train[:CLIPS]
    }


def score_shifts(voice: AverageVoice, clips: Mapping[str, ShiftClip], seed: int) -> dict[str, list[float]]:
    """DistillMOS of each clip at each of SHIFTS."""
    scores = {}
    for utterance, clip in track(clips.items(), "copy synthesis: looking for the model's own timing"):
        copies = [soxr.resample(voice.copy(clip, k, seed), SAMPLE_RATE, distillmos.RATE) for k in SHIFTS]
        scores[utterance] = [distillmos.distillmos_of(copy, voice.device) for copy in copies]
    return scores


def best_shift(means: Sequence[float]) -> int:
    """The peak of the parabola through the mean scores at SHIFTS, rounded to a shift that was tried.

    Eight clips are too few to distinguish neighbouring shifts, but all five shifts together show where the peak is.
    If the scores have no peak, it is the shift with the best mean.
    """
    bend, slope, _ = np.polyfit(SHIFTS, means, 2)
    if bend >= 0:
        return SHIFTS[int(np.argmax(means))]
    return int(np.clip(round(-slope / (2 * bend)), SHIFTS[0], SHIFTS[-1]))


def find_shift(voice: AverageVoice, clips: Mapping[str, ShiftClip], seed: int) -> tuple[int, dict[str, Any]]:
    """The shift, and the scores behind it (JSON-able): the mean at each shift, the scores of each clip."""
    scores = score_shifts(voice, clips, seed)
    means = [round(float(np.mean(column)), 4) for column in zip(*scores.values(), strict=True)]
    shift = best_shift(means)
    return shift, {"shift_frames": shift, "tried": list(SHIFTS), "distillmos": means, "clips": scores}
