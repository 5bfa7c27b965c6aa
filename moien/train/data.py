"""Training data: items, batches, and which utterances make up which step.

An item is a dict of tensors: `input_ids [T]`, `speaker_embedding [D]`, `gt_duration [T]`, `gt_f0 [2F]`,
`gt_energy [2F]`, `gt_audio [600·F]`; and `id`, `speaker`, `style` [256], the row of the speaker's voice pack for an
utterance of this many phonemes (Kokoro chooses the row by length, so training must too).
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from moien.align import Alignment, read_alignments
from moien.audio import FRAME_SAMPLES, SAMPLE_RATE, pad_to_frames, read_audio
from moien.datadir import Utterance, read_datadir
from moien.errors import WrongData
from moien.features.packed import PackedFeatures
from moien.kokoro.base import load_pack
from moien.style.fit import pack_row

Item = dict[str, Any]
MIN_FRAMES = 4  # below 100 ms there is nothing that a spectrum of 2048 samples could be compared on


class TrainingSet:
    """The utterances of a split that are aligned, as items. Features are mapped, audio is read when asked for.

    `packs` holds each speaker's voice pack of stage 5, `[510, 1, 256]`, `base_packs` the base's own that it was
    fitted from; `dropped` the reason for each utterance that is not used.
    """

    def __init__(self, data: Path, align: Path, features: Path, embedding: Path, split: str) -> None:
        """Open a split of the outputs of stages 1, 3, 4 and 5; WrongData where they do not belong together."""
        audio = {u.id: u for u in read_datadir(data / split)}
        alignments = read_alignments(align / f"{split}.jsonl")
        self._features = PackedFeatures(features, split)
        self._embeddings = read_embeddings(embedding, split)
        speakers = sorted({u.speaker for u in audio.values()})
        self.packs = {s: load_pack(embedding / "styles" / f"{s}.pt") for s in speakers}
        self.base_packs = {s: load_pack(embedding / "styles" / f"{s}.base.pt") for s in speakers}
        self.utterances: list[tuple[Utterance, Alignment]] = []
        self.dropped: dict[str, str] = {}
        for id, alignment in sorted(alignments.items()):
            if id not in audio:
                raise WrongData(
                    "aligned, but not in the data directory", where=id, remedy="run stage 3 again"
                )
            if id not in self._features or id not in self._embeddings:
                self.dropped[id] = "dropped by stage 4 or 5"
            elif alignment.frames < MIN_FRAMES:
                self.dropped[id] = f"shorter than {MIN_FRAMES} frames"
            else:
                self.utterances.append((audio[id], alignment))
        if not self.utterances:
            raise WrongData(f"no utterance of {split} is left to train with", where=align)

    @property
    def frames(self) -> list[int]:
        """Length of each utterance in frames of 600 samples."""
        return [alignment.frames for _, alignment in self.utterances]

    def __len__(self) -> int:
        return len(self.utterances)

    def __getitem__(self, index: int) -> Item:
        utterance, alignment = self.utterances[index]
        f0, energy = self._features[utterance.id]
        samples, rate = read_audio(utterance.audio)
        audio = pad_to_frames(samples)
        lengths = (rate, len(audio), len(f0), len(energy), sum(alignment.durations))
        frames = alignment.frames
        if lengths != (SAMPLE_RATE, FRAME_SAMPLES * frames, 2 * frames, 2 * frames, frames):
            raise WrongData(
                f"rate, samples, F0, energy and durations {lengths} do not belong to {frames} frames",
                where=utterance.id,
                remedy="run stages 1 to 4 again",
            )
        return {
            "id": utterance.id,
            "speaker": utterance.speaker,
            "input_ids": torch.tensor(alignment.tokens),
            "speaker_embedding": torch.from_numpy(self._embeddings[utterance.id]),
            "style": pack_row(self.packs[utterance.speaker], len(alignment.tokens))[0],
            "gt_duration": torch.tensor(alignment.durations),
            "gt_f0": torch.from_numpy(np.array(f0)),
            "gt_energy": torch.from_numpy(np.array(energy)),
            "gt_audio": torch.from_numpy(audio),
        }


def read_embeddings(folder: Path, split: str) -> dict[str, np.ndarray]:
    """Utterance → speaker embedding `[D]` from stage 5."""
    import json

    from safetensors.numpy import load_file

    path = folder / f"{split}.safetensors"
    try:
        ids = json.loads((folder / f"{split}.index.json").read_text(encoding="utf-8"))
        rows = load_file(path)["embedding"]
    except (OSError, ValueError, KeyError) as error:
        raise WrongData(f"no embeddings: {error}", where=path, remedy="run stage 5 again") from error
    return dict(zip(ids, rows, strict=True))


@dataclass(frozen=True)
class BatchPlan:
    """Which utterances each step sees: a pure function of the step, so that resuming needs no position.

    Every epoch shuffles anew by (seed, epoch). Utterances of like length share a batch, at most `max_frames` in all
    (padding counted), and the order of the batches is shuffled again.
    """

    frames: Sequence[int]
    max_frames: int
    seed: int

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
        """All batches, epoch after epoch, without end."""
        epoch = 0
        while True:
            yield from self.epoch(epoch)
            epoch += 1


@dataclass
class Batch:
    """Items side by side, padded with zeros at the end.

    `input_ids`, `gt_duration` `[B, T]`, `lengths`, `frames` `[B]`, `style` `[B, 256]`, `gt_f0`, `gt_energy`
    `[B, 2F]`, `gt_audio` `[B, 600·F]`.
    """

    ids: list[str]
    speakers: list[str]
    lengths: Tensor
    frames: Tensor
    input_ids: Tensor
    style: Tensor
    speaker_embedding: Tensor
    gt_duration: Tensor
    gt_f0: Tensor
    gt_energy: Tensor
    gt_audio: Tensor

    def to(self, device: str) -> Batch:
        """The same batch on another device."""
        moved: dict[str, Any] = {
            k: v.to(device) if isinstance(v, Tensor) else v for k, v in vars(self).items()
        }
        return Batch(**moved)


def collate(items: Sequence[Mapping[str, Any]]) -> Batch:
    """Pad items to a batch."""

    def padded(key: str) -> Tensor:
        return torch.nn.utils.rnn.pad_sequence([item[key] for item in items], batch_first=True)

    return Batch(
        ids=[item["id"] for item in items],
        speakers=[item["speaker"] for item in items],
        lengths=torch.tensor([len(item["input_ids"]) for item in items]),
        frames=torch.tensor([len(item["gt_f0"]) // 2 for item in items]),
        style=torch.stack([item["style"] for item in items]),
        speaker_embedding=torch.stack([item["speaker_embedding"] for item in items]),
        input_ids=padded("input_ids"),
        gt_duration=padded("gt_duration"),
        gt_f0=padded("gt_f0"),
        gt_energy=padded("gt_energy"),
        gt_audio=padded("gt_audio"),
    )


def crop(values: Tensor, start: Sequence[int], length: int) -> Tensor:
    """Columns `start[b] … start[b] + length` of `[B, N]`, as `[B, length]`."""
    return torch.stack([row[s : s + length] for row, s in zip(values, start, strict=True)])
