"""Training data: items, batches, and which utterances make up which step, in one process or in several.

Measured with 32,000 utterances of 3.5 s: opening them takes 1.5 s of a processor, three quarters of it reading tables
and alignments with all their checks; a batch is a pure function of its step, and nothing of the recordings stays
in memory. Recordings are not packed like F0 and energy: one is read in 0.9 ms from its wav and in 0.06 ms from a
mapped file of int16, but a thread that reads ahead delivers half an hour of speech in a second as it is, far more
than any training takes, and the copy would need 5 GB.

An item is a dict of tensors: `input_ids [T]`, `gt_duration [T]`, `gt_f0 [2F]`, `gt_energy [2F]`, `gt_audio [600·F]`;
and `id`, `speaker`, `style` [256], the row of the speaker's voice pack for an utterance of this many phonemes (Kokoro
chooses the row by length, so training must too). `moien.train.frozen` adds what the untouched base makes of it.
"""

from __future__ import annotations

import hashlib
import json
import random
from array import array
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, Protocol, overload

import numpy as np
import torch
from torch import Tensor

from moien.align import Alignment, read_alignments
from moien.audio import FRAME_SAMPLES, SAMPLE_RATE, frames_in, pad_to_frames, read_audio
from moien.corpus.datadir import Utterance, read_datadir
from moien.errors import WrongData
from moien.features.packed import PackedFeatures, map_tensors
from moien.kokoro.base import load_pack
from moien.kokoro.style import pack_row

Item = dict[str, Any]
Pair = tuple[Utterance, Alignment]
ON_CPU = {"lengths", "frames"}  # of a batch
FILLER = 0  # index of the utterance that takes the place of none
MIN_FRAMES = 4  # below 100 ms there is nothing that a spectrum of 2048 samples could be compared on


class Pairs(Sequence[Pair]):
    """Utterances and their alignments, these in a few arrays: as tuples 32,000 of them took 50 MB, so they take 10."""

    def __init__(self) -> None:
        self.utterances: list[Utterance] = []
        self.frames = array("i")
        self._tokens, self._durations, self._ends = array("h"), array("h"), array("q", [0])
        self._confidence, self._shift = array("d"), array("h")

    def append(self, pair: Pair) -> None:
        """Add one at the end."""
        utterance, alignment = pair
        self.utterances.append(utterance)
        self.frames.append(alignment.frames)
        self._tokens.extend(alignment.tokens)
        self._durations.extend(alignment.durations)
        self._ends.append(len(self._tokens))
        self._confidence.append(alignment.confidence)
        self._shift.append(alignment.shift_frames)

    def __len__(self) -> int:
        return len(self.utterances)

    @overload
    def __getitem__(self, index: int) -> Pair: ...
    @overload
    def __getitem__(self, index: slice) -> list[Pair]: ...
    def __getitem__(self, index: int | slice) -> Pair | list[Pair]:
        if isinstance(index, slice):
            return [self[i] for i in range(len(self))[index]]
        index = range(len(self))[index]  # which knows negative ones, and refuses those behind the end
        inside = slice(self._ends[index], self._ends[index + 1])
        utterance = self.utterances[index]
        return utterance, Alignment(
            utterance.id,
            tuple(self._tokens[inside]),
            tuple(self._durations[inside]),
            self.frames[index],
            self._confidence[index],
            self._shift[index],
        )

    @property
    def tokens(self) -> list[int]:
        """Number of tokens of each."""
        return [end - start for start, end in pairwise(self._ends)]

    def digest(self) -> bytes:
        """SHA-256 of the utterances, their speakers, and how they are aligned."""
        made = hashlib.sha256("\n".join(f"{u.id} {u.speaker}" for u in self.utterances).encode())
        for numbers in (self._tokens, self._durations, self._ends):
            made.update(numbers)
        return made.digest()


class Items(Protocol):
    """What can be read one by one."""

    def __getitem__(self, index: int) -> Item: ...


