"""The training loop, from top to bottom: phases as data, one loop for all of them.

    prosody    durations, F0 and energy of the predictor, on whole utterances
    acoustic   decoder and acoustic style, on crops

In each phase some tensors of the base model learn and all others are frozen, and each speaker's style learns as a
delta on every row of its voice pack. On a CPU the same settings, seed and threads give the same bits, interrupted
or not. The device may be `cuda`; this loop has never run on one. What can go wrong is in `moien.train.guards`.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from moien.audio import FRAME_SAMPLES
from moien.errors import WrongCall, WrongData
from moien.kokoro.base import Base, load_model
from moien.kokoro.export import ADAIN_NORM
from moien.kokoro.forward import (
    convolve_in_bfloat16,
    decode_audio,
    expand,
    fold_weight_norm,
    predict_durations,
    predict_f0_energy,
)
from moien.kokoro.style import HALF, acoustic, prosodic
from moien.train import checkpoint, guards, losses, processes
from moien.train.board import Board
from moien.train.checkpoint import Progress
from moien.train.data import Batch, BatchPlan, Item, Items, TrainingSet, collate, crop, load
from moien.train.discriminators import CRITIC_LOSSES, Critic
from moien.train.plot import describe, write_curves, write_sample
from moien.train.replay import Replayed
from moien.train.settings import AcousticPhase, ProsodyPhase, TrainSettings
from moien.train.voice import Voice

BETAS, EPS = (0.0, 0.99), 1e-9  # StyleTTS2's AdamW: no momentum, batches are small and unlike each other
WEIGHT_DECAY = 1e-4  # StyleTTS2's
MAX_RETREATS = 3  # of a phase that diverges, each at half the rate; an eighth of it is too slow to help
CLIP_NORM = 5.0  # of the gradient: bounds the effect of one bad batch
DURATION_BINS = 20.0  # weight of the cross-entropy over the duration bins, StyleTTS2's
Losses = dict[str, Tensor]


def prosody_losses(voice: Voice, items: Sequence[Item], batch: Batch, phase: ProsodyPhase) -> Losses:
    """Durations from the text; F0 and energy on the natural durations."""
    style = prosodic(voice.style(batch))
    encoded, base_f0, base_energy = voice.frozen(items)
    logits, d = predict_durations(voice.model, encoded, style, batch.lengths)
    f0, energy = predict_f0_energy(voice.model, d, expand(batch.gt_duration), style)
    duration, bins = losses.duration_losses(logits, batch.gt_duration, batch.lengths)
    return {
        "duration": duration,
        "duration_bins": DURATION_BINS * bins,
        "f0": losses.f0_loss(f0, voice.voiced_f0(batch, base_f0), batch.frames),
        "f0_spread": phase.f0_spread * losses.f0_spread_loss(f0, batch.gt_f0),
        "energy": losses.energy_loss(energy, base_energy, batch.frames),
    }


def acoustic_losses(voice: Voice, items: Sequence[Item], batch: Batch, phase: AcousticPhase) -> Losses:
    """A crop of each utterance, decoded on natural durations and F0, against the recording."""
    style = voice.style(batch)
    with torch.no_grad():  # the predictor's curves, because those are what the decoder hears when it speaks
        own_f0, energy = voice.curves(voice.model, voice.frozen(items)[0], batch, prosodic(style))
    f0 = voice.voiced_f0(batch, own_f0)
    length = min(phase.crop_frames, batch.shortest)
    start = [
        random.Random(f"{voice.moment} {item['id']}").randint(0, len(item["gt_f0"]) // 2 - length)
        for item in items
    ]
    audio = decode_audio(
        voice.model, batch.input_ids, batch.lengths, expand(batch.gt_duration), f0, energy, acoustic(style),
        crop=(start, length),
    )  # fmt: skip
    natural = crop(batch.gt_audio, [FRAME_SAMPLES * s for s in start], FRAME_SAMPLES * length)
    spectral = {
        "mel": losses.mel_loss(audio, natural),
        "stft": losses.stft_loss(audio, natural),
        "contrast": phase.contrast * losses.contrast_loss(audio, natural),
    }
    if voice.critic is None:
        return spectral
    judged = voice.critic.judge(natural, audio, torch.stack(list(spectral.values())).sum(), batch.weight)
    if torch.is_grad_enabled():  # in validation it learns nothing
        voice.critic.learn(natural, audio, batch.weight)
    return spectral | judged


@dataclass(frozen=True)
class Phase:
    """A phase as data: its settings, its losses, how it batches, and which half of the style learns."""

    name: str
    settings: ProsodyPhase | AcousticPhase
    losses: Callable[..., Losses]
    frames: Sequence[int]  # what an utterance counts in a batch …
    batch: int  # … and how much a batch holds

    def learned(self, voice: Voice) -> dict[str, dict[str, nn.Parameter]]:
        """Glob → the tensors that learn, by name; WrongCall where a glob names none, a cached part, or one twice."""
        named = {name: p for name, p in voice.model.named_parameters() if not ADAIN_NORM.search(name)}
        parts: dict[str, dict[str, nn.Parameter]] = {}
        for glob in self.settings.learn:
            part = {name: parameter for name, parameter in named.items() if fnmatchcase(name, glob)}
            if not part or any(name.startswith("bert") for name in part):
                raise WrongCall(
                    f"{glob!r} names {'BERT, whose outputs are computed once' if part else 'no tensor'}",
                    where=f"train.{self.name}.learn",
                    remedy="`moien inspect` shows the parts, e.g. predictor.* or decoder.encode.*",
                )
            # which share would count is a question of order, and settings in another order are the same settings
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
        return dict(
            sorted(
                parts.items(), key=lambda part: (-self.settings.learn[part[0]], places[next(iter(part[1]))])
            )
        )

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


@dataclass
class Training:
    """A training at work: its parts, where it stands, and the optimiser's state of the last checkpoint."""

    voice: Voice
    learned: Mapping[str, nn.Parameter]  # every tensor that any phase moves
    data: Items
    dev: TrainingSet
    work: Path
    seed: int
    workers: int
    decides: dict[str, Any]  # what a checkpoint must have been made with to be this training's
    progress: Progress
    optimiser_state: dict[str, Any]

    def save(self, optimiser_state: dict[str, Any]) -> None:
        """Write a checkpoint; with an empty state where the next phase begins."""
        self.optimiser_state = optimiser_state
        if processes.rank():
            return
        critic = {"critic": self.voice.critic.state_dict()} if self.voice.critic else {}
        checkpoint.save(self.work, self.progress, self.learned, optimiser_state | critic, self.decides)

    def load(self) -> bool:
        """Go to the last checkpoint; False without one."""
        if found := checkpoint.load(self.work, self.decides, self.learned):
            self.progress, self.optimiser_state = found
            if self.voice.critic:
                self.voice.critic.load_state_dict(self.optimiser_state.pop("critic"))
        processes.wait()  # until all have read it: the first one may write another at once
        return found is not None


