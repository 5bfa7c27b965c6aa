"""The phases of a training as data: what learns in each, on what, by which losses.

prosody    durations, F0 and energy of the predictor, on whole utterances
acoustic   decoder and acoustic style, on crops
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

import torch
from kokoro import KModel
from torch import Tensor, nn

from moien.audio import FRAME_SAMPLES
from moien.errors import WrongCall
from moien.kokoro import forward
from moien.kokoro import losses as predictor
from moien.kokoro.export import ADAIN_NORM
from moien.kokoro.style import acoustic, prosodic
from moien.train import losses
from moien.train.data import Batch, crop
from moien.train.frozen import natural_curves
from moien.train.learner import Learner
from moien.train.settings import AcousticPhase, ProsodyPhase, TrainSettings

Losses = dict[str, Tensor]


def prosody_losses(learner: Learner, batch: Batch, settings: ProsodyPhase) -> Losses:
    """Durations from the text; F0 and energy on the natural durations."""
    model, style = learner.model, prosodic(learner.style(batch))
    logits, d = forward.predict_durations(model, batch.encoded.transpose(1, 2), style, batch.lengths)
    alignment = forward.expand(batch.gt_duration, int(batch.frames.max()))
    f0, energy = forward.predict_f0_energy(model, d, alignment, style, batch.frames)
    duration, bins = predictor.duration_losses(logits, batch.gt_duration, batch.lengths)
    return {
        "duration": duration,
        "duration_bins": predictor.DURATION_BINS_WEIGHT * bins,
        "f0": predictor.f0_loss(f0, voiced_f0(batch, batch.base_f0), batch.frames),
        "f0_spread": settings.f0_spread * losses.f0_spread_loss(f0, batch.gt_f0),
        "energy": predictor.energy_loss(energy, batch.base_energy, batch.frames),
    }


def acoustic_losses(learner: Learner, batch: Batch, settings: AcousticPhase) -> Losses:
    """A crop of each utterance, decoded on natural durations and F0, against the recording."""
    model, style = learner.model, learner.style(batch)
    encoded, durations, frames = batch.encoded.transpose(1, 2), batch.gt_duration, batch.frames
    with torch.no_grad():  # the predictor's curves, because the decoder gets those in synthesis
        half = prosodic(style)
        own_f0, energy = natural_curves(model, encoded, half, batch.lengths, durations, frames)
    f0 = voiced_f0(batch, own_f0)
    length = min(settings.crop_frames, batch.shortest)
    starts = [
        random.Random(f"{learner.moment} {id}").randint(0, count - length)
        for id, count in zip(batch.ids, frames.tolist(), strict=True)
    ]
    alignment = forward.expand(durations, int(frames.max()))
    ids, lengths, timbre = batch.input_ids, batch.lengths, acoustic(style)
    audio = forward.decode_audio(model, ids, lengths, alignment, f0, energy, timbre, crop=(starts, length))
    natural = crop(batch.gt_audio, [FRAME_SAMPLES * s for s in starts], FRAME_SAMPLES * length)
    spectral = {
        "mel": losses.mel_loss(audio, natural),
        "stft": losses.stft_loss(audio, natural),
        "contrast": settings.contrast * losses.contrast_loss(audio, natural),
    }
    if learner.critic is None:
        return spectral
    whole = torch.stack(list(spectral.values())).sum()
    adversarial = learner.critic.losses(natural, audio, whole, batch.weight)
    if torch.is_grad_enabled():  # in validation it learns nothing
        learner.critic.learn(natural, audio, batch.weight)
    return spectral | adversarial


def voiced_f0(batch: Batch, f0: Tensor) -> Tensor:
    """F0 `[B, 2F]` to learn: the recording's where it has a voice, else the model's own, as all of its energy.

    The base's F0 is above 0 in 99 % of all frames, and its energy is not that of a recording, which is 13 dB louder and
    has the room in its pauses: copy synthesis loses 0.3 and 0.6 of DistillMOS with the recording's.
    """
    return torch.where(batch.gt_f0 > 0, batch.gt_f0, f0)


@dataclass(frozen=True)
class Phase:
    """A phase as data: its settings, its losses, how it batches, and which half of the style learns."""

    name: str
    settings: ProsodyPhase | AcousticPhase
    losses: Callable[..., Losses]
    frames: Sequence[int]  # what an utterance counts in a batch …
    batch: int  # … and how much a batch holds

    def learned(self, learner: Learner) -> dict[str, dict[str, nn.Parameter]]:
        """Glob → the tensors that learn, by name; WrongCall where a glob names none, a cached part, or one twice."""
        named = {name: p for name, p in learner.model.named_parameters() if not ADAIN_NORM.search(name)}
        parts: dict[str, dict[str, nn.Parameter]] = {}
        for glob in self.settings.learn:
            part = {name: parameter for name, parameter in named.items() if fnmatchcase(name, glob)}
            if not part or any(name.startswith("bert") for name in part):
                raise WrongCall(
                    f"{glob!r} names {'BERT, whose outputs are computed once' if part else 'no tensor'}",
                    where=f"train.{self.name}.learn",
                    remedy="`moien inspect` shows the parts, e.g. predictor.* or decoder.encode.*",
                )
            # which share counts would depend on the order, and settings in another order are the same settings
            if twice := [name for other in parts.values() for name in other if name in part]:
                raise WrongCall(
                    f"{glob!r} names {len(twice)} tensors that another glob names as well: {twice[0]}",
                    where=f"train.{self.name}.learn",
                    remedy="write globs that share nothing, e.g. decoder.encode.conv* beside decoder.*.fc.*",
                )
            parts[glob] = part
        # The fastest first, then as in the model: the order of the settings must not matter, for an optimiser takes up
        # its state by the order of its groups, and a norm over many tensors depends on theirs in its last bits.
        places = {name: place for place, name in enumerate(named)}
        ordered = sorted(
            parts, key=lambda glob: (-self.settings.learn[glob], places[next(iter(parts[glob]))])
        )
        return {glob: parts[glob] for glob in ordered}

    def styles(self, learner: Learner) -> dict[str, nn.Parameter]:
        """The style deltas that learn."""
        return {
            name: delta for name, delta in learner.deltas.items() if name.startswith(f"style.{self.name}.")
        }


def phases_of(settings: TrainSettings, frames: Sequence[int]) -> list[Phase]:
    """The phases in the order of the settings, for utterances of these lengths."""
    prosody, crops = settings.prosody, settings.acoustic
    known = {
        "prosody": Phase("prosody", prosody, prosody_losses, frames, prosody.batch_frames),
        "acoustic": Phase("acoustic", crops, acoustic_losses, [1] * len(frames), crops.crops),
    }
    return [known[name] for name in settings.phases]


def check_learn(model: KModel, settings: TrainSettings) -> None:
    """WrongCall for the first glob of `learn` with which no training would begin: see `Phase.learned`."""
    learner = Learner(model, settings, {}, "cpu")
    for phase in phases_of(settings, []):
        phase.learned(learner)
