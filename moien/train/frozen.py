"""What the untouched base makes of each utterance on its natural durations: computed once, before the first step.

BERT never learns, and the targets of F0 and energy come from the base's predictor (`moien.train.phases`). They lie in
one file of the work folder, float32, utterance by utterance: `encoded` `[T, 512]`, `base_f0` and `base_energy` `[2F]`.
Only utterances that some step reads are in it. An utterance of 6 s and 90 tokens takes 190 kB, so 13,000 of them take
2.5 GB of disk; of memory they take nothing, because each is read when its batch is made. The file is not mapped:
pages of a mapped file count as memory of the process.

One utterance at a time, because the last bits of a batch depend on its padding. The file is written whole by the first
process; after an interruption it is begun anew.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from kokoro import KModel
from torch import Tensor

from moien.files import written_whole
from moien.kokoro import forward
from moien.kokoro.style import pack_row, prosodic
from moien.progress import track
from moien.train import distributed
from moien.train.data import Item, Items

VERSION = 1  # raise it when other values are written


class Source(Items, Protocol):
    """Items whose sizes are known before they are read."""

    @property
    def frames(self) -> Sequence[int]:
        """Length of each in frames of 600 samples."""

    @property
    def tokens(self) -> Sequence[int]:
        """Number of tokens of each."""

    @property
    def base_packs(self) -> Mapping[str, Tensor]:
        """The base's own pack of each speaker, `[510, 1, 256]`."""

    def digest(self) -> bytes:
        """Of the utterances and how they are aligned."""


class Frozen:
    """Items of `source`, each with `encoded`, `base_f0` and `base_energy` from the file at `path`."""

    def __init__(self, source: Source, indices: Sequence[int], path: Path) -> None:
        """`indices`: the utterances in the file, in its order; no other can be read."""
        self._source, self._path = source, path
        tokens, frames = source.tokens, source.frames
        sizes = (_size(tokens[index], 2 * frames[index]) for index in indices)
        self._start = dict(zip(indices, accumulate(sizes, initial=0), strict=False))

    def __getitem__(self, index: int) -> Item:
        item = self._source[index]
        tokens, values = len(item["input_ids"]), len(item["gt_f0"])
        start, size = self._start[index], _size(tokens, values)
        flat = torch.from_numpy(np.fromfile(self._path, np.float32, size, offset=4 * start))
        encoded, f0, energy = flat.split((forward.ENCODED_DIM * tokens, values, values))
        return item | {
            "encoded": encoded.reshape(tokens, forward.ENCODED_DIM),
            "base_f0": f0,
            "base_energy": energy,
        }


def _size(tokens: int, values: int) -> int:
    return forward.ENCODED_DIM * tokens + 2 * values


def frozen(model: KModel, source: Source, indices: Iterable[int], folder: Path) -> Frozen:
    """Items of `source` with what `model`, the untouched base, makes of them; opened if `folder` has it already."""
    chosen = sorted(set(indices))
    path = folder / f"base.{_key(model, source, chosen)}.f32"
    if not path.is_file() and not distributed.rank():
        with written_whole(path) as part, part.open("wb") as file:
            for index in track(chosen, "train: the base reads each utterance"):
                item = source[index]
                for values in of_base(model, item, source.base_packs[item["speaker"]]):
                    file.write(values.cpu().contiguous().numpy().tobytes())
    distributed.wait()
    return Frozen(source, chosen, path)


def of_base(model: KModel, item: Item, pack: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Phonemes as BERT reads them `[T, 512]`, F0 and energy `[2F]` of one utterance, by the untouched base."""
    ids, durations = (item[key][None].to(model.device) for key in ("input_ids", "gt_duration"))
    lengths, frames = torch.tensor([ids.shape[1]]), torch.tensor([len(item["gt_f0"]) // 2])
    style = prosodic(pack_row(pack, ids.shape[1])).to(model.device)
    with torch.no_grad():
        encoded = forward.encode_phonemes(model, ids, lengths)
        f0, energy = natural_curves(model, encoded, style, lengths, durations, frames)
    return encoded[0].T, f0[0], energy[0]


def natural_curves(
    model: KModel, encoded: Tensor, style: Tensor, lengths: Tensor, durations: Tensor, frames: Tensor
) -> tuple[Tensor, Tensor]:
    """F0 and energy `[B, 2F]` of a predictor on natural durations.

    Args:
        encoded: phonemes as BERT reads them `[B, 512, T]`.
        style: the prosodic half `[B, 128]`.
        lengths, frames: tokens and frames of each utterance `[B]`, on the CPU.
        durations: frames `[B, T]`.
    """
    _, d = forward.predict_durations(model, encoded, style, lengths)
    alignment = forward.expand(durations, int(frames.max()))
    return forward.predict_f0_energy(model, d, alignment, style, frames)


def _key(model: KModel, source: Source, indices: Sequence[int]) -> str:
    """Digest of all that the values depend on: weights, packs, utterances, and the kind of device."""
    made = hashlib.sha256(f"{VERSION} {model.device.type} {indices}".encode() + source.digest())
    tensors = {n: t for n, t in model.state_dict().items() if not n.startswith(("decoder.", "text_encoder."))}
    for name, tensor in (tensors | dict(sorted(source.base_packs.items()))).items():
        made.update(name.encode())
        made.update(tensor.detach().cpu().contiguous().numpy())
    return made.hexdigest()[:16]
