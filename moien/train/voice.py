"""What a training works on: the model, the untouched base beside it, and the style of each speaker."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import torch
from kokoro import KModel
from torch import Tensor, nn

from moien.kokoro.forward import encode_phonemes, expand, predict_durations, predict_f0_energy
from moien.kokoro.style import STYLE_DIM, pack_row, prosodic
from moien.train import processes
from moien.train.data import Batch, Item, collate
from moien.train.discriminators import Critic
from moien.train.settings import TrainSettings


@dataclass
class Voice:
    """What is trained: the model and a style delta `[128]` for each half and speaker; and the untouched base."""

    model: KModel
    base: KModel
    packs: Mapping[str, Tensor]  # the base's own pack of each speaker, and of each voice that is replayed
    settings: TrainSettings
    deltas: dict[str, nn.Parameter]  # "style.acoustic.SPEAKER", "style.prosody.SPEAKER"
    device: str
    critic: Critic | None = None
    moment: str = ""  # see `draw`
    _frozen: dict[str, tuple[Tensor, Tensor, Tensor]] = field(default_factory=dict)

    def draw(self, moment: str) -> None:
        """Let what is random in a step follow from its name: no state of a generator has to be kept."""
        self.moment = moment
        torch.manual_seed(zlib.crc32(f"{moment} {processes.rank()}".encode()))

    def style(self, batch: Batch) -> Tensor:
        """The style of each utterance, `[B, 256]`: its row of the pack plus its speaker's delta."""
        deltas = [self.delta(speaker) for speaker in batch.speakers]
        return batch.style + torch.stack(deltas)

    def delta(self, speaker: str) -> Tensor:
        """The style delta of a speaker, `[256]`; the base's own voices, who are only replayed, have none."""
        if f"style.acoustic.{speaker}" not in self.deltas:
            return torch.zeros(STYLE_DIM, device=self.device)
        return torch.cat([self.deltas[f"style.{half}.{speaker}"] for half in ("acoustic", "prosody")])

    def frozen(self, items: Sequence[Item]) -> tuple[Tensor, Tensor, Tensor]:
        """What the untouched base makes of utterances on their natural durations, made once for each and kept:
        phonemes as BERT reads them `[B, 512, T]`, F0 and energy `[B, 2F]`.

        One utterance at a time, because in a batch the last bits depend on the padding: the cache would then
        depend on where training was interrupted.
        """
        for item in items:
            if item["id"] not in self._frozen:
                one = collate([item]).to(self.device)
                style = prosodic(pack_row(self.packs[item["speaker"]], len(item["input_ids"])))
                with torch.no_grad():
                    encoded = encode_phonemes(self.base, one.input_ids, one.lengths)
                    f0, energy = self.curves(self.base, encoded, one, style.to(self.device))
                self._frozen[item["id"]] = encoded[0].T, f0[0], energy[0]
        kept = zip(*(self._frozen[item["id"]] for item in items), strict=True)
        encoded, f0, energy = (nn.utils.rnn.pad_sequence(list(rows), batch_first=True) for rows in kept)
        return encoded.transpose(1, 2), f0, energy

    @staticmethod
    def curves(model: KModel, encoded: Tensor, batch: Batch, style: Tensor) -> tuple[Tensor, Tensor]:
        """F0 and energy `[B, 2F]` of a predictor on natural durations; `style` is the prosodic half `[B, 128]`."""
        _, d = predict_durations(model, encoded, style, batch.lengths)
        return predict_f0_energy(model, d, expand(batch.gt_duration), style)

    @staticmethod
    def voiced_f0(batch: Batch, f0: Tensor) -> Tensor:
        """F0 `[B, 2F]` to learn: the recording's where it has a voice, else the model's own, as all of its energy.

        The base's F0 is above 0 in 99 % of all frames, and its energy is not that of a recording, which is 13 dB
        louder and has the room in its pauses: copy synthesis loses 0.3 and 0.6 of DistillMOS with the recording's.
        """
        return torch.where(batch.gt_f0 > 0, batch.gt_f0, f0)
