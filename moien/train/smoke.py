"""Whether training works at all: each phase learns one batch by heart, with the recipe's own data, base and settings.

The same utterances, the same crop and the same noise at each step: a loss that does not fall now never will.
"""

from __future__ import annotations

import itertools
import tempfile
import time
from pathlib import Path

from moien.device import check_device
from moien.errors import WrongData
from moien.kokoro.base import Base, ensure_base
from moien.recipe import manifest
from moien.recipe.settings import Settings
from moien.recipe.stages import BY_NAME, missing_input
from moien.threads import use_threads
from moien.train import guards
from moien.train.checkpoint import Progress
from moien.train.critic import CRITIC_LOSSES
from moien.train.data import TrainingSet, both_splits, load
from moien.train.frozen import frozen
from moien.train.loop import begin, prepare, step, steps_of

STEPS = 16
UTTERANCES = 2
RATE = 3.0  # times the settings' peak: one batch bears it, and in so few steps it must move
FALL = 0.9  # what may be left of the loss


def smoke(settings: Settings) -> None:
    """Try each phase on the outputs of stages 1 to 5; WrongData names the phases that cannot learn."""
    check_device(settings.system.ngpu)
    use_threads(settings.system.threads)
    data, dev = both_splits(made_inputs(settings))
    overfit(ensure_base(settings.base), data, dev, settings)


def made_inputs(settings: Settings) -> dict[str, Path]:
    """The folders that training reads, by the names of their stages; WrongData for one that is not made."""
    folders = {name: BY_NAME[name].folder(settings) for name in ("data", "align", "features", "embedding")}
    for name, path in folders.items():
        if manifest.read(path) is None:
            raise missing_input(BY_NAME["train"], BY_NAME[name], settings)
    return folders


def overfit(base: Base, data: TrainingSet, dev: TrainingSet, settings: Settings) -> None:
    """Train each phase on one batch, from where the phase before it ended, and print its figures."""
    guards.check_corpus(data, dev, settings.train)
    seed, device = settings.seed, settings.system.device
    learner, phases, learned = prepare(base, data, settings.train, seed, device)
    if settings.train.check_labels:
        guards.check_labels(learner.model, data)
    chosen = [next(iter(steps_of(phase, seed)), [])[:UTTERANCES] for phase in phases]
    with tempfile.TemporaryDirectory() as folder:
        items = frozen(learner.model, data, itertools.chain(*chosen), Path(folder))
        batches = list(load(items, chosen, workers=0))
    failed: list[str] = []
    for phase, batch in zip(phases, batches, strict=True):
        learning, optimiser = begin(learner, phase, learned)
        for group in optimiser.param_groups:
            group["lr"] = RATE * group["peak"]
        watch = guards.Watch(phase.name, learner.model, learning)
        progress, started = Progress(), time.monotonic()
        losses: list[float] = []
        for _ in range(STEPS):
            learner.seed("smoke")  # always the same crops and the same noise
            parts = step(learner, phase, [batch], learning, optimiser, watch, progress)
            losses.append(sum(part for name, part in parts.items() if name not in CRITIC_LOSSES))
        watch.frozen(STEPS)
        left, seconds = losses[-1] / losses[0], time.monotonic() - started
        failed += [phase.name] if not left <= FALL else []
        print(
            f"smoke: {phase.name}: loss {losses[0]:.3f} → {losses[-1]:.3f} in {STEPS} steps, {seconds:.0f} s: "
            f"{left:.0%} is left, at most {FALL:.0%} may be: {'pass' if left <= FALL else 'FAIL'}",
            flush=True,
        )
    if failed:
        raise WrongData(
            f"failed: {' and '.join(failed)} cannot learn one batch by heart",
            where="smoke",
            remedy="look at the learning rates, the globs in `learn` and the weights of the losses",
        )
    print("smoke: passed", flush=True)