class TrainingSet:
    """The utterances of a split that are aligned, as items. Features are mapped, audio is read for each item.

    `packs` holds each speaker's voice pack of stage 5, `[510, 1, 256]`, `base_packs` the base's own that it was
    fitted from; `dropped` the reason for each utterance that is not used.
    """

    def __init__(self, data: Path, align: Path, features: Path, embedding: Path, split: str) -> None:
        """Open a split of the outputs of stages 1, 3, 4 and 5; WrongData where they do not belong together."""
        audio = {u.id: u for u in read_datadir(data / split)}
        alignments = read_alignments(align / f"{split}.jsonl")
        self._features = PackedFeatures(features, split)
        embedded = read_embedded(embedding, split)
        styles = embedding / "styles"
        speakers = sorted(s for s in {u.speaker for u in audio.values()} if (styles / f"{s}.pt").is_file())
        self.packs = {s: load_pack(styles / f"{s}.pt") for s in speakers}
        self.base_packs = {s: load_pack(styles / f"{s}.base.pt") for s in speakers}
        self.utterances = Pairs()
        self.dropped: dict[str, str] = {}
        for id, alignment in sorted(alignments.items()):
            if id not in audio:
                raise WrongData(
                    "aligned, but not in the data directory", where=id, remedy="run stage 3 again"
                )
            if id not in self._features or id not in embedded:
                self.dropped[id] = "dropped by stage 4 or 5"
            elif audio[id].speaker not in self.packs:
                self.dropped[id] = f"no style of its speaker: {audio[id].speaker} has no recording in train"
            elif alignment.frames < MIN_FRAMES:
                self.dropped[id] = f"shorter than {MIN_FRAMES} frames"
            else:
                self.utterances.append((audio[id], alignment))
        if not self.utterances:
            raise WrongData(f"no utterance of {split} is left to train with", where=align)
        # What can be checked without a recording is checked now, and not after hours of training.
        for utterance, frames in zip(self.utterances.utterances, self.frames, strict=True):
            samples = FRAME_SAMPLES * frames if utterance.samples is None else utterance.samples
            values = self._features.length(utterance.id)
            if (frames_in(samples), values) != (frames, 2 * frames):
                raise _misfit(utterance.id, frames, f"{samples} samples and {values} of F0 and energy")

    @property
    def frames(self) -> list[int]:
        """Length of each utterance in frames of 600 samples."""
        return list(self.utterances.frames)

    @property
    def tokens(self) -> list[int]:
        """Number of tokens of each utterance."""
        return self.utterances.tokens

    def digest(self) -> bytes:
        """Of the utterances, their speakers, and how they are aligned."""
        return self.utterances.digest()

    @property
    def speakers(self) -> list[str]:
        """The speakers of this split."""
        return sorted({utterance.speaker for utterance in self.utterances.utterances})

    def in_turn(self, count: int) -> list[int]:
        """Indices of at most `count` utterances: the first of each speaker, then the second of each, and so on."""
        speakers = [utterance.speaker for utterance in self.utterances.utterances]
        seen: Counter[str] = Counter()
        turns = []
        for index, speaker in enumerate(speakers):
            turns.append((seen[speaker], speaker, index))
            seen[speaker] += 1
        return [index for _, _, index in sorted(turns)[:count]]

    def __len__(self) -> int:
        return len(self.utterances)

    def __getitem__(self, index: int) -> Item:
        utterance, alignment = self.utterances[index]
        f0, energy = self._features[utterance.id]
        samples, rate = read_audio(utterance.audio)
        audio = pad_to_frames(samples)
        frames = alignment.frames
        if (rate, len(audio), sum(alignment.durations)) != (SAMPLE_RATE, FRAME_SAMPLES * frames, frames):
            found = f"{len(samples)} samples at {rate} Hz and durations of {sum(alignment.durations)}"
            raise _misfit(utterance.id, frames, found)
        return {
            "id": utterance.id,
            "speaker": utterance.speaker,
            "input_ids": torch.tensor(alignment.tokens),
            "style": pack_row(self.packs[utterance.speaker], len(alignment.tokens))[0],
            "gt_duration": torch.tensor(alignment.durations),
            "gt_f0": torch.from_numpy(np.array(f0)),
            "gt_energy": torch.from_numpy(np.array(energy)),
            "gt_audio": torch.from_numpy(audio),
        }


