"""Losses of training beside those of the predictor (`moien.kokoro.losses`): spread of F0, and of the decoder's audio.

Spectra as in Parallel WaveGAN's multi-resolution STFT loss (Yamamoto et al. 2020), on compressed power. Weights are
settings.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor

from moien.audio import SAMPLE_RATE
from moien.features.mel import MEAN, SCALE, log_mel

RESOLUTIONS = ((1024, 120, 600), (2048, 240, 1200), (512, 50, 240))  # n_fft, hop, window: StyleTTS2's three
LOWEST_HZ = 50.0  # of a voice
# What each loss is a mean over, for `moien.train.distributed.weigh`; crops of a batch are of one length.
OVER = {
    "duration": "inner tokens",
    "duration_bins": "tokens",
    "f0": "frames",
    "energy": "frames",
} | dict.fromkeys(("f0_spread", "mel", "stft", "contrast", "adversarial", "features"), "utterances")
CONTRAST_FFT, CONTRAST_HOP = 1024, 256  # bins of 23 Hz
FORMANT, TILT = 5.0, 30.0  # bins; standard deviations of the two Gaussians between which contrast lies
BANDS_HZ = (0, 1000, 2000, 4000, 8000, 12000)
LOUD = 3e-4  # share of the loudest frame's power, 35 dB below it: a pause has no formants
FLOOR = 1e-3  # mel power; the pauses of Marylux lie between 1e-3 and 1e-1, half of all its bins above 1e-1


def add(sums: dict[str, tuple[float, int]], parts: Mapping[str, float]) -> None:
    """Count the losses of a step into `sums`: the sum of each and over how many steps."""
    for name, part in parts.items():
        total, count = sums.get(name, (0.0, 0))
        sums[name] = total + part, count + 1


def means(sums: Mapping[str, tuple[float, int]]) -> dict[str, float]:
    """The mean of each loss."""
    return {name: round(total / count, 5) for name, (total, count) in sums.items()}


def f0_spread_loss(predicted: Tensor, natural: Tensor) -> Tensor:
    """|ln| of the ratio of predicted to natural standard deviation of log F0 `[B, 2F]`, mean over utterances.

    Over the frames where both have a voice (`natural` is 0 elsewhere, and in the padding; a predictor falls to nearly 0
    there and in some voiced frames too, whose logarithms would be all of the spread). A melody that is right on average
    is a flat one: the other losses alone are least at 0.75 of the spread. The idea is global variance (Toda and Tokuda
    2007), as a loss.
    """
    voiced = (natural > 0) & (predicted > LOWEST_HZ)
    count = voiced.sum(-1, keepdim=True).clamp(min=1)

    def log_deviation(f0: Tensor) -> Tensor:
        melody = f0.clamp(min=1.0).log()  # where it does not count, it must not be NaN either
        mean = (melody * voiced).sum(-1, keepdim=True) / count
        variance = ((melody - mean).square() * voiced).sum(-1, keepdim=True) / count
        return 0.5 * (variance + 1e-4).log()  # 0.17 semitones: the root of 0 has no gradient

    return (log_deviation(predicted) - log_deviation(natural)).abs().mean()


def mel_loss(predicted: Tensor, target: Tensor, floor: float = FLOOR) -> Tensor:
    """L1 of log(floor + mel power) of two waveforms `[B, N]`.

    Why not Kokoro's own floor of 1e-5: it lies 20 dB and more below a good room's noise, so that half of the loss
    would come from pauses, and the model would learn the noise of the room before it learns the speaker.
    """
    return F.l1_loss(_log_power(predicted, floor), _log_power(target, floor))


def _log_power(audio: Tensor, floor: float) -> Tensor:
    power = torch.exp(log_mel(audio) * SCALE + MEAN)
    return torch.log(floor + power)


def stft_loss(predicted: Tensor, target: Tensor, floor: float = FLOOR) -> Tensor:
    """Spectral convergence plus L1 of the log magnitude, mean over three resolutions, of waveforms `[B, N]`.

    `floor` is a power, as in `mel_loss`; the power of noise grows with the window, so the floor does as well.
    """
    total = predicted.new_zeros(())
    for n_fft, hop, window in RESOLUTIONS:
        ours, theirs = (_magnitude(x, n_fft, hop, window, floor) for x in (predicted, target))
        total = total + _convergence(ours, theirs) + F.l1_loss(ours.log(), theirs.log())
    return total / len(RESOLUTIONS)


def contrast_loss(predicted: Tensor, natural: Tensor, floor: float = FLOOR) -> Tensor:
    """|ln| of the ratio of predicted to natural spectral contrast of waveforms `[B, N]`, mean over bands and waveforms.

    Contrast is the standard deviation, over the bins of a band and the loud frames, of what formants raise above the
    tilt of a spectrum: its logarithm smoothed over 120 Hz less the same over 700 Hz. Losses that compare bin by bin are
    least at a blurred mean (0.6 to 0.9 of the contrast of `lb`), which sounds muffled; this is for the spectrum what
    `f0_spread_loss` is for the melody, the global variance of Toda and Tokuda (2007).

    `floor` as in `stft_loss`: at 1e-6 the gradient is eight times that at 1e-3 and comes from inaudible bins.
    """
    ours, theirs = (
        _magnitude(x, CONTRAST_FFT, CONTRAST_HOP, CONTRAST_FFT, floor) for x in (predicted, natural)
    )
    power = theirs.square().sum(1, keepdim=True)
    loud = power > LOUD * power.amax(-1, keepdim=True)
    between = _between(ours.shape[1], str(ours.device))
    edges = [round(hz * CONTRAST_FFT / SAMPLE_RATE) for hz in BANDS_HZ]

    def log_deviations(magnitude: Tensor) -> Tensor:
        """Of each band, `[bands, B]`."""
        formants = between @ magnitude.log()
        found = []
        for low, high in pairwise(edges):
            band, count = formants[:, low:high], (high - low) * loud.sum((1, 2)).clamp(min=1)
            mean = (band * loud).sum((1, 2)) / count
            variance = ((band - mean[:, None, None]).square() * loud).sum((1, 2)) / count
            found.append(0.5 * (variance + 1e-4).log())
        return torch.stack(found)

    return (log_deviations(ours) - log_deviations(theirs)).abs().mean()


@lru_cache(maxsize=2)
def _between(bins: int, device: str) -> Tensor:
    """`[bins, bins]`: takes a spectrum smoothed by `TILT` from one smoothed by `FORMANT`."""
    distance = torch.arange(bins)[:, None] - torch.arange(bins)
    narrow, wide = (torch.exp(-0.5 * (distance / width).square()) for width in (FORMANT, TILT))
    return (narrow / narrow.sum(1, keepdim=True) - wide / wide.sum(1, keepdim=True)).to(device)


def _convergence(ours: Tensor, theirs: Tensor) -> Tensor:
    """Spectral convergence, a mean over the waveforms and not a ratio of their sums: so that a batch can be shared."""
    distance, size = (x.flatten(1).norm(dim=1) for x in (theirs - ours, theirs))
    return (distance / size).mean()


def _magnitude(audio: Tensor, n_fft: int, hop: int, window: int, floor: float) -> Tensor:
    spectrum = torch.stft(audio, n_fft, hop, window, _hann(window, str(audio.device)), return_complex=True)
    power = spectrum.real.square() + spectrum.imag.square()
    return (
        power + floor * window / 1200
    ).sqrt()  # 1200: the mel's window; no abs(), whose gradient at 0 is NaN


@lru_cache(maxsize=8)
def _hann(size: int, device: str) -> Tensor:
    return torch.hann_window(size, device=device)
