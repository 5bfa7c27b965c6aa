"""Losses of the predictor, each over real (not padded) positions only: durations, F0 and energy.

As in StyleTTS2 (Li et al. 2023, github.com/yl4579/StyleTTS2, `train_second.py`). Lengths are on the CPU.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from moien.kokoro.forward import text_mask

DURATION_BINS_WEIGHT = 20.0  # of the cross-entropy over the duration bins beside their L1, StyleTTS2's
F0_SCALE = 10.0  # F0 is in Hz: a tenth brings its loss to the size of the others


def masked_mean(values: Tensor, mask: Tensor) -> Tensor:
    """Mean of `values` where `mask`, with the same weight for each position of each utterance."""
    return (values * mask).sum() / mask.sum().clamp(min=1)


def duration_losses(logits: Tensor, durations: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
    """L1 of the frames and binary cross-entropy over the bins (1 for the first d of 50).

    Args:
        logits: `[B, T, 50]`; the duration is the sum of their sigmoids.
        durations: frames `[B, T]`.
        lengths: tokens `[B]`, BOS and EOS counted. The L1 leaves these two out, as StyleTTS2 does: their silence
            depends on where a recording was cut.
    """
    size, bins = logits.shape[1], logits.shape[2]
    real, inner = (~text_mask(count, size, logits.device) for count in (lengths, lengths - 1))
    inner[:, 0] = False
    l1 = masked_mean((torch.sigmoid(logits).sum(-1) - durations).abs(), inner)
    target = (torch.arange(bins, device=logits.device) < durations[..., None]).float()
    cross_entropy = F.binary_cross_entropy_with_logits(logits, target, reduction="none").mean(-1)
    return l1, masked_mean(cross_entropy, real)


def f0_loss(predicted: Tensor, target: Tensor, frames: Tensor) -> Tensor:
    """Smooth L1 of F0 in Hz (0 unvoiced) over 10, `[B, 2F]`; `frames` `[B]` of 600 samples."""
    return energy_loss(predicted, target, frames) / F0_SCALE


def energy_loss(predicted: Tensor, target: Tensor, frames: Tensor) -> Tensor:
    """Smooth L1 of the energy, `[B, 2F]`."""
    mask = ~text_mask(2 * frames, predicted.shape[1], predicted.device)
    return masked_mean(F.smooth_l1_loss(predicted, target, reduction="none"), mask)