def _misfit(id: str, frames: int, found: str) -> WrongData:
    return WrongData(f"{found} do not belong to {frames} frames", where=id, remedy="run stages 1 to 4 again")


def read_embedded(folder: Path, split: str) -> set[str]:
    """The utterances of a split that stage 5 embedded; WrongData where its files are missing or do not fit."""
    path = folder / f"{split}.safetensors"
    try:
        ids = json.loads((folder / f"{split}.index.json").read_text(encoding="utf-8"))
        [rows] = map_tensors(path, ["embedding"])
        if len(ids) != len(rows):
            raise ValueError(f"{len(rows)} for {len(ids)} utterances")
    except (OSError, ValueError, KeyError) as error:
        raise WrongData(f"no embeddings: {error}", where=path, remedy="run stage 5 again") from error
    return set(ids)


def both_splits(inputs: Mapping[str, Path]) -> tuple[TrainingSet, TrainingSet]:
    """The train and the dev split of a recipe; `inputs` are its stages' outputs by their names."""
    folders = {name: inputs[name] for name in ("data", "align", "features", "embedding")}
    return TrainingSet(split="train", **folders), TrainingSet(split="dev", **folders)


@dataclass(frozen=True)
class BatchPlan:
    """Which utterances each step reads: a pure function of the step, so that resuming needs no position.

    Every epoch is shuffled anew by (seed, epoch). Utterances of like length share a batch, at most `max_frames` in all
    (padding counted), and the order of the batches is shuffled again.

    With several processes each iterates over its share of every step's batch, perhaps none of it; together they read
    what one process would. `epoch` always gives the whole.
    """

    frames: Sequence[int]
    max_frames: int
    seed: int
    rank: int = 0
    world: int = 1  # processes

    def epoch(self, epoch: int) -> list[list[int]]:
        """The batches of an epoch as lists of indices; each utterance comes once."""
        shuffle = random.Random(f"{self.seed} {epoch}")  # a string seeds by its bytes: the same everywhere
        # Noise of ±10 % on the sorting key: neighbours in length vary from epoch to epoch, padding stays small.
        order = sorted(range(len(self.frames)), key=lambda i: self.frames[i] * shuffle.uniform(0.9, 1.1))
        batches: list[list[int]] = []
        longest = 0
        for index in order:
            longest = max(longest, self.frames[index])
            if not batches or longest * (len(batches[-1]) + 1) > self.max_frames:
                batches.append([])
                longest = self.frames[index]
            batches[-1].append(index)
        shuffle.shuffle(batches)
        return batches

    def __iter__(self) -> Iterator[list[int]]:
        """This process's share of all batches, epoch after epoch, without end."""
        epoch = 0
        while True:
            # In turns, because neighbours in a batch are of like length: the processes end together.
            yield from (batch[self.rank :: self.world] for batch in self.epoch(epoch))
            epoch += 1


