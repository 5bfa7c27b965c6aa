"""Log-mel and energy, exactly as StyleTTS2 trained Kokoro's base model.

The base was trained with no other mel: its energy predictor learned from this one. StyleTTS2 (yl4579/StyleTTS2 on
GitHub) builds `MelSpectrogram(n_mels=80, n_fft=2048, win_length=1200, hop_length=300)` and leaves the rate at
torchaudio's default of 16,000, although the audio has 24,000: the filters are at two thirds of the frequencies
that 24,000 would give (a mean difference of 0.3 in normalised log-mel). The whole project uses this mel.
"""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor
from torchaudio.transforms import MelSpectrogram

from moien.audio import HOP_SAMPLES
from moien.errors import WrongData

N_MELS = 80
N_FFT = 2048
WINDOW_SAMPLES = 1200
FILTER_BANK_RATE = 16000  # not the audio's rate: see above
LOG_FLOOR = 1e-5
MEAN, SCALE = -4.0, 4.0


@lru_cache(maxsize=4)
def _spectrogram(device: str) -> MelSpectrogram:
    """The mel filter bank, once for each device."""
    mel = MelSpectrogram(
        sample_rate=FILTER_BANK_RATE,
        n_mels=N_MELS,
        n_fft=N_FFT,
        win_length=WINDOW_SAMPLES,
        hop_length=HOP_SAMPLES,
    )
    return mel.to(device)


def log_mel(audio: Tensor) -> Tensor:
    """The normalised log-mel `(log(1e-5 + mel) + 4) / 4`; it has gradients.

    Args:
        audio: samples at 24 kHz, `[B, N]` or `[N]`.

    Returns:
        `[B, 80, N // 300]` (or `[80, N // 300]`): column i is centred on sample 300·i. The
        centred transform makes one more column, which is dropped as in StyleTTS2: two columns per duration frame.

    Raises:
        WrongData: fewer samples than the transform's half window (1,025).
    """
    if audio.shape[-1] <= N_FFT // 2:
        raise WrongData(
            f"{audio.shape[-1]} samples are too few for a mel: it needs more than {N_FFT // 2}",
            remedy="drop the utterance, or pad it with silence",
        )
    mel = _spectrogram(str(audio.device))(audio.float())
    return ((torch.log(LOG_FLOOR + mel) - MEAN) / SCALE)[..., : audio.shape[-1] // HOP_SAMPLES]


def energy(mel: Tensor) -> Tensor:
    """Kokoro's energy `[..., T]` of a normalised log-mel `[..., 80, T]`: log of the L2 norm over bins."""
    return torch.log(torch.exp(mel * SCALE + MEAN).norm(dim=-2))
