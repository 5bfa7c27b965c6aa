"""Reasons to end a training that cannot become a voice: data, labels, divergence, parts that do not learn.

The limits were measured with the untouched base on the labels of the recipes `lb` and `mini`, good and damaged: the
figures stand beside them. Good labels pass with a margin.
"""

from __future__ import annotations

import itertools
import math
import signal
import statistics
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import NoReturn

import torch
from kokoro import KModel
from torch import Tensor

from moien.audio import FRAME_SAMPLES, SAMPLE_RATE
from moien.errors import WrongCall, WrongData
from moien.evenly import evenly
from moien.kokoro import forward
from moien.kokoro.style import prosodic
from moien.kokoro.symbols import MAX_PHONEMES, MODIFIERS, PAUSE_SYMBOLS, VOCAB
from moien.train import distributed
from moien.train.checkpoint import Progress
from moien.train.data import Item, TrainingSet
from moien.train.settings import TrainSettings

PHONES = frozenset(token for symbol, token in VOCAB.items() if symbol not in PAUSE_SYMBOLS | MODIFIERS)
CHECKED = 24  # utterances whose labels are compared
LOWEST_F0 = 30.0  # Hz; below it the base's F0 means no voice
FIRST_STEPS = 3  # in which every tensor that learns must have had a gradient

# A slow reader's loss may be as large as the mean duration: with all of its durations doubled, lb has 2.2 of 3.7.
MAX_DURATION_LOSS = 2.0  # frames a token; lb 1.7, mini 1.6, a collapsed alignment 2.6
MAX_SHORT_PHONES = 0.6  # share of phones of one frame; lb 0.38 (a fast reader), mini 0.25, collapsed 0.98
# L1 does not notice durations of other tokens: shuffled ones give 1.8 where the right ones give 1.7.
MIN_CORRELATION = 0.04  # of log durations with the base's; lb 0.22, mini 0.11, moved by two tokens 0.01
ENOUGH_TOKENS = 1000  # from which on that is no chance: its standard error is 0.03
MAX_F0_OFF = 0.5  # median of the log ratio; lb 0.0, mini 0.15, an octave 0.69
MIN_VOICED = 0.2  # share of frames; lb 0.65, mini 0.66

LEVEL_STEPS, LAST_STEPS, FACTOR = 20, 5, 3.0  # see `watch_loss`


def check_corpus(data: TrainingSet, dev: TrainingSet, settings: TrainSettings) -> None:
    """WrongData for too little speech, for utterances longer than BERT reads, and for audio that is gone."""
    seconds = sum(data.frames) * FRAME_SAMPLES / SAMPLE_RATE
    if seconds < settings.min_seconds:
        raise WrongData(
            f"{seconds:.0f} s of speech to train on, less than min_seconds = {settings.min_seconds:g}: the model "
            "would learn the sentences by heart",
            where="train",
            remedy="record more; or see how far it goes: --set train.min_seconds=0",
        )
    for utterance, alignment in itertools.chain(data.utterances, dev.utterances):
        if (count := len(alignment.tokens) - 2) > MAX_PHONEMES:
            raise WrongData(
                f"{count} phonemes are more than the base model reads at once ({MAX_PHONEMES})",
                where=utterance.id,
                remedy="cut it into two utterances, and run stages 1 to 5 again",
            )
        if not utterance.audio.is_file():
            raise WrongData("its audio is gone", where=utterance.audio, remedy="run stages 1 to 5 again")


def check_processes(data: TrainingSet, settings: TrainSettings, device: str) -> None:
    """WrongData where processes have different data, WrongCall where a step leaves nothing for some of them."""
    distributed.require_same_data(data, device)
    shares = distributed.world() * settings.accumulate
    if "acoustic" in settings.phases and settings.acoustic.crops < shares:
        raise WrongCall(
            f"{settings.acoustic.crops} crops a step cannot be shared by {distributed.world()} processes"
            + f" in {settings.accumulate} shares each" * (settings.accumulate > 1),
            where="train.acoustic.crops",
            remedy=f"--set train.acoustic.crops={shares}, or a multiple of it",
        )


