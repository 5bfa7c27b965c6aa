"""What a training moves: the model, and a style delta for each speaker."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import torch
from kokoro import KModel
from torch import Tensor, nn

from moien.kokoro.style import STYLE_DIM
from moien.train import distributed
from moien.train.critic import Critic
from moien.train.data import Batch
from moien.train.settings import TrainSettings


@dataclass
class Learner:
    """The model, a style delta `[128]` for each half and speaker, and the critic if there is one."""

    model: KModel
    settings: TrainSettings
    deltas: dict[str, nn.Parameter]  # "style.acoustic.SPEAKER", "style.prosody.SPEAKER"
    device: str
    critic: Critic | None = None
    moment: str = ""  # see `seed`

    def seed(self, moment: str) -> None:
        """Make all that is random in a step a function of the step's name: no generator's state has to be kept."""
        self.moment = moment
        torch.manual_seed(zlib.crc32(f"{moment} {distributed.rank()}".encode()))

    def style(self, batch: Batch) -> Tensor:
        """The style of each utterance, `[B, 256]`: its row of the pack plus its speaker's delta."""
        deltas = [self.delta(speaker) for speaker in batch.speakers]
        return batch.style + torch.stack(deltas)

    def delta(self, speaker: str) -> Tensor:
        """The style delta of a speaker, `[256]`; 0 for the base's own voices, which are only replayed."""
        if f"style.acoustic.{speaker}" not in self.deltas:
            return torch.zeros(STYLE_DIM, device=self.device)
        return torch.cat([self.deltas[f"style.{half}.{speaker}"] for half in ("acoustic", "prosody")])
