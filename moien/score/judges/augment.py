"""The input of the phone recogniser: log-mel at one loudness; in training, augmented.

Trained on one speaker, it must judge words and not the voice. So each clip is stretched in time, its frequency axis
is bent as by another vocal tract (Jaitly and Hinton 2013), it is filtered, mixed with noise and masked (SpecAugment,
Park et al. 2019), anew whenever it is used. All of it is done to the mel: nothing has to be resampled.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor
from torchaudio.transforms import MelSpectrogram

from moien.audio import HOP_SAMPLES, SAMPLE_RATE, speech_level

MELS = 64
LOW_HZ, TOP_HZ = 50.0, 7600.0  # recordings of 16 kHz are no worse off than those of 24 kHz
FLOOR = 6e-3  # 50 dB below white noise at the speech level: digital silence and a quiet room become the same
SPEECH_NATS = 6.0  # a frame at most so far (26 dB) below the loud ones belongs to the speech


@lru_cache(maxsize=1)
def _mel() -> MelSpectrogram:
    """Not `moien.features.mel`: its window of 50 ms resolves harmonics, and pitch must not matter to phones."""
    return MelSpectrogram(SAMPLE_RATE, 1024, 600, HOP_SAMPLES, f_min=LOW_HZ, f_max=TOP_HZ, n_mels=MELS)


def log_mel(samples: np.ndarray) -> Tensor:
    """Log-mel of samples at 24 kHz at one loudness, `[T, 64]` at 80 Hz, `T = N // 300 + 1`."""
    level = max(speech_level(samples, SAMPLE_RATE), 1e-6)
    power = _mel()(torch.from_numpy(np.asarray(samples, np.float32) / level)).T
    return torch.log(power + FLOOR)


def normalised(mel: Tensor) -> Tensor:
    """Each bin with mean 0 and deviation 1 over the speech, however much silence there is around it."""
    loud = mel.mean(dim=1)
    speech = mel[loud > torch.quantile(loud, 0.95) - SPEECH_NATS]
    return (mel - speech.mean(dim=0)) / (speech.std(dim=0, correction=0) + 0.1)


def augmented(mel: Tensor, generator: torch.Generator) -> Tensor:
    """The same words by another voice in another room at another tempo, `[T', 64]`, normalised and masked."""

    def uniform(low: float, high: float) -> float:
        return low + (high - low) * float(torch.rand((), generator=generator))

    def curve(scale: float) -> Tensor:
        weights = torch.randn(4, generator=generator) * scale
        return weights @ torch.cos(math.pi * torch.arange(1, 5)[:, None] * torch.arange(MELS) / MELS)

    mel = _bent(mel, uniform(0.82, 1.2), uniform(0.82, 1.22))
    mel = mel + curve(0.6)  # 2.6 dB each: a room, a microphone
    if uniform(0, 1) < 0.6:  # noise of any colour, 2 to 35 dB below the loud frames
        gamma = -torch.log(torch.rand(mel.shape, generator=generator).clamp_min(1e-6))
        level = torch.quantile(mel.mean(dim=1), 0.8) - uniform(0.5, 8.0)
        mel = torch.logaddexp(mel, level + curve(0.7) + torch.log(gamma + 0.05))
    mel = normalised(mel)
    for axis, count, widest in ((0, 1 + len(mel) // 80, 12), (1, 2, 10)):
        for _ in range(count):
            width = int(uniform(0, widest))
            start = int(uniform(0, mel.shape[axis] - width))
            mel.narrow(axis, start, width).zero_()
    return mel


def _bent(mel: Tensor, tempo: float, tract: float) -> Tensor:
    """Time made longer by `tempo`, frequencies multiplied by `tract`."""
    length = max(2, round(len(mel) * tempo))
    bottom, top = (2595 * math.log10(1 + hz / 700) for hz in (LOW_HZ, TOP_HZ))  # mel
    hz = 700 * (10 ** (torch.linspace(bottom, top, MELS) / 2595) - 1)
    source = 2595 * torch.log10(1 + hz / tract / 700)
    y = ((source - bottom) / (top - bottom)).clamp(0, 1) * 2 - 1
    x = torch.linspace(-1, 1, length)
    grid = torch.stack(torch.broadcast_tensors(y[None, :], x[:, None]), dim=-1)[None]
    sampled = torch.nn.functional.grid_sample(
        mel[None, None], grid, align_corners=True, padding_mode="border"
    )
    return sampled[0, 0]