@dataclass
class Labels:
    """The untouched base's predictions for some utterances beside the labels, by token and by speaker."""

    labelled: list[int] = field(default_factory=list)  # durations of all tokens in frames …
    predicted: list[float] = field(default_factory=list)  # … and by the base
    phones: list[int] = field(default_factory=list)  # durations of the phones alone
    f0_off: dict[str, list[float]] = field(default_factory=dict)  # log ratio where both have a voice
    voiced: dict[str, list[float]] = field(default_factory=dict)  # share of each utterance's frames

    def add(self, item: Item, durations: Tensor, f0: Tensor) -> None:
        """Take in one utterance, and its durations `[T]` and F0 `[2F]` by the base."""
        natural, labelled, speaker = item["gt_f0"], item["gt_duration"].tolist(), item["speaker"]
        self.labelled += labelled[1:-1]
        self.predicted += durations[1:-1].tolist()
        self.phones += [d for t, d in zip(item["input_ids"].tolist(), labelled, strict=True) if t in PHONES]
        both = (natural > 0) & (f0 > LOWEST_F0)
        self.f0_off.setdefault(speaker, []).extend((natural[both] / f0[both]).log().tolist())
        self.voiced.setdefault(speaker, []).append((natural > 0).float().mean().item())

    def problems(self) -> Iterator[str]:
        """What is wrong, a sentence each."""
        loss = statistics.fmean(abs(a - b) for a, b in zip(self.labelled, self.predicted, strict=True))
        mean = statistics.fmean(self.labelled)
        if loss > max(MAX_DURATION_LOSS, mean):
            yield (
                f"the first duration loss is {loss:.2f} frames a token, the tokens last {mean:.2f} (good labels stay "
                f"below {MAX_DURATION_LOSS:g}): the base's weights or the boundaries are wrong"
            )
        short = self.phones.count(1) / max(len(self.phones), 1)
        if short > MAX_SHORT_PHONES:
            yield f"{short:.0%} of the phones last one frame (at most {MAX_SHORT_PHONES:.0%}): the alignment failed"
        logs = [
            torch.tensor(x, dtype=torch.float64).clamp(min=0.1).log() for x in (self.labelled, self.predicted)
        ]
        related = float(torch.corrcoef(torch.stack(logs))[0, 1])
        if len(self.labelled) >= ENOUGH_TOKENS and not related >= MIN_CORRELATION:
            yield (
                f"the durations have nothing to do with the base's (correlation {related:.2f}, at least "
                f"{MIN_CORRELATION:g}): the boundaries belong to other tokens or to another text"
            )
        for speaker, shares in self.voiced.items():
            if (share := statistics.fmean(shares)) < MIN_VOICED:
                yield f"F0 of {speaker}: {share:.0%} of the frames have a voice (at least {MIN_VOICED:.0%})"
            elif (ratios := self.f0_off[speaker]) and abs(off := statistics.median(ratios)) > MAX_F0_OFF:
                yield (
                    f"F0 of {speaker} is {math.exp(off):.2f} times the base's in this style: an octave "
                    "error, or the style of another speaker"
                )


