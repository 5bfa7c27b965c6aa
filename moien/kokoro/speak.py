"""Speech from tokens: all of Moien runs a Kokoro model by these functions.

`speak` runs KModel's own forward, like every program that loads the voice. `predict` and `render` are its two
halves, for prosody that comes from elsewhere: a recording's, or another model's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from kokoro import KModel
from torch import Tensor

from moien.kokoro import forward
from moien.kokoro.base import Base, load_model, load_packs
from moien.kokoro.style import acoustic, pack_row, prosodic


@dataclass(frozen=True)
class Speech:
    """Audio float32 `[N]` at 24 kHz, and the frames of each token."""

    audio: np.ndarray
    durations: tuple[int, ...]


@dataclass(frozen=True)
class Prosody:
    """The prosody of one sentence by a predictor: durations in frames `[1, T]`, F0 in Hz and energy `[1, 2F]`."""

    durations: Tensor
    f0: Tensor
    energy: Tensor


def speak(model: KModel, tokens: Sequence[int], pack: Tensor, seed: int, speed: float = 1.0) -> Speech:
    """Speak tokens (BOS and EOS included) with a voice pack `[510, 1, 256]`; the same seed gives the same samples."""
    with forward.seeded_source(model, seed):
        ids = torch.tensor([list(tokens)], device=model.device)
        audio, durations = model.forward_with_tokens(ids, pack_row(pack, len(tokens)).to(model.device), speed)
    return Speech(audio.cpu().numpy(), tuple(durations.tolist()))


class TorchEngine:
    """KModel with the packs of its speakers, as `moien.synth` uses it. In training, call eval() of the model first."""

    def __init__(self, model: KModel, packs: Mapping[str, Tensor]) -> None:
        self.model, self.packs = model, dict(packs)
        self.speakers: Sequence[str] = list(packs)

    @classmethod
    def load(cls, base: Base, device: str = "cpu") -> TorchEngine:
        """The model and all voices of a folder, with folded weight norm."""
        model = forward.fold_weight_norm(load_model(base.weights, base.config)).to(device)
        return cls(model, load_packs(base))

    def speak(
        self, tokens: Sequence[int], speaker: str, speed: float, seed: int
    ) -> tuple[np.ndarray, tuple[int, ...]]:
        """Audio and the frames of each token."""
        speech = speak(self.model, tokens, self.packs[speaker], seed, speed)
        return speech.audio, speech.durations


@torch.no_grad()
def expected_durations(model: KModel, tokens: Sequence[int], pack: Tensor) -> Tensor:
    """The predictor's durations of one sentence before they are rounded, real-valued frames `[T]`."""
    return torch.sigmoid(_predict_durations(model, tokens, pack)[0]).sum(-1)[0]


@torch.no_grad()
def predict(model: KModel, tokens: Sequence[int], pack: Tensor, durations: Tensor | None = None) -> Prosody:
    """F0 and energy of one sentence by the predictor of `model`, on `durations` `[1, T]` or on its own."""
    logits, d, style = _predict_durations(model, tokens, pack)
    durations = forward.durations_from_logits(logits) if durations is None else durations.to(model.device)
    return Prosody(durations, *forward.predict_f0_energy(model, d, forward.expand(durations), style))


@torch.no_grad()
def render(
    model: KModel,
    tokens: Sequence[int],
    durations: Tensor,
    f0: Tensor,
    energy: Tensor,
    pack: Tensor,
    seed: int,
    crop: tuple[int, int] | None = None,
) -> Tensor:
    """Audio `[600 · F]` of one sentence on these durations `[1, T]`, F0 and energy `[1, 2F]`.

    `crop` is (first frame, frames) of the part to decode; the whole sentence without it.
    """
    ids, lengths = _batch(model, tokens)
    style = acoustic(pack_row(pack, len(tokens)).to(model.device))
    alignment = forward.expand(durations).to(model.device)
    curves = f0.to(model.device), energy.to(model.device)
    with forward.seeded_source(model, seed):
        return forward.decode_audio(model, ids, lengths, alignment, *curves, style, crop=crop)[0]


def _predict_durations(model: KModel, tokens: Sequence[int], pack: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    ids, lengths = _batch(model, tokens)
    style = prosodic(pack_row(pack, len(tokens)).to(model.device))
    encoded = forward.encode_phonemes(model, ids, lengths)
    return *forward.predict_durations(model, encoded, style, lengths), style


def _batch(model: KModel, tokens: Sequence[int]) -> tuple[Tensor, Tensor]:
    ids = torch.tensor([list(tokens)], device=model.device)
    return ids, torch.tensor([len(tokens)])  # lengths stay on the CPU