def prepare(
    base: Base, data: TrainingSet | Replayed, settings: TrainSettings, seed: int, device: str
) -> tuple[Voice, list[Phase], dict[str, nn.Parameter]]:
    """The voice before its first step, its phases, and every tensor that any of them moves, by name."""
    phases = phases_of(settings, data.frames)
    deltas = {
        f"style.{half}.{speaker}": nn.Parameter(torch.zeros(HALF, device=device))
        for half in ("acoustic", "prosody")
        for speaker in sorted(data.packs)
    }
    model, untouched = (load_model(base.weights, base.config).to(device) for _ in range(2))
    voice = Voice(model, untouched, data.base_packs, settings, deltas, device)
    learned: dict[str, nn.Parameter] = dict(deltas)
    for phase in phases:
        for part in phase.learned(voice).values():
            learned |= part
    fold_weight_norm(model, learned)
    if settings.bf16:
        convolve_in_bfloat16(model)
    acoustic = settings.acoustic
    if acoustic.critic and "acoustic" in settings.phases:
        voice.critic = Critic(
            seed, share=acoustic.critic, warmup_steps=acoustic.critic_warmup_steps,
            ramp_steps=acoustic.critic_ramp_steps, device=device,
        )  # fmt: skip
    return voice, phases, learned


def train(
    base: Base, data: TrainingSet, dev: TrainingSet, settings: TrainSettings, work: Path,
    seed: int, device: str = "cpu", workers: int = 0,
) -> tuple[dict[str, Tensor], list[dict[str, Any]]]:  # fmt: skip
    """Run all phases, from the checkpoint in `work` if there is one.

    Args:
        base: the base model's files, loaded twice: to be trained, and for what its untouched state says.
        data, dev: the train and dev split.
        work: folder for the checkpoints and `samples/`.
        seed: of every random choice.
        workers: threads that read ahead.

    Returns:
        The learned tensors by name (of KModel, or `style.HALF.SPEAKER`), on the CPU, and the rows of the curves:
        `{"phase", "step", "lr", "train": {loss: mean of the interval}, "dev": {loss: mean}, "sample": its file in
        samples/, "utterance": which it speaks}`.

    Raises:
        WrongCall: a glob in `learn` that names nothing or gets no gradient. WrongData: whatever `guards` finds.
        KeyboardInterrupt: after Ctrl-C or SIGTERM, when the step at work is done and saved.
    """
    guards.check_corpus(data, dev, settings)
    guards.check_processes(data, settings, device)
    replayed = Replayed(data, base, settings.replay, seed)
    voice, phases, learned = prepare(base, replayed, settings, seed, device)
    decides = {"train": settings.model_dump(mode="json", exclude={"choice"}), "seed": seed}
    run = Training(voice, learned, replayed, dev, work, seed, workers, decides, Progress(), {})
    if run.load():
        say(f"resumed at step {run.progress.step} of phase {run.progress.phase + 1}")
    else:
        if settings.check_labels:
            guards.check_labels(voice, data)
        run.save({})  # the first steps too must have something to go back to
    with guards.listening(device) as stop:
        while run.progress.phase < len(phases):
            phase = phases[run.progress.phase]
            try:
                run_phase(run, phase, stop)
            except guards.Diverged as fault:
                retreat(run, phase, fault)
            else:
                run.progress.next_phase()
                run.save({})
                if stop.agreed():
                    stop.end(f"the end of phase {phase.name}")
    if (
        not run.progress.history and not processes.rank()
    ):  # no phase has a step, but the stage has all its files
        (work / "samples").mkdir(exist_ok=True)
        write_curves([], work)
    return {name: tensor.detach().cpu() for name, tensor in learned.items()}, run.progress.history


