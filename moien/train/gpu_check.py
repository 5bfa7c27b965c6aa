"""What a card does with the training: a table for both phases, without corpus or base model (`tools/gpu_check.py`).

Random weights of Kokoro's size and made-up utterances, because neither changes how long a step takes or how much memory
it needs:

    equality        one step on the card against the same on the CPU: losses, and the gradient of all that learns
    speed           seconds a step, how often a step waits for the card, share of the time in which the card computes
    memory          the largest amount reserved, and whether steps fit where a card has 8, 16 or 24 GB
    bf16            both of these without bf16, and how far the losses are from those with it
    two processes   seconds a step, where there are two cards
"""

from __future__ import annotations

import itertools
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any
from unittest import mock

import torch
from torch import Tensor

from moien.audio import FRAME_SAMPLES
from moien.errors import WrongData
from moien.kokoro.base import Base, new_model, read_config
from moien.kokoro.export import save_weights
from moien.kokoro.forward import ENCODED_DIM
from moien.kokoro.style import STYLE_DIM, pack_row
from moien.kokoro.symbols import CONFIG, MAX_PHONEMES
from moien.train import distributed, guards, loop
from moien.train.checkpoint import Progress
from moien.train.data import BatchPlan, Item, load
from moien.train.settings import TrainSettings

WARM = 4  # first steps that do not count: memory is reserved, and the gradients of three of them are checked
LATE = "no time left"
LIMITS_GB = (8, 16, 24)
CONTEXT_GB = 0.6  # of a card's memory is CUDA's own, which torch's limit does not contain
GB = 1e9
SYNCHRONISES = "called a synchronizing CUDA operation"  # torch's warning


