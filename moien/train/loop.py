"""The training loop, from top to bottom: one loop for all phases, which are data (`moien.train.phases`).

In each phase some tensors of the base model learn and all others are frozen, and each speaker's style learns as a
delta on every row of its voice pack. On a CPU the same settings, seed and threads give the same bits, interrupted
or not. What can go wrong is in `moien.train.guards`.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from moien.errors import WrongData
from moien.kokoro.base import Base, ensure_base, load_model
from moien.kokoro.forward import convolve_in_bfloat16, fold_weight_norm, forked_generators
from moien.kokoro.style import HALF
from moien.recipe.settings import Settings
from moien.threads import use_threads
from moien.train import checkpoint, distributed, guards, losses
from moien.train.board import Board
from moien.train.checkpoint import Progress
from moien.train.critic import CRITIC_LOSSES, Critic
from moien.train.data import FILLER, Batch, BatchPlan, Items, TrainingSet, both_splits, collate, load
from moien.train.frozen import Frozen, frozen
from moien.train.learner import Learner
from moien.train.phases import Phase, phases_of
from moien.train.plot import describe, write_curves, write_sample
from moien.train.replay import Replayed
from moien.train.settings import TrainSettings

BETAS, EPS = (0.0, 0.99), 1e-9  # StyleTTS2's AdamW: no momentum, batches are small and unlike each other
WEIGHT_DECAY = 1e-4  # StyleTTS2's
MAX_RETREATS = 3  # of a phase that diverges, each at half the rate; an eighth of it is too slow to help
CLIP_NORM = 5.0  # of the gradient: bounds the effect of one bad batch

# Tensors by name (of KModel, or `style.HALF.SPEAKER`), and the rows of the curves.
Learned = tuple[dict[str, Tensor], list[dict[str, Any]]]


def learn(settings: Settings, inputs: Mapping[str, Path], work: Path) -> Learned:
    """Train a recipe: in this process, or in one for each GPU.

    Args:
        inputs: the outputs of the stages before, by the stages' names.
        work: folder of the checkpoints.
    """
    device, count = settings.system.device, settings.system.ngpu
    if count > 1:
        distributed.spawn(_learn, count, device, settings, inputs, work)
    return _learn(device, settings, inputs, work)  # after several processes it only opens what they left


def _learn(device: str, settings: Settings, inputs: Mapping[str, Path], work: Path) -> Learned:
    use_threads(max(1, settings.system.threads // distributed.world()))
    data, dev = both_splits(inputs)
    base, seed, workers = ensure_base(settings.base), settings.seed, settings.system.workers
    return train(base, data, dev, settings.train, work, seed, device, workers)


@dataclass
class Training:
    """The parts of a training, how far it is, and the optimiser's state of the last checkpoint."""

    learner: Learner
    learned: Mapping[str, nn.Parameter]  # every tensor that any phase moves
    data: Items
    dev: TrainingSet
    validation: Frozen  # the utterances of `dev` that are validated
    work: Path
    seed: int
    workers: int
    decides: dict[str, Any]  # a checkpoint must have been made with the same
    progress: Progress
    optimiser_state: dict[str, Any]

    def save(self, optimiser_state: dict[str, Any]) -> None:
        """Write a checkpoint; with an empty state where the next phase begins."""
        self.optimiser_state = optimiser_state
        if distributed.rank():
            return
        critic = {"critic": self.learner.critic.state_dict()} if self.learner.critic else {}
        checkpoint.save(self.work, self.progress, self.learned, optimiser_state | critic, self.decides)

    def load(self) -> bool:
        """Go to the last checkpoint; False without one."""
        if found := checkpoint.load(self.work, self.decides, self.learned):
            self.progress, self.optimiser_state = found
            if self.learner.critic:
                self.learner.critic.load_state_dict(self.optimiser_state.pop("critic"))
        distributed.wait()  # until all have read it: the first one may write another at once
        return found is not None


def prepare(
    base: Base, data: TrainingSet | Replayed, settings: TrainSettings, seed: int, device: str
) -> tuple[Learner, list[Phase], dict[str, nn.Parameter]]:
    """The learner before its first step, its phases, and every tensor that any of them moves, by name."""
    deltas = {
        f"style.{half}.{speaker}": nn.Parameter(torch.zeros(HALF, device=device))
        for half in ("acoustic", "prosody")
        for speaker in sorted(data.packs)
    }
    model = load_model(base.weights, base.config).to(device)
    learner = Learner(model, settings, deltas, device)
    phases = phases_of(settings, data.frames)
    learned: dict[str, nn.Parameter] = dict(deltas)
    for phase in phases:
        for part in phase.learned(learner).values():
            learned |= part
    fold_weight_norm(model, learned)
    if settings.bf16:
        convolve_in_bfloat16(model)
    acoustic = settings.acoustic
    if acoustic.critic and "acoustic" in settings.phases:
        warmup, ramp = acoustic.critic_warmup_steps, acoustic.critic_ramp_steps
        learner.critic = Critic(
            seed, share=acoustic.critic, warmup_steps=warmup, ramp_steps=ramp, device=device
        )
    return learner, phases, learned


