"""The training loop, from top to bottom: phases as data, one loop for all of them.

    prosody    durations, F0 and energy of the predictor, on whole utterances
    acoustic   decoder and acoustic style, on crops

In each phase some tensors of the base model learn and all others are frozen, and each speaker's style learns as a
delta on every row of its voice pack. On a CPU the same settings, seed and threads give the same bits, interrupted
or not. The device may be `cuda`; this loop has never run on one.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from kokoro import KModel
from torch import Tensor, nn

from moien.audio import FRAME_SAMPLES, write_wav
from moien.config import AcousticPhase, ProsodyPhase, TrainSettings
from moien.errors import WrongCall, WrongData
from moien.kokoro.base import Base, load_model
from moien.kokoro.export import ADAIN_NORM
from moien.kokoro.forward import (
    decode_audio,
    encode_phonemes,
    expand,
    fold_weight_norm,
    predict_durations,
    predict_f0_energy,
)
from moien.progress import track
from moien.style.fit import pack_row, speak
from moien.train import checkpoint, losses
from moien.train.checkpoint import Progress
from moien.train.data import Batch, BatchPlan, Item, TrainingSet, collate, crop
from moien.train.discriminators import Critic
from moien.train.plot import write_curves

BETAS, EPS = (0.0, 0.99), 1e-9  # StyleTTS2's AdamW: no momentum, batches are small and unlike each other
ACOUSTIC, PROSODIC = slice(0, 128), slice(128, 256)  # the halves of a style
Losses = dict[str, Tensor]


@dataclass
class Voice:
    """What is trained: the model and a style delta `[128]` for each half and speaker; and the untouched base."""

    model: KModel
    base: KModel
    packs: Mapping[str, Tensor]  # the base's own pack of each speaker
    settings: TrainSettings
    deltas: dict[str, nn.Parameter]  # "style.acoustic.SPEAKER", "style.prosody.SPEAKER"
    device: str
    critic: Critic | None = None
    _frozen: dict[str, tuple[Tensor, Tensor, Tensor]] = field(default_factory=dict)

    def style(self, batch: Batch) -> Tensor:
        """The style of each utterance, `[B, 256]`: its row of the pack plus its speaker's delta."""
        deltas = [self.delta(speaker) for speaker in batch.speakers]
        return batch.style + torch.stack(deltas)

    def delta(self, speaker: str) -> Tensor:
        """The style delta of a speaker, `[256]`."""
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
                style = pack_row(self.packs[item["speaker"]], len(item["input_ids"]))[:, PROSODIC]
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

    def targets(self, batch: Batch, f0: Tensor, energy: Tensor) -> tuple[Tensor, Tensor]:
        """The recording's F0 and energy, but the given ones where the settings want the model's own."""
        natural = (batch.gt_f0 > 0) | (self.settings.unvoiced_f0 == "zero")
        f0 = torch.where(natural, batch.gt_f0, f0)
        return f0, energy if self.settings.energy == "base" else batch.gt_energy


def prosody_losses(voice: Voice, items: Sequence[Item], batch: Batch, phase: ProsodyPhase) -> Losses:
    """Durations from the text; F0 and energy on the natural durations."""
    style = voice.style(batch)[:, PROSODIC]
    encoded, *base_curves = voice.frozen(items)
    logits, d = predict_durations(voice.model, encoded, style, batch.lengths)
    f0, energy = predict_f0_energy(voice.model, d, expand(batch.gt_duration), style)
    target_f0, target_energy = voice.targets(batch, *base_curves)
    duration, bins = losses.duration_losses(logits, batch.gt_duration, batch.lengths)
    return {
        "duration": phase.duration * duration,
        "duration_bins": phase.duration_bins * bins,
        "f0": phase.f0 * losses.f0_loss(f0, target_f0, batch.frames),
        "f0_spread": phase.f0_spread * losses.f0_spread_loss(f0, batch.gt_f0),
        "energy": phase.energy * losses.energy_loss(energy, target_energy, batch.frames),
    }


def acoustic_losses(voice: Voice, items: Sequence[Item], batch: Batch, phase: AcousticPhase) -> Losses:
    """A crop of each utterance, decoded on natural durations and F0, against the recording."""
    style = voice.style(batch)
    with torch.no_grad():  # the predictor's curves, because those are what the decoder hears when it speaks
        own = voice.curves(voice.model, voice.frozen(items)[0], batch, style[:, PROSODIC])
    f0, energy = voice.targets(batch, *own)
    length = min(phase.crop_frames, int(batch.frames.min()))
    start = [int(torch.randint(int(frames) - length + 1, ())) for frames in batch.frames]
    audio = decode_audio(
        voice.model, batch.input_ids, batch.lengths, expand(batch.gt_duration), f0, energy, style[:, ACOUSTIC],
        crop=(start, length),
    )  # fmt: skip
    natural = crop(batch.gt_audio, [FRAME_SAMPLES * s for s in start], FRAME_SAMPLES * length)
    spectral = {
        "mel": phase.mel * losses.mel_loss(audio, natural, phase.floor),
        "stft": phase.stft * losses.stft_loss(audio, natural, phase.floor),
    }
    if voice.critic is None:
        return spectral
    judged = voice.critic.judge(natural, audio, torch.stack(list(spectral.values())).sum())
    if torch.is_grad_enabled():  # in validation it listens and learns nothing
        voice.critic.learn(natural, audio)
    return spectral | judged