@dataclass
class Batch:
    """Items side by side, padded with zeros at the end.

    `input_ids`, `gt_duration` `[B, T]`, `lengths`, `frames` `[B]`, `style` `[B, 256]`, `gt_f0`, `gt_energy`
    `[B, 2F]`, `gt_audio` `[B, 600·F]`; of the untouched base `encoded` `[B, T, 512]`, `base_f0`, `base_energy`
    `[B, 2F]`. `lengths` and `frames` stay on the CPU, where packing, crops and counts need them. `own` is false where
    a process had no share of the step (see `load`); `weight` and `shortest` are set by
    `moien.train.distributed.agree`.
    """

    ids: list[str]
    speakers: list[str]
    lengths: Tensor
    frames: Tensor
    input_ids: Tensor
    style: Tensor
    gt_duration: Tensor
    gt_f0: Tensor
    gt_energy: Tensor
    gt_audio: Tensor
    encoded: Tensor
    base_f0: Tensor
    base_energy: Tensor
    own: bool = True
    weight: float = 1.0  # of this share among those that other processes learn from at the same time
    shortest: int = 0  # frames of the shortest utterance of the step, which bound the length of a crop

    def to(self, device: str) -> Batch:
        """The same batch on another device; the copy of a pinned batch runs beside what the device is doing."""
        return self._map(
            lambda name, tensor: (
                tensor if name in ON_CPU else tensor.to(device, non_blocking=tensor.is_pinned())
            )
        )

    def pin(self) -> Batch:
        """The same batch in memory that a GPU can read by itself."""
        return self._map(lambda _, tensor: tensor.pin_memory())

    def counts(self) -> dict[str, int]:
        """How many of each unit the losses of this batch are means over; none where it is another's share."""
        tokens, utterances = int(self.lengths.sum()), len(self.ids)
        units = {
            "utterances": utterances,
            "tokens": tokens,
            "inner tokens": tokens - 2 * utterances,  # without BOS and EOS
            "frames": int(self.frames.sum()),
        }
        return {unit: self.own * count for unit, count in units.items()}

    def _map(self, function: Callable[[str, Tensor], Tensor]) -> Batch:
        mapped: dict[str, Any] = {
            name: function(name, value) if isinstance(value, Tensor) else value
            for name, value in vars(self).items()
        }
        return Batch(**mapped)


def collate(items: Sequence[Mapping[str, Any]]) -> Batch:
    """Pad items to a batch."""

    def padded(key: str) -> Tensor:
        # By NumPy, because this runs in threads: torch would start as many more for each of them to copy.
        rows = [item[key].numpy() for item in items]
        values = np.zeros((len(rows), max(map(len, rows)), *rows[0].shape[1:]), rows[0].dtype)
        for row, own in zip(values, rows, strict=True):
            row[: len(own)] = own
        return torch.from_numpy(values)

    return Batch(
        ids=[item["id"] for item in items],
        speakers=[item["speaker"] for item in items],
        lengths=torch.tensor([len(item["input_ids"]) for item in items]),
        frames=torch.tensor([len(item["gt_f0"]) // 2 for item in items]),
        style=torch.stack([item["style"] for item in items]),
        input_ids=padded("input_ids"),
        gt_duration=padded("gt_duration"),
        gt_f0=padded("gt_f0"),
        gt_energy=padded("gt_energy"),
        gt_audio=padded("gt_audio"),
        encoded=padded("encoded"),
        base_f0=padded("base_f0"),
        base_energy=padded("base_energy"),
        shortest=min(len(item["gt_f0"]) // 2 for item in items),
    )


def load(data: Items, batches: Iterable[Sequence[int]], workers: int, pin: bool = False) -> Iterator[Batch]:
    """The batch of each list of indices, in order, read ahead by `workers` threads (0: none).

    Threads and not torch's DataLoader with its processes: what takes time (the system's reading, libsndfile, copying)
    lets go of Python's lock; they start at once, share the index, need no /dev/shm, draw from no generator (so the
    number of workers changes no bit) and hand on an error as it is.

    A share without utterances (an empty list) becomes a filler: the utterance `FILLER` with `own` false. Its process
    must take part in the step, because the others wait for its gradients, but a filler counts for nothing:
    `moien.train.distributed.agree`.
    """

    def read(indices: Sequence[int]) -> Batch:
        batch = replace(collate([data[index] for index in indices or [FILLER]]), own=bool(indices))
        return batch.pin() if pin else batch

    if not workers:
        yield from map(read, batches)
        return
    pool = ThreadPoolExecutor(workers, thread_name_prefix="load")
    ahead: deque[Future[Batch]] = deque()
    try:
        for indices in batches:
            ahead.append(pool.submit(read, indices))
            if len(ahead) > 2 * workers:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()
    finally:  # also where training ends early
        pool.shutdown(cancel_futures=True)


def crop(values: Tensor, start: Sequence[int], length: int) -> Tensor:
    """Columns `start[b] … start[b] + length` of `[B, N]`, as `[B, length]`."""
    return torch.stack([row[s : s + length] for row, s in zip(values, start, strict=True)])