def run_phase(run: Training, phase: Phase, stop: guards.Stop) -> None:
    """The steps of a phase that are left, with a row of the curves, a spoken sentence and a checkpoint at intervals."""
    voice, progress, goal, settings = run.voice, run.progress, phase.settings, run.voice.settings
    learning, optimiser = begin(voice, phase, run.learned)
    if run.optimiser_state:
        optimiser.load_state_dict(run.optimiser_state)
    numbers = sum(tensor.numel() for tensor in learning.values()) / 1e6
    say(f"phase {phase.name}, {goal.steps} steps, {numbers:.1f} M numbers learn")

    watch = guards.Watch(phase.name, voice.model, learning)
    started, since = time.monotonic(), progress.step
    plan = BatchPlan(phase.frames, phase.batch, run.seed, processes.rank(), processes.world())
    count = settings.accumulate
    shares = (batch[k::count] for batch in islice(plan, progress.step, goal.steps) for k in range(count))
    read = load(run.data, shares, run.workers, pin=voice.device == "cuda")
    batches = zip(*[read] * count, strict=True)  # the shares of a step together
    board = Board(phase.name, progress.step, goal.steps)
    for batch in board.over(batches):
        rate = schedule(progress.step, settings.warmup_steps, goal.steps) * 0.5**progress.retreats
        for group in optimiser.param_groups:
            group["lr"] = group["peak"] * rate
        voice.draw(f"{run.seed} {phase.name} {progress.step}")
        parts = step(voice, phase, batch, learning, optimiser, watch, progress)
        losses.add(progress.sums, parts)
        board.step(parts)
        progress.step += 1
        last = progress.step == goal.steps
        if due := last or progress.step % settings.interval_steps == 0:
            watch.frozen(progress.step)
            step_s = (time.monotonic() - started) / (progress.step - since)
            row = {"phase": phase.name, "step": progress.step, "lr": goal.lr * rate}
            board.dev = validate(voice, phase, run.dev)
            row |= {"train": losses.means(progress.sums), "dev": board.dev}
            row |= sample_of(run.dev, len(progress.history), phase)
            progress.history.append(row)
            progress.sums.clear()
            say(f"{describe(row, goal.steps)}, {step_s:.2f} s a step")
            if not processes.rank():
                write_sample(voice, run.dev, row["utterance"], run.work / "samples" / row["sample"])
                write_curves(progress.history, run.work)
            started, since = time.monotonic(), progress.step
        ending = stop.agreed() and not last
        if ending or (due and not last):
            run.save(optimiser.state_dict())
        if ending:
            stop.end(f"step {progress.step} of phase {phase.name}")


def begin(
    voice: Voice, phase: Phase, learned: Mapping[str, nn.Parameter]
) -> tuple[dict[str, nn.Parameter], torch.optim.Optimizer]:
    """Let what the phase names learn, and nothing else: these tensors by name, and their optimiser."""
    parts, styles, settings = phase.learned(voice), phase.styles(voice), phase.settings
    learning = {name: tensor for part in (*parts.values(), styles) for name, tensor in part.items()}
    for name, tensor in learned.items():
        tensor.requires_grad_(name in learning)
    rates = [(part, settings.lr * settings.learn[glob]) for glob, part in parts.items()]
    rates.append((styles, settings.style_lr))
    groups = [{"params": list(named.values()), "peak": rate} for named, rate in rates]
    return learning, torch.optim.AdamW(groups, betas=BETAS, eps=EPS, weight_decay=WEIGHT_DECAY)