@dataclass(frozen=True)
class Phase:
    """A phase as data: its settings, its losses, how it batches, and which half of the style learns."""

    name: str
    settings: ProsodyPhase | AcousticPhase
    losses: Callable[..., Losses]
    frames: Sequence[int]  # what an utterance counts in a batch …
    batch: int  # … and how much a batch holds

    def learned(self, voice: Voice) -> dict[str, nn.Parameter]:
        """The tensors that learn, by name; WrongCall for a glob that names none or a part that is cached."""
        named = {n: p for n, p in voice.model.named_parameters() if not ADAIN_NORM.search(n)}
        chosen: dict[str, nn.Parameter] = {}
        for glob in self.settings.learn:
            found = {name: tensor for name, tensor in named.items() if fnmatchcase(name, glob)}
            if not found or any(name.startswith("bert") for name in found):
                raise WrongCall(
                    f"{glob!r} names {'BERT, whose outputs are computed once' if found else 'no tensor'}",
                    where=f"train.{self.name}.learn",
                    remedy="`moien inspect` shows the parts, e.g. predictor.* or decoder.encode.*",
                )
            chosen |= found
        return chosen

    def styles(self, voice: Voice) -> dict[str, nn.Parameter]:
        """The style deltas that learn."""
        return {name: delta for name, delta in voice.deltas.items() if name.startswith(f"style.{self.name}.")}


def phases_of(settings: TrainSettings, frames: Sequence[int]) -> list[Phase]:
    """The phases in the order of the settings."""
    known = {
        "prosody": Phase("prosody", settings.prosody, prosody_losses, frames, settings.prosody.batch_frames),
        "acoustic": Phase(
            "acoustic", settings.acoustic, acoustic_losses, [1] * len(frames), settings.acoustic.crops
        ),
    }
    return [known[name] for name in settings.phases]


def train(
    base: Base, data: TrainingSet, dev: TrainingSet, settings: TrainSettings, work: Path,
    seed: int, device: str = "cpu",
) -> tuple[dict[str, Tensor], list[dict[str, Any]]]:  # fmt: skip
    """Run all phases, from the checkpoint in `work` if there is one.

    Args:
        base: the base model's files. It is loaded twice: to be trained, and for what its untouched state says.
        data, dev: the train and dev split.
        work: folder for `checkpoint.pt` and `samples/`.
        seed: of every random choice.

    Returns:
        The learned tensors by name (of KModel, or `style.HALF.SPEAKER`), on the CPU, and the rows of the curves:
        `{"phase", "step", "lr", "train": {loss: mean of the interval}, "dev": {loss: mean}}`.

    Raises:
        WrongCall: a glob in `learn` that names nothing. WrongData: no finite loss, too often.
    """
    phases = phases_of(settings, data.frames)
    speakers = sorted(data.packs)
    deltas = {
        f"style.{half}.{speaker}": nn.Parameter(torch.zeros(128, device=device))
        for half in ("acoustic", "prosody")
        for speaker in speakers
    }
    model, untouched = (load_model(base.weights, base.config).to(device) for _ in range(2))
    voice = Voice(model, untouched, data.base_packs, settings, deltas, device)
    learned: dict[str, nn.Parameter] = dict(deltas)
    for phase in phases:
        learned |= phase.learned(voice)
    fold_weight_norm(model, learned)
    acoustic = settings.acoustic
    if acoustic.critic and "acoustic" in settings.phases:
        voice.critic = Critic(
            seed, share=acoustic.critic, warmup_steps=acoustic.critic_warmup_steps,
            ramp_steps=acoustic.critic_ramp_steps, lr=acoustic.critic_lr, floor=acoustic.floor, device=device,
        )  # fmt: skip

    torch.manual_seed(seed)
    progress, optimiser_state = Progress(), None
    if resumed := checkpoint.load(work):
        progress, saved, optimiser_state = resumed
        with torch.no_grad():
            for name, tensor in saved.items():
                learned[name].copy_(tensor)
        if voice.critic:
            voice.critic.load_state_dict(optimiser_state.pop("critic"))
        say(f"resumed at step {progress.step} of phase {progress.phase + 1}")

    while progress.phase < len(phases):
        phase = phases[progress.phase]
        goal, tensors, styles = phase.settings, phase.learned(voice), phase.styles(voice)
        learning = [*tensors.values(), *styles.values()]
        for tensor in learned.values():
            tensor.requires_grad_(any(tensor is other for other in learning))
        groups: list[dict[str, Any]] = [
            {"params": list(tensors.values()), "peak": goal.lr},
            {"params": list(styles.values()), "peak": goal.style_lr},
        ]
        optimiser = torch.optim.AdamW(groups, betas=BETAS, eps=EPS, weight_decay=settings.weight_decay)
        if optimiser_state:
            optimiser.load_state_dict(optimiser_state)
        count = sum(tensor.numel() for tensor in learning) / 1e6
        say(f"phase {phase.name}, {goal.steps} steps, {count:.1f} M numbers learn")

        means, started, since = Means(), time.monotonic(), progress.step
        batches = islice(BatchPlan(phase.frames, phase.batch, seed), progress.step, goal.steps)
        for indices in track(batches, f"train: {phase.name}", total=goal.steps - progress.step):
            rate = schedule(progress.step, settings.warmup_steps, goal.steps)
            for group in optimiser.param_groups:
                group["lr"] = group["peak"] * rate
            items = [data[index] for index in indices]
            parts = phase.losses(voice, items, collate(items).to(device), goal)
            optimiser.zero_grad(set_to_none=True)
            loss = torch.stack(list(parts.values())).sum()
            if finite := bool(loss.isfinite()):
                loss.backward()
                finite = bool(nn.utils.clip_grad_norm_(learning, settings.clip_norm).isfinite())
            if finite:
                optimiser.step()
                means.add(parts)
            else:
                skip_bad_step(progress, phase, [item["id"] for item in items], settings.max_bad_steps)
            progress.step += 1
            if progress.step % settings.interval_steps and progress.step < goal.steps:
                continue

            step_s = (time.monotonic() - started) / (progress.step - since)
            row = {"phase": phase.name, "step": progress.step, "lr": goal.lr * rate}
            row |= {"train": means.values(), "dev": validate(voice, phase, dev)}
            progress.history.append(row)
            say(f"{describe(row, goal.steps)}, {step_s:.2f} s a step")
            write_sample(voice, dev, work / "samples" / f"{len(progress.history):03d}-{phase.name}.wav")
            write_curves(progress.history, work)
            state = optimiser.state_dict() | ({"critic": voice.critic.state_dict()} if voice.critic else {})
            checkpoint.save(work, progress, learned, state)
            means, started, since = Means(), time.monotonic(), progress.step
        progress.phase, progress.step, optimiser_state = progress.phase + 1, 0, None
    return {name: tensor.detach().cpu() for name, tensor in learned.items()}, progress.history