def train(
    base: Base,
    data: TrainingSet,
    dev: TrainingSet,
    settings: TrainSettings,
    work: Path,
    seed: int,
    device: str = "cpu",
    workers: int = 0,
) -> Learned:
    """Run all phases, from the checkpoint in `work` if there is one.

    Args:
        base: the base model's files.
        data, dev: the train and dev split.
        work: folder for the checkpoints, `samples/` and what the untouched base makes of the utterances.
        seed: of every random choice.
        workers: threads that read ahead.

    Returns:
        The learned tensors by name, on the CPU, and the rows of the curves: `{"phase", "step", "lr", "train": {loss:
        mean of the interval}, "dev": {loss: mean}, "sample": its file in samples/, "utterance": which it speaks}`.

    Raises:
        WrongCall: a glob in `learn` that names nothing or gets no gradient. WrongData: whatever `guards` finds.
        KeyboardInterrupt: after Ctrl-C or SIGTERM, when the step at work is done and saved.
    """
    guards.check_corpus(data, dev, settings)
    guards.check_processes(data, settings, device)
    replayed = Replayed(data, base, settings.replay, seed, device)
    learner, phases, learned = prepare(base, replayed, settings, seed, device)
    if settings.check_labels and not checkpoint.exists(work):
        guards.check_labels(learner.model, data)
    # The model is still the base to the last bit.
    read = {index for phase in phases for batch in steps_of(phase, seed) for index in batch}
    items = frozen(learner.model, replayed, {FILLER, *read}, work)
    validation = frozen(learner.model, dev, dev.in_turn(settings.validation_utterances), work)
    decides = {"train": settings.model_dump(mode="json", exclude={"choice"}), "seed": seed}
    run = Training(learner, learned, items, dev, validation, work, seed, workers, decides, Progress(), {})
    if run.load():
        log(f"resumed at step {run.progress.step} of phase {run.progress.phase + 1}")
    else:
        run.save({})  # so that a divergence in the first steps can go back
    with guards.stopping(device) as stop:
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
    if not run.progress.history and not distributed.rank():
        # no phase has a step, but the stage must have all its files
        (work / "samples").mkdir(exist_ok=True)
        write_curves([], work)
    return {name: tensor.detach().cpu() for name, tensor in learned.items()}, run.progress.history


def steps_of(phase: Phase, seed: int, first: int = 0, rank: int = 0, world: int = 1) -> islice[list[int]]:
    """The batches of a phase from step `first` on, or a process's share of each: indices of utterances."""
    return islice(BatchPlan(phase.frames, phase.batch, seed, rank, world), first, phase.settings.steps)


def run_phase(run: Training, phase: Phase, stop: guards.Stop) -> None:
    """The steps of a phase that are left, with a row of the curves, a spoken sentence and a checkpoint at intervals."""
    learner, progress, goal = run.learner, run.progress, phase.settings
    learning, optimiser = begin(learner, phase, run.learned)
    if run.optimiser_state:
        optimiser.load_state_dict(run.optimiser_state)
    numbers = sum(tensor.numel() for tensor in learning.values()) / 1e6
    log(f"phase {phase.name}, {goal.steps} steps, {numbers:.1f} M numbers learn")

    watch = guards.Watch(phase.name, learner.model, learning)
    started, since = time.monotonic(), progress.step
    count = learner.settings.accumulate
    plan = steps_of(phase, run.seed, progress.step, distributed.rank(), distributed.world())
    shares = (batch[k::count] for batch in plan for k in range(count))
    read = load(run.data, shares, run.workers, pin=learner.device == "cuda")
    batches = zip(*[read] * count, strict=True)  # the shares of a step together
    board = Board(phase.name, progress.step, goal.steps)
    for batch in board.over(batches):
        rate = schedule(progress.step, learner.settings.warmup_steps, goal.steps) * 0.5**progress.retreats
        for group in optimiser.param_groups:
            group["lr"] = group["peak"] * rate
        learner.seed(f"{run.seed} {phase.name} {progress.step}")
        parts = step(learner, phase, batch, learning, optimiser, watch, progress)
        losses.add(progress.sums, parts)
        board.step(parts)
        progress.step += 1
        last = progress.step == goal.steps
        if due := last or progress.step % learner.settings.interval_steps == 0:
            watch.frozen(progress.step)
            step_s = (time.monotonic() - started) / (progress.step - since)
            board.dev = validate(learner, phase, run)
            row = {"phase": phase.name, "step": progress.step, "lr": goal.lr * rate}
            row |= {"train": losses.means(progress.sums), "dev": board.dev}
            progress.sums.clear()
            log(f"{describe(row, goal.steps)}, {step_s:.2f} s a step")
            finish_row(run, row)
            started, since = time.monotonic(), progress.step
        ending = stop.agreed() and not last
        if ending or (due and not last):
            run.save(optimiser.state_dict())
        if ending:
            stop.end(f"step {progress.step} of phase {phase.name}")