def step(
    voice: Voice, phase: Phase, shares: Sequence[tuple[Sequence[Item], Batch]], learning: Mapping[str, nn.Parameter],
    optimiser: torch.optim.Optimizer, watch: guards.Watch, progress: Progress,
) -> Losses:  # fmt: skip
    """One step of the optimiser on these shares of a batch; Diverged where the loss or its gradient runs away."""
    names = ", ".join(id for _, batch in shares if batch.own for id in batch.ids)
    where = f"phase {phase.name}, step {progress.step}, {names}"
    items_of = {tuple(batch.ids): items for items, batch in shares}
    batches, whole = processes.agree([batch for _, batch in shares], voice.device)
    optimiser.zero_grad(set_to_none=True)
    sums: Losses = {}
    with guards.memory_named(f"train.{phase.name}.{phase.settings.smaller}", where):
        for batch in batches:
            items = items_of[tuple(batch.ids)]
            batch = batch.to(voice.device)
            weighed = processes.weigh(
                phase.losses(voice, items, batch, phase.settings), losses.OVER, batch, whole
            )
            if batch.own:  # a filler's gradient of 0 would still be one, and move the optimiser's state
                torch.stack(list(weighed.values())).sum().backward()
            sums = {name: sums.get(name, 0) + part.detach() for name, part in weighed.items()}
        parts = processes.mean(sums)
        # what the critic asks for rises as it gets a say: that is no divergence, unless it is no number
        own = sum(part.item() for name, part in parts.items() if name not in CRITIC_LOSSES)
        finite = torch.stack(list(parts.values())).sum().isfinite()
        guards.watch_loss(progress, own if finite else math.nan, where)
        processes.share_gradients(learning.values())
        watch.gradients([speaker for batch in batches if batch.own for speaker in batch.speakers])
        if not nn.utils.clip_grad_norm_(learning.values(), CLIP_NORM).isfinite():
            raise guards.Diverged("the gradient is not finite", where)
        optimiser.step()
    return parts


def retreat(run: Training, phase: Phase, fault: guards.Diverged) -> None:
    """Go back to the last checkpoint and halve the rate; WrongData when that was done too often."""
    run.load()
    if run.progress.retreats == MAX_RETREATS:
        raise WrongData(
            f"{fault.message}, also at {0.5**run.progress.retreats:g} of the rate: training diverges",
            where=fault.where,
            remedy=f"listen to these utterances; if they are sound, lower --set train.{phase.name}.lr",
        )
    run.progress.retreats += 1
    say(
        f"{fault}: back to step {run.progress.step} of phase {phase.name}, from there at "
        f"{0.5**run.progress.retreats:g} of the rate"
    )
    run.save(run.optimiser_state)


def sample_of(dev: TrainingSet, number: int, phase: Phase) -> dict[str, str]:
    """Name of a row's spoken sample, and what it speaks: the first dev sentence of each speaker in turn."""
    first = dev.in_turn(len(dev.speakers))
    utterance = dev.utterances.utterances[first[number % len(first)]]
    return {"sample": f"{number + 1:03d}-{phase.name}.wav", "utterance": utterance.id}


def say(text: str) -> None:
    """A line for the log, at once."""
    print(f"train: {text}", flush=True)


def schedule(step: int, warmup: int, steps: int) -> float:
    """Share of the peak learning rate at a step: a linear rise, then half a cosine down to 0 at the end."""
    if step < warmup:
        return (step + 1) / (warmup + 1)
    return 0.5 + 0.5 * math.cos(math.pi * (step - warmup) / max(steps - warmup, 1))


def validate(voice: Voice, phase: Phase, dev: TrainingSet) -> dict[str, float]:
    """Mean losses over some utterances of dev, of each speaker in turn; leaves the random generators as they were."""
    sums: dict[str, tuple[float, int]] = {}
    with torch.no_grad(), torch.random.fork_rng():
        voice.draw("validation")  # the same crops and the same noise at every one
        for index in dev.in_turn(voice.settings.validation_utterances):
            item = dev[index]
            losses.add(sums, phase.losses(voice, [item], collate([item]).to(voice.device), phase.settings))
    return losses.means(sums)
