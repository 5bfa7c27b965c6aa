"""Candidates of the choice: mixtures of the base and of what was trained, final = base + α · (trained − base).

Spectral losses go on falling while speech becomes a smear; the mean of base and trained weights keeps most of the
similarity and little of the harm (docs/training.md; Wortsman et al. 2022, "Robust fine-tuning"). The predictor and the
decoder (with the acoustic style) each have their own α.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import torch
from kokoro import KModel
from torch import Tensor

from moien.choice.settings import ChoiceSettings

PREDICTOR = ("predictor.", "style.prosody.")  # what the predictor's α scales; the decoder's scales all else


class Mixture(Protocol):
    """How much of the way from base (0) to trained (1) each learned tensor goes."""

    def of(self, name: str) -> float:
        """α of a learned tensor, or of the half of a style (`style.prosody.`)."""


@dataclass(frozen=True)
class Alpha:
    """How much of the way from base (0) to trained (1) each part goes."""

    predictor: float
    decoder: float

    def of(self, name: str) -> float:
        """α of a learned tensor."""
        return self.predictor if name.startswith(PREDICTOR) else self.decoder


def candidates(settings: ChoiceSettings) -> list[Alpha]:
    """The grid of the settings, and always the base."""
    grid = [Alpha(p, d) for p, d in itertools.product(settings.predictor, settings.decoder)]
    return list(dict.fromkeys([Alpha(0.0, 0.0), *grid]))


def blend(model: KModel, start: Mapping[str, Tensor], learned: Mapping[str, Tensor], alpha: Mixture) -> None:
    """Set the tensors of `model` that `start` (the base's) names to start + α · (learned − start)."""
    state = model.state_dict()
    for name, tensor in start.items():
        state[name].copy_(torch.lerp(tensor, learned.get(name, tensor), alpha.of(name)))


def blend_packs(
    packs: Mapping[str, Tensor], learned: Mapping[str, Tensor], alpha: Mixture
) -> dict[str, Tensor]:
    """Each speaker's pack of stage 5, `[510, 1, 256]`, plus α times the deltas that were learned."""
    halves = ("style.acoustic.", "style.prosody.")
    return {
        speaker: pack + torch.cat([alpha.of(half) * learned[half + speaker] for half in halves])
        for speaker, pack in packs.items()
    }