def check_labels(base: KModel, data: TrainingSet) -> None:
    """Compare durations and F0 of utterances, evenly chosen, with the untouched base's; WrongData with what is off."""
    labels = Labels()
    for index in evenly(range(len(data)), CHECKED):
        item = data[index]
        ids, given, style = (item[key][None].to(base.device) for key in ("input_ids", "gt_duration", "style"))
        lengths, frames = torch.tensor([ids.shape[1]]), torch.tensor([len(item["gt_f0"]) // 2])
        half = prosodic(style)
        with torch.no_grad():
            encoded = forward.encode_phonemes(base, ids, lengths)
            logits, d = forward.predict_durations(base, encoded, half, lengths)
            alignment = forward.expand(given, int(frames))
            f0, _ = forward.predict_f0_energy(base, d, alignment, half, frames)
        durations = torch.sigmoid(logits).sum(-1)
        labels.add(item, durations[0].cpu(), f0[0].cpu())
    if found := list(labels.problems()):
        raise WrongData(
            "; ".join(found),
            where="labels, before the first step",
            remedy="look at the plots of stage 3 and the F0 settings of stage 4; if the labels are right after all: "
            "--set train.check_labels=false",
        )


class Diverged(WrongData):
    """A step that must not be taken, because training runs away: the loop goes back to its last checkpoint."""


def watch_loss(progress: Progress, loss: float, where: str) -> None:
    """Take in the loss of a step; Diverged when it is not finite or far above its level.

    The level of a phase is the lowest median of 20 losses in a row. A phase diverges when the median of its last 5
    is more than 3 times that: an odd utterance or two cannot do it, a slow drift can. Both are part of the
    checkpoint, so that a training that was interrupted decides as one that was not.
    """
    recent = progress.losses
    recent.append(loss)
    del recent[:-LEVEL_STEPS]
    if not math.isfinite(loss):
        raise Diverged("the loss is not finite", where)
    if len(recent) == LEVEL_STEPS:
        lowest = math.inf if progress.level is None else progress.level
        progress.level = min(statistics.median(recent), lowest)
    if (
        progress.level is not None
        and (now := statistics.median(recent[-LAST_STEPS:])) > FACTOR * progress.level
    ):
        raise Diverged(f"the loss is {now:.3g}, far above its level of {progress.level:.3g}", where)


class Watch:
    """Checks that what learns in a phase gets a gradient, and that what is frozen stays as it was to the last bit."""

    def __init__(self, phase: str, model: KModel, learning: Mapping[str, Tensor]) -> None:
        """`learning`: the tensors of the phase by name, of the model or a style delta `style.HALF.SPEAKER`."""
        self._phase, self._learning, self._steps = phase, learning, 0
        self._reached: set[str] = set()
        self._speakers: set[str] = set()
        every = dict([*model.named_parameters(), *model.named_buffers()])
        self._frozen = {n: t for n, t in every.items() if n not in learning and t.is_floating_point()}
        self._before = self._sums()

    def _sums(self) -> dict[str, int]:
        # The bits of float32 summed as whole numbers: exact in any order, and 0.1 s for the whole model.
        bits = [tensor.detach().view(torch.int32).sum(dtype=torch.int64) for tensor in self._frozen.values()]
        return dict(zip(self._frozen, torch.stack(bits).tolist(), strict=True))

    def gradients(self, speakers: Sequence[str]) -> None:
        """Look at the gradients of one of the first steps; WrongCall after them for a tensor that got none."""
        if self._steps == FIRST_STEPS:
            return
        self._steps += 1
        self._speakers.update(speakers)
        given = {n: t.grad.any() for n, t in self._learning.items() if t.grad is not None}
        reached = torch.stack(list(given.values())).tolist() if given else []
        self._reached.update(name for name, any in zip(given, reached, strict=True) if any)
        missed = [name for name in self._learning if name not in self._reached and self._expected(name)]
        if self._steps == FIRST_STEPS and missed:
            raise WrongCall(
                f"{len(missed)} tensors that should learn get no gradient: {', '.join(missed[:3])}",
                where=f"train.{self._phase}.learn",
                remedy="leave them out of it, or give the losses that reach them a weight above 0",
            )

    def _expected(self, name: str) -> bool:
        return not name.startswith("style.") or name.split(".", 2)[2] in self._speakers

    def frozen(self, step: int) -> None:
        """WrongData for a frozen tensor that moved since the phase began."""
        moved = [name for name, total in self._sums().items() if total != self._before[name]]
        if moved:
            raise WrongData(
                f"{len(moved)} frozen tensors moved: {', '.join(moved[:3])}",
                where=f"phase {self._phase}, step {step}",
                remedy="this is a mistake of Moien's, please report it; the last checkpoint is unharmed",
            )


@dataclass
class Stop:
    """The signals to end that this process received."""

    device: str = "cpu"
    received: set[int] = field(default_factory=set)

    def agreed(self) -> bool:
        """Whether any process received one: all of them must end after the same step."""
        return not distributed.least(int(not self.received), self.device)

    @staticmethod
    def end(here: str) -> NoReturn:
        """KeyboardInterrupt; `here` is what was just saved."""
        print(f"train: {here} is saved, the same command goes on from there", flush=True)
        raise KeyboardInterrupt


@contextmanager
def stopping(device: str = "cpu") -> Iterator[Stop]:
    """Inside, Ctrl-C or SIGTERM lets the step end and be saved; the same signal a second time ends at once."""
    stop = Stop(device)

    def note(number: int, frame: FrameType | None) -> None:
        if number in stop.received:  # not for the other signal: a scheduler may send both
            raise KeyboardInterrupt
        stop.received.add(number)
        print("train: the step at work is finished and saved, then training ends", flush=True)

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def memory_named(smaller: str, where: str) -> Iterator[None]:
    """WrongData that names the setting to lower when a batch does not fit into memory."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        # on a CPU torch raises a RuntimeError, on a GPU an error of its own kind
        known = isinstance(error, MemoryError | torch.OutOfMemoryError)
        if not known and "can't allocate memory" not in str(error):
            raise
        raise WrongData(
            "a batch does not fit into memory",
            where,
            f"lower it: --set {smaller}; or learn from it in shares: --set train.accumulate=2",
        ) from error
