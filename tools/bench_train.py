"""Compare the loop with its bare steps, and a bare step with a plain one: `make bench-train RECIPE=lb`.

All three alternate in one run on the same batches, because the machine's speed changes from minute to minute:

    bare    losses, backward, clipping and optimiser on a batch that is already loaded
    loop    the same batch in `moien.train.loop.run_phase`, with reading, collation, checks and logs
    plain   a bare step as StyleTTS2's `train_second.py` makes it (github.com/yl4579/StyleTTS2): weight norm computed at
            each call, BERT at each step, PyTorch's packed LSTMs, the decoder on all of an utterance instead of a crop

Needs the outputs of stages 1 to 5. Prints Markdown tables; the last ones list a bare step by operation.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from moien.corpus.readers import program

if TYPE_CHECKING:
    import torch

    from moien.train.data import Batch
    from moien.train.learner import Learner
    from moien.train.phases import Phase
    from moien.train.settings import TrainSettings

    Step = Callable[[Batch], None]

WARM = 2  # first batches of a phase that do not count
WHOLE = 10_000  # frames: longer than any utterance


@program
@click.argument("recipe")
@click.option("--steps", default=12, show_default=True, help="Batches of each phase that count.")
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="A setting, as for run.sh.")
def main(recipe: str, steps: int, overrides: tuple[str, ...]) -> None:
    """Measure both phases and print the tables."""
    import torch

    from moien.kokoro.base import ensure_base
    from moien.recipe.settings import load_settings
    from moien.threads import use_threads
    from moien.train import loop
    from moien.train.checkpoint import Progress
    from moien.train.data import both_splits
    from moien.train.frozen import frozen
    from moien.train.guards import Stop
    from moien.train.smoke import made_inputs

    settings = load_settings(recipe, list(overrides))
    use_threads(settings.system.threads)
    data, dev = both_splits(made_inputs(settings))
    base, seed, count = ensure_base(settings.base), settings.seed, steps + WARM
    short = changed(settings.train, {"steps": count}, {"steps": count}, interval_steps=count)
    learner, phases, learned = loop.prepare(base, data, short, seed, "cpu")
    fold, loop.fold_weight_norm = loop.fold_weight_norm, lambda model, learned=(): model
    whole = changed(settings.train, {}, {"crop_frames": WHOLE})
    plain, plain_phases, plain_learned = loop.prepare(base, data, whole, seed, "cpu")
    loop.fold_weight_norm = fold
    for module in plain.model.modules():
        if isinstance(module, torch.nn.LSTM):
            module.__class__ = torch.nn.LSTM
            module.padded = partial(packed, module)

    click.echo("| phase | bare, s a step | loop / bare | bare / plain, by the utterances' seconds |")
    click.echo("|---|--:|--:|--:|")
    profiles: list[str] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        read = {i for phase in phases for batch in loop.steps_of(phase, seed) for i in batch}
        items = frozen(learner.model, data, read, folder)
        validation = frozen(learner.model, dev, dev.in_turn(short.validation_utterances), folder)
        run = loop.Training(
            learner,
            learned,
            items,
            dev,
            validation,
            folder,
            seed,
            settings.system.workers,
            {},
            Progress(),
            {},
        )
        for phase, other in zip(phases, plain_phases, strict=True):
            turns = Turns(loop.load, bare(learner, phase, learned), with_bert(plain, other, plain_learned))
            loop.load = turns  # type: ignore[assignment]
            loop.run_phase(run, phase, Stop())
            loop.load = turns.load
            own, ours, theirs = (sum(times[WARM:-1]) for times in (turns.bare, turns.loop, turns.plain))
            click.echo(f"| {phase.name} | {own / (steps - 1):.2f} | {ours / own:.3f} | {own / theirs:.2f} |")
            profiles.append(f"\n{phase.name}\n\n{turns.profile()}")
            run.progress.next_phase()
    click.echo("\n".join(profiles))


def changed(settings: TrainSettings, prosody: Any, acoustic: Any, **others: Any) -> TrainSettings:
    """The settings with other values, unchecked."""
    phases = {
        "prosody": settings.prosody.model_copy(update=prosody),
        "acoustic": settings.acoustic.model_copy(update=acoustic),
    }
    return settings.model_copy(update=phases | others)


def packed(lstm: torch.nn.LSTM, x: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
    """What `PaddedLSTM.padded` gives, as Kokoro's own modules compute it."""
    from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

    sequence = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
    return pad_packed_sequence(lstm(sequence)[0], batch_first=True, total_length=x.shape[1])[0]


def with_bert(learner: Learner, phase: Phase, learned: Any) -> Step:
    """A plain step: BERT encodes the phonemes in each step, and the curves of the base are not used."""
    import torch

    from moien.kokoro.forward import encode_phonemes

    step = bare(learner, phase, learned)

    def plain(batch: Batch) -> None:
        with torch.no_grad():
            encoded = encode_phonemes(learner.model, batch.input_ids, batch.lengths).transpose(1, 2)
        step(replace(batch, encoded=encoded, base_f0=batch.gt_f0, base_energy=batch.gt_energy))

    return plain


def bare(learner: Learner, phase: Phase, learned: Any) -> Step:
    """A step of the phase and nothing more."""
    import torch
    from torch import nn

    from moien.train.loop import CLIP_NORM, begin

    learning, optimiser = begin(learner, phase, learned)
    critic = learner.critic if phase.name == "acoustic" else None

    def step(batch: Batch) -> None:
        loss = torch.stack(list(phase.losses(learner, batch, phase.settings).values())).sum()
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(learning.values(), CLIP_NORM)
        if critic:
            critic.update(float(critic.clip()))
        optimiser.step()

    return step


@dataclass
class Turns:
    """Replaces `load`: before the loop gets the next batch, the two other kinds of step run on the last one."""

    load: Callable[..., Iterator[Batch]]
    own: Step
    other: Step
    loop: list[float] = field(default_factory=list)
    bare: list[float] = field(default_factory=list)
    plain: list[float] = field(default_factory=list)
    last: Batch | None = None

    def __call__(self, *arguments: Any, **options: Any) -> Iterator[Batch]:
        """The batches, timed."""
        batches = self.load(*arguments, **options)
        began = time.perf_counter()
        for self.last in batches:
            yield self.last
            self.loop.append(time.perf_counter() - began)
            for step, times in ((self.own, self.bare), (self.other, self.plain)):
                began = time.perf_counter()
                step(self.last)
                times.append(time.perf_counter() - began)
            began = time.perf_counter()

    def profile(self) -> str:
        """A table of what a bare step computes, by torch's own counting."""
        from torch.profiler import ProfilerActivity, profile

        assert self.last is not None
        with profile(activities=[ProfilerActivity.CPU]) as seen:
            self.own(self.last)
        events = sorted(seen.key_averages(), key=lambda event: -event.self_cpu_time_total)
        whole = sum(event.self_cpu_time_total for event in events)
        rows = [f"| `{e.key}` | {e.count} | {e.self_cpu_time_total / whole:.0%} |" for e in events[:10]]
        return "\n".join(["| operation | calls | share of the time |", "|---|--:|--:|", *rows])


if __name__ == "__main__":
    main()