def begin(
    learner: Learner, phase: Phase, learned: Mapping[str, nn.Parameter]
) -> tuple[dict[str, nn.Parameter], torch.optim.Optimizer]:
    """Let what the phase names learn, and nothing else: these tensors by name, and their optimiser."""
    parts, styles, settings = phase.learned(learner), phase.styles(learner), phase.settings
    learning = {name: tensor for part in (*parts.values(), styles) for name, tensor in part.items()}
    for name, tensor in learned.items():
        tensor.requires_grad_(name in learning)
    rates = [(part, settings.lr * settings.learn[glob]) for glob, part in parts.items()]
    rates.append((styles, settings.style_lr))
    groups = [{"params": list(named.values()), "peak": rate} for named, rate in rates]
    return learning, torch.optim.AdamW(groups, betas=BETAS, eps=EPS, weight_decay=WEIGHT_DECAY)


def step(
    learner: Learner,
    phase: Phase,
    shares: Sequence[Batch],
    learning: Mapping[str, nn.Parameter],
    optimiser: torch.optim.Optimizer,
    watch: guards.Watch,
    progress: Progress,
) -> dict[str, float]:
    """One step of the optimiser on these shares of a batch; its losses. Diverged where one runs away.

    The device is waited for once, because all numbers that decide about the step are read together; in the first three
    steps of a phase a second time, for `guards.Watch`.
    """
    ids = ", ".join(id for share in shares if share.own for id in share.ids)
    where = f"phase {phase.name}, step {progress.step}, {ids}"
    critic = learner.critic if phase.name == "acoustic" else None
    agreed, whole = distributed.agree(shares, learner.device)
    optimiser.zero_grad(set_to_none=True)
    sums: dict[str, Tensor] = {}
    with guards.memory_named(f"train.{phase.name}.{phase.settings.smaller}", where):
        for share in agreed:
            found = phase.losses(learner, share.to(learner.device), phase.settings)
            weighed = distributed.weigh(found, losses.OVER, share, whole)
            if share.own:  # a filler's gradient of 0 would still be one, and move the optimiser's state
                torch.stack(list(weighed.values())).sum().backward()
            sums = {name: sums.get(name, 0) + part.detach() for name, part in weighed.items()}
        distributed.share_gradients(learning.values())
        watch.gradients([speaker for share in agreed if share.own for speaker in share.speakers])
        norms = torch.stack(
            [nn.utils.clip_grad_norm_(learning.values(), CLIP_NORM), *([critic.clip()] if critic else [])]
        )
        numbers = torch.cat([distributed.mean(sums.values()), norms]).tolist()
        values, norm = numbers[: len(sums)], numbers[len(sums)]
        parts = dict(zip(sums, values, strict=True))
        if critic:
            critic.update(numbers[-1])
        # the critic's losses rise as its share does: that is no divergence, unless one is not finite
        own = sum(part for name, part in parts.items() if name not in CRITIC_LOSSES)
        guards.watch_loss(progress, own if math.isfinite(sum(values)) else math.nan, where)
        if not math.isfinite(norm):
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
    log(
        f"{fault}: back to step {run.progress.step} of phase {phase.name}, from there at "
        f"{0.5**run.progress.retreats:g} of the rate"
    )
    run.save(run.optimiser_state)


def schedule(step: int, warmup: int, steps: int) -> float:
    """Share of the peak learning rate at a step: a linear rise, then half a cosine down to 0 at the end."""
    if step < warmup:
        return (step + 1) / (warmup + 1)
    return 0.5 + 0.5 * math.cos(math.pi * (step - warmup) / max(steps - warmup, 1))


def validate(learner: Learner, phase: Phase, run: Training) -> dict[str, float]:
    """Mean losses over utterances of dev, of each speaker in turn; the random generators stay as they were."""
    sums: dict[str, tuple[float, int]] = {}
    with torch.no_grad(), forked_generators(learner.model.device):
        learner.seed("validation")  # the same crops and the same noise every time
        for index in run.dev.in_turn(learner.settings.validation_utterances):
            batch = collate([run.validation[index]]).to(learner.device)
            found = phase.losses(learner, batch, phase.settings)
            losses.add(sums, dict(zip(found, torch.stack(list(found.values())).tolist(), strict=True)))
    return losses.means(sums)


def finish_row(run: Training, row: dict[str, Any]) -> None:
    """Add a row to the history, with a spoken sample: the first dev sentence of each speaker in turn."""
    history = run.progress.history
    first = run.dev.in_turn(len(run.dev.speakers))
    index = first[len(history) % len(first)]
    row["sample"] = f"{len(history) + 1:03d}-{row['phase']}.wav"
    row["utterance"] = run.dev.utterances.utterances[index].id
    history.append(row)
    if not distributed.rank():
        write_sample(run.learner, run.dev, index, run.work / "samples" / row["sample"])
        write_curves(history, run.work)


def log(text: str) -> None:
    """A line for the log, at once."""
    print(f"train: {text}", flush=True)
