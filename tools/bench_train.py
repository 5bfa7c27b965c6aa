"""Whether the loop costs more than its steps, and what is won over a plain step: `make bench-train RECIPE=lb`.

All in one run, in turns on the same batches, because the machine's speed changes from minute to minute:

    bare    losses, backward, clipping and optimiser on a batch that is already there
    loop    the same batch in `moien.train.loop.run_phase`: read, collated, watched, counted
    plain   a bare step as StyleTTS2's `train_second.py` makes it (github.com/yl4579/StyleTTS2): weight norm computed at
            each call, BERT at each step, PyTorch's packed LSTMs, the decoder on all of an utterance instead of a crop

Needs the outputs of stages 1 to 5. Prints Markdown tables; the last ones are where a bare step's time goes.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from moien.corpus.readers import program

if TYPE_CHECKING:
    from moien.train.data import Batch, Item
    from moien.train.loop import Phase, Voice
    from moien.train.settings import TrainSettings

    Step = Callable[[Sequence[Item], Batch], None]

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
    from moien.train import loop
    from moien.train.checkpoint import Progress
    from moien.train.data import both_splits
    from moien.train.guards import Stop
    from moien.train.smoke import made_inputs

    settings = load_settings(recipe, list(overrides))
    torch.set_num_threads(settings.system.threads)
    data, dev = both_splits(made_inputs(settings))
    base, seed, count = ensure_base(settings.base), settings.seed, steps + WARM
    short = changed(settings.train, {"steps": count}, {"steps": count}, interval_steps=count)
    voice, phases, learned = loop.prepare(base, data, short, seed, "cpu")
    fold, loop.fold_weight_norm = loop.fold_weight_norm, lambda model, learned=(): model
    whole = changed(short, {}, {"crop_frames": WHOLE})
    plain, plain_phases, plain_learned = loop.prepare(base, data, whole, seed, "cpu")
    loop.fold_weight_norm = fold
    for module in plain.model.modules():
        if isinstance(module, torch.nn.LSTM):
            module.__class__ = torch.nn.LSTM
    plain.frozen = lambda items: without_cache(plain, items)  # type: ignore[method-assign]

    click.echo("| phase | bare, s a step | loop / bare | bare / plain, by the utterances' seconds |")
    click.echo("|---|--:|--:|--:|")
    profiles: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        run = loop.Training(
            voice, learned, data, dev, Path(folder), seed, settings.system.workers, {}, Progress(), {}
        )
        for phase, other in zip(phases, plain_phases, strict=True):
            turns = Turns(
                loop.load, bare(voice, phase, learned), bare(plain, other, plain_learned), voice.frozen
            )
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


def without_cache(voice: Voice, items: Sequence[Item]) -> tuple[Any, ...]:
    """What `Voice.frozen` keeps, computed anew: phonemes by BERT; a plain step knows no curves of a base."""
    import torch

    from moien.kokoro.forward import encode_phonemes
    from moien.train.data import collate

    batch = collate(items)
    with torch.no_grad():
        encoded = encode_phonemes(voice.model, batch.input_ids, batch.lengths)
    return encoded, batch.gt_f0, batch.gt_energy


def bare(voice: Voice, phase: Phase, learned: Any) -> Step:
    """A step of the phase and nothing more."""
    import torch
    from torch import nn

    from moien.train.loop import CLIP_NORM, begin

    learning, optimiser = begin(voice, phase, learned)

    def step(items: Sequence[Item], batch: Batch) -> None:
        loss = torch.stack(list(phase.losses(voice, items, batch, phase.settings).values())).sum()
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(learning.values(), CLIP_NORM)
        optimiser.step()

    return step


@dataclass
class Turns:
    """In the place of `load`: before the loop asks for the next batch, the last one is stepped on by the others."""

    load: Callable[..., Iterator[tuple[list[Item], Batch]]]
    own: Step
    other: Step
    cache: Callable[[Sequence[Item]], object]
    loop: list[float] = field(default_factory=list)
    bare: list[float] = field(default_factory=list)
    plain: list[float] = field(default_factory=list)
    last: tuple[list[Item], Batch] | None = None

    def __call__(self, *arguments: Any, **options: Any) -> Iterator[tuple[list[Item], Batch]]:
        """The batches, timed."""
        batches = self.load(*arguments, **options)
        began = time.perf_counter()
        for self.last in batches:
            waited = time.perf_counter() - began
            self.cache(self.last[0])  # once for each utterance of a training, whatever its steps
            began = time.perf_counter() - waited
            yield self.last
            self.loop.append(time.perf_counter() - began)
            for step, times in ((self.own, self.bare), (self.other, self.plain)):
                began = time.perf_counter()
                step(*self.last)
                times.append(time.perf_counter() - began)
            began = time.perf_counter()

    def profile(self) -> str:
        """A table of what a bare step computes, by torch's own counting."""
        from torch.profiler import ProfilerActivity, profile

        assert self.last is not None
        with profile(activities=[ProfilerActivity.CPU]) as seen:
            self.own(*self.last)
        events = sorted(seen.key_averages(), key=lambda event: -event.self_cpu_time_total)
        whole = sum(event.self_cpu_time_total for event in events)
        rows = [f"| `{e.key}` | {e.count} | {e.self_cpu_time_total / whole:.0%} |" for e in events[:10]]
        return "\n".join(["| operation | calls | share of the time |", "|---|--:|--:|", *rows])


if __name__ == "__main__":
    main()