def say(text: str) -> None:
    """A line for the log, at once."""
    print(f"train: {text}", flush=True)


class Means:
    """Running means of the losses."""

    def __init__(self) -> None:
        self._sums: dict[str, float] = {}
        self._count = 0

    def add(self, parts: Losses) -> None:
        """Count one step."""
        self._count += 1
        for name, part in parts.items():
            self._sums[name] = self._sums.get(name, 0.0) + part.item()

    def values(self) -> dict[str, float]:
        """The mean of each."""
        return {name: round(total / self._count, 5) for name, total in self._sums.items()}


def schedule(step: int, warmup: int, steps: int) -> float:
    """Share of the peak learning rate at a step: a linear rise, then half a cosine down to 0 at the end."""
    if step < warmup:
        return (step + 1) / (warmup + 1)
    return 0.5 + 0.5 * math.cos(math.pi * (step - warmup) / max(steps - warmup, 1))


def skip_bad_step(progress: Progress, phase: Phase, ids: list[str], allowed: int) -> None:
    """Count a step whose loss or gradient is not finite; WrongData after too many."""
    progress.bad_steps += 1
    here = f"phase {phase.name}, step {progress.step}, {', '.join(ids)}"
    say(f"no finite loss or gradient: {here}: the step is skipped")
    if progress.bad_steps > allowed:
        raise WrongData(
            f"{progress.bad_steps} steps had no finite loss or gradient: training diverges",
            where=here,
            remedy=f"listen to these utterances; if they are sound, lower --set train.{phase.name}.lr",
        )


def validate(voice: Voice, phase: Phase, dev: TrainingSet) -> dict[str, float]:
    """Mean losses over the first utterances of dev; the generators of training are not touched."""
    means = Means()
    with torch.no_grad(), torch.random.fork_rng():
        torch.manual_seed(0)  # the same crops and the same noise at every validation
        for index in range(min(voice.settings.validation_utterances, len(dev))):
            item = dev[index]
            means.add(phase.losses(voice, [item], collate([item]).to(voice.device), phase.settings))
    return means.values()


def write_sample(voice: Voice, dev: TrainingSet, path: Path) -> None:
    """Write what the voice now makes of the tokens of the first dev utterance."""
    path.parent.mkdir(parents=True, exist_ok=True)
    utterance, alignment = dev.utterances[0]
    pack = dev.packs[utterance.speaker] + voice.delta(utterance.speaker).detach().cpu()
    audio = speak(voice.model, alignment.tokens, pack, seed=0)
    write_wav(path, np.clip(np.nan_to_num(audio), -1, 1))


def describe(row: dict[str, Any], steps: int) -> str:
    """A row of the curves as a line for the log."""
    parts = ", ".join(
        f"{name} {value:.3f} (dev {row['dev'][name]:.3f})" for name, value in row["train"].items()
    )
    return f"{row['phase']} {row['step']}/{steps}: {parts}"