class Utterances:
    """Made-up utterances of 1 to 10 s by two speakers, in the place of a training set."""

    def __init__(self, count: int, longest: int) -> None:
        """`count` utterances of at most `longest` frames."""
        draw = random.Random(0)
        self.frames = [draw.randint(max(longest // 10, 20), longest) for _ in range(count)]
        pack = 0.1 * torch.randn(MAX_PHONEMES, 1, STYLE_DIM, generator=torch.Generator().manual_seed(0))
        self.packs = {"anna": pack, "ben": -pack}
        self.base_packs = self.packs

    def __len__(self) -> int:
        return len(self.frames)

    def __getitem__(self, index: int) -> Item:
        generator = torch.Generator().manual_seed(index)
        frames = self.frames[index]
        tokens = min(max(frames // 5, 3), MAX_PHONEMES)
        durations = torch.full((tokens,), frames // tokens)
        durations[: frames - int(durations.sum())] += 1
        speaker = sorted(self.packs)[index % 2]
        f0 = 150 + 50 * torch.rand(2 * frames, generator=generator)
        hz = f0.repeat_interleave(FRAME_SAMPLES // 2)
        noise = torch.randn(FRAME_SAMPLES * frames, generator=generator)
        return {
            "id": f"{speaker}-{index}",
            "speaker": speaker,
            "input_ids": torch.randint(1, 170, (tokens,), generator=generator),
            "style": pack_row(self.packs[speaker], tokens)[0],
            "gt_duration": durations,
            "gt_f0": f0,
            "gt_energy": torch.randn(2 * frames, generator=generator),
            "encoded": torch.randn(tokens, ENCODED_DIM, generator=generator),
            "base_f0": f0,
            "base_energy": torch.randn(2 * frames, generator=generator),
            "gt_audio": 0.1 * (2 * torch.pi * hz.cumsum(0) / 24_000).sin() + 0.01 * noise,
        }


@dataclass
class Steps:
    """What some steps of a phase took; times and waits without the first ones."""

    seconds: list[float] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)
    waits: list[int] = field(default_factory=list)
    peak: float | None = None  # GB
    busy: float | None = None  # share of the time

    @property
    def typical(self) -> str:
        """Median of the seconds a step."""
        return f"{statistics.median(self.seconds):.3f}" if self.seconds else LATE


@dataclass
class Check:
    """What all measurements need, and the rows of the table."""

    device: str
    base: Base
    data: Any
    settings: TrainSettings
    until: float  # time.monotonic() after which nothing is begun
    warm: int = WARM
    rows: list[list[str]] = field(default_factory=list)

    @property
    def late(self) -> bool:
        """Whether the time is over."""
        return time.monotonic() > self.until

    def row(self, label: str, *cells: str) -> None:
        """Add a row to the table, and print it at once."""
        self.rows.append([label, *cells])
        print(f"gpu-check: {label}: {', '.join(cells)}", file=sys.stderr, flush=True)

    def steps(self, name: str, count: int, settings: TrainSettings) -> Steps:
        """`count` steps of a phase and `warm` before them, as the loop takes them; fewer when the time is over."""
        if self.late:
            return Steps()
        learner, phases, learned = loop.prepare(self.base, self.data, settings, 0, self.device)
        phase = next(phase for phase in phases if phase.name == name)
        learning, optimiser = loop.begin(learner, phase, learned)
        watch, progress, found = guards.Watch(name, learner.model, learning), Progress(), Steps()
        plan = BatchPlan(phase.frames, phase.batch, 0, distributed.rank(), distributed.world())
        parts = settings.accumulate
        shares = (
            batch[k::parts] for batch in itertools.islice(plan, self.warm + count) for k in range(parts)
        )
        read = load(self.data, shares, workers=2, pin=self.device == "cuda")
        clear_peak(self.device)
        with busy_share(self.device) as share:
            for number, batch in enumerate(zip(*[read] * parts, strict=True)):
                began = time.monotonic()
                learner.seed(f"{name} {number}")
                with counted_waits(self.device) as waits:
                    losses = loop.step(learner, phase, batch, learning, optimiser, watch, progress)
                progress.step += 1
                found.losses.append(sum(losses.values()))
                if number >= self.warm:
                    found.seconds.append(time.monotonic() - began)
                    found.waits.append(len(waits))
                if self.late:
                    break
        found.peak, found.busy = peak_gb(self.device), share[0] if share else None
        return found


def measured(device: str, steps: int, minutes: float, quick: bool, settings: TrainSettings) -> str:
    """The table, for `steps` steps of each phase; what does not fit into the minutes is left out.

    `quick` takes short utterances and small batches, to try this module.
    """
    until = time.monotonic() + 60 * minutes
    if quick:
        small = {
            "accumulate": 2,
            "prosody": settings.prosody.model_copy(update={"batch_frames": 50}),
            "acoustic": settings.acoustic.model_copy(update={"crops": 2, "crop_frames": 10}),
        }
        settings = settings.model_copy(update=small)
    data = Utterances(4, 25) if quick else Utterances(200, 400)
    with tempfile.TemporaryDirectory() as folder:
        check = Check(device, random_base(Path(folder)), data, settings, until, 1 if quick else WARM)
        equality(check)
        speed(check, steps)
        memory(check)
        two_cards(check, steps)
    return table(check)


def random_base(folder: Path) -> Base:
    """A base model with random weights, in Kokoro's format."""
    torch.manual_seed(0)
    save_weights(new_model(read_config(CONFIG)), folder / "random.pth")
    shutil.copyfile(CONFIG, folder / CONFIG.name)
    return Base(folder)


def equality(check: Check) -> None:
    """One batch of two utterances on the CPU and on the device, without bf16, TF32 and random noise in the source."""
    exact = check.settings.model_copy(update={"bf16": False})
    cells: dict[str, list[str]] = {"losses": [], "gradients": []}
    for name in () if check.late else exact.phases:
        both = [one_step(check, name, exact, device) for device in ("cpu", check.device)]
        (losses, gradients), (others, found) = both
        cells["losses"].append(f"{max(abs(others[k] / losses[k] - 1) for k in losses if losses[k]):.0e}")
        off = torch.stack([(found[k] - gradients[k]).square().sum() for k in gradients]).sum().sqrt()
        size = torch.stack([gradients[k].square().sum() for k in gradients]).sum().sqrt()
        cells["gradients"].append(f"{float(off / size):.0e}")
    late = [LATE] * len(exact.phases)
    check.row("one step against the CPU: largest relative difference of a loss", *(cells["losses"] or late))
    check.row("relative difference of the gradient", *(cells["gradients"] or late))


def one_step(
    check: Check, name: str, settings: TrainSettings, device: str
) -> tuple[dict[str, float], dict[str, Tensor]]:
    """The losses of a batch, and the gradients of what the phase learns."""
    learner, phases, learned = loop.prepare(check.base, check.data, settings, 0, device)
    phase = next(phase for phase in phases if phase.name == name)
    learning, _ = loop.begin(learner, phase, learned)
    [batch] = load(check.data, [[0, 1]], workers=0)
    learner.seed("equality")
    with (  # CPU and card draw different random numbers
        mock.patch.object(torch, "rand", torch.zeros),
        mock.patch.object(torch, "randn_like", torch.zeros_like),
        torch.backends.cudnn.flags(allow_tf32=False),
    ):
        losses = phase.losses(learner, batch.to(device), phase.settings)
        torch.stack(list(losses.values())).sum().backward()
    gradients = {n: p.grad.detach().cpu() for n, p in learning.items() if p.grad is not None}
    return {n: loss.item() for n, loss in losses.items()}, gradients


def speed(check: Check, count: int) -> None:
    """Steps of each phase as the preset has them, and without bf16."""
    for label, bf16 in (("", check.settings.bf16), (", float32", False)):
        settings = check.settings.model_copy(update={"bf16": bf16})
        found = [check.steps(name, count, settings) for name in settings.phases]
        check.row(f"seconds a step{label}", *(steps.typical for steps in found))
        check.row(f"GPU busy{label}", *(shown(steps.busy, ".0%") for steps in found))
        check.row(f"memory{label}, GB", *(shown(steps.peak, ".1f") for steps in found))
        if not label:
            check.row("waits for the card a step", *(waits(steps) for steps in found))
            rounded = found
    apart = (
        max((abs(a / b - 1) for a, b in zip(one.losses, other.losses, strict=False)), default=None)
        for one, other in zip(rounded, found, strict=True)
    )
    check.row("bf16 against float32: largest difference of a step's loss", *(shown(x, ".1%") for x in apart))


def memory(check: Check) -> None:
    """Some steps where the card has less memory."""
    for limit in LIMITS_GB:
        cells = []
        for name in check.settings.phases:
            whole = total_gb(check.device)
            if check.late or whole is None or whole < limit:
                cells.append(LATE if check.late else "–")
                continue
            torch.cuda.empty_cache()
            torch.cuda.set_per_process_memory_fraction((limit - CONTEXT_GB) / whole)
            try:
                cells.append(f"fits, {shown(check.steps(name, 8, check.settings).peak, '.1f')} GB")
            except WrongData:
                cells.append("does not fit")
            torch.cuda.set_per_process_memory_fraction(1.0)
        check.row(f"on a card of {limit} GB", *cells)


def two_cards(check: Check, count: int) -> None:
    """Steps by two processes, each with a card."""
    label = "seconds a step, two processes"
    if check.device != "cuda" or torch.cuda.device_count() < 2 or check.late:
        check.row(label, *([LATE if check.late else "–"] * len(check.settings.phases)))
        return
    with tempfile.TemporaryDirectory() as folder:
        distributed.spawn(member, 2, check.device, check, count, Path(folder) / "seconds.txt")
        check.row(label, *(Path(folder) / "seconds.txt").read_text(encoding="utf-8").split())


def member(device: str, check: Check, count: int, out: Path) -> None:
    """What each of the processes does; the first one writes the seconds."""
    seconds = [check.steps(name, count, check.settings).typical for name in check.settings.phases]
    if not distributed.rank():
        out.write_text("\n".join(seconds), encoding="utf-8")


@contextmanager
def counted_waits(device: str) -> Iterator[list[Any]]:
    """Warnings of each point where the CPU waits for the card."""
    if device != "cuda":
        yield []
        return
    waits: list[Any] = []
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        torch.cuda.set_sync_debug_mode("warn")
        try:
            yield waits
        finally:
            torch.cuda.set_sync_debug_mode("default")
    waits += [warning for warning in seen if SYNCHRONISES in str(warning.message)]


@contextmanager
def busy_share(device: str) -> Iterator[list[float]]:
    """Mean of the utilisation that nvidia-smi samples inside, as a share; nothing without the program."""
    share: list[float] = []
    if device != "cuda" or not (program := shutil.which("nvidia-smi")):
        yield share
        return
    query = ["--id=0", "--query-gpu=utilization.gpu", "--format=csv,noheader,nounits", "--loop-ms=100"]
    sampler = subprocess.Popen([program, *query], stdout=subprocess.PIPE, text=True)
    try:
        yield share
    finally:
        sampler.terminate()
        samples = [int(line) for line in sampler.communicate()[0].split() if line.isdigit()]
        if samples:
            share.append(statistics.fmean(samples) / 100)


def clear_peak(device: str) -> None:
    """Begin to look for the largest amount of memory."""
    if device == "cuda":
        torch.cuda.reset_peak_memory_stats()


def peak_gb(device: str) -> float | None:
    """The largest amount of memory since then."""
    return torch.cuda.max_memory_reserved() / GB if device == "cuda" else None


def total_gb(device: str) -> float | None:
    """The memory of the card."""
    return torch.cuda.get_device_properties(0).total_memory / GB if device == "cuda" else None


def shown(value: float | None, format: str) -> str:
    """A number, or a dash where there is none."""
    return "–" if value is None else f"{value:{format}}"


def waits(steps: Steps) -> str:
    """Median of the waits a step."""
    return str(statistics.median_high(steps.waits)) if any(steps.waits) else "–"


def table(check: Check) -> str:
    """The rows in Markdown, below what they were measured on."""
    card = torch.cuda.get_device_name() if check.device == "cuda" else "no card: CPU"
    lines = [f"{card}, torch {torch.__version__}, {date.today().isoformat()}.", ""]
    for cells in (["", *check.settings.phases], ["---"] + ["--:"] * len(check.settings.phases), *check.rows):
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)
